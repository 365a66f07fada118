//! Records whose id was somebody else's in the snapshot before: each is a question until a person says whether it is the same one.

use std::collections::BTreeMap;

use crate::entity::Entity;
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::file::open::Staging;
use crate::staging::{now, quoted};

/// Such a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherRecord {
    /// When that was noted.
    pub noted_at: String,
    /// The row of the target that the record had until then.
    pub was_id: Option<String>,
}

/// A row of the target that stands for a record, or stands for it no longer because the record is somebody else's.
pub type Released = (LegacyId, String);

impl Staging {
    /// Notes records whose id was another person's, or another place's, until now; and the patients of users of whom that is so,
    /// because their rows have what was entered about those users.
    pub fn note_other_records(&mut self, entity: &Entity, ids: &[i64]) -> Result<()> {
        let moment = now();
        let ready = quoted(&entity.ready_table());
        let has_patients = entity.name == "profiles";
        self.transaction(|connection| {
            const NOTE: &str = "on conflict (entity, legacy_id) do update set noted_at = excluded.noted_at, \
                                was_id = coalesce(excluded.was_id, other_records.was_id)";
            let mut note = connection.prepare(&format!(
                "insert into other_records (entity, legacy_id, noted_at, was_id) \
                 values (?1, ?2, ?3, coalesce((select y.id from {ready} y where y.legacy_id = ?2), \
                     (select t.target_id from target_rows t where t.entity = ?1 and t.legacy_id = ?2))) {NOTE}"
            ))?;
            let mut of_patients = connection.prepare(&format!(
                "insert into other_records (entity, legacy_id, noted_at, was_id) \
                 select 'patients', y.legacy_id, ?2, y.id from ready_patients y join ready_profiles f on f.id = y.user_id \
                 where f.legacy_id = ?1 {NOTE}"
            ))?;
            for id in ids {
                note.execute((entity.name, id, &moment))?;
                if has_patients {
                    of_patients.execute((id, &moment))?;
                }
            }
            Ok(())
        })
    }

    /// The records whose id was somebody else's.
    pub fn other_records(&self) -> Result<BTreeMap<(String, LegacyId), OtherRecord>> {
        let mut statement =
            self.connection.prepare("select entity, legacy_id, noted_at, was_id from other_records")?;
        let rows = statement.query_map([], |row| {
            let other = OtherRecord { noted_at: row.get(2)?, was_id: row.get(3)? };
            Ok(((row.get(0)?, LegacyId(row.get(1)?)), other))
        })?;
        Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
    }

    /// The records of which a decision says which row of the target they are, each with that row's id.
    pub fn decided_rows(&self, entity: &Entity) -> Result<Vec<Released>> {
        let sql = format!(
            "select y.legacy_id, y.id from decisions d join {} y on y.legacy_id = d.legacy_id and y.id = lower(d.value) \
             where d.entity = ? and d.question = 'id' and d.action = 'set' and d.superseded_by is null order by 1",
            quoted(&entity.ready_table())
        );
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([entity.name], |row| Ok((LegacyId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
    }

    /// The rows of the target that no longer stand for a record of the entity, because it is somebody else's and gets a row of its
    /// own.
    pub fn released(&self, entity: &Entity) -> Result<Vec<Released>> {
        let sql = format!(
            "select o.legacy_id, o.was_id from other_records o join {} y on y.legacy_id = o.legacy_id \
             where o.entity = ? and y.id <> o.was_id order by 1",
            quoted(&entity.ready_table())
        );
        let mut statement = self.connection.prepare(&sql)?;
        let rows = statement.query_map([entity.name], |row| Ok((LegacyId(row.get(0)?), row.get(1)?)))?;
        Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
    }
}
