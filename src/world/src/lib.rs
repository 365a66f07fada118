//! An invented legacy system of the plan's size, with every quirk that the real one has, the target as a first phase
//! left it, and the truth about both. The same seed gives the same bytes on every machine; nothing here reads a clock,
//! a file or a database, and no code is shared with the migration, whose truth it tells. It writes CSV; what becomes of its
//! tables in a database is the caller's business. All people, practices and addresses are invented.
//!
//! The parts, in the order in which they are made: `offices` (in `places`), `people` (with `names`), `staffing`, `caseload`,
//! `patients`, `relations`, `spelling`, `emails`, then `truth`, `phase_one` and `cases`.

mod caseload;
mod cases;
mod csv;
mod deck;
mod emails;
mod id;
mod names;
mod offices;
mod patients;
mod people;
mod phase_one;
mod places;
mod random;
mod relations;
mod rows;
mod spelling;
mod staffing;
mod table;
mod tables;
mod truth;

pub use caseload::{LARGEST_CASELOAD, WITHOUT_DOCTOR, WITHOUT_OFFICE};
pub use cases::Scale;
pub use csv::csv_text;
pub use emails::{COMPANY_DOMAINS, TEST_ACCOUNTS, VALID_EMAILS, WITH_EMAIL};
pub use id::LegacyId;
pub use offices::{DEFAULT_PRACTICE, OFFICES};
pub use patients::SECOND_RANGE;
pub use people::{PASSWORD_MARK, PATIENTS, USERS};
pub use phase_one::{JOINED_SINCE, PROFILES, PhaseOne};
pub use relations::{Likeness, Relation};
pub use staffing::{MEMBERSHIPS, TREATING};
pub use table::Table;
pub use truth::{
    CaseTruth, EmailStatus, PatientTruth, PhaseThree, Placement, ProjectTruth, StateTruth, Truth, UserTruth,
};

use deck::Deck;
use random::Random;

/// The world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct World {
    /// The legacy tables, in an order in which they can be loaded.
    pub tables: Vec<Table>,
    /// The target as the first phase left it.
    pub phase_one: PhaseOne,
    /// What a correct migration comes to.
    pub truth: Truth,
    /// The same of cases, projects and their states.
    pub phase_three: PhaseThree,
}

impl World {
    /// The world of a seed, without cases and projects.
    pub fn generate(seed: u64) -> World {
        World::generate_with(seed, Scale::NONE)
    }

    /// The world of a seed with as many cases and projects as asked for; the other tables do not depend on that.
    pub fn generate_with(seed: u64, scale: Scale) -> World {
        let mut offices = offices::offices(seed);
        let mut users = people::users(seed);
        let staffing = staffing::staffing(seed, caseload::FLOATING, &mut users, &mut offices.rows);
        let slots = caseload::slots(seed, &staffing.practitioners, &offices);
        let mut patients = patients::patients(seed, &users, &slots);
        let mut deck = Deck::new(seed, &patients);
        let relations = relations::plant(seed, &mut users, &mut patients, &mut deck);
        spelling::spoil(&mut users, &mut patients, &mut deck);
        let planted = emails::plant(seed, &mut users, &patients, &relations, &mut deck);

        let (offices, memberships) = (&offices.rows, &staffing.memberships);
        let rows = truth::Rows { users: &users, offices, memberships, patients: &patients };
        let truth = truth::truth(&rows, &planted, relations);
        let phase_one = phase_one::phase_one(seed, &users, offices, &planted, &truth.users);
        let ids = Random::stream(seed, "user groups").ids(1, 2 * users.len());
        let mut tables = vec![
            tables::users(&users),
            tables::groups(),
            tables::user_groups(&users, ids.into_iter()),
            tables::offices(offices),
            tables::office_doctors(memberships),
            tables::user_settings(&staffing.settings),
            tables::patients(&patients),
        ];
        let cases = cases::cases(seed, scale, &users, &patients);
        let phase_three = truth::phase_three(&cases, &truth);
        tables.extend(cases.tables);
        World { tables, phase_one, truth, phase_three }
    }

    /// A legacy table by its name.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.iter().find(|table| table.name == name)
    }
}
