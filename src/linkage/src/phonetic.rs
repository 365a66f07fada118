//! A sound key for names: words that sound alike, or differ in a vowel, share one. It only brings records together
//! and lifts a comparison by a level; it never decides that two names are the same. Made for no single language:
//! vowels go, consonants of one place of articulation fall together, doubled letters count once.

/// The key of a plain Latin word, at most six sounds, as a number: 4 bits a sound, the first letter's class on top.
/// Other characters are skipped; without a letter the key is 0.
pub(crate) fn key(word: &str) -> u32 {
    let bytes = word.as_bytes();
    let mut key = 0u32;
    let mut sounds = 0;
    let mut last = 0u8;
    let mut at = 0;
    while at < bytes.len() && sounds < 6 {
        let next = bytes.get(at + 1).copied().unwrap_or(0);
        let (sound, width) = sound(bytes[at], next, sounds == 0);
        at += width;
        match sound {
            0 => {}
            VOWEL => last = if sounds == 0 { VOWEL } else { 0 },
            _ if sound == last => continue,
            _ => last = sound,
        }
        let written = match sound {
            0 => continue,
            VOWEL if sounds > 0 => continue,
            other => other,
        };
        key = (key << 4) | u32::from(written);
        sounds += 1;
    }
    key
}

const VOWEL: u8 = 1;

/// The class of the letter, 1 to 12, or 0 for none, and how many letters it took.
fn sound(letter: u8, next: u8, first: bool) -> (u8, usize) {
    match (letter, next) {
        (b'p', b'h') => (4, 2),
        (b's', b'c')
        | (b'c', b'h' | b'k')
        | (b't', b'z' | b's')
        | (b's' | b'd', b'h' | b'z')
        | (b'd', b't') => {
            let class = match (letter, next) {
                (b'c', b'k') => 5,
                (b'd', b't') => 3,
                _ => 6,
            };
            (class, 2)
        }
        (b'k' | b'g' | b'w', b'n') if first => (8, 2),
        (b'a' | b'e' | b'i' | b'o' | b'u' | b'y', _) => (VOWEL, 1),
        (b'b' | b'p', _) => (2, 1),
        (b'd' | b't', _) => (3, 1),
        (b'f' | b'v' | b'w', _) => (4, 1),
        (b'c', b'e' | b'i' | b'y') | (b's' | b'z' | b'x' | b'j', _) => (6, 1),
        (b'c' | b'k' | b'q' | b'g', _) => (5, 1),
        (b'm', _) => (7, 1),
        (b'n', _) => (8, 1),
        (b'l', _) => (9, 1),
        (b'r', _) => (10, 1),
        (b'h', _) => (if first { 11 } else { 0 }, 1),
        (b'0'..=b'9', _) => (12, 1),
        _ => (0, 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn alike_sounding_names_share_a_key() {
        for (one, other) in [
            ("meyer", "maier"),
            ("schmidt", "schmitt"),
            ("stephen", "steven"),
            ("philip", "fillip"),
            ("catherine", "katherine"),
            ("allan", "alan"),
            ("knox", "nox"),
        ] {
            assert_eq!(key(one), key(other), "{one} {other}");
        }
    }

    #[test]
    fn other_names_have_other_keys() {
        for (one, other) in [("miller", "meyer"), ("anna", "berta"), ("tom", "tim berton"), ("nora", "mora")]
        {
            assert_ne!(key(one), key(other), "{one} {other}");
        }
        assert_eq!(key(""), 0);
        assert_eq!(key("田中"), 0);
    }
}
