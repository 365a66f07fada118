//! What a target database says about the tables that the entities are loaded into: the survey brings it home, the
//! staging file keeps it, the rules and the preflight read it.

use std::collections::BTreeMap;

use super::Kind;

/// The part of the target's catalog that concerns the tables to be written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Catalog {
    /// Every column of those tables.
    pub columns: Vec<CatalogColumn>,
    /// The labels of the enum types that they use, in order.
    pub enums: BTreeMap<String, Vec<String>>,
    /// Their keys and constraints.
    pub keys: Vec<CatalogKey>,
}

/// A column of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
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
    /// The digits before and after the point of a `numeric(p, s)`.
    pub digits: Option<(i64, i64)>,
    /// Whether null is allowed.
    pub is_nullable: bool,
    /// Whether there is a default.
    pub has_default: bool,
    /// Whether the database computes it.
    pub is_generated: bool,
}

impl CatalogColumn {
    /// Whether the column's type can hold values of the kind.
    pub fn takes(&self, kind: Kind) -> bool {
        let allowed: &[&str] = match kind {
            Kind::Uuid => &["uuid"],
            Kind::Text => &["text", "varchar", "bpchar", "citext"],
            Kind::Integer => &["int8", "int4", "int2", "numeric"],
            Kind::Boolean => &["bool"],
            Kind::Date => &["date"],
            Kind::Timestamp => &["timestamptz"],
            Kind::Numeric => &["numeric"],
            Kind::Metadata => &["jsonb"],
            Kind::Enum(_) if self.type_kind == "e" => return true,
            Kind::Enum(_) => &["text", "varchar"],
        };
        allowed.contains(&self.type_name.as_str())
    }
}

/// A constraint or unique index of a target table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogKey {
    /// The table.
    pub table: String,
    /// The constraint's or index's name.
    pub name: String,
    /// `p` primary, `u` unique, `f` foreign, `c` check.
    pub kind: String,
    /// Its columns in order; empty where it is over expressions.
    pub columns: Vec<String>,
    /// `schema.table` that a foreign key refers to.
    pub references: Option<String>,
    /// As the database writes it.
    pub definition: String,
}

/// A row that the target already held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExistingRow {
    /// Its id, which it keeps.
    pub target_id: String,
    /// The legacy record it stands for; null for rows that are not of this migration.
    pub legacy_id: Option<i64>,
    /// A profile's address, which nobody else may get.
    pub email: Option<String>,
}
