//! Orders, plans, projects and workflow states: the entities after the patients, in any size.

use chrono::Duration;
use uuid::Uuid;

use crate::id::LegacyId;
use crate::people::snapshot_day;
use crate::random::Random;
use crate::rows::{Moment, Patient, User, midnight, moment_between};
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

/// An order, as far as anything else depends on it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Order {
    pub(crate) id: i64,
    pub(crate) patient: LegacyId,
    pub(crate) course: Option<i64>,
}

/// A plan, likewise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) id: i64,
    pub(crate) order: i64,
    pub(crate) project: i64,
    pub(crate) number: Option<i64>,
    pub(crate) original: bool,
}

/// A project, likewise.
#[derive(Debug, Clone)]
pub(crate) struct Project {
    pub(crate) id: i64,
    pub(crate) uid: Uuid,
    pub(crate) name: String,
    pub(crate) kind: i64,
    pub(crate) status: i64,
    pub(crate) creator: Option<i64>,
}

/// A state, likewise.
#[derive(Debug, Clone, Copy)]
pub(crate) struct State {
    pub(crate) id: i64,
    pub(crate) status: i64,
    pub(crate) changed_at: Moment,
    pub(crate) actor: Option<i64>,
    pub(crate) order: i64,
}

/// All of these; nothing at [`Scale::NONE`].
#[derive(Debug, Default)]
pub(crate) struct Cases {
    pub(crate) orders: Vec<Order>,
    pub(crate) plans: Vec<Plan>,
    pub(crate) projects: Vec<Project>,
    pub(crate) states: Vec<State>,
    /// The four tables, in an order in which they can be loaded.
    pub(crate) tables: Vec<Table>,
}

pub(crate) fn cases(seed: u64, scale: Scale, users: &[User], patients: &[Patient]) -> Cases {
    if scale == Scale::NONE {
        return Cases::default();
    }
    let random = &mut Random::stream(seed, "cases");
    let ids = random.ids(31, scale.projects / 3 + 10);
    let (orders, instructions) = instructions(random, &ids, patients);
    // The last tenth of the orders never came to a plan.
    let (planned, unplanned) = ids.split_at(ids.len() - ids.len() / 10);
    let mut numbers = random.ids(2, scale.projects);
    if let Some(last) = numbers.last_mut().filter(|_| scale.projects >= Scale::PLAN.projects) {
        *last = LAST_PROJECT.max(*last);
    }
    let plans = plans(random, planned, &numbers);
    let mut projects: Vec<Project> = Vec::new();
    let mut table = Table::new(
        "dispatch_project",
        &["id", "uid", "name", "size", "type", "status", "public", "creator_id", "created_at"],
    );
    for id in numbers {
        // A dump of two systems in one has some uids twice.
        let again = (projects.len() > 50 && random.below(300) == 0).then(|| random.pick(&projects).uid);
        let (project, row) = project(random, id, again, users);
        projects.push(project);
        table.rows.push(row);
    }
    let (states, of_states) = states(random, scale.states, planned, unplanned, users);
    let tables = vec![instructions, table, table_of_plans(random, &plans), of_states];
    Cases { orders, plans, projects, states, tables }
}

fn instructions(random: &mut Random, ids: &[i64], patients: &[Patient]) -> (Vec<Order>, Table) {
    let mut orders = Vec::with_capacity(ids.len());
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
        // Some patients were deleted under their orders.
        let of = if random.chance(5) { LegacyId(980_000 + random.between(0, 90)) } else { patient.id };
        let course = (!random.chance(300)).then(|| random.between(1, 9));
        orders.push(Order { id: *id, patient: of, course });
        table.rows.push(row![
            *id,
            of,
            course,
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
    (orders, table)
}

/// Most projects have one plan, some none, some several: most of these lead to the same order again. A few plans lead to orders, or
/// from projects, that do not exist.
fn plans(random: &mut Random, orders: &[i64], projects: &[i64]) -> Vec<Plan> {
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
        let mut before = None;
        for _ in 0..count {
            let order = match before {
                Some(order) if !random.chance(200) => order,
                _ => *first.next().unwrap_or_else(|| random.pick(orders)),
            };
            before = Some(order);
            let order = if random.chance(10) { 700_000 + random.between(0, 90) } else { order };
            pairs.push((order, *project));
        }
        if random.chance(2) {
            pairs.push((*random.pick(orders), 800_000 + random.between(0, 90)));
        }
    }
    let ids = random.ids(5, pairs.len());
    let plans = ids.into_iter().zip(pairs).map(|(id, (order, project))| {
        let number = random.between(1, 4);
        Plan { id, order, project, number: (!random.chance(50)).then_some(number), original: number == 1 }
    });
    plans.collect()
}

fn table_of_plans(random: &mut Random, plans: &[Plan]) -> Table {
    let columns = ["id", "instruction_id", "project_id", "number", "name", "notes", "original"];
    let mut table = Table::new("dispatch_plan", &columns);
    for plan in plans {
        table.rows.push(row![
            plan.id,
            plan.order,
            plan.project,
            plan.number,
            (!random.chance(300)).then(|| if random.chance(500) {
                String::new()
            } else {
                format!("Plan {}", plan.number.unwrap_or(1))
            }),
            random.chance(150).then_some("as discussed"),
            plan.original,
        ]);
    }
    table
}

fn project(
    random: &mut Random,
    id: i64,
    again: Option<Uuid>,
    users: &[User],
) -> (Project, Vec<Option<String>>) {
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
    let project = Project {
        id,
        uid: again.unwrap_or(random.uuid()),
        name,
        kind: kind.map_or(3, |(kind, _)| *kind),
        // 99.98% are in 0.
        status: i64::from(random.below(5000) == 0),
        creator: known_or_not(random, users, 20, 10),
    };
    let row = row![
        id,
        project.uid,
        project.name,
        random.between(0, 6_000_000_000),
        project.kind,
        project.status,
        random.chance(30),
        project.creator,
        moment_between(random, midnight(2015, 3, 2), snapshot_day()),
    ];
    (project, row)
}

/// Several states of one order follow each other in time; a few at the same moment.
fn states(
    random: &mut Random,
    count: usize,
    planned: &[i64],
    unplanned: &[i64],
    users: &[User],
) -> (Vec<State>, Table) {
    let mut states = Vec::with_capacity(count);
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
        let actor = known_or_not(random, users, 25, 15);
        states.push(State { id, status, changed_at, actor, order });
        table.rows.push(row![id, status, random.chance(550), changed_at, actor, order]);
    }
    (states, table)
}

/// A user's id; null, or of a user who does not exist, in so many of a thousand.
fn known_or_not(random: &mut Random, users: &[User], null: usize, dangling: usize) -> Option<i64> {
    match random.below(1000) {
        drawn if drawn < null => None,
        drawn if drawn < null + dangling => Some(870_000 + random.between(0, 90)),
        _ => Some(random.pick(users).id.0),
    }
}
