//! The journal: what was done to the file, as a chain of entries of which each holds the hash of the one before. It is only
//! ever added to; triggers refuse anything else, and [`broken_at`] finds what went past them.
//!
//! An entry holds no value of a record and no person's name: where a row holds one (a decision's value and reason, who
//! approved), the entry has a commitment to the row, HMAC-SHA256 under a key that is in the file. So the same chain can be
//! shipped in a redacted copy, and whoever has the file itself can still prove every row.

use std::collections::BTreeMap;

use hmac::{Hmac, KeyInit, Mac};
use rusqlite::{Connection, OptionalExtension, Row};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::error::{Error, Result};
use crate::record::hex;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::now;

/// What stands for the hash before the first entry.
const NO_HASH: &str = "0000000000000000000000000000000000000000000000000000000000000000";

/// The fact that holds the key of the commitments.
pub(in crate::staging) const KEY_FACT: &str = "journal_key";

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// 1, 2, 3 …
    pub sequence: i64,
    /// When, in UTC.
    pub at: String,
    /// What kind of thing happened.
    pub kind: String,
    /// The command that it belongs to.
    pub run_id: Option<i64>,
    /// Canonical JSON.
    pub content: String,
    /// The hash of the entry before.
    pub previous_hash: String,
    /// The hash of this one.
    pub hash: String,
}

/// The end of the chain: what a later file must still go through.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Head {
    /// How many entries there are.
    pub entries: u64,
    /// The hash of the last one.
    pub head: String,
}

impl Entry {
    /// The hash that the entry ought to have.
    pub fn computed_hash(&self) -> String {
        let run = self.run_id.map(|run| run.to_string()).unwrap_or_default();
        hex(&Sha256::digest(format!(
            "drydock journal 1\n{}\n{}\n{}\n{run}\n{}\n{}",
            self.sequence, self.at, self.kind, self.previous_hash, self.content
        )))
    }

    /// The content, parsed.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_str(&self.content).ok()
    }

    /// Whether the entry is written in the one way in which it may be written.
    fn is_canonical(&self) -> bool {
        let plain = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        plain(&self.at)
            && plain(&self.kind)
            && self.value().is_some_and(|value| canonical(&value) == self.content)
    }
}

/// The place of the first entry that is not what the one before it says, or not what its own hash says.
pub fn broken_at(entries: &[Entry]) -> Option<i64> {
    let mut previous = NO_HASH;
    for (number, entry) in (1..).zip(entries) {
        let holds = entry.sequence == number
            && entry.previous_hash == previous
            && entry.hash == entry.computed_hash()
            && entry.is_canonical();
        if !holds {
            return Some(number);
        }
        previous = &entry.hash;
    }
    None
}

/// JSON without spaces, the keys of objects in order.
pub fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(object) => {
                let ordered: BTreeMap<_, _> = object.iter().collect();
                Value::Object(ordered.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
            }
            Value::Array(values) => values.iter().map(sorted).collect(),
            other => other.clone(),
        }
    }
    sorted(value).to_string()
}

/// 32 bytes that nothing can be derived from, in hexadecimal.
pub fn random_key() -> Result<String> {
    let mut key = [0; 32];
    getrandom::fill(&mut key)
        .map_err(|_| Error::internal("the operating system hands out no random bytes"))?;
    Ok(hex(&key))
}

/// A commitment to a row: the same row and key give the same one, and without the key it says nothing.
pub fn commitment(key: &str, row: &Value) -> String {
    keyed(key, canonical(row).as_bytes())
}

/// HMAC-SHA256, in hexadecimal.
pub fn keyed(key: &str, bytes: &[u8]) -> String {
    let mut mac = new_mac(key);
    mac.update(bytes);
    hex(&mac.finalize().into_bytes())
}

fn new_mac(key: &str) -> Hmac<Sha256> {
    match Hmac::<Sha256>::new_from_slice(key.as_bytes()) {
        Ok(mac) => mac,
        Err(_) => unreachable!("HMAC takes a key of any length"),
    }
}

impl Staging {
    /// Adds an entry of the present command.
    pub(in crate::staging) fn note(&self, kind: &str, content: &Value) -> Result<()> {
        append(&self.connection, self.run, kind, content)
    }

    /// Notes that somebody was shown values of records. Of which record is a commitment: whoever has the file can try its ids
    /// out, and a redacted copy tells none.
    pub fn note_look(&mut self, verb: &str, subject: &Value) -> Result<()> {
        self.settle_identity()?;
        self.transaction(|connection| {
            let mut subject = subject.clone();
            if let Some(said) = subject.as_object_mut()
                && let Some(id) = said.remove("legacy_id")
            {
                let record =
                    committed(connection, &json!({ "entity": said.get("entity"), "legacy_id": id }))?;
                said.insert("record".to_owned(), record.into());
            }
            append(
                connection,
                None,
                "looked",
                &json!({ "verb": verb, "subject": subject, "tool_version": VERSION }),
            )
        })
    }

    /// The end of the chain.
    pub fn head(&self) -> Result<Head> {
        head(&self.connection)
    }

    /// Whether the chain has this entry with this hash.
    pub fn goes_through(&self, sequence: i64, hash: &str) -> Result<bool> {
        let sql = "select exists (select 1 from journal where sequence = ? and hash = ?)";
        Ok(self.connection.query_row(sql, (sequence, hash), |row| row.get(0))?)
    }

