//! The snapshot's columns as wholes, before any value is judged: counted in parallel, and each given the form by which its values
//! are read. What cannot be read, or can be read in two ways, stops here.

use std::collections::BTreeMap;
use std::thread;

use chrono::Datelike;
use rayon::prelude::*;

use super::snapshot_day;
use crate::columns::{
    Declared, DeclaredColumns, Forms, Judged, Profile, Reads, Trouble, judge, keys_are_unreadable,
};
use crate::entity::{self, LegacyTable};
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::staging::{Asked, SourceColumn, Staging};

/// Rows counted at once.
const CHUNK: usize = 10_000;
/// Shapes that are kept of a column.
const SHAPES: usize = 5;
/// Columns that a message names.
const NAMED: usize = 5;

/// What was counted and decided.
pub struct Columns {
    counted: Vec<SourceColumn>,
    forms: Vec<((String, String), crate::columns::Form)>,
    troubles: Vec<(String, Trouble, Reads)>,
    /// What is read in one of two ways that nothing tells apart, and that is nearly always the right one.
    notes: Vec<String>,
}

impl Columns {
    /// Counts the columns of every table that rules read, and judges them.
    pub fn judge(staging: &Staging, declared: &DeclaredColumns) -> Result<Self> {
        let pivot = u32::try_from(snapshot_day(staging)?.year().rem_euclid(100)).unwrap_or_default();
        let present: BTreeMap<String, Vec<String>> =
            staging.manifest()?.into_iter().map(|table| (table.table, table.columns)).collect();
        let tables: Vec<Table> = entity::legacy_tables()
            .into_iter()
            .filter_map(|table| Table::new(table, present.get(table.name)?, declared, pivot))
            .collect();
        // two who read, each every other table
        let reader = staging.reader()?;
        let (even, odd): (Vec<_>, Vec<_>) = tables.into_iter().enumerate().partition(|(at, _)| at % 2 == 0);
        let count = |asked: &dyn Fn(&mut Table) -> Result<()>, tables: Vec<(usize, Table)>| {
            let counted = tables.into_iter().map(|(at, mut table)| asked(&mut table).map(|()| (at, table)));
            counted.collect::<Result<Vec<_>>>()
        };
        let (mine, beside) = thread::scope(|scope| {
            let counting = scope.spawn(move || count(&|table| table.count(&reader), odd));
            (count(&|table| table.count(staging), even), counting.join())
        });
        let mut tables = mine?;
        tables.extend(beside.map_err(|_| Error::internal("counting columns failed"))??);
        tables.sort_by_key(|(at, _)| *at);
        let mut judged =
            Self { counted: Vec::new(), forms: Vec::new(), troubles: Vec::new(), notes: Vec::new() };
        let counted: Vec<&[(Profile, Declared)]> =
            tables.iter().map(|(_, table)| table.columns.as_slice()).collect();
        for ((_, table), found) in tables.iter().zip(judge(&counted, pivot)) {
            judged.add(table, found);
        }
        for (table, rows, unreadable) in staging.unreadable_keys()? {
            if keys_are_unreadable(rows, unreadable) {
                let matter = Trouble::Keys.matter(Reads::Whole, rows, unreadable);
                judged.troubles.push((format!("{table}.id: {matter}"), Trouble::Keys, Reads::Whole));
            }
        }
        Ok(judged)
    }

    fn add(&mut self, table: &Table, judged: Vec<Judged>) {
        let name = table.legacy.name;
        for ((column, (profile, declared)), found) in table.names.iter().zip(&table.columns).zip(judged) {
            // what nothing means matters where a rule decides by the flag
            let matters = |trouble: &Trouble| *trouble != Trouble::NothingOrNo || is_decided_by(name, column);
            let found = Judged { trouble: found.trouble.filter(matters), ..found };
            if let Some(trouble) = found.trouble {
                self.troubles.push((
                    described(name, column, profile, &found, trouble),
                    trouble,
                    profile.reads(),
                ));
            }
            if declared.dates.is_none() && found.format == "excel" {
                self.notes.push(format!(
                    "{name}.{column} holds a spreadsheet's day numbers, read as those that count from 1900; of a workbook that counts \
                     from 1904 each would be four years too early: then say dates = \"excel1904\" under [source.columns.\"{name}.{column}\"]"
                ));
            }
            self.counted.push(row(name, self.counted.len(), column, (profile, declared), &found));
            self.forms.extend(found.form.map(|form| ((name.to_owned(), (*column).to_owned()), form)));
        }
    }

    /// The forms of the columns that have one.
    pub fn forms(&mut self) -> Forms {
        Forms::new(std::mem::take(&mut self.forms))
    }

    /// Keeps what was counted.
    pub fn keep(&self, staging: &mut Staging) -> Result<()> {
        staging.replace_source_columns(&self.counted)
    }

    /// What an operator should know of the columns that can be read.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }

    /// Refuses to go on where a column cannot be read.
    pub fn refuse(&self) -> Result<()> {
        let Some((_, first, reads)) = self.troubles.first() else { return Ok(()) };
        let columns = if self.troubles.len() == 1 { "column" } else { "columns" };
        let mut named: Vec<&str> =
            self.troubles.iter().take(NAMED).map(|(described, ..)| described.as_str()).collect();
        if self.troubles.len() > NAMED {
            named.push("…");
        }
        let key = named[0].split(':').next().unwrap_or_default();
        let setting = first.remedy(*reads);
        Err(Error::new(
            Kind::Records,
            format!("{} {columns} of the snapshot cannot be read: {}", self.troubles.len(), named.join("; ")),
        )
        .hint(format!(
            "nothing was decided; say under [source.columns.\"{key}\"] in the configuration {setting}, then `drydock transform \
             --config FILE --reconfigure`; `drydock columns` shows every column"
        )))
    }
}

/// Whether a rule decides by a flag: a field of the target comes from it, or a role.
fn is_decided_by(table: &str, column: &'static str) -> bool {
    let of_table = entity::ALL.iter().filter(|entity| entity.legacy.name == table);
    let mut sources = of_table.flat_map(|entity| entity.columns).flat_map(|column| column.from);
    sources.any(|from| *from == entity::From::Own(column)) || ["is_superuser", "is_staff"].contains(&column)
}

/// A table while its columns are counted.
struct Table {
    legacy: &'static LegacyTable,
    /// Places of the columns among those that rules know, and their names.
    places: Vec<usize>,
    names: Vec<&'static str>,
    columns: Vec<(Profile, Declared)>,
}

impl Table {
    fn new(
        table: &'static LegacyTable,
        present: &[String],
        declared: &DeclaredColumns,
        pivot: u32,
    ) -> Option<Self> {
        // the key is read by extract
        let known = table
            .columns()
            .skip(1)
            .enumerate()
            .filter(|(_, (name, _))| present.iter().any(|other| other == name));
        let mut new = Self { legacy: table, places: Vec::new(), names: Vec::new(), columns: Vec::new() };
        for (place, (name, holds)) in known {
            let declared = Declared::of(declared, table.name, name);
            new.places.push(place);
            new.names.push(name);
            new.columns.push((Profile::of(holds, &declared, pivot), declared));
        }
        (!new.names.is_empty()).then_some(new)
    }

    /// Counts every row, the parts of a chunk in parallel.
    fn count(&mut self, asked: &impl Asked) -> Result<()> {
        let empty: Vec<Profile> = self.columns.iter().map(|(profile, _)| profile.clone()).collect();
        let mut after = None;
        loop {
            interrupt::check()?;
            let rows = asked.legacy_rows(self.legacy, after, CHUNK)?;
            let Some(last) = rows.last() else { return Ok(()) };
            after = Some(last.legacy_id);
            let counted = rows
                .par_chunks(CHUNK / 8)
                .map(|rows| {
                    let mut counted = empty.clone();
                    for row in rows {
                        for (profile, place) in counted.iter_mut().zip(&self.places) {
                            profile.add(row.fields[*place].as_deref());
                        }
                    }
                    counted
                })
                .collect::<Vec<_>>();
            for part in counted {
                for ((profile, _), part) in self.columns.iter_mut().zip(part) {
                    profile.merge(part);
                }
            }
        }
    }
}

/// What is kept of a column.
fn row(
    table: &str,
    position: usize,
    column: &str,
    (profile, declared): (&Profile, &Declared),
    judged: &Judged,
) -> SourceColumn {
    let stated: Vec<String> =
        declared.nulls.iter().chain(&declared.no).map(|word| word.to_lowercase()).collect();
    let (shapes, others) = profile.shapes(SHAPES);
    let mut shapes: Vec<serde_json::Value> =
        shapes.into_iter().map(|shape| serde_json::json!(shape)).collect();
    if others > 0 {
        shapes.push(serde_json::json!(["…", others]));
    }
    let (distinct_values, distinct_is_exact) = profile.distinct();
    let (smallest, largest) = judged.range.clone().unzip();
    SourceColumn {
        table_name: table.to_owned(),
        position: position as u64,
        column_name: column.to_owned(),
        reads: profile.reads().as_str().to_owned(),
        rows: profile.rows(),
        nulls: profile.nulls(),
        empty: profile.empty(),
        markers: judged.markers,
        readable: judged.readable,
        unreadable: judged.unreadable,
        distinct_values,
        distinct_is_exact,
        format: judged.format.clone(),
        evidence: judged.evidence.clone(),
        stated: serde_json::json!(stated).to_string(),
        shapes: serde_json::Value::Array(shapes).to_string(),
        smallest,
        largest,
        trouble: judged.trouble.map(Trouble::word),
    }
}

/// A column that cannot be read, without a value of it.
fn described(table: &str, column: &str, profile: &Profile, judged: &Judged, trouble: Trouble) -> String {
    let (shapes, others) = profile.shapes(3);
    let mut drawn: Vec<String> =
        shapes.iter().map(|(shape, count)| format!("{count} like {shape}")).collect();
    if others > 0 {
        drawn.push(format!("{others} others"));
    }
    let what = trouble.matter(profile.reads(), judged.readable + judged.unreadable, judged.unreadable);
    format!("{table}.{column}: {what} ({})", drawn.join(", "))
}
