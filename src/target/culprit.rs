//! What raised an error within the target: the trigger, the constraint or the index whose function the server names. Its own word
//! for the table or the constraint is not believed where a function raised it, and guessing accuses whoever happens to be there.

use std::collections::HashMap;

use super::{Refusal, Target, failed};
use crate::entity::Entity;
use crate::error::Result;
use crate::record::LegacyId;

/// One row is what of the table $1 calls one of the functions $2.
const CALLERS: &str = "\
select c.kind, c.name from ( \
    select 1, 'constraint', k.conname::text, p.proname::text from pg_constraint k \
    join pg_depend d on d.classid = 'pg_constraint'::regclass and d.objid = k.oid and d.refclassid = 'pg_proc'::regclass \
    join pg_proc p on p.oid = d.refobjid where k.conrelid = to_regclass($1) \
    union all \
    select 2, 'trigger', t.tgname::text, p.proname::text from pg_trigger t join pg_proc p on p.oid = t.tgfoid \
    where t.tgrelid = to_regclass($1) and not t.tgisinternal and t.tgenabled <> 'D' \
    union all \
    select 3, 'index', x.relname::text, p.proname::text from pg_index i join pg_class x on x.oid = i.indexrelid \
    join pg_depend d on d.classid = 'pg_class'::regclass and d.objid = x.oid and d.refclassid = 'pg_proc'::regclass \
    join pg_proc p on p.oid = d.refobjid where i.indrelid = to_regclass($1) \
    union all \
    select 4, 'function', p.proname::text, p.proname::text from pg_proc p \
) c (rank, kind, name, function) where c.function = any($2) order by c.rank, c.name limit 1";

impl Target {
    /// Says of refused records what raised the error, where a function did and the catalog knows who calls it.
    pub fn find_culprits(&mut self, entity: &Entity, refusals: &mut [(LegacyId, Refusal)]) -> Result<()> {
        let mut known: HashMap<Vec<String>, Option<(String, String)>> = HashMap::new();
        for (_, refusal) in refusals.iter_mut().filter(|(_, refusal)| !refusal.functions.is_empty()) {
            if !known.contains_key(&refusal.functions) {
                let caller = self.caller(entity, &refusal.functions)?;
                known.insert(refusal.functions.clone(), caller);
            }
            let culprit = known.get(&refusal.functions).cloned().flatten();
            match culprit {
                Some((kind, name)) if kind == "constraint" => refusal.constraint = Some(name),
                Some((kind, name)) => refusal.by = Some(format!("{kind} {name}")),
                None => {}
            }
        }
        Ok(())
    }

    fn caller(&mut self, entity: &Entity, functions: &[String]) -> Result<Option<(String, String)>> {
        let table = self.real(entity.target_table);
        let row = self
            .client
            .query_opt(CALLERS, &[&table, &functions])
            .map_err(|cause| failed("looking for what raised an error", &cause))?;
        Ok(row.map(|row| (row.get(0), row.get(1))))
    }

    /// Why a session's own temporary tables cannot be made or used, with the event triggers that may be at it: each a sentence.
    pub(super) fn refused_temporaries(&mut self) -> Result<Vec<String>> {
        let sql = "select string_agg(evtname::text, ', ' order by evtname) from pg_event_trigger \
                   where evtenabled <> 'D' and evtevent like 'ddl_command%'";
        let row =
            self.client.query_one(sql, &[]).map_err(|cause| failed("looking for event triggers", &cause))?;
        let Some(triggers) = row.get::<_, Option<String>>(0).filter(|_| self.depth == 0) else {
            return Ok(Vec::new());
        };
        let tried =
            self.client.batch_execute("begin; create temporary table drydock_tried (id int4) on commit drop");
        let is_guarded = tried.is_ok()
            && self
                .client
                .query_one("select row_security_active('drydock_tried')", &[])
                .map_err(|cause| failed("trying a temporary table", &cause))?
                .get::<_, bool>(0);
        self.client.batch_execute("rollback").map_err(|cause| failed("trying a temporary table", &cause))?;
        let why = match tried {
            // a role that may not is told so by its rights
            Err(cause) if cause.code() == Some(&postgres::error::SqlState::INSUFFICIENT_PRIVILEGE) => {
                return Ok(Vec::new());
            }
            Err(cause) => format!("no temporary table can be made ({})", failed("trying one", &cause)),
            Ok(()) if is_guarded => {
                "row level security is switched on for every table, temporary ones too".to_owned()
            }
            Ok(()) => return Ok(Vec::new()),
        };
        Ok(vec![format!(
            "{why}, and a load needs some: have the event triggers of the database (those that look at new tables: {triggers}) leave the schema \
             pg_temp alone, or switch them off for the load (alter event trigger \u{2026} disable)"
        )])
    }
}
