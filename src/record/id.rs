//! The two identities of a record, as types that cannot be confused.

use std::fmt;
use std::str::FromStr;

use compact_str::ToCompactString;
use serde::Serialize;
use sha1::{Digest, Sha1};
use uuid::Uuid;

use super::Text;

/// The namespace of every id that Drydock makes. It never changes: the ids of all migrations hang from it.
const NAMESPACE: Uuid = Uuid::from_u128(0x6f1d_3c1e_52b7_5a0e_9d0c_2f6a_d4b1_7e55);

/// The integer primary key of a row in the legacy database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct LegacyId(pub i64);

impl LegacyId {
    /// Its digits.
    pub fn to_text(self) -> Text {
        self.0.to_compact_string()
    }
}

impl LegacyId {
    /// The key that a text of a source says: a number, behind the apostrophe or in the formula by which a spreadsheet keeps text
    /// as it is, or with decimals that are all zero, as whatever knows no whole numbers beside nulls writes a column.
    pub fn of_key(text: &str) -> Option<Self> {
        let text = without_text_mark(text.trim());
        text.parse().ok().or_else(|| whole_digits(text)?.parse().ok())
    }
}

/// A text without the marks by which a spreadsheet says that it is one: `'0042`, `="0042"`.
pub fn without_text_mark(text: &str) -> &str {
    let formula = text.strip_prefix("=\"").and_then(|rest| rest.strip_suffix('"'));
    formula.or_else(|| text.strip_prefix('\'')).map_or(text, str::trim)
}

/// The digits of a whole number that is written with decimals which are all zero: 434.0 is 434, and 1.5, 1e3 or 1,234 are none. Nor
/// is 1.000, which is a thousand where points part thousands.
pub fn whole_digits(text: &str) -> Option<&str> {
    let (digits, zeros) = text.split_once('.')?;
    let is_whole = !digits.is_empty()
        && digits.strip_prefix('-').unwrap_or(digits).bytes().all(|byte| byte.is_ascii_digit())
        && zeros.len() != 3
        && zeros.bytes().all(|byte| byte == b'0')
        && digits.parse::<i64>().is_ok();
    is_whole.then_some(digits)
}

impl FromStr for LegacyId {
    type Err = std::num::ParseIntError;

    /// Django writes keys as plain decimal integers; surrounding space is tolerated, anything else is not an id. Nor is the
    /// least number that there is: whatever walks over records begins after it.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().parse()? {
            i64::MIN => Err("".parse::<i64>().expect_err("no digits are no number")),
            id => Ok(LegacyId(id)),
        }
    }
}

impl fmt::Display for LegacyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The uuid primary key of a row in the target.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct TargetId(pub Uuid);

impl TargetId {
    /// The form in which PostgreSQL prints it.
    pub fn to_text(self) -> Text {
        Text::from(self.written(&mut [0; 36]))
    }

    /// The same in memory that is there already.
    pub fn written(self, memory: &mut [u8; 36]) -> &str {
        self.0.hyphenated().encode_lower(memory)
    }

    /// The id of a record that the target does not have yet: UUIDv5 of `entity:legacy_id`, the same on every run and
    /// every machine.
    pub fn derived(entity: &str, legacy_id: LegacyId) -> Self {
        let mut name = Text::from(entity);
        name.push(':');
        name.push_str(&legacy_id.to_text());
        TargetId(named_uuid(&NAMESPACE, &name))
    }
}

/// The UUIDv5 (RFC 9562) of a name within a namespace.
pub fn named_uuid(namespace: &Uuid, name: &str) -> Uuid {
    let digest = Sha1::new_with_prefix(namespace).chain_update(name).finalize();
    let mut bytes = [0; 16];
    bytes.copy_from_slice(&digest[..16]);
    uuid::Builder::from_sha1_bytes(bytes).into_uuid()
}

impl FromStr for TargetId {
    type Err = uuid::Error;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Uuid::parse_str(text).map(TargetId)
    }
}

impl fmt::Display for TargetId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_ids_never_change() {
        // worked out by others' means: version 5 of RFC 9562 over `profiles:4711` in the namespace above
        for (entity, id, wanted) in [
            ("profiles", 4711, "504722ea-b2b2-56ea-bdd3-55f463a7073c"),
            ("patients", 4711, "232ef586-33a2-5dae-b549-654dd138a4d7"),
            ("practices", -1, "55f8f304-23a5-53a2-ae4f-a6698a3f8310"),
        ] {
            assert_eq!(TargetId::derived(entity, LegacyId(id)).to_string(), wanted, "{entity}:{id}");
        }
    }

    #[test]
    fn keys_of_a_source_may_have_decimals_that_are_zero() {
        for (text, id) in [
            ("17", Some(17)),
            ("17.0", Some(17)),
            ("-17.00", Some(-17)),
            ("'17", Some(17)),
            ("=\"17\"", Some(17)),
            ("17.5", None),
            ("1e3", None),
            ("1,234", None),
            ("1.000", None),
            ("1.000000", Some(1)),
            (".0", None),
            ("17.0.0", None),
            ("-9223372036854775808.0", None),
        ] {
            assert_eq!(LegacyId::of_key(text), id.map(LegacyId), "{text}");
        }
    }

    #[test]
    fn only_integers_are_legacy_ids() {
        for (text, id) in
            [("17", Some(17)), (" 17 ", Some(17)), ("00123", Some(123)), ("", None), ("1.0", None)]
        {
            assert_eq!(text.parse::<LegacyId>().ok(), id.map(LegacyId), "{text}");
        }
    }
}
