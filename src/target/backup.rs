//! A backup of tables that `psql` alone restores: one script with the rows in it, which makes the tables again what they
//! were, by id, in one transaction.

use std::fmt::Write as _;
use std::io::{self, Read, Write};

use super::{Target, failed, quoted, quoted_text};
use crate::entity::Entity;
use crate::entity::catalog::{Catalog, CatalogColumn};
use crate::error::{Error, Result};

impl Target {
    /// Writes the backup of the tables, in load order, as they are at one moment.
    pub fn back_up(&mut self, tables: &[&str], out: &mut impl Write) -> Result<()> {
        let catalog = self.real_catalog()?;
        let names = self.names.clone();
        let mut seen = std::collections::HashSet::new();
        let tables: Vec<&str> =
            tables.iter().map(|table| names.table(table)).filter(|table| seen.insert(*table)).collect();
        self.begin_reading()?;
        let done = self.write_backup(&catalog, &tables, out);
        self.end_reading()?;
        done
    }

    fn write_backup(&mut self, catalog: &Catalog, tables: &[&str], out: &mut impl Write) -> Result<()> {
        writeln!(
            out,
            "-- restores {} as they were when this was written; run it with psql, which does all of it or nothing\n\
             \\set ON_ERROR_STOP on\n\
             begin;\n\
             set local client_encoding = 'UTF8';\n\
             set local datestyle = 'ISO';\n\
             set local timezone = 'UTC';",
            tables.join(", ")
        )
        .map_err(unwritten)?;
        for table in tables {
            let columns = writable(catalog, table);
            let (name, kept, listed) = (self.theirs(table), kept(table), listed(&columns, ""));
            writeln!(
                out,
                "\ncreate temporary table {kept} on commit drop as select {listed} from {name} with no data;\n\
                 copy {kept} ({listed}) from stdin;"
            )
            .map_err(unwritten)?;
            let id = self.id_of(table);
            self.copy_rows(
                &format!("copy (select {listed} from {name} order by {id}) to stdout"),
                table,
                out,
            )?;
        }
        let beside = self.tables_beside(tables)?;
        for table in &beside {
            let (name, kept, columns) = (table.name(), table.kept(), table.columns.join(", "));
            writeln!(
                out,
                "\ncreate temporary table {kept} on commit drop as select {columns} from {name} with no data;\n\
                 copy {kept} ({columns}) from stdin;"
            )
            .map_err(unwritten)?;
            self.copy_rows(
                &format!("copy (select {columns} from {name} t where {}) to stdout", table.only),
                &name,
                out,
            )?;
        }
        out.write_all(self.restore_statements(catalog, tables).as_bytes()).map_err(unwritten)?;
        for table in &beside {
            out.write_all(table.restore().as_bytes()).map_err(unwritten)?;
        }
        out.write_all(b"\ncommit;\n").map_err(unwritten)?;
        out.flush().map_err(unwritten)
    }

