//! Target to file: its catalog and the rows it already has, read completely and count-checked in one snapshot. Writes
//! nothing to the target, except the tables of an empty one when the operator asks for them.
//!
//! Where rows lost their legacy ids, `natural_key` finds again which record they stand for.

mod natural_key;
mod nobody;

use crate::config::Config;
use crate::entity::catalog::{Catalog, CatalogKey};
use crate::entity::practices::{self, Office};
use crate::entity::{self, LegacyRow};
use crate::error::Result;
use crate::progress::Progress;
use crate::staging::{Asked, Match, Staging, Step};
use crate::target::{Demands, NamedPractice, TableConditions, Target};

/// The question that a verification asks too. Before a load its answer still saves a row from becoming another's.
const STRANGERS: &str = include_str!("../../staging/verify/existing_rows_are_the_records_own.sql");

/// Strangers that are named.
const NAMED: usize = 5;

/// Offices read at once.
const CHUNK: usize = 10_000;

/// What a survey saw.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Which database, without secrets.
    pub target: String,
    /// The server's version.
    pub version: String,
    /// The rows that are already there, by entity.
    pub existing: Vec<(&'static str, u64)>,
    /// Those of them that stand for no legacy record, by entity.
    pub nobody: Vec<(&'static str, u64)>,
    /// The practices without a legacy id.
    pub lost: Lost,
    /// Rows that have a record's legacy id and say of themselves that they are somebody else.
    pub strangers: Strangers,
    /// What would be in the way of a load; more is known once the records are resolved.
    pub problems: Vec<String>,
}

/// Rows that a load would make somebody else's: what they say of themselves is not what their legacy record says.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Strangers {
    /// How many there are; a verification names them all.
    pub rows: u64,
    /// The first of them: entity, legacy id and the field in which they differ.
    pub first: Vec<(String, i64, String)>,
}

/// Practices of the target that say no legacy id, and what became of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Lost {
    /// How many there are.
    pub practices: u64,
    /// Those found again by name, city, phone, postal code and address.
    pub found: u64,
    /// Those that look like an office and wait for a person (`target_matches` in the file).
    pub for_review: u64,
    /// Whether nothing could be compared, because the file has no snapshot yet.
    pub without_snapshot: bool,
}

/// Ties the file to a target on first use, and refuses another one afterwards. Another name of the same database, such as a
/// pooler's, is known by what the database says of itself, or by the receipts that it has of this file.
pub fn expect_target(staging: &mut Staging, target: &mut Target) -> Result<()> {
    let identity = target.identity().to_owned();
    let known = staging.fact("target_identity")?;
    let system = target.system();
    if known.is_some_and(|known| known != identity) {
        let is_same = match (&system, staging.fact("target_system")?) {
            (Some(system), Some(known)) => *system == known,
            _ => target.has_receipts_of(&staging.fact("staging_id")?.unwrap_or_default())?,
        };
        if is_same {
            staging.set_fact("target_identity", &identity)?;
        }
    }
    staging.expect_identity("target", &identity)?;
    if let Some(system) = system
        && staging.fact("target_system")?.is_none()
    {
        staging.set_fact("target_system", &system)?;
    }
    Ok(())
}

