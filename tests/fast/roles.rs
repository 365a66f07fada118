//! The grants of `sql/roles` are enough for what they are for, and nothing in them is too much.

use std::path::PathBuf;
use std::process::Command;

use crate::harness::{Drydock, Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

fn grant(job: &Job, file: &str, role: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("sql/roles").join(file);
    let text = std::fs::read_to_string(&path).unwrap();
    for table in drydock::entity::target_tables() {
        assert!(text.contains(&format!("'{table}'")), "{file} does not speak of {table}");
    }
    for _ in 0..2 {
        let done = Command::new("psql")
            .args([
                "-X",
                "-q",
                "-v",
                &format!("role={role}"),
                "-v",
                "schema=public",
                "-d",
                &job.target().url(),
                "-f",
            ])
            .arg(&path)
            .output()
            .unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stderr));
    }
}

#[test]
fn a_loader_loads_and_rolls_back_and_a_reader_verifies_and_neither_may_more() {
    let job = Job::of_size(SMALL).at("extract");
    let (loader, reader) =
        (format!("loader_{}", job.target().name()), format!("reader_{}", job.target().name()));
    job.target().execute(&format!("create role {loader} login; create role {reader} login"));
    let by = |role: &str, arguments: &[&str]| {
        let url = job.target().url().replacen("postgres://postgres@", &format!("postgres://{role}@"), 1);
        Drydock::new(job.folder()).env("DRYDOCK_TARGET_URL", url).args(arguments).args(["--quiet"]).run()
    };
    grant(&job, "reader.sql", &reader);
    by(&reader, &["survey"]).expect(0);
    job.verb("transform").run().expect(0);
    // who may only read writes nothing, and is told so before
    let refused = by(&reader, &["load"]).expect(5);
    assert!(refused.stderr.contains("may not insert or update in table"), "{}", refused.stderr);
    grant(&job, "loader.sql", &loader);
    by(&loader, &["load"]).expect(0);
    assert_ne!(job.loaded("select count(*) from drydock.receipts where rows > 0"), "0");
    grant(&job, "reader.sql", &reader);
    by(&reader, &["verify"]).expect(0);
    by(&loader, &["verify"]).expect(0);
    let may = |role: &str, what: &str| job.loaded(&format!("select {}", what.replace("{role}", role)));
    for (role, what) in [
        (
            &reader,
            "has_table_privilege('{role}', 'patients', 'insert, update, delete, truncate, references, trigger')",
        ),
        (&reader, "has_table_privilege('{role}', 'drydock.pre_images', 'insert, update, delete, truncate')"),
        (&loader, "has_table_privilege('{role}', 'patients', 'truncate, references, trigger')"),
        (&loader, "has_schema_privilege('{role}', 'public', 'create')"),
        (&loader, "(select rolsuper or rolcreaterole or rolcreatedb from pg_roles where rolname = '{role}')"),
    ] {
        assert_eq!(may(role, what), "f", "{what}");
    }
    // each right of the loader is needed: what it lacks is named before the first write
    let run = job.last_run("load");
    job.target().execute(&format!("revoke delete on patients from {loader}"));
    let doctor = by(&loader, &["doctor"]).expect(5);
    assert!(doctor.stdout.contains("may not delete on patients"), "{}", doctor.stdout);
    job.target().execute(&format!("grant delete on patients to {loader}"));
    by(&loader, &["rollback", "--run", &run]).expect(0);
    assert_eq!(job.loaded("select count(*) from patients"), "0");
    job.target().execute(&format!(
        "drop owned by {reader}; drop role {reader}; drop owned by {loader} cascade; drop role {loader}"
    ));
}
