//! What a target database says about the tables that the entities are loaded into: the survey brings it home, the
//! staging file keeps it, the rules and the preflight read it.

use std::collections::BTreeMap;

use super::{Column, Entity, Kind};

/// The part of the target's catalog that concerns the tables to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Every column of those tables.
    pub columns: Vec<CatalogColumn>,
    /// The labels of the enum types that they use, in order.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Their keys and constraints.
    pub keys: Vec<CatalogKey>,
    /// The tables themselves.
    pub tables: Vec<CatalogTable>,
    /// Their triggers.
    pub triggers: Vec<CatalogTrigger>,
    /// What stands in the place of a table and is none, such as `a view`. Not kept in the staging file.
    pub others: BTreeMap<String, String>,
}

/// A target table: who owns it, and what the session's role may do to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogTable {
    /// The table.
    pub table: String,
    /// The owner's name.
    pub owner: String,
    /// Whether the session's role has the owner's rights.
    pub is_owner: bool,
    /// Whether row level security is on.
    pub row_security: bool,
    /// Whether it holds for the owner too.
    pub forces_row_security: bool,
    /// What the session's role may do: `select`, `insert`, …
    pub rights: Vec<String>,
    /// The number of its policies.
    pub policies: i64,
}

/// A trigger that somebody made on a target table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogTrigger {
    /// The table.
    pub table: String,
    /// The trigger's name.
    pub name: String,
    /// Whether it fires at all.
    pub is_enabled: bool,
    /// As the database writes it.
    pub definition: String,
}

/// A column of a target table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogColumn {
    /// The table.
    pub table: String,
    /// The column.
    pub name: String,
    /// Its place in the table.
    pub position: i64,
    /// `pg_type.typname`.
    pub type_name: String,
    /// `pg_type.typtype`: `b` base, `e` enum, `d` domain.
    pub type_kind: String,
    /// The length of a `varchar(n)` or `char(n)`.
    pub max_length: Option<i64>,
    /// The digits of a `numeric(precision, scale)`.
    pub precision: Option<i64>,
    /// Those of them after the point.
    pub scale: Option<i64>,
    /// The type as the database writes it: `numeric(9,6)`.
    pub type_text: String,
    /// Whether null is allowed.
    pub is_nullable: bool,
    /// Whether there is a default.
    pub has_default: bool,
    /// The default, or what a generated column is computed from, as the database writes it; `identity` for such a column.
    pub default: Option<String>,
    /// Whether the database computes it.
    pub is_generated: bool,
}

impl Catalog {
    /// A column of a table.
    pub fn column(&self, table: &str, name: &str) -> Option<&CatalogColumn> {
        self.columns.iter().find(|column| column.table == table && column.name == name)
    }
}

impl CatalogTrigger {
    /// Its moment and what makes it fire: `CREATE TRIGGER name BEFORE INSERT OR UPDATE`.
    fn event(&self) -> &str {
        self.definition.split(" ON ").next().unwrap_or_default()
    }

    /// Whether a statement of the kind, `INSERT` or `UPDATE`, makes it fire.
    pub fn fires_on(&self, kind: &str) -> bool {
        self.event().contains(kind)
    }

    /// Whether it fires before the row is written, and may make something else of it.
    pub fn is_before(&self) -> bool {
        self.event().contains(" BEFORE ")
    }

    /// Whether it fires when the row is written.
    pub fn is_after(&self) -> bool {
        self.event().contains(" AFTER ")
    }
}

impl CatalogColumn {
    /// The digits before and after the point of a `numeric(precision, scale)`.
    pub fn digits(&self) -> Option<(i64, i64)> {
        let (precision, scale) = self.precision.zip(self.scale)?;
        Some((precision - scale, scale))
    }

