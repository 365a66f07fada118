//! Names: one list for given and family names, with what is asked of each name again and again.

use std::collections::HashMap;

use crate::digest::digest;
use crate::error::Result;
use crate::records::Texts;
use crate::text::Letters;
use crate::{fold, generation, nameless, nicknames, phonetic};

/// Names with their sound keys.
#[derive(Debug, Default)]
pub(crate) struct Names {
    /// As written, with accents.
    pub(crate) texts: Texts,
    /// The sound key of the first word and of the last.
    pub(crate) sounds: Vec<(u32, u32)>,
    /// The number at the end of each name, as a digest; 0 for none.
    numbers: Vec<u32>,
    /// The unmarked forms of those that are not plain, by code, and the transliterations of those in another script.
    plain: Texts,
    latin: Texts,
    /// What few names have, and of each name what there is to look for.
    rest: HashMap<u32, Rest>,
    has: Vec<u8>,
    /// Whether a name is said for a full one, one bit each: asked of most pairs, so that it has to be at hand.
    short: Vec<u64>,
}

const REST: u8 = 1;
/// Several words, or letters that a plain keyboard lacks.
const MANIFOLD: u8 = 2;

/// What is known of a name of several words, or of one that is said for another.
#[derive(Debug, Default, PartialEq, Eq)]
struct Rest {
    /// Without titles, and without particles too, where that is another text.
    given: Option<String>,
    surname: Option<String>,
    /// The generation, and the sex that a title says; 0 for none.
    generation: u8,
    sex: u8,
    full_names: &'static [u16],
}

impl Names {
    /// The names of these texts, each with its sounds.
    pub(crate) fn of(texts: Texts) -> Result<Self> {
        let mut names = Names::default();
        names.sounds.reserve_exact(texts.len());
        names.numbers.reserve_exact(texts.len());
        for code in 0..texts.len() {
            let written = texts.get(code);
            names.numbers.push(number_at_end(written));
            let plain = if written.is_ascii() { String::new() } else { fold::plain(written) };
            let compared = if plain.is_empty() { written } else { &plain };
            let latin = if compared.is_ascii() { String::new() } else { fold::latin(compared) };
            let rest = Rest::of(written, compared);
            let surname = rest.surname.as_deref().unwrap_or(compared);
            names.sounds.push(if latin.is_empty() { sounds(surname) } else { sounds(&latin) });
            if code % 64 == 0 {
                names.short.push(0);
            }
            names.short[code / 64] |= u64::from(!rest.full_names.is_empty()) << (code % 64);
            let manifold = if written.is_ascii() && !written.contains(' ') { 0 } else { MANIFOLD };
            names.has.push(manifold | if rest == Rest::default() { 0 } else { REST });
            if rest != Rest::default() {
                names.rest.insert(code as u32, rest);
            }
            names.plain.push(if plain == written { "" } else { &plain })?;
            names.latin.push(&latin)?;
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

    /// The name without accents and vowel signs.
    pub(crate) fn plain(&self, code: u32) -> &str {
        match self.plain.get(code as usize) {
            "" => self.texts.get(code as usize),
            plain => plain,
        }
    }

    /// Whether both are single words in plain letters, as most names are, so that they have one form only.
    #[inline]
    pub(crate) fn are_simple(&self, a: u32, b: u32) -> bool {
        (self.has[a as usize] | self.has[b as usize]) & MANIFOLD == 0
    }

    /// Whether the name is written without anything that its plain form lacks.
    pub(crate) fn is_plain(&self, code: u32) -> bool {
        self.plain.get(code as usize).is_empty()
    }

    /// The transliteration of a name in a script that is kept.
    pub(crate) fn latin(&self, code: u32) -> Option<&str> {
        let is_other = !self.plain(code).is_ascii();
        is_other.then(|| self.latin.get(code as usize))
    }

    /// The letters of every name, as far as it is compared letter by letter.
    pub(crate) fn letters(&self, is_surname: bool) -> Vec<Letters> {
        (0..self.texts.len() as u32).map(|code| Letters::of(self.core(code, is_surname))).collect()
    }

    fn rest(&self, code: u32) -> Option<&Rest> {
        if self.has[code as usize] & REST == 0 { None } else { self.rest.get(&code) }
    }

    /// The plain name without what comes and goes beside a surname, or beside a first name.
    pub(crate) fn core(&self, code: u32, is_surname: bool) -> &str {
        let rest = self.rest(code);
        let without =
            rest.and_then(|rest| if is_surname { rest.surname.as_deref() } else { rest.given.as_deref() });
        without.unwrap_or_else(|| self.plain(code))
    }

    /// The generation that a name says; 0 for none.
    pub(crate) fn generation(&self, code: u32) -> u8 {
        self.rest(code).map_or(0, |rest| rest.generation)
    }

    /// Whether titles say that one is a man and the other a woman.
    pub(crate) fn are_titled_apart(&self, a: u32, b: u32) -> bool {
        let sex = |code| self.rest(code).map_or(0, |rest| rest.sex);
        sex(a) != 0 && sex(b) != 0 && sex(a) != sex(b)
    }

    /// Whether both may be said for one full name.
    pub(crate) fn share_full_name(&self, a: u32, b: u32) -> bool {
        let is_short = |code: u32| self.short[code as usize / 64] >> (code % 64) & 1 == 1;
        let full = |code| self.rest(code).map_or(&[][..], |rest| rest.full_names);
        is_short(a) && is_short(b) && nicknames::share(full(a), full(b))
    }

    /// Whether a first name names one of a family: it is a name, and not its initials alone.
    pub(crate) fn is_whole(&self, code: u32) -> bool {
        let name = self.core(code, false);
        !nameless::is_initials(name) && !nameless::is_no_given_name(name)
    }
}

impl Rest {
    fn of(written: &str, plain: &str) -> Self {
        let mut rest = Self { full_names: nicknames::full_names(plain), ..Self::default() };
        if plain.contains(' ') {
            let other = |core: String| (core != plain).then_some(core);
            rest.given = other(fold::given_core(plain));
            rest.surname = other(fold::surname_core(plain));
            rest.sex = fold::title_sex(plain);
        }
        // a word of another alphabet is known by its own letters
        rest.generation = generation::mark(written).max(generation::mark(plain));
        rest
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
