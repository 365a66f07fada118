//! Files that go wrong in ways of their own: crowds of equal rows, twins in every house, read by a machine, typed in two
//! alphabets, dated in two orders, nearly empty.

use drydock_linkage::Kind;

use super::people::{Day, Dice, Home, email, given, rare_given, rare_surname, slipped, surname};
use super::worlds::{Builder, World};

const PERSON: [(&str, Kind); 5] = [
    ("first_name", Kind::GivenName),
    ("last_name", Kind::Surname),
    ("birthdate", Kind::Date),
    ("email", Kind::Email),
    ("city", Kind::Place),
];

/// `crowd` rows that say the same of nobody in particular, each a person of its own, among 5,000 people of whom a tenth
/// is there twice.
pub fn crowd(seed: u64, crowd: usize) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&PERSON);
    let mut person = 0;
    for _ in 0..crowd {
        // who they are nobody can say: all one, so that joining them or not is no mistake
        builder.push(0, ["Test", "Patient", "2000-01-01", "", "Springfield"].map(str::to_owned).to_vec());
    }
    for _ in 0..5000 {
        person += 1;
        let row = plain(&mut dice);
        builder.push(person, row.clone());
        if dice.chance(0.1) {
            builder.push(person, spoilt(&mut dice, row));
        }
    }
    builder.finish(&mut dice)
}

fn plain(dice: &mut Dice) -> Vec<String> {
    let (first, last) = (rare_given(dice), rare_surname(dice));
    let mail = email(dice, &first, &last);
    vec![first, last, Day::born(dice).iso(), mail, Home::somewhere(dice).city]
}

fn spoilt(dice: &mut Dice, mut row: Vec<String>) -> Vec<String> {
    let at = dice.below(2);
    row[at] = slipped(dice, &row[at]);
    let at = 2 + dice.below(3);
    row[at].clear();
    row
}

/// Households where nearly everybody has a twin or bears a parent's name; a tenth is there twice.
pub fn families(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("given", Kind::GivenName),
        ("surname", Kind::Surname),
        ("birth", Kind::Date),
        ("address", Kind::Address),
        ("phone", Kind::Phone),
        ("email", Kind::Email),
    ]);
    let mut person = 0;
    for _ in 0..2500 {
        let (home, family) = (Home::somewhere(&mut dice), surname(&mut dice));
        let shared = email(&mut dice, "family", &family);
        let parent = (given(&mut dice), Day::born(&mut dice));
        let born = Day { year: parent.1.year + 25, ..Day::born(&mut dice) };
        let mut members = vec![parent.clone()];
        let (mut one, mut other) = (given(&mut dice), given(&mut dice));
        if dice.chance(0.3) {
            // junior
            members.push((parent.0.clone(), Day { year: parent.1.year + 30, ..Day::born(&mut dice) }));
        }
        while one == parent.0 || other == parent.0 || one == other {
            (one, other) = (given(&mut dice), given(&mut dice));
        }
        members.extend([(one, born), (other, born)]);
        for (first, born) in members {
            person += 1;
            let row = vec![
                first,
                family.clone(),
                born.iso(),
                home.street.clone(),
                home.phone.clone(),
                if dice.chance(0.5) { shared.clone() } else { String::new() },
            ];
            builder.push(person, row.clone());
            if dice.chance(0.1) {
                let mut again = row;
                match dice.below(4) {
                    0 => again[0] = slipped(&mut dice, &again[0]),
                    1 => again[1] = slipped(&mut dice, &again[1]),
                    2 => again[3].clear(),
                    _ => {}
                }
                builder.push(person, again);
            }
        }
    }
    builder.finish(&mut dice)
}

