//! How alike two texts are: slips, Jaro-Winkler, letters in common.

use rapidfuzz::distance::{jaro_winkler, osa};

/// The letters of a text, each up to twice, its first letter and its length, in one word: enough to see at once that two
/// texts have too few letters in common to resemble each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Letters(u64);

impl Letters {
    /// Two bits for each of 27 letters; digits fall together with letters.
    const MASK: u64 = (1 << 54) - 1;
    /// The length beyond which a text counts as this long.
    const LONGEST: usize = 31;

    pub(crate) fn of(text: &str) -> Self {
        if !text.is_ascii() {
            return Self(u64::MAX);
        }
        let mut letters = 0u64;
        for byte in text.bytes() {
            let place = 2 * (u32::from(byte & 31) % 27);
            letters |= if letters & (1 << place) == 0 { 1 << place } else { 2 << place };
        }
        let first = u64::from(text.as_bytes().first().copied().unwrap_or(0) & 31);
        Self(letters | (text.len().min(Self::LONGEST) as u64) << 54 | first << 59)
    }

    /// The word, to be kept among others.
    pub(crate) fn bits(self) -> u64 {
        self.0
    }

    pub(crate) fn from_bits(bits: u64) -> Self {
        Self(bits)
    }

    /// Whether two texts may be the same but for spaces.
    pub(crate) fn may_be_same(self, other: Self) -> bool {
        // a space has the first place
        self.0 == u64::MAX || other.0 == u64::MAX || (self.0 ^ other.0) & Self::MASK & !3 == 0
    }

    /// Whether one slip may make one text the other, or one be the end of the other.
    pub(crate) fn may_slip(self, other: Self) -> bool {
        let (one, other) = (self.0 & Self::MASK, other.0 & Self::MASK);
        // a slip takes a letter away and brings another; of a third one of a kind nothing is known
        (one ^ other).count_ones() <= 2 || one & !other == 0 || other & !one == 0
    }

    /// Whether two texts may resemble each other at all: whether their Jaro-Winkler similarity can reach some 0.75, or for
    /// long texts, where chance brings many letters together, whether three letters in four can be in common.
    pub(crate) fn may_resemble(self, other: Self) -> bool {
        if self.0 == u64::MAX || other.0 == u64::MAX {
            return true;
        }
        let (length, other_length) = ((self.0 >> 54 & 31) as u32, (other.0 >> 54 & 31) as u32);
        let beyond =
            |letters: Self, length: u32| length.saturating_sub((letters.0 & Self::MASK).count_ones());
        let more = beyond(self, length).min(beyond(other, other_length));
        let common = ((self.0 & other.0 & Self::MASK).count_ones() + more) as f32;
        let (shorter, longer) = (length.min(other_length) as f32, length.max(other_length) as f32);
        if shorter >= 12.0 {
            return common >= 0.75 * shorter;
        }
        let jaro = (common / shorter + common / longer + 1.0) / 3.0;
        let prefix = if self.0 >> 59 == other.0 >> 59 { 0.4 } else { 0.0 };
        jaro + prefix * (1.0 - jaro) >= 0.75
    }
}

/// Whether both texts end in numbers, and in other ones: `Tester 12` and `Tester 13` are two, however alike.
pub(crate) fn numbered_apart(one: &str, other: &str) -> bool {
    let stem = |text: &str| text.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    let (one_at, other_at) = (stem(one), stem(other));
    one_at < one.len() && other_at < other.len() && one[one_at..] != other[other_at..]
}

