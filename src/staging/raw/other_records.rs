//! Records whose id was somebody else's in the snapshot before: kept until a person says that it is the same one.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::file::open::Staging;
use crate::staging::now;

impl Staging {
    /// Notes records whose id was another person's, or another place's, until now.
    pub fn note_other_records(&mut self, entity: &str, ids: &[i64]) -> Result<()> {
        let moment = now();
        self.transaction(|connection| {
            let mut note = connection.prepare(
                "insert into other_records (entity, legacy_id, noted_at) values (?, ?, ?) \
                 on conflict (entity, legacy_id) do update set noted_at = excluded.noted_at",
            )?;
            for id in ids {
                note.execute((entity, id, &moment))?;
            }
            Ok(())
        })
    }

    /// The records whose id was somebody else's, each with the moment at which that was noted.
    pub fn other_records(&self) -> Result<BTreeMap<(String, LegacyId), String>> {
        let mut statement =
            self.connection.prepare("select entity, legacy_id, noted_at from other_records")?;
        let rows = statement.query_map([], |row| Ok(((row.get(0)?, LegacyId(row.get(1)?)), row.get(2)?)))?;
        Ok(rows.collect::<Result<_, rusqlite::Error>>()?)
    }
}
