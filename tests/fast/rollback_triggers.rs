//! A rollback in a target whose triggers write, keep or make rows: exact, or exit code 7 with the rows named and nothing
//! called undone that is not.

use std::fs;

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

/// A migration that was loaded, and loaded again with other names and addresses and one patient more.
fn loaded_twice(before: &str) -> (Job, String) {
    let migration = Job::resolved(SMALL, "", before);
    migration.run(["load", "--quiet"]);
    let path = migration.path("legacy/auth_user.csv");
    let text = fs::read_to_string(&path).unwrap().replace(",Ann103", ",Eve103");
    fs::write(&path, text + "2001,u2001,Zoe,Example,zoe@example.org,2020-01-01 00:00:00+00,t,f,f\n").unwrap();
    let path = migration.path("legacy/dispatch_patient.csv");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(&path, text + "9001,2001,1980-02-03,1,2021-01-01 00:00:00+00,1001,1\n").unwrap();
    let path = migration.path("legacy/dispatch_office.csv");
    let text = fs::read_to_string(&path).unwrap().replace("Office No 1", "Harbour");
    fs::write(&path, text).unwrap();
    migration.run(["extract", "--csv", "legacy", "--replace", "--quiet"]);
    migration.run(["transform", "--quiet"]);
    migration.run(["load", "--quiet"]);
    let run = migration.last_run("load");
    (migration, run)
}

#[test]
fn what_a_deferred_trigger_would_do_at_the_commit_is_seen_before_it() {
    for table in ["patients", "profiles"] {
        let (migration, run) = loaded_twice("");
        migration.target().execute(&format!(
            "create function late() returns trigger language plpgsql as $$ begin
                 update patients set last_name = 'Late' where legacy_id = 5035 and last_name <> 'Late'; return null; end $$;
             create constraint trigger late after update on {table} deferrable initially deferred
                 for each row execute function late()"
        ));
        let loaded = migration.digest();
        for dry in [&["--dry-run"][..], &[]] {
            let arguments = ["rollback", "--run", &run].into_iter().chain(dry.iter().copied());
            migration.drydock(arguments).run().expect(7);
            assert_eq!(migration.digest(), loaded, "{table}");
        }
        migration.target().execute("drop function late() cascade");
        migration.run(["rollback", "--quiet", "--run", &run]);
    }
}

#[test]
fn what_a_trigger_writes_while_it_is_undone_is_not_what_others_wrote() {
    let (migration, run) = loaded_twice("");
    migration.target().execute(
        "create function shout() returns trigger language plpgsql as $$ begin
             update practices set name = name || '!'; return null; end $$;
         create trigger shout after delete on patients for each row execute function shout()",
    );
    let loaded = migration.digest();
    let rolled = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(!rolled.stdout.contains("that others wrote since"), "{}", rolled.stdout);
    assert_eq!(migration.digest(), loaded);
}

#[test]
fn a_row_that_a_trigger_keeps_is_named_and_goes_when_nothing_keeps_it() {
    for body in [
        "begin return null; end",
        "begin update patients set first_name = 'Gone' where id = old.id; return null; end",
    ] {
        let (migration, run) = loaded_twice("");
        migration.target().execute(&format!(
            "create function keep() returns trigger language plpgsql as $$ {body} $$;
             create trigger keep before delete on patients for each row execute function keep()"
        ));
        let rolled = migration.drydock(["rollback", "--run", &run]).run().expect(7);
        assert!(
            rolled.stdout.contains("9001") && rolled.stdout.contains("trigger keep"),
            "{}",
            rolled.stdout
        );
        migration.target().execute("drop function keep() cascade");
        migration.drydock(["rollback", "--run", &run, "--force"]).run().expect(0);
        assert_eq!(migration.loaded("select count(*) from patients where legacy_id = 9001"), "0");
    }
}

#[test]
fn rows_that_a_trigger_made_are_named_by_their_id() {
    let (migration, run) = loaded_twice(
        "create function twin() returns trigger language plpgsql as $$ begin
             if new.legacy_id = 2001 then
                 insert into patients (id, user_id, first_name, last_name)
                     values ('00000000-0000-4000-8000-000000000077', new.id, 'Zoe', 'Example');
             end if; return null; end $$;
         create trigger twin after insert on profiles for each row execute function twin()",
    );
    // and the person is there twice
    let verified = migration.drydock(["verify", "--quiet"]).run().expect(7);
    assert!(verified.stdout.contains("people_are_there_once"), "{}", verified.stdout);
    assert_eq!(
        migration
            .staged("select entity, legacy_id, field from findings where name = 'people_are_there_once'"),
        "patients|9001|user_id"
    );
    let loaded = migration.digest();
    let refused = migration.drydock(["rollback", "--run", &run]).run().expect(7);
    assert!(refused.stderr.contains("00000000-0000-4000-8000-000000000077"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("legacy id 0"), "{}", refused.stderr);
    assert_eq!(migration.digest(), loaded);
    migration.target().execute("delete from patients where legacy_id is null");
    migration.run(["rollback", "--quiet", "--run", &run]);
}

#[test]
fn what_was_kept_of_the_rows_and_is_lost_ends_with_7() {
    for lost in ["drop table drydock.pre_images", "drop schema drydock cascade"] {
        let (migration, run) = loaded_twice("");
        migration.target().execute(lost);
        let loaded = migration.digest();
        let refused = migration.drydock(["rollback", "--run", &run]).run().expect(7);
        assert!(refused.stderr.contains("hint"), "{lost}: {}", refused.stderr);
        assert_eq!(migration.digest(), loaded);
    }
}

#[test]
fn what_the_application_commits_while_it_is_undone_is_not_lost() {
    for (table, id, column) in [
        ("patients", 5035, "last_name"),
        ("profiles", 1035, "last_name"),
        ("patients", 9001, "medical_history"),
    ] {
        let (migration, run) = loaded_twice("");
        let mut application = migration.target().client();
        application
            .batch_execute(&format!("begin; update {table} set {column} = 'theirs' where legacy_id = {id}"))
            .unwrap();
        let rollback = migration.drydock(["rollback", "--run", &run]).spawn();
        std::thread::sleep(std::time::Duration::from_secs(2));
        application.batch_execute("commit").unwrap();
        let output = rollback.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(7), "{}", String::from_utf8_lossy(&output.stderr));
        let said = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(said.contains(&id.to_string()), "{said}");
        assert_eq!(
            migration.loaded(&format!("select {column} from {table} where legacy_id = {id}")),
            "theirs"
        );
    }
}
