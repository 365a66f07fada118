//! Orders, plans, projects and workflow states: the entities after the patients, in any size.

use chrono::Duration;

use crate::people::snapshot_day;
use crate::random::Random;
use crate::rows::{Patient, User, midnight, moment_between};
use crate::table::{Table, row};

/// How many projects and states there are; orders and plans follow from the projects.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Rows of `dispatch_project`.
    pub projects: usize,
    /// Rows of `dispatch_state`.
    pub states: usize,
}

impl Scale {
    /// Without these tables.
    pub const NONE: Scale = Scale { projects: 0, states: 0 };
    /// Enough to show every case.
    pub const SMALL: Scale = Scale { projects: 2000, states: 500 };
    /// The plan's counts.
    pub const PLAN: Scale = Scale { projects: 66_904, states: 4751 };
}

/// The highest project id of the plan's size.
const LAST_PROJECT: i64 = 135_052;
/// Project types by their shares in percent: 3 is a treatment plan, 0 a scan.
const TYPES: [(i64, usize); 7] = [(3, 52), (0, 21), (10, 13), (11, 8), (1, 3), (2, 2), (12, 1)];
/// The share of states in 11, of all in 11 and 12, by the plan's counts.
const STATES_IN_11: (usize, usize) = (2599, 4751);

/// The four tables, in an order in which they can be loaded; none at [`Scale::NONE`].
pub(crate) fn tables(seed: u64, scale: Scale, users: &[User], patients: &[Patient]) -> Vec<Table> {
    if scale == Scale::NONE {
        return Vec::new();
    }
    let random = &mut Random::stream(seed, "cases");
    let orders = random.ids(31, scale.projects / 3 + 10);
    let instructions = instructions(random, &orders, patients);
    // The last tenth of the orders never came to a plan.
    let (planned, unplanned) = orders.split_at(orders.len() - orders.len() / 10);
    let mut projects = random.ids(2, scale.projects);
    if let Some(last) = projects.last_mut().filter(|_| scale.projects >= Scale::PLAN.projects) {
        *last = LAST_PROJECT.max(*last);
    }
    let plans = plans(random, planned, &projects);
    let projects = projects.iter().map(|id| project(random, *id, users));
    let mut table = Table::new(
        "dispatch_project",
        &["id", "uid", "name", "size", "type", "status", "public", "creator_id", "created_at"],
    );
    table.rows.extend(projects);
    vec![instructions, table, plans, states(random, scale.states, planned, unplanned, users)]
}

fn instructions(random: &mut Random, ids: &[i64], patients: &[Patient]) -> Table {
    let mut table = Table::new(
        "dispatch_instruction",
        &[
            "id",
            "patient_id",
            "course_id",
            "order",
            "status",
            "deleted",
            "suffix",
            "notes",
            "complaint",
            "objective",
            "price",
            "submitted_at",
            "updated_at",
        ],
    );
    let notes = [
        "",
        "Close the midline gap; \"slowly\", please.",
        "Upper only.\nLower later.",
        "null",
        "Attachments\ton 13\\23",
        "上の歯だけ",
    ];
    let wishes = ["crowding", "spacing", "overbite", "relapse after treatment", ""];
    for id in ids {
        let patient = random.pick(patients);
        let since = patient.submitted_at.unwrap_or_else(|| midnight(2016, 1, 4));
        let submitted = (!random.chance(100)).then(|| moment_between(random, since, snapshot_day()));
        table.rows.push(row![
            *id,
            patient.id,
            (!random.chance(300)).then(|| random.between(1, 9)),
            random.between(1, 5),
            *random.pick(&[0_i64, 1, 2, 2, 4, 4, 4]),
            random.chance(50),
            patient.suffix,
            (!random.chance(200)).then(|| *random.pick(&notes)),
            (!random.chance(200)).then(|| *random.pick(&wishes)),
            (!random.chance(400)).then(|| *random.pick(&wishes)),
            (!random.chance(150)).then(|| format!("{}.{}0", random.between(0, 4900), random.between(0, 9))),
            submitted,
            moment_between(random, submitted.unwrap_or(since), snapshot_day()),
        ]);
    }
    table
}

