//! A source and a target that come under another name than the one in the staging file: a newer dump, a folder that moved, another
//! road to the same database. What shows that it is the same goes on with its decisions; anything else is refused with both facts.

use std::fs;

use crate::harness::{Job, Size, empty_target};

const SIZE: Size = Size { offices: 3, users: 20 };

#[test]
fn a_newer_export_under_another_name_keeps_the_decisions() {
    let job = Job::of_size(SIZE).at("load");
    let further = "777,newer,Ida,Holm,ida.holm@mail.example,2025-07-31 09:10:11+00,t,f,f\n";
    SIZE.write(&job.path("legacy_2025-08"), further);
    let extract = |arguments: &[&str]| {
        job.drydock(["extract", "--quiet", "--csv", "legacy_2025-08"]).args(arguments).run()
    };

    let refused = extract(&[]).expect(3);
    assert!(
        refused.stderr.contains("belongs to the source") && refused.stderr.contains("--replace"),
        "{}",
        refused.stderr
    );
    let taken = extract(&["--replace"]).expect(0);
    assert!(taken.stdout.contains("say something else and 0 are gone; 1 came"), "{}", taken.stdout);
    for verb in ["survey", "transform", "load", "verify"] {
        job.verb(verb).run().expect(0);
    }
    assert_eq!(job.loaded("select count(*) from profiles where legacy_id = 777"), "1");
    // it is known by its new name now
    extract(&["--check"]).expect(0);
    assert!(job.staged("select value from facts where name = 'source_identity'").ends_with("legacy_2025-08"));
}

#[test]
fn another_system_is_refused_unless_somebody_knows_better() {
    let job = Job::of_size(SIZE).at("extract");
    SIZE.write(&job.path("elsewhere"), "");
    // the same keys, and other people
    let users = job.path("elsewhere").join("auth_user.csv");
    let others = fs::read_to_string(&users)
        .unwrap()
        .replace(",u1", ",x1")
        .replace("Ann", "Ben")
        .replace("2020-01-01", "2021-03-04");
    fs::write(&users, others).unwrap();
    let before = job.staged("select digest from legacy_tables order by table_name");
    let extract = |arguments: &[&str]| {
        job.drydock(["extract", "--quiet", "--csv", "elsewhere", "--replace"]).args(arguments).run()
    };
    let refused = extract(&[]).expect(3);
    assert!(refused.stderr.contains("does not look like the system that"), "{}", refused.stderr);
    assert_eq!(job.staged("select digest from legacy_tables order by table_name"), before);
    extract(&["--same-source"]).expect(0);
    assert_ne!(job.staged("select digest from legacy_tables order by table_name"), before);
}

#[test]
fn a_newer_snapshot_that_lacks_columns_is_refused_unless_it_is_meant() {
    let job = Job::of_size(SIZE).at("load");
    let states = || job.loaded("select count(*) from practices where city = 'Springfield'");
    assert_eq!(states(), SIZE.offices.to_string());
    SIZE.write(&job.path("fewer"), "");
    let offices = job.path("fewer").join("dispatch_office.csv");
    let without =
        fs::read_to_string(&offices).unwrap().replace(",city,valid", ",valid").replace(",Springfield,", ",");
    fs::write(&offices, without).unwrap();
    let extract = |arguments: &[&str]| {
        job.drydock(["extract", "--quiet", "--csv", "fewer", "--replace"]).args(arguments).run()
    };
    let before = job.staged("select digest from legacy_tables order by table_name");
    let refused = extract(&[]).expect(4);
    assert!(
        refused.stderr.contains("lacks what the snapshot in the file has: dispatch_office.city"),
        "{}",
        refused.stderr
    );
    assert!(refused.stderr.contains("--fewer-columns"), "{}", refused.stderr);
    assert_eq!(job.staged("select digest from legacy_tables order by table_name"), before);
    extract(&["--fewer-columns"]).expect(0);
    for step in ["survey", "transform", "load"] {
        job.run([step, "--quiet"]);
    }
    assert_eq!(states(), "0", "what was said became null, as it was meant");
}

#[test]
fn a_target_is_known_by_what_it_says_of_itself() {
    let job = Job::of_size(SIZE).at("load");
    // another road to the same server: the socket's folder in other words
    let url = job.target().url();
    let other = if url.contains("%2F") {
        url.replacen("%2F", "%2F.%2F", 1)
    } else {
        url.replace("127.0.0.1", "localhost")
    };
    assert_ne!(url, other);
    let verify = |url: &str| job.drydock(["verify", "--quiet"]).env("DRYDOCK_TARGET_URL", url).run();
    verify(&other).expect(0);
    verify(&url).expect(0);

    // a database that is another one, however it is called
    let elsewhere = empty_target();
    let refused = verify(&elsewhere.url()).expect(3);
    assert!(refused.stderr.contains("belongs to the target"), "{}", refused.stderr);
}

