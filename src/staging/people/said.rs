//! What a record said when a person decided about it, as a digest: a decision whose record says something else since is asked
//! again. Moments do not count: people sign in every day.

use sha2::{Digest, Sha256};

use crate::columns::{Reads, in_one_spelling};
use crate::entity::{self, Entity, Holds, LegacyTable, Raw};
use crate::error::Result;
use crate::record::{ItemId, LegacyId, hex};
use crate::staging::file::open::Staging;

impl Staging {
    /// The digest of what the record asked about says, with the row that it is read with and, of a pair, with the other record;
    /// '' where the snapshot has no such record. However a program spells a value, the digest is the same.
    pub fn said(&self, item: &ItemId) -> Result<String> {
        let Some(entity) = entity::find(&item.entity) else { return Ok(String::new()) };
        let mut hash = Sha256::new();
        let other = item.question.strip_prefix("duplicate_of_").and_then(|id| id.parse().ok()).map(LegacyId);
        for id in std::iter::once(item.legacy_id).chain(other) {
            if !self.add_record(&mut hash, entity, id)? {
                return Ok(String::new());
            }
        }
        Ok(hex(&hash.finalize()))
    }

    /// Whether there is such a record.
    fn add_record(&self, hash: &mut Sha256, entity: &Entity, id: LegacyId) -> Result<bool> {
        let own = self.legacy_rows_by_id(entity.legacy, std::iter::once(id))?;
        let Some(own) = own.get(id) else { return Ok(false) };
        add_row(hash, entity.legacy, own);
        if let Some((table, by)) = entity.named() {
            let place = entity.legacy.fields().position(|(name, _)| name == by);
            let key = place.and_then(|place| own.fields[place].as_deref()).and_then(LegacyId::of_key);
            let named = self.legacy_rows_by_id(table, key.into_iter())?;
            key.and_then(|key| named.get(key)).into_iter().for_each(|row| add_row(hash, table, row));
        }
        Ok(true)
    }
}

fn add_row(hash: &mut Sha256, table: &LegacyTable, row: &Raw) {
    for ((name, holds), value) in table.fields().zip(&row.fields) {
        if holds == Holds::Moment {
            continue;
        }
        let value = in_one_spelling(Reads::of(holds), value.as_deref());
        // a column that an export left out says nothing
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            hash.update(name);
            hash.update(value.len().to_le_bytes());
            hash.update(value.as_bytes());
        }
    }
}
