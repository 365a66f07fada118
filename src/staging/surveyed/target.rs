//! What the survey saw in the target: its catalog and the rows that are already there.

use std::collections::HashSet;

use rusqlite::OptionalExtension;

use crate::clean::is_stand_in;
use crate::entity::Entity;
use crate::entity::catalog::{Catalog, CatalogKey, ExistingRow};
use crate::error::Result;
use crate::record::{LegacyId, TargetId};
use crate::staging::file::open::Staging;
use crate::staging::quoted;
use crate::staging::surveyed::catalog::{read_catalog, write_catalog};

/// A row of the target that may stand for a legacy record, by what both say of themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Match {
    /// The record.
    pub legacy_id: LegacyId,
    /// The row.
    pub target_id: String,
    /// `high`, `medium` or `low`.
    pub confidence_level: &'static str,
    /// The fields in which both agree.
    pub evidence: String,
    /// Why a person has to decide; `None` when the row counts as the record's.
    pub review: Option<&'static str>,
}

impl Staging {
    /// Replaces what an earlier survey saw. `rows` hands over each entity's existing rows.
    pub fn replace_survey(
        &mut self,
        catalog: &Catalog,
        rows: impl FnOnce(&mut dyn FnMut(&Entity, &ExistingRow) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch(
                "delete from target_columns; delete from target_enums; delete from target_keys; \
                 delete from target_tables; delete from target_triggers; delete from target_rows; \
                 delete from target_matches",
            )?;
            write_catalog(connection, catalog)?;
            let mut insert = connection.prepare(
                "insert into target_rows (entity, target_id, legacy_id, legacy_id_from, email, digest, \
                 said_legacy_id, first_name, last_name, date_of_birth, name, city) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            rows(&mut |entity, row| {
                let [first_name, last_name, date_of_birth, name, city] = &row.said;
                insert.execute((
                    entity.name,
                    &row.target_id,
                    row.legacy_id,
                    &row.legacy_id_from,
                    &row.email,
                    &row.digest,
                    &row.said_legacy_id,
                    first_name,
                    last_name,
                    date_of_birth,
                    name,
                    city,
                ))?;
                Ok(())
            })
        })
    }

    /// Replaces what existing rows hold under unique keys. `values` hands over table, key, row and digest.
    pub fn replace_unique_values(
        &mut self,
        values: impl FnOnce(&mut dyn FnMut(&CatalogKey, &str, &str) -> Result<()>) -> Result<()>,
    ) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch("delete from target_unique_values")?;
            let mut insert = connection.prepare(
                "insert or ignore into target_unique_values (table_name, key_name, digest, target_id) \
                 values (?, ?, ?, ?)",
            )?;
            values(&mut |key, target_id, digest| {
                insert.execute((&key.table, &key.name, digest, target_id))?;
                Ok(())
            })
        })
    }

    /// The surveyed catalog.
    pub fn catalog(&self) -> Result<Catalog> {
        read_catalog(&self.connection)
    }

    /// The existing rows of the entity that stand for a legacy record, in legacy id order, each with its id.
    pub fn for_existing_ids(
        &self,
        entity: &Entity,
        mut each: impl FnMut(LegacyId, &str) -> Result<()>,
    ) -> Result<()> {
        let mut statement = self.connection.prepare_cached(
            "select legacy_id, target_id from target_rows where entity = ? and legacy_id is not null \
             order by legacy_id, target_id",
        )?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            let target_id: String = row.get(1)?;
            each(LegacyId(row.get(0)?), &target_id)?;
        }
        Ok(())
    }

    /// The rows that may stand for records of the entity and wait for a person, in legacy id order: each with its id, and in
    /// what the two agree.
    pub fn for_uncertain_rows(
        &self,
        entity: &Entity,
        mut each: impl FnMut(LegacyId, &str, &str),
    ) -> Result<()> {
        let mut statement = self.connection.prepare(
            "select legacy_id, target_id, confidence_level || ' by ' || evidence || ', ' || reason from target_matches \
             where entity = ? and is_applied = 0 order by legacy_id, target_id",
        )?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            let (target_id, likeness): (String, String) = (row.get(1)?, row.get(2)?);
            each(LegacyId(row.get(0)?), &target_id, &likeness);
        }
        Ok(())
    }

    /// The rows of the entity that stand for no legacy record: each with its id, its address, first name, last name and birthdate.
    pub fn for_unknown_rows(
        &self,
        entity: &Entity,
        mut each: impl FnMut(&str, [Option<&str>; 4]),
    ) -> Result<()> {
        let mut statement = self.connection.prepare(
            "select target_id, email, first_name, last_name, date_of_birth from target_rows \
             where entity = ? and legacy_id is null order by target_id",
        )?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            let said: [Option<String>; 4] = [row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?];
            each(&row.get::<_, String>(0)?, [0, 1, 2, 3].map(|at: usize| said[at].as_deref()));
        }
        Ok(())
    }

    /// The addresses of the entity's rows that stand for a legacy record, in legacy id order.
    pub fn for_standing_addresses(
        &self,
        entity: &Entity,
        mut each: impl FnMut(LegacyId, &str),
    ) -> Result<()> {
        let mut statement = self.connection.prepare(
            "select legacy_id, email from target_rows where entity = ? and legacy_id is not null and email <> '' \
             group by legacy_id having count(*) = 1 order by legacy_id",
        )?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            each(LegacyId(row.get(0)?), &row.get::<_, String>(1)?);
        }
        Ok(())
    }

    /// The ready records of the entity that have a stand-in for an address, or none, and whose row had no better one when the target
    /// was surveyed, in legacy id order.
    pub fn for_stand_ins(&self, entity: &Entity, mut each: impl FnMut(LegacyId)) -> Result<()> {
        // left to itself SQLite reads all rows of the entity for each record: the square of their number
        let mut statement = self.connection.prepare(&format!(
            "select y.legacy_id, y.email, t.email from {} y \
             left join target_rows t indexed by target_rows_legacy_id on t.entity = ? and t.legacy_id = y.legacy_id order by y.legacy_id",
            quoted(&entity.ready_table())
        ))?;
        let mut rows = statement.query([entity.name])?;
        let mut last = None;
        while let Some(row) = rows.next()? {
            let legacy_id = LegacyId(row.get(0)?);
            let (meant, stood): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
            let are_none = [meant, stood].iter().flatten().all(|address| is_stand_in(address));
            // several rows may stand for one record
            if are_none && last != Some(legacy_id) {
                last = Some(legacy_id);
                each(legacy_id);
            }
        }
        Ok(())
    }

    /// Forgets what rows of the entities may stand for.
    pub fn forget_matches(&mut self, entities: &[&Entity]) -> Result<()> {
        self.transaction(|connection| {
            for entity in entities {
                connection.execute("delete from target_matches where entity = ?", [entity.name])?;
            }
            Ok(())
        })
    }

    /// Which record a row that the survey saw stands for, if any; nothing for a row that it did not see.
    pub fn existing_row(&self, entity: &Entity, target_id: &str) -> Result<Option<Option<LegacyId>>> {
        let found = self
            .connection
            .prepare_cached("select legacy_id from target_rows where entity = ? and target_id = ?")?
            .query_row((entity.name, target_id), |row| Ok(row.get::<_, Option<i64>>(0)?.map(LegacyId)))
            .optional()?;
        Ok(found)
    }

    /// The existing rows without a legacy id in their column that a ready record is meant to become, in legacy id order,
    /// each with its id.
    pub fn for_claims(&self, entity: &Entity, mut each: impl FnMut(LegacyId, &str)) -> Result<()> {
        let mut statement = self.connection.prepare(&format!(
            "select r.legacy_id, t.target_id from target_rows t join {} r on r.id = t.target_id \
             where t.entity = ? and t.legacy_id_from is not 'column' order by r.legacy_id",
            quoted(&entity.ready_table())
        ))?;
        let mut rows = statement.query([entity.name])?;
        while let Some(row) = rows.next()? {
            let target_id: String = row.get(1)?;
            each(LegacyId(row.get(0)?), &target_id);
        }
        Ok(())
    }

    /// How many rows of the entity the survey saw, and how many of them stand for no legacy record.
    pub fn count_nobody(&self, entity: &Entity) -> Result<(u64, u64)> {
        let sql = "select count(*), coalesce(sum(legacy_id is null), 0) from target_rows where entity = ?";
        Ok(self.connection.query_row(sql, [entity.name], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }

    /// Knows rows again that say no legacy id and whose id is the one that a record of the snapshot gets: they are the record's
    /// own, made by somebody who was told the id. Returns how many.
    pub fn recognise_own_ids(&mut self, entity: &Entity) -> Result<u64> {
        // mostly every row is somebody's, and nobody has to go through all records
        if self.count_nobody(entity)?.1 == 0 {
            return Ok(0);
        }
        let (rows, records) = self.unmapped(entity)?;
        let own: Vec<(LegacyId, String)> = records
            .into_iter()
            .map(|legacy_id| (legacy_id, TargetId::derived(entity.name, legacy_id).to_string()))
            .filter(|(_, id)| rows.contains(id))
            .collect();
        self.transaction(|connection| {
            let mut update = connection.prepare(
                "update target_rows set legacy_id = ?, legacy_id_from = 'id' where entity = ? and target_id = ?",
            )?;
            for (legacy_id, id) in &own {
                update.execute((legacy_id.0, entity.name, id))?;
            }
            Ok(own.len() as u64)
        })
    }

    /// The addresses of rows that this migration will not write: rows of others, and rows whose legacy record is not in
    /// the snapshot, unless a load is to remove them. Each with the row's id.
    pub fn for_foreign_emails(&self, mut each: impl FnMut(&str, TargetId) -> Result<()>) -> Result<()> {
        let mut statement = self.connection.prepare(
            "select t.email, t.target_id from target_rows t \
             where t.entity = 'profiles' and t.email is not null and not exists ( \
                 select 1 from legacy_auth_user u where u.legacy_id = t.legacy_id) \
             order by t.target_id",
        )?;
        let going = self.rows_to_go()?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let (email, target_id): (String, String) = (row.get(0)?, row.get(1)?);
            if going.contains(&target_id) {
                continue;
            }
            if let Ok(target_id) = target_id.parse() {
                each(&email, target_id)?;
            }
        }
        Ok(())
    }

    /// The entity's rows that stand for no legacy record, and the legacy records that no row stands for.
    pub fn unmapped(&self, entity: &Entity) -> Result<(HashSet<String>, HashSet<LegacyId>)> {
        let rows = self
            .connection
            .prepare("select target_id from target_rows where entity = ? and legacy_id is null")?
            .query_map([entity.name], |row| row.get(0))?
            .collect::<Result<_, rusqlite::Error>>()?;
        let records = self
            .connection
            .prepare(&format!(
                "select l.legacy_id from {} l where not exists ( \
                     select 1 from target_rows t where t.entity = ? and t.legacy_id = l.legacy_id)",
                quoted(&format!("legacy_{}", entity.legacy.name))
            ))?
            .query_map([entity.name], |row| row.get(0).map(LegacyId))?
            .collect::<Result<_, rusqlite::Error>>()?;
        Ok((rows, records))
    }

    /// The legacy records that no row stands for, or only one with the id that this migration gives: a load made it.
    pub fn without_a_row_of_before(&self, entity: &Entity) -> Result<HashSet<LegacyId>> {
        let mut records = self.unmapped(entity)?.1;
        self.for_existing_ids(entity, |legacy_id, target_id| {
            if target_id == TargetId::derived(entity.name, legacy_id).to_string() {
                records.insert(legacy_id);
            }
            Ok(())
        })?;
        Ok(records)
    }

    /// Whether a row that the survey saw stands for the record.
    pub fn has_row(&self, entity: &Entity, legacy_id: LegacyId) -> Result<bool> {
        let sql = "select exists (select 1 from target_rows where entity = ? and legacy_id = ?)";
        Ok(self.connection.query_row(sql, (entity.name, legacy_id.0), |row| row.get(0))?)
    }

    /// Keeps what rows may stand for by what they say of themselves; those that are applied count as mapped.
    pub fn record_matches(&mut self, entity: &Entity, matches: &[Match]) -> Result<()> {
        self.transaction(|connection| {
            let mut insert = connection.prepare(
                "insert into target_matches (entity, legacy_id, target_id, confidence_level, evidence, is_applied, \
                 reason) values (?, ?, ?, ?, ?, ?, ?)",
            )?;
            let mut apply = connection.prepare(
                "update target_rows set legacy_id = ?, legacy_id_from = 'natural_key' where entity = ? and target_id = ?",
            )?;
            for found in matches {
                insert.execute((
                    entity.name,
                    found.legacy_id.0,
                    &found.target_id,
                    found.confidence_level,
                    &found.evidence,
                    found.review.is_none(),
                    found.review.unwrap_or(""),
                ))?;
                if found.review.is_none() {
                    apply.execute((found.legacy_id.0, entity.name, &found.target_id))?;
                }
            }
            Ok(())
        })
    }

    /// How many rows of the entity the target held.
    pub fn count_existing(&self, entity: &Entity) -> Result<u64> {
        let count = self.connection.query_row(
            "select count(*) from target_rows where entity = ?",
            [entity.name],
            |row| row.get(0),
        )?;
        Ok(count)
    }
}
