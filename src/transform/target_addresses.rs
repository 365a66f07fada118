//! The addresses that rows of the target have of themselves: where the legacy system gives none that the record can keep, a real
//! one that stands there already is worth more than a stand-in.

use std::collections::HashMap;

use super::emails::{self, Claim, Key};
use super::index::Index;
use crate::clean::{self, Email, EmailPolicy, is_stand_in};
use crate::entity::{Entity, patients, profiles};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::Staging;

/// The addresses that stay where nothing better is known.
#[derive(Debug)]
pub(super) struct TargetAddresses {
    profiles: Index<Box<str>>,
    /// The fallback addresses that rows of profiles have: they stay, whatever becomes of the names that they were made from.
    fallbacks: Index<Box<str>>,
    patients: Index<Box<str>>,
    /// Profiles whose row has an address that the source gives to this user.
    claimed: Index<LegacyId>,
}

impl TargetAddresses {
    /// Reads them. Of profiles, those that somebody claims are not among them: whoever claims one gets it.
    pub(super) fn read(staging: &Staging, claims: &[Claim], policy: &EmailPolicy) -> Result<Self> {
        let (mut of, mut fallbacks) = ([Vec::new(), Vec::new()], Vec::new());
        for (entity, rows) in [&profiles::ENTITY, &patients::ENTITY].into_iter().zip(&mut of) {
            staging.for_standing_addresses(entity, |id, address| {
                if *entity == profiles::ENTITY && clean::fallback_owner(address) == Some(id) {
                    fallbacks.push((id, address.into()));
                } else if !is_stand_in(address)
                    && let Email::Valid(address) = clean::email("email", Some(address), policy).value
                {
                    rows.push((id, address.into_boxed_str()));
                }
            })?;
        }
        let [mut of_profiles, of_patients] = of;
        let mut claimed = Vec::new();
        if !of_profiles.is_empty() {
            let claims: HashMap<Key, LegacyId> =
                claims.iter().map(|claim| (claim.address, claim.user)).collect();
            of_profiles.retain(|(id, address): &(LegacyId, Box<str>)| {
                let by = claims.get(&emails::key(address)).copied();
                claimed.extend(by.filter(|by| by != id).map(|by| (*id, by)));
                by.is_none()
            });
        }
        Ok(Self {
            profiles: Index::new(of_profiles),
            fallbacks: Index::new(fallbacks),
            patients: Index::new(of_patients),
            claimed: Index::new(claimed),
        })
    }

    /// The user to whom the source gives the address that a profile's row has.
    pub(super) fn claimant(&self, id: LegacyId) -> Option<LegacyId> {
        self.claimed.get(id).copied()
    }

    /// The fallback address that a profile's row has.
    pub(super) fn fallback(&self, id: LegacyId) -> Option<&str> {
        self.fallbacks.get(id).map(AsRef::as_ref)
    }

    /// The address of a record's row.
    pub(super) fn of(&self, entity: &Entity, id: LegacyId) -> Option<&str> {
        let rows = if *entity == profiles::ENTITY { &self.profiles } else { &self.patients };
        rows.get(id).map(AsRef::as_ref)
    }
}
