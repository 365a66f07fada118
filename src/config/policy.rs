//! `[policy]`: what the rules may decide by themselves.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::gone::Gone;
use crate::record::LegacyId;

/// `[policy]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Policy {
    /// The practice that takes whoever no rule can place; such records are flagged for review. Without it they wait in
    /// quarantine.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_practice: Option<DefaultPractice>,
    /// The user whose profile stands in where the target demands a creator and nobody is known.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "user")]
    pub system_profile: Option<LegacyId>,
    /// What stands in for an address that cannot be kept.
    pub email: EmailPolicy,
    /// The company's own email domains: accounts there are flagged as test or staff accounts.
    pub company_domains: Vec<String>,
    /// The target's label for a role, where it is not the role's own word.
    pub roles: BTreeMap<String, String>,
    /// The target's label for a gender, where it is not the gender's own word.
    pub genders: BTreeMap<String, String>,
    /// What happens to records that look like one person.
    pub duplicates: DuplicatePolicy,
    /// From which score on, in percent, duplicates are merged where they are.
    #[serde(deserialize_with = "percent")]
    pub merge_threshold: u8,
    /// How many records of an entity may be rejected or quarantined before a command ends with exit code 6.
    pub allowed_rejects: BTreeMap<String, u64>,
    /// What becomes of an entity's rows whose legacy record is gone since a load wrote them.
    pub gone: BTreeMap<String, Gone>,
    /// How many of an entity's records may be gone where something is done about their rows.
    pub allowed_gone: BTreeMap<String, u64>,
}

/// `policy.default_practice`
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultPractice {
    /// An office of the snapshot.
    Office(LegacyId),
    /// The practice "Unassigned", which the migration makes.
    Unassigned,
}

impl DefaultPractice {
    const UNASSIGNED: &str = "unassigned";
}

impl Serialize for DefaultPractice {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            DefaultPractice::Office(office) => serializer.serialize_i64(office.0),
            DefaultPractice::Unassigned => serializer.serialize_str(Self::UNASSIGNED),
        }
    }
}

impl<'de> Deserialize<'de> for DefaultPractice {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OfficeOrWord;

        impl serde::de::Visitor<'_> for OfficeOrWord {
            type Value = DefaultPractice;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("the legacy id of an office, or \"unassigned\"")
            }

            fn visit_i64<E: serde::de::Error>(self, office: i64) -> Result<Self::Value, E> {
                if office < 0 {
                    return Err(E::invalid_value(serde::de::Unexpected::Signed(office), &self));
                }
                Ok(DefaultPractice::Office(LegacyId(office)))
            }

            fn visit_u64<E: serde::de::Error>(self, office: u64) -> Result<Self::Value, E> {
                let office = i64::try_from(office)
                    .map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(office), &self))?;
                self.visit_i64(office)
            }

            fn visit_str<E: serde::de::Error>(self, word: &str) -> Result<Self::Value, E> {
                if word.eq_ignore_ascii_case(DefaultPractice::UNASSIGNED) {
                    return Ok(DefaultPractice::Unassigned);
                }
                Err(E::invalid_value(serde::de::Unexpected::Str(word), &self))
            }
        }

        deserializer.deserialize_any(OfficeOrWord)
    }
}

/// `policy.email`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EmailPolicy {
    /// A unique address at `migrated.local`.
    #[default]
    Fallback,
    /// Null, for a target that allows it.
    Null,
}

/// `policy.duplicates`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DuplicatePolicy {
    /// Linked and listed; everybody is loaded.
    #[default]
    Link,
    /// Merged at and above the threshold; whatever pointed at a merged record follows.
    Merge,
}

fn user<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<LegacyId>, D::Error> {
    i64::deserialize(deserializer).map(|id| Some(LegacyId(id)))
}

fn percent<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u8, D::Error> {
    let number = u8::deserialize(deserializer)?;
    let unexpected = serde::de::Unexpected::Unsigned(number.into());
    if number > 100 {
        return Err(serde::de::Error::invalid_value(unexpected, &"a percentage, at most 100"));
    }
    Ok(number)
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            default_practice: None,
            system_profile: None,
            email: EmailPolicy::default(),
            company_domains: Vec::new(),
            roles: BTreeMap::new(),
            genders: BTreeMap::new(),
            duplicates: DuplicatePolicy::default(),
            merge_threshold: 95,
            allowed_rejects: BTreeMap::new(),
            gone: BTreeMap::new(),
            allowed_gone: BTreeMap::new(),
        }
    }
}

impl Policy {
    /// The target's label of a role.
    pub fn role_label<'a>(&'a self, role: &'a str) -> &'a str {
        self.roles.get(role).map_or(role, String::as_str)
    }

    /// The target's label of a gender.
    pub fn gender_label<'a>(&'a self, gender: &'a str) -> &'a str {
        self.genders.get(gender).map_or(gender, String::as_str)
    }

    /// What becomes of the entity's rows whose legacy record is gone.
    pub fn gone(&self, entity: &str) -> Gone {
        self.gone.get(entity).copied().unwrap_or_default()
    }

    /// How many records of the entity may be rejected or quarantined.
    pub fn allowed_rejects(&self, entity: &str) -> u64 {
        self.allowed_rejects.get(entity).copied().unwrap_or(0)
    }
}
