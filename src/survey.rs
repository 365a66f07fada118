//! Target to file: its catalog and the rows it already has, read completely and count-checked in one snapshot. Writes
//! nothing to the target, except the tables of an empty one when the operator asks for them.

use crate::entity::catalog::Catalog;
use crate::entity::{self, Entity};
use crate::error::Result;
use crate::progress::Progress;
use crate::staging::{Staging, Step};
use crate::target::{Demands, Target, preflight};

/// What a survey saw.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Which database, without secrets.
    pub target: String,
    /// The server's version.
    pub version: String,
    /// The rows that are already there, by entity.
    pub existing: Vec<(&'static str, u64)>,
    /// What would be in the way of a load; more is known once the records are resolved.
    pub problems: Vec<String>,
}

/// Surveys the target. A file that was surveyed before gets a fresh picture.
pub fn survey(staging: &mut Staging, target: &mut Target, progress: Progress) -> Result<Summary> {
    staging.expect_identity("target", target.identity())?;
    staging.begin(Step::Survey)?;
    let version = target.version()?;
    target.begin_reading()?;
    let catalog = target.catalog()?;
    let problems = preflight(&catalog, &Demands::new());

    let mut existing = Vec::new();
    staging.replace_survey(&catalog, |write| {
        for entity in entity::ALL {
            if !can_tell_rows(&catalog, entity) {
                existing.push((entity.name, 0));
                continue;
            }
            let bar = progress.start(&format!("survey {}", entity.name), None);
            let has_email = entity.name == entity::profiles::ENTITY.name;
            let mut read = 0;
            target.for_existing_rows(entity, has_email, |row| {
                read += 1;
                if read % 10_000 == 0 {
                    bar.set(read);
                    crate::interrupt::check()?;
                }
                write(entity, row)
            })?;
            bar.set(read);
            bar.finish();
            existing.push((entity.name, read));
        }
        Ok(())
    })?;
    target.end_reading()?;
    staging.set_fact("target_version", &version)?;
    staging.complete(Step::Survey)?;
    Ok(Summary { target: target.identity().to_owned(), version, existing, problems })
}

/// Whether the table has the columns that say which record a row stands for; without them it cannot be loaded either,
/// and the preflight says which are missing.
fn can_tell_rows(catalog: &Catalog, entity: &Entity) -> bool {
    let has = |name: &str| {
        catalog.columns.iter().any(|column| column.table == entity.target_table && column.name == name)
    };
    let has_email = entity.name != entity::profiles::ENTITY.name || has("email");
    has("id") && has_email && entity.key().into_iter().all(has)
}
