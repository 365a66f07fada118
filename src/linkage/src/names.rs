//! Names: one list for given and family names, with what is asked of each name again and again.

use crate::digest::digest;
use crate::error::Result;
use crate::records::Texts;
use crate::{fold, phonetic};

/// Names with their sound keys.
#[derive(Debug, Default)]
pub(crate) struct Names {
    pub(crate) texts: Texts,
    /// The sound key of the first word and of the last.
    pub(crate) sounds: Vec<(u32, u32)>,
    /// The number at the end of each name, as a digest; 0 for none.
    numbers: Vec<u32>,
    /// Transliterations of names in other scripts, by code.
    latin: Texts,
}

impl Names {
    /// The names of these texts, each with its sounds.
    pub(crate) fn of(texts: Texts) -> Result<Self> {
        let mut names = Names::default();
        names.sounds.reserve_exact(texts.len());
        names.numbers.reserve_exact(texts.len());
        for code in 0..texts.len() {
            let folded = texts.get(code);
            names.numbers.push(number_at_end(folded));
            if folded.is_ascii() {
                names.sounds.push(sounds(folded));
                names.latin.push("")?;
            } else {
                let latin = fold::latin(folded);
                names.sounds.push(sounds(&latin));
                names.latin.push(&latin)?;
            }
        }
        names.texts = texts;
        Ok(names)
    }

    /// Whether both names are known to end in numbers, and in other ones, without a look at either.
    #[inline]
    pub(crate) fn are_numbered_apart(&self, a: u32, b: u32) -> bool {
        let (one, other) = (self.numbers[a as usize], self.numbers[b as usize]);
        one != 0 && other != 0 && one != other
    }

    /// The transliteration of a name in another script.
    pub(crate) fn latin(&self, code: u32) -> Option<&str> {
        let is_other = !self.texts.get(code as usize).is_ascii();
        is_other.then(|| self.latin.get(code as usize))
    }
}

/// The sound keys of the first word and of the last.
fn sounds(name: &str) -> (u32, u32) {
    let mut words = name.split(' ');
    let first = phonetic::key(words.next().unwrap_or_default());
    (first, words.next_back().map_or(first, phonetic::key))
}

fn number_at_end(name: &str) -> u32 {
    let start = name.trim_end_matches(|c: char| c.is_ascii_digit()).len();
    if start < name.len() { digest(&name.as_bytes()[start..]) as u32 | 1 } else { 0 }
}
