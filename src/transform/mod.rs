//! Raw rows to fates: offline, in parallel, every decision a row. This module can name neither the legacy nor the target
//! session; a test holds that.
//!
//! Read `columns` first (how each column is written), then `facts` and `orders` (what is known of the whole set), `emails`, `posts`, `ladder`,
//! `duplicates` and `merges` (what is decided over the whole set), `whole` and `fit` (what the rule of an entity may ask, and the last
//! word about a record), and `pass` (how records go through). Pure code decides; [`Staging::apply`] is the one writer.

mod address_form;
mod columns;
pub mod duplicates;
mod emails;
mod facts;
mod fit;
mod ids;
mod index;
mod ladder;
mod likely_rows;
mod memberships;
mod merges;
mod orders;
mod pass;
mod posts;
mod target_addresses;
mod whole;

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::thread;
use std::time::Instant;

use crate::clean::EmailPolicy;
use crate::columns::Forms;
use crate::config::{Config, DefaultPractice};
use crate::entity::{self, Entity, Obstacle, Verdict, Whole, Why, practices, profiles};
use crate::error::{Error, Result};
use crate::progress::Progress;
use crate::record::LegacyId;
use crate::review::{Decided, StandIn};
use crate::staging::{
    Accounting, Asked, AssociationCount, Dependency, ErrorAnalysis, LeftInFile, Open, Staging, Step,
};

use address_form::AddressForm;
use columns::Columns;
use duplicates::{Finder, Search};
use emails::Settled;
use facts::Facts;
use fit::Fit;
use ids::Ids;
use ladder::Ladder;
use merges::Merges;
use pass::Passes;
use posts::Posts;
use target_addresses::TargetAddresses;
use whole::WholeSet;

/// What a transform did.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Summary {
    /// The fates of every entity's records.
    #[serde(skip)]
    pub accounting: Vec<Accounting>,
    /// The plan's error analysis.
    pub error_analysis: ErrorAnalysis,
    /// How records found their practices.
    pub associations: Vec<AssociationCount>,
    /// What must hold before the phases are loaded, with the records that are kept back for it.
    #[serde(skip)]
    pub kept_back: Vec<Dependency>,
    /// What is open, and for whom.
    #[serde(skip)]
    pub open: Open,
    /// What in the target stands in the way of every record of a table.
    #[serde(skip)]
    pub obstacles: Vec<Obstacle>,
    /// Raw rows of entities that take no part, because the target has no table for them.
    pub left_in_file: Vec<LeftInFile>,
    /// Decisions of people that had nothing to decide, because the snapshot lacks the record or the one it names.
    pub stale_decisions: u64,
    /// Decisions of people that hold, about records that say something else since they were made: they are asked again.
    pub changed_decisions: u64,
}

/// Decides every record of the snapshot again. The file's earlier result, if any, is replaced.
pub fn transform(staging: &mut Staging, config: &Config, progress: Progress) -> Result<Summary> {
    staging.require(Step::Extract, "transform")?;
    staging.require(Step::Survey, "transform")?;
    let decided = Decided::read(staging)?;
    staging.go_in_order(8)?;

    let working = progress.work("transform: reading the whole set");
    staging.set_progress("transform: reading the whole set", 0, None)?;
    let email_policy = EmailPolicy::new(&config.policy.company_domains);
    let mut finder = Finder::default();
    staging.read_as(Forms::default());
    let (columns, facts) = read_proved(staging, |staging| {
        let mut columns = Columns::judge(staging, &config.source.columns)?;
        staging.read_as(columns.forms());
        let facts = match columns.refuse() {
            Ok(()) => Ok(Facts::read(staging, &email_policy, &decided, &mut finder)?),
            Err(refused) => Err(refused),
        };
        Ok((columns, facts))
    })?;
    columns.keep(staging)?;
    let mut facts = facts?;
    for note in columns.notes() {
        progress.warn(note);
    }
    staging.keep_manual_errors()?;
    staging.clear_resolved()?;
    for entity in entity::ALL {
        staging.recognise_own_ids(entity)?;
    }
    likely_rows::keep(staging, &email_policy, snapshot_day(staging)?)?;
    let left_in_file = staging.settle_entities(&staging.catalog()?)?;
    claim_decided(&mut facts.claims, &decided);
    let search = Search::start(finder, config.policy.duplicates)?;
    let merges = Merges::new(&config.policy, search.known(), &facts, &decided);
    let default_practice = default_practice(config, &facts)?;
    require_system_profile(config, &facts)?;
    let mut claims = std::mem::take(&mut facts.claims);
    // the address of a merged user is nobody's until a person says otherwise
    claims.retain(|claim| merges.merged_into(&profiles::ENTITY, claim.user).is_none());
    let target_addresses = TargetAddresses::read(staging, &claims, &email_policy)?;
    let settled = Settled::settle(claims, foreign_addresses(staging, &decided)?);
    let repeats = memberships::repeats(std::mem::take(&mut facts.members), &merges);
    let posts = Posts::judge(&facts);
    let address_form = AddressForm::new(&staging.catalog()?);
    let fit = Fit::new(&staging.catalog()?, &config.policy);
    let other_records = staging.other_records()?;
    let entities = staging.entities()?;
    let whole = WholeSet {
        entities: &entities,
        facts: &facts,
        ladder: Ladder { facts: &facts, posts: &posts, default_practice, decided: &decided },
        settled: &settled,
        target_addresses: &target_addresses,
        other_records: &other_records,
        ids: &Ids::read(staging, &decided, &other_records, facts.offices.iter().map(|(office, _)| *office))?,
        merges: &merges,
        repeats: &repeats,
        fit: &fit,
        email_policy: &email_policy,
        address_form: &address_form,
        policy: &config.policy,
        maps: &config.maps,
        today: snapshot_day(staging)?,
    };

    create_unassigned(staging, &whole)?;
    drop(working);
    staging.attach_images()?;
    let mut passes = Passes::new(staging, progress, whole.ids);
    for entity in entities.iter().copied() {
        passes.run(entity, &whole)?;
        passes.ask_codes(entity)?;
    }
    let labels_missing = passes.labels_missing();
    staging.detach_images()?;
    let working = progress.work("transform: who may be there twice");
    duplicates::keep(staging, &search.found()?, &facts, &merges)?;
    drop(working);
    let _working = progress.work("transform: every record has one fate");
    staging.index_resolved()?;
    staging.note_unreadable()?;
    staging.settle_errors(&decided.outcome())?;
    staging.settle_followers(&whole.ladder.followers())?;
    let summary = finish(staging, &decided)?;
    let obstacles = obstacles(staging, &labels_missing)?;
    let open = Open { target_obstacles: obstacles.len() as u64, ..summary.open };
    let summary = Summary { open, obstacles, left_in_file, ..summary };
    Ok(summary)
}

