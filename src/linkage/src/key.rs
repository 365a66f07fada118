//! What records must share to be compared: keys made of what a field, or two fields, say in a form that survives slips.
//! A key is worked out once for each distinct value, not for each record.

use std::sync::Arc;

use drydock_random::scramble;

use crate::Kind;
use crate::bucket::upper;
use crate::codes::MISSING;
use crate::digest::digest;
use crate::field::{Field, Values, Words};
use crate::phonetic;

/// At most so many keys of one part.
pub(crate) const KEYS: usize = 2;

/// What a key is made of.
#[derive(Debug)]
pub(crate) struct Part {
    /// What reports call it.
    pub(crate) name: String,
    /// The fields it looks at.
    fields: Vec<usize>,
    /// Whether it says enough to be a key of its own.
    pub(crate) stands_alone: bool,
    /// Whether it is a key together with another part; what a broader part brings together too is not.
    pub(crate) combines: bool,
    keys: Keys,
}

/// Keys by the code of a value, 0 for none.
#[derive(Debug)]
enum Keys {
    /// The value itself.
    Whole,
    One(Vec<u32>),
    Two(Vec<[u32; KEYS]>),
    /// Given name or surname, either, because the two are swapped at times.
    AnyName(Arc<Vec<u32>>),
    /// Both, in any order.
    BothNames(Arc<Vec<u32>>),
}

impl Part {
    /// The keys of the records from one on, as many as there is room for; 0 for none.
    pub(crate) fn write(&self, fields: &[Field], from: usize, room: &mut [[u64; KEYS]]) {
        let codes = |nth: usize| fields[self.fields[nth]].codes[from..].iter().map(|&code| code as usize);
        // what the keys are made of is asked once for all of them
        match &self.keys {
            Keys::Whole => {
                let counts = &fields[self.fields[0]].counts;
                fill(room, codes(0), |code| [if counts[code] > 1 { code as u64 } else { 0 }, 0]);
            }
            Keys::One(keys) => fill(room, codes(0), |code| [u64::from(keys[code]), 0]),
            Keys::Two(keys) => fill(room, codes(0), |code| keys[code].map(u64::from)),
            Keys::AnyName(names) if self.fields.len() > 1 => {
                fill(room, codes(0).zip(codes(1)), |(one, other)| {
                    let (one, other) = (names[one], names[other]);
                    [u64::from(one), if one == other { 0 } else { u64::from(other) }]
                });
            }
            Keys::AnyName(names) => fill(room, codes(0), |code| [u64::from(names[code]), 0]),
            Keys::BothNames(names) => fill(room, codes(0).zip(codes(1)), |(one, other)| {
                let (low, high) = (names[one].min(names[other]), names[one].max(names[other]));
                [if low == 0 { 0 } else { scramble(u64::from(low) << 32 | u64::from(high)) | 1 }, 0]
            }),
        }
    }

    /// Whether two parts look at a field in common.
    pub(crate) fn overlaps(&self, other: &Part) -> bool {
        self.fields.iter().any(|at| other.fields.contains(at))
    }
}

fn fill<T>(room: &mut [[u64; KEYS]], items: impl Iterator<Item = T>, keys: impl Fn(T) -> [u64; KEYS]) {
    room.iter_mut().zip(items).for_each(|(room, item)| *room = keys(item));
}

