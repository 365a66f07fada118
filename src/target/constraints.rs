//! What constraints of a table ask of each row, asked of many rows at once: of all resolved rows before the first write, and of
//! those of a chunk once one of them was refused. One by one, each refusal would cost a savepoint, and each of a child's too.
//!
//! A unique key asks about other rows of the table and is not among them; nor is what a trigger does.

use super::failure::{Failure, Refusal};
use super::merge::Merge;
use super::sender::{Sender, copy_in};
use super::{Target, quoted};
use crate::entity::catalog::Catalog;
use crate::entity::{Column, Entity, Kind, Write};
use crate::error::Result;
use crate::record::LegacyId;

const CONSTRAINTS: &str = include_str!("../../sql/load/constraints.sql");

/// A constraint that a row breaks or not.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// Its columns by our names.
    pub columns: Vec<String>,
    /// `schema.table` that a foreign key refers to.
    pub refers_to: Option<String>,
    /// Whether the role may see what it asks about.
    pub can_be_asked: bool,
    /// Whether rows that stand there already may break it.
    pub is_validated: bool,
    /// The names by which the condition knows the columns.
    known_as: Vec<String>,
    /// The condition that a row `r` breaks it.
    is_broken: String,
    sqlstate: &'static str,
}

/// What a session knows of the constraints of an entity's table, once one of them has refused something.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    entity: &'static str,
    constraints: Vec<Constraint>,
    /// The columns whose type is a domain, with the type that it is made of.
    base_types: Vec<(String, String)>,
}

impl Target {
    /// Whether a table, `schema.table`, is one that is written.
    pub fn is_written(&self, table: &str) -> bool {
        let ours = table.strip_prefix(self.schema.as_str()).and_then(|rest| rest.strip_prefix('.'));
        ours.is_some_and(|theirs| self.names.tables().contains(&theirs))
    }

    /// Whether a trigger that fires may make something else of a row before it is inserted.
    pub fn is_made_over(&self, catalog: &Catalog, entity: &Entity) -> bool {
        let mut triggers = catalog.triggers.iter().filter(|trigger| trigger.table == entity.target_table);
        !self.are_triggers_off()
            && triggers.any(|trigger| trigger.is_enabled && trigger.is_before() && trigger.fires_on("INSERT"))
    }

    /// The constraints of an entity's table that are about a row by itself or about a row of another table.
    pub fn constraints(&mut self, entity: &Entity) -> Result<Vec<Constraint>> {
        let what = format!("looking at the constraints of {}", entity.target_table);
        let rows = self
            .client
            .query(CONSTRAINTS, &[&self.real(entity.target_table)])
            .map_err(|cause| super::failed(&what, &cause))?;
        let found = rows.iter().map(|row| {
            let (kind, theirs): (&str, Vec<String>) = (row.get(1), row.get(2));
            let parent: Option<(String, String)> = row.get::<_, Option<String>>(4).zip(row.get(5));
            let is_broken = match &parent {
                Some((schema, parent)) => {
                    let parent = format!("{}.{}", quoted(schema), quoted(parent));
                    refers_to_nothing(&theirs, &parent, &row.get::<_, Vec<String>>(6))
                }
                None => format!("({}) is false", row.get::<_, &str>(3)),
            };
            Constraint {
                name: row.get(0),
                columns: theirs.iter().map(|name| self.names.our_column(entity.target_table, name)).collect(),
                sqlstate: if parent.is_some() { "23503" } else { "23514" },
                can_be_asked: parent.is_none() || row.get(7),
                refers_to: parent.map(|(schema, table)| format!("{schema}.{table}")),
                is_validated: row.get(8),
                // what a domain asks is asked of a VALUE
                known_as: if kind == "d" { vec!["value".to_owned()] } else { theirs },
                is_broken,
            }
        });
        Ok(found.collect())
    }

