//! Cases, projects and their states of a plan-sized world: each ends as the world's own truth says, a second load writes nothing, and
//! a rollback takes out what a load put in.

use std::collections::BTreeMap;

use drydock::demo::world::{COMPANY_DOMAINS, DEFAULT_PRACTICE, Scale, World};

use crate::harness::{Job, empty_target};

/// More than there are: what waits is judged by the truth.
const ANY: usize = 1_000_000;

fn migrated(seed: u64, scale: Scale) -> (Job, World) {
    let world = World::generate_with(seed, scale);
    let config = format!(
        "[policy]\ndefault_practice = {DEFAULT_PRACTICE}\ncompany_domains = {COMPANY_DOMAINS:?}\n\
         allowed_rejects = {{ practice_owners = 3, practice_members = 2, cases = {ANY}, projects = {ANY}, case_states = {ANY} }}\n"
    );
    let job = Job::of_generated(&world, empty_target()).by(&config);
    (job.at("verify"), world)
}

/// Rows by their first column, the other ones joined as they are printed.
fn by_id(printed: &str) -> BTreeMap<i64, String> {
    let rows = printed.lines().filter(|line| !line.is_empty()).map(|line| {
        let (id, rest) = line.split_once('|').unwrap_or((line, ""));
        (id.parse().expect("an id"), rest.to_owned())
    });
    rows.collect()
}

fn told(value: Option<impl ToString>) -> String {
    value.map(|value| value.to_string()).unwrap_or_default()
}

/// Every record of the truth is in the one list or in the other, and nothing else is.
#[track_caller]
fn expect_each(
    truth: impl Iterator<Item = (i64, Result<String, &'static str>)>,
    mut loaded: BTreeMap<i64, String>,
    mut waiting: BTreeMap<i64, String>,
) {
    for (id, outcome) in truth {
        match outcome {
            Ok(row) => assert_eq!(loaded.remove(&id), Some(row), "{id}"),
            Err(code) => {
                let codes = waiting.remove(&id).unwrap_or_else(|| panic!("{id} does not wait for {code}"));
                assert!(codes.split(',').any(|known| known == code), "{id}: {codes}, not {code}");
            }
        }
    }
    assert_eq!((loaded.len(), waiting.len()), (0, 0), "nobody else");
}

impl Expected<'_> {
    fn loaded(&self, sql: &str) -> BTreeMap<i64, String> {
        by_id(&self.job.loaded(sql))
    }

    /// The records of an entity that wait, with what keeps them back.
    fn waiting(&self, entity: &str) -> BTreeMap<i64, String> {
        by_id(&self.job.staged(&format!(
            "select legacy_id, coalesce(error_codes, '') from v_waiting where entity = '{entity}'"
        )))
    }

    fn expect_cases(&self) {
        let loaded = self.loaded(
            "select c.legacy_id, c.case_number, p.legacy_id, o.legacy_id, f.legacy_id, c.title, c.case_type, c.current_state
             from cases c join patients p on p.id = c.patient_id join practices o on o.id = c.practice_id
             left join profiles f on f.id = c.provider_id",
        );
        let truth = self.world.phase_three.cases.iter().map(|case| {
            let row = format!(
                "CASE-{}|{}|{}|{}|{}|{}|{}",
                case.project_id,
                told(case.patient),
                told(case.practice),
                told(case.provider),
                case.title,
                told(case.case_type),
                case.current_state
            );
            (case.project_id, if case.outcome == "ready" { Ok(row) } else { Err(case.outcome) })
        });
        expect_each(truth, loaded, self.waiting("cases"));
    }

    fn expect_projects(&self) {
        let loaded = self.loaded(
            "select j.legacy_id, c.legacy_id is not null, o.legacy_id, f.legacy_id, j.name, j.type, j.status
             from projects j left join cases c on c.id = j.case_id left join practices o on o.id = j.practice_id
             left join profiles f on f.id = j.creator_id",
        );
        let truth = self.world.phase_three.projects.iter().map(|project| {
            let row = format!(
                "{}|{}|{}|{}|{}|{}",
                if project.has_case { "t" } else { "f" },
                told(project.practice),
                told(project.creator),
                project.name,
                project.kind,
                told(project.status)
            );
            (project.project_id, if project.outcome == "ready" { Ok(row) } else { Err(project.outcome) })
        });
        expect_each(truth, loaded, self.waiting("projects"));
    }

    fn expect_states(&self) {
        let loaded = self.loaded(
            "select s.legacy_id, c.legacy_id, s.from_state, s.to_state, f.legacy_id
             from case_states s join cases c on c.id = s.case_id left join profiles f on f.id = s.changed_by",
        );
        let truth = self.world.phase_three.states.iter().map(|state| {
            let row = format!("{}|{}|{}|{}", told(state.case), told(state.from), state.to, told(state.actor));
            (state.state_id, if state.case.is_some() { Ok(row) } else { Err("state_without_case") })
        });
        expect_each(truth, loaded, self.waiting("case_states"));
    }
}

struct Expected<'a> {
    job: &'a Job,
    world: &'a World,
}

/// The versions of every row of phase 3, the system columns included.
fn row_versions(job: &Job) -> String {
    let one = |table: &str| {
        format!(
            "select '{table}', md5(string_agg(t.xmin::text || t.ctid::text || t::text, ' ' order by t.id)) from {table} t"
        )
    };
    let tables = ["cases", "projects", "case_states"].map(one);
    // in an order of ours: the server may run the parts side by side
    job.loaded(&format!("{} order by 1", tables.join(" union all ")))
}

#[test]
fn every_case_project_and_state_of_the_plan_ends_as_the_truth_says() {
    let (job, world) = migrated(1, Scale::PLAN);
    let expected = Expected { job: &job, world: &world };
    expected.expect_cases();
    expected.expect_projects();
    expected.expect_states();
    // one question for each code, whatever the number of records
    let asked = job.staged(
        "select entity, field, error_code, error_context from migration_errors
         where error_code in ('code_unmapped', 'code_assumed') order by 1, 2, 4",
    );
    let codes: Vec<&str> = asked.lines().map(|line| line.split(", records").next().unwrap_or(line)).collect();
    for code in [
        "case_states|to_state|code_assumed|code=11",
        "case_states|to_state|code_assumed|code=12",
        "projects|type|code_unmapped|code=10",
        "projects|status|code_unmapped|code=1",
        "cases|case_type|code_unmapped|code=7",
    ] {
        assert_eq!(codes.iter().filter(|known| **known == code).count(), 1, "{code}: {asked}");
    }
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");

    let before = row_versions(&job);
    job.verb("load").run().expect(0);
    assert_eq!(row_versions(&job), before, "a second load writes nothing");
}

#[test]
fn a_rollback_of_phase_3_is_exact_and_another_load_brings_it_back() {
    let (job, world) = migrated(7, Scale::SMALL);
    let (people, kept) = (job.digest(), row_versions(&job));
    job.run(["rollback", "--to-checkpoint", "3"]);
    assert_eq!(job.digest(), people, "phase 2 is as it was");
    for table in ["cases", "projects", "case_states"] {
        assert_eq!(job.loaded(&format!("select count(*) from {table}")), "0");
    }
    for phase in ["3a", "3b", "3c"] {
        job.verb("load").args(["--phase", phase]).run().expect(0);
    }
    job.verb("verify").run().expect(0);
    assert_ne!(row_versions(&job), kept);
    let expected = Expected { job: &job, world: &world };
    expected.expect_cases();
    expected.expect_projects();
    expected.expect_states();
}
