//! The review page in a real browser: decided at the keyboard, saved, imported, transformed; and then every record is what the
//! same answers in a spreadsheet make of it.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Job, empty_target, migrated};
use serde_json::{Value, json};

/// What drives the browser, and what judges the page, as npm packages.
const PACKAGES: [&str; 2] = ["playwright-core@1.65.1", "axe-core@4.10.3"];

/// A name that would be markup, were it not a text.
const HOSTILE: &str = r#"</script><img src=x onerror="document.title='owned'"><!--"#;

/// The world, resolved and not loaded, in which a user without a practice has the hostile name.
fn desk() -> Job {
    let config = fs::read_to_string(migrated().path("drydock.toml")).expect("the configuration");
    let job = Job::new("legacy", empty_target()).by(&config);
    fs::create_dir(job.path("legacy")).expect("a folder");
    for entry in fs::read_dir(migrated().path("legacy")).expect("the world") {
        let path = entry.expect("a file").path();
        fs::copy(&path, job.path("legacy").join(path.file_name().unwrap())).expect("a copy");
    }
    let users = fs::read_to_string(job.path("legacy/auth_user.csv")).expect("users");
    let lines = users.lines().map(|line| {
        let cells: Vec<&str> = line.splitn(5, ',').collect();
        if cells[0] != "42" {
            return line.to_owned();
        }
        let name = HOSTILE.replace('"', "\"\"");
        format!("{},{},{},\"{name}\",{}", cells[0], cells[1], cells[2], cells[4])
    });
    job.write_table("auth_user", &(lines.collect::<Vec<_>>().join("\n") + "\n"));
    job.at("transform")
}

/// The open questions, by entity and question, in the order of the export.
fn questions(job: &Job) -> Vec<BTreeMap<String, String>> {
    let exported = job.run(["review", "export", "--full"]);
    csv::Reader::from_reader(exported.stdout.as_bytes()).deserialize().collect::<Result<_, _>>().expect("CSV")
}

fn of<'q>(
    questions: &'q [BTreeMap<String, String>],
    entity: &str,
    question: &str,
) -> Vec<&'q BTreeMap<String, String>> {
    let is_asked =
        |row: &&BTreeMap<String, String>| row["entity"] == entity && row["question"].starts_with(question);
    questions.iter().filter(is_asked).collect()
}

/// Packages of npm, unpacked.
fn packages(directory: &Path) -> Vec<PathBuf> {
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(directory).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{program} {arguments:?}: needs npm and its registry"
        );
    };
    PACKAGES
        .iter()
        .map(|package| {
            let name = package.split('@').next().unwrap();
            run("npm", &["pack", "--silent", package]);
            fs::create_dir(directory.join(name)).expect("a folder");
            run("tar", &["xzf", &format!("{}.tgz", package.replace('@', "-")), "-C", name]);
            directory.join(name).join("package")
        })
        .collect()
}

/// Decides on the page as the plan says; what the browser saw.
fn drive(job: &Job, plan: &Value) -> Value {
    let tools = tempfile::tempdir().expect("a folder");
    let packages = packages(tools.path());
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let path = names.iter().find_map(|name| {
        let found = Command::new("sh").args(["-c", &format!("command -v {name}")]).output().ok()?;
        Some(String::from_utf8_lossy(&found.stdout).trim().to_owned()).filter(|path| !path.is_empty())
    });
    let mut plan = plan.clone();
    plan["browser"] = path.expect("chromium; `apt-get install chromium`").into();
    fs::write(job.path("plan.json"), plan.to_string()).expect("the plan");
    let driver = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/harness/keyboard.js");
    let output = Command::new("node")
        .arg(driver)
        .arg(&packages[0])
        .arg(packages[1].join("axe.min.js"))
        .arg(job.path("plan.json"))
        .output()
        .expect("node, which npm brings");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("what was seen")
}

