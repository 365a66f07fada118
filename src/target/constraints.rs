//! What constraints of a table ask of each row, asked of many rows at once: of all resolved rows before the first write, and of
//! those of a chunk once one of them was refused. One by one, each refusal would cost a savepoint, and each of a child's too.
//!
//! What a trigger does is not among them, nor what exclusion constraints ask.

use super::failure::Failure;
use super::sender::{Sender, copy_in};
use super::unique_index::UniqueIndex;
use super::{Target, quoted};
use crate::entity::catalog::{Catalog, CatalogColumn};
use crate::entity::{Column, Entity, Kind, Write};
use crate::error::Result;
use crate::record::LegacyId;

const CONSTRAINTS: &str = include_str!("../../sql/load/constraints.sql");
const UNIQUE_INDEXES: &str = include_str!("../../sql/load/unique_indexes.sql");

/// A constraint that a row breaks or not.
#[derive(Debug, Clone)]
pub struct Constraint {
    /// Its name.
    pub name: String,
    /// Its columns by our names.
    pub columns: Vec<String>,
    /// `schema.table` that a foreign key refers to.
    pub refers_to: Option<String>,
    /// The columns there, by our names.
    pub refers_by: Vec<String>,
    /// Whether the role may see what it asks about.
    pub can_be_asked: bool,
    /// Whether rows that stand there already may break it.
    pub is_validated: bool,
    /// The names by which the condition knows the columns.
    pub(super) known_as: Vec<String>,
    rule: Rule,
    pub(super) sqlstate: &'static str,
}

#[derive(Debug, Clone)]
enum Rule {
    /// The condition that a row `r` breaks it.
    IsBroken(String),
    Unique(UniqueIndex),
}

impl Constraint {
    /// Whether it is about what no two rows may both have.
    pub fn is_unique(&self) -> bool {
        matches!(self.rule, Rule::Unique(_))
    }

    pub(super) fn id(&self) -> Option<&str> {
        match &self.rule {
            Rule::IsBroken(_) => None,
            Rule::Unique(index) => Some(&index.id),
        }
    }

    /// The rows of a query that break it, by `drydock legacy id`; the rest as in [`UniqueIndex::broken`].
    pub(super) fn broken(&self, rows: &str, is_among: &str, singly: bool) -> String {
        match &self.rule {
            Rule::IsBroken(condition) => {
                format!("select r.\"drydock legacy id\" from ({rows}) r where {condition}")
            }
            Rule::Unique(index) => index.broken(rows, is_among, singly),
        }
    }
}

/// What of each record a constraint is asked about.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The columns that are sent of it, its id first.
    pub sent: Vec<&'static Column>,
    /// The columns of its row, of what was sent `a` and the row that it has already `t`.
    values: String,
}

/// What a new row has in a column that is not sent.
#[derive(Debug, Clone)]
pub(super) enum Unsent {
    Null,
    /// What an expression gives.
    Default(String),
    /// What only the database can tell.
    Unknown,
}

impl Unsent {
    pub(super) fn of(column: &CatalogColumn) -> Self {
        match column.default.as_deref() {
            _ if column.is_generated => Unsent::Unknown,
            // a sequence would move
            Some(default) if default == "identity" || default.contains("nextval") => Unsent::Unknown,
            Some(default) => Unsent::Default(default.to_owned()),
            None => Unsent::Null,
        }
    }

    /// The column of a row, which `t` is where it is there already.
    pub(super) fn value(&self, column: &str) -> Option<String> {
        match self {
            Unsent::Null => Some(format!("t.{column}")),
            Unsent::Default(default) => {
                Some(format!("case when t.id is null then ({default}) else t.{column} end"))
            }
            Unsent::Unknown => None,
        }
    }
}

