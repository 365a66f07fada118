//! A copy in which nobody can be recognised: a new file, into which every value goes through its column's treatment. Nothing
//! of the original's pages is ever in it, nor is the order of its rows.

use std::collections::HashMap;
use std::path::Path;

use chrono::Datelike;
use serde_json::json;

use super::anonymity::{self, SUPPRESSED, Whose};
use super::cells::{Cells, Row, entity_called};
use super::classification::{Treatment, columns_of, legacy_columns_of, of_field};
use super::manifest::Redacted;
use super::tokens::{Place, Tokens};
use crate::entity::{self, Entity};
use crate::error::{Error, Result};
use crate::staging::{CONFIGURATION_COMMITMENT, Cell, SEAL_TABLES, Staging, Written, broken_at};

/// Everybody who is older is put together.
const OLDEST: i32 = 89;

/// How a copy is to be redacted.
#[derive(Debug, Default)]
pub struct Options<'a> {
    /// A new file for what each token stands for.
    pub token_key: Option<&'a Path>,
    /// Whether the same value has the same token in every record.
    pub is_linkable: bool,
    /// How many patients have to be alike, at least.
    pub k: Option<u64>,
}

/// Writes the copy to a new file.
pub fn redact(from: &Staging, to: &Path, options: &Options<'_>) -> Result<Redacted> {
    let journal = from.journal()?;
    let refused = |what: String, hint: &str| Err(Error::precondition(what).hint(hint.to_owned()));
    if let Some(number) = broken_at(&journal) {
        return refused(
            format!(
                "the journal of {} is broken at entry {number}, and what stands there may be anything",
                from.path().display()
            ),
            "`drydock audit check` says more; seal a file that was not changed by other means",
        );
    }
    // entries of the first files say what a commitment stands in for now
    let says = |entry: &&crate::staging::Entry| {
        let value = entry.value().unwrap_or_default();
        entry.kind == "configuration" && value.get("sha256").is_some()
            || entry.kind == "decision" && value.get("legacy_id").is_some()
            || entry.kind == "looked" && value.pointer("/subject/legacy_id").is_some()
    };
    if let Some(entry) = journal.iter().find(says) {
        return refused(
            format!(
                "entry {} of the journal of {} says of which record or configuration it speaks",
                entry.sequence,
                from.path().display()
            ),
            "it was written by an earlier version: extract into a new file, and redact that",
        );
    }
    let commitment = from.configuration_commitment()?;
    let facts = json!({
        "configuration_key": from.fact("journal_key")?, "configuration_sha256": from.fact("configuration_sha256")?,
    });
    let (hiding, anonymity) = anonymity::hide(from, pooled_up_to(from)?, options.k)?;
    let mut copy = Staging::create_new(to)?;
    copy.prepare_copy()?;
    let mut report = Redacted {
        pooled_up_to: hiding.pooled_up_to,
        linkable: options.is_linkable,
        configuration_commitment: commitment.clone(),
        anonymity,
        ..Redacted::default()
    };
    let tokens = Tokens::new(options.is_linkable, options.token_key, facts)?;
    report.token_key_commitment = tokens.commitment(&from.fact("staging_id")?.unwrap_or_default());
    let mut redactor = Redactor { cells: Cells { tokens, hiding }, keepers: keepers(from)?, commitment };
    for (table, columns) in from.tables()? {
        if SEAL_TABLES.contains(&table.as_str()) {
            continue;
        }
        let known = match (columns_of(&table), table.strip_prefix("legacy_")) {
            (Some(known), _) => known,
            (None, Some(legacy)) => legacy_columns_of(legacy),
            (None, None) => {
                report.dropped_tables.push(table);
                continue;
            }
        };
        let is_raw = columns_of(&table).is_none();
        let legacy = if is_raw { table.strip_prefix("legacy_") } else { None };
        let treatments: Vec<Option<Treatment>> = columns
            .iter()
            .map(|column| {
                let known = known.iter().find(|(name, _)| name == column).map(|(_, treatment)| *treatment);
                known.or_else(|| (is_raw && column == "legacy_id").then_some(Treatment::ROW))
            })
            .collect();
        let kept: Vec<String> = columns
            .iter()
            .zip(&treatments)
            .filter(|(_, treatment)| treatment.is_some())
            .map(|(column, _)| column.clone())
            .collect();
        let dropped: Vec<String> = columns.iter().filter(|column| !kept.contains(column)).cloned().collect();
        if is_raw {
            let without_key: Vec<String> =
                kept.iter().filter(|column| *column != "legacy_id").cloned().collect();
            copy.make_raw_table(&table, &without_key)?;
        }
        let how = kept
            .iter()
            .cloned()
            .zip(treatments.iter().flatten().map(|treatment| treatment.word().to_owned()));
        report.columns.insert(table.clone(), how.collect());
        if !dropped.is_empty() {
            report.dropped_columns.insert(table.clone(), dropped);
        }
        let shape = Shape::of(&table, legacy, &columns, treatments);
        let mut number = 0;
        copy.write_cells(&table, &kept, |write| {
            from.for_cells(&table, |cells| {
                number += 1;
                match redactor.row(&shape, number, cells)? {
                    Some(row) => write(&row),
                    None => Ok(()),
                }
            })
        })?;
    }
    report.tokens = redactor.cells.tokens.count();
    redactor.cells.tokens.finish()?;
    report.anonymity.after = anonymity::measure(&copy)?;
    Ok(report)
}

