//! What a report says first: never more than holds, what is wrong by legacy id, and the command that comes next.

use std::fs;

use crate::harness::{Job, empty_target};
use serde_json::Value;

/// An office, a doctor, and two patients of whom one finds no practice.
fn job(config: &str) -> Job {
    let users = "id,first_name,last_name,email,date_joined\n\
                 1,Ida,Quay,ida@harbour.example,2020-01-01 00:00:00+00\n\
                 2,Odd,Sund,,2020-01-01 00:00:00+00\n3,Eva,Strand,,2020-01-01 00:00:00+00\n";
    let patients =
        "id,user_id,birthdate,sex,doctor_id,office_id\n701,2,1961-02-03,1,1,7\n702,3,1972-03-04,2,,\n";
    let tables = [
        ("auth_user", users.to_owned()),
        ("dispatch_patient", patients.to_owned()),
        ("dispatch_office", "id,name,doctor_id\n7,Quayside,1\n".to_owned()),
    ];
    Job::of_tables(&tables, empty_target()).configured(config)
}

/// The report as JSON, whatever exit code the result asks for.
fn report(job: &Job) -> Value {
    let printed = job.drydock(["report", "--format", "json"]).run().expect_one_of(&[0, 6, 7]);
    serde_json::from_str(&printed.stdout).expect("JSON")
}

fn page(job: &Job) -> String {
    job.drydock(["report"]).run().expect_one_of(&[0, 6, 7]).stdout
}

const ALLOWED: &str = "[policy.allowed_rejects]\npatients = 1\n";

#[test]
fn a_verified_result_with_too_much_kept_back_is_no_verified_page() {
    let job = job("");
    for verb in ["extract", "survey", "transform", "load", "verify"] {
        job.verb(verb).run().expect_one_of(&[0, 6]);
    }
    let said = report(&job);
    let headline = said["headline"].as_str().unwrap();
    assert!(headline.contains("one record is kept back, more than the configuration allows"), "{headline}");
    assert_eq!(said["lead"]["command"], "drydock review page --out review.html");
    let page = page(&job);
    assert!(page.contains("class=\"ring unproved\"") && !page.contains("class=\"ring\""));
    assert!(!page.contains("<h1 class=\"good\">"));
}

#[test]
fn decisions_that_wait_are_said_and_the_old_verification_is_not_held_out_as_the_present_one() {
    let job = job(ALLOWED).at("verify");
    assert!(report(&job)["headline"].as_str().unwrap().starts_with("Verified"));
    fs::write(
        job.path("answers.csv"),
        "item,action,value,decided_by\npatients:702:practice_id,choose,7,Ada\n",
    )
    .expect("answers");
    job.run(["review", "import", "answers.csv"]);
    let said = report(&job);
    let headline = said["headline"].as_str().unwrap();
    assert!(headline.contains("one decision waits for a transform"), "{headline}");
    assert_eq!(said["lead"]["command"], "drydock transform");
    assert_eq!(said["status"]["decisions_waiting"], 1);
    let page = page(&job);
    assert!(page.contains("<h1 class=\"open\">") && !page.contains("class=\"ring\""));
    assert!(page.contains("changed the result since") && page.contains("says nothing of the present result"));
    let status = job.run(["status"]).stdout;
    assert!(status.contains("decisions that wait for `drydock transform`: 1"), "{status}");
    assert!(
        status.contains("not verified since the last change; before it: verification passed"),
        "{status}"
    );
    // and when they are applied, nothing waits
    for verb in ["transform", "load", "verify"] {
        job.verb(verb).run().expect(0);
    }
    let said = report(&job);
    assert_eq!(said["status"]["decisions_waiting"], 0);
    assert!(said["headline"].as_str().unwrap().starts_with("Verified"), "{}", said["headline"]);
}

