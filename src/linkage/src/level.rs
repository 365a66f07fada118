//! The level that two values of a field reach. Symmetric, and quick to say no: most pairs have nothing in common.

use crate::field::{Field, Values, Words};
use crate::names::Names;
use crate::scale::{name, word};
use crate::text::{
    is_number, numbered_apart, scrambled, shares_word, similarity, slips, squeezed_equal, two_slips,
    within_one_slip, within_one_slip_chars,
};
use crate::{Kind, date};

impl Field {
    /// The level of two values of this field, both present and other than equal unless they are dates; `resemble` says
    /// whether they have enough letters in common to look closer.
    pub(crate) fn level(&self, a: u32, b: u32, resemble: impl Fn() -> bool) -> u8 {
        let resembles = match &self.values {
            Values::Dates(dates) => return date::compare(dates[a as usize], dates[b as usize]) as u8,
            Values::Categories => return 1,
            _ => resemble(),
        };
        match &self.values {
            Values::Names(names) if resembles => self.name_level(names, a, b),
            Values::Words(words) if resembles => words.level(a, b, self.kind == Kind::Place),
            Values::Emails(texts) if resembles => email_level(texts.get(a as usize), texts.get(b as usize)),
            Values::Codes(texts) if resembles => code_level(texts.get(a as usize), texts.get(b as usize)),
            // what two short names are called for need not resemble them
            Values::Names(names) if self.kind == Kind::GivenName && names.share_full_name(a, b) => {
                name::NICKNAME
            }
            Values::Names(_) => name::OTHER,
            Values::Words(_) => word::OTHER,
            Values::Emails(_) => 4,
            Values::Codes(_) => 2,
            Values::Dates(_) | Values::Categories => 1,
        }
    }

    fn name_level(&self, names: &Names, a: u32, b: u32) -> u8 {
        let level = names.level(a, b, self.kind == Kind::Surname);
        let is_short = || self.kind == Kind::GivenName && names.share_full_name(a, b);
        // A slip makes a rare name. Where both names live on their own, Jan and Jana are two names.
        let (few, many) = {
            let (a, b) = (self.counts[a as usize], self.counts[b as usize]);
            (a.min(b), a.max(b))
        };
        let both_known = few >= 3 && few.saturating_mul(50) >= many;
        match level {
            name::PART.. if is_short() => name::NICKNAME,
            name::SLIP if both_known => name::CLOSE,
            name::CLOSE if both_known => name::VAGUE,
            level => level,
        }
    }
}

impl Names {
    fn level(&self, a: u32, b: u32, is_surname: bool) -> u8 {
        use name::{CLOSE, EXACT, FORM, OTHER, PART, SLIP, VAGUE};
        if self.are_numbered_apart(a, b) {
            return OTHER;
        }
        let written = (self.texts.get(a as usize), self.texts.get(b as usize));
        if self.are_simple(a, b) {
            return self.latin_level(written, (a, b), is_surname);
        }
        if numbered_apart(written.0, written.1) {
            return OTHER;
        }
        if squeezed_equal(written.0, written.1) {
            return EXACT;
        }
        if self.are_titled_apart(a, b) {
            return VAGUE;
        }
        // one of them may have left the accents or the particles away; where both have some, they are two names
        let (one, other) = (self.plain(a), self.plain(b));
        if squeezed_equal(one, other) {
            return if self.is_plain(a) || self.is_plain(b) { FORM } else { SLIP };
        }
        if self.generation(a) != self.generation(b) {
            return if shares_word(one, other) { PART } else { OTHER };
        }
        let (full, other_full) = (one, other);
        let (one, other) = (self.core(a, is_surname), self.core(b, is_surname));
        if squeezed_equal(one, other) {
            return if one == full || other == other_full { FORM } else { PART };
        }
        match (self.latin(a), self.latin(b)) {
            (None, None) => self.latin_level((one, other), (a, b), is_surname),
            (Some(_), Some(_)) => {
                if within_one_slip_chars(one, other) && one.chars().count() >= 4 {
                    SLIP
                } else {
                    shared_words(one, other, is_surname).unwrap_or(OTHER)
                }
            }
            // across scripts, equal transliterations are a hint and no more
            (one_latin, other_latin) => {
                let one = one_latin.unwrap_or(one);
                let other = other_latin.unwrap_or(other);
                let is_alike = one == other || self.latin_level((one, other), (a, b), is_surname) <= SLIP;
                if is_alike { CLOSE } else { OTHER }
            }
        }
    }

