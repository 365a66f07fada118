//! Who owns an office, who is a member of one, and which kind of doctor treats patients.

use crate::id::LegacyId;
use crate::offices::DEFAULT_PRACTICE;
use crate::people::DOCTOR;
use crate::random::Random;
use crate::rows::{Kind, Office, OfficeDoctor, User, UserSetting};

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
/// Owners of an office who do not exist.
const STRANGERS: [LegacyId; 3] = [LegacyId(880_001), LegacyId(880_018), LegacyId(880_035)];

/// A doctor who treats patients and the offices where he may do so; none for one without any office of his own.
#[derive(Debug, Clone)]
pub(crate) struct Practitioner {
    pub(crate) user_id: LegacyId,
    pub(crate) offices: Vec<LegacyId>,
}

/// Those who treat patients, by how they are tied to offices.
pub(crate) struct Practitioners {
    /// Neither owners nor members: their patients' practices can only be inferred.
    pub(crate) floating: Vec<Practitioner>,
    /// Members of several offices with as many patients in each.
    pub(crate) tied: Vec<Practitioner>,
    pub(crate) members_of_many: Vec<Practitioner>,
    /// Members of none.
    pub(crate) owners_of_several: Vec<Practitioner>,
    /// Owners of none.
    pub(crate) members_only: Vec<Practitioner>,
    /// Owners of one office, members of it or not.
    pub(crate) single: Vec<Practitioner>,
}

/// The outcome.
pub(crate) struct Staffing {
    pub(crate) memberships: Vec<OfficeDoctor>,
    pub(crate) settings: Vec<UserSetting>,
    pub(crate) practitioners: Practitioners,
}

/// Settles who works where: sets the owners of the offices and puts some patients into the Doctor group.
pub(crate) fn staffing(seed: u64, floating: usize, users: &mut [User], offices: &mut [Office]) -> Staffing {
    let mut random = Random::stream(seed, "staffing");
    let (mut practitioners, mut idle) = hire(&mut random, floating, users);
    let admin = users.iter().find(|user| user.kind == Kind::Admin).map_or(LegacyId(1), |user| user.id);
    give_offices(&mut Owners::new(&mut random, admin, offices), &mut practitioners, &mut idle);
    let memberships = join(&mut random, &mut practitioners, idle);
    // The last of the single practitioners are members, the last floating one has nothing at all.
    let without = practitioners.single.iter().rev().take(4).chain(practitioners.floating.last());
    let without: Vec<LegacyId> = without.map(|doctor| doctor.user_id).collect();
    let settings = settings(&mut random, users, &without);
    Staffing { memberships, settings, practitioners }
}

/// Chooses who treats patients; the second list is of the doctors who do not.
fn hire(random: &mut Random, floating: usize, users: &mut [User]) -> (Practitioners, Vec<Practitioner>) {
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
    let practitioner = |at: &usize| Practitioner { user_id: users[*at].id, offices: Vec::new() };
    let mut hire = |count: usize| -> Vec<Practitioner> {
        doctors.split_off(doctors.len().saturating_sub(count)).iter().map(practitioner).collect()
    };
    // Those one does not expect to treat patients: four float, the others own an office like most.
    let mut unusual =
        vec![masters[0], superusers[0], patients[0], technicians[0], masters[1], masters[2], superusers[1]];
    unusual.extend(&patients[1..6]);
    let (unusual_floating, unusual_single) = unusual.split_at(4.min(floating));

    let mut practitioners = Practitioners {
        floating: unusual_floating.iter().map(practitioner).collect(),
        tied: hire(TIED_OFFICES.len()),
        members_of_many: hire(MANY_OFFICES.len()),
        owners_of_several: hire(OWNERS_OF_SEVERAL),
        members_only: hire(MEMBERS_ONLY),
        single: unusual_single.iter().map(practitioner).collect(),
    };
    practitioners.floating.extend(hire(floating - unusual_floating.len()));
    let others = floating + TIED_OFFICES.len() + MANY_OFFICES.len() + OWNERS_OF_SEVERAL + MEMBERS_ONLY;
    practitioners.single.extend(hire(TREATING - others - unusual_single.len()));
    (practitioners, hire(usize::MAX))
}

/// Gives each office an owner, the last ones to doctors without patients.
fn give_offices(owners: &mut Owners, practitioners: &mut Practitioners, idle: &mut [Practitioner]) {
    for stranger in STRANGERS {
        owners.give(stranger);
    }
    for (nth, owner) in practitioners.owners_of_several.iter_mut().enumerate() {
        for _ in 0..2 + nth % 3 {
            owner.offices.extend(owners.give(owner.user_id));
        }
    }
    let Practitioners { tied, members_of_many, single, .. } = practitioners;
    for owner in tied.iter_mut().chain(members_of_many).chain(single).chain(idle) {
        owner.offices.extend(owners.give(owner.user_id));
    }
}

/// Makes the memberships: half of the offices have one, a few have two.
fn join(
    random: &mut Random,
    practitioners: &mut Practitioners,
    mut idle: Vec<Practitioner>,
) -> Vec<OfficeDoctor> {
    let outsider = idle.pop().map_or(STRANGERS[0], |doctor| doctor.user_id);
    idle.retain(|doctor| !doctor.offices.is_empty());
    let mut pairs: Vec<(LegacyId, LegacyId)> = Vec::with_capacity(MEMBERSHIPS);
    let Practitioners { tied, members_of_many, members_only, single, .. } = practitioners;
    let of_several = MANY_OFFICES.into_iter().zip(members_of_many).chain(TIED_OFFICES.into_iter().zip(tied));
    for (count, member) in of_several {
        while member.offices.len() < count {
            // The office of a doctor without patients who is no member anywhere.
            let Some(host) = idle.pop() else { break };
            member.offices.extend(host.offices);
        }
        pairs.extend(member.offices.iter().map(|office| (*office, member.user_id)));
    }
    let spoilt = 3;
    let alone = MEMBERSHIPS - pairs.len() - members_only.len() - spoilt;
    let own = |doctor: &Practitioner| (doctor.offices[0], doctor.user_id);
    pairs.extend(single.iter().rev().take(TREATING_MEMBERS).map(own));
    pairs.extend(idle.iter().take(alone - TREATING_MEMBERS).map(own));
    let taken = pairs.clone();
    for member in members_only {
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
    let row = |(id, (office_id, user_id))| OfficeDoctor { id: LegacyId(id), office_id, user_id };
    ids.into_iter().zip(pairs).map(row).collect()
}

/// Gives offices to owners until none is left.
struct Owners<'a> {
    free: Vec<usize>,
    offices: &'a mut [Office],
}

impl<'a> Owners<'a> {
    /// The default practice belongs to an administrator, the others are free.
    fn new(random: &mut Random, admin: LegacyId, offices: &'a mut [Office]) -> Self {
        let mut free = Vec::with_capacity(offices.len());
        for (at, office) in offices.iter_mut().enumerate() {
            if office.id == DEFAULT_PRACTICE {
                office.doctor_id = admin;
            } else {
                free.push(at);
            }
        }
        random.shuffle(&mut free);
        Self { free, offices }
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
