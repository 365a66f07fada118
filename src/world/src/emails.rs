//! The email addresses: most users have none, most of the others a valid one of their own, and 62 have a malformed
//! one or one that another holds too.

use std::collections::BTreeSet;

use chrono::Duration;

use crate::deck::Deck;
use crate::id::LegacyId;
use crate::people::snapshot_day;
use crate::random::Random;
use crate::relations::{Likeness, Relation};
use crate::rows::{Kind, Patient, User};

/// Users whose email is not empty.
pub const WITH_EMAIL: usize = 1244;
/// Users whose email is valid and, trimmed and in lower case, nobody else's: neither in the legacy nor in the target.
pub const VALID_EMAILS: usize = 1182;
/// Potential doctors with an address at one of the company's own domains: test accounts.
pub const TEST_ACCOUNTS: usize = 224;
/// The company's own domains.
pub const COMPANY_DOMAINS: [&str; 2] = ["brightsmile-labs.example", "brightsmile.example"];

/// What was planted, for the truth.
pub(crate) struct Planted {
    /// Users whose address is malformed.
    pub(crate) malformed: BTreeSet<LegacyId>,
    /// Users whose address belongs to a row of the target that is not of this migration.
    pub(crate) taken: Vec<LegacyId>,
    /// Users who share one valid address, group by group.
    pub(crate) shared: Vec<Vec<LegacyId>>,
}

/// Valid addresses of patients; the others are of staff.
const VALID_OF_PATIENTS: usize = 57;
const DOMAINS: &[&str] =
    &["postbox.example", "inbox.example", "letters.example", "mail.smiles.example", "kliniken.example"];
const TYPO_DOMAINS: [&str; 10] = [
    "gmial.com",
    "gmal.com",
    "gamil.com",
    "yaho.com",
    "yahooo.com",
    "hotmial.com",
    "hotmal.com",
    "outlok.com",
    "iclod.com",
    "gmaill.com",
];

/// One address that four of the staff use, who have nothing else in common.
const FRONT_DESK: [&str; 4] = [
    "front.desk@letters.example",
    "front.desk@letters.example",
    "Front.Desk@letters.example",
    "front.desk@letters.example",
];

/// Addresses that no mail server takes, half of them of staff.
const MALFORMED: [&str; 24] = [
    "plainaddress",
    "@no-local-part.example",
    "no-domain@",
    "two@@signs.example",
    "one@two@three.example",
    "space in@postbox.example",
    "space@post box.example",
    "dots..doubled@postbox.example",
    ".leading.dot@postbox.example",
    "trailing.dot.@postbox.example",
    "no.top.level@localhost",
    "comma@postbox,example",
    "first@postbox.example;second@postbox.example",
    "<angle@postbox.example>",
    "Display Name <display@postbox.example>",
    "dash@-postbox.example",
    "dot@.postbox.example",
    "dots@postbox..example",
    "literal@[192.0.2.7]",
    "null",
    "n/a",
    "line\nbreak@postbox.example",
    "back\\slash@postbox.example",
    "unclosed\"quote@postbox.example",
];

pub(crate) fn plant(
    seed: u64,
    users: &mut [User],
    patients: &[Patient],
    relations: &[Relation],
    deck: &mut Deck,
) -> Planted {
    let mut random = Random::stream(seed, "emails");
    let account = |users: &[User], id: LegacyId| users.partition_point(|user| user.id < id);
    let mut shared = sharing(users, relations);
    for (nth, group) in shared.iter().enumerate() {
        let members: Vec<usize> = group.iter().map(|id| account(users, *id)).collect();
        share(users, &members, nth);
    }

    let in_relation: BTreeSet<LegacyId> =
        relations.iter().flat_map(|relation| &relation.members).copied().collect();
    let mut staff: Vec<usize> = (0..users.len())
        .filter(|&at| users[at].kind != Kind::Patient && !in_relation.contains(&users[at].id))
        .collect();
    random.shuffle(&mut staff);
    let mut dealt = deck.take(1 + MALFORMED.len() / 2 + VALID_OF_PATIENTS).into_iter();
    let mut patient = || dealt.next().map(|at| account(users, patients[at].user_id));
    let front = staff.split_off(staff.len() - FRONT_DESK.len());
    let taken: Vec<usize> = patient().into_iter().chain(staff.pop()).collect();
    let mut malformed: Vec<usize> = staff.split_off(staff.len() - MALFORMED.len() / 2);
    malformed.extend((0..MALFORMED.len() / 2).filter_map(|_| patient()));
    let mut valid: Vec<usize> = (0..VALID_OF_PATIENTS).filter_map(|_| patient()).collect();
    valid.extend(staff.drain(..VALID_EMAILS - VALID_OF_PATIENTS));

    for (text, &at) in FRONT_DESK.into_iter().zip(&front).chain(MALFORMED.into_iter().zip(&malformed)) {
        text.clone_into(&mut users[at].email);
    }
    for &at in &taken {
        users[at].email = format!("{}@joined-since.example", users[at].stem);
    }
    give_own(&mut random, users, valid);
    let ids = |accounts: &[usize]| -> Vec<LegacyId> { accounts.iter().map(|&at| users[at].id).collect() };
    shared.push(ids(&front));
    Planted { malformed: ids(&malformed).into_iter().collect(), taken: ids(&taken), shared }
}

