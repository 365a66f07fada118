//! File against target, proved at four levels: every record by its legacy id and every field of it (`contents`), and
//! queries that return what is wrong (`list`), about entities, relationships, the business and the system. Everything is
//! read in one snapshot of the target; nothing is written to it. What is found is kept by record and field, without values.

mod compare;
mod contents;
mod digest;
mod each;
mod found_rows;
mod gone;
mod guards;
mod json;
mod list;
mod proof;
pub mod queries;
mod sent;
mod source;
mod survival;

use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Instant;

use crate::entity::Entity;
use crate::error::{Error, Result};
use crate::extract;
use crate::progress::Progress;
use crate::record::Phase;
use crate::staging::{
    Check, Difference, DifferenceKind, Level, Proof, Staging, Step, Survival, ThreeWayProof, Wrong,
};
use crate::survey;
use crate::target::{RangeDigest, Target};

use contents::{Found, Plan};
use found_rows::FoundRows;
pub use gone::GONE;
pub use guards::{GUARDS, UNDO};
pub use proof::{DIGESTS, RECEIPTS, SNAPSHOT};
use queries::{End, Gone, Waiting};
use sent::Sent;
pub use source::Live;
use survival::Stated;

/// The checks that every verification has, each with what it proves when it finds nothing.
pub fn sentences() -> Vec<(&'static str, String)> {
    let queries = |check: &'static list::Listed| {
        [check.target, check.staging].into_iter().flatten().map(|sql| (check.name, list::sentence(sql)))
    };
    let fixed = [SNAPSHOT, RECEIPTS, DIGESTS, GUARDS, UNDO, GONE];
    let fixed = fixed.map(|(name, sentence)| (name, sentence.to_owned()));
    list::ALL.iter().flat_map(queries).chain(fixed).collect()
}

/// The merges whose receipts the ready rows of the file do not give, each as phase and entity.
pub fn receipts_that_differ(staging: &Staging) -> Result<Vec<String>> {
    Ok(sent::sent(staging)?.iter().filter_map(Sent::difference).collect())
}

/// The fact that holds the digest of what the target keeps for an undo, as the last load or rollback left it.
pub const UNDO_FACT: &str = "undo_digest";

/// Keeps what the target keeps for an undo, once nothing is written any more; `forget_undo` comes before the first write.
pub fn note_undo(staging: &mut Staging, target: &mut Target) -> Result<()> {
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    match target.undo_digest(&staging_id) {
        Ok(digest) => staging.set_fact(UNDO_FACT, &digest.unwrap_or_default()),
        // all is written; without the digest nothing is compared until the next load
        Err(_) if target.is_broken() => Ok(()),
        Err(error) => Err(error),
    }
}

/// Refuses a target of which the rows cannot be read back, with everything that it lacks.
fn can_be_read(target: &mut Target, entities: &[&'static Entity]) -> Result<()> {
    if entities.is_empty() {
        return Err(Error::precondition(
            "the configuration leaves every table of the target out, and there is nothing to verify",
        )
        .hint("name the tables in [target.tables]; `drydock target draft` writes what it recognises"));
    }
    let lacking = target.lacking(entities)?;
    if lacking.is_empty() {
        return target.expect_keys(entities);
    }
    Err(Error::target(format!("the target cannot be read back:\n  {}", lacking.join("\n  ")))
        .hint("nothing was compared; restore what is missing, or correct the configuration, then load and verify again"))
}

/// From here on the target may keep something else.
pub fn forget_undo(staging: &mut Staging) -> Result<()> {
    // a file that knows nothing of one has nothing to forget
    if staging.fact(UNDO_FACT)?.is_some_and(|known| !known.is_empty()) {
        staging.set_fact(UNDO_FACT, "")?;
    }
    Ok(())
}

/// What a verification found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// Every check, in order.
    pub checks: Vec<Check>,
    /// Differences between the file and the target, by record and field.
    pub differences: u64,
    /// The first rows that each check found wrong.
    pub wrong: Vec<Wrong>,
    /// The phases that are not loaded yet, or not whole: what they write is not there, and counts as a difference.
    pub not_loaded: Vec<&'static str>,
    /// Records that the target holds and the snapshot no longer does; reported, never deleted.
    pub gone_from_source: u64,
    /// The three-way proof as one statement.
    pub three_way_proof: Option<ThreeWayProof>,
    /// Of each field, what became of the values that the source gave, those that lose most first.
    pub survival: Vec<Survival>,
    /// What changed in the legacy data since the snapshot, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<extract::Report>,
}

impl Summary {
    /// Whether nothing differs and every check holds.
    pub fn passed(&self) -> bool {
        self.checks.iter().all(Check::passed)
    }
}

