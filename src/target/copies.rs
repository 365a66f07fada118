//! What the target knows of the runs of a staging file, of whichever copy: a file is copied, and two copies are loaded.

use super::{Target, failed};
use crate::error::Result;

/// A run whose rows are in the target.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownRun {
    /// Its number in the copy that it was a run of.
    pub run_id: i64,
    /// When it last wrote.
    pub written_at: String,
    /// Where that copy's journal stood: how many entries, and the hash of the last. None where an older version loaded.
    pub head: Option<(i64, String)>,
}

impl Target {
    /// Whether some load of this staging file has left a receipt here.
    pub fn has_receipts_of(&mut self, staging_id: &str) -> Result<bool> {
        let what = "looking for receipts";
        if self.count(what, "select count(to_regclass('drydock.receipts'))")? == 0 {
            return Ok(false);
        }
        let sql = "select exists (select 1 from drydock.receipts where staging_id = $1)";
        let row = self.client.query_one(sql, &[&staging_id]).map_err(|cause| failed(what, &cause))?;
        Ok(row.get(0))
    }

    /// The runs of a staging file whose rows are in the target, without those that were undone or loaded over.
    pub fn runs_of(&mut self, staging_id: &str) -> Result<Vec<KnownRun>> {
        let what = "looking for earlier runs of the staging file";
        let is_there = |table: &str| format!("select count(to_regclass('drydock.{table}'))");
        if self.count(what, &is_there("receipts"))? == 0 {
            return Ok(Vec::new());
        }
        let (heads, superseded) = if self.count(what, &is_there("superseded"))? == 0 {
            ("(select null::text, null::bigint, null::bigint, null::text limit 0)", "false")
        } else {
            (
                "drydock.heads",
                "exists (select 1 from drydock.superseded s \
                  where s.staging_id = r.staging_id and s.run_id = r.run_id)",
            )
        };
        let sql = format!(
            "select r.run_id, to_char(max(r.written_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"'), \
                    max(h.entries), max(h.head) \
             from drydock.receipts r left join {heads} h (staging_id, run_id, entries, head) \
                  on h.staging_id = r.staging_id and h.run_id = r.run_id \
             where r.staging_id = $1 and r.undone_at is null and not {superseded} \
             group by r.run_id order by r.run_id"
        );
        let rows = self.client.query(&sql, &[&staging_id]).map_err(|cause| failed(what, &cause))?;
        let run = |row: &postgres::Row| KnownRun {
            run_id: row.get(0),
            written_at: row.get(1),
            head: row.get::<_, Option<i64>>(2).zip(row.get(3)),
        };
        Ok(rows.iter().map(run).collect())
    }

    /// When another staging file last loaded into this target, if that was after a moment.
    pub fn loaded_by_others_since(&mut self, staging_id: &str, moment: &str) -> Result<Option<String>> {
        let what = "looking for runs of other staging files";
        if self.count(what, "select count(to_regclass('drydock.receipts'))")? == 0 {
            return Ok(None);
        }
        let row = self
            .client
            .query_one(
                "select to_char(max(written_at) at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS\"Z\"') \
                 from drydock.receipts where staging_id <> $1 and undone_at is null \
                 and date_trunc('second', written_at) > $2::text::timestamptz",
                &[&staging_id, &moment],
            )
            .map_err(|cause| failed(what, &cause))?;
        Ok(row.get(0))
    }

    /// The greatest number of a run that the target has heard of, undone or not.
    pub fn last_run_of(&mut self, staging_id: &str) -> Result<i64> {
        let row = self
            .client
            .query_one(
                "select coalesce(max(run_id), 0) from (select run_id from drydock.runs where staging_id = $1 \
                 union all select run_id from drydock.receipts where staging_id = $1) known",
                &[&staging_id],
            )
            .map_err(|cause| failed("looking for earlier runs of the staging file", &cause))?;
        Ok(row.get(0))
    }

    /// Notes that a run loads over others of another copy.
    pub fn supersede(&mut self, staging_id: &str, runs: &[i64], by: i64) -> Result<()> {
        let what = "noting that another copy is loaded over";
        self.make_receipts().map_err(|failure| failure.error)?;
        self.client
            .execute(
                "insert into drydock.superseded (staging_id, run_id, by_run_id) \
                 select $1, run_id, $3 from unnest($2::bigint[]) run_id on conflict do nothing",
                &[&staging_id, &runs, &by],
            )
            .map_err(|cause| failed(what, &cause))?;
        Ok(())
    }
}
