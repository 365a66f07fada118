//! Raw rows to fates: offline, in parallel, every decision a row. This module can name neither the legacy nor the target
//! session; a test holds that.
//!
//! Read `facts` first (what is known of the whole set), then `emails` and `ladder` (what is decided over the whole
//! set), then `resolve` (one record at a time). Pure code decides; [`Staging::apply`] is the one writer.

mod emails;
mod facts;
mod ids;
mod index;
mod ladder;
mod resolve;

use std::collections::HashSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use rayon::prelude::*;

use crate::clean::EmailPolicy;
use crate::config::Config;
use crate::entity::{
    Decision, Entity, LegacyRow, patients, practice_members, practice_owners, practices, profiles,
};
use crate::error::{Error, Result};
use crate::interrupt;
use crate::progress::Progress;
use crate::record::{Code, Issue, LegacyId};
use crate::review::Decided;
use crate::staging::{Accounting, Staging, Step};

use emails::Settled;
use facts::{CHUNK, Facts};
use ids::Ids;
use ladder::Ladder;
use resolve::{NotReady, Resolver};

/// What a transform did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// The fates of every entity's records.
    #[serde(skip)]
    pub accounting: Vec<Accounting>,
    /// Records that a rule failed on; they are in quarantine.
    pub panicked: u64,
    /// Records rejected or quarantined beyond the number that the configuration allows, by entity.
    pub beyond_allowed: Vec<(String, u64)>,
}

/// Decides every record of the snapshot again. The file's earlier result, if any, is replaced.
pub fn transform(staging: &mut Staging, config: &Config, progress: Progress) -> Result<Summary> {
    staging.require(Step::Extract, "transform")?;
    staging.require(Step::Survey, "transform")?;
    let decided = Decided::read(staging)?;
    staging.keep_manual_errors()?;
    staging.clear_resolved()?;

    progress.say("transform: reading the whole set");
    staging.set_progress("transform: reading the whole set", 0, None)?;
    let email_policy = EmailPolicy::new(&config.policy.company_domains);
    let mut facts = Facts::read(staging, &email_policy, &decided)?;
    claim_decided(&mut facts.claims, &decided);
    let default_practice = default_practice(config, &facts)?;
    let settled = Settled::settle(std::mem::take(&mut facts.claims), foreign_addresses(staging)?);
    let mut resolver = Resolver {
        facts: &facts,
        ladder: Ladder { facts: &facts, default_practice, decided: &decided },
        settled: &settled,
        ids: &Ids::read(staging)?,
        email_policy: &email_policy,
        policy: &config.policy,
        today: snapshot_day(staging)?,
        not_ready: NotReady::default(),
    };

    let mut panicked = 0;
    let mut pass = Pass { staging, progress, panicked: &mut panicked };
    let not_ready =
        pass.run(&practices::ENTITY, |_, rows| Ok(decide(rows, |office| resolver.practice(office))))?;
    resolver.not_ready.practices = not_ready;
    let not_ready = pass.run(&profiles::ENTITY, |staging, rows: &[profiles::User]| {
        let patients = staging.legacy_rows_by_id::<patients::LegacyPatient>(
            rows.iter().filter_map(|user| facts.patient_of(user.legacy_id)),
        )?;
        Ok(decide(rows, |user| resolver.profile(user, &patients)))
    })?;
    resolver.not_ready.profiles = not_ready;
    pass.run(&patients::ENTITY, |staging, rows: &[patients::LegacyPatient]| {
        let users = staging.legacy_rows_by_id::<profiles::User>(
            rows.iter().filter_map(|patient| facts.patients.get(patient.legacy_id)?.user),
        )?;
        Ok(decide(rows, |patient| resolver.patient(patient, &users)))
    })?;
    pass.run(&practice_owners::ENTITY, |_, rows| Ok(decide(rows, |office| resolver.owner(office))))?;
    // which membership says the same as an earlier one depends on all that came before
    let mut seen = std::collections::HashMap::new();
    pass.run(&practice_members::ENTITY, |_, rows: &[practice_members::OfficeDoctor]| {
        let same_as: Vec<Option<LegacyId>> =
            rows.iter().map(|row| resolve::same_as(row, &mut seen)).collect();
        let rows: Vec<_> = rows.iter().zip(same_as).collect();
        Ok(decide_by(&rows, |(row, _)| row.legacy_id, |(row, same_as)| resolver.member(row, *same_as)))
    })?;

    staging.release_merges()?;
    staging.note_unreadable()?;
    staging.settle_errors(&decided.outcome())?;
    staging.settle_followers(&resolver.ladder.followers())?;
    finish(staging, config, &decided, panicked)
}

/// One pass over an entity's raw rows: read a chunk, decide it in parallel, apply it in one transaction.
struct Pass<'a> {
    staging: &'a mut Staging,
    progress: Progress,
    panicked: &'a mut u64,
}