    /// Every entry, in order.
    pub fn journal(&self) -> Result<Vec<Entry>> {
        let mut statement = self.connection.prepare(
            "select sequence, at, kind, run_id, content, previous_hash, hash from journal order by sequence",
        )?;
        let entries = statement.query_map([], entry)?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(entries)
    }
}

impl Reader {
    /// The end of the chain.
    pub fn head(&self) -> Result<Head> {
        head(&self.connection)
    }
}

pub(in crate::staging) const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Adds an entry; in the transaction that its subject is written in, where there is one.
pub(in crate::staging) fn append(
    connection: &Connection,
    run: Option<i64>,
    kind: &str,
    content: &Value,
) -> Result<()> {
    append_at(connection, run, kind, content, &now())
}

/// The same at a given moment.
pub(in crate::staging) fn append_at(
    connection: &Connection,
    run_id: Option<i64>,
    kind: &str,
    content: &Value,
    at: &str,
) -> Result<()> {
    let last: Option<(i64, String)> = connection
        .prepare_cached("select sequence, hash from journal order by sequence desc limit 1")?
        .query_row([], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (sequence, previous_hash) = last.unwrap_or_else(|| (0, NO_HASH.to_owned()));
    let mut entry = Entry {
        sequence: sequence + 1,
        at: at.to_owned(),
        kind: kind.to_owned(),
        run_id,
        content: canonical(content),
        previous_hash,
        hash: String::new(),
    };
    entry.hash = entry.computed_hash();
    connection
        .prepare_cached(
            "insert into journal (sequence, at, kind, run_id, content, previous_hash, hash) \
             values (?, ?, ?, ?, ?, ?, ?)",
        )?
        .execute((
            entry.sequence,
            entry.at,
            entry.kind,
            entry.run_id,
            entry.content,
            entry.previous_hash,
            entry.hash,
        ))?;
    Ok(())
}

/// A commitment under the file's own key.
pub(in crate::staging) fn committed(connection: &Connection, row: &Value) -> Result<String> {
    let key: String = connection
        .prepare_cached("select value from facts where name = ?")?
        .query_row([KEY_FACT], |row| row.get(0))?;
    Ok(commitment(&key, row))
}

fn head(connection: &Connection) -> Result<Head> {
    let entries = connection.query_row("select count(*) from journal", [], |row| row.get(0))?;
    let head = connection
        .query_row("select hash from journal order by sequence desc limit 1", [], |row| row.get(0))
        .optional()?;
    Ok(Head { entries, head: head.unwrap_or_else(|| NO_HASH.to_owned()) })
}

fn entry(row: &Row<'_>) -> rusqlite::Result<Entry> {
    Ok(Entry {
        sequence: row.get(0)?,
        at: row.get(1)?,
        kind: row.get(2)?,
        run_id: row.get(3)?,
        content: row.get(4)?,
        previous_hash: row.get(5)?,
        hash: row.get(6)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chain() -> Vec<Entry> {
        let mut previous_hash = NO_HASH.to_owned();
        let mut entries = Vec::new();
        for sequence in 1..=4 {
            let mut entry = Entry {
                sequence,
                at: "2026-01-02T03:04:05Z".to_owned(),
                kind: "step".to_owned(),
                run_id: (sequence > 1).then_some(1),
                content: canonical(&json!({ "step": sequence, "after": [sequence - 1] })),
                previous_hash,
                hash: String::new(),
            };
            entry.hash = entry.computed_hash();
            previous_hash = entry.hash.clone();
            entries.push(entry);
        }
        entries
    }

    #[test]
    fn a_chain_that_was_touched_is_broken_where_it_was() {
        assert_eq!(broken_at(&chain()), None);
        let touched = |touch: fn(&mut Vec<Entry>)| {
            let mut entries = chain();
            touch(&mut entries);
            broken_at(&entries)
        };
        assert_eq!(touched(|entries| entries[1].content.push(' ')), Some(2));
        assert_eq!(touched(|entries| entries[1].at.replace_range(0..1, "3")), Some(2));
        assert_eq!(touched(|entries| entries[1].run_id = None), Some(2));
        assert_eq!(touched(|entries| drop(entries.remove(2))), Some(3));
        assert_eq!(touched(|entries| entries.swap(1, 2)), Some(2));
        assert_eq!(touched(|entries| drop(entries.remove(0))), Some(1));
        // one entry written anew, as far as its own hash goes
        assert_eq!(
            touched(|entries| {
                entries[1].content = "{}".to_owned();
                entries[1].hash = entries[1].computed_hash();
            }),
            Some(3)
        );
        // a cut tail is a chain; only a head that somebody kept tells
        assert_eq!(touched(|entries| drop(entries.pop())), None);
    }

    #[test]
    fn there_is_one_way_to_write_an_entry() {
        assert_eq!(
            canonical(&json!({ "b": { "d": 1, "c": [2, null] }, "a": "x" })),
            r#"{"a":"x","b":{"c":[2,null],"d":1}}"#
        );
        let mut entries = chain();
        entries[3].content = "{\"step\": 4, \"after\": [3]}".to_owned();
        entries[3].hash = entries[3].computed_hash();
        assert_eq!(broken_at(&entries), Some(4));
    }

    #[test]
    fn a_commitment_needs_its_key() {
        let row = json!({ "value": "12" });
        assert_eq!(commitment("k", &row), commitment("k", &row));
        assert_ne!(commitment("k", &row), commitment("l", &row));
        assert_ne!(commitment("k", &row), commitment("k", &json!({ "value": "13" })));
    }
}