/// Verifies the target in one snapshot of it; and, where they are given, what the legacy data are now.
pub fn verify(
    staging: &mut Staging,
    target: &mut Target,
    live: Option<Live<'_>>,
    progress: Progress,
) -> Result<Summary> {
    staging.require(Step::Transform, "verify")?;
    survey::expect_target(staging, target)?;
    let entities = staging.sent_entities()?;
    can_be_read(target, &entities)?;
    staging.begin(Step::Verify)?;
    target.begin_reading()?;

    let plans = entities.iter().map(|entity| Plan::new(staging, entity)).collect::<Result<Vec<_>>>()?;
    let gone = Gone::of(staging)?;
    let (of_target, of_file, mut survival) = both(staging, target, &plans, &gone, progress)?;

    staging.set_progress("verify: comparing", 0, None)?;
    let comparing = progress.work("verify: comparing");
    let mut found = Found::default();
    let (mut checks, mut findings, mut proofs) = (Vec::new(), Vec::new(), Vec::new());
    for ((plan, meant), is) in plans.iter().zip(of_file.digests).zip(of_target.digests) {
        let before = found.differences;
        let sides = plan.compare(staging, target, (meant, is), gone.ids(plan.entity.name), &mut found)?;
        proofs.extend(proof::ready(plan.entity, &sides));
        let sentence = format!(
            "every ready record of {} is in the target under its id with every field as meant, and no other is",
            plan.entity.name
        );
        checks.push(Check {
            wrong: found.differences - before,
            ..Check::of(Level::Entity, &format!("contents_{}", plan.entity.name), sentence)
        });
    }
    checks.extend(queries::totals(&of_target.totals, &of_file.totals, &of_target.lacking, found.gone));
    let listed = queries::judge_all(&entities, of_target.answers, of_file.looked, &gone, &mut findings);
    checks.extend(listed);
    checks.push(proof::raw(of_file.raw, &mut findings, &mut proofs));
    checks.push(proof::receipts(of_file.sent, &of_target.receipts, &mut findings, &mut proofs));
    checks.push(proof::digests(&entities, &proofs, &mut findings));
    checks.push(guards::check(&staging.catalog()?, &target.catalog()?, &mut findings));
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let (kept, now) = (staging.fact(UNDO_FACT)?, target.undo_digest(&staging_id)?);
    checks.push(guards::undo(kept.as_deref(), now.as_deref(), &mut findings));
    let config = staging.config()?.unwrap_or_default();
    checks.push(gone::check(staging, target, &config, &mut findings)?);
    target.end_reading()?;
    drop(comparing);
    let source = live.map(|live| source::compare(staging, live, progress)).transpose()?;
    checks.extend(source.iter().map(|report| source::check(report, &mut findings)));

    checks.sort_by_key(|check| check.level);
    survival::note_differences(&mut survival, &found.detailed);
    staging.replace_verification(&checks, &findings, &found.detailed, &proofs)?;
    staging.replace_survival(&survival)?;
    let summary = Summary {
        checks,
        differences: found.differences,
        wrong: staging.wrong_rows()?,
        not_loaded: staging.not_loaded()?.into_iter().map(Phase::as_str).collect(),
        gone_from_source: found.gone,
        three_way_proof: staging.three_way_proof()?,
        survival: staging.survival()?,
        source,
    };
    if summary.passed() {
        staging.complete(Step::Verify)?;
    }
    Ok(summary)
}

/// Where the target's rows are not as the file means them, record by record and field by field; nothing is kept of it.
pub fn contents_that_differ(
    staging: &Staging,
    target: &mut Target,
    progress: Progress,
) -> Result<Vec<Difference>> {
    let mut found = Found::default();
    for entity in staging.sent_entities()? {
        let plan = Plan::new(staging, entity)?;
        let is = plan.read(target, || Ok(()))?;
        let (meant, _) = plan.hash(staging, progress)?;
        plan.compare(staging, target, (meant, is), &staging.gone_from_source(entity.name)?, &mut found)?;
    }
    // a row that nobody sent is no record's; the verification names it
    found.detailed.retain(|difference| difference.kind != DifferenceKind::Unexpected);
    Ok(found.detailed)
}

/// The name and sentence of a check that is a query.
pub fn check_named(name: &str) -> Option<(&'static str, String)> {
    let listed = list::ALL.iter().find(|listed| listed.name == name)?;
    Some((listed.name, list::sentence(listed.target.or(listed.staging)?)))
}