/// Most projects have one plan, some none, some several.
fn plans(random: &mut Random, orders: &[i64], projects: &[i64]) -> Table {
    let columns = ["id", "instruction_id", "project_id", "number", "name", "notes", "original"];
    let mut table = Table::new("dispatch_plan", &columns);
    // Each order is planned at least once while there are projects enough; the rest fall where they may.
    let mut first = orders.iter();
    let mut pairs = Vec::new();
    for project in projects {
        let count = match random.below(100) {
            0..8 => 0,
            8..92 => 1,
            92..97 => 2,
            _ => 3,
        };
        for _ in 0..count {
            pairs.push((*first.next().unwrap_or_else(|| random.pick(orders)), *project));
        }
    }
    let ids = random.ids(5, pairs.len());
    for (id, (order, project)) in ids.into_iter().zip(pairs) {
        let number = random.between(1, 4);
        table.rows.push(row![
            id,
            order,
            project,
            (!random.chance(50)).then_some(number),
            (!random.chance(300)).then(|| if random.chance(500) {
                String::new()
            } else {
                format!("Plan {number}")
            }),
            random.chance(150).then_some("as discussed"),
            number == 1,
        ]);
    }
    table
}

fn project(random: &mut Random, id: i64, users: &[User]) -> Vec<Option<String>> {
    let name = match random.below(10) {
        0..5 => String::new(),
        5..8 => random.between(1, 40).to_string(),
        8 => format!("Scan {id}"),
        _ => (*random.pick(&["Upper  jaw", " final", "null", "治療計画", "Re: \"second\" try"])).to_owned(),
    };
    let mut share = random.below(100);
    let kind = TYPES.iter().find(|(_, percent)| {
        let found = share < *percent;
        share = share.saturating_sub(*percent);
        found
    });
    row![
        id,
        random.uuid(),
        name,
        random.between(0, 6_000_000_000),
        kind.map_or(3, |(kind, _)| *kind),
        // 99.98% are in 0.
        i64::from(random.below(5000) == 0),
        random.chance(30),
        known_or_not(random, users, 20, 10),
        moment_between(random, midnight(2015, 3, 2), snapshot_day()),
    ]
}

/// Several states of one order follow each other in time; a few at the same moment.
fn states(random: &mut Random, count: usize, planned: &[i64], unplanned: &[i64], users: &[User]) -> Table {
    let columns = ["id", "status", "on", "changed_at", "actor_id", "instruction_id"];
    let mut table = Table::new("dispatch_state", &columns);
    let mut statuses = vec![12_i64; count];
    statuses[..count * STATES_IN_11.0 / STATES_IN_11.1].fill(11);
    random.shuffle(&mut statuses);
    // About 4% have no reachable case: an order without a plan, or none at all.
    let stray = count / 25;
    let mut orders: Vec<i64> = (0..count)
        .map(|nth| match nth {
            _ if nth < stray / 2 => *random.pick(unplanned),
            _ if nth < stray => 900_000 + random.between(0, 400),
            _ => planned[random.below(planned.len().min(count / 2 + 1))],
        })
        .collect();
    random.shuffle(&mut orders);
    let ids = random.ids(8, count);
    let mut changed_at = midnight(2019, 5, 6);
    let pace =
        (snapshot_day() - changed_at).num_microseconds().unwrap_or(0) / i64::try_from(count + 1).unwrap_or(1);
    for ((id, status), order) in ids.into_iter().zip(statuses).zip(orders) {
        if !random.chance(20) {
            changed_at += Duration::microseconds(random.between(pace / 2, pace));
        }
        table.rows.push(row![
            id,
            status,
            random.chance(550),
            changed_at,
            known_or_not(random, users, 25, 15),
            order,
        ]);
    }
    table
}

/// A user's id; null, or of a user who does not exist, in so many of a thousand.
fn known_or_not(random: &mut Random, users: &[User], null: usize, dangling: usize) -> Option<i64> {
    match random.below(1000) {
        drawn if drawn < null => None,
        drawn if drawn < null + dangling => Some(870_000 + random.between(0, 90)),
        _ => Some(random.pick(users).id.0),
    }
}