/// The last year of birth whose people are all older than [`OLDEST`] or become so within the year of the snapshot.
fn pooled_up_to(from: &Staging) -> Result<i32> {
    let taken = from.fact("extract_completed_at")?.or(from.fact("created_at")?);
    let year = taken.and_then(|moment| moment.get(..4)?.parse().ok());
    Ok(year.unwrap_or_else(|| chrono::Utc::now().year()) - OLDEST - 1)
}

/// The entities that records were merged into, where it is another than their own.
fn keepers(from: &Staging) -> Result<HashMap<(&'static str, i64), &'static Entity>> {
    let mut keepers = HashMap::new();
    from.for_cells("merged_across", |cells| {
        if let [Cell::Text(entity), Cell::Integer(id), Cell::Text(into)] = cells
            && let (Some(entity), Some(into)) = (entity_called(entity), entity_called(into))
        {
            keepers.insert((entity.name, *id), into);
        }
        Ok(())
    })?;
    Ok(keepers)
}

/// What a table's rows are treated by.
struct Shape<'a> {
    table: &'a str,
    /// The legacy table, of raw rows.
    legacy: Option<&'a str>,
    treatments: Vec<Option<Treatment>>,
    /// The entity, where all rows are of one.
    entity: Option<&'static Entity>,
    /// The column with the entity of the row.
    entity_column: Option<usize>,
    /// The column with the table of the row.
    table_column: Option<usize>,
    /// The column with the id of the record.
    id: Option<usize>,
    /// The column that says what a value is: `field`, `question` or `name`.
    says: Option<usize>,
    /// The column that says that a value is a legacy id.
    refers: Option<usize>,
}

impl<'a> Shape<'a> {
    fn of(
        table: &'a str,
        legacy: Option<&'a str>,
        columns: &[String],
        treatments: Vec<Option<Treatment>>,
    ) -> Self {
        let position = |wanted: &str| columns.iter().position(|column| column == wanted);
        let entity = match table {
            "missing_profiles" => entity::find("profiles"),
            _ => table.strip_prefix("ready_").and_then(entity::find),
        };
        Self {
            table,
            legacy,
            treatments,
            entity,
            entity_column: position("entity").filter(|_| table != "entities" && table != "proofs"),
            table_column: position("table_name"),
            id: match table {
                "missing_profiles" => position("legacy_user_id"),
                "legacy_unreadable" => None,
                _ => position("legacy_id").or_else(|| position("entity_id")),
            },
            says: match table {
                "changes" => position("field"),
                "decisions" => position("question"),
                "facts" => position("name"),
                _ => None,
            },
            refers: if table == "decisions" { position("refers_to") } else { None },
        }
    }
}

