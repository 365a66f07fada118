//! Spoils names and birthdates the way years of typing do. Nobody who is in a relation is spoilt, so that each quirk
//! is seen alone.

use crate::deck::Deck;
use crate::rows::{Kind, Patient, User, day};

/// What typing does to a name.
type Spoil = fn(&mut User);

/// How a name is spoilt, and on how many patients.
const SPOILT: [(Spoil, usize); 17] = [
    (|user| user.first_name = String::from("null"), 3),
    (|user| user.first_name = String::from("NULL"), 2),
    (|user| user.last_name = String::from("Null"), 3),
    (|user| (user.first_name, user.last_name) = ("null".to_owned(), "nUlL".to_owned()), 2),
    (|user| user.first_name.insert_str(0, "  "), 15),
    (|user| user.last_name.push(' '), 25),
    (|user| user.first_name.push_str("  Lee"), 12),
    (|user| user.last_name.insert_str(0, "van  "), 6),
    (|user| user.first_name.push('\u{200b}'), 8),
    (|user| user.last_name.insert(0, '\u{feff}'), 4),
    (|user| user.first_name.push_str("\u{a0}\t"), 4),
    (
        |user| {
            (user.first_name, user.last_name) =
                (user.first_name.to_uppercase(), user.last_name.to_uppercase());
        },
        120,
    ),
    (
        |user| {
            (user.first_name, user.last_name) =
                (user.first_name.to_lowercase(), user.last_name.to_lowercase());
        },
        40,
    ),
    (|user| user.first_name.clear(), 25),
    (|user| user.last_name.clear(), 6),
    (|user| (user.first_name, user.last_name) = (String::new(), String::new()), 3),
    (|user| (user.first_name, user.last_name) = ("JosÃ©".to_owned(), "MuÃ±ozford".to_owned()), 1),
];

/// Birthdates that cannot be: in the future, or before 1900; and the first day that can.
const BIRTHDATES: [(i32, u32, u32); 17] = [
    (2061, 3, 14),
    (2068, 11, 2),
    (2075, 6, 30),
    (2082, 1, 9),
    (2099, 12, 31),
    (2094, 5, 3),
    (2917, 8, 21),
    (9999, 12, 31),
    (1899, 12, 31),
    (1897, 2, 28),
    (1812, 7, 4),
    (1019, 10, 10),
    (201, 4, 5),
    (20, 9, 17),
    (1, 1, 1),
    (1900, 1, 1),
    (1900, 1, 1),
];

pub(crate) fn spoil(users: &mut [User], patients: &mut [Patient], deck: &mut Deck) {
    for (how, count) in SPOILT {
        for patient in deck.take(count) {
            let account = users.partition_point(|user| user.id < patients[patient].user_id);
            how(&mut users[account]);
        }
    }
    for ((year, month, date), patient) in BIRTHDATES.into_iter().zip(deck.take(BIRTHDATES.len())) {
        patients[patient].birthdate = Some(day(year, month, date));
    }
    // Staff type carelessly too: accounts made by a script have no name at all.
    for user in users.iter_mut().filter(|user| user.kind == Kind::Technician).take(3) {
        user.first_name.clear();
        user.last_name.clear();
    }
    for user in users.iter_mut().filter(|user| user.kind == Kind::Staff).take(2) {
        "null".clone_into(&mut user.last_name);
    }
}
