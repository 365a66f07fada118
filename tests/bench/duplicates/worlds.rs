//! The files of the benchmark: columns, records and who is who.

use std::collections::HashMap;

use drydock_linkage::{Column, Kind, Records};

use super::people::{Day, Dice, Home, email, german, given, rare_given, rare_surname, slipped, surname};

/// A file: what the engine gets, and what it does not.
pub struct World {
    pub records: Records,
    /// The person behind each record.
    pub truth: HashMap<String, u64>,
}

pub(super) struct Builder {
    rows: Vec<(u64, Vec<String>)>,
    columns: Vec<Column>,
}

impl Builder {
    pub(super) fn new(columns: &[(&str, Kind)]) -> Self {
        let columns = columns.iter().map(|&(name, kind)| Column { name: name.to_owned(), kind }).collect();
        Self { rows: Vec::new(), columns }
    }

    pub(super) fn push(&mut self, person: u64, values: Vec<String>) {
        self.rows.push((person, values));
    }

    /// The records in a random order, numbered in it.
    pub(super) fn finish(mut self, dice: &mut Dice) -> World {
        for at in (1..self.rows.len()).rev() {
            self.rows.swap(at, dice.below(at + 1));
        }
        let mut records = Records::new(self.columns).expect("a few columns");
        let mut truth = HashMap::new();
        for (at, (person, values)) in self.rows.into_iter().enumerate() {
            let id = (at + 1).to_string();
            records.push(&id, 0, values.iter().map(String::as_str)).expect("a small file");
            truth.insert(id, person);
        }
        World { records, truth }
    }
}

/// A first name that nobody in the household has.
fn another(dice: &mut Dice, household: &mut Vec<String>) -> String {
    let mut first = given(dice);
    while household.contains(&first) {
        first = given(dice);
    }
    household.push(first.clone());
    first
}

/// 1,000 records of some 200 people: names, birthdate, city, email, a fifth of the values missing, slips everywhere.
pub fn thin(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("first_name", Kind::GivenName),
        ("surname", Kind::Surname),
        ("birth", Kind::Date),
        ("city", Kind::Place),
        ("email", Kind::Email),
    ]);
    let mut person = 0;
    while builder.rows.len() < 1000 {
        person += 1;
        let (first, last, born) = (given(&mut dice), surname(&mut dice), Day::born(&mut dice));
        let (city, mail) = (Home::somewhere(&mut dice).city, email(&mut dice, &first, &last));
        for _ in 0..=dice.below(8) {
            let spoilt = |dice: &mut Dice, text: &str, missing: f64, share: f64| {
                if dice.chance(missing) {
                    return String::new();
                }
                let mut text = text.to_owned();
                while dice.chance(share) {
                    text = slipped(dice, &text);
                }
                text
            };
            let mut first = spoilt(&mut dice, &first, 0.17, 0.2);
            let mut last = spoilt(&mut dice, &last, 0.19, 0.2);
            if dice.chance(0.08) {
                std::mem::swap(&mut first, &mut last);
            }
            let born = if dice.chance(0.4) { born.drifted(&mut dice) } else { born };
            let city = spoilt(&mut dice, &city, 0.2, 0.25);
            let mail = spoilt(&mut dice, &mail, 0.21, 0.25);
            builder.push(person, vec![first, last, born.iso(), city, mail]);
        }
    }
    builder.finish(&mut dice)
}

/// 10,000 records with German names and birthdates, a tenth of them repeated with one slip.
pub fn names_and_dates(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder =
        Builder::new(&[("vorname", Kind::GivenName), ("name", Kind::Surname), ("geburtsdatum", Kind::Date)]);
    for person in 0..9000 {
        let ((mut first, mut last), mut born) = (german(&mut dice), Day::born(&mut dice));
        builder.push(person, vec![first.clone(), last.clone(), born.iso()]);
        if person % 9 == 0 {
            match dice.below(3) {
                0 => first = slipped(&mut dice, &first),
                1 => last = slipped(&mut dice, &last),
                _ => born = born.slipped(&mut dice),
            }
            builder.push(person, vec![first, last, born.iso()]);
        }
    }
    builder.finish(&mut dice)
}

