//! Rows that the journal speaks of one by one: decisions, approvals, overrides, receipts, checkpoints. The entry says which
//! row it is and commits to the rest of it.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use serde_json::{Map, Value};

use crate::error::Result;
use crate::staging::file::journal::{append, commitment, committed};
use crate::staging::file::open::Staging;

/// A table whose rows have an entry each.
#[derive(Debug)]
pub struct Journalled {
    /// The kind of the entries.
    pub kind: &'static str,
    /// The table.
    pub table: &'static str,
    /// The column that numbers its rows.
    pub id: &'static str,
    /// What the entry says openly: never a value of a record, never a name.
    shown: &'static [&'static str],
    /// What it commits to: everything that never changes afterwards.
    fixed: &'static [&'static str],
    /// Whether `transform` drops the rows and starts anew.
    pub is_cleared: bool,
}

/// Decisions of people.
pub(in crate::staging) const DECISIONS: Journalled = Journalled {
    kind: "decision",
    table: "decisions",
    id: "decision_id",
    shown: &["entity", "action"],
    fixed: &[
        "decision_id",
        "entity",
        "legacy_id",
        "question",
        "action",
        "value",
        "refers_to",
        "reason",
        "decided_by",
        "decided_at",
        "run_id",
        "said",
    ],
    is_cleared: false,
};

/// Approvals of gates.
pub(in crate::staging) const APPROVALS: Journalled = Journalled {
    kind: "approval",
    table: "gate_approvals",
    id: "approval_id",
    shown: &["gate"],
    fixed: &["approval_id", "gate", "approved_by", "approved_at", "subject", "note"],
    is_cleared: false,
};

/// Gates that were passed over.
pub(in crate::staging) const OVERRIDES: Journalled = Journalled {
    kind: "override",
    table: "gate_overrides",
    id: "override_id",
    shown: &["gate"],
    fixed: &["override_id", "gate", "reason", "missing", "run_id", "overridden_at"],
    is_cleared: false,
};

/// Committed transactions of loads.
pub(in crate::staging) const RECEIPTS: Journalled = Journalled {
    kind: "load",
    table: "receipts",
    id: "receipt_id",
    shown: &["phase", "entity", "rows", "inserted", "updated", "unchanged"],
    fixed: &[
        "receipt_id",
        "run_id",
        "number",
        "phase",
        "entity",
        "first_legacy_id",
        "last_legacy_id",
        "rows",
        "inserted",
        "updated",
        "unchanged",
        "digest",
        "loaded_at",
    ],
    is_cleared: true,
};

/// Checkpoints.
pub(in crate::staging) const CHECKPOINTS: Journalled = Journalled {
    kind: "checkpoint",
    table: "checkpoints",
    id: "checkpoint_id",
    shown: &["checkpoint"],
    fixed: &["checkpoint_id", "checkpoint", "run_id", "folder", "rollback", "taken_at"],
    is_cleared: false,
};

/// Every such table.
pub const JOURNALLED: [&Journalled; 5] = [&DECISIONS, &APPROVALS, &OVERRIDES, &RECEIPTS, &CHECKPOINTS];

/// Adds the entry of a row, in the transaction that wrote the row.
pub(in crate::staging) fn note_row(
    connection: &Connection,
    run: Option<i64>,
    of: &Journalled,
    id: i64,
) -> Result<()> {
    let row = fixed_row(connection, of, id)?;
    let commitment = committed(connection, &Value::Object(row.clone()))?;
    append(connection, run, of.kind, &content(of, &row, Some(commitment)))
}

fn content(of: &Journalled, row: &Map<String, Value>, commitment: Option<String>) -> Value {
    let mut content = Map::new();
    for name in of.shown.iter().chain([&of.id]) {
        content.insert((*name).to_owned(), row.get(*name).cloned().unwrap_or_default());
    }
    if let Some(commitment) = commitment {
        content.insert("commitment".to_owned(), commitment.into());
    }
    Value::Object(content)
}

fn fixed_row(connection: &Connection, of: &Journalled, id: i64) -> Result<Map<String, Value>> {
    let sql = format!("select {} from {} where {} = ?", of.fixed.join(", "), of.table, of.id);
    let row = connection.prepare_cached(&sql)?.query_row([id], |row| {
        let mut values = Map::new();
        for (column, name) in of.fixed.iter().enumerate() {
            values.insert((*name).to_owned(), as_json(row.get_ref(column)?));
        }
        Ok(values)
    })?;
    Ok(row)
}

fn as_json(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Null => Value::Null,
        ValueRef::Integer(number) => number.into(),
        ValueRef::Real(number) => number.into(),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => String::from_utf8_lossy(bytes).into(),
    }
}

impl Staging {
    /// What the journal ought to say of each row of the table, in the order of its numbers; without the commitments where
    /// the file has no key for them.
    pub fn journalled_rows(&self, of: &Journalled, key: Option<&str>) -> Result<Vec<Value>> {
        let mut statement =
            self.connection.prepare(&format!("select {0} from {1} order by {0}", of.id, of.table))?;
        let ids: Vec<i64> =
            statement.query_map([], |row| row.get(0))?.collect::<Result<_, rusqlite::Error>>()?;
        ids.into_iter()
            .map(|id| {
                let row = fixed_row(&self.connection, of, id)?;
                let commitment = key.map(|key| commitment(key, &Value::Object(row.clone())));
                Ok(content(of, &row, commitment))
            })
            .collect()
    }
}
