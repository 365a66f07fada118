//! What is in a checkpoint's folder, and that it is worth something.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use crate::harness::{Job, Size, sqlite3};

const SMALL: Size = Size { offices: 3, users: 60 };

fn json(migration: &Job, path: &str) -> serde_json::Value {
    serde_json::from_str(&fs::read_to_string(migration.path(path)).expect(path)).expect("JSON")
}

#[test]
fn a_load_takes_a_checkpoint_after_each_phase() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.target().execute(
        "insert into profiles (legacy_id, email) values (1001, 'ann1002@example.org'), (1002, 'ann1001@example.org')",
    );
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    let before = migration.digest();
    migration.run(["load", "--quiet", "--checkpoints", "checkpoints"]);
    let loaded = migration.digest();
    for (number, removed) in [(1, 61), (2, 54), (3, 9)] {
        let folder = format!("checkpoints/checkpoint-{number}");
        let proof = json(&migration, &format!("{folder}/rollback.json"));
        assert_eq!(proof["result"], "proved", "{proof}");
        assert_eq!(proof["removed"], removed);
        assert_eq!(proof["digest"], proof["digest_before"]);
        assert_eq!(json(&migration, &format!("{folder}/validation.json"))["passed"], true);
        assert!(json(&migration, &format!("{folder}/progress.json"))["phase_2"].is_object());
        let read = |name: &str| fs::read_to_string(migration.path(&folder).join(name)).expect(name);
        assert!(read("report.html").starts_with("<!doctype html>"));
        assert!(read("report.md").contains("## Lessons"));
        let staging = migration.path(&folder).join("staging.drydock");
        assert_eq!(sqlite3(&staging, "pragma integrity_check"), "ok");
        assert_eq!(sqlite3(&staging, "select max(checkpoint) from checkpoints"), number.to_string());
        assert_eq!(fs::metadata(&staging).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // every phase is still there, and the file goes back to any of them
    assert_eq!(migration.digest(), loaded);
    migration.run(["rollback", "--to-checkpoint", "2", "--quiet"]);
    assert_eq!(
        migration.loaded("select (select count(*) from patients), (select count(*) from practice_members)"),
        "54|0"
    );
    migration.run(["rollback", "--to-checkpoint", "1", "--quiet"]);
    assert_eq!(migration.loaded("select count(*) from patients"), "0");
    let run = migration.last_run("load");
    migration.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(migration.digest(), before);
}

#[test]
fn psql_alone_restores_the_backup() {
    let migration = Job::of_size(SMALL).at("transform");
    // a trigger that every project has, and a type that knows no equality
    migration.target().execute(
        "create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
         create trigger touched before insert or update on practices for each row execute function touch();
         create trigger touched before insert or update on profiles for each row execute function touch();
         create trigger touched before insert or update on patients for each row execute function touch();
         alter table profiles add column settings json default '{\"a\":  1}'",
    );
    migration.run(["survey", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);
    let loaded = migration.digest();
    migration.run(["checkpoint", "1", "--out", "first"]);
    migration.run(["checkpoint", "2", "--out", "second"]);
    migration.run(["checkpoint", "3", "--out", "third"]);
    migration.drydock(["checkpoint", "3", "--out", "third"]).run().expect(3);
    migration.target().execute(
        "delete from practice_members where role = 'owner';
         delete from patients where legacy_id < 5040;
         update profiles set email = 'x' || email, metadata = '{\"a\\tb\": \"\\\\\"}';
         update profiles set email = 'ann' || (1001 + (legacy_id - 1000) % 60) || '@example.org';
         insert into patients (user_id) select id from profiles limit 3;
         update practices set name = E'tab\\tand\\\\back';",
    );
    for folder in ["first", "third", "second"] {
        let readme = fs::read_to_string(migration.path(folder).join("README.txt")).unwrap();
        let command =
            readme.lines().map(str::trim).find(|line| line.starts_with("psql ")).expect("a command");
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(migration.path(folder))
            .env("DRYDOCK_TARGET_URL", migration.target().url())
            .output()
            .unwrap();
        assert!(output.status.success(), "{folder}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(migration.digest(), loaded);
}

#[test]
fn a_checkpoint_that_proves_nothing_says_so() {
    let migration = Job::of_size(SMALL).at("transform");
    migration.run(["load", "--quiet"]);
    migration.target().execute("update patients set first_name = 'Changed' where legacy_id = 5050");
    let loaded = migration.digest();
    let taken = migration.drydock(["checkpoint", "2", "--out", "folder"]).run().expect(7);
    assert!(taken.stdout.contains("validation of phase 2B: did not pass"), "{}", taken.stdout);
    assert!(taken.stdout.contains("not proved: others changed rows"), "{}", taken.stdout);
    assert_eq!(json(&migration, "folder/validation.json")["contents"][0]["different"], 1);
    assert_eq!(migration.digest(), loaded);
}
