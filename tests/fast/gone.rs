//! What becomes of rows whose record is gone from the source since a load wrote them, by `policy.gone`.

use std::fs;
use std::process::Command;

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// Removes what people deleted, whoever it was.
const REMOVE: &str =
    "[policy.gone]\nprofiles = \"remove\"\npatients = \"remove\"\npractice_members = \"remove\"\n";

/// Writes a table of the source again, line by line: another line, or none.
fn edit(job: &Job, table: &str, each: impl Fn(&str) -> Option<String>) {
    let path = job.path("legacy").join(format!("{table}.csv"));
    let lines = fs::read_to_string(&path).expect("a table");
    let edited: String = lines.lines().filter_map(|line| each(line).map(|line| line + "\n")).collect();
    fs::write(path, edited).expect("a table");
}

/// Takes the lines that begin so out of a table.
fn delete(job: &Job, table: &str, beginnings: &[&str]) {
    edit(job, table, |line| {
        let is_gone = beginnings.iter().any(|beginning| line.starts_with(beginning));
        (!is_gone).then(|| line.to_owned())
    });
}

/// Adds a line to a table.
fn add(job: &Job, table: &str, line: &str) {
    let path = job.path("legacy").join(format!("{table}.csv"));
    let lines = fs::read_to_string(&path).expect("a table");
    fs::write(path, format!("{lines}{line}\n")).expect("a table");
}

/// Two patients and their users go, and a doctor whose patients others take; one doctor's office is set anew, as Django's
/// `clear()` and `add()` do, another moves; and the address of one who went is somebody's who came.
fn go_on(job: &Job) {
    delete(job, "auth_user", &["1010,", "1011,", "1004,"]);
    delete(job, "dispatch_patient", &["5010,", "5011,"]);
    edit(job, "dispatch_patient", |line| Some(line.replace(",1004,", ",1001,")));
    delete(job, "auth_user_groups", &["1004,"]);
    delete(job, "dispatch_office_doctors", &["1004,", "1002,", "1003,"]);
    add(job, "dispatch_office_doctors", "2002,2,1002");
    add(job, "dispatch_office_doctors", "2003,1,1003");
    add(job, "auth_user", "1900,u1900,New,Person,ann1010@example.org,2022-01-01 00:00:00+00,t,f,f");
}

/// Loaded once, and up to the transform of what the source has become.
fn changed(config: &str, target: &str) -> Job {
    let job = Job::of_size(SMALL).by(config);
    job.target().execute(target);
    let job = job.at("load");
    go_on(&job);
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.run(["survey", "--quiet"]);
    job.run(["transform", "--quiet"]);
    job
}

/// What a load says about one entity's rows that are gone.
fn gone(loaded: &serde_json::Value, entity: &str) -> serde_json::Value {
    let of = loaded["gone"].as_array().expect("a list").iter().find(|gone| gone["entity"] == entity);
    of.unwrap_or_else(|| panic!("{entity} in {loaded}")).clone()
}

#[test]
fn who_is_gone_makes_way_and_comes_back_with_the_rollback() {
    // triggers as on practically every table of the platform
    let trigger = "create function moved() returns trigger language plpgsql as \
                       $$ begin new.updated_at := now(); return new; end $$; \
                   create trigger moved before insert or update on profiles for each row execute function moved(); \
                   create trigger moved before insert or update on practice_members for each row execute function moved();";
    for trigger in ["", trigger] {
        let job = changed(REMOVE, trigger);
        let before = job.digest();
        let rehearsed = job.json(&["load", "--dry-run"], 0);
        assert_eq!(gone(&rehearsed, "profiles")["removed"], 3, "{rehearsed}");
        assert_eq!(job.digest(), before);
        assert_eq!(job.staged("select count(*) from gone_records"), "0");

        let loaded = job.json(&["load", "--checkpoints", "checkpoints"], 0);
        for (entity, removed) in [("profiles", 3), ("patients", 2), ("practice_members", 3)] {
            assert_eq!(gone(&loaded, entity)["removed"], removed, "{entity} in {loaded}");
        }
        assert_eq!(loaded["gone_from_source"], serde_json::json!({}));
        assert_eq!(
            job.loaded("select legacy_id, email from profiles where legacy_id in (1004, 1010, 1011, 1900)"),
            "1900|ann1010@example.org"
        );
        assert_eq!(
            job.loaded("select legacy_id from practice_members where role = 'doctor' and legacy_id not between 1005 and 1006 order by 1"),
            "1001\n2002\n2003"
        );
        for number in 1..=3 {
            let proof = job.path(format!("checkpoints/checkpoint-{number}/rollback.json"));
            let proof: serde_json::Value = serde_json::from_str(&fs::read_to_string(proof).unwrap()).unwrap();
            assert_eq!(proof["result"], "proved", "{number}: {proof}");
        }
        let verified = job.json(&["verify"], 0);
        assert_eq!(verified["gone_from_source"], 0);
        assert!(job.run(["explain", "profile", "1010"]).stdout.contains("outcome removed"));

        let after = job.digest();
        let run = job.last_run("load");
        let again = job.json(&["load"], 0);
        assert_eq!((job.digest(), &again["gone"]), (after, &serde_json::json!([])));

        let undone = job.json(&["rollback", "--run", &run], 0);
        assert_eq!(undone["undone"][0]["left"], serde_json::json!([]), "{undone}");
        assert_eq!(job.digest(), before);
        assert_eq!(job.staged("select count(*) from gone_records"), "0");
        job.run(["load", "--quiet"]);
        job.run(["verify", "--quiet"]);
    }
}