impl Target {
    /// Whether a table, `schema.table`, is one that is written.
    pub fn is_written(&self, table: &str) -> bool {
        let ours = table.strip_prefix(self.schema.as_str()).and_then(|rest| rest.strip_prefix('.'));
        ours.is_some_and(|theirs| self.names.tables().contains(&theirs))
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
            let there: Vec<String> = row.get(6);
            let is_broken = match &parent {
                Some((schema, parent)) => {
                    let parent = format!("{}.{}", quoted(schema), quoted(parent));
                    refers_to_nothing(&theirs, &parent, &there, row.get(9))
                }
                None => format!("({}) is false", row.get::<_, &str>(3)),
            };
            let our_parent =
                parent.as_ref().map(|(_, table)| self.names.our_table(table)).unwrap_or_default();
            Constraint {
                name: row.get(0),
                columns: theirs.iter().map(|name| self.names.our_column(entity.target_table, name)).collect(),
                sqlstate: if parent.is_some() { "23503" } else { "23514" },
                can_be_asked: parent.is_none() || row.get(7),
                refers_to: parent.map(|(schema, table)| format!("{schema}.{table}")),
                refers_by: there.iter().map(|name| self.names.our_column(&our_parent, name)).collect(),
                is_validated: row.get(8),
                // what a domain asks is asked of a VALUE
                known_as: if kind == "d" { vec!["value".to_owned()] } else { theirs },
                rule: Rule::IsBroken(is_broken),
            }
        });
        let mut found: Vec<Constraint> = found.collect();
        found.extend(self.unique_indexes(entity, &what)?);
        Ok(found)
    }

    /// The unique indexes of an entity's table, but for those over what tells its records apart.
    fn unique_indexes(&mut self, entity: &Entity, what: &str) -> Result<Vec<Constraint>> {
        let table = self.real(entity.target_table);
        let rows =
            self.client.query(UNIQUE_INDEXES, &[&table]).map_err(|cause| super::failed(what, &cause))?;
        let id = self.id_column(entity);
        let found = rows.iter().map(|row| {
            let theirs: Vec<String> = row.get(3);
            Constraint {
                name: row.get(0),
                columns: theirs.iter().map(|name| self.names.our_column(entity.target_table, name)).collect(),
                sqlstate: "23505",
                can_be_asked: true,
                refers_to: None,
                refers_by: Vec::new(),
                is_validated: true,
                known_as: theirs,
                rule: Rule::Unique(UniqueIndex {
                    keys: row.get(1),
                    condition: row.get(2),
                    are_nulls_equal: row.get(4),
                    table: table.clone(),
                    id: id.clone(),
                }),
            }
        });
        let tells_apart = |constraint: &Constraint| {
            let is_part_of_key = |name: &String| entity.key().contains(&name.as_str());
            constraint.columns.iter().any(|name| matches!(name.as_str(), "id" | "legacy_id"))
                || constraint.columns.iter().all(is_part_of_key)
                    && constraint.columns.len() == entity.key().len()
        };
        Ok(found.filter(|constraint| !tells_apart(constraint)).collect())
    }

    /// What has to be sent of each record for a constraint to be asked, and where the rest of its row comes from. None where it
    /// asks for what is not known before: what only the database makes, or what others keep in our metadata.
    pub fn asked_of(
        &self,
        catalog: &Catalog,
        entity: &'static Entity,
        constraint: &Constraint,
    ) -> Option<Asked> {
        let mut asked = Asked { sent: entity.column("id").into_iter().collect(), values: String::new() };
        for (ours, name) in constraint.columns.iter().zip(&constraint.known_as) {
            let column = quoted(ours);
            let value = match entity.column(ours) {
                Some(sent) if sent.kind == Kind::Metadata => return None,
                Some(sent) if sent.name == "legacy_id" => "a.\"drydock legacy id\"".to_owned(),
                Some(sent) => {
                    if sent.name != "id" {
                        asked.sent.push(sent);
                    }
                    match sent.write {
                        Write::OnInsert => {
                            format!("case when t.id is null then a.{column} else t.{column} end")
                        }
                        _ => format!("a.{column}"),
                    }
                }
                None => Unsent::of(catalog.column(entity.target_table, ours)?).value(&column)?,
            };
            asked.values += &format!(", {value} as {}", quoted(name));
        }
        Some(asked)
    }

    /// How many records break a constraint, and the first of them. `send` sends each record's legacy id and what has to be sent of
    /// it, and of others that will be in the same table the id alone.
    pub fn broken(
        &mut self,
        entity: &'static Entity,
        constraint: &Constraint,
        asked: &Asked,
        send: impl FnOnce(&mut Sender<'_>) -> Result<()>,
    ) -> Result<(u64, Option<LegacyId>)> {
        let what = format!("asking constraint {} of {}", constraint.name, entity.name);
        let types = self.base_types(entity, &what)?;
        let taken: String =
            asked.sent.iter().map(|column| format!(", {}", in_base_type("t", column, &types))).collect();
        let table = self.table(entity);
        let rows = format!(
            "select a.\"drydock legacy id\", a.id as \"drydock id\"{} from drydock_asked a \
             left join {table} t on t.id = a.id where a.\"drydock legacy id\" is not null",
            asked.values
        );
        let is_among =
            format!("exists (select 1 from drydock_asked a where a.id = u.{})", self.id_column(entity));
        let found = format!("({}) b", constraint.broken(&rows, &is_among, false));
        let asked = format!("select 0::bigint as \"drydock legacy id\"{taken} from {table} t");
        self.count_asked(&what, &asked, send, "b.\"drydock legacy id\"", &found)
    }

    /// The column of the ids of an entity's table, by its own name, quoted.
    fn id_column(&self, entity: &Entity) -> String {
        quoted(self.names.column(entity.target_table, "id"))
    }

    /// Whether the rows of two entities go into one table.
    pub fn are_together(&self, one: &Entity, other: &Entity) -> bool {
        self.names.table(one.target_table) == self.names.table(other.target_table)
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
            target.execute(what, "analyze drydock_asked")?;
            let row = target
                .client
                .query_one(&format!("select count(*), min({key})::bigint from {found}"), &[])
                .map_err(|cause| Failure::of(what, &cause))?;
            target.execute(what, "drop table drydock_asked")?;
            Ok((u64::try_from(row.get::<_, i64>(0)).unwrap_or(0), row.get::<_, Option<i64>>(1).map(LegacyId)))
        });
        Ok(counted?)
    }

    /// The columns of the entity's table whose type is a domain, by our names, with the type that it is made of.
    pub(super) fn base_types(
        &mut self,
        entity: &Entity,
        what: &str,
    ) -> Result<Vec<(String, String)>, Failure> {
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
pub(super) fn in_base_type(from: &str, column: &Column, types: &[(String, String)]) -> String {
    let name = quoted(column.name);
    match types.iter().find(|(of, _)| of == column.name) {
        // the zone of a moment is followed, also where the column has none
        _ if column.kind == Kind::Timestamp => format!("{from}.{name}::timestamptz as {name}"),
        Some((_, base)) => format!("{from}.{name}::{base} as {name}"),
        None => format!("{from}.{name}"),
    }
}

/// The condition that the row `r` refers to a row that is not there: by all of its columns, or, where that `is_full`, by some.
fn refers_to_nothing(columns: &[String], parent: &str, there: &[String], is_full: bool) -> String {
    let is_set = |column: &String| format!("r.{} is not null", quoted(column));
    let are_set: Vec<String> = columns.iter().map(is_set).collect();
    let meets: Vec<String> = columns
        .iter()
        .zip(there)
        .map(|(ours, theirs)| format!("p.{} = r.{}", quoted(theirs), quoted(ours)))
        .collect();
    let is_there = format!("exists (select 1 from {parent} p where {})", meets.join(" and "));
    if is_full {
        format!("({}) and not {is_there}", are_set.join(" or "))
    } else {
        format!("{} and not {is_there}", are_set.join(" and "))
    }
}
