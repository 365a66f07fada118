//! Who owns an office, who is a member of one, and which kind of doctor treats patients.

use super::offices::DEFAULT_PRACTICE;
use super::people::DOCTOR;
use super::random::Random;
use super::rows::{Kind, Office, OfficeDoctor, User, UserSetting};
use crate::record::LegacyId;

/// How many rows `dispatch_office_doctors` has.
pub const MEMBERSHIPS: usize = 438;
/// How many users have patients.
pub const TREATING: usize = 441;

/// How many offices each of the doctors with many is a member of.
const MANY_OFFICES: [usize; 9] = [11, 8, 6, 5, 4, 3, 3, 2, 2];
/// The two doctors whose memberships tie: their primary office is decided by the lowest id.
const TIED_OFFICES: [usize; 2] = [2, 3];
const OWNERS_OF_SEVERAL: usize = 12;
const MEMBERS_ONLY: usize = 13;
const TREATING_MEMBERS: usize = 150;
/// Offices whose owner does not exist.
const OWNERLESS: usize = 3;

/// A doctor who treats patients and the offices where he may do so; none for one without any office of his own.
#[derive(Debug, Clone)]
pub(super) struct Practitioner {
    pub(super) user_id: LegacyId,
    pub(super) offices: Vec<LegacyId>,
}

/// The outcome.
pub(super) struct Staffing {
    pub(super) memberships: Vec<OfficeDoctor>,
    pub(super) settings: Vec<UserSetting>,
    /// Neither owners nor members: their patients' practices can only be inferred.
    pub(super) floating: Vec<Practitioner>,
    pub(super) tied: Vec<Practitioner>,
    pub(super) members_of_many: Vec<Practitioner>,
    pub(super) owners_of_several: Vec<Practitioner>,
    pub(super) members_only: Vec<Practitioner>,
    /// Owners of one office, members of it or not.
    pub(super) single: Vec<Practitioner>,
}

