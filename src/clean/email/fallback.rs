//! Addresses for people who have none that the target can take: `first.last.legacyid@migrated.local`. The
//! legacy id makes them unique among themselves; that they are unique in the target too is for the caller to
//! see to.

use deunicode::deunicode;

use crate::record::LegacyId;

const DOMAIN: &str = "migrated.local";
/// RFC 5321, 4.5.3.1.1.
const LOCAL_OCTETS: usize = 64;

/// The fallback address of a person. A part without a letter or digit that ASCII can show is `user` (first)
/// or `unknown` (last); long parts are cut so that the address stays valid.
pub fn fallback_email(first: &str, last: &str, legacy_id: LegacyId) -> String {
    with_tail(first, last, &format!(".{legacy_id}"))
}

/// The same with a number, for the rare case that the target already holds the plain one.
pub fn fallback_email_nth(first: &str, last: &str, legacy_id: LegacyId, n: u32) -> String {
    with_tail(first, last, &format!(".{legacy_id}-{n}"))
}

/// Whether an address looks like one of these.
pub fn is_fallback_email(address: &str) -> bool {
    address.rsplit_once('@').is_some_and(|(_, domain)| domain == DOMAIN)
}

/// The last part of domains that are nobody's, as those of fallback addresses and other placeholders are.
pub const NOBODYS_DOMAINS: [&str; 3] = ["local", "invalid", "localhost"];

/// Whether nobody can be reached by an address.
pub fn is_stand_in(address: &str) -> bool {
    let address = address.trim().to_lowercase();
    address.is_empty() || address.rsplit_once('.').is_some_and(|(_, last)| NOBODYS_DOMAINS.contains(&last))
}

/// The legacy id of whom a fallback address, in lower case, was made for.
pub fn fallback_owner(address: &str) -> Option<LegacyId> {
    let local = address.strip_suffix(DOMAIN)?.strip_suffix('@')?;
    let tail = local.rsplit_once('.')?.1;
    let id = tail.split_once('-').map_or(tail, |(id, _)| id);
    (!id.is_empty() && id.bytes().all(|digit| digit.is_ascii_digit())).then(|| id.parse().ok())?
}

fn with_tail(first: &str, last: &str, tail: &str) -> String {
    // the longest tail (an i64 and a u32) leaves 16 characters for each part
    let room = (LOCAL_OCTETS - ".".len() - tail.len()) / 2;
    format!("{}.{}{tail}@{DOMAIN}", part(first, "user", room), part(last, "unknown", room))
}

fn part(name: &str, otherwise: &str, room: usize) -> String {
    let part: String = deunicode(name)
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|c| c.to_ascii_lowercase())
        .take(room)
        .collect();
    if part.is_empty() { otherwise.to_owned() } else { part }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::{Email, EmailPolicy, email};
    use super::*;

    #[test]
    fn parts_are_ascii() {
        for (first, last, expected) in [
            ("Ann", "Lee", "ann.lee.17@migrated.local"),
            ("José María", "O'Neil-Nuñez", "josemaria.oneilnunez.17@migrated.local"),
            ("", "Lee", "user.lee.17@migrated.local"),
            ("Ann", "", "ann.unknown.17@migrated.local"),
            ("", "", "user.unknown.17@migrated.local"),
            ("!?", "…", "user.unknown.17@migrated.local"),
            ("Łukasz", "Straße", "lukasz.strasse.17@migrated.local"),
        ] {
            assert_eq!(fallback_email(first, last, LegacyId(17)), expected);
        }
        assert_eq!(fallback_email_nth("Ann", "Lee", LegacyId(17), 2), "ann.lee.17-2@migrated.local");
    }

    proptest! {
        #[test]
        fn they_are_valid_and_need_no_cleaning(
            first in any::<String>(),
            last in any::<String>(),
            id in any::<i64>(),
            n in any::<u32>(),
        ) {
            for address in [
                fallback_email(&first, &last, LegacyId(id)),
                fallback_email_nth(&first, &last, LegacyId(id), n),
            ] {
                let cleaned = email("email", Some(&address), &EmailPolicy::default());
                prop_assert_eq!(cleaned.value, Email::Valid(address));
                prop_assert!(cleaned.changes.is_empty() && cleaned.issues.is_empty());
            }
        }
    }
}
