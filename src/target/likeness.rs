//! A likeness of the target's tables in another database: types, tables, rows, keys and constraints as the catalog has them, and
//! Drydock's own schema, so that a load there does what it would do here. Triggers, policies and what refers to tables of others are
//! left out and said.

use std::io::{Read, Write};

use super::failure::Failure;
use super::receipts::{has_table, written_by};
use super::{Target, failed, own_schema, quoted, quoted_text};
use crate::connect::{Address, Session, Side, connect};
use crate::error::{Error, Result};
use crate::interrupt;

/// What is there now.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Likeness {
    /// The tables with how many rows of each.
    pub tables: Vec<LikeTable>,
    /// What of the target is not in it.
    pub left_out: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LikeTable {
    /// The table, by the target's name.
    pub table: String,
    /// Rows.
    pub rows: u64,
}

/// The types of the tables' columns, and those that they are made of: extensions first, then enums, then domains.
const TYPES: &str = "
with recursive used as (
    select distinct a.atttypid as type from pg_attribute a
    where a.attrelid = any ($1::text[]::regclass[]) and a.attnum > 0 and not a.attisdropped
    union
    select case when t.typelem <> 0 then t.typelem else t.typbasetype end
    from used u join pg_type t on t.oid = u.type where t.typelem <> 0 and t.typlen = -1 or t.typbasetype <> 0
)
select 0 as place, e.extname::text, 'create schema if not exists ' || quote_ident(n.nspname)
       || '; create extension if not exists ' || quote_ident(e.extname) || ' schema ' || quote_ident(n.nspname)
from used u join pg_depend d on d.classid = 'pg_type'::regclass and d.objid = u.type and d.deptype = 'e'
join pg_extension e on e.oid = d.refobjid join pg_namespace n on n.oid = e.extnamespace
union
select 1, t.typname::text, 'create schema if not exists ' || t.typnamespace::regnamespace || '; create type ' || format_type(t.oid, null) || ' as enum ('
       || (select string_agg(quote_literal(l.enumlabel), ', ' order by l.enumsortorder) from pg_enum l where l.enumtypid = t.oid) || ')'
from used u join pg_type t on t.oid = u.type where t.typtype = 'e'
  and not exists (select 1 from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
union
select 2, t.typname::text, 'create schema if not exists ' || t.typnamespace::regnamespace || '; create domain ' || format_type(t.oid, null) || ' as ' || format_type(t.typbasetype, t.typtypmod)
       || coalesce(' default ' || t.typdefault, '') || case when t.typnotnull then ' not null' else '' end
       || coalesce((select string_agg(' ' || pg_get_constraintdef(c.oid), '') from pg_constraint c
                    where c.contypid = t.oid and c.contype = 'c'), '')
from used u join pg_type t on t.oid = u.type where t.typtype = 'd'
  and not exists (select 1 from pg_depend d where d.classid = 'pg_type'::regclass and d.objid = t.oid and d.deptype = 'e')
order by 1, 2";

/// The columns of a table: name, type, default, whether it is computed, identity, not null.
const COLUMNS: &str = "
select quote_ident(a.attname), format_type(a.atttypid, a.atttypmod), pg_get_expr(d.adbin, d.adrelid), a.attgenerated::text,
       a.attidentity::text, a.attnotnull,
       (select quote_ident(n.nspname) || '.' || quote_ident(s.relname) from pg_depend p
        join pg_class s on s.oid = p.refobjid and s.relkind = 'S' join pg_namespace n on n.oid = s.relnamespace
        where p.classid = 'pg_attrdef'::regclass and p.objid = d.oid limit 1)
from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped order by a.attnum";

/// Keys, checks and unique indexes, foreign keys last: name, statement, and what a foreign key refers to outside of the tables.
const CONSTRAINTS: &str = "
select c.conname::text, 'alter table ' || c.conrelid::regclass || ' add constraint ' || quote_ident(c.conname) || ' '
       || pg_get_constraintdef(c.oid), position(c.contype in 'pucxf') as place,
       case when c.contype = 'f' and c.confrelid <> all ($1::text[]::regclass[]) then c.confrelid::regclass::text end
from pg_constraint c where c.conrelid = any ($1::text[]::regclass[]) and c.contype in ('p', 'u', 'c', 'x', 'f')
union all
select i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), 4, null
from pg_index i where i.indrelid = any ($1::text[]::regclass[])
  and not exists (select 1 from pg_constraint c where c.conindid = i.indexrelid and c.conrelid = i.indrelid)
order by 3, 1";

