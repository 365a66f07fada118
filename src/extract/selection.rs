//! Which tables and columns are taken: those that the rules read, whatever these refer to, and what the configuration asks
//! for, without what it excludes and without secrets. Pure.

use super::pattern::{fits, is_exact};
use super::secrets::{is_secret, is_secret_table};
use crate::config;
use crate::entity;
use crate::error::{Error, Result};
use crate::legacy::{self, Elsewhere, Missing, Need, Shape, is_unnamed};

/// A table to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    /// The table without its excluded columns.
    pub shape: Shape,
    /// Its name in the file, where those of two tables may not differ in capitals only.
    pub name: String,
    /// The columns left out.
    pub excluded: Vec<String>,
    /// Columns that a rule would use and the source lacks.
    pub missing: Vec<String>,
}

/// What to take, in order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Selection {
    pub tables: Vec<Wanted>,
    /// Tables that a rule would use and the source lacks.
    pub missing_tables: Vec<String>,
    /// Exclusions that the configuration states and that fit nothing.
    pub idle_exclusions: Vec<String>,
    /// Tables of secrets that are left out although something leads to them.
    pub secret_tables: Vec<String>,
    /// Tables in other schemas that have the names of tables of the rules.
    pub elsewhere: Vec<Elsewhere>,
}

/// What the file calls tables of its own, beside those that begin with the names of legacy tables.
const OWN: [&str; 2] = ["tables", "unreadable"];

/// Decides what to take. `references` are the foreign keys of the source, from table to table; `suffix` is what follows a
/// table's name where each is a file.
pub(super) fn select(
    shapes: &[Shape],
    references: &[(String, String)],
    suffix: &str,
    elsewhere: Vec<Elsewhere>,
    source: &config::Source,
) -> Result<Selection> {
    if !suffix.is_empty() {
        refuse_headless(shapes, suffix)?;
    }
    let missing = legacy::missing(shapes, &needs());
    let mut schemas: Vec<String> = elsewhere
        .iter()
        .filter(|other| missing.tables.contains(&other.table.as_str()))
        .map(|other| other.schema.clone())
        .collect();
    schemas.sort_unstable();
    schemas.dedup();
    let there = shapes.iter().map(|shape| shape.table.as_str());
    let others: Vec<&str> = there.filter(|name| !entity::is_read(name)).collect();
    missing.refuse(suffix, &schemas, &others)?;
    let (tables, secret_tables) = names(shapes, references, source)?;
    // the file has the tables of the rules from the start, also those that the source lacks
    let read = entity::legacy_tables();
    let mut taken: Vec<String> =
        OWN.iter().copied().chain(read.iter().map(|table| table.name)).map(str::to_owned).collect();
    let mut selection = Selection {
        secret_tables,
        elsewhere,
        missing_tables: missing.optional_tables.iter().map(|table| (*table).to_owned()).collect(),
        idle_exclusions: idle_exclusions(shapes, source),
        ..Selection::default()
    };
    for table in tables {
        let Some(shape) = shapes.iter().find(|shape| shape.table == table) else { continue };
        let excluded: Vec<String> =
            shape.columns.iter().filter(|column| is_excluded(source, &table, column)).cloned().collect();
        refuse_needed(&table, &excluded, source)?;
        let left_out: Vec<&str> = excluded.iter().map(String::as_str).collect();
        let shape = shape.without(&left_out);
        if shape.columns.is_empty() && excluded.is_empty() {
            return Err(Error::legacy(format!("the source does not say which columns table {table} has"))
                .hint("dump it with its definition (without --data-only), or take it out of source.tables"));
        }
        if !shape.columns.is_empty() {
            selection.tables.push(Wanted {
                missing: missing_columns(&missing, &shape.table),
                name: if read.iter().any(|known| known.name == table) {
                    table
                } else {
                    own_name(&table, &mut taken)
                },
                shape,
                excluded,
            });
        }
    }
    Ok(selection)
}

/// The name of a table that no other one in the file has, whatever its capitals.
fn own_name(table: &str, taken: &mut Vec<String>) -> String {
    let mut name = table.to_owned();
    let mut number = 2;
    while taken.contains(&name.to_lowercase()) {
        name = format!("{table}_{number}");
        number += 1;
    }
    taken.push(name.to_lowercase());
    name
}