/// A register of households: names, address, city, birthdate, telephone; twins, namesakes, a tenth repeated.
pub fn register(seed: u64, size: usize) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("given", Kind::GivenName),
        ("surname", Kind::Surname),
        ("address", Kind::Address),
        ("city", Kind::Place),
        ("birth", Kind::Date),
        ("phone", Kind::Phone),
    ]);
    let mut person = 0u64;
    while builder.rows.len() < size {
        let (home, family) = (Home::somewhere(&mut dice), surname(&mut dice));
        let mut sibling = None;
        let mut siblings: Vec<String> = Vec::new();
        for _ in 0..=dice.below(4) {
            person += 1;
            let first = another(&mut dice, &mut siblings);
            let born = match sibling {
                Some(born) if dice.chance(0.02) => born,
                _ => Day::born(&mut dice),
            };
            sibling = Some(born);
            let phone = if dice.chance(0.3) { String::new() } else { home.phone.clone() };
            let row = vec![first, family.clone(), home.street.clone(), home.city.clone(), born.iso(), phone];
            builder.push(person, row.clone());
            if dice.chance(0.1) {
                let mut again = row;
                for _ in 0..=dice.below(3) {
                    match dice.below(8) {
                        0 => again[0] = slipped(&mut dice, &again[0]),
                        1 => again[1] = slipped(&mut dice, &again[1]),
                        2 => again[2] = slipped(&mut dice, &again[2]),
                        3 => again[4] = born.slipped(&mut dice).iso(),
                        4 => again[5] = String::new(),
                        5 => {
                            let moved = Home::somewhere(&mut dice);
                            (again[2], again[3]) = (moved.street, moved.city);
                        }
                        6 => again[3] = slipped(&mut dice, &again[3]),
                        _ => again[5] = Home::somewhere(&mut dice).phone,
                    }
                }
                builder.push(person, again);
            }
        }
    }
    builder.finish(&mut dice)
}

/// A million persons: names, address, city, birthdate, telephone. Each record but the first of a person has one to three
/// slips or gaps; a third of the persons have two or three records.
pub fn million(seed: u64, size: usize) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("given", Kind::GivenName),
        ("surname", Kind::Surname),
        ("address", Kind::Address),
        ("city", Kind::Place),
        ("birth", Kind::Date),
        ("phone", Kind::Phone),
    ]);
    let mut person = 0u64;
    while builder.rows.len() < size {
        person += 1;
        let (home, born) = (Home::somewhere(&mut dice), Day::born(&mut dice));
        let row = vec![
            rare_given(&mut dice),
            rare_surname(&mut dice),
            home.street,
            home.city,
            born.iso(),
            home.phone,
        ];
        builder.push(person, row.clone());
        let again = if dice.chance(0.33) { 1 + dice.below(2) } else { 0 };
        for _ in 0..again {
            let mut row = row.clone();
            for _ in 0..=dice.below(3) {
                let at = dice.below(6);
                row[at] = match (at, dice.below(4)) {
                    (_, 0) => String::new(),
                    (4, _) => born.slipped(&mut dice).iso(),
                    _ => slipped(&mut dice, &row[at]),
                };
            }
            builder.push(person, row);
        }
    }
    builder.finish(&mut dice)
}

/// Profiles as in the plan: 9,101 users with few emails, households that share one, twins, namesakes, and the same
/// person under several ids.
pub fn practice(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("first_name", Kind::GivenName),
        ("last_name", Kind::Surname),
        ("birthdate", Kind::Date),
        ("sex", Kind::Category),
        ("email", Kind::Email),
        ("practice", Kind::Category),
        ("doctor", Kind::Category),
    ]);
    let mut person = 0u64;
    while builder.rows.len() < 9101 {
        let family = surname(&mut dice);
        let shared = email(&mut dice, "family", &family);
        let practice = dice.common(844).to_string();
        let doctor = format!("{practice}{}", dice.below(2));
        let members = if dice.chance(0.1) { 2 + dice.below(3) } else { 1 };
        let mut before = Day::born(&mut dice);
        let mut siblings: Vec<String> = Vec::new();
        for member in 0..members {
            person += 1;
            let first = another(&mut dice, &mut siblings);
            let born = if member > 0 && dice.chance(0.2) { before } else { Day::born(&mut dice) };
            before = born;
            let mail = match dice.below(10) {
                0 => email(&mut dice, &first, &family),
                1..4 if members > 1 => shared.clone(),
                _ => String::new(),
            };
            let birth = if dice.chance(0.12) { String::new() } else { born.iso() };
            let row = vec![
                first,
                family.clone(),
                birth,
                (1 + person % 2).to_string(),
                mail,
                practice.clone(),
                doctor.clone(),
            ];
            builder.push(person, row.clone());
            if dice.chance(0.03) {
                let mut again = row.clone();
                match dice.below(7) {
                    0 => again[0] = slipped(&mut dice, &again[0]),
                    1 => again[1] = slipped(&mut dice, &again[1]),
                    2 => again[2] = born.slipped(&mut dice).iso(),
                    3 => again[0] = again[0].to_uppercase(),
                    4 => again.swap(0, 1),
                    5 => again[4] = String::new(),
                    _ => {}
                }
                builder.push(person, again);
            }
            if dice.chance(0.02) {
                // a namesake
                person += 1;
                let mut other = row;
                other[2] = Day::born(&mut dice).iso();
                other[5] = dice.common(844).to_string();
                other[6] = format!("{}{}", other[5], dice.below(2));
                builder.push(person, other);
            }
        }
    }
    builder.finish(&mut dice)
}