/// The parts that the fields give.
pub(crate) fn parts(fields: &[Field]) -> Vec<Part> {
    let first = |kind| fields.iter().position(|field| field.kind == kind);
    let names: Vec<usize> = [first(Kind::GivenName), first(Kind::Surname)].into_iter().flatten().collect();
    let sounds = names.first().map(|&at| {
        let of_both: Vec<&[u32]> = names.iter().map(|&at| fields[at].counts.as_slice()).collect();
        Arc::new(shared(sounds(&fields[at]), &of_both))
    });
    let mut parts = Vec::new();
    if let (2, Some(sounds)) = (names.len(), &sounds) {
        parts.push(Part {
            name: "both names".to_owned(),
            fields: names.clone(),
            stands_alone: true,
            combines: true,
            keys: Keys::BothNames(Arc::clone(sounds)),
        });
    }
    for (at, field) in fields.iter().enumerate() {
        let mut add = |what: &str, stands_alone, combines, keys| {
            let name = if what.is_empty() { field.name.clone() } else { format!("{} {what}", field.name) };
            parts.push(Part { name, fields: vec![at], stands_alone, combines, keys });
        };
        let one = |keys: Vec<u32>| Keys::One(shared(keys, &[&field.counts]));
        match &field.values {
            Values::Names(_) if names.contains(&at) => {}
            Values::Names(_) => add("", true, true, one(self::sounds(field))),
            Values::Dates(dates) => {
                add("", true, true, Keys::Whole);
                // a year alone brings too many together
                add("year", false, true, one(dates.iter().map(|date| u32::from(date.year)).collect()));
                let day = |date: &crate::date::Date| date.unordered_day().unwrap_or(0);
                add("day", true, true, one(dates.iter().map(day).collect()));
            }
            Values::Emails(texts) => {
                add("", true, false, Keys::Whole);
                let local = |code: usize| {
                    let local = texts.get(code).split('@').next().unwrap_or_default();
                    if local.len() >= 4 { digest(local.as_bytes()) as u32 | 1 } else { 0 }
                };
                add("local part", true, true, one((0..texts.len()).map(local).collect()));
            }
            Values::Codes(_) => add("", true, true, Keys::Whole),
            Values::Words(words) if field.kind == Kind::Place => {
                let sound = |code: usize| {
                    let text = words.texts.get(code);
                    // a postcode has no sound
                    let has_sound = !text.bytes().any(|byte| byte.is_ascii_digit());
                    match if has_sound { phonetic::key(text) } else { 0 } {
                        0 if code == MISSING as usize => 0,
                        0 => scramble(code as u64) as u32 | 1 << 31,
                        sound => sound,
                    }
                };
                add("", true, true, one((0..words.texts.len()).map(sound).collect()));
            }
            Values::Words(words) => {
                let rarest = (0..words.texts.len()).map(|code| rarest(words, code as u32));
                add("rare word", true, true, Keys::Two(rarest.collect()));
            }
            Values::Categories => {}
        }
    }
    if let Some(sounds) = sounds {
        parts.push(Part {
            name: "a name".to_owned(),
            fields: names,
            stands_alone: true,
            combines: true,
            keys: Keys::AnyName(sounds),
        });
    }
    parts
}

/// The sound of the first word of each name; where there is no letter to sound, or a number tells, the name itself.
fn sounds(field: &Field) -> Vec<u32> {
    let Values::Names(names) = &field.values else { return Vec::new() };
    let is_numbered = |code: u32| names.texts.get(code as usize).ends_with(|c: char| c.is_ascii_digit());
    let sound = |(code, &(first, _)): (u32, &(u32, u32))| match (code, first) {
        (MISSING, _) => 0,
        (code, 0) => scramble(u64::from(code)) as u32 | 1 << 31,
        (code, _) if is_numbered(code) => scramble(u64::from(code)) as u32 | 1 << 31,
        (_, sound) => sound,
    };
    (0u32..).zip(&names.sounds).map(sound).collect()
}

/// The keys without those that one record alone has: these bring nobody together, also not beside another part's key, and
/// in a large file most names and addresses are of them. `counts` says how many records have each value, by column. A key
/// may be taken for shared that is not.
fn shared(mut keys: Vec<u32>, counts: &[&[u32]]) -> Vec<u32> {
    let mut slots = vec![0u8; (4 * keys.len()).next_power_of_two().max(1 << 10)];
    let width = slots.len().trailing_zeros();
    let slot = |key: u32| upper(scramble(u64::from(key)), width);
    for (code, &key) in keys.iter().enumerate() {
        let records = counts.iter().fold(0u32, |sum, counts| sum.saturating_add(counts[code]));
        slots[slot(key)] = slots[slot(key)].saturating_add(records.min(2) as u8);
    }
    for key in &mut keys {
        if slots[slot(*key)] < 2 {
            *key = 0;
        }
    }
    keys
}

/// The rarest words of a text, numbered from 1; what one record alone says is none.
fn rarest(words: &Words, code: u32) -> [u32; KEYS] {
    let mut rarest = [u32::MAX; KEYS];
    let rank = |word: u32| words.frequency.get(word as usize).map_or((u32::MAX, word), |&f| (f, word));
    for &word in words.of(code) {
        if rarest.contains(&word) {
            continue;
        }
        if rank(word) < rank(rarest[0]) {
            rarest = [word, rarest[0]];
        } else if rank(word) < rank(rarest[1]) {
            rarest[1] = word;
        }
    }
    rarest.map(|word| if words.frequency.get(word as usize).is_some_and(|&f| f > 1) { word + 1 } else { 0 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_that_one_record_has_is_none() {
        // 7 by one value of two records, 8 by two values of one each, 9 by one record, 5 by one of each column
        let keys = vec![0, 7, 8, 8, 9, 5];
        assert_eq!(shared(keys.clone(), &[&[0, 2, 1, 1, 1, 1]]), [0, 7, 8, 8, 0, 0]);
        assert_eq!(shared(keys, &[&[0, 2, 1, 1, 1, 1], &[0, 0, 0, 0, 0, 1]]), [0, 7, 8, 8, 0, 5]);
    }
}