/// Counts the snapshot's columns, and keeps what was counted, whatever is in the way of reading them.
pub fn count_columns(staging: &mut Staging, config: &Config) -> Result<()> {
    staging.require(Step::Extract, "columns")?;
    staging.read_as(Forms::default());
    Columns::judge(staging, &config.source.columns)?.keep(staging)
}

/// Reads the whole set while another session proves that the raw rows are those of the snapshot: nothing is decided, and nothing
/// of an earlier result goes, before that is known. What is wrong with the rows explains whatever the reading met.
fn read_proved<T>(staging: &mut Staging, read: impl FnOnce(&mut Staging) -> Result<T>) -> Result<T> {
    let reader = staging.reader()?;
    let (read, proved) = thread::scope(|scope| {
        let proving = scope.spawn(move || {
            let begun = Instant::now();
            reader.prove_raw_rows().inspect(|()| {
                tracing::debug!(ms = begun.elapsed().as_millis(), "proved the raw rows");
            })
        });
        (staging.together(read), proving.join())
    });
    proved.map_err(|_| Error::internal("proving the raw rows failed"))??;
    read
}

/// Runs a rule; one that panics costs the record that met it and nothing else.
fn isolated<T>(rule: impl FnOnce() -> T) -> Option<T> {
    catch_unwind(AssertUnwindSafe(rule)).ok()
}

/// Panics on the record that a test names: `DRYDOCK_FAIL_ON=profiles:4711`. Nothing in a release build.
fn fail_on(name: &str, legacy_id: LegacyId) {
    static WANTED: std::sync::OnceLock<Option<String>> = std::sync::OnceLock::new();
    if cfg!(debug_assertions) {
        let wanted = WANTED.get_or_init(|| std::env::var("DRYDOCK_FAIL_ON").ok());
        if let Some(wanted) = wanted {
            assert!(*wanted != format!("{name}:{legacy_id}"), "a failure that was asked for");
        }
    }
}

fn default_practice(config: &Config, facts: &Facts) -> Result<Option<LegacyId>> {
    let office = match config.policy.default_practice {
        None => return Ok(None),
        Some(DefaultPractice::Office(office)) => office,
        Some(DefaultPractice::Unassigned) if facts.offices.contains(practices::UNASSIGNED) => {
            return Err(Error::precondition(format!(
                "policy.default_practice is \"unassigned\", whose key {} is an office of the snapshot",
                practices::UNASSIGNED
            ))
            .hint("name the legacy id of an office in its place"));
        }
        Some(DefaultPractice::Unassigned) => return Ok(Some(practices::UNASSIGNED)),
    };
    if facts.offices.contains(office) {
        return Ok(Some(office));
    }
    Err(Error::precondition(format!(
        "policy.default_practice is office {office}, which the snapshot does not have"
    ))
    .hint("name the legacy id of an office that exists, or leave the key out"))
}

fn require_system_profile(config: &Config, facts: &Facts) -> Result<()> {
    match config.policy.system_profile {
        Some(user) if !facts.users.contains(user) => Err(Error::precondition(format!(
            "policy.system_profile is user {user}, which the snapshot does not have"
        ))
        .hint("name the legacy id of a user that exists, or leave the key out")),
        _ => Ok(()),
    }
}

