//! The temporary views that give the target's tables and columns our names, where they are others, and stand for what the target
//! has no place for: no statement knows the difference. They have names that no application gives: the session's triggers would take
//! one named `profiles` for a table of theirs.

use super::failure::Failure;
use super::names::Names;
use super::receipts::has_table;
use super::{quoted, quoted_text};
use crate::connect::Session;
use crate::entity::{self, Column, Kind};

/// The view that gives a table and its columns our names, quoted.
pub(super) fn view(table: &str) -> String {
    format!("pg_temp.{}", quoted(&format!("drydock_target_{table}")))
}

impl Names {
    /// Makes the views with our columns, or makes them again.
    pub(super) fn make_views(&self, client: &mut Session, schema: &str) -> Result<(), Failure> {
        let has_keys = has_table(client, "drydock.keys")?;
        for table in self.our_tables() {
            let real = format!("{}.{}", quoted(schema), quoted(self.table(table)));
            let rows = client
                .query(
                    "select a.attname::text, pg_get_expr(d.adbin, d.adrelid) \
                     from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum \
                          and a.attgenerated = '' \
                     where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum",
                    &[&real],
                )
                .map_err(|cause| Failure::of("looking at the columns", &cause))?;
            if rows.is_empty() {
                continue;
            }
            let (mut listed, mut defaults) = (String::new(), String::new());
            let view = view(table);
            for row in &rows {
                let theirs: String = row.get(0);
                let ours = quoted(&self.our_column(table, &theirs));
                listed += &format!(", r.{} as {ours}", quoted(&theirs));
                // rows get the table's own defaults; what is set back to its default asks the view
                if let Some(default) = row.get::<_, Option<String>>(1) {
                    defaults += &format!("alter view {view} alter column {ours} set default {default}; ");
                }
            }
            for column in self.lacking(table) {
                let value = match column.name {
                    "legacy_id" if has_keys => {
                        key_of(table, &format!("r.{}", quoted(self.column(table, "id"))))
                    }
                    _ => format!("null::{}", type_of(column.kind)),
                };
                listed += &format!(", {value} as {}", quoted(column.name));
            }
            client
                .batch_execute(&format!(
                    "drop view if exists {view}; \
                     create temporary view {view} as select r.xmin, r.xmax{listed} from {real} r; {defaults}"
                ))
                .map_err(|cause| Failure::of("giving the tables our names", &cause))?;
        }
        self.make_empty_views(client)
    }

    /// What stands for a table of ours that the target has no place for: no row.
    fn make_empty_views(&self, client: &mut Session) -> Result<(), Failure> {
        let written = self.our_tables();
        for entity in entity::ALL.iter().filter(|entity| !written.contains(&entity.target_table)) {
            let listed: Vec<String> = entity
                .columns
                .iter()
                .map(|column| format!("null::{} as {}", type_of(column.kind), quoted(column.name)))
                .collect();
            let sql = format!(
                "create or replace temporary view {} as select {} where false",
                view(entity.target_table),
                listed.join(", ")
            );
            client.batch_execute(&sql).map_err(|cause| Failure::of("giving the tables our names", &cause))?;
        }
        Ok(())
    }

    /// The columns of ours that a view has and its table does not.
    fn lacking(&self, table: &str) -> Vec<&'static Column> {
        let mut lacking = self.left_out(table);
        lacking.retain(|column| column.name != "legacy_id");
        let of_table = self.entities().iter().find(|entity| entity.target_table == table);
        let key =
            of_table.filter(|entity| !entity.has_key_column()).and_then(|entity| entity.column("legacy_id"));
        lacking.extend(key);
        lacking.dedup_by_key(|column| column.name);
        lacking
    }
}

/// The legacy id that Drydock's own schema knows for a row of a table.
fn key_of(table: &str, id: &str) -> String {
    format!(
        "(select k.legacy_id from drydock.keys k where k.table_name = {} and k.id = {id})",
        quoted_text(table)
    )
}

/// A type of PostgreSQL that can hold values of the kind.
fn type_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Uuid => "uuid",
        Kind::Integer => "bigint",
        Kind::Boolean => "boolean",
        Kind::Date => "date",
        Kind::Timestamp => "timestamptz",
        Kind::Numeric => "numeric",
        Kind::Metadata | Kind::Json => "jsonb",
        Kind::Text | Kind::Enum(_) => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_application_gives_such_a_name() {
        assert_eq!(view("profiles"), "pg_temp.\"drydock_target_profiles\"");
    }
}
