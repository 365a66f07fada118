//! What the constraints of the target refuse, asked of all resolved rows before the first write, and not by the refusal of each.

use std::collections::HashSet;

use super::Obstacles;
use crate::entity::catalog::Catalog;
use crate::entity::{ACCOUNTS, Column, Entity, Write};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::Staging;
use crate::target::{Asked, Constraint, Target};

/// Asks every constraint.
pub(super) fn look(staging: &Staging, target: &mut Target, catalog: &Catalog) -> Result<Obstacles> {
    let mut found = Obstacles::default();
    for entity in staging.sent_entities()? {
        // what a trigger makes of a column before it is inserted cannot be known
        let made_over = target.made_over(entity)?;
        let mut is_judged = false;
        let all = staging.count_ready(entity)?;
        for constraint in target.constraints(entity)? {
            let is_own = constraint.refers_to.as_ref().is_some_and(|parent| target.is_written(parent));
            if is_own {
                found.problems.extend(too_early(&staging.sent_entities()?, entity, &constraint));
                continue;
            }
            let is_open =
                made_over.touches(&constraint.columns) || constraint.is_unique() && entity.is_onto();
            if constraint.columns.is_empty() || is_open {
                continue;
            }
            let Some(asked) = target.asked_of(catalog, entity, &constraint) else {
                // it can be asked of the rows as they stand
                is_judged |= constraint.refers_to.is_none();
                continue;
            };
            match judge(staging, target, entity, &constraint, &asked, all)? {
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
    asked_of: &Asked,
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
    let columns = &asked_of.sent;
    let asked = broken(staging, target, entity, constraint, asked_of, |_| false);
    let asked = match asked {
        // its row is inserted before the column is filled
        Ok((0, _)) if parent.is_none() && columns.iter().any(|column| is_late(column)) => {
            broken(staging, target, entity, constraint, asked_of, is_late)
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
        Some(ACCOUNTS) if is_in_the_way => Judgement::InTheWay(format!(
            "{place} references {ACCOUNTS} ({key}), and {records} of {all} {entities} have no account there{such}: every one would \
             be refused until its account exists; `drydock auth` writes what makes them"
        )),
        Some(parent) if is_in_the_way => Judgement::InTheWay(format!(
            "{records} of {all} {entities} refer to rows that {parent} does not have ({key}){such}: bring those rows there first, \
             or leave the column out ([target.columns.{}])",
            entity.target_table
        )),
        None if is_in_the_way && constraint.is_unique() => Judgement::InTheWay(format!(
            "{records} of {all} {entities} have in {place} what another row has too, which {key} forbids{such}: fill the column with \
             what tells them apart ([target.fill.{0}], [target.columns.{0}]), or change it in the target",
            entity.target_table
        )),
        None if is_in_the_way => Judgement::InTheWay(format!(
            "{records} of {all} {entities} break the constraint {key} over {place}{such}: say in the configuration what it asks for \
             ({1}[target.fill.{0}], [target.columns.{0}]), or change it in the target",
            entity.target_table,
            labels(columns)
        )),
        Some(parent) => Judgement::GoodToKnow(format!(
            "{records} of {all} {entities} refer to rows that {parent} does not have ({key}){such}: they will be refused"
        )),
        None if constraint.is_unique() => Judgement::GoodToKnow(format!(
            "{records} of {all} {entities} have in {place} what another row has too, which {key} forbids{such}: they will be refused \
             where they are written"
        )),
        None => Judgement::GoodToKnow(format!(
            "{records} of {all} {entities} break the constraint {key} over {place}{such}: they will be refused where they are \
             written"
        )),
    })
}

/// Where the configuration has the target's labels for what the columns hold.
fn labels(columns: &[&Column]) -> String {
    let known = [("role", "[policy.roles], "), ("gender", "[policy.genders], ")];
    let named = known.into_iter().filter(|(name, _)| columns.iter().any(|column| column.name == *name));
    named.map(|(_, place)| place).collect()
}

/// A key over several columns of a table that is loaded too, of which a later phase fills one.
fn too_early(entities: &[&'static Entity], entity: &Entity, constraint: &Constraint) -> Option<String> {
    let schema_and_table = constraint.refers_to.as_deref().unwrap_or_default();
    let parent = entities.iter().find(|parent| {
        !parent.is_onto()
            && schema_and_table.split_once('.').is_some_and(|(_, table)| table == parent.target_table)
    })?;
    let written = |of: &Entity, column: &Column| match column.write {
        Write::In(phase) => phase,
        _ => of.phase,
    };
    let own = constraint.columns.iter().filter_map(|name| entity.column(name));
    let complete = own.map(|column| written(entity, column)).max()?;
    let late = constraint.refers_by.iter().filter_map(|name| parent.column(name));
    let late = late.max_by_key(|column| written(parent, column))?;
    let phase = written(parent, late);
    (constraint.columns.len() > 1 && phase > complete).then(|| {
        let (phase, complete) = (phase.as_str(), complete.as_str());
        format!(
            "{}.{} refers to {schema_and_table} by {} ({}), and phase {phase} fills {} there, after {complete}: drop the constraint, \
             and make it again when everything is loaded",
            entity.target_table,
            constraint.columns.join(", "),
            constraint.refers_by.join(", "),
            constraint.name,
            late.name
        )
    })
}

fn broken(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    constraint: &Constraint,
    asked: &Asked,
    is_null: impl Fn(&Column) -> bool,
) -> Result<(u64, Option<LegacyId>)> {
    let nulls: Vec<bool> = asked.sent.iter().map(|column| is_null(column)).collect();
    // what is sent beside this entity's rows is about to be another row
    let entities = staging.sent_entities()?;
    let others =
        entities.iter().filter(|other| other.name != entity.name && target.are_together(entity, other));
    let others: Vec<&Entity> = others.copied().filter(|_| constraint.is_unique()).collect();
    // what goes with this load is in nobody's way
    let going = if constraint.is_unique() { staging.rows_to_go()? } else { HashSet::new() };
    staging.with_ready(entity, &asked.sent, |rows| {
        target.broken(entity, constraint, asked, |sender| {
            while rows
                .next(|legacy_id, values| {
                    let key = legacy_id.to_string();
                    let sent = values.iter().zip(&nulls).map(|(value, is_null)| value.filter(|_| !is_null));
                    sender.send([Some(key.as_str())].into_iter().chain(sent));
                    Ok(())
                })?
                .is_some()
            {}
            let nothing = asked.sent.len() - 1;
            for id in &going {
                sender.send([None, Some(id.as_str())].into_iter().chain(std::iter::repeat_n(None, nothing)));
            }
            for other in others {
                let id: Vec<&Column> = other.column("id").into_iter().collect();
                staging.with_ready(other, &id, |rows| {
                    while rows
                        .next(|_, values| {
                            let id = values.first().copied().flatten();
                            sender.send([None, id].into_iter().chain(std::iter::repeat_n(None, nothing)));
                            Ok(())
                        })?
                        .is_some()
                    {}
                    Ok(())
                })?;
            }
            Ok(())
        })
    })
}
