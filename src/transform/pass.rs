//! How the records of one entity go through: read a chunk, decide it in parallel, apply it. While one chunk is decided, the
//! one before is written and the next one read, both by the thread that owns the file.

use std::collections::{HashMap, HashSet};

use rayon::prelude::*;

use super::facts::CHUNK;
use super::ids::Ids;
use super::whole::WholeSet;
use super::{fail_on, isolated};
use crate::entity::{self, Decision, Entity, Raw, Verdict, codes};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::record::{Code, Issue, LegacyId, Phase, Text};
use crate::staging::{Asked, ById, DecisionRows, Staging};

/// Rows that are decided together, with those that are read with them.
struct Chunk {
    rows: Vec<Raw>,
    /// The key of the last one.
    last: LegacyId,
    with: Option<ById>,
}

/// The passes over all entities, in load order: what a later one refers to has been decided by an earlier one.
pub(super) struct Passes<'a> {
    staging: &'a mut Staging,
    progress: Progress,
    ids: &'a Ids,
    /// The target ids of records that will not be loaded as they are, by entity.
    held_back: HashMap<&'static str, HashSet<String>>,
    labels_missing: Vec<(&'static Entity, &'static str, String)>,
}

impl<'a> Passes<'a> {
    pub(super) fn new(staging: &'a mut Staging, progress: Progress, ids: &'a Ids) -> Self {
        Self { staging, progress, ids, held_back: HashMap::new(), labels_missing: Vec::new() }
    }

    /// The labels that ready records need and an enum type of the target lacks: entity, column, sentence.
    pub(super) fn labels_missing(&mut self) -> Vec<(&'static Entity, &'static str, String)> {
        std::mem::take(&mut self.labels_missing)
    }

    /// One entity.
    pub(super) fn run(&mut self, entity: &'static Entity, whole: &WholeSet<'_>) -> Result<()> {
        let operation = format!("transform {}", entity.name);
        let table = entity.legacy;
        let total = self.staging.count_legacy_rows(table.name)?;
        let bar = self.progress.start(&operation, Some(total));
        let rule = entity.rule;
        let read = |staging: &Staging, after: Option<LegacyId>| -> Result<Option<Chunk>> {
            let rows = staging.legacy_rows(table, after, CHUNK)?;
            let Some(last) = rows.last().map(|row| row.legacy_id) else { return Ok(None) };
            let with = rule.with.map(|with| {
                let keys = rows.iter().filter_map(|row| (with.key)(whole, row.legacy_id));
                staging.legacy_rows_by_id(with.table, keys)
            });
            Ok(Some(Chunk { rows, last, with: with.transpose()? }))
        };

        let mut shapes = self.staging.row_shapes(entity)?;
        let mut has_merged = false;
        let mut done = 0;
        let mut decided: Vec<DecisionRows> = Vec::new();
        let mut spent: Vec<DecisionRows> = Vec::new();
        let mut chunk = self.staging.together(|staging| read(staging, None))?;
        while let Some(Chunk { rows, last, with }) = chunk {
            interrupt::check()?;
            let count = rows.len() as u64;
            let (staging, held_back) = (&mut *self.staging, &self.held_back);
            let mut deciding = None;
            let applied = rayon::in_place_scope(|scope| {
                scope.spawn(|_| {
                    deciding = isolated(|| {
                        let decisions = decide(entity, rows, |row| {
                            let key = rule.with.and_then(|with| (with.key)(whole, row.legacy_id));
                            let with = with.as_ref().zip(key).and_then(|(rows, key)| rows.get(key));
                            let told = entity.told(&row, with);
                            let mut decision = (rule.decide)(whole, row, with);
                            decision.changes.splice(..0, told);
                            let mut decision = whole.conclude(entity, decision);
                            follow(entity, held_back, &mut decision);
                            decision
                        });
                        let rows = DecisionRows::of(&mut shapes, &decisions, &mut spent)?;
                        // the thread that writes has the longer day
                        let remembered: Vec<Decision> = decisions.into_iter().filter(is_remembered).collect();
                        Ok::<_, Error>((rows, remembered))
                    });
                });
                apply(staging, entity, &mut decided, |staging| {
                    staging.set_progress(&operation, done, Some(total))?;
                    read(staging, Some(last))
                })
            });
            let (rows_decided, remembered) =
                deciding.ok_or_else(|| Error::internal("deciding records failed"))??;
            let next = applied?;
            spent.append(&mut decided);
            for decision in &remembered {
                self.note(entity, decision);
                has_merged |= matches!(decision.verdict, Verdict::Merged(_));
            }
            done += count;
            bar.set(done);
            decided = rows_decided;
            chunk = next;
        }
        apply(self.staging, entity, &mut decided, |_| Ok(()))?;
        bar.finish();
        self.hold_back_takers(entity)?;
        if has_merged {
            let orphans = self.staging.merged_into_nothing(entity)?;
            self.hold_back(entity, &orphans, &Issue::new(Code::ReferenceNotReady, "merged_into"))?;
        }
        Ok(())
    }

    /// Asks of each code that no map names, or that nobody has confirmed, once: by the first record that has it.
    pub(super) fn ask_codes(&mut self, entity: &'static Entity) -> Result<()> {
        if entity.has_codes() {
            for (rule, code) in codes::ASKED {
                self.staging.ask_codes(entity, rule, code)?;
            }
        }
        Ok(())
    }