/// Refuses files whose first line names none of the columns that are read: it is a record, and would be lost.
fn refuse_headless(shapes: &[Shape], suffix: &str) -> Result<()> {
    let needs = needs();
    let is_known = |shape: &&Shape| needs.iter().any(|need| need.table == shape.table);
    let is_named = |shape: &Shape, need: &Need| {
        need.table == shape.table
            && shape.columns.iter().any(|column| column.eq_ignore_ascii_case(need.column))
    };
    let headless: Vec<String> = shapes
        .iter()
        .filter(is_known)
        .filter(|shape| !needs.iter().any(|need| is_named(shape, need)))
        .map(|shape| format!("{}{suffix}", shape.table))
        .collect();
    if headless.is_empty() {
        return Ok(());
    }
    Err(Error::legacy(format!(
        "schema_mismatch: the first line of {} names none of the columns that are read",
        headless.join(", ")
    ))
    .hint("export it again with the columns' names on the first line (copy … with csv header)"))
}

/// Every column that a rule reads.
fn needs() -> Vec<Need> {
    let mut needs = Vec::new();
    for table in entity::legacy_tables() {
        needs.push(Need { table: table.name, column: "id", required: table.required });
        for column in table.required_columns {
            needs.push(Need { table: table.name, column, required: table.required });
        }
        for column in table.optional_columns {
            needs.push(Need { table: table.name, column, required: false });
        }
    }
    needs
}

fn missing_columns(missing: &Missing, table: &str) -> Vec<String> {
    let of_table = missing.optional_columns.iter().filter(|(of, _)| *of == table);
    of_table.map(|(_, column)| (*column).to_owned()).collect()
}

/// The tables in order: those that the rules read, then whatever they refer to, then those asked for; and those that hold
/// secrets, which only their own name brings along.
fn names(
    shapes: &[Shape],
    references: &[(String, String)],
    source: &config::Source,
) -> Result<(Vec<String>, Vec<String>)> {
    let mut secret: Vec<String> = Vec::new();
    let is_named = |table: &str| source.tables.iter().any(|named| named == table);
    let mut tables: Vec<String> = entity::legacy_tables().iter().map(|table| table.name.to_owned()).collect();
    tables.retain(|table| {
        let is_optional = entity::legacy_tables().iter().any(|known| known.name == table && !known.required);
        shapes.iter().any(|shape| shape.table == *table) && !(is_optional && is_excluded_whole(source, table))
    });
    let mut at = 0;
    while at < tables.len() {
        let table = tables[at].clone();
        for (_, to) in references.iter().filter(|(from, _)| *from == table) {
            if is_secret_table(to) && !is_named(to) {
                secret.push(to.clone());
            } else if !tables.contains(to) && !is_excluded_whole(source, to) {
                tables.push(to.clone());
            }
        }
        at += 1;
    }
    for pattern in &source.tables {
        let mut fitting =
            shapes.iter().map(|shape| &shape.table).filter(|table| fits(pattern, table)).peekable();
        if fitting.peek().is_none() {
            let what = if is_exact(pattern) { "table" } else { "table whose name fits" };
            return Err(Error::legacy(format!(
                "the source has no {what} {pattern}, which source.tables asks for"
            ))
            .hint("correct the name in the configuration, or grant select on the table to the role"));
        }
        for table in fitting {
            let is_asked_for = is_exact(pattern) || !is_excluded_whole(source, table);
            if is_secret_table(table) && !is_named(table) {
                secret.push(table.clone());
            } else if is_asked_for && !tables.contains(table) {
                tables.push(table.clone());
            }
        }
    }
    secret.sort_unstable();
    secret.dedup();
    Ok((tables, secret))
}

/// Whether a column is left out: by the configuration (`table.column`, both with wildcards), as a secret, or because it has no
/// name.
fn is_excluded(source: &config::Source, table: &str, column: &str) -> bool {
    let name = format!("{table}.{column}");
    let is_stated = source.exclude.iter().any(|pattern| pattern.contains('.') && fits(pattern, &name));
    is_stated || is_secret(table, column) || is_unnamed(column)
}

/// Whether the configuration leaves a whole table out: a pattern without a dot, or `table.*`.
fn is_excluded_whole(source: &config::Source, table: &str) -> bool {
    source.exclude.iter().any(|pattern| fits(pattern.strip_suffix(".*").unwrap_or(pattern), table))
}

/// Refuses an exclusion of what the rules cannot do without.
fn refuse_needed(table: &str, excluded: &[String], source: &config::Source) -> Result<()> {
    let Some(known) = entity::legacy_tables().into_iter().find(|known| known.name == table) else {
        return Ok(());
    };
    let is_needed = |column: &String| {
        (known.required && column == "id") || known.required_columns.contains(&column.as_str())
    };
    let needed: Vec<String> = excluded
        .iter()
        .filter(|column| is_needed(column))
        .map(|column| format!("{table}.{column}"))
        .collect();
    let whole = is_excluded_whole(source, table) && known.required;
    if needed.is_empty() && !whole {
        return Ok(());
    }
    let what = if whole { format!("table {table}") } else { format!("column {}", needed.join(", column ")) };
    Err(Error::precondition(format!(
        "schema_mismatch: source.exclude leaves out {what}, which the rules need"
    ))
    .hint("take it out of source.exclude; a column of health data can be left out, a key cannot"))
}

