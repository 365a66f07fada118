//! What triggers of the target wrote into tables that are none of ours while rows were loaded or undone: an audit trail, a queue,
//! accounts; and what foreign keys wrote there that follow what they refer to.
//! No receipt has these rows and no undo takes them back, so that a load and an undo say which they are. So does a load of what triggers
//! did to rows of the loaded tables that stand for no record.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::receipts::written_by;
use super::{Target, quoted, quoted_text};
use crate::error::Result;

/// One row is one table that the present transaction wrote into: its name, the rows that it wrote, those that it removed, and its
/// place in $1, the tables of ours; none where it is none of ours.
const WRITTEN: &str = "\
select format('%s.%s', s.schemaname, s.relname), s.n_tup_ins + s.n_tup_upd + s.n_tup_del, s.n_tup_del, \
    (select min(o.place) from unnest($1::text[]) with ordinality o (name, place) \
     where to_regclass(o.name) in (s.relid, pg_partition_root(s.relid))) \
from pg_stat_xact_user_tables s \
where s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0 and s.schemaname <> 'drydock' and s.schemaname !~ '^pg_temp'";

/// What is known of it in one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Elsewhere {
    /// What the server counted before the present transaction: it may count those before it too.
    before: Counted,
    /// What the transactions that ended wrote, by table of others.
    written: BTreeMap<String, u64>,
    /// The rows that they removed from tables of ours, by the target's name.
    removed: BTreeMap<String, u64>,
    /// Those of them that were meant to go.
    meant: BTreeMap<String, u64>,
}

/// What a transaction has written into tables of others and removed from ours, by table.
#[derive(Debug, Clone, Default)]
struct Counted {
    written: BTreeMap<String, u64>,
    removed: BTreeMap<String, u64>,
}

impl Target {
    /// Begins to count what a transaction writes elsewhere.
    pub(super) fn begin_noting_elsewhere(&mut self) -> Result<(), Failure> {
        self.elsewhere.before = self.counted_elsewhere()?;
        Ok(())
    }

    /// Counts what the present transaction wrote elsewhere, before it ends. Rows that a savepoint took back count too.
    pub(super) fn note_elsewhere(&mut self) -> Result<(), Failure> {
        let now = self.counted_elsewhere()?;
        let Elsewhere { before, written, removed, .. } = &mut self.elsewhere;
        for (all, now, before) in
            [(written, now.written, &before.written), (removed, now.removed, &before.removed)]
        {
            for (table, rows) in now {
                let more = rows.saturating_sub(before.get(&table).copied().unwrap_or(0));
                if more > 0 {
                    *all.entry(table).or_default() += more;
                }
            }
        }
        Ok(())
    }

    /// How many rows triggers wrote into tables of others in this session, by table.
    pub fn elsewhere(&self) -> &BTreeMap<String, u64> {
        &self.elsewhere.written
    }

    /// Notes that rows of a table of ours are to go.
    pub(super) fn mean_to_remove(&mut self, table: &str, rows: u64) {
        let theirs = self.names.table(table).to_owned();
        *self.elsewhere.meant.entry(theirs).or_default() += rows;
    }

    /// How many rows triggers removed from tables of ours in this session, by table.
    pub fn removed_by_triggers(&self) -> BTreeMap<String, u64> {
        let Elsewhere { removed, meant, .. } = &self.elsewhere;
        let beyond = removed.iter().map(|(table, rows)| {
            (table.clone(), rows.saturating_sub(meant.get(table).copied().unwrap_or(0)))
        });
        beyond.filter(|(_, rows)| *rows > 0).collect()
    }

    /// The rows `t` of a table that stand for no record and that the transactions of these receipts were the last to write, as they
    /// follow `from`.
    pub(super) fn rows_beside(&self, table: &str, receipts: &str) -> String {
        format!(
            "{} t where t.legacy_id is null \
             and {} in (select unnest(xids) from drydock.receipts where {receipts} and undone_at is null)",
            self.named(table),
            written_by(table)
        )
    }

    /// How many rows of our tables stand for no record and were last written by a run, by table: triggers made or changed them.
    pub fn beside_records(&mut self, staging_id: &str, run_id: i64) -> Result<BTreeMap<String, u64>> {
        let mut beside = BTreeMap::new();
        if !self.is_any_watched() || !self.has_receipts()? {
            return Ok(beside);
        }
        let mine = format!("staging_id = {} and run_id = {run_id}", quoted_text(staging_id));
        for table in self.tables.clone() {
            if !self.makes_rows(table) {
                continue;
            }
            let sql = format!(
                "select count(*) from {} and not exists ( \
                     select 1 from drydock.pre_images p where {mine} and p.table_name = {} and p.id = t.id)",
                self.rows_beside(table, &mine),
                quoted_text(table)
            );
            let rows = self.count(&format!("looking at {table}"), &sql)?;
            if rows > 0 {
                *beside.entry(self.names.table(table).to_owned()).or_default() += rows;
            }
        }
        Ok(beside)
    }

    fn counted_elsewhere(&mut self) -> Result<Counted, Failure> {
        let mut ours: Vec<String> = self.tables.iter().map(|table| self.real(table)).collect();
        ours.push(format!("{}.{}", quoted(&self.schema), quoted(&self.mappings.table)));
        let rows = self
            .client
            .query(WRITTEN, &[&ours])
            .map_err(|cause| Failure::of("asking what triggers wrote", &cause))?;
        let mut counted = Counted::default();
        for row in rows {
            let number = |column: usize| u64::try_from(row.get::<_, i64>(column)).unwrap_or(0);
            let Some(place) = row.get::<_, Option<i64>>(3) else {
                counted.written.insert(row.get(0), number(1));
                continue;
            };
            let table = usize::try_from(place - 1).ok().and_then(|place| self.tables.get(place));
            if let Some(table) = table {
                *counted.removed.entry(self.names.table(table).to_owned()).or_default() += number(2);
            }
        }
        Ok(counted)
    }
}
