//! What people decide about cases, projects and states: whose case it is, which case a state is of, what a code means.

use crate::harness::Job;

#[test]
fn a_person_names_the_patient_and_answers_for_a_code_once() {
    let job = Job::of_case("cases_and_projects");
    job.up_to("survey");
    job.verb("transform").run().expect(6);
    let sheet = "item,action,value,reason\n\
                 cases:5:patient_id,choose,101,asked\n\
                 cases:2:patient_id,choose,100,asked\n\
                 cases:4:patient_id,reject,,nobody's\n\
                 case_states:4:case_id,choose,1,asked\n\
                 case_states:1:to_state,accept,,confirmed\n\
                 projects:3:type,accept,,neither\n";
    std::fs::write(job.path("sheet.csv"), sheet).expect("a sheet");
    job.run(["review", "import", "sheet.csv", "--by", "Ada Berg", "--quiet"]);
    for verb in ["transform", "load", "verify"] {
        job.verb(verb).run().expect(6);
    }
    let patients =
        "select c.legacy_id, p.legacy_id, c.current_state from cases c join patients p on p.id = c.patient_id
                    where c.legacy_id in (2, 4, 5) order by 1";
    // the order of the one whom the person named says what state it is in
    assert_eq!(job.loaded(patients), "2|100|submitted\n5|101|approved");
    let projects = "select j.legacy_id, c.legacy_id from projects j left join cases c on c.id = j.case_id
                    where j.legacy_id in (2, 4, 5) order by 1";
    assert_eq!(job.loaded(projects), "2|2\n4|\n5|5");
    let state =
        "select c.legacy_id from case_states s join cases c on c.id = s.case_id where s.legacy_id = 4";
    assert_eq!(job.loaded(state), "1");
    let asked = "select count(*) from v_review_items where (entity, legacy_id, question) in
                 (values ('cases', 5, 'patient_id'), ('case_states', 1, 'to_state'), ('projects', 3, 'type'))";
    assert_eq!(job.staged(asked), "0");
    let fate = "select fate from records where entity = 'cases' and legacy_id = 4";
    assert_eq!(job.staged(fate), "rejected");
    let before = job.row_versions();
    job.verb("load").run().expect(6);
    assert_eq!(job.row_versions(), before);
}

#[test]
fn what_the_target_has_no_table_for_stays_in_the_file_and_its_phase_has_nothing_to_load() {
    let job = Job::of_case("cases_and_projects");
    job.target().execute("drop table case_states, projects, cases");
    job.up_to("survey");
    let said = job.verb("transform").run().expect(6).stderr;
    for told in ["9 rows of dispatch_project stay in the file", "7 rows of dispatch_state stay in the file"] {
        assert!(said.contains(told), "{said}");
    }
    job.verb("load").run().expect(6);
    let refused = job.verb("load").args(["--phase", "3a"]).run().expect(3);
    assert!(refused.stderr.contains("phase 3A has nothing to load"), "{}", refused.stderr);
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");
    let status = job.json(&["status"], 6);
    assert!(status["phase_3"].is_null() && status["gates"].as_array().expect("gates").len() == 5, "{status}");
}

#[test]
fn projects_take_part_where_the_target_has_no_cases() {
    let job = Job::of_case("cases_and_projects").configured("[target.columns.projects]\ncase_id = false");
    job.target().execute("alter table projects drop column case_id; drop table case_states, cases");
    job.up_to("survey");
    for verb in ["transform", "load", "verify"] {
        job.verb(verb).run().expect(6);
    }
    // the practice is the case's patient's all the same
    assert_eq!(job.loaded("select count(*), count(practice_id) from projects"), "8|8");
    assert_eq!(job.staged("select count(*) from ready_projects where case_id is not null"), "0");
}
