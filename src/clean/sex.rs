//! The sex of a patient: the legacy has a number (1 male, 2 female, 0 other), some exports a letter or a
//! word.

use serde::Serialize;

use crate::record::{Change, Code, Issue};

use super::{Cleaned, scalar};

/// The gender of a profile or patient, in our words; a target whose type lacks one gets what the
/// configuration says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Gender {
    /// Code 1.
    Male,
    /// Code 2.
    Female,
    /// Code 0.
    Other,
    /// No code, or one that means nothing.
    Unknown,
}

impl Gender {
    /// Every gender.
    pub const ALL: [Gender; 4] = [Gender::Male, Gender::Female, Gender::Other, Gender::Unknown];

    /// The word in the staging file and in the target.
    pub const fn as_str(self) -> &'static str {
        match self {
            Gender::Male => "male",
            Gender::Female => "female",
            Gender::Other => "other",
            Gender::Unknown => "unknown",
        }
    }
}

/// The gender that a code, letter or word says; `GenderUnknown` when it says nothing.
///
/// Rules: `gender.code` for a known code, `gender.unknown` for none or another.
pub fn gender(field: &'static str, raw: Option<&str>) -> Cleaned<Gender> {
    let known = scalar(raw).and_then(read_gender);
    let gender = known.unwrap_or(Gender::Unknown);
    let mut cleaned = Cleaned::unchanged(gender);
    if raw != Some(gender.as_str()) {
        let rule = if known.is_some() { "gender.code" } else { "gender.unknown" };
        cleaned = cleaned.with_change(Change::new(field, rule, raw, Some(gender.as_str())));
    }
    if gender == Gender::Unknown {
        cleaned.with_issue(Issue::new(Code::GenderUnknown, field))
    } else {
        cleaned
    }
}

fn read_gender(text: &str) -> Option<Gender> {
    // a spreadsheet writes the integer 1 as 1.0
    let code = text.trim_end_matches('0').strip_suffix('.').unwrap_or(text);
    let is = |words: [&str; 3]| words.iter().any(|word| code.eq_ignore_ascii_case(word));
    if is(["1", "m", "male"]) {
        Some(Gender::Male)
    } else if is(["2", "f", "female"]) {
        Some(Gender::Female)
    } else if is(["0", "o", "other"]) {
        Some(Gender::Other)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn codes_letters_and_words_are_read() {
        for (gender_, raws) in [
            (Gender::Male, &["1", "m", "M", "male", "Male", "MALE", " 1 ", "1.0", "1.", "1.00"][..]),
            (Gender::Female, &["2", "f", "F", "female", "Female", "2.0"]),
            (Gender::Other, &["0", "o", "O", "other", "0.0", "Other "]),
            (Gender::Unknown, &["", "3", "9", "-1", "10", "null", "unknown", "x", "1.5", ".", "mf", "男"]),
        ] {
            for raw in raws {
                let cleaned = gender("sex", Some(raw));
                assert_eq!(cleaned.value, gender_, "{raw:?}");
                assert_eq!(cleaned.issues.is_empty(), gender_ != Gender::Unknown, "{raw:?}");
                chain(Some(raw), &cleaned, Some(gender_.as_str()));
            }
        }
    }

    #[test]
    fn a_missing_sex_is_unknown() {
        let cleaned = gender("sex", None);
        assert_eq!(cleaned.value, Gender::Unknown);
        assert_eq!(cleaned.issues, [Issue::new(Code::GenderUnknown, "sex")]);
        assert_eq!(cleaned.changes[0].rule, "gender.unknown");
    }

    #[test]
    fn clean_genders_stay() {
        for value in Gender::ALL {
            let cleaned = gender("sex", Some(value.as_str()));
            assert_eq!(cleaned.value, value);
            assert!(cleaned.changes.is_empty());
        }
    }

    proptest! {
        #[test]
        fn anything_may_be_read(raw in any::<String>()) {
            let cleaned = gender("sex", Some(&raw));
            chain(Some(&raw), &cleaned, Some(cleaned.value.as_str()));
        }
    }
}