    /// How many records break a constraint, and the first of them. `columns` are its own; `send` sends each record's legacy id and
    /// its values under them.
    pub fn broken(
        &mut self,
        entity: &'static Entity,
        constraint: &Constraint,
        columns: &[&'static Column],
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<(u64, Option<LegacyId>)> {
        let what = format!("asking constraint {} of {}", constraint.name, entity.name);
        let types = self.base_types(entity, &what)?;
        let taken: String =
            columns.iter().map(|column| format!(", {}", in_base_type("t", column, &types))).collect();
        let renamed: String = constraint
            .columns
            .iter()
            .zip(&constraint.known_as)
            .map(|(ours, name)| format!(", a.{} as {}", quoted(ours), quoted(name)))
            .collect();
        let found = format!(
            "(select a.\"drydock legacy id\"{renamed} from drydock_asked a) r where {}",
            constraint.is_broken
        );
        let table = format!("select 0::bigint as \"drydock legacy id\"{taken} from {} t", self.table(entity));
        self.count_asked(&what, &table, send, "\"drydock legacy id\"", &found)
    }

    /// Sends rows into a table `drydock_asked` that is as the query `table` makes it, counts those of `found`, and gives the lowest
    /// key of them.
    pub(super) fn count_asked(
        &mut self,
        what: &str,
        table: &str,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
        key: &str,
        found: &str,
    ) -> Result<(u64, Option<LegacyId>)> {
        let counted = self.within(what, |target| {
            target.execute(
                what,
                &format!("create temporary table drydock_asked on commit drop as {table} with no data"),
            )?;
            copy_in(&mut target.client, what, "drydock_asked", send)?;
            let row = target
                .client
                .query_one(&format!("select count(*), min({key})::bigint from {found}"), &[])
                .map_err(|cause| Failure::of(what, &cause))?;
            target.execute(what, "drop table drydock_asked")?;
            Ok((u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), row.get::<_, Option<i64>>(1).map(LegacyId)))
        });
        Ok(counted?)
    }

    /// From now on asks the constraints of the entity's table of every chunk before it is written, so that what they refuse is
    /// known at once. Returns whether that is new, and there is something to ask.
    pub fn judge_chunks(&mut self, merge: &Merge, refusal: &Refusal) -> Result<bool> {
        let is_about_a_row = matches!(refusal.sqlstate.as_str(), "23503" | "23514");
        if !is_about_a_row || self.judged_of(merge.entity).is_some() {
            return Ok(false);
        }
        let catalog = self.catalog()?;
        if self.is_made_over(&catalog, merge.entity) {
            return Ok(false);
        }
        self.judge(merge.entity)?;
        let judged = self.judged_of(merge.entity).map_or(&[][..], |judged| &judged.constraints);
        Ok(judged.iter().any(|known| refusal.constraint.as_ref() == Some(&known.name)))
    }

    /// From now on asks the constraints of the entity's table of every chunk before it is written.
    pub fn judge(&mut self, entity: &Entity) -> Result<()> {
        let mut constraints = self.constraints(entity)?;
        constraints.retain(|constraint| constraint.can_be_asked);
        self.judged.retain(|judged| judged.entity != entity.name);
        let base_types = self.base_types(entity, "looking at domains")?;
        self.judged.push(Judged { entity: entity.name, constraints, base_types });
        Ok(())
    }

    fn judged_of(&self, entity: &Entity) -> Option<&Judged> {
        self.judged.iter().find(|judged| judged.entity == entity.name)
    }

    /// What the constraints refuse of the rows sent, which are compared already; the rows are taken out of what will be
    /// written. Nothing unless [`Target::judge_chunks`] said so.
    pub(super) fn refuse_judged(
        &mut self,
        merge: &Merge,
        table: &str,
    ) -> Result<Vec<(LegacyId, Refusal)>, Failure> {
        let Some(judged) = self.judged_of(merge.entity) else { return Ok(Vec::new()) };
        let asked = judged.constraints.iter().filter_map(|constraint| {
            let refusal = Refusal {
                sqlstate: constraint.sqlstate.to_owned(),
                table: Some(self.names.table(merge.entity.target_table).to_owned()),
                column: None,
                constraint: Some(constraint.name.clone()),
            };
            Some((question(merge, table, constraint)?, refusal))
        });
        let asked: Vec<(String, Refusal)> = asked.collect();
        let mut refused: Vec<(LegacyId, Refusal)> = Vec::new();
        for (sql, refusal) in asked {
            let ids = self.legacy_ids("asking constraints", &sql)?;
            refused.extend(ids.into_iter().map(|id| (id, refusal.clone())));
        }
        refused.sort_by_key(|(id, _)| *id);
        refused.dedup_by_key(|(id, _)| *id);
        if refused.is_empty() {
            return Ok(refused);
        }
        let ids: Vec<i64> = refused.iter().map(|(id, _)| id.0).collect();
        for from in [merge.sent(), merge.known()] {
            self.client
                .execute(&format!("delete from {from} where legacy_id::bigint = any($1)"), &[&ids])
                .map_err(|cause| Failure::of("setting refused rows apart", &cause))?;
        }
        Ok(refused)
    }

    /// The columns sent, as a table has them that takes the rows: once constraints are asked, without what domains ask.
    pub(super) fn sent_columns(&self, merge: &Merge) -> String {
        let types = self.judged_of(merge.entity).map_or(&[][..], |judged| &judged.base_types);
        let taken = merge.columns.iter().map(|column| in_base_type("t", column, types));
        taken.collect::<Vec<_>>().join(", ")
    }

    /// The columns of the entity's table whose type is a domain, by our names, with the type that it is made of.
    fn base_types(&mut self, entity: &Entity, what: &str) -> Result<Vec<(String, String)>, Failure> {
        let rows = self
            .client
            .query(
                "select a.attname::text, \
                     (with recursive made_of (oid, typmod) as ( \
                          select d.oid, a.atttypmod \
                          union all \
                          select b.typbasetype, case when m.typmod > 0 then m.typmod else b.typtypmod end \
                          from made_of m join pg_type b on b.oid = m.oid where b.typtype = 'd') \
                      select format_type(m.oid, m.typmod) from made_of m join pg_type b on b.oid = m.oid \
                      where b.typtype <> 'd') \
                 from pg_attribute a join pg_type d on d.oid = a.atttypid and d.typtype = 'd' \
                 where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped",
                &[&self.real(entity.target_table)],
            )
            .map_err(|cause| Failure::of(what, &cause))?;
        let named = rows.iter().map(|row| {
            let theirs: String = row.get(0);
            (self.names.our_column(entity.target_table, &theirs), row.get(1))
        });
        Ok(named.collect())
    }
}

/// A column of the row `from`, as its domain's base type where it has one, under its name.
fn in_base_type(from: &str, column: &Column, types: &[(String, String)]) -> String {
    let name = quoted(column.name);
    match types.iter().find(|(of, _)| of == column.name) {
        // the zone of a moment is followed, also where the column has none
        _ if column.kind == Kind::Timestamp => format!("{from}.{name}::timestamptz as {name}"),
        Some((_, base)) => format!("{from}.{name}::{base} as {name}"),
        None => format!("{from}.{name}"),
    }
}

/// The condition that the row `r` refers to a row that is not there.
fn refers_to_nothing(columns: &[String], parent: &str, there: &[String]) -> String {
    let is_there: String =
        columns.iter().map(|column| format!("r.{} is not null and ", quoted(column))).collect();
    let meets: Vec<String> = columns
        .iter()
        .zip(there)
        .map(|(ours, theirs)| format!("p.{} = r.{}", quoted(theirs), quoted(ours)))
        .collect();
    format!("{is_there}not exists (select 1 from {parent} p where {})", meets.join(" and "))
}

/// The query for the rows sent that a constraint refuses when they are written: those that are new or become others. None where
/// it asks for what is not known before.
fn question(merge: &Merge, table: &str, constraint: &Constraint) -> Option<String> {
    let mut only_known = !merge.inserts();
    let mut values = String::new();
    for (ours, name) in constraint.columns.iter().zip(&constraint.known_as) {
        let sent = merge.columns.iter().find(|column| column.name == ours.as_str());
        let column = quoted(ours);
        let value = match sent {
            // only our part of it is sent
            Some(column) if column.kind == Kind::Metadata => return None,
            Some(sent) if sent.write == Write::OnInsert => {
                format!("case when t.id is null then s.{column} else t.{column} end")
            }
            Some(_) => format!("s.{column}"),
            None => {
                // a new row gets the table's default; what a later phase fills has none
                let is_later =
                    merge.entity.column(ours).is_some_and(|column| matches!(column.write, Write::In(_)));
                only_known |= !is_later;
                format!("t.{column}")
            }
        };
        values += &format!(", {value} as {}", quoted(name));
    }
    let is_written = if only_known { "k.is_different" } else { "k.legacy_id is null or k.is_different" };
    Some(format!(
        "select \"drydock legacy id\" from (\
             select s.legacy_id::bigint as \"drydock legacy id\"{values} from {} s \
             left join {} k on k.legacy_id = s.legacy_id left join {table} t on t.id = k.id where {is_written}) r \
         where {}",
        merge.sent(),
        merge.known(),
        constraint.is_broken
    ))
}
