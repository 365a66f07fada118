//! What a report leads with: what waits for a step, which records are wrong, and who may be there twice. Legacy ids and counts, no
//! value.

use rusqlite::{Connection, OptionalExtension};
use serde::Serialize;

use crate::error::Result;
use crate::staging::file::open::{Reader, Staging};
use crate::staging::file::row::{all, row_struct};

/// Wrong rows that are named of each check; the others are counted in it.
const NAMED: u32 = 12;

/// Records that are named of each kind of issue.
pub(super) const EXAMPLES: u32 = 5;

row_struct! {
    /// What is open, and for whom. Issues are settled by a rule, wait for a person, or were decided by one.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
    pub struct Open {
        /// Records about which a person is asked something.
        pub records_for_a_person: u64,
        /// Issues that a rule has settled.
        pub issues_settled_by_a_rule: u64,
        /// Records that stop a load or keep a gate from being passed (`v_blocking`).
        pub records_blocking: u64,
        /// Issues of every kind.
        pub issues: u64,
        /// Of these, those that wait for a person.
        pub issues_for_a_person: u64,
        /// Of these, those that a person has decided.
        pub issues_decided: u64,
        /// Pairs of records that may be one person's, for a person to look at.
        pub possible_duplicates: u64,
        /// What in the target's schema no load gets past.
        pub target_obstacles: u64,
    }
}

impl Open {
    /// What each number counts, in the words that every surface uses: first the three that say where one stands, then those
    /// that they are made of.
    pub const WORDS: [(&str, &str); 8] = [
        ("records_for_a_person", "records that wait for a person"),
        ("issues_settled_by_a_rule", "issues that a rule settled and that need nobody"),
        ("records_blocking", "records that block the load or a gate"),
        ("issues", "issues in all"),
        ("issues_for_a_person", "of these issues, those that wait for a person"),
        ("issues_decided", "of these issues, those that a person has decided"),
        ("possible_duplicates", "pairs that may be one person, for a person to look at"),
        ("target_obstacles", "obstacles in the target's schema that stop every load"),
    ];

    /// How many of them say where one stands.
    pub const FIRST: usize = 3;

    /// The numbers, in the order of their words.
    pub const fn numbers(&self) -> [u64; 8] {
        [
            self.records_for_a_person,
            self.issues_settled_by_a_rule,
            self.records_blocking,
            self.issues,
            self.issues_for_a_person,
            self.issues_decided,
            self.possible_duplicates,
            self.target_obstacles,
        ]
    }
}