    /// Remembers what later records and the end must know of this one: that it is held back, that a rule failed on it, and
    /// which label of the target it lacks.
    fn note(&mut self, entity: &'static Entity, decision: &Decision) {
        match &decision.verdict {
            Verdict::Quarantined | Verdict::Rejected => {
                self.remember(entity, decision.legacy_id);
            }
            Verdict::Ready(_) => {
                let missing = decision.issues.iter().filter(|(_, issue)| issue.code == Code::LabelMissing);
                for (_, issue) in missing {
                    let sentence = issue.context.as_deref().unwrap_or_default();
                    if !self.labels_missing.iter().any(|(_, _, known)| known == sentence) {
                        self.labels_missing.push((entity, issue.field, sentence.to_owned()));
                    }
                }
            }
            Verdict::Merged(_) => {}
        }
    }

    fn remember(&mut self, entity: &'static Entity, legacy_id: LegacyId) {
        let id = self.ids.of(entity, legacy_id).to_string();
        self.held_back.entry(entity.name).or_default().insert(id);
    }

    /// Holds back every record that has the same values as an earlier one, or as an existing row, under a unique key of the
    /// target.
    fn hold_back_takers(&mut self, entity: &'static Entity) -> Result<()> {
        if let Some(column) = self.added_by(entity)? {
            // each is added to another record's row, which has room for one
            let takers = self.staging.takers_of_a_key(entity, &[column.to_owned()])?;
            let issue = Issue::new(Code::KeyTaken, column).with_context("one row for each".to_owned());
            self.hold_back(entity, &takers, &issue)?;
        }
        for key in self.staging.catalog()?.keys {
            let Some(columns) = key.compared_by(entity) else { continue };
            let place = format!("{}.{}: {}", key.table, key.columns.join(", "), key.name);
            let issue = |fact: &str| {
                Issue::new(Code::KeyTaken, columns[0].name).with_context(format!("{place}{fact}"))
            };
            // an owner who is a member too has one row where the target has one for a person at a practice
            let is_told_apart = |(column, _): (&str, &str)| columns.iter().any(|known| known.name == column);
            // where a person has fewer rows than that, the memberships at other practices wait
            let is_of_a_person = columns.iter().any(|known| known.name == "profile_id")
                && columns.iter().all(|known| PAIR.contains(&known.name));
            if is_of_a_person
                && entity.discriminator.is_some_and(|discriminator| !is_told_apart(discriminator))
            {
                self.staging.merge_across(entity, &PAIR)?;
            }
            // addresses are settled over the whole set
            if !columns.iter().any(|column| column.unique) {
                let takers = self.staging.takers_of_a_key(entity, &key.columns)?;
                self.hold_back(entity, &takers, &issue(""))?;
            }
            for (legacy_id, holder) in self.staging.taken_by_existing(entity, &key, &columns)? {
                self.hold_back(entity, &[legacy_id], &issue(&format!(", held by row {holder}")))?;
            }
        }
        Ok(())
    }

    /// The column by which the entity's records are added to the rows of another, where the target has no table for them.
    fn added_by(&self, entity: &Entity) -> Result<Option<&'static str>> {
        let target = self.staging.config()?.unwrap_or_default().target;
        Ok(target.mapping().onto(entity).and_then(Result::ok).map(|column| column.name))
    }

    fn hold_back(&mut self, entity: &'static Entity, records: &[LegacyId], issue: &Issue) -> Result<()> {
        for legacy_id in records {
            self.remember(entity, *legacy_id);
        }
        self.staging.hold_back(entity, records, issue)
    }
}

/// What a membership and an ownership of one person at one practice have in common.
const PAIR: [&str; 2] = ["practice_id", "profile_id"];

/// Applies the rows of one chunk; the last transaction ends with what `then` does.
fn apply<T>(
    staging: &mut Staging,
    entity: &Entity,
    decided: &mut [DecisionRows],
    then: impl FnOnce(&mut Staging) -> Result<T>,
) -> Result<T> {
    let Some((last, others)) = decided.split_last_mut() else { return staging.apply(entity, None, then) };
    for rows in others {
        staging.apply(entity, Some(rows), |_| Ok(()))?;
    }
    staging.apply(entity, Some(last), then)
}

/// Whether something of a decision must be known later: see [`Passes::note`].
fn is_remembered(decision: &Decision) -> bool {
    let is_about_label = |(_, issue): &(Phase, Issue)| issue.code == Code::LabelMissing;
    !decision.is_ready() || decision.issues.iter().any(is_about_label)
}

/// Lets go of references to records that are held back, or holds back the record that cannot do without them.
fn follow(
    entity: &'static Entity,
    held_back: &HashMap<&'static str, HashSet<String>>,
    decision: &mut Decision,
) {
    let Verdict::Ready(row) = &decision.verdict else { return };
    let refers = |(column, value): &(&'static entity::Column, &Option<Text>)| {
        let held_back = column.references.and_then(|entity| held_back.get(entity.name));
        held_back.is_some_and(|ids| value.as_ref().is_some_and(|id| ids.contains(id.as_str())))
    };
    let blocked: Vec<&'static str> = if held_back.is_empty() {
        Vec::new()
    } else {
        entity.columns.iter().zip(&row.0).filter(refers).map(|(column, _)| column.name).collect()
    };
    for field in blocked {
        decision.let_go(entity, field);
    }
}

/// Decides rows in parallel, each on its own: a rule that panics costs the record that met it and no other.
fn decide(
    entity: &'static Entity,
    rows: Vec<Raw>,
    rule: impl Fn(Raw) -> Decision + Sync + Send,
) -> Vec<Decision> {
    rows.into_par_iter()
        .map(|row| {
            let legacy_id = row.legacy_id;
            let decided = isolated(|| {
                fail_on(entity.name, legacy_id);
                rule(row)
            });
            decided.unwrap_or_else(|| {
                let mut decision = Decision::open(legacy_id);
                decision.issue(entity.phase, Issue::new(Code::RulePanicked, ""));
                decision
            })
        })
        .collect()
}
