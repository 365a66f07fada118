//! Countries, under one name each, and the key by which cities and states are compared.

use std::collections::HashMap;
use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::record::{Change, Code, Issue};

use super::country_names::COUNTRIES;
use super::trail::Trail;
use super::unicode::{Reach, trimmed, without_invisible, without_nul};
use super::{Cleaned, is_literal_null};

/// A country under its one English name (`USA`, `India`, `Japan`, …); an unknown name is kept, trimmed, with
/// `CountryUnknown`; `None` when it is missing.
///
/// Rules: `country.name` for another name or a code; otherwise `country.nul`, `country.trim`,
/// `country.empty`.
pub fn country(field: &'static str, raw: Option<&str>) -> Cleaned<Option<String>> {
    let Some(raw) = raw else { return Cleaned::unchanged(None) };
    if let Some(name) = known(raw) {
        let cleaned = Cleaned::unchanged(Some(name.to_owned()));
        return if name == raw {
            cleaned
        } else {
            cleaned.with_change(Change::new(field, "country.name", Some(raw), Some(name)))
        };
    }
    let mut trail = Trail::new(field, raw);
    trail.apply("country.nul", without_nul);
    trail.apply("country.trim", |text| trimmed(text, Reach::Unicode));
    if trail.text().is_empty() || is_literal_null(trail.text()) {
        return Cleaned { value: None, changes: trail.finish_null("country.empty"), issues: Vec::new() };
    }
    let (value, changes) = trail.finish();
    Cleaned { value: Some(value), changes, issues: vec![Issue::new(Code::CountryUnknown, field)] }
}

/// The key by which two names of a city, a state or another place are the same: without invisible characters,
/// surrounding and doubled space, case, accents and compatibility forms. For comparing only, never stored.
/// Vowel signs of Indic and Thai scripts and the voicing marks of kana are letters' own and stay.
pub fn place_key(text: &str) -> String {
    if text.is_ascii() {
        return spaced(&text.to_ascii_lowercase());
    }
    let text = without_invisible(text).unwrap_or_else(|| text.to_owned());
    let lower = text.nfkd().collect::<String>().to_lowercase();
    let bare: String = lower.chars().filter(|c| !matches!(c, '\u{300}'..='\u{36f}')).nfc().collect();
    spaced(&bare)
}

/// With one plain space for every run of white space, and none at the ends.
fn spaced(text: &str) -> String {
    let mut spaced = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !spaced.is_empty() {
            spaced.push(' ');
        }
        spaced.push_str(word);
    }
    spaced
}

/// Every key of every country with the name that it is stored under.
static NAMES: LazyLock<HashMap<String, &'static str>> = LazyLock::new(|| {
    COUNTRIES
        .iter()
        .flat_map(|(name, alpha2, alpha3, others)| {
            [name, alpha2, alpha3].into_iter().chain(*others).map(|other| (country_key(other), *name))
        })
        .collect()
});

fn known(raw: &str) -> Option<&'static str> {
    NAMES.get(&country_key(raw)).copied()
}

/// The key of a country's name: that of a place, without full stops and a leading `the`.
fn country_key(text: &str) -> String {
    let key = place_key(&text.replace(['.', '\0'], ""));
    match key.strip_prefix("the ") {
        Some(rest) => rest.to_owned(),
        None => key,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    #[test]
    fn names_and_codes_lead_to_one_name() {
        for (name, raws) in [
            (
                "USA",
                &[
                    "USA",
                    "usa",
                    "U.S.A.",
                    "U. S. A",
                    "US",
                    "us",
                    "United States",
                    "the United States of America",
                ][..],
            ),
            ("India", &["India", "INDIA", "in", "IND", " India ", "भारत"]),
            ("Japan", &["Japan", "JP", "jpn", "日本", "Ｊａｐａｎ"]),
            ("Thailand", &["thailand", "TH", "ประเทศไทย", "ไทย"]),
            ("United Kingdom", &["UK", "U.K.", "GB", "Great Britain"]),
            ("South Korea", &["Korea", "Republic of Korea", "KR", "한국"]),
            ("Côte d'Ivoire", &["Cote d'Ivoire", "CI", "Ivory  Coast"]),
            ("Germany", &["Deutschland", "DE"]),
        ] {
            for raw in raws {
                let cleaned = country("country", Some(raw));
                assert_eq!(cleaned.value.as_deref(), Some(name), "{raw}");
                assert!(cleaned.issues.is_empty(), "{raw}");
                assert_eq!(cleaned.changes.is_empty(), *raw == name, "{raw}");
            }
        }
    }

    #[test]
    fn unknown_names_are_kept_and_missing_ones_are_null() {
        let cleaned = country("country", Some(" Atlantis "));
        assert_eq!(cleaned.value.as_deref(), Some("Atlantis"));
        assert_eq!(cleaned.issues, [Issue::new(Code::CountryUnknown, "country")]);
        for raw in ["", "  ", "null"] {
            let cleaned = country("country", Some(raw));
            assert_eq!(cleaned.value, None, "{raw}");
            assert!(cleaned.issues.is_empty(), "{raw}");
        }
        assert_eq!(country("country", None), Cleaned::unchanged(None));
    }

    #[test]
    fn no_name_or_code_means_two_countries() {
        let mut keys: HashMap<String, &str> = HashMap::new();
        for (name, alpha2, alpha3, others) in COUNTRIES {
            assert_eq!((alpha2.len(), alpha3.len()), (2, 3), "{name}");
            for other in [name, alpha2, alpha3].into_iter().chain(*others) {
                let earlier = keys.insert(country_key(other), name);
                assert!(earlier.is_none_or(|earlier| earlier == *name), "{other}: {earlier:?} and {name}");
            }
        }
        assert_eq!(COUNTRIES.len(), 250);
        assert!(COUNTRIES.is_sorted_by_key(|country| place_key(country.0)));
    }

    #[test]
    fn places_are_compared_by_what_they_mean() {
        for (a, b, same) in [
            ("São Paulo", "sao  paulo ", true),
            ("ＴＯＫＹＯ", "Tokyo", true),
            ("東京都", "東京都", true),
            ("ガ", "カ", false),
            ("กรุงเทพ", "กรงเทพ", false),
            ("New\u{a0}York", "NEW YORK", true),
            ("Zürich", "Zurich", true),
            ("İzmir", "izmir", true),
            ("Springfield", "Springfeld", false),
        ] {
            assert_eq!(place_key(a) == place_key(b), same, "{a} {b}");
        }
    }

    proptest! {
        #[test]
        fn clean_countries_stay(raw in prop_oneof![any::<String>(), r"(the )?[a-zA-Z. ]{0,4}"]) {
            let once = country("country", Some(&raw));
            chain(Some(&raw), &once, once.value.as_deref());
            let twice = country("country", once.value.as_deref());
            prop_assert_eq!(&twice.value, &once.value);
            prop_assert!(twice.changes.is_empty());
        }

        #[test]
        fn keys_are_their_own_keys(text in any::<String>()) {
            let key = place_key(&text);
            prop_assert_eq!(place_key(&key), key);
        }
    }
}