row_struct! {
    /// A row that a check of the last verification found wrong.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct Wrong {
        /// The check.
        pub check_name: String,
        /// The entity, or the table where no record is meant.
        pub entity: String,
        /// The record; null where none is meant.
        pub legacy_id: Option<i64>,
        /// The field; of a whole record that the target lacks or should not have `missing` or `unexpected`, else ''.
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

row_struct! {
    /// A command that was run on the file, with what it sent, wrote and was told.
    #[derive(Debug, Clone, PartialEq, Eq, Serialize)]
    pub struct RunLine {
        /// Its number, which `rollback --run` takes.
        pub run_id: u64,
        /// The verb.
        pub verb: String,
        /// When it began.
        pub started_at: String,
        /// How long it took; null while it works, when it was killed, and when the clock was set back meanwhile.
        pub seconds: Option<u64>,
        /// How it ended.
        pub outcome: Option<String>,
        /// Its exit code.
        pub exit_code: Option<u64>,
        /// The phases whose rows it wrote, joined by commas; null where it wrote none.
        pub phases: Option<String>,
        /// Rows sent to the target; null where it sent none.
        pub rows_sent: Option<u64>,
        /// Of these, rows inserted or updated; null where it sent none.
        pub rows_written: Option<u64>,
        /// Decisions of people that it took in; null where it took none.
        pub decisions: Option<u64>,
    }
}

row_struct! {
    /// Pairs of users of one band: what their evidence says, and what people said.
    #[derive(Debug, Clone, PartialEq, Serialize)]
    pub struct Band {
        /// `high`, `medium` or `low`.
        pub band: String,
        /// How many pairs.
        pub pairs: u64,
        /// How many of them are expected to be one person's.
        pub expected: f64,
        /// Pairs about which a person has answered.
        pub answered: u64,
        /// How many of those are expected to be one person's.
        pub answered_expected: f64,
        /// How many of those were said to be one person's.
        pub answered_one: u64,
    }
}

impl Reader {
    /// Every command that was run on the file, in order.
    pub fn runs(&self) -> Result<Vec<RunLine>> {
        runs(&self.connection)
    }
}

/// Every command that was run on the file, in order; a clock that was set back meanwhile tells no length.
pub(super) fn runs(connection: &Connection) -> Result<Vec<RunLine>> {
    all(
        connection,
        // of what a load sent the journal knows each time, the receipts only the last
        "with sent as materialized (select run_id, group_concat(distinct json_extract(content, '$.phase')) as phases, \
                                           sum(json_extract(content, '$.rows')) as rows_sent, \
                                           sum(json_extract(content, '$.inserted') + json_extract(content, '$.updated')) \
                                               as rows_written \
                                    from journal where kind = 'load' and json_valid(content) group by run_id), \
              told as materialized (select run_id, count(*) as decisions from decisions group by run_id) \
         select r.run_id, r.verb, r.started_at, \
                nullif(max(unixepoch(r.finished_at) - unixepoch(r.started_at), -1), -1) as seconds, r.outcome, r.exit_code, \
                replace(s.phases, ',', ', ') as phases, s.rows_sent, s.rows_written, t.decisions \
         from runs r left join sent s on s.run_id = r.run_id left join told t on t.run_id = r.run_id order by r.run_id",
        [],
    )
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
    /// Band by band, what was expected and what people answered.
    pub bands: Vec<Band>,
}

/// Decisions that no transform has applied.
pub(super) fn decisions_waiting(connection: &Connection) -> Result<u64> {
    let sql = "select count(*) from decisions where superseded_by is null and state = 'waiting' and action <> 'escalate'";
    Ok(connection.query_row(sql, [], |row| row.get(0))?)
}

impl Staging {
    /// The first wrong rows of each check of the last verification.
    pub fn wrong_rows(&self) -> Result<Vec<Wrong>> {
        wrong(&self.connection)
    }
}

impl std::fmt::Display for Wrong {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let id = self.legacy_id.map(|id| id.to_string()).unwrap_or_default();
        let parts = [self.entity.as_str(), &id, &self.field];
        let parts: Vec<&str> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        out.write_str(&parts.join(" "))
    }
}

/// The first wrong rows of each check.
pub(super) fn wrong(connection: &Connection) -> Result<Vec<Wrong>> {
    all(
        connection,
        "select name as check_name, entity, legacy_id, field from ( \
             select name, entity, legacy_id, field, \
                    row_number() over (partition by name order by entity, legacy_id, field) as place \
             from (select name, entity, legacy_id, field from findings where is_exception = 0 union all \
                   select 'contents_' || entity, entity, legacy_id, coalesce(nullif(field, ''), kind) from differences)) \
         where place <= ? order by name, place",
        [NAMED],
    )
}

/// The first records of each kind of issue that waits for a person.
pub(super) fn examples(connection: &Connection) -> Result<Vec<Examples>> {
    all(
        connection,
        "select entity, error_code, coalesce(group_concat(entity_id, ', '), '') as legacy_ids from ( \
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
    let bands = all(
        connection,
        "select band, count(*) as pairs, total(score) as expected, sum(one or two) as answered, \
                total(case when one or two then score end) as answered_expected, sum(one) as answered_one \
         from (select p.band, p.score, \
                      exists (select 1 from decisions d where d.superseded_by is null and d.action = 'merge' and d.entity = p.entity \
                              and d.legacy_id = p.legacy_id and d.question = 'duplicate_of_' || p.other_legacy_id) \
                      or exists (select 1 from decisions d where d.superseded_by is null and d.action = 'merge' \
                                 and d.entity = p.entity and d.legacy_id = p.other_legacy_id \
                                 and d.question = 'duplicate_of_' || p.legacy_id) as one, \
                      exists (select 1 from decisions d where d.superseded_by is null and d.action = 'not_a_duplicate' \
                              and d.entity = p.entity and d.legacy_id = p.legacy_id \
                              and d.question = 'duplicate_of_' || p.other_legacy_id) \
                      or exists (select 1 from decisions d where d.superseded_by is null and d.action = 'not_a_duplicate' \
                                 and d.entity = p.entity and d.legacy_id = p.other_legacy_id \
                                 and d.question = 'duplicate_of_' || p.legacy_id) as two \
               from duplicate_pairs p where p.entity = 'profiles') \
         group by band order by expected / pairs desc, band",
        [],
    )?;
    Ok(Some(Twice { looks, expected_share_high, expected_share_review, weights, bands }))
}