pub(crate) fn is_number(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Bytes beyond which two texts are alike only where they are equal. No name, address or number is as long, and the time that a
/// comparison takes grows with both lengths: two of 80,000 letters took half a minute.
const LONGEST_COMPARED: usize = 512;

/// Whether two texts are too long to be compared letter by letter.
fn too_long(one: &str, other: &str) -> bool {
    one.len().max(other.len()) > LONGEST_COMPARED
}

/// The Jaro-Winkler similarity when it reaches the bound, otherwise 0.
pub(crate) fn similarity(one: &str, other: &str, bound: f64) -> f64 {
    if too_long(one, other) {
        return if one == other { 1.0 } else { 0.0 };
    }
    let arguments = jaro_winkler::Args::default().score_cutoff(bound);
    if one.is_ascii() && other.is_ascii() {
        jaro_winkler::similarity_with_args(one.bytes(), other.bytes(), &arguments).unwrap_or(0.0)
    } else {
        jaro_winkler::similarity_with_args(one.chars(), other.chars(), &arguments).unwrap_or(0.0)
    }
}

/// Whether two texts are at most two slips apart: a letter too much, missing, another, or two in each other's place.
pub(crate) fn two_slips(one: &str, other: &str) -> bool {
    slips(one, other, 2)
}

pub(crate) fn slips(one: &str, other: &str, bound: usize) -> bool {
    if too_long(one, other) {
        return one == other;
    }
    let arguments = osa::Args::default().score_cutoff(bound);
    if one.is_ascii() && other.is_ascii() {
        one.len().abs_diff(other.len()) <= bound
            && osa::distance_with_args(one.bytes(), other.bytes(), &arguments).is_some()
    } else {
        osa::distance_with_args(one.chars(), other.chars(), &arguments).is_some()
    }
}

/// Whether one slip makes one text the other.
pub(crate) fn within_one_slip<T: PartialEq>(one: &[T], other: &[T]) -> bool {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    let start = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    match long.len() - short.len() {
        0 if start == short.len() => true,
        0 => {
            short[start + 1..] == long[start + 1..]
                || (start + 1 < short.len()
                    && short[start] == long[start + 1]
                    && short[start + 1] == long[start]
                    && short[start + 2..] == long[start + 2..])
        }
        1 => short[start..] == long[start + 1..],
        _ => false,
    }
}

pub(crate) fn within_one_slip_chars(one: &str, other: &str) -> bool {
    let (one, other): (Vec<char>, Vec<char>) = (one.chars().collect(), other.chars().collect());
    within_one_slip(&one, &other)
}

pub(crate) fn squeezed_equal(one: &str, other: &str) -> bool {
    one.chars().filter(|&c| c != ' ').eq(other.chars().filter(|&c| c != ' '))
}

/// Whether two names of several words share one that is not an initial.
pub(crate) fn shares_word(one: &str, other: &str) -> bool {
    one.split(' ').any(|word| word.chars().count() >= 2 && other.split(' ').any(|wanted| wanted == word))
}

/// Whether two texts hold the same letters, but for at most one.
pub(crate) fn scrambled(one: &str, other: &str) -> bool {
    if one.len().abs_diff(other.len()) > 1 {
        return false;
    }
    // a letter may be there more often than a byte can count
    let mut letters = [0i32; 32];
    for byte in one.bytes() {
        letters[usize::from(byte & 31)] += 1;
    }
    for byte in other.bytes() {
        letters[usize::from(byte & 31)] -= 1;
    }
    letters.iter().map(|count| count.unsigned_abs()).sum::<u32>() <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_of_eighty_thousand_letters_take_no_time() {
        let (one, other) = ("abcdefgh".repeat(10_000), "hgfedcba".repeat(10_000));
        let began = std::time::Instant::now();
        for _ in 0..100 {
            assert!(similarity(&one, &other, 0.7) == 0.0 && !slips(&one, &other, 4));
            assert!(similarity(&one, &one, 0.7) > 0.99 && two_slips(&one, &one));
        }
        assert!(began.elapsed().as_secs() < 5, "{:?}", began.elapsed());
        // as many of a letter as a byte cannot count
        assert!(!scrambled(&"a".repeat(256), &"b".repeat(256)) && scrambled(&one, &other));
    }

    #[test]
    fn one_slip_is_a_letter_more_less_other_or_two_exchanged() {
        for (one, other, slip) in [
            ("maria", "maria", true),
            ("maria", "mario", true),
            ("maria", "mariah", true),
            ("maria", "amria", true),
            ("maria", "aria", true),
            ("maria", "mraai", false),
            ("maria", "marta s", false),
            ("", "a", true),
            ("", "ab", false),
        ] {
            assert_eq!(within_one_slip(one.as_bytes(), other.as_bytes()), slip, "{one} {other}");
            assert_eq!(within_one_slip(other.as_bytes(), one.as_bytes()), slip, "{other} {one}");
        }
    }

    #[test]
    fn letters_never_dismiss_what_is_alike() {
        for (one, other) in [
            ("catherine", "katharina"),
            ("meyer", "maier"),
            ("rob", "robert"),
            ("j", "john"),
            ("anna maria", "maria"),
            ("12bakerstreetlondon", "12bakersteetlondon"),
            ("mueller", "mueler"),
        ] {
            assert!(Letters::of(one).may_resemble(Letters::of(other)), "{one} {other}");
        }
        assert!(!Letters::of("david").may_resemble(Letters::of("thompson")));
        assert!(Letters::of("mary ann").may_be_same(Letters::of("maryann")));
        assert!(!Letters::of("mary").may_be_same(Letters::of("ann")));
        // other scripts are always looked at
        assert!(Letters::of("田中").may_resemble(Letters::of("david")));
    }

    #[test]
    fn numbers_and_scrambled_letters_are_seen() {
        assert!(is_number("0123") && !is_number("12a"));
        assert!(scrambled("tmhsmoo", "thomsmo") && !scrambled("thomson", "jackson"));
        assert!(shares_word("anna maria", "maria luisa") && !shares_word("a b", "b c"));
        assert!(squeezed_equal("mary ann", "maryann"));
    }
}
