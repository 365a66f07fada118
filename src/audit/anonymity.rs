//! How many people are alike in a redacted copy. What a stranger may know of a patient without knowing the record is stated in
//! [`QUASI_IDENTIFIERS`]; patients who say the same in all of these are a class, and whoever is alone in one can be recognised by
//! them. Where a number is asked for, values are put together until every class has as many: years in bands, practices by their
//! country, a sex, and at last everything of those few who are still alone.

use std::collections::{HashMap, HashSet};

use serde::{Deserialize, Serialize};

use super::generalise::{decide, generaliser};
use crate::error::{Error, Result};
use crate::staging::{Staging, Told};

/// What of a patient may be known from elsewhere.
pub const QUASI_IDENTIFIERS: [&str; 5] =
    ["year of birth", "sex", "practice", "year of joining", "year of the last change"];

/// What stands where something of somebody is hidden.
pub const SUPPRESSED: &str = "suppressed";

/// What a token counts as: it says nothing.
pub(super) const HIDDEN: &str = "~";

/// Bands of years of birth, none at last.
const BIRTH: [Option<i32>; 5] = [Some(1), Some(5), Some(10), Some(20), None];

/// Bands of the years of everything else.
const MOMENTS: [Option<i32>; 4] = [Some(1), Some(5), Some(10), None];

/// How alike people are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Measured {
    /// The patients.
    pub people: u64,
    /// How many classes they are in.
    pub classes: u64,
    /// How many are alone in theirs.
    pub unique: u64,
    /// How many are in a class of fewer than five.
    pub under_5: u64,
    /// The people of the smallest class: the k of k-anonymity.
    pub smallest: u64,
}

/// What the manifest says of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Anonymity {
    /// What may be known of a patient.
    pub quasi_identifiers: Vec<String>,
    /// The k that was asked for.
    pub k: Option<u64>,
    /// In the file itself, by years.
    pub before: Measured,
    /// In the copy.
    pub after: Measured,
    /// How years of birth stand in the copy.
    pub birth: String,
    /// How the other years do.
    pub moments: String,
    /// How the practice of a patient does.
    pub practice: String,
    /// How the sex does.
    pub sex: String,
    /// Patients of whom all of this is hidden.
    pub suppressed: u64,
}

/// How far values are put together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Levels {
    pub birth: usize,
    pub moments: usize,
    pub practice: usize,
    pub sex: usize,
}

impl Levels {
    /// One step further in one respect, each that there is. Of equal ones the first is taken.
    pub fn further(self) -> impl Iterator<Item = Self> {
        [
            Self { moments: self.moments + 1, ..self },
            Self { birth: self.birth + 1, ..self },
            Self { practice: self.practice + 1, ..self },
            Self { sex: self.sex + 1, ..self },
        ]
        .into_iter()
        .filter(|levels| {
            levels.moments < MOMENTS.len()
                && levels.birth < BIRTH.len()
                && levels.practice < 3
                && levels.sex < 2
        })
    }
}

/// Whose row it is, as far as more than its values is hidden.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Nobody's of whom anything more is hidden.
    Nobody,
    /// A patient's, or of a patient's user: practices of patients are put together.
    Person,
    /// Of one of whom everything is.
    Suppressed,
}

/// What is hidden so that enough people are alike.
#[derive(Debug, Default)]
pub struct Hiding {
    pub(super) levels: Levels,
    /// The year of birth up to which everybody is put together.
    pub pooled_up_to: i32,
    /// The country of a practice, by its legacy id and by that of its row in the target.
    countries: HashMap<String, String>,
    patient_users: HashSet<i64>,
    suppressed_patients: HashSet<i64>,
    suppressed_users: HashSet<i64>,
}

impl Hiding {
    /// Years instead of days, and nothing else.
    #[cfg(test)]
    pub fn years_only(pooled_up_to: i32) -> Self {
        Self { pooled_up_to, ..Self::default() }
    }