#[test]
fn a_checkpoint_gives_back_who_was_removed() {
    let job = Job::of_size(SMALL).by(REMOVE).at("load");
    let before = job.digest();
    for number in ["1", "2", "3"] {
        job.run(["checkpoint", number, "--out", &format!("before-{number}"), "--quiet"]);
    }
    go_on(&job);
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.steps("survey", "load");
    assert_eq!(job.loaded("select count(*) from profiles where legacy_id in (1004, 1010, 1011)"), "0");
    for number in ["1", "2", "3"] {
        let folder = job.path(format!("before-{number}"));
        let readme = fs::read_to_string(folder.join("README.txt")).unwrap();
        let command =
            readme.lines().map(str::trim).find(|line| line.starts_with("psql ")).expect("a command");
        let output = Command::new("sh")
            .args(["-c", command])
            .current_dir(folder)
            .env("DRYDOCK_TARGET_URL", job.target().url())
            .output()
            .expect("psql");
        assert!(output.status.success(), "{number}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(job.digest(), before);
}

#[test]
fn who_is_gone_is_switched_off_and_nothing_else_of_them_changes() {
    let config = "[policy.gone]\nprofiles = \"deactivate\"\npractice_members = \"remove\"\n";
    // one of them was there before, and said something else
    let there =
        "insert into profiles (legacy_id, email, first_name) values (1010, 'ann1010@example.org', 'Before')";
    let job = changed(config, there);
    let before = job.digest();
    let whole = "select legacy_id, to_jsonb(t) - 'is_active' from profiles t where legacy_id in (1004, 1010, 1011) order by 1";
    let was = job.loaded(whole);
    let loaded = job.json(&["load"], 0);
    assert_eq!(gone(&loaded, "profiles")["deactivated"], 3, "{loaded}");
    assert_eq!(job.loaded(whole), was);
    assert_eq!(
        job.loaded("select legacy_id from profiles where not is_active order by 1"),
        "1004\n1010\n1011"
    );
    job.run(["verify", "--quiet"]);
    let run = job.last_run("load");
    let digest = job.digest();
    let again = job.json(&["load"], 0);
    assert_eq!(gone(&again, "profiles")["already"], 3, "{again}");
    assert_eq!(job.digest(), digest);
    assert!(job.run(["explain", "profile", "1010"]).stdout.contains("outcome deactivated"));

    // a verification sees it by itself
    job.target().execute("update profiles set is_active = true where legacy_id = 1011");
    job.drydock(["verify", "--quiet"]).run().expect(7);
    assert_eq!(
        job.staged("select entity, legacy_id, field from findings where name = 'gone_rows_are_settled'"),
        "profiles|1011|is_active"
    );
    job.target().execute("update profiles set is_active = false where legacy_id = 1011");
    job.run(["verify", "--quiet"]);
    job.run(["rollback", "--run", &run, "--force", "--quiet"]);
    assert_eq!(job.digest(), before);
}

#[test]
fn a_row_that_was_there_that_somebody_changed_or_that_others_need_stays() {
    let there = "insert into profiles (legacy_id, email) values (1011, 'ann1011@example.org'); \
                 create table notes (id serial primary key, profile uuid references profiles on delete cascade);";
    let job = changed(REMOVE, there);
    job.target().execute(
        "insert into notes (profile) select id from profiles where legacy_id = 1010; \
         update patients set medical_history = 'entered in the new application' where legacy_id = 5011;",
    );
    let loaded = job.json(&["load"], 6);
    let (profiles, patients) = (gone(&loaded, "profiles"), gone(&loaded, "patients"));
    assert_eq!(
        (&profiles["removed"], &profiles["referenced"], &profiles["of_others"]),
        (&0.into(), &2.into(), &1.into()),
        "{loaded}"
    );
    // the patient who stays has a doctor
    assert_eq!(profiles["by_whom"], serde_json::json!(["notes.profile", "patients.assigned_profile_id"]));
    assert_eq!((&patients["removed"], &patients["changed"]), (&1.into(), &1.into()), "{loaded}");
    assert_eq!(
        job.loaded("select (select count(*) from notes), (select count(*) from profiles where legacy_id in (1010, 1011))"),
        "1|2"
    );
    // the address is not free after all, and the next transform knows it
    job.run(["survey", "--quiet"]);
    job.run(["transform", "--quiet"]);
    job.run(["load", "--quiet"]);
    assert_eq!(
        job.loaded("select email from profiles where legacy_id = 1900"),
        "new.person.1900@migrated.local"
    );
    job.run(["verify", "--quiet"]);
    assert_eq!(
        job.staged(
            "select entity, legacy_id, is_exception from findings where name = 'gone_rows_are_settled' order by 1, 2"
        ),
        "patients|5011|1\nprofiles|1004|1\nprofiles|1010|1"
    );
}

#[test]
fn a_half_source_takes_nobody_away() {
    let job = Job::of_size(SMALL).by("[policy]\ngone = { patients = \"remove\" }\n").at("load");
    edit(&job, "dispatch_patient", |line| {
        (!line.starts_with("501") && !line.starts_with("5020")).then(|| line.to_owned())
    });
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.run(["transform", "--quiet"]);
    let before = job.digest();
    for verb in [&["load", "--dry-run"][..], &["load"]] {
        let refused = job.drydock(verb).run().expect(3);
        assert!(refused.stderr.contains("11 of 54 patients in the target are gone"), "{}", refused.stderr);
        assert!(refused.stderr.contains("[policy.allowed_gone] patients = 11"), "{}", refused.stderr);
    }
    assert_eq!(job.digest(), before);
    let allowed = "[policy]\ngone = { patients = \"remove\" }\nallowed_gone = { patients = 11 }\n";
    fs::write(job.path("drydock.toml"), allowed).unwrap();
    job.run(["transform", "--reconfigure", "--config", "drydock.toml", "--quiet"]);
    let loaded = job.json(&["load"], 0);
    assert_eq!(gone(&loaded, "patients")["removed"], 11, "{loaded}");
}

#[test]
fn a_row_that_cannot_be_read_may_be_anybody() {
    let job = Job::of_size(SMALL).by(REMOVE).at("load");
    edit(&job, "dispatch_patient", |line| {
        Some(line.strip_prefix("5010,").map_or(line.to_owned(), |rest| format!("50l0,{rest}")))
    });
    job.drydock(["extract", "--csv", "legacy", "--replace", "--quiet"]).run().expect_one_of(&[0, 6]);
    job.drydock(["transform", "--quiet"]).run().expect_one_of(&[0, 6]);
    let loaded = job.drydock(["load", "--json", "--quiet"]).run().expect_one_of(&[0, 6]).stdout;
    assert!(loaded.contains("patients that are gone from the source are left alone: 1 rows"), "{loaded}");
    assert_eq!(job.loaded("select count(*) from patients where legacy_id = 5010"), "1");
}

#[test]
fn what_has_no_column_for_it_is_named_with_its_line() {
    let job = Job::of_size(SMALL)
        .by("[policy.gone]\nprofiles = \"deactivate\"\npractice_members = \"deactivate\"\n");
    let refused = job.verb("extract").run().expect(3);
    assert!(refused.stderr.contains("deactivates practice_members in line 3"), "{}", refused.stderr);
}

#[test]
fn members_that_are_all_set_anew_are_no_loss() {
    let size = Size { offices: 3, users: 200 };
    let job = Job::of_size(size).by("[policy.gone]\npractice_members = \"remove\"\n").at("load");
    // twenty members, each under another id
    edit(&job, "dispatch_office_doctors", |line| {
        Some(line.split_once(',').map_or(line.to_owned(), |(id, rest)| {
            id.parse::<u32>().map_or(line.to_owned(), |id| format!("{},{rest}", id + 5_000))
        }))
    });
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.steps("survey", "transform");
    let loaded = job.json(&["load"], 0);
    assert_eq!(gone(&loaded, "practice_members")["removed"], 20, "{loaded}");
    assert_eq!(
        job.loaded("select count(*), min(legacy_id) from practice_members where role = 'doctor'"),
        "20|6001"
    );
    job.run(["verify", "--quiet"]);
}
