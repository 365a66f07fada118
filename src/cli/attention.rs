//! What asks for attention in a result, said on standard error by every command that reports on it.

use crate::error::Kind;
use crate::staging::Attention;

/// Says it, and returns the exit code's kind: the command's own, unless this is graver.
pub(super) fn attention(found: &Attention, own: Option<Kind>) -> Option<Kind> {
    for line in &found.beyond_allowed {
        let entity = &line.entity;
        tell!(
            "warning: {} records of {entity} are rejected or quarantined, and the configuration allows {}\n\
             hint: look at v_waiting in the staging file; policy.allowed_rejects.{entity} sets the allowed number",
            line.kept_back,
            line.allowed
        );
    }
    say_empty(&found.empty_tables);
    if found.panicked > 0 {
        tell!("warning: {} records met a defect in drydock and wait in quarantine", found.panicked);
    }
    graver(own, found.kind())
}

/// Says which required tables came without a row.
pub(super) fn say_empty(tables: &[String]) {
    for table in tables {
        tell!(
            "warning: {table} has no row\n\
             hint: look at the dump or the export; where the table is empty in the legacy system too, name it in \
             source.allow_empty"
        );
    }
}

/// A defect says more than a difference, a difference more than a number of records.
pub(super) fn graver(one: Option<Kind>, other: Option<Kind>) -> Option<Kind> {
    let gravity = |kind: &Option<Kind>| match kind {
        Some(Kind::Internal) => 4,
        Some(Kind::Records) => 1,
        Some(Kind::Verification) => 2,
        Some(_) => 3,
        None => 0,
    };
    if gravity(&other) > gravity(&one) { other } else { one }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_graver_of_two_ends_a_command() {
        for (one, other, expected) in [
            (None, None, None),
            (None, Some(Kind::Records), Some(Kind::Records)),
            (Some(Kind::Verification), Some(Kind::Records), Some(Kind::Verification)),
            (Some(Kind::Records), Some(Kind::Verification), Some(Kind::Verification)),
            (Some(Kind::Verification), Some(Kind::Internal), Some(Kind::Internal)),
            (Some(Kind::Records), None, Some(Kind::Records)),
        ] {
            assert_eq!(graver(one, other), expected);
        }
    }
}
