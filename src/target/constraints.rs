//! What constraints of a table ask of each row, asked of many rows at once: of all resolved rows before the first write, and of
//! those of a chunk once one of them was refused. One by one, each refusal would cost a savepoint, and each of a child's too.
//!
//! A unique key asks about other rows of the table and is not among them; nor is what a trigger does.

use super::failure::{Failure, Refusal};
use super::merge::Merge;
use super::{Target, quoted};
use crate::entity::catalog::Catalog;
use crate::entity::{Column, Entity, Kind, Write};
use crate::error::Result;
use crate::record::LegacyId;

const CONSTRAINTS: &str = include_str!("../../sql/load/constraints.sql");

/// Where the accounts of the platform are.
pub const ACCOUNTS: &str = "auth.users";

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
}

/// The records that a constraint refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Broken {
    /// How many.
    pub records: u64,
    /// The first of them.
    pub first: Option<LegacyId>,
}

impl Target {
    /// Whether a table, `schema.table`, is one that is written.
    pub fn is_written(&self, table: &str) -> bool {
        let ours = table.strip_prefix(self.schema.as_str()).and_then(|rest| rest.strip_prefix('.'));
        ours.is_some_and(|theirs| self.names.tables().contains(&theirs))
    }

    /// Whether a trigger that fires may make something else of a row before it is inserted.
    pub fn is_made_over(&self, catalog: &Catalog, entity: &Entity) -> bool {
        let makes_over = |definition: &str| {
            let event = definition.split(" ON ").next().unwrap_or_default();
            event.contains(" BEFORE ") && event.contains("INSERT")
        };
        let mut triggers = catalog.triggers.iter().filter(|trigger| trigger.table == entity.target_table);
        !self.are_triggers_off()
            && triggers.any(|trigger| trigger.is_enabled && makes_over(&trigger.definition))
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

    /// The records that break a constraint. `columns` are its own; `send` sends each record's legacy id and its values under
    /// them.
    pub fn broken(
        &mut self,
        entity: &'static Entity,
        constraint: &Constraint,
        columns: &[&'static Column],
        send: impl FnOnce(&mut super::Sender<'_>) -> Result<()>,
    ) -> Result<Broken> {
        let what = format!("asking constraint {} of {}", constraint.name, entity.name);
        let types = self.base_types(entity, &what)?;
        let found = self.within(&what, |target| {
            let listed: Vec<String> = columns.iter().map(|column| quoted(column.name)).collect();
            let taken: Vec<String> = columns.iter().map(|column| in_base_type("t", column, &types)).collect();
            target.execute(
                &what,
                &format!(
                    "create temporary table drydock_asked on commit drop as \
                     select 0::bigint as \"legacy id\", {} from {} t with no data",
                    taken.join(", "),
                    target.table(entity)
                ),
            )?;
            let into = format!("drydock_asked (\"legacy id\", {})", listed.join(", "));
            super::sender::copy_in(&mut target.client, &what, &into, send)?;
            let renamed: String = constraint
                .columns
                .iter()
                .zip(&constraint.known_as)
                .map(|(ours, name)| format!(", s.{} as {}", quoted(ours), quoted(name)))
                .collect();
            let sql = format!(
                "select count(*), min(\"drydock legacy id\") from \
                     (select s.\"legacy id\" as \"drydock legacy id\"{renamed} from drydock_asked s) r where {}",
                constraint.is_broken
            );
            let row = target.client.query_one(&sql, &[]).map_err(|cause| Failure::of(&what, &cause))?;
            target.execute(&what, "drop table drydock_asked")?;
            Ok(Broken {
                records: u64::try_from(row.get::<_, i64>(0)).unwrap_or(0),
                first: row.get::<_, Option<i64>>(1).map(LegacyId),
            })
        });
        Ok(found?)
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
        let constraints = self.judged_of(merge.entity).unwrap_or_default();
        Ok(constraints.iter().any(|known| refusal.constraint.as_ref() == Some(&known.name)))
    }

    /// From now on asks the constraints of the entity's table of every chunk before it is written.
    pub fn judge(&mut self, entity: &Entity) -> Result<()> {
        let mut constraints = self.constraints(entity)?;
        constraints.retain(|constraint| constraint.can_be_asked);
        self.judged.retain(|judged| judged.entity != entity.name);
        self.judged.push(Judged { entity: entity.name, constraints });
        Ok(())
    }

    fn judged_of(&self, entity: &Entity) -> Option<&[Constraint]> {
        let judged = self.judged.iter().find(|judged| judged.entity == entity.name)?;
        Some(&judged.constraints)
    }

    /// What the constraints refuse of the rows sent, which are compared already; the rows are taken out of what will be
    /// written. Nothing unless [`Target::judge_chunks`] said so.
    pub(super) fn refuse_judged(
        &mut self,
        merge: &Merge,
        table: &str,
    ) -> Result<Vec<(LegacyId, Refusal)>, Failure> {
        let Some(constraints) = self.judged_of(merge.entity).map(<[Constraint]>::to_vec) else {
            return Ok(Vec::new());
        };
        let mut refused: Vec<(LegacyId, Refusal)> = Vec::new();
        for constraint in &constraints {
            let Some(sql) = question(merge, table, constraint) else { continue };
            let ids = self.legacy_ids("asking constraints", &sql)?;
            refused.extend(ids.into_iter().map(|id| {
                let refusal = Refusal {
                    sqlstate: constraint.sqlstate.to_owned(),
                    table: Some(self.names.table(merge.entity.target_table).to_owned()),
                    column: None,
                    constraint: Some(constraint.name.clone()),
                };
                (id, refusal)
            }));
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
    pub(super) fn sent_columns(&mut self, merge: &Merge) -> Result<String, Failure> {
        let is_judged = self.judged_of(merge.entity).is_some();
        let types = if is_judged { self.base_types(merge.entity, "looking at domains")? } else { Vec::new() };
        let taken = merge.columns.iter().map(|column| in_base_type("t", column, &types));
        Ok(taken.collect::<Vec<_>>().join(", "))
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