#[test]
fn a_decision_about_a_record_that_changed_is_asked_again() {
    // two users of no role, whom somebody gives one
    let more = |second: &str| {
        format!(
            "2001,ida,Ida,Holm,,2020-05-06 07:08:09+00,t,f,f\n2002,jon,Jon,{second},,2020-05-06 07:08:09+00,True,f,f\n"
        )
    };
    let job = Job::new("legacy", empty_target());
    SIZE.write(&job.path("legacy"), &more("Iversen"));
    job.up_to("transform");
    let decide = |role: &str, code: i32| {
        let sheet = format!(
            "entity,legacy_id,question,action,value,reason,decided_by\n\
             profiles,2001,role,set,technician,,Kim\nprofiles,2002,role,set,{role},,Kim\n"
        );
        fs::write(job.path("decisions.csv"), sheet).unwrap();
        job.drydock(["review", "import", "decisions.csv", "--quiet"]).run().expect(code)
    };
    decide("technician", 0);
    job.steps("transform", "verify");
    let states =
        || job.staged("select legacy_id, state from decisions where superseded_by is null order by 1");
    assert_eq!(states(), "2001|applied\n2002|applied");

    // Jon has another surname; Ida only signed in, and another program writes her flags
    let newer = more("Jensen").replace(",t,f,f\n2002", ",TRUE,False,FALSE\n2002");
    SIZE.write(&job.path("newer"), &newer);
    job.drydock(["extract", "--quiet", "--replace", "--csv", "newer"]).run().expect(0);
    job.verb("survey").run().expect(0);
    let said = job.verb("transform").run().expect(0).stderr;
    assert!(said.contains("about records that say something else since they were made: 1"), "{said}");
    assert_eq!(states(), "2001|applied\n2002|changed");
    // it holds, and is a question again
    assert_eq!(job.staged("select role from ready_profiles where legacy_id = 2002"), "technician");
    assert_eq!(
        job.staged("select count(*) from v_review_items where legacy_id = 2002 and question = 'role'"),
        "1"
    );
    job.steps("load", "verify");

    // the same answer settles it
    decide("technician", 0);
    job.steps("transform", "verify");
    assert_eq!(states(), "2001|applied\n2002|applied");
    assert_eq!(
        job.staged("select count(*) from v_review_items where legacy_id = 2002 and question = 'role'"),
        "0"
    );
    assert_eq!(job.staged("select count(*) from decisions"), "3");
}

#[test]
fn an_id_that_is_given_again_is_a_question_and_takes_nobodys_row() {
    let job = Job::of_size(Size { offices: 3, users: 60 }).at("load");
    let users = job.path("legacy").join("auth_user.csv");
    let was = fs::read_to_string(&users).unwrap();
    let line = "1010,u1010,Ann1010,Example,ann1010@example.org,2020-01-01 00:00:00+00";
    assert!(was.contains(line));
    let other = "1010,newcomer,Bo,Berg,bo.berg@example.org,2025-05-06 10:11:12+00";
    fs::write(&users, was.replace(line, other)).unwrap();
    let row = "select first_name, email from profiles where legacy_id = 1010";
    let taken = job.run(["extract", "--csv", "legacy", "--replace"]);
    assert!(
        taken.stdout.contains("1 ids of users, patients or offices look like somebody else's"),
        "{}",
        taken.stdout
    );
    job.run(["survey", "--quiet"]);
    job.drydock(["transform", "--quiet"]).run().expect(6);
    job.drydock(["load", "--quiet"]).run().expect(6);
    assert_eq!(job.loaded(row), "Ann1010|ann1010@example.org");
    assert_eq!(
        job.staged(
            "select entity, entity_id, field from migration_errors where error_code = 'id_of_another' order by 1"
        ),
        "patients|5010|person\nprofiles|1010|person"
    );
    assert_eq!(
        job.staged("select entity, fate from records where fate <> 'ready' order by 1"),
        "patients|quarantined\nprofiles|quarantined"
    );

    // the same data once more is no answer
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.drydock(["transform", "--quiet"]).run().expect(6);
    let decide = |action: &str| {
        let sheet = format!(
            "entity,legacy_id,question,action,value,reason,decided_by\n\
             profiles,1010,person,{action},,asked,Kim\npatients,5010,person,{action},,asked,Kim\n"
        );
        fs::write(job.path("decisions.csv"), sheet).unwrap();
        job.run(["review", "import", "decisions.csv", "--revise", "--quiet"]);
        job.run(["survey", "--quiet"]);
        job.run(["transform", "--quiet"]);
    };

    // another one has rows of their own, and the other's stay as they are but for the legacy id
    let before = job.digest();
    decide("not_a_duplicate");
    job.run(["load", "--quiet"]);
    assert_eq!(job.loaded(row), "Bo|bo.berg@example.org");
    let other = "select first_name, legacy_id is null from profiles where email = 'ann1010@example.org'";
    assert_eq!(job.loaded(other), "Ann1010|t");
    assert_eq!(
        job.loaded("select first_name, coalesce(legacy_id, 0) from patients where first_name in ('Bo', 'Ann1010') order by 1"),
        "Ann1010|0\nBo|5010"
    );
    job.run(["verify", "--quiet"]);
    let (loaded, run) = (job.digest(), job.last_run("load"));
    job.run(["load", "--quiet"]);
    job.run(["survey", "--quiet"]);
    job.run(["transform", "--quiet"]);
    job.run(["load", "--quiet"]);
    assert_eq!(job.digest(), loaded);
    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(job.digest(), before);

    decide("accept");
    job.run(["load", "--quiet"]);
    assert_eq!(job.loaded(row), "Bo|bo.berg@example.org");
    job.run(["verify", "--quiet"]);

    // and another one after that is another question
    std::thread::sleep(std::time::Duration::from_millis(1_100));
    fs::write(&users, was.replace(line, "1010,third,Cy,Dahl,cy.dahl@example.org,2025-09-09 09:09:09+00"))
        .unwrap();
    job.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    job.drydock(["transform", "--quiet"]).run().expect(6);
    assert_eq!(
        job.staged("select fate from records where entity = 'profiles' and legacy_id = 1010"),
        "quarantined"
    );
}
