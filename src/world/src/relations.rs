//! Who is, or looks like, whom: people with several ids, households, twins and namesakes. Each relation is planted on
//! people who are in no other, except that a household may hold twins.

use chrono::{Datelike, Duration, NaiveDate};

use crate::deck::Deck;
use crate::id::LegacyId;
use crate::patients::birthdate;
use crate::random::Random;
use crate::rows::{Kind, Patient, User};

/// What the members of a group have to do with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Likeness {
    /// One person with several accounts.
    Duplicate,
    /// Different people of one family name who share an email address.
    Household,
    /// Different people with one family name, birthdate and doctor.
    Twins,
    /// Different people with one name and different birthdates.
    Namesakes,
}

impl Likeness {
    /// Every likeness.
    pub const ALL: [Likeness; 4] =
        [Likeness::Duplicate, Likeness::Household, Likeness::Twins, Likeness::Namesakes];

    /// The word in the truth's CSV.
    pub const fn as_str(self) -> &'static str {
        match self {
            Likeness::Duplicate => "duplicate",
            Likeness::Household => "household",
            Likeness::Twins => "twins",
            Likeness::Namesakes => "namesakes",
        }
    }
}

/// A group of people who were planted together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// What they have to do with each other.
    pub likeness: Likeness,
    /// Their `auth_user` ids, rising.
    pub members: Vec<LegacyId>,
}

/// Members of the households; each shares one address. The first two hold twins.
const HOUSEHOLDS: [usize; 8] = [4, 3, 3, 2, 2, 2, 2, 2];

/// Names of twins that a comparison of texts takes for one name.
const TWIN_NAMES: [(&str, &str); 6] = [
    ("Anna", "Hanna"),
    ("Jana", "Jan"),
    ("Marie", "Maria"),
    ("Daniel", "Daniela"),
    ("Kim", "Tim"),
    ("太一", "太二"),
];

/// Plants the relations among the patients, and a few among the staff.
pub(crate) fn plant(
    seed: u64,
    users: &mut [User],
    patients: &mut [Patient],
    deck: &mut Deck,
) -> Vec<Relation> {
    let mut random = Random::stream(seed, "relations");
    let mut relations = Vec::new();
    let mut people = People { users, patients };
    for nth in 0..70 {
        let count = [2, 2, 2, 2, 3, 2, 2, 2, 2, 4][nth % 10];
        let members = if nth % 5 < 3 { deck.take_together(count) } else { deck.take(count) };
        people.make_duplicates(&mut random, nth, &members);
        relations.push(people.relation(Likeness::Duplicate, &members));
    }
    for nth in 0..40 {
        let members = if nth % 4 == 0 { deck.take_together(2) } else { deck.take(2 + nth % 9 / 8) };
        people.make_namesakes(&mut random, &members);
        relations.push(people.relation(Likeness::Namesakes, &members));
    }
    for nth in 0..18 {
        let members = deck.take_together(2);
        people.make_twins(&mut random, nth, &members);
        relations.push(people.relation(Likeness::Twins, &members));
    }
    for (nth, count) in HOUSEHOLDS.into_iter().enumerate() {
        let members = deck.take_together(count);
        people.make_family(&members);
        if nth < 2 {
            people.make_twins(&mut random, nth + 1, &members[..2]);
            relations.push(people.relation(Likeness::Twins, &members[..2]));
        }
        relations.push(people.relation(Likeness::Household, &members));
    }
    relations.extend(staff_accounts(&mut random, people.users, people.patients, deck));
    relations
}

/// Doctors with a second account as doctor, and doctors with an account of their own as patient.
fn staff_accounts(
    random: &mut Random,
    users: &mut [User],
    patients: &[Patient],
    deck: &mut Deck,
) -> Vec<Relation> {
    let mut doctors: Vec<usize> = (0..users.len()).filter(|&at| users[at].kind == Kind::Doctor).collect();
    random.shuffle(&mut doctors);
    let mut pairs: Vec<(usize, usize)> =
        doctors.chunks_exact(2).take(4).map(|pair| (pair[0], pair[1])).collect();
    for (&doctor, patient) in doctors.iter().skip(8).zip(deck.take(3)) {
        let account = users.partition_point(|user| user.id < patients[patient].user_id);
        pairs.push((doctor, account));
    }
    let mut relations = Vec::new();
    for (from, to) in pairs {
        copy_name(users, from, to);
        let mut members = vec![users[from].id, users[to].id];
        members.sort_unstable();
        relations.push(Relation { likeness: Likeness::Duplicate, members });
    }
    relations
}