/// Settles who works where: sets the owners of the offices and puts some patients into the Doctor group.
pub(super) fn staffing(seed: u64, floating: usize, users: &mut [User], offices: &mut [Office]) -> Staffing {
    let mut random = Random::stream(seed, "staffing");
    let mut of_kind = |kind| {
        let mut found: Vec<usize> = (0..users.len()).filter(|&at| users[at].kind == kind).collect();
        random.shuffle(&mut found);
        found
    };
    let mut doctors = of_kind(Kind::Doctor);
    let (masters, superusers) = (of_kind(Kind::Master), of_kind(Kind::Superuser));
    let (technicians, patients) = (of_kind(Kind::Technician), of_kind(Kind::Patient));
    for &at in &patients[..14] {
        users[at].groups.push(DOCTOR);
    }
    let mut unusual =
        vec![masters[0], superusers[0], patients[0], technicians[0], masters[1], masters[2], superusers[1]];
    unusual.extend(&patients[1..6]);
    let first_floating = unusual.drain(..4.min(floating)).collect::<Vec<_>>();

    let mut hire = |count: usize| -> Vec<Practitioner> {
        let hired = doctors.split_off(doctors.len().saturating_sub(count));
        hired.into_iter().map(|at| Practitioner { user_id: users[at].id, offices: Vec::new() }).collect()
    };
    let as_practitioner = |at: usize| Practitioner { user_id: users[at].id, offices: Vec::new() };
    let mut floaters: Vec<Practitioner> = first_floating.into_iter().map(as_practitioner).collect();
    floaters.extend(hire(floating - floaters.len()));
    let mut tied = hire(TIED_OFFICES.len());
    let mut members_of_many = hire(MANY_OFFICES.len());
    let mut owners_of_several = hire(OWNERS_OF_SEVERAL);
    let mut members_only = hire(MEMBERS_ONLY);
    let others = floaters.len() + tied.len() + members_of_many.len() + OWNERS_OF_SEVERAL + MEMBERS_ONLY;
    let mut single: Vec<Practitioner> = unusual.into_iter().map(as_practitioner).collect();
    single.extend(hire(TREATING - others - single.len()));

    let admin = users.iter().find(|user| user.kind == Kind::Admin).map_or(LegacyId(1), |user| user.id);
    let mut owners = Owners { free: Vec::new(), offices };
    owners.open(&mut random, admin);
    for stranger in 0..OWNERLESS {
        owners.give(LegacyId(880_001 + 17 * i64::try_from(stranger).unwrap_or(0)));
    }
    for (nth, owner) in owners_of_several.iter_mut().enumerate() {
        for _ in 0..2 + nth % 3 {
            owner.offices.extend(owners.give(owner.user_id));
        }
    }
    for owner in tied.iter_mut().chain(&mut members_of_many).chain(&mut single) {
        owner.offices.extend(owners.give(owner.user_id));
    }
    let mut idle: Vec<Practitioner> = hire(usize::MAX);
    for owner in &mut idle {
        owner.offices.extend(owners.give(owner.user_id));
    }
    let outsider = idle.pop().map_or(admin, |doctor| doctor.user_id);
    idle.retain(|doctor| !doctor.offices.is_empty());

    let mut pairs: Vec<(LegacyId, LegacyId)> = Vec::with_capacity(MEMBERSHIPS);
    let joining =
        MANY_OFFICES.into_iter().zip(&mut members_of_many).chain(TIED_OFFICES.into_iter().zip(&mut tied));
    for (count, member) in joining {
        while member.offices.len() < count {
            // The office of a doctor without patients who is no member anywhere.
            let Some(host) = idle.pop() else { break };
            member.offices.extend(host.offices);
        }
        pairs.extend(member.offices.iter().map(|office| (*office, member.user_id)));
    }
    let alone = MEMBERSHIPS - pairs.len() - members_only.len() - 3;
    let own = |doctor: &Practitioner| (doctor.offices[0], doctor.user_id);
    pairs.extend(single.iter().rev().take(TREATING_MEMBERS).map(own));
    pairs.extend(idle.iter().take(alone - TREATING_MEMBERS).map(own));
    let taken = pairs.clone();
    for member in &mut members_only {
        let office = random.pick(&taken).0;
        member.offices.push(office);
        pairs.push((office, member.user_id));
    }
    // A membership that is there twice, one of a user and one of an office that do not exist.
    pairs.extend(taken.last().copied());
    pairs.push((taken[0].0, LegacyId(880_500)));
    pairs.push((LegacyId(77_001), outsider));

    random.shuffle(&mut pairs);
    let ids = random.ids(1, pairs.len());
    let memberships = ids
        .into_iter()
        .zip(pairs)
        .map(|(id, (office_id, user_id))| OfficeDoctor { id: LegacyId(id), office_id, user_id })
        .collect();
    let without: Vec<LegacyId> =
        single.iter().rev().take(4).chain(floaters.last()).map(|doctor| doctor.user_id).collect();
    let settings = settings(&mut random, users, &without);
    Staffing {
        memberships,
        settings,
        floating: floaters,
        tied,
        members_of_many,
        owners_of_several,
        members_only,
        single,
    }
}

/// Gives offices to owners until none is left.
struct Owners<'a> {
    free: Vec<usize>,
    offices: &'a mut [Office],
}

impl Owners<'_> {
    /// The default practice belongs to an administrator, the others are free.
    fn open(&mut self, random: &mut Random, admin: LegacyId) {
        for (at, office) in self.offices.iter_mut().enumerate() {
            if office.id == DEFAULT_PRACTICE {
                office.doctor_id = admin;
            } else {
                self.free.push(at);
            }
        }
        random.shuffle(&mut self.free);
    }

    fn give(&mut self, owner: LegacyId) -> Option<LegacyId> {
        let office = &mut self.offices[self.free.pop()?];
        office.doctor_id = owner;
        Some(office.id)
    }
}

/// One row for each potential doctor, except for those who treat without one.
fn settings(random: &mut Random, users: &[User], without: &[LegacyId]) -> Vec<UserSetting> {
    let superusers = users.iter().filter(|user| user.kind == Kind::Superuser).take(3);
    let potential: Vec<LegacyId> = users
        .iter()
        .filter(|user| match user.kind {
            Kind::Doctor | Kind::Master => true,
            Kind::Patient => user.groups.contains(&DOCTOR),
            _ => false,
        })
        .chain(superusers)
        .map(|user| user.id)
        .filter(|id| !without.contains(id))
        .collect();
    let ids = random.ids(12, potential.len());
    let row = |(id, user_id)| UserSetting {
        id: LegacyId(id),
        user_id,
        emails: random.chance(800),
        require_2fa: [Some(true), Some(false), None][random.below(3)],
    };
    ids.into_iter().zip(potential).map(row).collect()
}
