//! What somebody gives where something else belongs is not repeated: a URL with its password, a private key, a file of
//! patients or of secrets taken for a configuration, a table without a header line.

use std::fs;

use crate::harness::{Drydock, Job, Outcome, empty_target};

/// Stands wherever nobody may read it.
const SECRET: &str = "Secr3t";

/// Runs it with every log line, and finds the secret nowhere.
#[track_caller]
fn silent(run: Drydock) -> Outcome {
    let outcome = run.env("DRYDOCK_LOG", "trace").run();
    for text in [&outcome.stdout, &outcome.stderr] {
        assert!(!text.to_lowercase().contains(&SECRET.to_lowercase()), "{text}");
    }
    outcome
}

fn job() -> Job {
    Job::of_tables(&[], empty_target())
}

#[test]
fn a_file_taken_for_the_configuration_is_not_shown() {
    let job = job();
    for (text, place) in [
        ("postgres://anna:Secr3t@db.example/pm\n", "line 1, column "),
        ("id,first_name,last_name\n1,Secr3t,Secr3t\n", "line 1, column "),
        ("1,Secr3t,Secr3t,1980-01-02\n", "line 1, column"),
        ("[policy]\nduplicates = \"Secr3t\"\n", "line 2, column 14 (duplicates)"),
        ("[policy]\nmerge_threshold = \"Secr3t\"\n", "line 2, column"),
        ("[policy.roles]\nadmin = [\"Secr3t\", 1]\n", "line 2, column"),
        ("AGE-SECRET-KEY-1Secr3t\n", "line 1, column"),
        ("PASSWORD=\"Secr3t\n", "line 1, column"),
    ] {
        fs::write(job.path("given"), text).unwrap();
        for verb in [&["transform"][..], &["extract", "--csv", "legacy"], &["doctor"]] {
            let outcome = silent(job.drydock(verb).args(["--config", "given"])).expect(3);
            assert!(outcome.stderr.contains(place), "{text}: {}", outcome.stderr);
        }
    }
}

#[test]
fn a_url_or_a_key_in_the_wrong_place_is_masked() {
    let job = job();
    let url = "postgres://anna:Secr3t@db.example/pm?password=Secr3t";
    let key = "AGE-SECRET-KEY-1Secr3t";
    let pair = "host=db.example user=anna password='Secr3t Secr3t'";
    for given in [url, key, pair, "sb_secret_Secr3t", "sbp_Secr3t", "eyJSecr3t.eyJSecr3t.Secr3t"] {
        for arguments in [
            &["status", "--staging"][..],
            &["transform", "--config"],
            &["extract", "--csv"],
            &["extract", "--dump"],
            &["extract", "--legacy-url-file"],
            &["load", "--target-url-file"],
            &["survey", "--target-url-file"],
            &["review", "import"],
            &["diff", "old.drydock"],
            &["audit", "check"],
            &["audit", "check", "--public-key"],
            &["audit", "check", "--identity"],
            &["audit", "check", "--expect-head"],
            &["audit", "seal", "--out", "sealed", "--sign"],
            &["audit", "seal", "--out", "sealed", "--recipient"],
            &["duplicates", "--map", "a=surname", "--id", "id"],
            &["shred"],
            &["help"],
            &["explain", "profile"],
            &["load", "--phase"],
            &["rollback", "--run"],
            &["load"],
            &[],
        ] {
            let outcome = silent(job.drydock(arguments).args([given]));
            assert!(!matches!(outcome.code, None | Some(0 | 1)), "{arguments:?}: {outcome:?}");
        }
    }
    // what comes from elsewhere is masked, and the rest says which it was
    for (given, shown) in [
        ("postgres://anna:Secr3t@db.example/pm", "postgres:/anna:…@db.example/pm"),
        ("anna:Secr3t@db.example:5432/pm", "anna:…@db.example:5432/pm"),
        ("postgres://db.example/pm?user=anna&passwd=Secr3t", "passwd=…"),
    ] {
        for verb in [&["transform"][..], &["load"], &["extract", "--csv", "legacy"], &["status"], &["verify"]]
        {
            let outcome = silent(job.drydock(verb).env("DRYDOCK_STAGING", given));
            assert!(!matches!(outcome.code, None | Some(0 | 1)), "{verb:?}: {outcome:?}");
            let shown =
                outcome.stderr.contains(shown) || outcome.stderr.contains(&shown.replace(":/", "://"));
            assert!(shown, "{verb:?}: {}", outcome.stderr);
        }
    }
    let key = "MC4CAQAwBQYDK2VwBCIEISecr3tSecr3tSecr3tSecr3tSecr3tSecr3tSecr3tS";
    for given in [key.to_owned(), format!("-----BEGIN PRIVATE KEY-----\n{key}\n-----END PRIVATE KEY-----")] {
        for arguments in
            [&["audit", "seal", "--out", "sealed", "--sign"][..], &["status"], &["errors", "--code"]]
        {
            silent(job.drydock(arguments).args([&given])).expect_any();
        }
        silent(job.drydock(["doctor", "--csv"]).args(["anna:Secr3t@h/x"])).expect(4);
    }
}

#[test]
fn a_password_does_not_stand_in_the_list_of_processes() {
    let job = job();
    for url in
        ["postgres://anna:Secr3t@127.0.0.1:1/pm", "host=127.0.0.1 port=1 user=anna dbname=pm password=Secr3t"]
    {
        let outcome = silent(job.drydock(["demo", "--dir", "world", "--to", url])).expect(2);
        assert!(outcome.stderr.contains("PGPASSWORD"), "{}", outcome.stderr);
        assert!(!job.path("world").exists());
    }
}

#[test]
fn a_table_without_a_header_line_is_refused_and_its_first_record_not_shown() {
    for (table, rows) in [
        ("auth_user", "1,Secr3t,Secr3t2,secr3t@harbour.example,2019-03-04 05:06:07+00\n"),
        ("auth_user", "1,Secr3t,Secr3t,secr3t@harbour.example,2019-03-04 05:06:07+00\n"),
        ("dispatch_patient", "1,2,1980-01-02,Secr3t\n2,3,1981-01-02,Secr3t\n"),
        ("dispatch_usersetting", "1,1,Secr3t\n"),
    ] {
        let job = job();
        job.write_table(table, rows);
        for verb in [&["extract", "--csv", "legacy"][..], &["doctor", "--csv", "legacy"]] {
            let outcome = silent(job.drydock(verb)).expect(4);
            let told = outcome.stdout + &outcome.stderr;
            assert!(
                told.contains(&format!("{table}.csv"))
                    && (told.contains("first line") || told.contains("header line")),
                "{told}"
            );
        }
        let outcome = silent(job.drydock([
            "duplicates",
            &format!("legacy/{table}.csv"),
            "--id",
            "id",
            "--map",
            "last_name=surname",
        ]));
        outcome.expect(2);
    }
}