    /// Whether it can hold what a column of an entity has. A mapping may put more into more: what prints as it stands into a text,
    /// and a constant into whatever type takes it, which a session is asked.
    pub fn holds(&self, column: &Column) -> bool {
        if self.takes(column.kind) {
            return true;
        }
        let is_plain =
            matches!(column.kind, Kind::Uuid | Kind::Integer | Kind::Boolean | Kind::Date | Kind::Numeric);
        let is_constant = matches!(column.kind, Kind::Enum(""));
        column.made.is_some() && (is_plain && self.takes(Kind::Text) || is_constant && self.type_kind != "c")
    }

    /// Whether the column's type can hold values of the kind.
    pub fn takes(&self, kind: Kind) -> bool {
        let allowed: &[&str] = match kind {
            Kind::Uuid => &["uuid"],
            Kind::Enum(_) if self.type_kind == "e" => return true,
            Kind::Text | Kind::Enum(_) => &["text", "varchar", "bpchar", "citext"],
            Kind::Integer => &["int8", "int4", "int2", "numeric"],
            Kind::Boolean => &["bool"],
            Kind::Date => &["date"],
            // without a zone it is UTC that stands there
            Kind::Timestamp => &["timestamptz", "timestamp"],
            Kind::Numeric => &["numeric"],
            Kind::Metadata | Kind::Json => &["jsonb"],
        };
        allowed.contains(&self.type_name.as_str())
    }
}

/// A constraint or unique index of a target table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CatalogKey {
    /// The table.
    pub table: String,
    /// The constraint's or index's name.
    pub name: String,
    /// `p` primary, `u` unique, `f` foreign, `c` check, `x` exclusion; `i` a unique index over expressions or over some of
    /// the rows only.
    pub kind: String,
    /// Its columns in order; none for `i`.
    pub columns: Vec<String>,
    /// `schema.table` that a foreign key refers to.
    pub references: Option<String>,
    /// The columns there, in the order of the columns here.
    pub references_columns: Vec<String>,
    /// As the database writes it.
    pub definition: String,
}

impl CatalogKey {
    /// What stands between the values of a key when they are made one text.
    pub const BETWEEN_VALUES: char = '\u{1f}';

    /// Whether it may be checked at the end of a transaction only, so that nobody can merge by it.
    pub fn is_deferrable(&self) -> bool {
        self.definition.contains(" DEFERRABLE")
    }

    /// The columns of the entity that the key is over, where its values can be compared as texts: it is a unique one over
    /// columns of the entity that PostgreSQL prints in one way only. The entity's own identities are not asked about:
    /// every record has its own.
    pub fn compared_by(&self, entity: &Entity) -> Option<Vec<&'static Column>> {
        if self.table != entity.target_table || !matches!(self.kind.as_str(), "p" | "u") {
            return None;
        }
        let columns: Option<Vec<_>> = self.columns.iter().map(|name| entity.column(name)).collect();
        columns.filter(|columns| {
            let is_text = |column: &&&Column| !matches!(column.kind, Kind::Numeric | Kind::Metadata);
            let is_identity = |column: &&Column| matches!(column.name, "id" | "legacy_id");
            !columns.is_empty()
                && columns.iter().filter(is_text).count() == columns.len()
                && !columns.iter().any(is_identity)
        })
    }
}

/// A row that the target already held.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ExistingRow {
    /// Its id, which it keeps.
    pub target_id: String,
    /// The legacy record it stands for; null for rows that are not of this migration.
    pub legacy_id: Option<i64>,
    /// Where it was found: `column`, `metadata`, `migration_mappings`.
    pub legacy_id_from: Option<String>,
    /// A profile's address, which nobody else may get.
    pub email: Option<String>,
    /// SHA-256 of the whole row as the database prints it, in lower-case hexadecimal digits.
    pub digest: String,
    /// The legacy id that its metadata say, where it is another one.
    pub said_legacy_id: Option<String>,
    /// What it says of itself, in the order of [`SAID`]; nothing of a row that a load of this migration wrote.
    pub said: [Option<String>; SAID.len()],
}

/// The columns by which a row of the target can be told to be somebody's.
pub const SAID: [&str; 5] = ["first_name", "last_name", "date_of_birth", "name", "city"];
