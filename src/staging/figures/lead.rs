//! What a report leads with: what waits for a step, which records are wrong, and who may be there twice. Legacy ids and counts, no
//! value.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::error::Result;
use crate::staging::file::row::{all, row_struct};

/// Wrong rows that are named of each check; the others are counted in it.
const NAMED: u32 = 12;

/// Records that are named of each kind of issue.
const EXAMPLES: u32 = 5;

row_struct! {
    /// A row that a check of the last verification found wrong.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Wrong {
        /// The check.
        pub check_name: String,
        /// The entity, or the table where no record is meant.
        pub entity: String,
        /// The record; null where none is meant.
        pub legacy_id: Option<u64>,
        /// The field; '' when the whole record is concerned.
        pub field: String,
    }
}

row_struct! {
    /// The first records with one kind of issue that waits for a person.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Examples {
        /// The entity.
        pub entity: String,
        /// The code.
        pub error_code: String,
        /// Legacy ids, joined by commas.
        pub legacy_ids: String,
    }
}

row_struct! {
    /// Pairs of users of one band whose evidence weighs the same, in whole bits.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Weight {
        /// From so many bits on.
        pub bits: i64,
        /// `high`, `medium` or `low`.
        pub band: String,
        /// How many pairs.
        pub pairs: u64,
    }
}

/// Who may be there twice, by the pairs that were weighed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Twice {
    /// Pairs that a look is worth at.
    pub looks: u64,
    /// Of all true pairs that were compared, the share that is expected among those of the band `high`.
    pub expected_share_high: f64,
    /// The same for `high` and `medium` together: what is found when every question about a pair is answered.
    pub expected_share_review: f64,
    /// How the weights are distributed.
    pub weights: Vec<Weight>,
}

/// Decisions that no transform has applied.
pub(super) fn decisions_waiting(connection: &Connection) -> Result<u64> {
    let sql = "select count(*) from decisions where superseded_by is null and state = 'waiting' and action <> 'escalate'";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

/// The first wrong rows of each check.
pub(super) fn wrong(connection: &Connection) -> Result<Vec<Wrong>> {
    all(
        connection,
        "select name as check_name, entity, legacy_id, field from ( \
             select name, entity, legacy_id, field, \
                    row_number() over (partition by name order by entity, legacy_id, field) as place \
             from findings where is_exception = 0) \
         where place <= ? order by name, place",
        [NAMED],
    )
}

/// The first records of each kind of issue that waits for a person.
pub(super) fn examples(connection: &Connection) -> Result<Vec<Examples>> {
    all(
        connection,
        "select entity, error_code, group_concat(entity_id, ', ') as legacy_ids from ( \
             select entity, error_code, entity_id, \
                    row_number() over (partition by entity, error_code order by entity_id) as place \
             from (select distinct entity, error_code, entity_id from migration_errors \
                   where entity_id is not null and resolution_strategy = 'manual' \
                     and resolution_status in ('pending', 'in_progress', 'escalated'))) \
         where place <= ? group by entity, error_code order by entity, error_code",
        [EXAMPLES],
    )
}

/// Who may be there twice; none where nobody was compared.
pub(super) fn twice(connection: &Connection) -> Result<Option<Twice>> {
    let search: Option<(u64, f64, f64)> = connection
        .query_row(
            "select looks, expected_share_high, expected_share_review from duplicate_search",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)),
        )
        .optional()?;
    let Some((looks, expected_share_high, expected_share_review)) = search else { return Ok(None) };
    let weights = all(
        connection,
        "select cast(weight as integer) - (weight < cast(weight as integer)) as bits, band, count(*) as pairs \
         from duplicate_pairs where entity = 'profiles' group by 1, 2 order by 1, 2",
        [],
    )?;
    Ok(Some(Twice { looks, expected_share_high, expected_share_review, weights }))
}
