//! The error analysis of phase 2A: the facts that a cause is judged by, and the rows that it comes to.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::figures::accounting::{ErrorAnalysis, error_analysis};
use crate::staging::file::open::Staging;
use crate::staging::file::row::{all, only, row_struct};

/// An error's code and its context.
pub type CodeAndContext = (String, Option<String>);

/// What the file knows about a profile that the target lacked when it was surveyed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingUser {
    /// The user.
    pub legacy_id: LegacyId,
    /// The phase 1 batch; none when the row could not be read.
    pub batch_id: Option<u64>,
    /// What `transform` made of it.
    pub fate: Option<String>,
    /// The codes of its errors of phase 2A, each with its context.
    pub errors: Vec<CodeAndContext>,
    /// A row of the target that holds the address which this user is to have.
    pub holder: Option<String>,
}

row_struct! {
    /// One batch of phase 1.
    #[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
    pub struct PhaseOneBatch {
        /// Its number, from 1.
        pub batch_id: u64,
        /// Its lowest user.
        pub first_legacy_id: LegacyId,
        /// Its highest user.
        pub last_legacy_id: LegacyId,
        /// How many users it has.
        pub users: u64,
        /// How many of them the target lacks; the batch failed where this is not 0.
        pub missing: u64,
        /// How many of them have '' as their address.
        pub without_address: u64,
    }
}

row_struct! {
    /// One profile that the target lacks, as the file keeps it.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct MissingProfile {
        /// The user.
        pub legacy_user_id: LegacyId,
        /// The phase 1 batch.
        pub batch_id: Option<u64>,
        /// Why it is missing, in one word.
        pub cause: String,
        /// The plan's category; none where nothing is wrong with the record itself.
        pub error_category: Option<String>,
        /// The facts behind the cause, without values.
        pub evidence: String,
        /// What `transform` made of it.
        pub fate: Option<String>,
    }
}

row_struct! {
    /// One line of the remediation plan.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct Remedy {
        /// `automatic` or `manual`.
        #[serde(skip)]
        pub resolution_strategy: String,
        /// The plan's category.
        pub error_category: String,
        /// The issue.
        pub error_code: String,
        /// Records that have it.
        pub records: u64,
        /// How many of them the target lacks.
        pub missing: u64,
        /// What resolving it does, or asks for.
        pub action: String,
    }
}

row_struct! {
    /// Which profiles the target holds, by id: when it was surveyed, and now.
    #[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
    pub struct Presence {
        /// Users of the snapshot.
        pub extracted: u64,
        /// Of these, those with a row in the target when it was surveyed.
        pub in_target_at_survey: u64,
        /// Of these, those without one then.
        pub missing_at_survey: u64,
        /// Of those without one, those that were loaded since.
        pub loaded_since: u64,
        /// Users with a row in the target now.
        pub in_target: u64,
        /// Users without one now.
        pub missing: u64,
        /// The highest legacy id that the target held when it was surveyed.
        #[serde(skip)]
        pub highest_in_target: Option<LegacyId>,
    }
}

/// The whole analysis.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Analysis {
    /// The plan's counts.
    pub error_analysis: ErrorAnalysis,
    /// Who is there and who is not.
    pub profiles: Presence,
    /// Every missing profile, in id order.
    pub missing_profiles: Vec<MissingProfile>,
    /// Every batch of phase 1, in order.
    pub batches: Vec<PhaseOneBatch>,
    /// The remediation plan, automatic before manual.
    #[serde(skip)]
    pub remediation: Vec<Remedy>,
}

impl Staging {
    /// The batches of phase 1 as far as the snapshot shows them.
    pub fn phase_one_batches(&self) -> Result<Vec<PhaseOneBatch>> {
        all(
            &self.connection,
            "select r.batch_id, min(r.legacy_id) as first_legacy_id, max(r.legacy_id) as last_legacy_id, \
                    count(*) as users, \
                    sum(not exists (select 1 from target_rows t \
                                    where t.entity = 'profiles' and t.legacy_id = r.legacy_id)) as missing, \
                    sum(coalesce(u.email, '') = '') as without_address \
             from records r join legacy_auth_user u on u.legacy_id = r.legacy_id \
             where r.entity = 'profiles' and r.batch_id is not null group by r.batch_id order by r.batch_id",
            [],
        )
    }

    /// Who is in the target and who is not.
    pub fn presence(&self) -> Result<Presence> {
        presence(&self.connection)
    }