    fn latin_level(&self, (one, other): (&str, &str), (a, b): (u32, u32), is_surname: bool) -> u8 {
        use name::{CLOSE, EXACT, OTHER, PART, SLIP, VAGUE};
        let (one, other) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        if one.len() == 1 {
            return if other.starts_with(one) { PART } else { OTHER };
        }
        if one.contains(' ') || other.contains(' ') {
            if squeezed_equal(one, other) {
                return EXACT;
            }
            if let Some(level) = shared_words(one, other, is_surname) {
                return level;
            }
        }
        if one.len() >= 3 && within_one_slip(one.as_bytes(), other.as_bytes()) {
            return if one.len() >= 4 || other.len() >= 4 { SLIP } else { CLOSE };
        }
        if one.len() >= 3 && other.starts_with(one) {
            return PART;
        }
        let sounds_alike =
            self.sounds[a as usize] == self.sounds[b as usize] && self.sounds[a as usize].0 != 0;
        let jaro_winkler = similarity(one, other, if sounds_alike { 0.70 } else { 0.78 });
        let few_slips = jaro_winkler > 0.0 && one.len() >= 5 && two_slips(one, other);
        if jaro_winkler >= 0.91 || few_slips || (sounds_alike && jaro_winkler >= 0.70) {
            return CLOSE;
        }
        if jaro_winkler >= 0.80 || (one.len() >= 5 && scrambled(one, other)) { VAGUE } else { OTHER }
    }
}

/// The level of two names of which one has several words and which share one, if they do. Twins share a first name at
/// times, and are told apart by the next: there, a word of each that the other lacks makes two names.
fn shared_words(one: &str, other: &str, is_surname: bool) -> Option<u8> {
    if !shares_word(one, other) {
        return None;
    }
    let lacks = |one: &str, other: &str| {
        one.split(' ').any(|word| !other.split(' ').any(|wanted| stands_for(word, wanted)))
    };
    Some(match lacks(one, other) && lacks(other, one) {
        true if is_surname => name::CLOSE,
        true => name::VAGUE,
        false => name::PART,
    })
}

/// Whether two words are one, or one of them is the other's initial.
fn stands_for(one: &str, other: &str) -> bool {
    one == other
        || (one.len() == 1 && other.starts_with(one))
        || (other.len() == 1 && one.starts_with(other))
        || (one.len() >= 4 && other.len() >= 4 && within_one_slip(one.as_bytes(), other.as_bytes()))
}

impl Words {
    fn level(&self, a: u32, b: u32, is_place: bool) -> u8 {
        use word::{CLOSE, EXACT, OTHER, PART, SLIP, VAGUE};
        let (one, other) = (self.texts.get(a as usize), self.texts.get(b as usize));
        let (one, other) = if one.len() <= other.len() { (one, other) } else { (other, one) };
        if one == other {
            return EXACT;
        }
        let shared = self.shared(a, b);
        if shared >= 0.999 {
            return SLIP;
        }
        if other.len() >= 3
            && one.len() + 1 >= other.len()
            && within_one_slip(one.as_bytes(), other.as_bytes())
        {
            // the next postcode is another place
            return if is_place && is_number(one) && is_number(other) { CLOSE } else { SLIP };
        }
        if one.is_empty() || is_number(one) != is_number(other) {
            return if shared > 0.3 { PART } else { OTHER };
        }
        if is_number(one) {
            // two numbers of one length that differ in two places are not alike in any other way
            return if one.len() >= 4 && two_slips(one, other) { VAGUE } else { OTHER };
        }
        let jaro_winkler = similarity(one, other, 0.78);
        let long_slips = one.len() >= 6 && two_slips(one, other);
        if long_slips || (jaro_winkler >= 0.95 && one.len() >= 8) {
            return if is_place { CLOSE } else { SLIP };
        }
        if shared >= 0.5 {
            return PART;
        }
        if jaro_winkler >= 0.90 {
            return CLOSE;
        }
        if jaro_winkler >= 0.80 || shared >= 0.3 { VAGUE } else { OTHER }
    }