impl Pass<'_> {
    /// Runs it, and returns the records that will not be loaded.
    fn run<R: LegacyRow>(
        &mut self,
        entity: &'static Entity,
        mut decide: impl FnMut(&Staging, &[R]) -> Result<Vec<Decision>>,
    ) -> Result<HashSet<LegacyId>> {
        let operation = format!("transform {}", entity.name);
        let total = self.staging.count_legacy_rows(R::TABLE.name)?;
        let bar = self.progress.start(&operation, Some(total));
        let mut not_ready = HashSet::new();
        let mut done = 0;
        let mut after = None;
        loop {
            interrupt::check()?;
            let rows = self.staging.legacy_rows::<R>(after, CHUNK)?;
            let Some(last) = rows.last() else { break };
            after = Some(last.legacy_id());
            let decisions = decide(self.staging, &rows)?;
            *self.panicked += decisions.iter().filter(|decision| is_panicked(decision)).count() as u64;
            not_ready.extend(
                decisions.iter().filter(|decision| !decision.is_ready()).map(|decision| decision.legacy_id),
            );
            self.staging.apply(entity, &decisions)?;
            done += rows.len() as u64;
            bar.set(done);
            self.staging.set_progress(&operation, done, Some(total))?;
        }
        bar.finish();
        Ok(not_ready)
    }
}

fn decide<R: LegacyRow>(rows: &[R], rule: impl Fn(&R) -> Decision + Sync) -> Vec<Decision> {
    decide_by(rows, LegacyRow::legacy_id, rule)
}

/// Decides rows in parallel, each on its own: a rule that panics costs the record that met it and no other.
fn decide_by<R: Sync>(
    rows: &[R],
    legacy_id: impl Fn(&R) -> LegacyId + Sync,
    rule: impl Fn(&R) -> Decision + Sync,
) -> Vec<Decision> {
    rows.par_iter()
        .map(|row| {
            catch_unwind(AssertUnwindSafe(|| rule(row))).unwrap_or_else(|_| {
                let mut decision = Decision::open(legacy_id(row));
                decision.issue(crate::record::Phase::Profiles, Issue::new(Code::RulePanicked, ""));
                decision
            })
        })
        .collect()
}

fn is_panicked(decision: &Decision) -> bool {
    decision.issues.iter().any(|(_, issue)| issue.code == Code::RulePanicked)
}

fn default_practice(config: &Config, facts: &Facts) -> Result<Option<LegacyId>> {
    let Some(office) = config.policy.default_practice() else { return Ok(None) };
    if facts.offices.contains(office) {
        return Ok(Some(office));
    }
    Err(Error::precondition(format!(
        "policy.default_practice is office {office}, which the snapshot does not have"
    ))
    .hint("name the legacy id of an office that exists, or leave the key out"))
}

/// An address that a person gave is claimed before all others; the user claims no other any more.
fn claim_decided(claims: &mut Vec<emails::Claim>, decided: &Decided) {
    let given: std::collections::HashMap<LegacyId, &str> = decided.addresses().collect();
    if given.is_empty() {
        return;
    }
    claims.retain(|claim| !given.contains_key(&claim.user));
    claims.extend(given.into_iter().map(|(user, address)| emails::Claim {
        address: emails::key(address),
        user,
        active: true,
        last_login: i64::MAX,
    }));
}

fn foreign_addresses(staging: &Staging) -> Result<Vec<(emails::Key, crate::record::TargetId)>> {
    let mut addresses = Vec::new();
    staging.for_foreign_emails(|email, holder| {
        addresses.push((emails::key(&email.trim().to_lowercase()), holder));
        Ok(())
    })?;
    Ok(addresses)
}

/// The day of the snapshot: ages and futures are judged by it, so that the same file decides the same on any day.
pub fn snapshot_day(staging: &Staging) -> Result<chrono::NaiveDate> {
    let completed = staging.completed(Step::Extract)?.unwrap_or_default();
    chrono::NaiveDate::parse_from_str(completed.get(..10).unwrap_or_default(), "%Y-%m-%d").map_err(|_| {
        Error::staging("the moment of the snapshot cannot be read from the staging file")
            .hint("extract again into a new file")
    })
}

/// Proves conservation before the result counts as one.
fn finish(staging: &mut Staging, config: &Config, decided: &Decided, panicked: u64) -> Result<Summary> {
    let unaccounted = staging.unaccounted()?;
    if unaccounted > 0 {
        return Err(Error::internal(format!("{unaccounted} records have not exactly one fate"))
            .hint("look at v_unaccounted in the staging file, and report it"));
    }
    staging.complete(Step::Transform)?;
    let accounting = staging.accounting()?;
    let beyond_allowed = accounting
        .iter()
        // what a person rejected is allowed by that decision
        .map(|line| (line, (line.rejected + line.quarantined).saturating_sub(decided.rejected(&line.entity))))
        .filter(|(line, count)| *count > config.policy.allowed_rejects(&line.entity))
        .map(|(line, count)| (line.entity.clone(), count))
        .collect();
    Ok(Summary { accounting, panicked, beyond_allowed })
}