    /// What the file knows about every missing profile, in id order.
    pub fn missing_users(&self) -> Result<Vec<MissingUser>> {
        self.connection.execute_batch(
            "drop table if exists temp.held;
             create temp table held as
                 select lower(trim(email)) as email, target_id, legacy_id from target_rows
                 where entity = 'profiles' and email is not null;
             create index temp.held_email on held (email)",
        )?;
        let mut errors = self.missing_errors()?;
        let mut statement = self.connection.prepare(
            "select m.legacy_id, r.batch_id, r.fate, \
                    (select min(h.target_id) from temp.held h \
                     where h.email = p.email and h.legacy_id is not m.legacy_id) \
             from v_missing_in_target m \
             left join records r on r.entity = m.entity and r.legacy_id = m.legacy_id \
             left join ready_profiles p on p.legacy_id = m.legacy_id \
             where m.entity = 'profiles' order by m.legacy_id",
        )?;
        let users = statement
            .query_map([], |row| {
                let legacy_id = LegacyId(row.get(0)?);
                Ok(MissingUser {
                    legacy_id,
                    batch_id: row.get(1)?,
                    fate: row.get(2)?,
                    holder: row.get(3)?,
                    errors: errors.remove(&legacy_id).unwrap_or_default(),
                })
            })?
            .collect::<Result<_, rusqlite::Error>>()?;
        self.connection.execute_batch("drop table temp.held")?;
        Ok(users)
    }

    fn missing_errors(&self) -> Result<BTreeMap<LegacyId, Vec<CodeAndContext>>> {
        let mut statement = self.connection.prepare(
            "select e.entity_id, e.error_code, e.error_context from v_analysed_errors e \
             join v_missing_in_target m on m.entity = e.entity and m.legacy_id = e.entity_id \
             order by e.entity_id, e.error_id",
        )?;
        let mut rows = statement.query([])?;
        let mut errors: BTreeMap<_, Vec<_>> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            errors.entry(LegacyId(row.get(0)?)).or_default().push((row.get(1)?, row.get(2)?));
        }
        Ok(errors)
    }

    /// Replaces an earlier analysis. The remediation plan is grouped from the errors themselves.
    pub fn replace_analysis(&mut self, missing: &[MissingProfile], batches: &[PhaseOneBatch]) -> Result<()> {
        self.transaction(|connection| {
            connection.execute_batch(
                "delete from missing_profiles; delete from phase_one_batches; delete from remediation",
            )?;
            let mut insert = connection.prepare(
                "insert into missing_profiles (legacy_user_id, batch_id, cause, error_category, evidence, fate) \
                 values (?, ?, ?, ?, ?, ?)",
            )?;
            for one in missing {
                insert.execute((
                    one.legacy_user_id.0,
                    one.batch_id,
                    &one.cause,
                    &one.error_category,
                    &one.evidence,
                    &one.fate,
                ))?;
            }
            let mut insert = connection.prepare(
                "insert into phase_one_batches (batch_id, first_legacy_id, last_legacy_id, users, missing, \
                 without_address) values (?, ?, ?, ?, ?, ?)",
            )?;
            for batch in batches {
                insert.execute((
                    batch.batch_id,
                    batch.first_legacy_id.0,
                    batch.last_legacy_id.0,
                    batch.users,
                    batch.missing,
                    batch.without_address,
                ))?;
            }
            connection.execute_batch(
                "insert into remediation (resolution_strategy, error_category, error_code, records, missing, action)
                 select e.resolution_strategy, e.error_category, e.error_code,
                        count(distinct e.entity_id), count(distinct m.legacy_user_id),
                        min(e.suggested_resolution)
                 from v_analysed_errors e
                 left join missing_profiles m on m.legacy_user_id = e.entity_id
                 group by e.resolution_strategy, e.error_category, e.error_code
                 order by e.resolution_strategy, e.error_category, 4 desc, e.error_code",
            )?;
            Ok(())
        })
    }

    /// The analysis that the file keeps.
    pub fn analysis(&self) -> Result<Analysis> {
        analysis(&self.connection)
    }
}

pub(in crate::staging) fn analysis(connection: &Connection) -> Result<Analysis> {
    Ok(Analysis {
        error_analysis: error_analysis(connection)?,
        profiles: presence(connection)?,
        missing_profiles: all(
            connection,
            "select legacy_user_id, batch_id, cause, error_category, evidence, fate from missing_profiles \
             order by legacy_user_id",
            [],
        )?,
        batches: all(
            connection,
            "select batch_id, first_legacy_id, last_legacy_id, users, missing, without_address \
             from phase_one_batches order by batch_id",
            [],
        )?,
        remediation: all(
            connection,
            "select resolution_strategy, error_category, error_code, records, missing, action from remediation \
             order by position",
            [],
        )?,
    })
}

/// By one walk over the users: each had a row then or had none, and has been loaded since or has not.
fn presence(connection: &Connection) -> Result<Presence> {
    only(
        connection,
        "select count(*) as extracted, \
                count(t) as in_target_at_survey, \
                coalesce(sum(t is null), 0) as missing_at_survey, \
                coalesce(sum(t is null and l is not null), 0) as loaded_since, \
                coalesce(sum(t is not null or l is not null), 0) as in_target, \
                coalesce(sum(t is null and l is null), 0) as missing, \
                (select max(legacy_id) from target_rows where entity = 'profiles') as highest_in_target \
         from (select (select 1 from target_rows t \
                       where t.entity = 'profiles' and t.legacy_id = u.legacy_id) as t, \
                      (select 1 from loads l where l.entity = 'profiles' and l.phase = '2A' \
                          and l.outcome <> 'failed' and l.legacy_id = u.legacy_id) as l \
               from legacy_auth_user u)",
        [],
    )
}
