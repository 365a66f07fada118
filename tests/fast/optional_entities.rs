//! An entity whose legacy table is optional takes part where the source and the target both have its table. Without either
//! nothing fails, nothing is counted, and what stays in the file is said.

use crate::harness::{Job, sqlite3};

const LINES: &str = "select count(*) from v_accounting where entity = 'courses'";

#[test]
fn what_the_target_has_no_table_for_stays_in_the_file() {
    let job = Job::of_case("courses");
    job.target().execute("drop table courses");
    job.up_to("survey");
    let transformed = job.verb("transform").run().expect(0);
    let said = "5 rows of dispatch_course stay in the file, because the target has no table courses";
    assert!(transformed.stderr.contains(said), "{}", transformed.stderr);
    for verb in ["load", "verify", "load"] {
        job.verb(verb).run().expect(0);
    }
    assert_eq!(job.staged(LINES), "0");
    assert_eq!(job.staged("select count(*) from records where entity = 'courses'"), "0");
    assert_eq!(job.staged("select count(*) from legacy_dispatch_course"), "5");
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");

    // once there is a table, they take part
    job.verb("survey").args(["--create-tables"]).run().expect(0);
    for verb in ["transform", "load", "verify"] {
        job.verb(verb).run().expect(0);
    }
    assert_eq!(job.loaded("select count(*) from courses"), "5");
    assert_eq!(job.staged("select loaded from v_accounting where entity = 'courses'"), "5");

    // a rollback takes them out, and a copy of the file knows all of it
    let run = job.staged("select max(run_id) from receipts where entity = 'courses'");
    job.drydock(["rollback", "--run", &run]).run().expect(0);
    assert_eq!(job.loaded("select count(*) from courses"), "0");
}

#[test]
fn a_source_without_the_table_has_no_such_entity() {
    let job = Job::of_case("tax_rate_percent");
    job.up_to("transform");
    for verb in ["load", "verify"] {
        job.verb(verb).run().expect(0);
    }
    assert_eq!(job.staged(LINES), "0");
    assert_eq!(sqlite3(&job.file(), "select in_use from entities where entity = 'courses'"), "0");
}

#[test]
fn a_table_that_goes_after_the_survey_stops_the_load() {
    let job = Job::of_case("courses");
    job.up_to("transform");
    job.target().execute("drop table courses");
    let refused = job.verb("load").run().expect(5);
    assert!(refused.stderr.contains("table courses does not exist"), "{}", refused.stderr);
    assert_eq!(job.loaded("select count(*) from practices"), "0");
}