fn copy_name(users: &mut [User], from: usize, to: usize) {
    let [first, last, stem] =
        [&users[from].first_name, &users[from].last_name, &users[from].stem].map(Clone::clone);
    (users[to].first_name, users[to].last_name, users[to].stem) = (first, last, stem);
    users[to].sex = users[from].sex;
}

/// The patients with their accounts; members are positions among the patients.
struct People<'a> {
    users: &'a mut [User],
    patients: &'a mut [Patient],
}

impl People<'_> {
    fn account(&self, patient: usize) -> usize {
        let id = self.patients[patient].user_id;
        self.users.partition_point(|user| user.id < id)
    }

    fn relation(&self, likeness: Likeness, members: &[usize]) -> Relation {
        let mut members: Vec<LegacyId> = members.iter().map(|&at| self.patients[at].user_id).collect();
        members.sort_unstable();
        Relation { likeness, members }
    }

    fn copy_person(&mut self, from: usize, to: usize) {
        copy_name(self.users, self.account(from), self.account(to));
        self.patients[to].birthdate = self.patients[from].birthdate;
        self.patients[to].sex = self.patients[from].sex;
    }

    /// One person typed in again, each time a little otherwise.
    fn make_duplicates(&mut self, random: &mut Random, nth: usize, members: &[usize]) {
        // A birthdate whose day and month can be swapped, in the first half of a month.
        let year = birthdate(random).year();
        let (month, date) = (7 + random.between(0, 5), random.between(1, 6));
        let number = |value: i64| u32::try_from(value).unwrap_or(1);
        let born = NaiveDate::from_ymd_opt(year, number(month), number(date));
        let swapped = NaiveDate::from_ymd_opt(year, number(date), number(month));
        self.patients[members[0]].birthdate = born;
        for (again, &member) in members.iter().enumerate().skip(1) {
            self.copy_person(members[0], member);
            let account = self.account(member);
            let user = &mut self.users[account];
            match (nth + 3 * (again - 1)) % 9 {
                0 | 1 => {}
                2 => self.patients[member].birthdate = swapped,
                3 => {
                    user.first_name = user.first_name.to_uppercase();
                    user.last_name = user.last_name.to_uppercase();
                }
                4 => user.last_name = format!(" {}  ", user.last_name),
                5 => user.last_name = misspelt(&user.last_name),
                6 => self.patients[member].birthdate = None,
                7 => std::mem::swap(&mut user.first_name, &mut user.last_name),
                _ => user.first_name.push_str(" M."),
            }
        }
    }

    fn make_namesakes(&mut self, random: &mut Random, members: &[usize]) {
        let eldest = birthdate(random);
        for (older, &member) in (0..).zip(members) {
            if older > 0 {
                self.copy_person(members[0], member);
            }
            // A decade apart, so that nobody is a typing error of another.
            let days = 3700 * older + random.between(0, 300);
            self.patients[member].birthdate = Some(eldest - Duration::days(days));
        }
    }

    fn make_family(&mut self, members: &[usize]) {
        let from = self.account(members[0]);
        let family = self.users[from].last_name.clone();
        for &member in &members[1..] {
            let account = self.account(member);
            self.users[account].last_name.clone_from(&family);
        }
    }

    fn make_twins(&mut self, random: &mut Random, nth: usize, members: &[usize]) {
        self.make_family(members);
        let born = Some(birthdate(random));
        for &member in members {
            self.patients[member].birthdate = born;
        }
        if let Some(names) = TWIN_NAMES.get(nth / 2).filter(|_| nth.is_multiple_of(2)) {
            let [one, other] = [members[0], members[1]].map(|member| self.account(member));
            names.0.clone_into(&mut self.users[one].first_name);
            names.1.clone_into(&mut self.users[other].first_name);
        }
    }
}

/// Two neighbouring letters changed places.
fn misspelt(name: &str) -> String {
    let mut letters: Vec<char> = name.chars().collect();
    if letters.len() > 3 {
        letters.swap(1, 2);
    }
    letters.into_iter().collect()
}