    /// The share of what the words of two values say that both say; a rare word says more.
    fn shared(&self, a: u32, b: u32) -> f32 {
        let (one, other) = (self.of(a), self.of(b));
        if one.len() <= 1 && other.len() <= 1 {
            return 0.0;
        }
        let (mut common, mut total) = (0.0, 0.0);
        let (mut i, mut j) = (0, 0);
        while i < one.len() || j < other.len() {
            let (left, right) = (one.get(i), other.get(j));
            let word = match (left, right) {
                (Some(left), Some(right)) => *left.min(right),
                (Some(only), None) | (None, Some(only)) => *only,
                (None, None) => break,
            };
            let says = self.says[word as usize];
            total += says;
            if left == right {
                common += says;
            }
            i += usize::from(left == Some(&word));
            j += usize::from(right == Some(&word));
        }
        if total > 0.0 { common / total } else { 0.0 }
    }
}

fn email_level(one: &str, other: &str) -> u8 {
    let local = |text: &str| text.find(['@']).unwrap_or(text.len());
    let (one_at, other_at) = (local(one), local(other));
    if one_at.min(other_at) >= 4 && one[..one_at] == other[..other_at] {
        return if two_slips(one, other) { 1 } else { 2 };
    }
    if one.len().min(other.len()) >= 8 && two_slips(one, other) {
        return 1;
    }
    if one.len().min(other.len()) >= 8 && similarity(one, other, 0.90) > 0.0 && slips(one, other, 4) {
        3
    } else {
        4
    }
}

