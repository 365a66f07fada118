//! Who keeps an address: decided over the whole set and against what the target holds, never per batch. Pure.
//!
//! Of several profiles that share one, the keeper is the active one before the inactive, then the newest login, then
//! the lowest id. An address of a row that this migration does not write is nobody's here.

use sha2::{Digest, Sha256};

use super::index::Index;
use crate::clean::{is_fallback_email, mailbox};
use crate::entity::profiles::Replaced;
use crate::record::{LegacyId, TargetId};

/// An address as 127 bits of its SHA-256, which never take two addresses for one.
pub type Key = u128;

/// The key of the mailbox that a clean, lower-case address means. Its last bit says whether it looks like a fallback address.
pub fn key(address: &str) -> Key {
    let digest = Sha256::digest(mailbox(address).as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first) & !IS_FALLBACK | if is_fallback_email(address) { IS_FALLBACK } else { 0 }
}

const IS_FALLBACK: Key = 1;

/// One user's claim to a valid address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Claim {
    /// The address.
    pub address: Key,
    /// Who claims it.
    pub user: LegacyId,
    /// Whether the user is active.
    pub active: bool,
    /// The last login in microseconds since 1970; the minimum for never.
    pub last_login: i64,
}

/// The addresses that are settled: who lost one, and which fallback addresses are taken.
#[derive(Debug)]
pub struct Settled {
    losers: Index<Replaced>,
    taken_fallbacks: Vec<Key>,
}

impl Settled {
    /// Settles every claim. `foreign` are the addresses of rows that this migration does not write.
    pub fn settle(mut claims: Vec<Claim>, mut foreign: Vec<(Key, TargetId)>) -> Self {
        foreign.sort_unstable();
        claims.sort_unstable_by_key(|claim| {
            (claim.address, !claim.active, std::cmp::Reverse(claim.last_login), claim.user)
        });
        let mut losers = Vec::new();
        for sharers in claims.chunk_by(|one, other| one.address == other.address) {
            let keeper = sharers[0];
            let holder = foreign
                .binary_search_by_key(&keeper.address, |(address, _)| *address)
                .ok()
                .map(|position| foreign[position].1);
            match holder {
                Some(holder) => {
                    losers
                        .extend(sharers.iter().map(|claim| (claim.user, Replaced::TakenInTarget { holder })));
                }
                None => losers.extend(
                    sharers[1..].iter().map(|claim| (claim.user, Replaced::Shared { keeper: keeper.user })),
                ),
            }
        }
        let claimed = claims.into_iter().map(|claim| claim.address);
        let foreign = foreign.into_iter().map(|(address, _)| address);
        let mut taken_fallbacks: Vec<Key> =
            claimed.chain(foreign).filter(|key| key & IS_FALLBACK != 0).collect();
        taken_fallbacks.sort_unstable();
        Self { losers: Index::new(losers), taken_fallbacks }
    }

    /// Why the user does not get the address that it claims; `None` when it keeps it.
    pub fn lost(&self, user: LegacyId) -> Option<Replaced> {
        self.losers.get(user).copied()
    }

    /// Whether somebody has or claims the fallback address.
    pub fn is_taken(&self, fallback: &str) -> bool {
        !self.taken_fallbacks.is_empty() && self.taken_fallbacks.binary_search(&key(fallback)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clean::fallback_email;

    fn claim(address: &str, user: i64, active: bool, last_login: i64) -> Claim {
        Claim { address: key(address), user: LegacyId(user), active, last_login }
    }

    #[test]
    fn the_keeper_is_active_then_newest_then_lowest() {
        for (claims, keeper) in [
            (vec![claim("a", 1, false, 9), claim("a", 2, true, 1)], 2),
            (vec![claim("a", 1, true, 1), claim("a", 2, true, 9)], 2),
            (vec![claim("a", 7, true, 5), claim("a", 3, true, 5), claim("a", 9, true, 5)], 3),
            (vec![claim("a", 4, true, i64::MIN), claim("a", 5, true, 0)], 5),
        ] {
            let users: Vec<_> = claims.iter().map(|claim| claim.user).collect();
            let settled = Settled::settle(claims, Vec::new());
            for user in users {
                let expected = (user.0 != keeper).then_some(Replaced::Shared { keeper: LegacyId(keeper) });
                assert_eq!(settled.lost(user), expected);
            }
        }
    }

    #[test]
    fn an_address_of_a_foreign_row_is_nobodys_here() {
        let holder = TargetId::derived("profiles", LegacyId(99));
        let settled =
            Settled::settle(vec![claim("a", 1, true, 1), claim("b", 2, true, 1)], vec![(key("a"), holder)]);
        assert_eq!(settled.lost(LegacyId(1)), Some(Replaced::TakenInTarget { holder }));
        assert_eq!(settled.lost(LegacyId(2)), None);
    }

    #[test]
    fn a_fallback_address_is_taken_by_whoever_claims_or_has_it() {
        let holder = TargetId::derived("profiles", LegacyId(99));
        let [claimed, foreign, free] = [1, 2, 3].map(|id| fallback_email("Ann", "Lee", LegacyId(id)));
        let settled = Settled::settle(vec![claim(&claimed, 7, true, 0)], vec![(key(&foreign), holder)]);
        assert_eq!([&claimed, &foreign, &free].map(|address| settled.is_taken(address)), [true, true, false]);
    }

    #[test]
    fn two_spellings_of_a_domain_are_one_mailbox() {
        let claims = vec![claim("ann@xn--mller-kva.test", 1, false, 9), claim("ann@müller.test", 2, true, 1)];
        let settled = Settled::settle(claims, Vec::new());
        assert_eq!(settled.lost(LegacyId(1)), Some(Replaced::Shared { keeper: LegacyId(2) }));
        assert_eq!(settled.lost(LegacyId(2)), None);
    }

    #[test]
    fn a_hundred_thousand_sharers_have_one_keeper() {
        let claims = (1..=100_000).map(|user| claim("a", user, true, 0)).collect();
        let settled = Settled::settle(claims, Vec::new());
        let kept = (1..=100_000).filter(|user| settled.lost(LegacyId(*user)).is_none()).count();
        assert_eq!(kept, 1);
    }
}
