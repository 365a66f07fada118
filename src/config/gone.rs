//! `policy.gone`: what becomes of a row whose legacy record is gone from the source since a load wrote it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Invalid;
use crate::entity;

/// What happens to such a row.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Gone {
    /// It is reported, and left alone.
    #[default]
    Keep,
    /// The column that says whether it is in use becomes false.
    Deactivate,
    /// It is removed, where a load made it and nobody needs it.
    Remove,
}

impl Gone {
    /// The word of the configuration, and of the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Gone::Keep => "keep",
            Gone::Deactivate => "deactivate",
            Gone::Remove => "remove",
        }
    }
}

/// Where `[policy.gone]` stands, with the line of each of its values.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Lines {
    policy: PolicyLines,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct PolicyLines {
    gone: BTreeMap<String, toml::Spanned<Gone>>,
}

/// Refuses an entity that is to be switched off and has no column that says so.
pub(super) fn check(text: &str) -> Result<(), Invalid> {
    // what cannot be read is told by whoever reads the whole
    let Ok(Lines { policy }) = toml::from_str::<Lines>(text) else { return Ok(()) };
    for (name, gone) in policy.gone {
        let has_none = entity::find(&name).is_some_and(|entity| entity.in_use().is_none());
        if *gone.get_ref() == Gone::Deactivate && has_none {
            let before = text.get(..gone.span().start).unwrap_or_default();
            return Err(Invalid::Gone { entity: name, line: before.matches('\n').count() + 1 });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;

    #[test]
    fn what_cannot_be_switched_off_is_named_with_its_line() {
        let text = "[policy]\nemail = \"null\"\n\n[policy.gone]\nprofiles = \"deactivate\"\npatients = \"deactivate\"\n";
        let Err(Invalid::Gone { entity, line }) = Config::parse(text) else { panic!("it was taken") };
        assert_eq!((entity.as_str(), line), ("patients", 6));
        let config =
            Config::parse("[policy]\ngone = { profiles = \"deactivate\", patients = \"remove\" }").unwrap();
        assert_eq!(config.policy.gone("profiles"), Gone::Deactivate);
        assert_eq!(config.policy.gone("patients"), Gone::Remove);
        assert_eq!(config.policy.gone("practices"), Gone::Keep);
        assert_eq!(Config::parse(&config.to_text()).unwrap(), config);
        assert!(Config::parse("[policy.gone]\nprofiles = \"delete\"").is_err());
        assert!(Config::parse("[policy.gone]\nusers = \"keep\"").is_err());
    }
}
