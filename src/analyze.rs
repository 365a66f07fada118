//! The error analysis of phase 2A: which profiles the target lacks, by id and never by count, why phase 1 left them out
//! as far as the data show it, and what resolves every error. File to file, offline.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::record::{Category, Code, Fate};
use crate::staging::{Analysis, MissingProfile, MissingUser, PhaseOneBatch, Presence, Staging, Step};

/// Why phase 1 left a profile out. It ran in batches of 100, upserted on the address, and a batch failed as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Cause {
    /// The target holds no profile of this source: phase 1 has not been run against it.
    NotAttempted,
    /// The address is shared with another user, or a row of the target holds it.
    AddressConflict,
    /// The address is not one.
    AddressInvalid,
    /// The record cannot be loaded as it stands.
    RecordUnfit,
    /// The user is newer than every one that phase 1 loaded.
    CameLater,
    /// The address is '', as are others' in the batch: an upsert on the address takes one of them at most.
    AddressEmpty,
    /// Nothing is wrong with the record, and its batch holds records that fail.
    BatchFailed,
    /// The data do not show it.
    Unknown,
}

impl Cause {
    /// Every cause.
    pub const ALL: [Cause; 8] = [
        Cause::NotAttempted,
        Cause::AddressConflict,
        Cause::AddressInvalid,
        Cause::RecordUnfit,
        Cause::CameLater,
        Cause::AddressEmpty,
        Cause::BatchFailed,
        Cause::Unknown,
    ];

    /// The word in the staging file.
    pub const fn as_str(self) -> &'static str {
        match self {
            Cause::NotAttempted => "not_attempted",
            Cause::AddressConflict => "address_conflict",
            Cause::AddressInvalid => "address_invalid",
            Cause::RecordUnfit => "record_unfit",
            Cause::CameLater => "came_later",
            Cause::AddressEmpty => "address_empty",
            Cause::BatchFailed => "batch_failed",
            Cause::Unknown => "unknown",
        }
    }

    /// The plan's category; none where nothing is wrong with the record itself.
    pub const fn category(self) -> Option<Category> {
        match self {
            Cause::AddressConflict | Cause::AddressEmpty => Some(Category::EmailConflict),
            Cause::AddressInvalid => Some(Category::ValidationFailure),
            Cause::RecordUnfit => Some(Category::ConstraintViolation),
            Cause::NotAttempted | Cause::CameLater | Cause::BatchFailed | Cause::Unknown => None,
        }
    }

    /// What resolves it.
    pub const fn remedy(self) -> &'static str {
        match self {
            Cause::AddressConflict => {
                "load by legacy id; the keeper gets the address, the others a fallback address of their own"
            }
            Cause::AddressInvalid => "load with a fallback address; the original stays in the metadata",
            Cause::AddressEmpty => "load by legacy id with a fallback address, unique over the whole set",
            Cause::RecordUnfit => "a person decides; the record waits in quarantine",
            Cause::NotAttempted | Cause::CameLater | Cause::BatchFailed | Cause::Unknown => {
                "load by legacy id, every record on its own"
            }
        }
    }

    /// The cause called `word`.
    pub fn find(word: &str) -> Option<Cause> {
        Self::ALL.into_iter().find(|cause| cause.as_str() == word)
    }
}

/// Analyses the file's resolved records and keeps the result in it.
pub fn analyze(staging: &mut Staging) -> Result<Analysis> {
    staging.require(Step::Survey, "analyze")?;
    staging.require(Step::Transform, "analyze")?;
    staging.begin(Step::Analyze)?;
    let presence = staging.presence()?;
    let batches = staging.phase_one_batches()?;
    let users = staging.missing_users()?;
    let failing = failing_by_batch(&users);
    let by_number: BTreeMap<u64, &PhaseOneBatch> =
        batches.iter().map(|batch| (batch.batch_id, batch)).collect();
    let missing: Vec<MissingProfile> = users
        .into_iter()
        .map(|user| {
            let batch = user.batch_id.and_then(|number| by_number.get(&number)).copied();
            let failing = user.batch_id.and_then(|number| failing.get(&number)).copied().unwrap_or(0);
            let (cause, evidence) = judge(&user, batch, failing, &presence);
            MissingProfile {
                legacy_user_id: user.legacy_id,
                batch_id: user.batch_id,
                cause: cause.as_str().to_owned(),
                error_category: cause.category().map(|category| category.as_str().to_owned()),
                evidence,
                fate: user.fate,
            }
        })
        .collect();
    staging.replace_analysis(&missing, &batches)?;
    staging.complete(Step::Analyze)?;
    staging.analysis()
}

/// How many missing records of each batch fail by themselves.
fn failing_by_batch(users: &[MissingUser]) -> BTreeMap<u64, u64> {
    let mut failing = BTreeMap::new();
    for user in users.iter().filter(|user| own_failure(user).is_some()) {
        if let Some(batch) = user.batch_id {
            *failing.entry(batch).or_insert(0) += 1;
        }
    }
    failing
}