#[test]
fn wrong_rows_are_named_by_legacy_id_and_no_ring_is_green_beside_them() {
    let job = job(ALLOWED).at("load");
    job.target().execute("update patients set last_name = 'Somebody' where legacy_id = 701");
    job.drydock(["verify", "--quiet"]).run().expect(7);
    let said = report(&job);
    assert!(
        said["headline"].as_str().unwrap().starts_with("The target is not what was meant"),
        "{}",
        said["headline"]
    );
    let page = page(&job);
    assert!(page.contains("patients 701 last_name"), "the wrong row is not named");
    assert!(page.contains("class=\"ring wrong\"") && !page.contains("class=\"ring\""));
    assert!(!page.contains("Somebody"));
    let markdown = job.drydock(["report", "--format", "md"]).run().expect(0).stdout;
    assert!(markdown.contains("patients 701 last_name"), "{markdown}");
}

#[test]
fn an_empty_source_is_no_success_on_any_page() {
    let job = Job::of_tables(&[], empty_target()).by("");
    for verb in ["extract", "survey", "transform"] {
        job.verb(verb).run().expect_one_of(&[0, 6]);
    }
    let said = report(&job);
    let headline = said["headline"].as_str().unwrap();
    assert!(headline.starts_with("Nothing was migrated: 6 required tables"), "{headline}");
    let page = page(&job);
    assert!(
        page.contains("<h1 class=\"bad\">") && !page.contains("--share:100"),
        "a full ring about nothing"
    );
}

#[test]
fn what_waits_is_shown_with_the_records_and_the_command() {
    let job = job(ALLOWED).at("transform");
    let page = page(&job);
    assert!(page.contains("drydock errors --code practice_unresolved"), "no command");
    assert!(page.contains("href=\"#checks\"") && page.contains("id=\"checks\""));
    let made = page.split("made ").nth(1).expect("when it was made");
    assert_eq!(&made[4..5], "-", "{}", &made[..20]);
}

#[test]
fn a_verification_after_a_load_with_refused_records_is_the_present_one() {
    let job = job(ALLOWED).at("transform");
    job.target().execute(
        "create function refuse() returns trigger language plpgsql as \
         'begin if new.legacy_id = 701 then raise exception using errcode = ''P0001''; end if; return new; end'; \
         create trigger refuse before insert on patients for each row execute function refuse()",
    );
    job.drydock(["load", "--quiet"]).run().expect(6);
    job.drydock(["verify", "--quiet"]).run().expect(7);
    let said = report(&job);
    assert_eq!(said["status"]["is_verification_stale"], false);
    let headline = said["headline"].as_str().unwrap();
    assert!(headline.starts_with("The target is not what was meant"), "{headline}");
    let lead = said["lead"]["sentence"].as_str().unwrap();
    assert!(lead.starts_with("one record is refused by the target"), "{lead}");
    assert_eq!(said["lead"]["command"], "drydock load --retry-failed");
    // a rehearsal changes nothing, a load does
    job.drydock(["load", "--quiet", "--dry-run"]).run().expect(6);
    assert_eq!(report(&job)["status"]["is_verification_stale"], false);
    job.target().execute("drop trigger refuse on patients");
    job.run(["load", "--quiet", "--retry-failed"]);
    assert_eq!(report(&job)["status"]["is_verification_stale"], true);
    job.run(["verify", "--quiet"]);
    let said = report(&job);
    assert!(said["headline"].as_str().unwrap().starts_with("Verified"), "{}", said["headline"]);
    // what each of the loads sent and wrote is still known
    let runs = said["status"]["runs"].as_array().unwrap();
    let written: Vec<u64> = runs.iter().filter_map(|run| run["rows_written"].as_u64()).collect();
    assert_eq!(written.len(), 2, "{runs:?}");
    assert!(written[0] > written[1] && written[1] > 0, "{written:?}");
    let page = page(&job);
    assert!(page.contains("the plan estimates 12 to 16 hours"));
}

#[test]
fn what_is_kept_back_is_named_by_legacy_id() {
    let job = job(ALLOWED).at("transform");
    let page = page(&job);
    let (_, kept) = page.split_once("Records that are not ready").expect("what is kept back");
    let (kept, _) = kept.split_once("</table>").expect("its table");
    assert!(kept.contains("702") && kept.contains("practice_unresolved"), "{kept}");
    assert_eq!(report(&job)["status"]["waiting"][0]["legacy_ids"], "702");
}
