//! Who keeps an address: decided over the whole set and against what the target holds, never per batch. Pure.
//!
//! Of several profiles that share one, the keeper is the active one before the inactive, then the newest login, then
//! the lowest id. An address of a row that this migration does not write is nobody's here.

use sha2::{Digest, Sha256};

use super::index::Index;
use crate::clean::mailbox;
use crate::entity::profiles::Replaced;
use crate::record::{LegacyId, TargetId};

/// An address as 16 bytes of its SHA-256: 128 bits never take two addresses for one.
pub type Key = u128;

/// The key of the mailbox that a clean, lower-case address means.
pub fn key(address: &str) -> Key {
    let digest = Sha256::digest(mailbox(address).as_bytes());
    let mut first = [0; 16];
    first.copy_from_slice(&digest[..16]);
    u128::from_be_bytes(first)
}

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

/// The addresses that are settled: who lost one, and which ones are taken.
#[derive(Debug)]
pub struct Settled {
    losers: Index<Replaced>,
    taken: Vec<Key>,
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
        let mut taken: Vec<Key> = claims
            .into_iter()
            .map(|claim| claim.address)
            .chain(foreign.into_iter().map(|(address, _)| address))
            .collect();
        taken.sort_unstable();
        taken.dedup();
        Self { losers: Index::new(losers), taken }
    }

    /// Why the user does not get the address that it claims; `None` when it keeps it.
    pub fn lost(&self, user: LegacyId) -> Option<Replaced> {
        self.losers.get(user).copied()
    }

    /// Whether somebody has or claims the address.
    pub fn is_taken(&self, address: &str) -> bool {
        self.taken.binary_search(&key(address)).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