/// What is left out, in words.
const LEFT_OUT: &str = "
select 'trigger ' || g.tgname || ' of ' || g.tgrelid::regclass from pg_trigger g
where g.tgrelid = any ($1::text[]::regclass[]) and not g.tgisinternal and g.tgenabled <> 'D'
union all
select 'policy ' || p.polname || ' of ' || p.polrelid::regclass from pg_policy p where p.polrelid = any ($1::text[]::regclass[])
union
select 'table ' || c.conrelid::regclass || ', which refers to ' || c.confrelid::regclass from pg_constraint c
where c.contype = 'f' and c.confrelid = any ($1::text[]::regclass[]) and c.conrelid <> all ($1::text[]::regclass[])
order by 1";

impl Target {
    /// Makes it in an empty database, as the tables are at one moment.
    pub fn make_likeness(&mut self, to: &Address) -> Result<Likeness> {
        let mut other = connect(Side::Target, to)?;
        let schema = quoted(&self.schema);
        told(
            &mut other,
            "making the schema",
            &format!(
                "create schema if not exists {schema}; set search_path = {schema}, pg_temp; set quote_all_identifiers = off"
            ),
        )?;
        let mut names: Vec<String> = Vec::new();
        for table in self.tables.clone() {
            let real = self.real(table);
            if !names.contains(&real) {
                names.push(real);
            }
        }
        if self.mappings.is_written {
            names.push(format!("{schema}.{}", quoted(&self.mappings.table)));
        }
        self.begin_reading()?;
        let made = self.fill(&mut other, &names);
        self.end_reading()?;
        made
    }

    fn fill(&mut self, other: &mut Session, names: &[String]) -> Result<Likeness> {
        let mut like = Likeness::default();
        let asked = |what: &'static str| move |cause: postgres::Error| failed(what, &cause);
        for row in self.client.query(TYPES, &[&names]).map_err(asked("reading the types"))? {
            let (name, sql): (String, String) = (row.get(1), row.get(2));
            told(other, &format!("making the type {name}"), &sql)?;
        }
        for name in names {
            self.make_table(other, name, &mut like)?;
        }
        let has_own = has_table(&mut self.client, "drydock.cleaned")?;
        if has_own {
            self.copy_own_schema(other)?;
        }
        for name in names {
            interrupt::check()?;
            let rows = self.copy_table(other, name)?;
            like.tables.push(LikeTable { table: name.replace('"', ""), rows });
        }
        for row in self.client.query(CONSTRAINTS, &[&names]).map_err(asked("reading the constraints"))? {
            let (name, sql, outside): (String, String, Option<String>) = (row.get(0), row.get(1), row.get(3));
            if let Some(outside) = outside {
                like.left_out.push(format!("constraint {name}, which refers to {outside}"));
            } else if other.batch_execute(&sql).is_err() {
                like.left_out.push(format!("constraint {name}, which needs what is not there"));
            }
        }
        for row in self.client.query(LEFT_OUT, &[&names]).map_err(asked("reading the triggers"))? {
            like.left_out.push(row.get(0));
        }
        if has_own {
            self.keep_who_wrote(other)?;
        }
        told(other, "looking at the rows", "analyze")?;
        Ok(like)
    }

    /// Makes one table, without a row and without a key.
    fn make_table(&mut self, other: &mut Session, name: &str, like: &mut Likeness) -> Result<()> {
        let what = format!("making {name}");
        let rows = self.client.query(COLUMNS, &[&name]).map_err(|cause| failed(&what, &cause))?;
        let mut columns = Vec::new();
        for row in rows {
            let (column, of_type): (String, String) = (row.get(0), row.get(1));
            let (default, computed, identity): (Option<String>, String, String) =
                (row.get(2), row.get(3), row.get(4));
            if let Some(sequence) = row.get::<_, Option<String>>(6) {
                told(other, &what, &format!("create sequence if not exists {sequence}"))?;
                let (last, is_called) = self.standing(&what, &sequence)?;
                told(
                    other,
                    &what,
                    &format!("select setval({}, {last}, {is_called})", quoted_text(&sequence)),
                )?;
            }
            let more = match (default, computed.as_str(), identity.as_str()) {
                (Some(default), "s", _) => format!(" generated always as ({default}) stored"),
                (_, _, "a") => " generated always as identity".to_owned(),
                (_, _, "d") => " generated by default as identity".to_owned(),
                (Some(default), ..) if is_known(other, &default) => format!(" default {default}"),
                (Some(_), ..) => {
                    like.left_out.push(format!("default of {name}.{column}, which needs what is not there"));
                    String::new()
                }
                (None, ..) => String::new(),
            };
            let null = if row.get(5) { " not null" } else { "" };
            columns.push(format!("{column} {of_type}{more}{null}"));
        }
        told(other, &what, &format!("create table {name} ({})", columns.join(", ")))?;
        self.set_identities(other, name)
    }