/// Gives each user a valid address of his own, some of the doctors one of the company's.
fn give_own(random: &mut Random, users: &mut [User], mut accounts: Vec<usize>) {
    random.shuffle(&mut accounts);
    let (doctors, mut others): (Vec<usize>, Vec<usize>) =
        accounts.into_iter().partition(|&at| users[at].kind == Kind::Doctor);
    let (test_accounts, doctors) = doctors.split_at(TEST_ACCOUNTS);
    for (nth, &at) in test_accounts.iter().enumerate() {
        let domain = COMPANY_DOMAINS[nth % 2];
        let local = if nth % 4 == 0 { format!("test+{nth}") } else { format!("{}.{nth}", users[at].stem) };
        users[at].email = format!("{local}@{domain}");
    }
    others.extend(doctors);
    random.shuffle(&mut others);
    let mut given: BTreeSet<String> = BTreeSet::new();
    for (nth, at) in others.into_iter().enumerate() {
        let mut clean = address(random, nth, &users[at]);
        if !given.insert(clean.clone()) {
            // Two names may have one stem; the id makes them two addresses.
            clean = format!("{}.{clean}", users[at].id);
        }
        users[at].email = typed(nth, clean);
    }
}

/// The address a person means.
fn address(random: &mut Random, nth: usize, user: &User) -> String {
    let (stem, domain) = (&user.stem, random.pick(DOMAINS));
    match nth {
        145..185 => format!("{stem}+{}@{domain}", random.pick(&["smile", "kids", "2", "news"])),
        185..193 => format!("o'{stem}@{domain}"),
        193..203 => format!("{stem}.invented.{}@{}", user.id, TYPO_DOMAINS[nth - 193]),
        _ if nth.is_multiple_of(5) => format!("{stem}{}@{domain}", random.between(2, 99)),
        _ => format!("{stem}@{domain}"),
    }
}

/// The address as it was typed in: some in capitals, some with spaces around.
fn typed(nth: usize, clean: String) -> String {
    match nth {
        0..60 => clean.to_uppercase(),
        60..120 => clean.split('.').map(capitalized).collect::<Vec<_>>().join("."),
        120..130 => format!(" {clean}"),
        130..140 => format!("{clean}  "),
        140..145 => format!("\t{} ", capitalized(&clean)),
        _ => clean,
    }
}

fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    letters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().collect::<String>() + letters.as_str())
}

/// The groups that share an address: the households, five patients with two accounts and a doctor with two.
fn sharing(users: &[User], relations: &[Relation]) -> Vec<Vec<LegacyId>> {
    let is_patient = |id: &LegacyId| users.iter().any(|user| user.id == *id && user.kind == Kind::Patient);
    let of = |likeness| relations.iter().filter(move |relation| relation.likeness == likeness);
    let pairs = || of(Likeness::Duplicate).filter(|relation| relation.members.len() == 2);
    let households = of(Likeness::Household);
    let patients = pairs().filter(|pair| pair.members.iter().all(is_patient)).take(5);
    let doctors = pairs().filter(|pair| !pair.members.iter().any(is_patient)).take(1);
    households.chain(patients).chain(doctors).map(|relation| relation.members.clone()).collect()
}

/// Gives a group one address, and the first groups the logins that decide who keeps it in every possible way.
fn share(users: &mut [User], members: &[usize], nth: usize) {
    let clean = format!("{}.{nth}@{}", users[members[0]].stem, DOMAINS[nth % DOMAINS.len()]);
    let since = members.iter().map(|&at| users[at].date_joined).max().unwrap_or_else(snapshot_day);
    for (order, &at) in members.iter().enumerate() {
        let user = &mut users[at];
        user.email = match (nth + order) % 4 {
            1 => clean.to_uppercase(),
            2 => format!(" {clean} "),
            _ => clean.clone(),
        };
        let later = |minutes: usize| Some(since + Duration::minutes(i64::try_from(minutes).unwrap_or(0)));
        match nth {
            // The newest login is of an account that is switched off.
            0 => (user.is_active, user.last_login) = (order > 0, later(99 - order)),
            // Nobody ever signed in.
            1 => (user.is_active, user.last_login) = (true, None),
            // All signed in at the same moment.
            2 => (user.is_active, user.last_login) = (true, later(5)),
            // The newest login is of the highest id.
            3 => (user.is_active, user.last_login) = (true, later(order)),
            // All are switched off.
            4 => (user.is_active, user.last_login) = (false, later(order)),
            _ => {}
        }
    }
}