    /// How a year of birth stands.
    pub fn birth(&self, year: i32) -> String {
        if year <= self.pooled_up_to && BIRTH[self.levels.birth].is_some() {
            return format!("{} or before", self.pooled_up_to);
        }
        band(BIRTH[self.levels.birth], year, self.pooled_up_to)
    }

    /// How any other year does.
    pub fn moment(&self, year: i32) -> String {
        band(MOMENTS[self.levels.moments], year, i32::MIN)
    }

    /// How a sex does.
    pub fn sex(&self, text: &str) -> String {
        if self.levels.sex == 0 { text } else { SUPPRESSED }.to_owned()
    }

    /// What a patient's practice is put together as; none where it stays.
    pub fn practice(&self, id: &str) -> Option<String> {
        match self.levels.practice {
            0 => None,
            1 => Some(match self.countries.get(id) {
                Some(country) if !country.is_empty() => format!("in {country}"),
                _ => "elsewhere".to_owned(),
            }),
            _ => Some(SUPPRESSED.to_owned()),
        }
    }

    /// Whose a row of a legacy table is.
    pub fn whose(&self, space: &str, id: i64) -> Whose {
        let (suppressed, is_person) = match space {
            "dispatch_patient" => (&self.suppressed_patients, true),
            "auth_user" => (&self.suppressed_users, self.patient_users.contains(&id)),
            _ => return Whose::Nobody,
        };
        match () {
            () if suppressed.contains(&id) => Whose::Suppressed,
            () if is_person && self.levels.practice > 0 => Whose::Person,
            () => Whose::Nobody,
        }
    }
}

/// The band of so many years that a year is in, from above a lower bound.
fn band(width: Option<i32>, year: i32, above: i32) -> String {
    match width {
        None => SUPPRESSED.to_owned(),
        Some(1) => format!("{year:04}"),
        Some(width) => {
            let first = year - year.rem_euclid(width);
            format!("{:04}-{:04}", first.max(above.saturating_add(1)), first + width - 1)
        }
    }
}

/// The year of a date that is written year first.
pub fn year(text: &str) -> Option<i32> {
    let text = text.trim();
    let (year, rest) = text.split_at_checked(4)?;
    let rest = rest.as_bytes();
    let is_date = rest.len() >= 6
        && rest[0] == b'-'
        && rest[3] == b'-'
        && [1, 2, 4, 5].iter().all(|at| rest[*at].is_ascii_digit())
        && rest[6..].iter().all(|byte| byte.is_ascii_digit() || b" T:.+-Z".contains(byte));
    (is_date && year.bytes().all(|byte| byte.is_ascii_digit())).then(|| year.parse().ok()).flatten()
}

/// What a patient says in each of the quasi-identifiers, as read and as resolved, each text by its number.
pub(super) type Class = [u32; 2 * QUASI_IDENTIFIERS.len()];

/// Texts by number.
#[derive(Default)]
pub(super) struct Texts {
    numbers: HashMap<String, u32>,
    pub texts: Vec<String>,
}

impl Texts {
    /// The number of a text.
    pub fn number(&mut self, text: String) -> u32 {
        let next = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let texts = &mut self.texts;
        *self.numbers.entry(text).or_insert_with_key(|text| {
            texts.push(text.clone());
            next
        })
    }
}

/// Everybody, and what they say.
struct People {
    texts: Texts,
    each: Vec<(i64, Option<i64>, Class)>,
}

impl People {
    /// Reads them; `shown` is what of a text counts, by its quasi-identifier.
    fn read(staging: &Staging, shown: impl Fn(usize, &str) -> String) -> Result<Self> {
        let mut people = Self { texts: Texts::default(), each: Vec::new() };
        staging.for_patients(|told: Told<'_>| {
            let mut class = Class::default();
            for (at, text) in told.said.iter().enumerate() {
                class[at] = people.texts.number(shown(at / 2, text));
            }
            people.each.push((told.patient, told.user, class));
        })?;
        Ok(people)
    }

    fn counts(&self) -> HashMap<Class, u64> {
        let mut counts = HashMap::new();
        for (_, _, class) in &self.each {
            *counts.entry(*class).or_insert(0) += 1;
        }
        counts
    }
}

