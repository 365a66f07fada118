//! The accounts: 9,101 of them, most of them patients. Emails (`emails`), spoiled names (`spelling`) and who works
//! where (`staffing`) come later.

use chrono::Duration;

use crate::id::LegacyId;
use crate::names::{FEMALE, MALE, Names};
use crate::random::Random;
use crate::rows::{Kind, Moment, User, midnight, moment_between};

/// How many accounts there are.
pub const USERS: usize = 9101;
/// How many of them are patients.
pub const PATIENTS: usize = 7849;

/// Every legacy password begins so: nothing that Drydock writes may ever contain it.
pub const PASSWORD_MARK: &str = "never-copy-this$";

/// The groups of the legacy application.
pub(crate) const GROUPS: [(i64, &str); 5] =
    [(PATIENT, "Patient"), (DOCTOR, "Doctor"), (4, "Admin"), (5, "Master"), (11, "Technician")];
/// The group of patients.
pub(crate) const PATIENT: i64 = 1;
/// The group of doctors.
pub(crate) const DOCTOR: i64 = 2;

/// How many accounts of each kind; with the patients they make 9,101.
const STAFF: [(Kind, usize); 8] = [
    (Kind::Doctor, 1157),
    (Kind::Technician, 40),
    (Kind::Admin, 20),
    (Kind::Master, 12),
    (Kind::Superuser, 5),
    (Kind::Staff, 6),
    (Kind::PatientInName, 6),
    (Kind::Nobody, 6),
];

/// The day on which the snapshot of this world is taken.
pub(crate) fn snapshot_day() -> Moment {
    midnight(2025, 7, 1)
}

pub(crate) fn users(seed: u64) -> Vec<User> {
    let mut random = Random::stream(seed, "people");
    let mut names = Names::new(seed);
    let mut kinds = vec![Kind::Patient; PATIENTS];
    for (kind, count) in STAFF {
        kinds.extend(std::iter::repeat_n(kind, count));
    }
    random.shuffle(&mut kinds);
    let ids = random.ids(1, kinds.len());
    let opening = midnight(2013, 9, 2);
    let mut joined = opening;
    let pace = (snapshot_day() - opening) / i32::try_from(kinds.len() + 1).unwrap_or(1);
    let mut users = Vec::with_capacity(kinds.len());
    for (kind, id) in kinds.into_iter().zip(ids) {
        let next = joined + pace;
        let date_joined = moment_between(&mut random, joined, next);
        users.push(user(&mut random, &mut names, kind, LegacyId(id), date_joined));
        joined = next;
    }
    plant_flags(&mut random, &mut users);
    users
}

fn user(random: &mut Random, names: &mut Names, kind: Kind, id: LegacyId, date_joined: Moment) -> User {
    let sex = if random.chance(560) { FEMALE } else { MALE };
    let name = names.draw(sex);
    let signs_in = if kind == Kind::Patient { 400 } else { 800 };
    User {
        id,
        kind,
        sex,
        groups: groups(kind),
        username: format!("{}{id}", name.stem),
        password: format!("{PASSWORD_MARK}{}", random.uuid().simple()),
        first_name: name.first,
        last_name: name.last,
        stem: name.stem,
        email: String::new(),
        is_superuser: kind == Kind::Superuser,
        is_staff: matches!(kind, Kind::Staff | Kind::Superuser | Kind::Admin),
        is_active: !random.chance(if kind == Kind::Patient { 30 } else { 70 }),
        date_joined,
        last_login: random
            .chance(signs_in)
            .then(|| moment_between(random, date_joined, snapshot_day() - Duration::hours(1)))
            .filter(|login| *login > date_joined),
    }
}

fn groups(kind: Kind) -> Vec<i64> {
    match kind {
        Kind::Patient | Kind::PatientInName => vec![PATIENT],
        Kind::Doctor => vec![DOCTOR],
        Kind::Admin => vec![4],
        Kind::Master => vec![5],
        Kind::Technician => vec![11],
        Kind::Superuser | Kind::Staff | Kind::Nobody => Vec::new(),
    }
}

/// Users in several groups, doctors by settings only, and patients in no group.
fn plant_flags(random: &mut Random, users: &mut [User]) {
    let mut of_kind = |kind| {
        let mut found: Vec<usize> = (0..users.len()).filter(|&at| users[at].kind == kind).collect();
        random.shuffle(&mut found);
        found
    };
    let (doctors, patients, masters) = (of_kind(Kind::Doctor), of_kind(Kind::Patient), of_kind(Kind::Master));
    for (nth, &at) in doctors.iter().take(60).enumerate() {
        match nth {
            0..20 => users[at].groups.push(11),
            20..28 => users[at].groups.push(4),
            28..36 => users[at].groups.push(5),
            36..40 => users[at].is_superuser = true,
            40..52 => users[at].groups.push(PATIENT),
            _ => {
                users[at].groups.clear();
                users[at].is_staff = true;
            }
        }
    }
    for &at in patients.iter().take(150) {
        users[at].groups.clear();
    }
    for &at in masters.iter().take(6) {
        users[at].is_superuser = true;
    }
    // A master who is an administrator too: the rule takes the administrator.
    if let Some(&at) = masters.last() {
        users[at].groups.push(4);
    }
}