struct Redactor {
    cells: Cells,
    keepers: HashMap<(&'static str, i64), &'static Entity>,
    /// What stands for the digest of the configuration.
    commitment: Option<String>,
}

impl Redactor {
    /// A row as it goes into the copy; none when it does not go there.
    fn row(&mut self, shape: &Shape<'_>, number: i64, cells: &[Cell<'_>]) -> Result<Option<Vec<Written>>> {
        let text = |column: Option<usize>| match cells[column?] {
            Cell::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        };
        let said = text(shape.says).unwrap_or_default();
        if shape.table == "facts" {
            match said {
                // the key of the commitments would let their values be tried out
                "journal_key" => return Ok(None),
                "configuration_sha256" => {
                    return Ok(self.commitment.as_ref().map(|commitment| {
                        [CONFIGURATION_COMMITMENT, commitment]
                            .map(|text| Written::Text(text.to_owned()))
                            .to_vec()
                    }));
                }
                _ => {}
            }
        }
        let entity = shape.entity.or_else(|| entity_called(text(shape.entity_column)?.as_bytes()));
        let table = shape.legacy.or_else(|| text(shape.table_column)).unwrap_or(shape.table);
        let id = shape.id.and_then(|column| match cells[column] {
            Cell::Integer(id) => Some(id),
            _ => None,
        });
        let place = match (id, entity, shape.legacy) {
            (Some(id), Some(entity), _) => Place { space: entity.legacy.name, id },
            (Some(id), None, Some(legacy)) => Place { space: legacy, id },
            _ => Place { space: shape.table, id: number },
        };
        let row = Row {
            place,
            entity,
            table,
            keeper: entity.zip(id).and_then(|(entity, id)| self.keepers.get(&(entity.name, id)).copied()),
            hides: self.cells.hiding.whose(place.space, place.id),
        };
        let refers = text(shape.refers).and_then(|entity| entity_called(entity.as_bytes()));
        let mut written = Vec::with_capacity(cells.len());
        for (cell, treatment) in cells.iter().zip(&shape.treatments) {
            let Some(treatment) = treatment else { continue };
            let treatment = match (treatment, refers) {
                (Treatment::ByField, Some(entity)) => refers_to(entity),
                (Treatment::ByField, None) => of_field(entity, said),
                (other, _) => *other,
            };
            written.push(self.cell(row, treatment, said, *cell)?);
        }
        Ok(Some(written))
    }

    fn cell(&mut self, row: Row<'_>, treatment: Treatment, said: &str, cell: Cell<'_>) -> Result<Written> {
        let token =
            |cells: &mut Self, bytes: &[u8]| cells.cells.tokens.of(treatment.token(), row.place, bytes);
        Ok(match cell {
            Cell::Null if row.hides == Whose::Suppressed && is_quasi(treatment) => {
                Written::Text(SUPPRESSED.to_owned())
            }
            Cell::Null => Written::Null,
            _ if treatment == Treatment::Position => Written::Null,
            Cell::Integer(number) => match self.cells.integer(row, treatment, number)? {
                Some(number) => Written::Integer(number),
                None => Written::Text(token(self, number.to_string().as_bytes())?),
            },
            Cell::Real(number) => match treatment {
                Treatment::Weight => Written::Real((number / 5.0).round() * 5.0),
                Treatment::Share => Written::Real((number * 20.0).round() / 20.0),
                Treatment::Count => Written::Real(number),
                _ => Written::Text(token(self, number.to_string().as_bytes())?),
            },
            Cell::Text(bytes) if treatment == Treatment::Chain => {
                Written::Text(String::from_utf8_lossy(bytes).into_owned())
            }
            Cell::Text(bytes) | Cell::Blob(bytes) => {
                let text = match std::str::from_utf8(bytes) {
                    Ok(text) if treatment == Treatment::ByFact => self.cells.fact(row, said, text)?,
                    Ok(text) => self.cells.text(row, treatment, text)?,
                    Err(_) => token(self, bytes)?,
                };
                if matches!(cell, Cell::Blob(_)) {
                    Written::Blob(text.into_bytes())
                } else {
                    Written::Text(text)
                }
            }
        })
    }
}

/// Whether somebody can be recognised by what such a column says, without its being anybody's name.
const fn is_quasi(treatment: Treatment) -> bool {
    matches!(treatment, Treatment::Birth | Treatment::Date | Treatment::Sex | Treatment::Practice(_))
}

/// A decision's value that is the id of a record of this entity.
fn refers_to(entity: &'static Entity) -> Treatment {
    if *entity == entity::practices::ENTITY { Treatment::OFFICE } else { Treatment::id_of(entity) }
}