/// What is wrong with the record itself, with the facts that say so.
fn own_failure(user: &MissingUser) -> Option<(Cause, String)> {
    let of = |code: Code| user.errors.iter().find(|(word, _)| word == code.as_str());
    let context = |error: &(String, Option<String>)| error.1.clone().unwrap_or_default();
    for code in [Code::EmailShared, Code::EmailTakenInTarget] {
        if let Some(error) = of(code) {
            return Some((Cause::AddressConflict, format!("{} {}", code.as_str(), context(error))));
        }
    }
    if let Some(holder) = &user.holder {
        return Some((
            Cause::AddressConflict,
            format!("keeps an address that the target's row {holder} holds"),
        ));
    }
    if let Some(error) = of(Code::EmailInvalid) {
        return Some((Cause::AddressInvalid, context(error)));
    }
    if user.fate.as_deref() != Some(Fate::Ready.as_str())
        && user.fate.as_deref() != Some(Fate::Merged.as_str())
    {
        let codes: Vec<&str> = user.errors.iter().map(|(code, _)| code.as_str()).collect();
        return Some((Cause::RecordUnfit, codes.join(", ")));
    }
    None
}

/// The cause, first rule that applies, with the facts that say so.
fn judge(
    user: &MissingUser,
    batch: Option<&PhaseOneBatch>,
    failing: u64,
    presence: &Presence,
) -> (Cause, String) {
    let Some(highest) = presence.highest_in_target else {
        return (Cause::NotAttempted, "the target holds no profile with a legacy id".to_owned());
    };
    if let Some(found) = own_failure(user) {
        return found;
    }
    if user.legacy_id > highest {
        return (Cause::CameLater, format!("above {highest}, the highest legacy id in the target"));
    }
    let empty = batch.map_or(0, |batch| batch.without_address);
    if user.errors.iter().any(|(code, _)| code == Code::EmailMissing.as_str()) && empty > 1 {
        return (Cause::AddressEmpty, format!("one of {empty} users of the batch without an address"));
    }
    match batch {
        Some(batch) if failing > 0 || empty > 1 => (
            Cause::BatchFailed,
            format!(
                "of the batch's {} users {failing} missing ones fail by themselves and {empty} have no address",
                batch.users
            ),
        ),
        _ => (Cause::Unknown, "nothing is wrong with the record or its batch".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::LegacyId;

    fn user(legacy_id: i64, codes: &[Code]) -> MissingUser {
        MissingUser {
            legacy_id: LegacyId(legacy_id),
            batch_id: Some(1),
            fate: Some("ready".to_owned()),
            errors: codes.iter().map(|code| (code.as_str().to_owned(), None)).collect(),
            holder: None,
        }
    }

    fn batch(without_address: u64) -> PhaseOneBatch {
        PhaseOneBatch {
            batch_id: 1,
            first_legacy_id: LegacyId(1),
            last_legacy_id: LegacyId(120),
            users: 100,
            missing: 40,
            without_address,
        }
    }

    #[test]
    fn the_first_rule_names_the_cause() {
        let there = Presence { highest_in_target: Some(LegacyId(500)), ..Presence::default() };
        let held = MissingUser { holder: Some("row".to_owned()), ..user(7, &[]) };
        let unfit =
            MissingUser { fate: Some("quarantined".to_owned()), ..user(7, &[Code::TimestampInvalid]) };
        for (user, empty, failing, presence, cause) in [
            (user(7, &[Code::EmailShared]), 9, 1, Presence::default(), Cause::NotAttempted),
            (user(7, &[Code::EmailShared]), 9, 1, there, Cause::AddressConflict),
            (user(7, &[Code::EmailTakenInTarget]), 9, 1, there, Cause::AddressConflict),
            (held, 9, 1, there, Cause::AddressConflict),
            (user(7, &[Code::EmailInvalid]), 9, 1, there, Cause::AddressInvalid),
            (unfit, 9, 1, there, Cause::RecordUnfit),
            (user(501, &[Code::EmailMissing]), 9, 0, there, Cause::CameLater),
            (user(7, &[Code::EmailMissing]), 9, 0, there, Cause::AddressEmpty),
            // the only empty address of its batch collides with nobody
            (user(7, &[Code::EmailMissing]), 1, 0, there, Cause::Unknown),
            (user(7, &[]), 0, 3, there, Cause::BatchFailed),
            (user(7, &[Code::NameMissing]), 0, 0, there, Cause::Unknown),
        ] {
            assert_eq!(judge(&user, Some(&batch(empty)), failing, &presence).0, cause, "{user:?}");
        }
    }

    #[test]
    fn words_are_unique_and_found() {
        for cause in Cause::ALL {
            assert_eq!(Cause::find(cause.as_str()), Some(cause));
        }
    }
}