fn code_level(one: &str, other: &str) -> u8 {
    let (short, long) = if one.len() <= other.len() { (one, other) } else { (other, one) };
    if short.len() >= 5
        && (within_one_slip(short.as_bytes(), long.as_bytes()) || (short.len() >= 7 && long.ends_with(short)))
    {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::Comparer;
    use crate::copies::Copies;
    use crate::field::{build, build_names};
    use crate::records::{Cells, Column, Texts};
    use crate::rows::Rows;

    /// The level of two values of a kind, in a file where other values occur so and so often.
    fn level(kind: Kind, one: &str, other: &str, others: &[(&str, usize)]) -> Option<u8> {
        let mut texts = Texts::default();
        let mut push = |text: &str| texts.push(text).expect("a small file");
        push(one);
        push(other);
        for &(text, times) in others {
            (0..times).for_each(|_| push(text));
        }
        let order: Vec<u32> = (0..u32::try_from(texts.len()).expect("a few")).collect();
        let column = Column { name: "column".to_owned(), kind };
        let fields = match kind {
            Kind::GivenName | Kind::Surname => build_names(vec![(column, Cells::Texts(texts))], &order),
            _ => build(&column, Cells::Texts(texts), &order).map(|field| vec![field]),
        };
        let mut fields = fields.expect("a small file");
        let rows = Rows::take(&mut fields);
        let comparer = Comparer::new(&fields, rows, Copies::default());
        let levels = (comparer.level(0, 0, 1), comparer.level(0, 1, 0));
        assert_eq!(levels.0, levels.1, "{one} {other}");
        levels.0
    }

    #[test]
    fn names_are_graded() {
        use name::{CLOSE, EXACT, FORM, NICKNAME, OTHER, PART, SLIP, VAGUE};
        for (one, other, wanted) in [
            ("Anna", "ANNA", Some(EXACT)),
            ("Mary Ann", "Maryann", Some(EXACT)),
            ("Müller", "Mueller", Some(EXACT)),
            ("van der Berg", "Berg", Some(PART)),
            ("José", "Jose", Some(FORM)),
            ("Hùng", "Hưng", Some(SLIP)),
            ("De Shawn", "La Shawn", Some(VAGUE)),
            ("De Shawn", "DeShawn", Some(EXACT)),
            ("Anna Maria", "Anna Luisa", Some(VAGUE)),
            ("Anna Maria", "Anna M", Some(PART)),
            ("Dr Anna", "Anna", Some(FORM)),
            ("Mr Alex", "Mrs Alex", Some(VAGUE)),
            ("Otto Jr", "Otto Sr", Some(PART)),
            ("Bob", "Robert", Some(NICKNAME)),
            ("サクラ", "さくら", Some(FORM)),
            ("Иван", "Ivan", Some(FORM)),
            ("Schmidt", "Schmitd", Some(SLIP)),
            ("Anna", "Anna Maria", Some(PART)),
            ("Smith-Jones", "Jones", Some(PART)),
            ("J.", "John", Some(PART)),
            ("J.", "Peter", Some(OTHER)),
            ("Rob", "Robert", Some(NICKNAME)),
            ("Catherine", "Catherina", Some(SLIP)),
            ("Meyer", "Maier", Some(CLOSE)),
            ("Tanaka", "Yamamoto", Some(OTHER)),
            ("Zeta 12", "Zeta 13", Some(OTHER)),
            ("Meyer", "Meyer2", Some(SLIP)),
            ("田中", "田中", Some(EXACT)),
            ("田中", "山本", Some(OTHER)),
            ("健", "謙", Some(OTHER)),
            ("", "Anna", None),
            ("null", "Anna", None),
            ("Tester 12", "Anna", None),
        ] {
            assert_eq!(level(Kind::GivenName, one, other, &[]), wanted, "{one} {other}");
        }
    }

    #[test]
    fn surnames_are_graded() {
        use name::{FORM, PART};
        for (one, other, wanted) in [
            ("van der Berg", "Berg", FORM),
            ("de la Cruz", "Delacruz", name::EXACT),
            ("el Hassan", "al Hassan", PART),
            ("Smith Jr", "Smith", PART),
            ("Smith II", "Smith III", PART),
            ("Smith-Jones", "Smith-Miller", name::CLOSE),
            ("渡邊", "渡辺", FORM),
            ("Nuñez", "Nunez", FORM),
        ] {
            assert_eq!(level(Kind::Surname, one, other, &[]), Some(wanted), "{one} {other}");
        }
    }

    #[test]
    fn a_slip_that_makes_a_known_name_is_no_slip() {
        assert_eq!(level(Kind::GivenName, "Jana", "Janna", &[("Janna", 9)]), Some(name::SLIP));
        assert_eq!(level(Kind::GivenName, "Jana", "Janna", &[("Janna", 9), ("Jana", 9)]), Some(name::CLOSE));
    }

    #[test]
    fn other_kinds_are_graded() {
        use word::{CLOSE, EXACT, OTHER, SLIP};
        for (kind, one, other, wanted) in [
            (Kind::Email, "Ann@Example.com", "ann@example.com", 0),
            (Kind::Email, "ann.lee@example.com", "ann.lee@exmaple.com", 1),
            (Kind::Email, "ann.lee@example.com", "ann.lee@other.org", 2),
            (Kind::Email, "ann@example.com", "bob@example.com", 4),
            (Kind::Phone, "+44 20 7946 0018", "020 7946 0018", 0),
            (Kind::Phone, "020 7946 0018", "020 7946 0019", 1),
            (Kind::Phone, "020 7946 0018", "030 1234 5678", 2),
            (Kind::Identifier, "AB-123 456", "ab123456", 0),
            (Kind::Identifier, "AB123456", "AB123465", 1),
            (Kind::Identifier, "AB123456", "CD999111", 2),
            (Kind::Category, "M", "m", 0),
            (Kind::Category, "m", "f", 1),
            (Kind::Place, "Stoke-on-Trent", "stoke on trent", EXACT),
            (Kind::Place, "London", "Lonodn", SLIP),
            (Kind::Place, "2765", "2756", CLOSE),
            (Kind::Place, "2765", "4111", OTHER),
            (Kind::Address, "12 Baker Street", "12 bakerstreet", EXACT),
            (Kind::Address, "12 Baker Street", "Baker Street 12", SLIP),
            (Kind::Address, "12 Baker Street", "40 Quarry Lane", OTHER),
        ] {
            assert_eq!(level(kind, one, other, &[]), Some(wanted), "{kind} {one} {other}");
        }
    }
}
