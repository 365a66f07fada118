//! What was begun and not finished: phases that are not loaded yet, a run that ended badly, messages that nobody reads.

use crate::harness::{Job, Size};

const SMALL: Size = Size { offices: 3, users: 60 };

#[test]
fn what_is_not_loaded_yet_is_said_and_no_alarm() {
    let job = Job::of_size(SMALL).at("transform");
    job.run(["load", "--quiet", "--phase", "2a"]);
    let verified = job.drydock(["verify", "--quiet"]).run().expect(7);
    let words = "not loaded as they stand in the file now: 2B, 2C; what they write counts as a difference";
    assert!(verified.stdout.contains(words), "{}", verified.stdout);
    let report = job.drydock(["report", "--format", "md"]).run().expect_any().stdout;
    assert!(
        report.contains("Not everything is loaded yet: ") && !report.contains("not what was meant"),
        "{report}"
    );
    assert!(report.contains("drydock load"), "{report}");
    job.run(["load", "--quiet"]);
    job.run(["verify", "--quiet"]);
    // damage to what is loaded is an alarm again
    job.target().execute("update patients set first_name = 'Changed' where legacy_id = 5050");
    let verified = job.drydock(["verify", "--quiet"]).run().expect(7);
    assert!(!verified.stdout.contains("not loaded"), "{}", verified.stdout);
    assert!(
        job.drydock(["report", "--format", "md"])
            .run()
            .expect_any()
            .stdout
            .contains("The target is not what was meant")
    );
    // resolved again since, with the same result: nothing differs, and the receipts are not of these rows
    job.run(["load", "--quiet"]);
    job.run(["transform", "--quiet"]);
    let verified = job.drydock(["verify", "--quiet"]).run().expect(7);
    assert!(verified.stdout.contains("has the digest, but no receipt, of target"), "{}", verified.stdout);
    assert!(
        verified.stdout.contains("not loaded as they stand in the file now: 2A, 2B, 2C"),
        "{}",
        verified.stdout
    );
}

#[test]
fn a_file_whose_snapshot_is_whole_outlives_the_command_that_made_it() {
    let job = Job::of_size(SMALL);
    job.target().execute("alter table practice_members add constraint no check (false)");
    let run =
        |code| job.drydock(["run", "--csv", "legacy", "--on-error", "stop", "--quiet"]).run().expect(code);
    run(5);
    assert!(job.file().exists());
    assert_eq!(job.loaded("select count(*) from profiles"), "60");
    job.target().execute("alter table practice_members drop constraint no");
    job.run(["survey", "--quiet"]);
    run(0);
    for run in job.loaded("select distinct run_id from drydock.receipts order by 1 desc").lines() {
        job.run(["rollback", "--run", run, "--quiet"]);
    }
    assert_eq!(job.loaded("select count(*) from profiles"), "0");

    // one without a snapshot is no use to anybody
    let job = Job::of_size(SMALL);
    job.drydock(["run", "--csv", "nowhere", "--quiet"]).run().expect_any();
    assert!(!job.file().exists());
}

#[test]
fn a_standard_error_that_nobody_reads_stops_no_work() {
    let job = Job::of_size(SMALL).at("transform");
    let script =
        format!("{} load 2>&1 >/dev/null | true; exit ${{PIPESTATUS[0]}}", env!("CARGO_BIN_EXE_drydock"));
    let ended = std::process::Command::new("bash")
        .args(["-c", &script])
        .current_dir(job.folder())
        .env("DRYDOCK_TARGET_URL", job.target().url())
        .status()
        .unwrap();
    assert_eq!(ended.code(), Some(0));
    job.run(["verify", "--quiet"]);
}

#[test]
fn what_is_wrong_is_named_wherever_it_is_said_that_something_is() {
    let job = Job::of_size(SMALL).at("verify");
    job.target().execute(
        "update patients set last_name = 'Other' where legacy_id = 5050; delete from patients where legacy_id = 5047",
    );
    let verified = job.drydock(["verify", "--quiet"]).run().expect(7).stdout;
    let markdown = job.drydock(["report", "--format", "md"]).run().expect_any().stdout;
    let page = job.drydock(["report", "--format", "html"]).run().expect_any().stdout;
    for said in [&verified, &markdown, &page] {
        assert!(said.contains("patients 5047 missing, patients 5050 last_name"), "{said}");
        assert!(!said.contains("Other"), "{said}");
    }
}

#[test]
fn what_a_command_undoes_is_said_and_is_not_called_never_done() {
    let job = Job::of_size(SMALL).at("transform");
    let survey = job.drydock(["survey"]).run().expect(0);
    let words = "to be done again, because what it builds on has changed: transform";
    assert!(survey.stderr.contains(words), "{}", survey.stderr);
    for (arguments, before) in [
        (&["status"][..], "transform_completed_at: to be done again, last done 20"),
        (&["report", "--format", "md"], "transform_completed_at: to be done again, last done 20"),
        (&["report", "--format", "html"], ">to be done again, last done 20"),
    ] {
        let shown = job.drydock(arguments.iter().copied()).run().expect_any().stdout;
        assert!(shown.contains(before), "{shown}");
        assert!(shown.contains("not yet"), "what was never done is not: {shown}");
    }
    // what is done once more and stands is no news
    let transform = job.drydock(["transform"]).run().expect(0);
    assert!(!transform.stderr.contains("to be done again"), "{}", transform.stderr);
    // nor is a verification that does not pass one that something else has undone
    for step in ["load", "verify"] {
        job.run([step, "--quiet"]);
    }
    job.target().execute("update patients set first_name = 'Changed' where legacy_id = 5050");
    let verified = job.drydock(["verify"]).run().expect(7);
    assert!(!verified.stderr.contains("to be done again"), "{}", verified.stderr);
}