/// What a decision makes: the fates, the practices and the values, of every record.
const OUTCOME: [&str; 5] = [
    "select entity, legacy_id, fate, merged_into from records order by 1, 2",
    "select entity, legacy_id, practice_legacy_id, association_method, confidence_level from associations order by 1, 2",
    "select legacy_id, email, first_name, last_name, role, practice_id from ready_profiles order by 1",
    "select * from v_waiting order by 1, 2",
    "select entity, legacy_id, question, action, value, reason, decided_by, state from decisions order by 1, 2, 3",
];

#[test]
#[ignore = "needs chromium, and npm with its registry for what drives and judges it; .ci/run runs this"]
fn what_is_decided_on_the_page_is_what_becomes_of_the_records() {
    let job = desk();
    let asked = questions(&job);
    let written = job.run(["review", "page", "--out", "review.html", "--json"]);
    let written: Value = serde_json::from_str(&written.stdout).expect("JSON");
    assert_eq!(written["questions"], asked.len());
    let page = job.path("review.html");
    assert_eq!(fs::metadata(&page).expect("the page").permissions().mode() & 0o777, 0o600);
    let html = fs::read_to_string(&page).expect("the page");
    assert!(html[..200].contains("holds patients' values") && !html.contains("<img"), "{}", &html[..200]);

    let pairs = of(&asked, "profiles", "duplicate_of_");
    // two whose records are in no other pair, and one to pass on
    let alone: Vec<_> = pairs
        .iter()
        .filter(|pair| {
            let own = [&pair["legacy_id"], &pair["candidates"]];
            let names = |row: &&&BTreeMap<String, String>| {
                own.contains(&&row["legacy_id"]) || own.contains(&&row["candidates"])
            };
            pairs.iter().filter(names).count() == 1
        })
        .collect();
    let [merged, distinct, passed, ..] = alone.as_slice() else { panic!("{} pairs", alone.len()) };
    // three users of whom two answers make one person: the first goes where the second does, and nobody can say any more that the
    // first and the last are two
    let pair = |one: &str, other: &str| {
        pairs.iter().copied().find(|row| row["legacy_id"] == one && row["candidates"] == other)
    };
    let chain = pairs.iter().find_map(|goes| {
        let through = pairs.iter().find(|row| row["legacy_id"] == goes["candidates"])?;
        Some((*goes, *through, pair(&goes["legacy_id"], &through["candidates"])?))
    });
    let (goes, through, refused) = chain.expect("three users who are asked about in pairs");
    let practices = of(&asked, "profiles", "practice_id");
    let hostile = practices.iter().find(|row| row["legacy_id"] == "42").expect("the user is asked about");
    let several = of(&asked, "patients", "practice_id");
    let chosen = several.iter().find(|row| row["candidates"].contains(' ')).expect("one with candidates");
    let second = chosen["candidates"].split(' ').nth(1).unwrap();
    let email = of(&asked, "profiles", "email")[0];
    let roles = of(&asked, "profiles", "role");
    let owner = of(&asked, "practice_owners", "doctor_id")[0];
    let member = of(&asked, "practice_members", "user_id")[0];
    let birth = of(&asked, "patients", "date_of_birth")[0];
    let doctor = job.staged(
        "select min(cast(user_id as integer)) from legacy_dispatch_office_doctors \
                             where user_id in (select legacy_id from ready_profiles where role = 'doctor')",
    );
    let office = job.staged("select max(legacy_id) from ready_practices");
    let step = |row: &BTreeMap<String, String>, keys: &[&str]| json!({ "item": row["item"], "keys": keys, "face": true });
    let steps = json!([
        step(merged, &["m"]),
        // decided wrongly, and taken back
        step(distinct, &["1", "u", "n"]),
        step(passed, &["e"]),
        step(goes, &["m"]),
        step(through, &["m"]),
        step(refused, &["n"]),
        step(hostile, &["c", &format!("type:{office}"), "Enter"]),
        step(chosen, &["2"]),
        step(email, &["1"]),
        step(owner, &["c", &format!("type:{doctor}"), "Enter"]),
        step(member, &["r", "type:left years ago", "Enter"]),
        step(birth, &["a"]),
        { "item": roles[0]["item"], "alike": "set to doctor", "reason": "asked \"all\" <b>of</b> them" },
    ]);
    let many = (11 + roles.len()).to_string();
    let seen = drive(
        &job,
        &json!({ "page": page, "saved": job.path("decisions.json"), "by": "Ada Berg", "steps": steps }),
    );
    assert_eq!(seen["violations"], json!([]));
    assert_eq!(seen["console"], json!([]));
    assert!(seen["passed"].as_u64() > Some(15), "{seen}");
    let outside = |url: &Value| {
        !url.as_str().is_some_and(|url| ["file:", "blob:", "data:"].iter().any(|own| url.starts_with(own)))
    };
    assert!(!seen["requests"].as_array().unwrap().iter().any(outside), "{}", seen["requests"]);
    assert_eq!(seen["title"], "Open questions");
    assert!(seen["drawn"].as_u64() < Some(60), "more of the queue is drawn than is seen: {}", seen["drawn"]);
    let of_all = |done: &str| json!(format!("{done} of {}", asked.len()));
    assert_eq!((&seen["before"], &seen["elsewhere"]), (&of_all("0"), &of_all("0")));
    for count in ["decided", "reloaded", "restored"] {
        assert_eq!(seen[count], of_all(&many), "{count}");
    }
    // whoever leaves with unsaved decisions is asked, and nobody else is
    assert_eq!((&seen["warned"], &seen["warnedAfterSaving"]), (&json!(["beforeunload"]), &json!(0)));

    let mut sheet = "item,action,value,reason,decided_by\n".to_owned();
    let mut line = |row: &BTreeMap<String, String>, action: &str, value: &str, reason: &str| {
        sheet += &format!("{},{action},{value},\"{reason}\",Ada Berg\n", row["item"]);
    };
    line(merged, "merge", "", "");
    line(distinct, "not_a_duplicate", "", "");
    line(passed, "escalate", "", "");
    line(goes, "merge", &through["candidates"], "");
    line(through, "merge", "", "");
    line(hostile, "choose", &office, "");
    line(chosen, "choose", second, "");
    line(email, "set", &email["proposal"], "");
    line(owner, "choose", &doctor, "");
    line(member, "reject", "", "left years ago");
    line(birth, "accept", "", "");
    for role in &roles {
        line(role, "set", "doctor", "asked \"\"all\"\" <b>of</b> them");
    }
    fs::write(job.path("sheet.csv"), sheet).expect("a sheet");
    fs::copy(job.file(), job.path("sheet.drydock")).expect("a copy");
    let by_sheet = ["--staging", "sheet.drydock"];
    job.run(["review", "import", "sheet.csv"].into_iter().chain(by_sheet));
    job.run(["transform", "--quiet"].into_iter().chain(by_sheet));
    let imported = job.run(["review", "import", "decisions.json", "--json"]);
    let imported: Value = serde_json::from_str(&imported.stdout).expect("JSON");
    assert_eq!(imported["decided"].to_string(), many);
    job.run(["transform", "--quiet"]);
    for sql in OUTCOME {
        let by_page = job.staged(sql);
        assert_eq!(by_page, crate::harness::sqlite3(&job.path("sheet.drydock"), sql), "{sql}");
        assert!(!by_page.is_empty(), "{sql}");
    }
    let fate = |row: &BTreeMap<String, String>| {
        job.staged(&format!(
            "select fate from records where entity = '{}' and legacy_id = {}",
            row["entity"], row["legacy_id"]
        ))
    };
    assert_eq!(
        [fate(merged), fate(distinct), fate(owner), fate(member)],
        ["merged", "ready", "ready", "rejected"]
    );
    // said twice, it is nothing new
    let again = job.run(["review", "import", "decisions.json", "--json"]);
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).expect("JSON")["unchanged"].to_string(), many);
}
