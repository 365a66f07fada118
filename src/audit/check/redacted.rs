//! What can be told of a redacted copy alone: how many people are alike in it, and whether a token key is its own.

use super::{Checked, Options};
use crate::audit::anonymity::{self, Measured};
use crate::audit::manifest::Redacted;
use crate::error::Result;
use crate::staging::{CONFIGURATION_COMMITMENT, Staging};

/// What a redacted copy says of itself, against what stands in it.
pub(super) fn redacted(
    checked: &mut Checked,
    staging: &Staging,
    said: Option<&Redacted>,
    options: &Options,
) -> Result<()> {
    if let Some(said) = said {
        checked.asked(
            "anonymity",
            "as many patients say the same of themselves as the manifest says",
            anonymity::measure(staging).map(|now| {
                let (now, said) = (now, said.anonymity.after);
                let numbers = |one: Measured| {
                    format!(
                        "{} patients in {} classes, {} alone, {} among fewer than 5, {} in the smallest",
                        one.people, one.classes, one.unique, one.under_5, one.smallest
                    )
                };
                (now != said)
                    .then(|| format!("the copy has {}, the manifest says {}", numbers(now), numbers(said)))
                    .into_iter()
                    .collect()
            }),
        )?;
    }
    let Some(key) = &options.token_key else { return Ok(()) };
    let mut found = Vec::new();
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    match said {
        None => found.push("there is no manifest that says so".to_owned()),
        Some(said) if said.token_key_commitment != key.commitment(&staging_id) => {
            found.push("it is the key of another export".to_owned());
        }
        Some(_) => {}
    }
    if key.configuration() != staging.fact(CONFIGURATION_COMMITMENT)? {
        found.push("the configuration is not the one that the key names".to_owned());
    }
    checked.integrity(
        "token_key",
        "the token key is the one of this export, and of its configuration",
        found,
    );
    Ok(())
}
