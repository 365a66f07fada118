//! The application alters its tables between a load and its undoing: what the load wrote is taken back, and what came since stays.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

const STAMPS: &str = "create function stamp() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
    create trigger stamped before update on practices for each row execute function stamp();
    create trigger stamped before update on profiles for each row execute function stamp();";

/// A load over rows that were there, one practice and one profile.
fn loaded() -> Job {
    let job = Job::of_size(SMALL).by("policy.default_practice = 1");
    job.target().execute(&format!(
        "{STAMPS} alter table practices add column seats integer;
         insert into practices (legacy_id, name, seats) values (2, 'Before', 7);
         insert into profiles (legacy_id, email, first_name, last_name) values (1003, 'ann1003@example.org', 'Ann1003', 'Before')"
    ));
    job.at("verify")
}

fn rollback(job: &Job, code: i32) -> String {
    let run = job.loaded("select max(run_id) from drydock.receipts where undone_at is null");
    let undone = job.drydock(["rollback", "--run", &run, "--quiet"]).run().expect(code);
    undone.stdout + &undone.stderr
}

#[test]
fn columns_that_came_since_keep_what_they_hold() {
    for (alter, held) in [
        ("alter table practices add column plan text not null default 'free'", "plan = 'free'"),
        ("alter table practices add column locale text default 'en'", "locale = 'en'"),
    ] {
        let job = loaded();
        job.target().execute(alter);
        let told = rollback(&job, 0);
        assert!(told.contains("altered since: practices."), "{told}");
        assert_eq!(job.loaded(&format!("select name, seats, {held} from practices")), "Before|7|t");
        assert_eq!(job.loaded("select count(*) from profiles"), "1");
    }
}

#[test]
fn a_column_that_is_gone_is_named() {
    let job = loaded();
    job.target().execute("alter table profiles drop column last_name");
    let told = rollback(&job, 5);
    assert!(told.contains("nothing can be undone:"), "{told}");
    assert!(told.contains("column profiles.last_name does not exist"), "{told}");
}

#[test]
fn a_target_that_nothing_was_loaded_into_is_no_puzzle() {
    let config = "policy.default_practice = 1\n[target.columns.profiles]\nlegacy_id = false";
    let job = Job::of_size(SMALL).by(config);
    job.target().execute("alter table profiles drop column legacy_id");
    let job = job.at("transform");
    let told = job.drydock(["verify", "--quiet"]).run().expect(3).stderr;
    assert!(told.contains("nothing was loaded into this target, or its schema drydock is gone"), "{told}");
    assert!(told.contains("run `drydock load`"), "{told}");
}