/// What the target says.
struct OfTarget {
    digests: Vec<Vec<RangeDigest>>,
    totals: Vec<(String, u64)>,
    /// Totals that it cannot have, with what it lacks.
    lacking: Vec<(&'static str, String)>,
    receipts: Vec<String>,
    answers: Vec<FoundRows>,
}

/// What the file says.
struct OfFile {
    digests: Vec<Vec<RangeDigest>>,
    totals: Vec<(String, u64)>,
    /// What the checks that are queries returned, with their places in the list.
    looked: Vec<(usize, FoundRows)>,
    raw: Vec<Proof>,
    sent: Vec<Sent>,
}

/// Asks both at the same time, each in its own order: neither waits for the other before the end.
fn both(
    staging: &Staging,
    target: &mut Target,
    plans: &[Plan],
    gone: &Gone,
    progress: Progress,
) -> Result<(OfTarget, OfFile, Vec<Survival>)> {
    let staging_id = staging.fact("staging_id")?.unwrap_or_default();
    let (sender, answered) = channel::<()>();
    // the target is slower or faster than the file: whoever has asked it helps with what is left to look at
    let (entities, sent) = (staging.entities()?, staging.sent_entities()?);
    let (waiting, beside) = (Waiting::all(&sent), staging.reader()?);
    let waiting = &waiting;
    // whoever reads the file beside its writer begins when nothing is written to it any more
    let (noted, is_noted) = channel::<()>();
    let counting = staging.reader()?;
    let (counted, sent) = (entities.as_slice(), sent.as_slice());
    let stated = Stated::of(&staging.config()?.unwrap_or_default().source.columns);
    thread::scope(|scope| {
        let asking = scope.spawn(move || {
            // nobody listens any more when the file's side has failed
            let mut told =
                || sender.send(()).map_err(|_| Error::internal("the comparison with the target stopped"));
            let mut digests = Vec::with_capacity(plans.len());
            for plan in plans {
                let begun = Instant::now();
                digests.push(plan.read(target, &mut told)?);
                let ms = begun.elapsed().as_millis();
                tracing::debug!(entity = plan.entity.name, ms, "read the target back");
            }
            let totals = queries::count_totals(target)?;
            let receipts = target.receipts(&staging_id)?;
            let answers = queries::ask_all(target, sent, gone, told)?;
            let lacking = queries::lacking_totals(target);
            let looked = waiting.look(&beside, End::Front)?;
            Ok((OfTarget { digests, totals, lacking, receipts, answers }, looked))
        });
        let counted = scope.spawn(move || match is_noted.recv() {
            Ok(()) => survival::count(&counting, counted, sent, &stated),
            Err(_) => Ok(Vec::new()),
        });
        // moved into the scope, so that it ends with this side
        let answered = answered;
        let mut of_file = of_file(staging, plans, waiting, noted, progress)?;
        let waiting_for = progress.work("verify: what the target answers");
        answered.iter().for_each(drop);
        let asked: Result<_> =
            asking.join().unwrap_or_else(|_| Err(Error::internal("the comparison with the target stopped")));
        let (of_target, looked) = asked?;
        of_file.looked.extend(looked);
        of_file.looked.sort_by_key(|(place, _)| *place);
        let survival = counted.join().map_err(|_| Error::internal("counting what survives failed"))??;
        drop(waiting_for);
        Ok((of_target, of_file, survival))
    })
}

fn of_file(
    staging: &Staging,
    plans: &[Plan],
    waiting: &Waiting,
    noted: Sender<()>,
    progress: Progress,
) -> Result<OfFile> {
    let (mut digests, mut sent) = (Vec::with_capacity(plans.len()), Vec::new());
    for plan in plans {
        let begun = Instant::now();
        let (of_entity, resent) = plan.hash(staging, progress)?;
        digests.push(of_entity);
        sent.extend(resent);
        tracing::debug!(entity = plan.entity.name, ms = begun.elapsed().as_millis(), "hashed the file");
    }
    // noted before the other connection reads the file too: while it does nothing can be written
    let operation = "verify: checks, and what the target answers";
    staging.set_progress(operation, 0, None)?;
    let _working = progress.work(operation);
    // nobody listens any more when the counting has failed; that is told at its end
    let _ = noted.send(());
    drop(noted);
    let begun = Instant::now();
    let raw = staging.raw_proofs()?;
    tracing::debug!(ms = begun.elapsed().as_millis(), "hashed the raw rows");
    let begun = Instant::now();
    let totals = staging.expected_totals()?;
    tracing::debug!(ms = begun.elapsed().as_millis(), "counted the totals of the file");
    let looked = waiting.look(staging, End::Back)?;
    Ok(OfFile { digests, totals, looked, raw, sent: sent::in_order(sent) })
}
