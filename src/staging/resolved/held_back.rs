//! What is found out about records after they were written: keys taken twice, records merged into one that waits, pairs
//! of duplicates, and what in the target stands in everybody's way.

use std::collections::HashMap;

use md5::{Digest, Md5};
use rusqlite::OptionalExtension;

use crate::entity::catalog::CatalogKey;
use crate::entity::{self, Column, Entity};
use crate::error::Result;
use crate::record::{Code, Issue, LegacyId, hex};
use crate::staging::file::open::{Reader, Staging};
use crate::staging::{now, quoted};

/// A pair as it is kept.
#[derive(Debug, Clone)]
pub struct KeptPair {
    /// The entity.
    pub entity: &'static str,
    /// The record with the lower id.
    pub one: LegacyId,
    /// The record with the higher id.
    pub other: LegacyId,
    /// The probability that they are one person.
    pub score: f64,
    /// All evidence in bits.
    pub weight: f64,
    /// What may be done with the pair.
    pub band: &'static str,
    /// What a look is expected to bring, where it is worth one.
    pub look_value: Option<f64>,
    /// What each field says, as JSON without values.
    pub evidence: String,
    /// `linked` or `merged`.
    pub verdict: &'static str,
}

/// The account of the search for duplicates.
#[derive(Debug, Clone, Default)]
pub struct KeptSearch {
    /// The columns of `duplicate_search`, in their order: the counts, the expectations.
    pub records: u64,
    /// Pairs compared.
    pub compared_pairs: u64,
    /// Records of the largest block compared in full.
    pub largest_block: u64,
    /// Pairs in each band, best first.
    pub bands: [u64; 3],
    /// Pairs beyond what is kept.
    pub unreported: u64,
    /// Looks worth taking where high pairs are merged.
    pub looks: u64,
    /// Pairs of one person among all compared.
    pub expected_pairs: f64,
    /// The share of them in `high`, and in `high` and `medium`.
    pub expected_share: (f64, f64),
    /// Clusters, and those by high pairs alone.
    pub clusters: (u64, u64),
    /// Key, blocks, pairs, blocks left out, pairs left out.
    pub passes: Vec<(String, [u64; 4])>,
    /// Field, position, level, share among pairs of one person, and of two.
    pub levels: Vec<(String, u64, &'static str, f64, f64)>,
}

/// A member of a cluster as it is kept: entity, cluster, record.
pub type KeptMember = (&'static str, LegacyId, LegacyId);

impl Reader {
    /// The share of the true pairs of duplicates that the bands `high` and `medium` are expected to hold; `None` where nobody
    /// looked for any.
    pub fn expected_share(&self) -> Result<Option<f64>> {
        let sql = "select expected_share_review from duplicate_search where looks > 0";
        Ok(self.connection.query_row(sql, [], |row| row.get(0)).optional()?)
    }
}

impl Staging {
    /// Ready records of the entity that have the same values in the columns as an earlier ready record of the same target
    /// table; null is the same as nothing.
    pub fn takers_of_a_key(&self, entity: &Entity, columns: &[String]) -> Result<Vec<LegacyId>> {
        let listed = columns.iter().map(|column| quoted(column)).collect::<Vec<_>>().join(", ");
        let is_set = columns.iter().map(|column| format!("{} is not null", quoted(column)));
        let is_set = is_set.collect::<Vec<_>>().join(" and ");
        let mut sources = Vec::new();
        for (place, known) in entity::ALL.iter().enumerate() {
            if known.target_table == entity.target_table {
                sources.push(format!(
                    "select {place} as place, legacy_id, {listed} from {} where {is_set}",
                    known.ready_table()
                ));
            }
            if known.name == entity.name {
                let sql = format!(
                    "select legacy_id from (\
                         select place, legacy_id, row_number() over (\
                             partition by {listed} order by place, legacy_id) as nth from ({})) \
                     where nth > 1 and place = {place} order by legacy_id",
                    sources.join(" union all ")
                );
                return self.ids(&sql);
            }
        }
        Ok(Vec::new())
    }

    /// Merges records of the entity into those of other entities that have the same values in the columns: the target has one row
    /// for both. What had been merged into one of them goes along. Returns how many were merged.
    pub fn merge_across(&mut self, entity: &Entity, columns: &[&str]) -> Result<u64> {
        let same: Vec<String> =
            columns.iter().map(|column| format!("k.{0} = y.{0}", quoted(column))).collect();
        let (name, ready, same) = (entity.name, entity.ready_table(), same.join(" and "));
        let earlier = entity::ALL.iter().take_while(|known| known.name != name);
        let others: Vec<&Entity> =
            earlier.copied().filter(|known| known.target_table == entity.target_table).collect();
        self.transaction(|connection| {
            let mut merged = 0;
            for other in &others {
                connection.execute_batch(
                    "create temporary table joined (legacy_id integer primary key, keeper integer not null)",
                )?;
                merged += connection.execute(
                    &format!(
                        "insert into joined select y.legacy_id, min(k.legacy_id) from {ready} y join {} k on {same} \
                         group by y.legacy_id",
                        other.ready_table()
                    ),
                    [],
                )? as u64;
                connection.execute_batch(&format!(
                    "insert into merged_across (entity, legacy_id, into_entity) \
                         select '{name}', r.legacy_id, '{1}' from records r join joined j \
                         on r.legacy_id = j.legacy_id or r.fate = 'merged' and r.merged_into = j.legacy_id where r.entity = '{name}'; \
                     insert into changes (entity, legacy_id, position, field, rule, before, after) \
                         select '{name}', y.legacy_id, \
                             (select coalesce(max(c.position) + 1, 0) from changes c where c.entity = '{name}' and c.legacy_id = y.legacy_id), \
                             'role', 'member.one_row_per_person', y.role, k.role \
                         from joined j join {ready} y using (legacy_id) join {0} k on k.legacy_id = j.keeper; \
                     update records set merged_into = (select j.keeper from joined j where j.legacy_id = records.merged_into) \
                         where entity = '{name}' and fate = 'merged' and merged_into in (select legacy_id from joined); \
                     update records set fate = 'merged', \
                         merged_into = (select j.keeper from joined j where j.legacy_id = records.legacy_id) \
                         where entity = '{name}' and fate = 'ready' and legacy_id in (select legacy_id from joined); \
                     delete from {ready} where legacy_id in (select legacy_id from joined); \
                     drop table joined",
                    other.ready_table(),
                    other.name
                ))?;
            }
            Ok(merged)
        })
    }

    /// Ready records of the entity whose values under the key stand in an existing row that will keep them: a row of others, or
    /// one whose own record will not be written. Each with that row's id.
    pub fn taken_by_existing(
        &self,
        entity: &Entity,
        key: &CatalogKey,
        columns: &[&Column],
    ) -> Result<Vec<(LegacyId, String)>> {
        let mut statement = self.connection.prepare(&format!(
            "select v.digest, v.target_id from target_unique_values v where v.table_name = ? and v.key_name = ? \
             and v.target_id not in (select y.id from {} y)",
            quoted(&entity.ready_table())
        ))?;
        let (mut held, going) = (HashMap::new(), self.rows_to_go()?);
        let mut rows = statement.query((&key.table, &key.name))?;
        while let Some(row) = rows.next()? {
            let (digest, target_id) = (row.get::<_, String>(0)?, row.get::<_, String>(1)?);
            if !going.contains(&target_id) {
                held.insert(digest, target_id);
            }
        }
        let mut taken = Vec::new();
        if held.is_empty() {
            return Ok(taken);
        }
        self.with_ready(entity, columns, |rows| {
            let read = |legacy_id, values: &[Option<&str>]| {
                let Some(values) = values.iter().copied().collect::<Option<Vec<&str>>>() else {
                    return Ok(());
                };
                let text = values.join(CatalogKey::BETWEEN_VALUES.encode_utf8(&mut [0; 4]));
                let digest = hex(&Md5::digest(text));
                if let Some(holder) = held.get(&digest) {
                    taken.push((legacy_id, holder.clone()));
                }
                Ok(())
            };
            let mut read = read;
            while rows.next(&mut read)?.is_some() {}
            Ok(())
        })?;
        Ok(taken)
    }

    /// Records of the entity that are merged into one that is not ready.
    pub fn merged_into_nothing(&self, entity: &Entity) -> Result<Vec<LegacyId>> {
        self.ids(&format!(
            "select r.legacy_id from records r where r.entity = '{}' and r.fate = 'merged' and not exists (\
                 select 1 from {} y where y.legacy_id = r.merged_into) \
             and not exists (select 1 from merged_across a where a.entity = r.entity and a.legacy_id = r.legacy_id) \
             order by r.legacy_id",
            entity.name,
            entity.ready_table()
        ))
    }

    fn ids(&self, sql: &str) -> Result<Vec<LegacyId>> {
        let mut statement = self.connection.prepare(sql)?;
        let ids = statement.query_map([], |row| Ok(LegacyId(row.get(0)?)))?;
        Ok(ids.collect::<Result<_, rusqlite::Error>>()?)
    }

    /// Puts records in quarantine, each with the issue.
    pub fn hold_back(&mut self, entity: &Entity, records: &[LegacyId], issue: &Issue) -> Result<()> {
        if records.is_empty() {
            return Ok(());
        }
        let moment = now();
        self.transaction(|connection| {
            let mut ready = connection
                .prepare(&format!("delete from {} where legacy_id = ?", entity.ready_table()))?;
            let mut fate = connection.prepare(
                "update records set fate = 'quarantined', merged_into = null where entity = ? and legacy_id = ?",
            )?;
            let mut error = connection.prepare(
                "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, \
                 error_category, field, error_message, error_context, suggested_resolution, resolution_strategy, \
                 resolution_status, batch_id, created_at) \
                 select ?, ?, ?, entity, legacy_id, ?, ?, ?, ?, ?, ?, 'manual', 'pending', batch_id, ? \
                 from records where entity = ? and legacy_id = ?",
            )?;
            for legacy_id in records {
                ready.execute([legacy_id.0])?;
                fate.execute((entity.name, legacy_id.0))?;
                error.execute(rusqlite::params![
                    entity.phase.as_str(),
                    issue.code.severity().as_str(),
                    entity.entity_type(),
                    issue.code.as_str(),
                    issue.code.category().as_str(),
                    issue.field,
                    issue.code.message(),
                    issue.context,
                    issue.code.resolution(),
                    moment,
                    entity.name,
                    legacy_id.0,
                ])?;
            }
            Ok(())
        })
    }

    /// Adds one issue for each code of which records of the entity say by that rule that it is to be asked about: about the first
    /// of them that is ready, so that it can be accepted, with how many there are.
    pub fn ask_codes(&mut self, entity: &Entity, rule: &str, code: Code) -> Result<()> {
        self.transaction(|connection| {
            connection.execute(
                "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, \
                 error_category, field, error_message, error_context, suggested_resolution, resolution_strategy, \
                 resolution_status, created_at) \
                 select ?1, ?2, ?3, ?4, coalesce(min(iif(r.fate = 'ready', c.legacy_id, null)), min(c.legacy_id)), ?5, ?6, \
                        c.field, ?7, 'code=' || c.before || ', records=' || count(*), ?8, 'manual', 'pending', ?9 \
                 from changes c join records r on r.entity = c.entity and r.legacy_id = c.legacy_id \
                 where c.entity = ?4 and c.rule = ?10 and c.field in (select value from json_each(?11)) \
                 group by c.field, c.before order by c.field, min(c.legacy_id)",
                rusqlite::params![
                    entity.phase.as_str(),
                    code.severity().as_str(),
                    entity.entity_type(),
                    entity.name,
                    code.as_str(),
                    code.category().as_str(),
                    code.message(),
                    code.resolution(),
                    now(),
                    rule,
                    coded_fields(entity),
                ],
            )?;
            Ok(())
        })
    }

    /// Writes the pairs and clusters of duplicates, as they come.
    pub fn write_duplicates(
        &mut self,
        pairs: impl Iterator<Item = KeptPair>,
        members: &[KeptMember],
    ) -> Result<()> {
        self.transaction(|connection| {
            let mut insert = connection.prepare(
                "insert or ignore into duplicate_pairs (entity, legacy_id, other_legacy_id, score, weight, band, \
                 look_value, evidence, verdict) values (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            )?;
            for pair in pairs {
                insert.execute(rusqlite::params![
                    pair.entity,
                    pair.one.0,
                    pair.other.0,
                    pair.score,
                    pair.weight,
                    pair.band,
                    pair.look_value,
                    pair.evidence,
                    pair.verdict,
                ])?;
            }
            let mut insert = connection.prepare(
                "insert or ignore into duplicate_clusters (entity, cluster_id, legacy_id) values (?, ?, ?)",
            )?;
            for (entity, cluster, legacy_id) in members {
                insert.execute((entity, cluster.0, legacy_id.0))?;
            }
            Ok(())
        })
    }

    /// Writes the account of the search for duplicates.
    pub fn write_duplicate_search(&mut self, search: &KeptSearch) -> Result<()> {
        self.transaction(|connection| {
            connection.execute(
                "insert into duplicate_search (records, compared_pairs, largest_block, high, medium, low, unreported, \
                 looks, expected_pairs, expected_share_high, expected_share_review, clusters, sure_clusters) \
                 values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                rusqlite::params![
                    search.records,
                    search.compared_pairs,
                    search.largest_block,
                    search.bands[0],
                    search.bands[1],
                    search.bands[2],
                    search.unreported,
                    search.looks,
                    search.expected_pairs,
                    search.expected_share.0,
                    search.expected_share.1,
                    search.clusters.0,
                    search.clusters.1,
                ],
            )?;
            let mut insert = connection.prepare(
                "insert into duplicate_passes (key, blocks, pairs, blocks_left_out, pairs_left_out) \
                 values (?, ?, ?, ?, ?)",
            )?;
            for (key, [blocks, pairs, blocks_left_out, pairs_left_out]) in &search.passes {
                insert.execute((key, blocks, pairs, blocks_left_out, pairs_left_out))?;
            }
            let mut insert = connection.prepare(
                "insert into duplicate_levels (field, position, level, same, different, bits) \
                 values (?, ?, ?, ?, ?, ?)",
            )?;
            for (field, position, level, same, different) in &search.levels {
                let bits = (same / different).log2();
                insert.execute((field, position, level, same, different, bits))?;
            }
            Ok(())
        })
    }

    /// Replaces what is known to be in everybody's way: table, column, category, sentence.
    pub fn write_schema_findings<'a>(
        &mut self,
        findings: impl Iterator<Item = (&'a str, Option<&'a str>, &'a str, &'a str)>,
    ) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch("delete from schema_findings")?;
            let mut insert = connection.prepare(
                "insert into schema_findings (table_name, column_name, error_category, sentence) values (?, ?, ?, ?)",
            )?;
            for finding in findings {
                insert.execute(finding)?;
            }
            Ok(())
        })
    }
}

/// The columns of the entity that have labels for codes, as a JSON array.
fn coded_fields(entity: &Entity) -> String {
    let coded = entity.columns.iter().filter(|column| column.codes.is_some()).map(|column| column.name);
    serde_json::json!(coded.collect::<Vec<_>>()).to_string()
}
