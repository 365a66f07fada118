//! Rows of the target that stand for no legacy record. A few are the application's own; where a whole table of people says nothing
//! of the legacy system, the place that says it is another one than the configuration has, and a load would insert everybody a
//! second time.

use super::Strangers;
use crate::config::{Config, LegacyIdIn};
use crate::entity::Entity;
use crate::entity::catalog::Catalog;
use crate::error::{Error, Result};
use crate::staging::Staging;
use crate::target::Target;

/// From so many rows on, of which none is known, a table is no accident.
const MANY: u64 = 10;

/// Rows of one entity that stand for nobody.
pub(super) struct Nobody {
    /// The entity.
    pub entity: &'static Entity,
    /// How many.
    pub rows: u64,
    /// All its rows.
    pub all: u64,
}

/// Counts them, of every entity that makes rows.
pub(super) fn count(staging: &Staging, entities: Vec<&'static Entity>) -> Result<Vec<Nobody>> {
    let own = entities.into_iter().filter(|entity| !entity.is_onto() && !entity.is_part());
    own.map(|entity| {
        let (all, rows) = staging.count_nobody(entity)?;
        Ok(Nobody { entity, rows, all })
    })
    .collect()
}

/// Refuses a target whose rows have legacy ids of the snapshot and are other people: what another system's load wrote.
pub(super) fn refuse_strangers(nobody: &[Nobody], strangers: &Strangers) -> Result<()> {
    let known: u64 = nobody.iter().map(|nobody| nobody.all - nobody.rows).sum();
    // a few legacy ids that an earlier phase gave to the wrong rows are for a person to correct
    if strangers.rows < MANY || 10 * strangers.rows < known {
        return Ok(());
    }
    let named: Vec<String> =
        strangers.first.iter().map(|(entity, id, field)| format!("{entity} {id} by {field}")).collect();
    Err(Error::precondition(format!(
        "{} of {known} rows that have legacy ids of this snapshot say that they are somebody else, such as {}: the target was filled \
         from another system, and a load would make these people others",
        strangers.rows,
        named.join(", ")
    ))
    .hint("nothing was written; give this system a target or a schema of its own, or correct the legacy ids of those rows"))
}

/// Refuses a table of people of whom nobody is known, with the places that would know some.
pub(super) fn refuse(
    target: &mut Target,
    catalog: &Catalog,
    config: &Config,
    nobody: &[Nobody],
) -> Result<()> {
    let people = |nobody: &&Nobody| matches!(nobody.entity.name, "profiles" | "patients");
    let unknown = |nobody: &&Nobody| nobody.rows == nobody.all && nobody.all >= MANY;
    let Some(Nobody { entity, all, .. }) = nobody.iter().filter(people).find(unknown) else { return Ok(()) };
    let keys = target.old_keys(catalog, entity)?;
    let places = [LegacyIdIn::MigrationMappings, LegacyIdIn::FallbackAddress];
    let places = places.into_iter().chain(keys.into_iter().map(LegacyIdIn::Metadata));
    let mut found = Vec::new();
    for place in places.filter(|place| *place != config.target.legacy_id) {
        let rows = target.count_found(catalog, entity, &place)?;
        if rows > 0 {
            found.push(format!("target.legacy_id = \"{}\" would find {rows}", place.word()));
        }
    }
    let others = "target.rows_of_others = true if none of them is anybody of this migration".to_owned();
    Err(Error::precondition(format!(
        "{} has {all} rows, and none says by the configured place (\"{}\") which legacy record it stands for: a load would \
         insert everybody beside them",
        entity.target_table,
        config.target.legacy_id.word()
    ))
    .hint(found.into_iter().chain([others]).collect::<Vec<_>>().join("; ")))
}