    /// Where a sequence stands: its last value, and whether that was given.
    fn standing(&mut self, what: &str, sequence: &str) -> Result<(i64, bool)> {
        let sql = format!("select last_value, is_called from {sequence}");
        let row = self.client.query_one(&sql, &[]).map_err(|cause| failed(what, &cause))?;
        Ok((row.get(0), row.get(1)))
    }

    /// Has the numbers of identity columns go on where they are.
    fn set_identities(&mut self, other: &mut Session, name: &str) -> Result<()> {
        let what = format!("making {name}");
        let sequence = "select pg_get_serial_sequence($1, attname), attname::text from pg_attribute \
                        where attrelid = to_regclass($1) and attidentity <> '' and not attisdropped";
        for row in self.client.query(sequence, &[&name]).map_err(|cause| failed(&what, &cause))? {
            let (sequence, column): (String, String) = (row.get(0), row.get(1));
            let (last, is_called) = self.standing(&what, &sequence)?;
            told(
                other,
                &what,
                &format!(
                    "select setval(pg_get_serial_sequence({}, {}), {last}, {is_called})",
                    quoted_text(name),
                    quoted_text(&column)
                ),
            )?;
        }
        Ok(())
    }

    /// Copies the rows of a table, and counts them.
    fn copy_table(&mut self, other: &mut Session, name: &str) -> Result<u64> {
        let what = format!("copying {name}");
        let rows = self
            .client
            .query(
                "select quote_ident(attname) from pg_attribute where attrelid = to_regclass($1) and attnum > 0 \
                 and not attisdropped and attgenerated = '' order by attnum",
                &[&name],
            )
            .map_err(|cause| failed(&what, &cause))?;
        let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let columns = columns.join(", ");
        self.copy_over(other, &what, &format!("select {columns} from {name}"), &format!("{name} ({columns})"))
    }

    fn copy_over(&mut self, other: &mut Session, what: &str, select: &str, into: &str) -> Result<u64> {
        let mut from = self
            .client
            .copy_out(&format!("copy ({select}) to stdout"))
            .map_err(|cause| failed(what, &cause))?;
        let mut to =
            other.copy_in(&format!("copy {into} from stdin")).map_err(|cause| failed(what, &cause))?;
        let mut piece = vec![0; 1 << 16];
        loop {
            let length = from.read(&mut piece).map_err(|cause| super::catalog::copy_failed(what, &cause))?;
            if length == 0 {
                break;
            }
            to.write_all(&piece[..length])
                .map_err(|cause| Error::target(format!("{what}: the rows do not arrive")).cause(cause))?;
        }
        to.finish().map_err(|cause| failed(what, &cause))
    }

    /// Copies what loads have left in Drydock's own schema.
    fn copy_own_schema(&mut self, other: &mut Session) -> Result<()> {
        own_schema::make_in(other)?;
        for table in own_schema::TABLES {
            self.copy_table(other, &format!("drydock.{table}"))?;
        }
        Ok(())
    }

    /// Says in Drydock's schema there who had written each row here: rows that were copied were all written now.
    fn keep_who_wrote(&mut self, other: &mut Session) -> Result<()> {
        let what = "keeping who wrote the rows";
        told(other, what, "create temporary table wrote (table_name text, id uuid, written_by bigint)")?;
        for table in self.tables.clone() {
            let (real, id) = (self.real(table), quoted(self.names.column(table, "id")));
            let word = quoted_text(table);
            // the view that renames has no part in it: the row itself says who wrote it
            let by = written_by(table).replace("z.id = t.id", &format!("z.id = t.{id}"));
            self.copy_over(other, what, &format!("select {word}, t.{id}, {by} from {real} t"), "wrote")?;
            told(
                other,
                what,
                &format!(
                    "insert into drydock.restorations (table_name, id, xid, written_by) \
                     select w.table_name, w.id, t.xmin::text::bigint, w.written_by from wrote w join {real} t on t.{id} = w.id \
                     where w.table_name = {word} on conflict do nothing"
                ),
            )?;
        }
        Ok(())
    }
}

/// Whether an expression means something in the other database.
fn is_known(other: &mut Session, expression: &str) -> bool {
    other.query(&format!("select {expression} where false"), &[]).is_ok()
}

fn told(other: &mut Session, what: &str, sql: &str) -> Result<()> {
    other.batch_execute(sql).map_err(|cause| Failure::of(what, &cause).error)
}