/// Surveys the target. A file that was surveyed before gets a fresh picture.
pub fn survey(
    staging: &mut Staging,
    target: &mut Target,
    config: &Config,
    progress: Progress,
) -> Result<Summary> {
    expect_target(staging, target)?;
    staging.begin(Step::Survey)?;
    let version = target.version()?;
    // what is tried for it ends the transaction that it is tried in
    let catalog = target.catalog()?;
    let mut problems = target.table_problems(&catalog, &staging.expected_entities()?, &Demands::new())?;
    target.begin_reading()?;
    let catalog = target.catalog()?;
    problems.extend(target.accounts_wanted(&catalog));
    problems.extend(target.conditions()?.tables.iter().flat_map(TableConditions::cannot_be_merged_into));

    let is_first = target.live_phases(&staging.fact("staging_id")?.unwrap_or_default())?.is_empty();
    let mut existing = Vec::new();
    staging.replace_survey(&catalog, |write| {
        for entity in target.all_entities() {
            // their rows are those of the records that they are added to
            if entity.is_onto() || entity.is_part() {
                continue;
            }
            // without the columns that say which record a row stands for, the preflight says what is missing
            let Some(mapping) = target.mapping(&catalog, entity, &config.target.legacy_id, is_first)? else {
                if !entity.is_optional() {
                    existing.push((entity.name, 0));
                }
                continue;
            };
            let total = target.count_rows(entity)?;
            let bar = progress.start(&format!("survey {}", entity.name), Some(total));
            let mut read = 0;
            target.for_existing_rows(entity, &mapping, |row| {
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
    staging.replace_unique_values(|write| {
        for key in catalog.keys.iter().filter(|key| is_compared(&catalog, key)) {
            target.for_unique_values(key, |target_id, digest| {
                crate::interrupt::check()?;
                write(key, target_id, digest)
            })?;
        }
        Ok(())
    })?;
    let lost = find_lost(staging, target, &catalog)?;
    if staging.completed(Step::Extract)?.is_some() {
        for entity in entity::ALL {
            staging.recognise_own_ids(entity)?;
        }
    }
    let nobody = nobody::count(staging, target.all_entities())?;
    if !config.target.rows_of_others {
        nobody::refuse(target, &catalog, config, &nobody)?;
    }
    let strangers = find_strangers(staging)?;
    nobody::refuse_strangers(&nobody, &strangers)?;
    target.end_reading()?;
    staging.set_fact("target_version", &version)?;
    staging.complete(Step::Survey)?;
    let nobody = nobody
        .into_iter()
        .map(|nobody| (nobody.entity.name, nobody.rows))
        .filter(|(_, rows)| *rows > 0)
        .collect();
    Ok(Summary { target: target.identity().to_owned(), version, existing, nobody, lost, strangers, problems })
}

/// Finds the rows that are somebody else's than their legacy id says; nothing can be compared without a snapshot.
fn find_strangers(staging: &Staging) -> Result<Strangers> {
    let mut strangers = Strangers::default();
    if staging.completed(Step::Extract)?.is_none() {
        return Ok(strangers);
    }
    staging.for_found_rows(STRANGERS, |entity, legacy_id, field| {
        strangers.rows += 1;
        if let Some(id) = legacy_id.filter(|_| strangers.first.len() < NAMED) {
            strangers.first.push((entity.to_owned(), id, field.to_owned()));
        }
    })?;
    Ok(strangers)
}

/// Whether some entity's records are compared by the key, and the table's rows can be told apart.
fn is_compared(catalog: &Catalog, key: &CatalogKey) -> bool {
    let has_id = || catalog.column(&key.table, "id").is_some();
    entity::ALL.iter().any(|entity| key.compared_by(entity).is_some()) && has_id()
}

/// Finds again which office a practice without a legacy id stands for.
fn find_lost(staging: &mut Staging, target: &mut Target, catalog: &Catalog) -> Result<Lost> {
    let entity = &practices::ENTITY;
    let (rows, offices) = staging.unmapped(entity)?;
    let mut lost = Lost { practices: rows.len() as u64, ..Lost::default() };
    if rows.is_empty() {
        return Ok(lost);
    }
    if staging.completed(Step::Extract)?.is_none() {
        lost.without_snapshot = true;
        return Ok(lost);
    }
    let rows: Vec<_> = target
        .named_practices(catalog, entity)?
        .into_iter()
        .filter(|practice| rows.contains(&practice.target_id))
        .map(|NamedPractice { target_id, fields }| (target_id, fields))
        .collect();
    let mut said = Vec::new();
    staging.for_legacy_rows::<Office>(CHUNK, |chunk| {
        let unmapped = chunk.into_iter().filter(|office| offices.contains(&office.legacy_id()));
        said.extend(unmapped.map(|office| (office.legacy_id, said_by(office))));
        Ok(())
    })?;
    let matches = natural_key::matches(&said, &rows);
    staging.record_matches(entity, &matches)?;
    let is_applied = |found: &&Match| found.review.is_none();
    lost.found = matches.iter().filter(is_applied).count() as u64;
    let mut waiting: Vec<&String> =
        matches.iter().filter(|found| found.review.is_some()).map(|found| &found.target_id).collect();
    waiting.sort_unstable();
    waiting.dedup();
    lost.for_review = waiting.len() as u64;
    Ok(lost)
}

/// What an office says of itself; one without a name was called `Office {id}`.
fn said_by(office: Office) -> natural_key::Said {
    let name = office.name.filter(|name| !name.trim().is_empty());
    let name = name.unwrap_or_else(|| format!("Office {}", office.legacy_id).into());
    [Some(name), office.city, office.phone, office.zip, office.address].map(|text| text.map(String::from))
}
