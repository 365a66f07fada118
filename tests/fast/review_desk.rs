//! What goes out to a person who decides, and what may come back: a page with values or without any, and reasons that are
//! kept or refused, never dropped.

use std::fs;

use crate::harness::{Job, empty_target};
use serde_json::Value;

/// Two patients whom only the default practice takes, an address with a typing error, and an owner who does not exist.
fn job() -> Job {
    let users = "id,username,first_name,last_name,email,date_joined\n\
                 1,okeefe,Siobhán,O’Keefe,siobhan@yahooo.com,2020-01-01 00:00:00+00\n\
                 2,tidewater,Marlow,Tidewater,,2020-01-01 00:00:00+00\n";
    let patients = "id,user_id,birthdate,sex,suffix\n501,1,1961-02-03,2,00BB\n502,2,1972-03-04,1,00BC\n";
    let offices = "id,name,city,doctor_id\n7,Quayside,Portree,1\n8,Pier <b>,Oban,99\n";
    let tables = [
        ("auth_user", users.to_owned()),
        ("dispatch_patient", patients.to_owned()),
        ("dispatch_office", offices.to_owned()),
    ];
    Job::of_tables(&tables, empty_target())
        .configured("[policy]\ndefault_practice = 7\n[policy.allowed_rejects]\npractice_owners = 1\n")
        .at("transform")
}

/// What the page of a file holds.
fn data(html: &str) -> Value {
    let (_, rest) = html.split_once("id=\"data\">").expect("the data");
    serde_json::from_str(rest.split("</script>").next().unwrap()).expect("JSON")
}

#[test]
fn a_page_for_a_rehearsal_holds_no_value_and_its_decisions_are_refused() {
    let job = job();
    job.run(["review", "page", "--out", "review.html"]);
    job.run(["review", "page", "--out", "rehearsal.html", "--redact"]);
    let full = fs::read_to_string(job.path("review.html")).expect("a page");
    let redacted = fs::read_to_string(job.path("rehearsal.html")).expect("a page");
    for value in [
        "Siobhán",
        "O’Keefe",
        "Marlow",
        "Tidewater",
        "okeefe",
        "1961-02-03",
        "yahoo",
        "Quayside",
        "Oban",
        "00BB",
    ] {
        assert!(full.contains(value), "{value} is not on the page");
        assert!(!redacted.contains(value), "{value} is on the page without values");
    }
    let (full, redacted) = (data(&full), data(&redacted));
    let items = |data: &Value| -> Vec<Value> {
        data["questions"].as_array().unwrap().iter().map(|question| question["item"].clone()).collect()
    };
    assert_eq!(items(&full), items(&redacted));
    // whoever was shown values stands in the journal
    let looks = job.staged("select count(*) from journal where content like '%review page%'");
    assert_eq!(looks, "1");

    let answer = |is_rehearsal: bool| {
        let item = format!(
            "{{\"rehearsal\":{is_rehearsal},\"items\":[{{\"item\":\"profiles:1:email\",\"action\":\"accept\",\"value\":\"\",\
             \"reason\":\"\",\"decided_by\":\"Ada\",\"seen\":{}}}]}}",
            full["questions"]
                .as_array()
                .unwrap()
                .iter()
                .find(|one| one["item"] == "profiles:1:email")
                .unwrap()["seen"]
        );
        fs::write(job.path("decisions.json"), item).expect("decisions");
        job.drydock(["review", "import", "decisions.json"]).run()
    };
    let refused = answer(true).expect(3);
    assert!(refused.stderr.contains("rehearsal"), "{}", refused.stderr);
    assert_eq!(job.staged("select count(*) from decisions"), "0");
    answer(false).expect(0);
    assert_eq!(job.staged("select count(*) from decisions"), "1");
}

#[test]
fn a_page_is_never_written_over_a_file_and_needs_questions() {
    let job = job();
    fs::write(job.path("review.html"), "mine").expect("a file");
    job.drydock(["review", "page", "--out", "review.html"]).run().expect(3);
    assert_eq!(fs::read_to_string(job.path("review.html")).expect("a file"), "mine");
    let asked = job.run(["review", "export", "--json"]).stdout;
    let asked: Value = serde_json::from_str(&asked).expect("JSON");
    let mut sheet = "item,action,reason,decided_by\n".to_owned();
    for entry in asked["items"].as_array().unwrap() {
        sheet += &format!("{},reject,gone,Ada\n", entry["item"].as_str().unwrap());
    }
    fs::write(job.path("all.csv"), sheet).expect("a sheet");
    job.run(["review", "import", "all.csv"]);
    let nothing = job.drydock(["review", "page", "--out", "none.html"]).run().expect(3);
    assert!(nothing.stderr.contains("no question is open"), "{}", nothing.stderr);
    assert!(!job.path("none.html").exists());
}

#[test]
fn the_sheet_names_who_waits_and_what_is_proposed() {
    let job = job();
    let sheet = job.run(["review", "export", "--full"]).stdout;
    let mut reader = csv::Reader::from_reader(sheet.as_bytes());
    let rows: Vec<std::collections::BTreeMap<String, String>> =
        reader.deserialize().collect::<Result<_, _>>().expect("CSV");
    let row = |item: &str| {
        rows.iter().find(|row| row["item"] == item).unwrap_or_else(|| panic!("{item} in {sheet}"))
    };
    let email = row("profiles:1:email");
    assert_eq!((email["proposal"].as_str(), email["context"].as_str()), ("siobhan@yahoo.com", ""));
    // the office whose owner is nobody is kept back, and has a name all the same
    let owner = row("practice_owners:8:doctor_id");
    assert_eq!(owner["person"], "Pier <b>");
}

#[test]
fn a_new_reason_for_what_is_decided_is_kept_or_refused() {
    let job = job();
    let import = |reasons: &[&str], flags: &[&str]| {
        let mut sheet = "item,action,reason,decided_by\n".to_owned();
        for reason in reasons {
            sheet += &format!("profiles:1:email,accept,{reason},Ada\n");
        }
        fs::write(job.path("answers.csv"), sheet).expect("a sheet");
        job.drydock(["review", "import", "answers.csv"].iter().chain(flags)).run()
    };
    let reason = || job.staged("select reason from decisions where superseded_by is null");
    import(&["by phone"], &[]).expect(0);
    // the same again, with its reason or without one, is nothing new
    import(&["by phone"], &[]).expect(0);
    import(&[""], &[]).expect(0);
    assert_eq!(
        (reason(), job.staged("select count(*) from decisions")),
        ("by phone".to_owned(), "1".to_owned())
    );
    let refused = import(&["by letter"], &[]).expect(3);
    assert!(
        refused.stderr.contains("another reason") && refused.stderr.contains("--revise"),
        "{}",
        refused.stderr
    );
    assert_eq!(reason(), "by phone");
    import(&["by letter"], &["--revise"]).expect(0);
    assert_eq!(reason(), "by letter");
    let refused = import(&["by mail", "by fax"], &["--revise"]).expect(3);
    assert!(refused.stderr.contains("another reason than line 2"), "{}", refused.stderr);
}