const TRADES: &[&str] =
    &["politician", "writer", "painter", "cricketer", "engineer", "priest", "actor", "botanist"];

/// Historical records: some eight to a person, names with titles and initials, years for dates, much of it wrong.
pub fn historical(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("name", Kind::FullName),
        ("born", Kind::Date),
        ("birthplace", Kind::Place),
        ("postcode", Kind::Place),
        ("occupation", Kind::Text),
    ]);
    for person in 0..1200 {
        let (first, middle, last) = (given(&mut dice), given(&mut dice), surname(&mut dice));
        let mut born = Day::born(&mut dice);
        born.year -= 120;
        if dice.chance(0.2) {
            (born.month, born.of_month) = (1, 1);
        }
        let home = Home::somewhere(&mut dice);
        let postcode = format!("{}{} {}", &home.city[..2].to_uppercase(), dice.below(30), 1 + dice.below(9));
        let trade = dice.pick(TRADES);
        for _ in 0..=dice.below(12) {
            let name = match dice.below(6) {
                0 => format!("{} {last}", &first[..1]),
                1 => format!("{first} {middle} {last}"),
                2 => format!("{last}, {first}"),
                _ => format!("{first} {last}"),
            };
            let name = if dice.chance(0.3) { slipped(&mut dice, &name) } else { name };
            let date = if dice.chance(0.3) { born.slipped(&mut dice) } else { born };
            let keep = |dice: &mut Dice, text: &str, missing: f64| match dice.share() {
                share if share < missing => String::new(),
                share if share < missing + 0.15 => slipped(dice, text),
                _ => text.to_owned(),
            };
            let row = vec![
                name,
                keep(&mut dice, &date.iso(), 0.15).chars().take(10).collect(),
                keep(&mut dice, &home.city, 0.2),
                keep(&mut dice, &postcode, 0.25),
                keep(&mut dice, trade, 0.35),
            ];
            builder.push(person, row);
        }
    }
    builder.finish(&mut dice)
}

/// Two registers with two ways to write a date, day first in one and ISO in the other; telephone and name; twins.
pub fn two_formats(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("full_name", Kind::FullName),
        ("birth", Kind::Date),
        ("phone", Kind::Phone),
        ("sex", Kind::Category),
    ]);
    let mut person = 0u64;
    while person < 4000 {
        let (home, family, born) = (Home::somewhere(&mut dice), surname(&mut dice), Day::born(&mut dice));
        let births = if dice.chance(0.05) { 2 } else { 1 };
        let mut siblings: Vec<String> = Vec::new();
        for _ in 0..births {
            person += 1;
            let first = another(&mut dice, &mut siblings);
            let sex = ["m", "f"][dice.below(2)].to_owned();
            builder
                .push(person, vec![format!("{first} {family}"), born.iso(), home.phone.clone(), sex.clone()]);
            if dice.chance(0.4) {
                let name = format!("{family}, {first}");
                let name = if dice.chance(0.2) { slipped(&mut dice, &name) } else { name };
                let born = if dice.chance(0.1) { born.slipped(&mut dice) } else { born };
                let phone =
                    if dice.chance(0.3) { String::new() } else { format!("+44 {}", &home.phone[1..]) };
                builder.push(person, vec![name, born.slashed(), phone, sex]);
            }
        }
    }
    builder.finish(&mut dice)
}