/// Makes the practice "Unassigned", where the configuration asks for it.
fn create_unassigned(staging: &mut Staging, whole: &WholeSet<'_>) -> Result<()> {
    const KEY: &str = "policy.default_practice";
    if whole.ladder.default_practice != Some(practices::UNASSIGNED) {
        return Ok(());
    }
    let target_id = whole.target_id(&practices::ENTITY, practices::UNASSIGNED);
    let decision = whole.conclude(&practices::ENTITY, practices::unassigned(target_id, KEY));
    if let Verdict::Ready(row) = &decision.verdict {
        return staging.create_record(&practices::ENTITY, practices::UNASSIGNED, row, KEY);
    }
    let what: Vec<String> = decision
        .issues
        .iter()
        .map(|(_, issue)| format!("{} ({})", issue.code.as_str(), issue.field))
        .collect();
    Err(Error::precondition(format!(
        "the target would refuse the practice \"Unassigned\": {}",
        what.join(", ")
    ))
    .hint("make the practice by hand and name its office in policy.default_practice, or fix the table"))
}

/// An address that a person gave is claimed before all others; the user claims no other any more. Who was rejected or
/// merged claims nothing.
fn claim_decided(claims: &mut Vec<emails::Claim>, decided: &Decided) {
    if decided.is_empty() {
        return;
    }
    claims.retain(|claim| decided.stand_in(profiles::ENTITY.name, claim.user) == StandIn::Itself);
    let given: HashMap<LegacyId, &str> = decided.addresses().collect();
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

/// The addresses of rows that are nobody's here: not of those that a person gave to a record.
fn foreign_addresses(
    staging: &Staging,
    decided: &Decided,
) -> Result<Vec<(emails::Key, crate::record::TargetId)>> {
    let given: std::collections::HashSet<_> = decided.rows(profiles::ENTITY.name).collect();
    let mut addresses = Vec::new();
    staging.for_foreign_emails(|email, holder| {
        if !given.contains(holder.to_string().as_str()) {
            addresses.push((emails::key(&email.trim().to_lowercase()), holder));
        }
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

/// Proves conservation before the result counts as one. Meanwhile another session counts what is told about it.
fn finish(staging: &mut Staging, decided: &Decided) -> Result<Summary> {
    let reader = staging.reader()?;
    let (proved, counted) = thread::scope(|scope| {
        let counting = scope.spawn(move || {
            let associations = (reader.error_analysis()?, reader.associations()?);
            Ok::<_, Error>((associations, reader.dependencies_kept_back()?, reader.count_open()?))
        });
        let proved = prove(staging);
        (proved, counting.join())
    });
    let accounting = proved?;
    let ((error_analysis, associations), kept_back, open) =
        counted.map_err(|_| Error::internal("counting failed"))??;
    staging.complete(Step::Transform)?;
    Ok(Summary {
        accounting,
        error_analysis,
        associations,
        kept_back,
        open,
        obstacles: Vec::new(),
        left_in_file: Vec::new(),
        stale_decisions: decided.stale(),
        changed_decisions: decided.changed(),
    })
}

/// The fates of every entity's records, when each record has exactly one.
fn prove(staging: &Staging) -> Result<Vec<Accounting>> {
    let unaccounted = staging.unaccounted()?;
    if unaccounted > 0 {
        return Err(Error::internal(format!("{unaccounted} records do not have exactly one fate"))
            .hint("look at v_unaccounted in the staging file, and report it"));
    }
    staging.accounting()
}

/// What stands in the way of every record of a table, labels that ready records need included; kept in the file.
fn obstacles(
    staging: &mut Staging,
    labels_missing: &[(&'static Entity, &'static str, String)],
) -> Result<Vec<Obstacle>> {
    let mut obstacles = entity::obstacles(&staging.catalog()?, &staging.sent_entities()?);
    // whether accounts are there is asked of every record before a load
    obstacles.retain(|obstacle| !matches!(obstacle.why, Why::Accounts(_)));
    let mut labels: Vec<_> = labels_missing.iter().collect();
    labels.sort_by_key(|(entity, column, sentence)| {
        (entity::ALL.iter().position(|known| known.name == entity.name), *column, sentence.as_str())
    });
    obstacles.extend(labels.into_iter().map(|(entity, column, context)| {
        // after the place, which an obstacle says itself
        let fact = context.split_once(": ").map_or(context.as_str(), |(_, fact)| fact);
        Obstacle {
            table: entity.target_table,
            column: Some((*column).to_owned()),
            why: Why::Label(fact.to_owned()),
        }
    }));
    let sentences: Vec<String> = obstacles.iter().map(Obstacle::to_string).collect();
    staging.write_schema_findings(obstacles.iter().zip(&sentences).map(|(found, sentence)| {
        (found.table, found.column.as_deref(), found.category().as_str(), sentence.as_str())
    }))?;
    Ok(obstacles)
}
