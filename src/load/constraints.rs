//! What the constraints of the target refuse, asked of all resolved rows before the first write, and not by the refusal of each.

use super::Obstacles;
use crate::entity::catalog::Catalog;
use crate::entity::{ACCOUNTS, Column, Entity, Kind, Write};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::Staging;
use crate::target::{Constraint, Target};

/// Asks every constraint.
pub(super) fn look(staging: &Staging, target: &mut Target, catalog: &Catalog) -> Result<Obstacles> {
    let mut found = Obstacles::default();
    for entity in staging.sent_entities()? {
        // what a trigger makes of a row before it is inserted cannot be known
        if target.is_made_over(catalog, entity) {
            continue;
        }
        let mut is_judged = false;
        let all = staging.count_ready(entity)?;
        for constraint in target.constraints(entity)? {
            let is_own = constraint.refers_to.as_ref().is_some_and(|parent| target.is_written(parent));
            let own = constraint.columns.iter().map(|name| entity.column(name));
            let is_ours = |columns: &Vec<&Column>| columns.iter().all(|column| column.kind != Kind::Metadata);
            let columns = own
                .collect::<Option<Vec<_>>>()
                .filter(|columns| !is_own && !columns.is_empty())
                .filter(is_ours);
            let Some(columns) = columns else {
                // it is about more than one entity's columns, or about what stands in the row
                is_judged |= constraint.refers_to.is_none();
                continue;
            };
            match judge(staging, target, entity, &constraint, &columns, all)? {
                Judgement::Fine => {}
                Judgement::InTheWay(problem) => found.problems.push(problem),
                Judgement::GoodToKnow(note) => {
                    is_judged = true;
                    found.notes.push(note);
                }
            }
        }
        if is_judged {
            found.judged.push(entity);
        }
    }
    Ok(found)
}

/// From so many records on, most of them is as much as all.
const MANY: u64 = 10;

enum Judgement {
    Fine,
    InTheWay(String),
    GoodToKnow(String),
}

fn judge(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    constraint: &Constraint,
    columns: &[&'static Column],
    all: u64,
) -> Result<Judgement> {
    let place = format!("{}.{}", entity.target_table, constraint.columns.join(", "));
    let key = &constraint.name;
    let parent = constraint.refers_to.as_deref();
    if !constraint.can_be_asked {
        return Ok(match parent {
            Some(ACCOUNTS) => Judgement::InTheWay(format!(
                "{place} references {ACCOUNTS} ({key}), which the role may not read: grant select on it, so that it can be seen \
                 whether the accounts are there"
            )),
            _ => Judgement::Fine,
        });
    }
    let is_late = |column: &Column| matches!(column.write, Write::In(_));
    let asked = broken(staging, target, entity, constraint, columns, |_| false);
    let asked = match asked {
        // its row is inserted before the column is filled
        Ok((0, _)) if parent.is_none() && columns.iter().any(|column| is_late(column)) => {
            broken(staging, target, entity, constraint, columns, is_late)
        }
        asked => asked,
    };
    let (records, first) = match asked {
        Err(error) if !target.is_broken() && error.kind() == crate::error::Kind::Target => {
            return Ok(Judgement::GoodToKnow(format!(
                "the constraint {key} over {place} could not be asked: {error}"
            )));
        }
        found => found?,
    };
    if records == 0 {
        return Ok(Judgement::Fine);
    }
    let such = first.map(|id| format!(", such as legacy id {id}")).unwrap_or_default();
    let entities = entity.name;
    // a constraint that most records break is no fault of theirs
    let is_most = records == all || 2 * records > all && records >= MANY;
    let is_in_the_way = constraint.is_validated && is_most;
    Ok(match parent {
        Some(ACCOUNTS) => Judgement::InTheWay(format!(
            "{place} references {ACCOUNTS} ({key}), and {records} of {all} {entities} have no account there{such}: every one would \
             be refused until its account exists; `drydock auth` writes what makes them"
        )),
        Some(parent) if is_in_the_way => Judgement::InTheWay(format!(
            "{records} of {all} {entities} refer to rows that {parent} does not have ({key}){such}: bring those rows there first, \
             or leave the column out ([target.columns.{}])",
            entity.target_table
        )),
        None if is_in_the_way => Judgement::InTheWay(format!(
            "{records} of {all} {entities} break the constraint {key} over {place}{such}: say in the configuration what it asks for \
             ([target.fill.{0}], [target.columns.{0}]), or change it in the target",
            entity.target_table
        )),
        Some(parent) => Judgement::GoodToKnow(format!(
            "{records} of {all} {entities} refer to rows that {parent} does not have ({key}){such}: they will be refused"
        )),
        None => Judgement::GoodToKnow(format!(
            "{records} of {all} {entities} break the constraint {key} over {place}{such}: they will be refused where they are \
             written"
        )),
    })
}

fn broken(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    constraint: &Constraint,
    columns: &[&'static Column],
    is_null: impl Fn(&Column) -> bool,
) -> Result<(u64, Option<LegacyId>)> {
    let nulls: Vec<bool> = columns.iter().map(|column| is_null(column)).collect();
    // what refers to nothing at all breaks no key
    let is_key = constraint.refers_to.is_some();
    staging.with_ready(entity, columns, |rows| {
        target.broken(entity, constraint, columns, |sender| {
            while rows
                .next(|legacy_id, values| {
                    if !is_key || values.iter().all(Option::is_some) {
                        let key = legacy_id.to_string();
                        let sent =
                            values.iter().zip(&nulls).map(|(value, is_null)| value.filter(|_| !is_null));
                        sender.send([Some(key.as_str())].into_iter().chain(sent));
                    }
                    Ok(())
                })?
                .is_some()
            {}
            Ok(())
        })
    })
}
