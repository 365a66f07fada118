//! Who ends with which address.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::emails::Planted;
use crate::id::LegacyId;
use crate::rows::User;

/// What becomes of a user's email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum EmailStatus {
    /// Valid and nobody else's: kept.
    ValidKept,
    /// Empty: a fallback address.
    Missing,
    /// Not an address: a fallback address.
    Malformed,
    /// Shared, and kept by another user: a fallback address.
    SharedLoser,
    /// Shared, and kept by this user.
    SharedKeeper,
    /// Held by a row of the target that is not of this migration: a fallback address.
    TakenInTarget,
}

impl EmailStatus {
    /// Every status.
    pub const ALL: [EmailStatus; 6] = [
        EmailStatus::ValidKept,
        EmailStatus::Missing,
        EmailStatus::Malformed,
        EmailStatus::SharedLoser,
        EmailStatus::SharedKeeper,
        EmailStatus::TakenInTarget,
    ];

    /// The word in the truth's CSV.
    pub const fn as_str(self) -> &'static str {
        match self {
            EmailStatus::ValidKept => "valid_kept",
            EmailStatus::Missing => "missing",
            EmailStatus::Malformed => "malformed",
            EmailStatus::SharedLoser => "shared_loser",
            EmailStatus::SharedKeeper => "shared_keeper",
            EmailStatus::TakenInTarget => "taken_in_target",
        }
    }
}

/// The outcome for one user.
pub(crate) struct Email {
    pub(crate) status: EmailStatus,
    pub(crate) address: Option<String>,
    pub(crate) keeper: Option<LegacyId>,
}

/// The outcomes, user by user.
pub(crate) fn emails(users: &[User], planted: &Planted) -> Vec<Email> {
    let clean = |user: &User| user.email.trim().to_lowercase();
    let is_valid = |user: &&User| !user.email.is_empty() && !planted.malformed.contains(&user.id);
    let mut sharers: BTreeMap<String, Vec<&User>> = BTreeMap::new();
    for user in users.iter().filter(is_valid) {
        sharers.entry(clean(user)).or_default().push(user);
    }
    let without = |status, keeper| Email { status, address: None, keeper };
    let outcome = |user: &User| {
        if user.email.is_empty() {
            return without(EmailStatus::Missing, None);
        }
        if planted.malformed.contains(&user.id) {
            return without(EmailStatus::Malformed, None);
        }
        if planted.taken.contains(&user.id) {
            return without(EmailStatus::TakenInTarget, None);
        }
        let address = clean(user);
        let group = sharers.get(&address).map_or(&[][..], Vec::as_slice);
        // Active first, then the newest login (never is the oldest), then the lowest id.
        let keeper = group.iter().max_by_key(|user| (user.is_active, user.last_login, Reverse(user.id)));
        match keeper.map(|keeper| keeper.id) {
            Some(keeper) if keeper != user.id => without(EmailStatus::SharedLoser, Some(keeper)),
            _ if group.len() > 1 => {
                Email { status: EmailStatus::SharedKeeper, address: Some(address), keeper: None }
            }
            _ => Email { status: EmailStatus::ValidKept, address: Some(address), keeper: None },
        }
    };
    users.iter().map(outcome).collect()
}