    /// Writes the rows that a COPY sends, with the line that ends them.
    fn copy_rows(&mut self, sql: &str, table: &str, out: &mut impl Write) -> Result<()> {
        let what = format!("backing up {table}");
        let mut rows = self.client.copy_out(sql).map_err(|cause| failed(&what, &cause))?;
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = rows.read(&mut piece).map_err(|cause| super::catalog::copy_failed(&what, &cause))?;
            if length == 0 {
                break;
            }
            out.write_all(&piece[..length]).map_err(unwritten)?;
        }
        writeln!(out, "\\.").map_err(unwritten)
    }

    /// The tables that say which record a row stands for, where no column does.
    /// Of them the rows that are about the tables backed up.
    fn tables_beside(&mut self, backed_up: &[&str]) -> Result<Vec<Beside>> {
        let names = self.names.clone();
        let is_backed_up = |entity: &&&Entity| backed_up.contains(&names.table(entity.target_table));
        let of: Vec<&Entity> = names.entities().iter().filter(is_backed_up).copied().collect();
        let mut places = Vec::new();
        if of.iter().any(|entity| !entity.has_key_column()) {
            let tables: Vec<String> = of.iter().map(|entity| quoted_text(entity.target_table)).collect();
            places.push((
                "drydock".to_owned(),
                "keys".to_owned(),
                format!("t.table_name in ({})", tables.join(", ")),
            ));
        }
        if self.mappings.is_written {
            let words: Vec<String> =
                of.iter().map(|entity| quoted_text(&self.mappings.word(entity))).collect();
            let only = format!("t.{}::text in ({})", quoted(&self.mappings.entity_type), words.join(", "));
            places.push((self.schema.clone(), self.mappings.table.clone(), only));
        }
        let mut tables = Vec::new();
        for (schema, table, only) in places {
            let rows = self
                .client
                .query(
                    "select a.attname::text from pg_attribute a where a.attrelid = to_regclass($1) and a.attnum > 0 \
                         and not a.attisdropped and a.attgenerated = '' order by a.attnum",
                    &[&format!("{}.{}", quoted(&schema), quoted(&table))],
                )
                .map_err(|cause| failed(&format!("looking at {table}"), &cause))?;
            let columns: Vec<String> = rows.iter().map(|row| quoted(row.get(0))).collect();
            if !columns.is_empty() {
                tables.push(Beside { schema, table, columns, only });
            }
        }
        Ok(tables)
    }

    /// A table by its own name, with its schema.
    fn theirs(&self, table: &str) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(table))
    }

    /// The column of its ids.
    fn id_of(&self, table: &str) -> String {
        quoted(self.names.column(&self.names.our_table(table), "id"))
    }

    /// What makes the tables what the temporary ones are: rows that came since go, children first; then the others are
    /// written, parents first.
    fn restore_statements(&self, catalog: &Catalog, tables: &[&str]) -> String {
        let mut sql = String::new();
        for table in tables.iter().rev() {
            let _ = write!(
                sql,
                "\ndelete from {} t where not exists (select 1 from {} b where b.{id} = t.{id});",
                self.theirs(table),
                kept(table),
                id = self.id_of(table)
            );
        }
        for table in tables {
            let (name, kept) = (self.theirs(table), kept(table));
            let (columns, id) = (writable(catalog, table), self.id_of(table));
            let unique = self
                .names
                .entities()
                .iter()
                .filter(|entity| self.names.table(entity.target_table) == *table)
                .flat_map(|entity| entity.columns)
                .find(|column| column.unique);
            if let Some(column) = unique {
                let value = quoted(self.names.column(&self.names.our_table(table), column.name));
                let _ = write!(
                    sql,
                    "\nupdate {name} t set {value} = 'moving.' || t.{id} || {} from {kept} b \
                     where b.{id} = t.{id} and lower(t.{value}) is distinct from lower(b.{value});",
                    quoted_text("@migrated.local")
                );
            }
            let assigned: Vec<String> = columns
                .iter()
                .filter(|column| quoted(&column.name) != id)
                .map(|column| format!("{0} = excluded.{0}", quoted(&column.name)))
                .collect();
            let _ = write!(
                sql,
                "\ninsert into {name} as t ({0}) overriding system value select {0} from {kept} \
                 on conflict ({id}) do update set {1} where {2};",
                listed(&columns, ""),
                assigned.join(", "),
                differs(&columns, "excluded"),
            );
        }
        sql += SILENT;
        for table in tables {
            let (name, kept, columns, id) =
                (self.theirs(table), kept(table), writable(catalog, table), self.id_of(table));
            let others = columns.iter().filter(|column| quoted(&column.name) != id);
            let assigned: Vec<String> =
                others.map(|column| format!("{0} = b.{0}", quoted(&column.name))).collect();
            let differs = differs(&columns, "b");
            let _ = write!(
                sql,
                "\nupdate {name} t set {} from {kept} b where b.{id} = t.{id} and {differs};\n\
                 do $$ begin\n  if exists (select from {kept} b left join {name} t on t.{id} = b.{id} where {differs}) then\n    \
                     raise exception 'rows of {} are not what they were: a trigger makes something else of them'\n      \
                     using hint = 'as a role that may set session_replication_role, or with the trigger disabled';\n  end if;\nend $$;",
                assigned.join(", "),
                table.replace('\'', "''").replace('%', "%%")
            );
        }
        sql += FIRING;
        sql
    }
}

/// What triggers made of the rows, `updated_at` and the like, is set back without that they fire, where the role may.
const SILENT: &str = "
do $$ begin
  set local session_replication_role = 'replica';
exception when insufficient_privilege then
  raise notice 'triggers fire: this role may not set session_replication_role';
end $$;";

const FIRING: &str = "
do $$ begin
  set local session_replication_role = 'origin';
exception when insufficient_privilege then
  null;
end $$;";

/// The condition that the row `t` is not as `from` has it, as texts: not every type knows what is equal.
fn differs(columns: &[&CatalogColumn], from: &str) -> String {
    format!(
        "row({})::text is distinct from row({})::text",
        listed(columns, "t."),
        listed(columns, &format!("{from}."))
    )
}

/// A table whose rows are restored as a whole.
struct Beside {
    schema: String,
    table: String,
    columns: Vec<String>,
    /// The condition on its rows `t`.
    only: String,
}

impl Beside {
    fn name(&self) -> String {
        format!("{}.{}", quoted(&self.schema), quoted(&self.table))
    }

    fn kept(&self) -> String {
        kept(&format!("{}.{}", self.schema, self.table))
    }

    /// Rows that came since go, and those that went come back.
    fn restore(&self) -> String {
        let (name, kept, columns, only) = (self.name(), self.kept(), self.columns.join(", "), &self.only);
        let of = |alias: &str| {
            let columns: Vec<String> =
                self.columns.iter().map(|column| format!("{alias}.{column}")).collect();
            format!("row({})::text", columns.join(", "))
        };
        let (there, backed_up) = (of("t"), of("b"));
        format!(
            "\ndelete from {name} t where {only} and not exists (select 1 from {kept} b where {backed_up} = {there});\
             \ninsert into {name} ({columns}) overriding system value select {columns} from {kept} b \
             where not exists (select 1 from {name} t where {there} = {backed_up});"
        )
    }
}

fn unwritten(cause: io::Error) -> Error {
    Error::precondition("the backup cannot be written").cause(cause).hint("make room for it")
}

fn writable<'a>(catalog: &'a Catalog, table: &str) -> Vec<&'a CatalogColumn> {
    catalog.columns.iter().filter(|column| column.table == table && !column.is_generated).collect()
}

fn listed(columns: &[&CatalogColumn], of: &str) -> String {
    columns.iter().map(|column| format!("{of}{}", quoted(&column.name))).collect::<Vec<_>>().join(", ")
}

fn kept(table: &str) -> String {
    quoted(&format!("backup_{table}"))
}
