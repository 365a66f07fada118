//! What the first phase left in the target: every practice, 5,506 of the profiles with ids of no system, and the
//! marks of how it worked: everyone a doctor, names in lower case, addresses given to whoever came first.

use std::collections::{BTreeMap, BTreeSet};

use crate::emails::Planted;
use crate::id::LegacyId;
use crate::random::Random;
use crate::rows::{Moment, Office, User, midnight, moment_between};
use crate::table::{Table, row};
use crate::truth::{EmailStatus, UserTruth};

/// How many legacy users have a profile in the target.
pub const PROFILES: usize = 5506;
/// How many profiles the target has beside those: people who joined since.
pub const JOINED_SINCE: usize = 6;

/// The target as the first phase left it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PhaseOne {
    /// `practices` and `profiles`, in the order in which they can be loaded; columns left out have their default.
    pub tables: Vec<Table>,
    /// Users of the legacy whose profiles hold each other's address.
    pub swapped: [LegacyId; 2],
}

pub(crate) fn phase_one(
    seed: u64,
    users: &[User],
    offices: &[Office],
    planted: &Planted,
    truth: &[UserTruth],
) -> PhaseOne {
    let mut random = Random::stream(seed, "phase one");
    let (first_night, last_night) = (midnight(2025, 5, 12), midnight(2025, 5, 15));
    let practices = practices(&mut random, offices, first_night);
    let own_address = |at: &usize| truth[*at].email_status == EmailStatus::ValidKept;
    let mut order: Vec<usize> = (0..users.len()).collect();
    random.shuffle(&mut order);
    let mut swapped = order.iter().copied().filter(own_address);
    let swapped = [swapped.next().unwrap_or(0), swapped.next().unwrap_or(0)];

    let (holders, forced, barred) = holders(planted, truth);
    let forced: BTreeSet<LegacyId> = swapped.iter().map(|at| users[*at].id).chain(forced).collect();
    let mut present: BTreeSet<LegacyId> = forced;
    for &at in &order {
        if present.len() < PROFILES && !barred.contains(&users[at].id) {
            present.insert(users[at].id);
        }
    }

    let mut profiles = Table::new(
        "profiles",
        &[
            "id",
            "legacy_id",
            "email",
            "first_name",
            "last_name",
            "role",
            "is_active",
            "created_at",
            "updated_at",
        ],
    );
    let mut given: BTreeSet<String> = BTreeSet::new();
    for (at, user) in users.iter().enumerate().filter(|(_, user)| present.contains(&user.id)) {
        let source = match swapped {
            [one, other] if at == one => other,
            [one, other] if at == other => one,
            _ => at,
        };
        let clean = users[source].email.trim().to_lowercase();
        let may_hold = match truth[source].email_status {
            EmailStatus::ValidKept => true,
            EmailStatus::SharedKeeper | EmailStatus::SharedLoser => {
                holders.get(&clean).is_none_or(|holder| *holder == user.id)
            }
            _ => false,
        };
        let email = if may_hold && given.insert(clean.clone()) {
            clean
        } else {
            format!("user{}@placeholder.local", user.id)
        };
        let lowered = random.chance(300);
        let name = |name: &str| if lowered { name.to_lowercase() } else { name.to_owned() };
        let written = moment_between(&mut random, first_night, last_night);
        profiles.rows.push(row![
            random.uuid(),
            user.id,
            email,
            name(&user.first_name),
            name(&user.last_name),
            "doctor",
            user.is_active,
            written,
            written,
        ]);
    }
    joined_since(&mut random, users, planted, &mut profiles);
    PhaseOne { tables: vec![practices, profiles], swapped: swapped.map(|at| users[at].id) }
}

/// Who holds the address of the first groups of sharers, who must be in the target for that, and who must not.
///
/// In the first two groups both are there, in the next two the rightful keeper is missing, in the fifth the keeper
/// holds it. In the other groups the lowest id in the target holds the address.
fn holders(
    planted: &Planted,
    truth: &[UserTruth],
) -> (BTreeMap<String, LegacyId>, Vec<LegacyId>, BTreeSet<LegacyId>) {
    let (mut holders, mut forced, mut barred) = (BTreeMap::new(), Vec::new(), BTreeSet::new());
    for (nth, group) in planted.shared.iter().take(5).enumerate() {
        let members = || truth.iter().filter(|user| group.contains(&user.user_id));
        let keeper = members().find(|user| user.email_status == EmailStatus::SharedKeeper);
        let loser = members().find(|user| user.email_status == EmailStatus::SharedLoser);
        let (Some(keeper), Some(loser)) = (keeper, loser) else { continue };
        let holder = if nth < 4 { loser } else { keeper };
        holders.extend(keeper.email.clone().map(|email| (email, holder.user_id)));
        forced.push(loser.user_id);
        if nth == 2 || nth == 3 {
            barred.insert(keeper.user_id);
        } else {
            forced.push(keeper.user_id);
        }
    }
    if let [one, other] = planted.taken[..] {
        forced.push(one);
        barred.insert(other);
    }
    (holders, forced, barred)
}

/// Profiles that are not of this migration; the first two hold addresses of legacy users, one of them in capitals.
fn joined_since(random: &mut Random, users: &[User], planted: &Planted, profiles: &mut Table) {
    let emails = users.iter().filter(|user| planted.taken.contains(&user.id)).map(|user| user.email.clone());
    let emails: Vec<String> = emails
        .chain((0..).map(|nth| format!("joined.{nth}@joined-since.example")))
        .take(JOINED_SINCE)
        .collect();
    let roles = ["support", "doctor", "admin", "technician", "support", "unknown"];
    let names =
        ["Odile Fenmere", "Bram Oakhurst", "Ines Redcombe", "Takeo 林田", "Nuala Pemby", "Joss Westden"];
    for (nth, (email, role)) in emails.into_iter().zip(roles).enumerate() {
        let email = if nth == 1 { email.to_uppercase() } else { email };
        let (first, last) = names[nth].split_once(' ').unwrap_or_default();
        let joined = moment_between(random, midnight(2025, 5, 20), midnight(2025, 6, 28));
        let changed = moment_between(random, joined, midnight(2025, 6, 30));
        profiles.rows.push(row![random.uuid(), None::<i64>, email, first, last, role, true, joined, changed]);
    }
}

/// The practices as they were copied: no nulls in the name, the percentage undivided, the country made up, all active.
fn practices(random: &mut Random, offices: &[Office], copied: Moment) -> Table {
    let mut practices = Table::new(
        "practices",
        &[
            "id",
            "legacy_id",
            "name",
            "address",
            "city",
            "state",
            "zip_code",
            "country",
            "phone",
            "tax_rate",
            "is_active",
            "created_at",
            "updated_at",
        ],
    );
    for office in offices {
        let name = office.name.clone().filter(|name| !name.is_empty());
        practices.rows.push(row![
            random.uuid(),
            office.id,
            name.unwrap_or_else(|| format!("Office {}", office.id)),
            office.address,
            office.city,
            office.state,
            office.zip,
            office.country.clone().unwrap_or_else(|| "USA".to_owned()),
            office.phone,
            // numeric(9, 6) prints six places.
            office.tax_rate.as_ref().map(|rate| format!("{rate}00")),
            true,
            copied,
            copied,
        ]);
    }
    practices
}
