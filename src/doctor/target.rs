//! The target: whether the tables are there, can take the records, and let this role read and write all their rows.

use std::collections::BTreeSet;

use super::{Examination, Finding};
use crate::config::Config;
use crate::connect::Address;
use crate::entity::Entity;
use crate::entity::catalog::{Catalog, CatalogTrigger};
use crate::error::Result;
use crate::target::{Demands, Health, Target};

/// The oldest server that Supabase still runs.
const OLDEST: i32 = 130_000;

/// What a load and its undoing do to a table.
const RIGHTS: &[&str] = &["select", "insert", "update", "delete"];

/// Examines a target.
pub fn examine_target(address: Result<Address>, config: &Config) -> Vec<Finding> {
    Examination::of("target").of_sessions(address, |seen, address| session(seen, address, config))
}

fn session(seen: &mut Examination, address: &Address, config: &Config) -> Result<()> {
    let mut target = Target::open(address, &config.target)?;
    let health = target.health()?;
    let version = format!("PostgreSQL {}", health.version);
    if health.version_number < OLDEST {
        seen.wrong("version", version, "a target is PostgreSQL 13 or newer");
    } else {
        seen.ok("version", version);
    }
    seen.encryption(health.is_encrypted, address);
    seen.timeout(&health.statement_timeout);
    if health.is_standby || health.is_read_only {
        seen.wrong(
            "writing",
            "the server only lets sessions read",
            "give the URL of the primary, make room where a hosted project's disk is full, or, where the role or the database is only \
             set so, add options=-c%20default_transaction_read_only%3Doff to the URL",
        );
    }
    if !health.may_keep_receipts {
        seen.wrong(
            "receipts",
            format!("the role {} may not create the schema drydock, where receipts are kept", health.role),
            format!("as the database's owner: create schema drydock authorization {}", health.role),
        );
    }
    if !health.has_schema {
        seen.wrong(
            "schema",
            format!("there is no schema {}", config.target.schema),
            "correct target.schema in the configuration",
        );
        return Ok(());
    }
    let catalog = target.catalog()?;
    if catalog.tables.is_empty() {
        seen.wrong(
            "tables",
            "none of the tables exists",
            "for an empty target, run `drydock survey --create-tables`; else correct target.schema or the database's name",
        );
        return Ok(());
    }
    tables(seen, &catalog, &health, &target.all_entities());
    for (column, source) in target.sources(&catalog) {
        seen.ok("mapping", format!("{column} \u{2190} {source}"));
    }
    for wanted in target.accounts_wanted(&catalog) {
        seen.note("accounts", wanted, "a load looks for each of them before it writes");
    }
    for table in target.conditions()?.tables {
        for problem in table.cannot_be_merged_into() {
            seen.wrong("tables", problem, "fix the table");
        }
    }
    let entities = target.entities();
    for problem in target.table_problems(&catalog, &entities, &Demands::new())? {
        seen.wrong("tables", problem, "fix the table, or the configuration where it names it");
    }
    Ok(())
}

/// Rights, policies and triggers of each table.
fn tables(seen: &mut Examination, catalog: &Catalog, health: &Health, entities: &[&'static Entity]) {
    for table in &catalog.tables {
        let lacking: Vec<&str> =
            RIGHTS.iter().copied().filter(|right| !table.rights.iter().any(|has| has == right)).collect();
        if lacking.is_empty() {
            seen.ok("rights", format!("{} may read and write {}", health.role, table.table));
        } else {
            seen.wrong(
                "rights",
                format!("{} may not {} on {}", health.role, lacking.join(", "), table.table),
                format!(
                    "as {}: grant {} on {} to {}",
                    table.owner,
                    lacking.join(", "),
                    table.table,
                    health.role
                ),
            );
        }
        let exempt = health.bypasses_policies || (table.is_owner && !table.forces_row_security);
        if table.row_security && !exempt {
            seen.wrong(
                "policies",
                format!("row level security hides rows of {} from {}", table.table, health.role),
                if table.is_owner {
                    format!(
                        "alter table {} no force row level security, or connect as a role with bypassrls",
                        table.table
                    )
                } else {
                    format!("connect as {} or as a role with bypassrls", table.owner)
                },
            );
        }
    }
    for trigger in catalog.triggers.iter().filter(|trigger| trigger.is_enabled) {
        seen.note("triggers", format!("{} has the trigger {}", trigger.table, trigger.name), fires(trigger));
    }
    let required = entities.iter().filter(|entity| !entity.is_optional());
    let known = required.map(|entity| entity.target_table).collect::<BTreeSet<_>>().len();
    if catalog.tables.len() < known {
        seen.note(
            "tables",
            format!("{} of {known} tables exist", catalog.tables.len()),
            "what is missing is named below",
        );
    }
}

/// What a trigger does to a load, by when it fires.
fn fires(trigger: &CatalogTrigger) -> String {
    let rows = match (trigger.fires_on("INSERT"), trigger.fires_on("UPDATE")) {
        (true, true) => "it fires for every row that is written",
        (true, false) => "it fires for every row that is inserted",
        (false, true) => "it fires for every row that is updated",
        (false, false) => {
            return "no load makes it fire, but an undo may: what it does then is not undone".to_owned();
        }
    };
    let does = if trigger.is_after() {
        "what it writes elsewhere, an undo does not take back"
    } else {
        "moments that it sets, such as updated_at, are set back, and a record of which it makes something else is refused"
    };
    format!("{rows}: {does}; target.triggers = \"off\" keeps it from firing")
}