/// Paper read by a machine: letters taken for digits and for each other, spaces lost and won.
pub fn scanned(seed: u64) -> World {
    const TAKEN: [(char, &str); 12] = [
        ('o', "0"),
        ('l', "1"),
        ('i', "l"),
        ('e', "c"),
        ('m', "rn"),
        ('s', "5"),
        ('b', "6"),
        ('g', "9"),
        ('0', "O"),
        ('1', "l"),
        ('5', "S"),
        ('8', "B"),
    ];
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&PERSON);
    let read = |dice: &mut Dice, text: &str| -> String {
        let mut read = String::new();
        for letter in text.chars() {
            match TAKEN.iter().find(|(taken, _)| *taken == letter.to_ascii_lowercase()) {
                Some((_, instead)) if dice.chance(0.12) => read.push_str(instead),
                _ if dice.chance(0.01) => {}
                _ => read.push(letter),
            }
        }
        read
    };
    for person in 0..4000 {
        let row = plain(&mut dice);
        for _ in 0..=dice.below(3) {
            let row = row.iter().map(|text| read(&mut dice, text)).collect();
            builder.push(person, row);
        }
    }
    builder.finish(&mut dice)
}

/// One column with days before months and months before days, full names either way round, and half of the records in
/// other letters.
pub fn mixed(seed: u64) -> World {
    const LETTERS: [(&str, &str); 24] = [
        ("a", "а"),
        ("b", "б"),
        ("d", "д"),
        ("e", "е"),
        ("f", "ф"),
        ("g", "г"),
        ("h", "х"),
        ("i", "и"),
        ("k", "к"),
        ("l", "л"),
        ("m", "м"),
        ("n", "н"),
        ("o", "о"),
        ("p", "п"),
        ("r", "р"),
        ("s", "с"),
        ("t", "т"),
        ("u", "у"),
        ("v", "в"),
        ("w", "в"),
        ("z", "з"),
        ("c", "к"),
        ("y", "й"),
        ("j", "ж"),
    ];
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&[
        ("first_name", Kind::GivenName),
        ("last_name", Kind::Surname),
        ("birth", Kind::Date),
        ("phone", Kind::Phone),
        ("address", Kind::Address),
    ]);
    let cyrillic = |text: &str| {
        LETTERS.iter().fold(text.to_lowercase(), |text, (latin, other)| text.replace(latin, other))
    };
    for person in 0..4000 {
        let (home, born) = (Home::somewhere(&mut dice), Day::born(&mut dice));
        let (first, last) = (rare_given(&mut dice), rare_surname(&mut dice));
        for nth in 0..=dice.below(3) {
            let american = format!("{:02}/{:02}/{:04}", born.month, born.of_month, born.year);
            let date = if dice.chance(0.5) { born.slashed() } else { american };
            let (one, other) =
                if nth == 1 { (cyrillic(&first), cyrillic(&last)) } else { (first.clone(), last.clone()) };
            let phone = if dice.chance(0.3) { String::new() } else { home.phone.clone() };
            let street = if dice.chance(0.3) { String::new() } else { home.street.clone() };
            builder.push(person, vec![one, other, date, phone, street]);
        }
    }
    builder.finish(&mut dice)
}

/// Twenty rows, one column of them empty, two people there twice.
pub fn twenty(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&PERSON);
    for person in 0..18 {
        let mut row = plain(&mut dice);
        row[4].clear();
        builder.push(person, row.clone());
        if person < 2 {
            row[0] = slipped(&mut dice, &row[0]);
            builder.push(person, row);
        }
    }
    builder.finish(&mut dice)
}

/// Nearly everything is missing: half of each column, and nobody has everything.
pub fn gaps(seed: u64) -> World {
    let mut dice = Dice::seeded(seed);
    let mut builder = Builder::new(&PERSON);
    for person in 0..3000 {
        let row = plain(&mut dice);
        for _ in 0..=dice.below(2) {
            let mut row = row.clone();
            row.iter_mut().filter(|_| dice.chance(0.35)).for_each(String::clear);
            builder.push(person, row);
        }
    }
    builder.finish(&mut dice)
}