/// Exclusions that fit nothing: a slip of the pen there would take what should have stayed behind. The defaults may idle.
fn idle_exclusions(shapes: &[Shape], source: &config::Source) -> Vec<String> {
    let defaults = config::Source::default().exclude;
    let fits_something = |pattern: &String| {
        shapes.iter().any(|shape| {
            fits(pattern, &shape.table)
                || shape.columns.iter().any(|column| fits(pattern, &format!("{}.{column}", shape.table)))
        })
    };
    let idle =
        source.exclude.iter().filter(|pattern| !defaults.contains(pattern) && !fits_something(pattern));
    idle.cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shapes() -> Vec<Shape> {
        let mut shapes: Vec<Shape> = entity::legacy_tables()
            .into_iter()
            .map(|table| {
                let columns = table.required_columns.iter().chain(table.optional_columns);
                let columns = ["id"].iter().chain(columns.filter(|column| **column != "id"));
                Shape { table: table.name.into(), columns: columns.map(ToString::to_string).collect() }
            })
            .collect();
        for (table, columns) in [
            ("audit_log", vec!["id", "text"]),
            ("audit_session", vec!["id", "token"]),
            ("course", vec!["id", "school_id"]),
            ("school", vec!["id", "name"]),
        ] {
            let columns = columns.into_iter().map(str::to_owned).collect();
            shapes.push(Shape { table: table.into(), columns });
        }
        shapes
    }

    fn source(tables: &[&str], exclude: &[&str]) -> config::Source {
        config::Source {
            tables: tables.iter().map(ToString::to_string).collect(),
            exclude: exclude.iter().map(ToString::to_string).collect(),
            ..config::Source::default()
        }
    }

    /// The tables beside those of the rules.
    fn further(references: &[(&str, &str)], source: &config::Source) -> Vec<String> {
        let references: Vec<_> =
            references.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect();
        let selection = select(&shapes(), &references, "", Vec::new(), source).unwrap();
        let known = entity::legacy_tables().len();
        selection.tables[known..].iter().map(|wanted| wanted.shape.table.clone()).collect()
    }

    #[test]
    fn what_the_rules_tables_refer_to_comes_along_and_what_that_refers_to() {
        let references = [("dispatch_patient", "course"), ("course", "school"), ("audit_log", "auth_user")];
        assert_eq!(further(&references, &source(&[], &[])), ["course", "school"]);
        assert_eq!(further(&references, &source(&[], &["school"])), ["course"]);
        assert_eq!(further(&references, &source(&[], &["sch*.*"])), ["course"]);
    }

    #[test]
    fn tables_are_asked_for_by_patterns() {
        // a table of sessions is taken when it is named, and by no pattern
        assert_eq!(further(&[], &source(&["audit_*"], &[])), ["audit_log"]);
        assert_eq!(further(&[], &source(&["audit_*", "audit_session"], &[])), ["audit_log", "audit_session"]);
        assert_eq!(further(&[], &source(&["audit_*", "audit_log"], &["*_session"])), ["audit_log"]);
        for unknown in ["audit", "billing_*"] {
            let error =
                select(&shapes(), &[], "", Vec::new(), &source(&[unknown], &[])).unwrap_err().to_string();
            assert!(error.contains(unknown), "{error}");
        }
    }

    #[test]
    fn columns_are_left_out_by_patterns() {
        let selection = select(
            &shapes(),
            &[],
            "",
            Vec::new(),
            &source(&["audit_session"], &["*.token", "*_patient.su*", "nothing.at_all"]),
        )
        .unwrap();
        let of = |table: &str| selection.tables.iter().find(|wanted| wanted.shape.table == table).unwrap();
        assert_eq!(of("audit_session").shape.columns, ["id"]);
        assert_eq!(of("audit_session").excluded, ["token"]);
        assert!(of("dispatch_patient").excluded.iter().any(|column| column == "suffix"));
        assert_eq!(selection.idle_exclusions, ["nothing.at_all"]);
    }

    #[test]
    fn what_the_rules_need_cannot_be_left_out() {
        for pattern in ["auth_user.id", "*.id", "auth_user", "auth_user.*", "*.user_id"] {
            let error =
                select(&shapes(), &[], "", Vec::new(), &source(&[], &[pattern])).unwrap_err().to_string();
            assert!(error.contains("schema_mismatch"), "{pattern}: {error}");
        }
    }
}
