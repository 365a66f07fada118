//! The life of an issue that waits for a person or for the target: pending, in progress, resolved or escalated. A transform
//! finds everything anew; what it finds again goes on where it was, and what it does not find again is closed with the
//! reason. What the target refused stays open until the target takes the record.

use rusqlite::Connection;

use crate::entity;
use crate::error::Result;
use crate::record::{Action, ItemId, LegacyId, SAME_ONE};
use crate::staging::file::open::Staging;
use crate::staging::now;
use crate::staging::people::decisions::{DecisionState, Standing};

/// What a refusal of the target is known by: `load` writes them, `transform` never does.
const IS_REFUSAL: &str = "error_code like 'target\\_%' escape '\\' and error_context like 'sqlstate=%'";

/// The same error before and after a transform. A row whose key cannot be told is known by its place.
const IS_SAME: &str = "e.entity = m.entity and e.entity_id is m.entity_id and e.phase = m.phase and e.field = m.field \
     and e.error_code = m.error_code and (e.entity_id is not null or e.error_context is m.error_context)";

impl Staging {
    /// Puts the errors that wait, or were decided by a person, aside before they are found anew.
    pub fn keep_manual_errors(&mut self) -> Result<()> {
        // those that a transform which was stopped has put aside are the ones that count
        let sql = format!(
            "insert into earlier_errors (phase, severity, entity_type, entity, entity_id, error_code, error_category, \
                 field, error_message, error_context, suggested_resolution, resolution_status, created_at, resolved_at, \
                 retry_count) \
             select phase, severity, entity_type, entity, entity_id, error_code, error_category, field, error_message, \
                    error_context, suggested_resolution, resolution_status, created_at, resolved_at, retry_count \
             from migration_errors m where resolution_strategy = 'manual' \
               and not exists (select 1 from earlier_errors e where {IS_SAME})"
        );
        self.connection.execute(&sql, [])?;
        Ok(())
    }

    /// Lets what a transform found go on where the earlier one was: an error keeps the moment when it was first found, one
    /// that is found no longer is closed, and each decision settles its errors.
    pub fn settle_errors(&mut self, decisions: &[(Standing, DecisionState)]) -> Result<()> {
        let moment = now();
        self.transaction(|connection| {
            continue_errors(connection, &moment)?;
            let mut state = connection.prepare("update decisions set state = ? where decision_id = ?")?;
            for (standing, became) in decisions {
                let word = match became {
                    DecisionState::Applied => "applied",
                    DecisionState::Stale => "stale",
                    DecisionState::Changed => "changed",
                };
                state.execute((word, standing.decision_id))?;
                match (became, standing.ruling.action) {
                    // what holds goes on holding, and is asked again
                    (DecisionState::Stale | DecisionState::Changed, _) => {}
                    (_, Action::NotADuplicate) if standing.ruling.item.question != SAME_ONE => {
                        tell_apart(connection, &standing.ruling.item)?;
                    }
                    (_, Action::Escalate) => {
                        set_status(connection, &standing.ruling.item, "escalated", None)?;
                    }
                    // what is not migrated or stood for by another has no open questions left
                    (_, Action::Reject | Action::Merge) => {
                        settle_record(connection, &standing.ruling.item, &moment)?;
                    }
                    _ => set_status(connection, &standing.ruling.item, "resolved", Some(&moment))?,
                }
            }
            Ok(())
        })
    }

    /// Settles the question about the practice of profiles that follow their patient's decided practice.
    pub fn settle_followers(&mut self, profiles: &[LegacyId]) -> Result<()> {
        let moment = now();
        self.transaction(|connection| {
            for legacy_id in profiles {
                let item = ItemId {
                    entity: entity::profiles::ENTITY.name.to_owned(),
                    legacy_id: *legacy_id,
                    question: "practice_id".to_owned(),
                };
                set_status(connection, &item, "resolved", Some(&moment))?;
            }
            Ok(())
        })
    }
}

/// Sets the status of the open errors of one question. What the target refused is resolved by the target alone: once it is
/// decided it is in progress until the next load.
pub(in crate::staging) fn set_status(
    connection: &Connection,
    item: &ItemId,
    status: &str,
    resolved_at: Option<&str>,
) -> Result<()> {
    let field = if item.question == "record" { "" } else { item.question.as_str() };
    let sql = format!(
        "update migration_errors \
         set resolution_status = iif(?1 = 'resolved' and {IS_REFUSAL}, 'in_progress', ?1), \
             resolved_at = iif({IS_REFUSAL}, null, ?2) \
         where entity = ?3 and entity_id = ?4 and field = ?5 and resolution_strategy = 'manual' \
           and resolution_status <> 'failed'"
    );
    connection.prepare_cached(&sql)?.execute((status, resolved_at, &item.entity, item.legacy_id.0, field))?;
    Ok(())
}

/// Notes on a pair that they are different people.
fn tell_apart(connection: &Connection, item: &ItemId) -> Result<()> {
    connection
        .prepare_cached(
            "update duplicate_pairs set verdict = 'not_a_duplicate' \
             where entity = ? and other_legacy_id = ? and 'duplicate_of_' || legacy_id = ?",
        )?
        .execute((&item.entity, item.legacy_id.0, &item.question))?;
    Ok(())
}

fn settle_record(connection: &Connection, item: &ItemId, moment: &str) -> Result<()> {
    connection
        .prepare_cached(
            "update migration_errors set resolution_status = 'resolved', resolved_at = ? \
             where entity = ? and entity_id = ? and resolution_strategy = 'manual' and resolution_status <> 'failed'",
        )?
        .execute((moment, &item.entity, item.legacy_id.0))?;
    Ok(())
}

fn continue_errors(connection: &Connection, moment: &str) -> Result<()> {
    // what the target refused, and will be asked again, is as open as it was
    connection.execute(
        &format!(
            "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, error_category, \
                 field, error_message, error_context, suggested_resolution, resolution_strategy, resolution_status, \
                 batch_id, created_at) \
             select e.phase, e.severity, e.entity_type, e.entity, e.entity_id, e.error_code, e.error_category, e.field, \
                    e.error_message, e.error_context, e.suggested_resolution, 'manual', 'pending', r.batch_id, e.created_at \
             from earlier_errors e \
             join records r on r.entity = e.entity and r.legacy_id = e.entity_id and r.fate = 'ready' \
             where {IS_REFUSAL} and e.resolution_status <> 'resolved'"
        ),
        [],
    )?;
    connection.execute(
        &format!(
            "update migration_errors as m set created_at = e.created_at, retry_count = e.retry_count \
             from earlier_errors e where m.resolution_strategy = 'manual' and {IS_SAME}"
        ),
        [],
    )?;
    connection.execute(
        &format!(
            "insert into closed_errors (entity, entity_id, field, error_code, severity, resolution_status, \
                                        closed_because, created_at, resolved_at) \
             select e.entity, e.entity_id, e.field, e.error_code, e.severity, 'resolved', \
                    case when e.resolution_status = 'resolved' then 'resolved before' \
                         when e.entity_id is not null and not exists ( \
                             select 1 from records r where r.entity = e.entity and r.legacy_id = e.entity_id) \
                         then 'record gone' \
                         when {IS_REFUSAL} then 'not to be loaded any more' \
                         else 'no longer found' end, \
                    e.created_at, coalesce(e.resolved_at, ?) \
             from earlier_errors e \
             where not exists (select 1 from migration_errors m where {IS_SAME})"
        ),
        [moment],
    )?;
    connection.execute("delete from earlier_errors", [])?;
    Ok(())
}