/// How alike the people of such classes are.
fn measured(classes: &HashMap<Class, u64>) -> Measured {
    let of = |below: u64| classes.values().filter(|people| **people < below).sum();
    Measured {
        people: classes.values().sum(),
        classes: classes.len() as u64,
        unique: of(2),
        under_5: of(5),
        smallest: classes.values().min().copied().unwrap_or_default(),
    }
}

/// How alike the people of a redacted copy are, by what stands in it.
pub fn measure(copy: &Staging) -> Result<Measured> {
    let shown = |_: usize, text: &str| {
        let is_token =
            text.rsplit_once('_').is_some_and(|(kind, token)| token.len() == 16 && !kind.is_empty());
        if is_token { HIDDEN } else { text }.to_owned()
    };
    Ok(measured(&People::read(copy, shown)?.counts()))
}

/// What has to be hidden of a file's patients, and what the manifest says of that; what the copy is like is for [`measure`].
pub fn hide(from: &Staging, pooled_up_to: i32, k: Option<u64>) -> Result<(Hiding, Anonymity)> {
    let shown = |quasi: usize, text: &str| match quasi {
        _ if text.is_empty() => String::new(),
        0 | 3 | 4 => year(text).map_or_else(|| HIDDEN.to_owned(), |year| year.to_string()),
        1 if !super::words::is_sex(text) => HIDDEN.to_owned(),
        _ => text.to_owned(),
    };
    let mut people = People::read(from, shown)?;
    let counts = people.counts();
    let before = measured(&counts);
    let mut hiding = Hiding { pooled_up_to, countries: from.countries_of_practices()?, ..Hiding::default() };
    hiding.patient_users = people.each.iter().filter_map(|(_, user, _)| *user).collect();
    let mut suppressed = 0;
    if let Some(k) = k {
        let texts = &mut people.texts;
        let decided = decide(&counts, k, |levels| {
            hiding.levels = levels;
            generaliser(&hiding, texts)
        })
        .ok_or_else(|| {
            Error::precondition(format!(
                "no copy has {k} people in every class: the file has {} patients",
                before.people
            ))
            .hint("ask for a smaller k, or leave --k out")
        })?;
        hiding.levels = decided.levels;
        suppressed = decided.people;
        let hidden = people.each.iter().filter(|(_, _, class)| decided.suppressed.contains(class));
        for (patient, user, _) in hidden {
            hiding.suppressed_patients.insert(*patient);
            hiding.suppressed_users.extend(*user);
        }
    }
    let years = |width: Option<i32>| match width {
        Some(1) => "the year".to_owned(),
        Some(width) => format!("bands of {width} years"),
        None => SUPPRESSED.to_owned(),
    };
    let Levels { birth, moments, practice, sex } = hiding.levels;
    let anonymity = Anonymity {
        quasi_identifiers: QUASI_IDENTIFIERS.map(str::to_owned).to_vec(),
        k,
        before,
        after: Measured::default(),
        birth: years(BIRTH[birth]),
        moments: years(MOMENTS[moments]),
        practice: ["kept", "by country", SUPPRESSED][practice].to_owned(),
        sex: ["kept", SUPPRESSED][sex].to_owned(),
        suppressed,
    };
    Ok((hiding, anonymity))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bands_do_not_reach_into_what_is_put_together_anyway() {
        let mut hiding = Hiding::years_only(1936);
        hiding.levels.birth = 1;
        assert_eq!(hiding.birth(1936), "1936 or before");
        assert_eq!(hiding.birth(1939), "1937-1939");
        assert_eq!(hiding.birth(1940), "1940-1944");
        hiding.levels = Levels { birth: 4, moments: 3, practice: 2, sex: 1 };
        assert_eq!(
            [hiding.birth(1940), hiding.birth(1900), hiding.moment(2000), hiding.sex("f")],
            [SUPPRESSED; 4]
        );
    }
}
