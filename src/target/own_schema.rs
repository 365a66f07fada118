//! Drydock's own schema in the target: made so that nobody of the application's API reads it, taken only where nobody else may
//! have put anything into it, and rid of the rows that it keeps for an undo when their time is over.

use super::failure::Failure;
use super::receipts::has_table;
use super::{Target, failed};
use crate::connect::Session;
use crate::error::{Error, Result};

/// Makes it, or what an older version lacked of it. Safe to run twice.
const SCHEMA: &str = include_str!("../../sql/load/receipts.sql");

/// Asks for what somebody else may have put into it.
const STRANGERS: &str = include_str!("../../sql/load/strangers.sql");

/// Asks whether it is there, whole and closed to everybody else.
const IS_CLOSED: &str = "select pg_catalog.to_regclass('drydock.cleaned') is not null and pg_catalog.to_regclass('drydock.keys') is not null \
     and pg_catalog.to_regclass('drydock.superseded') is not null and not exists ( \
     select 1 from pg_catalog.pg_class c \
     where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind = 'r' \
       and (not c.relrowsecurity or exists ( \
            select 1 from pg_catalog.aclexplode(c.relacl) a left join pg_catalog.pg_roles r on r.oid = a.grantee \
            where a.grantee = 0 or r.rolname in ('anon', 'authenticated'))))";

/// Days for which the rows as they were before a load are kept, unless somebody says otherwise.
pub const KEPT_DAYS: u32 = 30;

/// What was cleaned away.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Cleaned {
    /// The runs of this file that cannot be undone any more.
    pub runs: Vec<i64>,
    /// The rows as they were that are gone.
    pub pre_images: u64,
}

/// Its tables.
pub(super) const TABLES: [&str; 8] =
    ["runs", "receipts", "pre_images", "restorations", "heads", "superseded", "keys", "cleaned"];

/// Makes it in another database, which nobody else uses.
pub(super) fn make_in(client: &mut Session) -> Result<()> {
    client.batch_execute(SCHEMA).map_err(|cause| failed("creating the schema drydock", &cause))
}

/// Refuses a schema into which somebody else may have put what our statements would run.
pub(super) fn refuse_strangers(client: &mut Session) -> Result<(), Failure> {
    let what = "looking at the schema drydock";
    let rows = client.query(STRANGERS, &[]).map_err(|cause| Failure::of(what, &cause))?;
    match rows.first() {
        None => Ok(()),
        Some(first) => Err(Error::precondition(format!(
            "the schema drydock in the target is not one that this role can rely on: {}",
            first.get::<_, String>(0)
        ))
        .hint(
            "where it was made for this role, give it the schema and its tables (alter schema drydock owner to …, alter table … \
             owner to …) without triggers, rules and policies; else ask who made it, and remove it",
        )
        .into()),
    }
}

impl Target {
    /// Makes Drydock's schema, or what is missing of it, and closes it to others.
    pub(super) fn make_receipts(&mut self) -> Result<(), Failure> {
        let row = self
            .client
            .query_one(IS_CLOSED, &[])
            .map_err(|cause| Failure::of("looking for the schema drydock", &cause))?;
        if row.get(0) {
            return Ok(());
        }
        self.execute("creating the schema drydock", SCHEMA)?;
        // somebody may have made one in the meantime
        refuse_strangers(&mut self.client)?;
        if self.names.is_plain() {
            return Ok(());
        }
        // the views show the legacy ids that are kept there from now on
        let (names, schema) = (self.names.clone(), self.schema.clone());
        names.make_views(&mut self.client, &schema)
    }

    /// The run of these whose rows as they were are cleaned away.
    pub fn cleaned_of(&mut self, staging_id: &str, runs: &[i64]) -> Result<Option<i64>> {
        if !has_table(&mut self.client, "drydock.cleaned")? {
            return Ok(None);
        }
        let rows = self
            .client
            .query(
                "select run_id from drydock.cleaned where staging_id = $1 and run_id = any($2) order by run_id desc limit 1",
                &[&staging_id, &runs],
            )
            .map_err(|cause| failed("looking for what was cleaned away", &cause))?;
        Ok(rows.first().map(|row| row.get(0)))
    }

    /// The digest of the receipts of a file and of the rows as they were before its loads; none where there is nothing of it.
    pub fn undo_digest(&mut self, staging_id: &str) -> Result<Option<String>> {
        if !self.has_receipts()? {
            return Ok(None);
        }
        // moments stand in a session's own zone, and an undo sets one
        let row = self
            .client
            .query_one(
                "select pg_catalog.md5(pg_catalog.string_agg(x.said, '' order by x.said)) from ( \
                     select pg_catalog.md5((pg_catalog.to_jsonb(r) - 'written_at' - 'undone_at')::text \
                                           || (r.undone_at is not null)::text) as said \
                     from drydock.receipts r where r.staging_id = $1 \
                     union all \
                     select pg_catalog.md5(pg_catalog.to_jsonb(p)::text) from drydock.pre_images p where p.staging_id = $1) x",
                &[&staging_id],
            )
            .map_err(|cause| failed("digesting what an undo needs", &cause))?;
        Ok(row.get(0))
    }

    /// Removes the rows as they were before the runs of a file that began more than so many days ago: with them goes the undo of
    /// these runs. Receipts stay, which have no value of a record.
    pub fn clean(&mut self, staging_id: &str, days: u32) -> Result<Cleaned> {
        if !self.has_receipts()? {
            return Ok(Cleaned::default());
        }
        self.make_receipts()?;
        let days = i64::from(days).to_string();
        let cleaned = |cause: postgres::Error| failed("cleaning the schema drydock", &cause);
        let mut unit = self.client.transaction().map_err(cleaned)?;
        let rows = unit
            .query(
                "insert into drydock.cleaned (staging_id, run_id) \
                 select r.staging_id, r.run_id from drydock.runs r where r.staging_id = $1 \
                 group by r.staging_id, r.run_id \
                 having pg_catalog.max(r.started_at) <= pg_catalog.now() - ($2 || ' days')::pg_catalog.interval \
                    and exists (select 1 from drydock.pre_images p \
                                where p.staging_id = r.staging_id and p.run_id = r.run_id) \
                 on conflict do nothing returning run_id",
                &[&staging_id, &days],
            )
            .map_err(cleaned)?;
        let mut runs: Vec<i64> = rows.iter().map(|row| row.get(0)).collect();
        runs.sort_unstable();
        let pre_images = unit
            .execute(
                "delete from drydock.pre_images where staging_id = $1 and run_id = any($2)",
                &[&staging_id, &runs],
            )
            .map_err(cleaned)?;
        unit.commit().map_err(cleaned)?;
        Ok(Cleaned { runs, pre_images })
    }
}
