//! What triggers of the target wrote into tables that are none of ours while rows were loaded: an audit trail, a queue, accounts.
//! No receipt has these rows and no undo takes them back, so that a load says which they are.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::{Target, quoted};

/// One row is one table of others that the present transaction wrote into, with the rows that it wrote.
const WRITTEN: &str = "\
select format('%s.%s', s.schemaname, s.relname), s.n_tup_ins + s.n_tup_upd + s.n_tup_del \
from pg_stat_xact_user_tables s \
where s.n_tup_ins + s.n_tup_upd + s.n_tup_del > 0 and s.schemaname <> 'drydock' and s.schemaname !~ '^pg_temp' \
  and not exists (select 1 from unnest($1::text[]) o (name) \
                  where to_regclass(o.name) in (s.relid, pg_partition_root(s.relid)))";

/// What is known of it in one session.
#[derive(Debug, Clone, Default)]
pub(super) struct Elsewhere {
    /// What the server counted before the present transaction: it may count those before it too.
    before: BTreeMap<String, u64>,
    /// What the transactions that ended wrote, by table.
    written: BTreeMap<String, u64>,
}

impl Target {
    /// Begins to count what a transaction writes elsewhere.
    pub(super) fn begin_noting_elsewhere(&mut self) -> Result<(), Failure> {
        self.elsewhere.before = self.counted_elsewhere()?;
        Ok(())
    }

    /// Counts what the present transaction wrote elsewhere, before it ends. Rows that a savepoint took back count too.
    pub(super) fn note_elsewhere(&mut self) -> Result<(), Failure> {
        for (table, rows) in self.counted_elsewhere()? {
            let before = self.elsewhere.before.get(&table).copied().unwrap_or(0);
            if rows > before {
                *self.elsewhere.written.entry(table).or_default() += rows - before;
            }
        }
        Ok(())
    }

    /// How many rows triggers wrote into tables of others in this session, by table.
    pub fn elsewhere(&self) -> &BTreeMap<String, u64> {
        &self.elsewhere.written
    }

    fn counted_elsewhere(&mut self) -> Result<BTreeMap<String, u64>, Failure> {
        if !self.is_any_watched() {
            return Ok(BTreeMap::new());
        }
        let mut ours: Vec<String> = self.tables.iter().map(|table| self.real(table)).collect();
        ours.push(format!("{}.{}", quoted(&self.schema), quoted(&self.mappings.table)));
        let rows = self
            .client
            .query(WRITTEN, &[&ours])
            .map_err(|cause| Failure::of("asking what triggers wrote", &cause))?;
        Ok(rows.iter().map(|row| (row.get(0), u64::try_from(row.get::<_, i64>(1)).unwrap_or(0))).collect())
    }
}
