//! What a machine should not decide goes to a person and comes back as a decision: checked, replayed for ever, loaded.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::harness::{Job, Outcome, empty_target, migrated, psql};
use serde_json::Value;

/// The migrated world, or one that is resolved and not loaded yet; each test has a copy of its own.
struct Desk {
    job: Job,
}

impl Desk {
    fn new() -> Self {
        Self { job: Job::migrated() }
    }

    /// The same world, resolved and not loaded yet.
    fn fresh() -> Self {
        let config = fs::read_to_string(migrated().path("drydock.toml")).expect("the configuration");
        Self { job: Job::new(migrated().path("legacy"), empty_target()).by(&config).at("transform") }
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        self.job.drydock(["--quiet"]).args(arguments).run()
    }

    fn sql(&self, sql: &str) -> String {
        self.job.staged(sql)
    }

    /// The open questions, by item.
    fn questions(&self) -> Vec<BTreeMap<String, String>> {
        let exported = self.run(&["review", "export"]).expect(0);
        let mut reader = csv::Reader::from_reader(exported.stdout.as_bytes());
        reader.deserialize().collect::<Result<_, _>>().expect("CSV")
    }

    fn ask(&self, entity: &str, question: &str) -> Vec<BTreeMap<String, String>> {
        let asked = |row: &BTreeMap<String, String>| row["entity"] == entity && row["question"] == question;
        self.questions().into_iter().filter(asked).collect()
    }

    fn import(&self, text: impl AsRef<[u8]>) -> Outcome {
        let path = self.job.path("answers.csv");
        fs::write(&path, text).expect("a file");
        self.run(&["review", "import", "answers.csv", "--by", "Anna Berg"])
    }

    /// Imports answers to items: item, action, value.
    fn answer(&self, answers: &[(&str, &str, &str)]) -> Outcome {
        let mut text = "item,action,value,reason\n".to_owned();
        for (item, action, value) in answers {
            text += &format!("{item},{action},{value},checked by phone\n");
        }
        self.import(text)
    }

    fn decisions(&self) -> String {
        self.sql("select * from decisions order by decision_id")
    }
}

fn id(row: &BTreeMap<String, String>) -> &str {
    &row["item"]
}

#[test]
fn the_export_has_every_open_question_once_most_urgent_first_and_no_value() {
    let desk = Desk::new();
    let questions = desk.questions();
    let severities: Vec<_> = questions.iter().map(|row| row["severity"].as_str()).collect();
    let rank = |word: &str| ["critical", "high", "medium", "low"].iter().position(|known| *known == word);
    assert!(severities.is_sorted_by_key(|word| rank(word)), "{severities:?}");

    let json: Value =
        serde_json::from_str(&desk.run(&["review", "export", "--json"]).expect(0).stdout).expect("JSON");
    assert_eq!(json["items"].as_array().map(Vec::len), Some(questions.len()));
    let followers = json["follow_their_patient"].as_u64().expect("a number");
    let open = "select (select count(*) from (select distinct entity, entity_id, field from migration_errors \
                        where resolution_strategy = 'manual')) \
                     + (select count(*) from duplicate_pairs where entity = 'profiles' and verdict = 'linked' and band <> 'low')";
    assert_eq!((questions.len() as u64 + followers).to_string(), desk.sql(open));

    // names, addresses and dates are there only where they are asked for
    let name = desk.sql(
        "select first_name from ready_patients p join v_review_items v on v.legacy_id = p.legacy_id \
         and v.entity = 'patients' where length(first_name) > 3 limit 1",
    );
    let plain = desk.run(&["review", "export"]).expect(0).stdout;
    let full = desk.run(&["review", "export", "--full"]).expect(0).stdout;
    assert!(!plain.contains(&name) && !plain.contains('@'), "{name}");
    assert!(full.contains(&name) && full.contains('@'), "{name}");

    // both of a pair are named, and what a look brings says where it stands
    let rows: Vec<BTreeMap<String, String>> =
        csv::Reader::from_reader(full.as_bytes()).deserialize().collect::<Result<_, _>>().expect("CSV");
    let pairs: Vec<_> = rows.iter().filter(|row| row["question"].starts_with("duplicate_of_")).collect();
    for pair in &pairs {
        for (id, column) in [("legacy_id", "person"), ("candidates", "other_person")] {
            let name = desk.sql(&format!(
                "select trim(trim(first_name) || ' ' || trim(last_name)) from legacy_auth_user where legacy_id = {}",
                pair[id]
            ));
            let words =
                |text: &str| text.trim_start_matches('\'').split_whitespace().collect::<Vec<_>>().join(" ");
            assert_eq!(words(&pair[column]), words(&name), "{} {column}", pair["item"]);
        }
    }
    let look = |row: &BTreeMap<String, String>| {
        let sql = format!(
            "select coalesce(look_value, 0) from v_review_items where entity = '{}' and legacy_id = {} and question = '{}'",
            row["entity"], row["legacy_id"], row["question"]
        );
        desk.sql(&sql).parse::<f64>().expect("a number")
    };
    for severity in ["critical", "high", "medium", "low"] {
        let looks: Vec<f64> = rows.iter().filter(|row| row["severity"] == severity).map(look).collect();
        assert!(looks.is_sorted_by(|one, next| one >= next), "{severity} {looks:?}");
    }
}

#[test]
fn decided_records_end_as_decided_in_the_target_and_after_every_transform() {
    let desk = Desk::new();
    let practices = desk.ask("patients", "practice_id");
    let [chosen, accepted, rejected, escalated, ..] = practices.as_slice() else { panic!("{practices:?}") };
    let birthdate = &desk.ask("patients", "date_of_birth")[0];
    let roles = desk.ask("profiles", "role");
    let email = &desk.ask("profiles", "email")[0];
    let owner = &desk.ask("practice_owners", "doctor_id")[0];
    let office = desk.sql("select min(legacy_id) from legacy_dispatch_office");
    let doctor = desk.sql("select min(entity_id) from migration_errors where error_code = 'role_unknown'");
    let merged = roles.iter().find(|row| row["legacy_id"] != doctor).expect("two without a role");
    let without_role = format!("profiles:{doctor}:role");
    let answers = [
        (id(chosen), "choose", office.as_str()),
        (id(accepted), "accept", ""),
        (id(rejected), "reject", ""),
        (id(escalated), "escalate", ""),
        (id(birthdate), "set", "07.03.1980"),
        (&without_role, "set", "doctor"),
        (id(merged), "merge", &doctor),
        (id(email), "set", "Corrected.One@Example.org"),
        (id(owner), "choose", &doctor),
    ];
    let imported = desk.answer(&answers).expect(0);
    assert!(imported.stdout.contains("9 decided"), "{}", imported.stdout);
    let in_progress = "select count(*) from migration_errors where resolution_status = 'in_progress'";
    assert_eq!(desk.sql(in_progress), "8");
    // what is decided must be applied before anything is loaded
    assert!(desk.run(&["load"]).expect(3).stderr.contains("transform"));

    desk.run(&["transform"]).expect(0);
    let patient = |row: &BTreeMap<String, String>| row["legacy_id"].clone();
    let association = |row| {
        desk.sql(&format!(
            "select practice_legacy_id, association_method, confidence_level, requires_manual_review, evidence \
             from associations where entity = 'patients' and legacy_id = {}",
            patient(row)
        ))
    };
    assert_eq!(association(chosen), format!("{office}|direct_membership|high|0|decision 1"));
    let default = accepted["proposed"].clone();
    assert_eq!(association(accepted), format!("{default}|default|low|0|policy.default_practice; decision 2"));
    // a patient's profile follows, unless something places it by itself
    let follower = format!(
        "select a.practice_legacy_id || ' ' || a.evidence from associations a join legacy_dispatch_patient p \
         on p.user_id = a.legacy_id where a.entity = 'profiles' and p.legacy_id = {}",
        patient(chosen)
    );
    assert_eq!(desk.sql(&follower), format!("{office} decision 1"));
    let fate = |entity: &str, id: &str| {
        desk.sql(&format!(
            "select fate, merged_into from records where entity = '{entity}' and legacy_id = {id}"
        ))
    };
    assert_eq!(fate("patients", &patient(rejected)), "rejected|");
    assert_eq!(fate("profiles", &merged["legacy_id"]), format!("merged|{doctor}"));
    assert_eq!(fate("practice_owners", &owner["legacy_id"]), "ready|");
    assert_eq!(
        desk.sql(&format!(
            "select rule, after from changes where entity = 'patients' and field = 'date_of_birth' and rule = 'decision' \
             and legacy_id = {}",
            patient(birthdate)
        )),
        "decision|1980-03-07"
    );
    let statuses = "select distinct d.action, m.resolution_status, m.resolved_at is not null from decisions d \
                    join migration_errors m on m.entity = d.entity and m.entity_id = d.legacy_id \
                    and m.field = d.question order by 1";
    assert_eq!(
        desk.sql(statuses),
        "accept|resolved|1\nchoose|resolved|1\nescalate|escalated|0\nmerge|resolved|1\nreject|resolved|1\nset|resolved|1"
    );
    assert_eq!(desk.sql("select count(*) from v_unaccounted"), "0");

    // the same file again, and the same decisions again: nothing changes
    let decided = desk.decisions();
    let before = desk.sql("select * from ready_patients; select * from associations; select * from records");
    assert!(desk.answer(&answers).expect(0).stdout.contains("0 decided, 9 unchanged"));
    desk.run(&["transform"]).expect(0);
    assert_eq!(desk.decisions(), decided);
    assert_eq!(
        desk.sql("select * from ready_patients; select * from associations; select * from records"),
        before
    );

    // a fresh snapshot keeps them, by legacy id
    let legacy = migrated().path("legacy");
    desk.run(&["extract", "--replace", "--csv", legacy.to_str().expect("a path")]).expect(0);
    desk.run(&["transform"]).expect(0);
    assert_eq!(desk.decisions(), decided);
    assert_eq!(association(chosen), format!("{office}|direct_membership|high|0|decision 1"));

    desk.run(&["load"]).expect(0);
    let target = desk.job.target();
    assert_eq!(
        psql(
            target,
            &format!(
                "select o.legacy_id from patients p join practices o on o.id = p.practice_id where p.legacy_id = {}",
                patient(chosen)
            )
        ),
        office
    );
    assert_eq!(
        psql(target, &format!("select date_of_birth from patients where legacy_id = {}", patient(birthdate))),
        "1980-03-07"
    );
    assert_eq!(
        psql(target, &format!("select email from profiles where legacy_id = {}", email["legacy_id"])),
        "corrected.one@example.org"
    );
}

#[test]
fn one_wrong_line_and_nothing_is_imported() {
    let desk = Desk::new();
    let practices = desk.ask("patients", "practice_id");
    let (good, other) = (id(&practices[0]).to_owned(), id(&practices[1]).to_owned());
    let role = id(&desk.ask("profiles", "role")[0]).to_owned();
    let born = id(&desk.ask("patients", "date_of_birth")[0]).to_owned();
    let quarantined = id(&desk.ask("practice_owners", "doctor_id")[0]).to_owned();
    let email = desk.ask("profiles", "email");
    let taken = desk.sql("select email from ready_profiles order by legacy_id limit 1");
    let before = desk.decisions();
    for (line, what) in [
        ("patients:99999999:practice_id,accept,,".to_owned(), "the snapshot has no patient 99999999"),
        ("customers:1:practice_id,accept,,".to_owned(), "there is no entity customers"),
        ("patients,accept,,".to_owned(), "not the id of a question"),
        (format!("{other},approve,,"), "its action is none of"),
        (format!("{other},choose,99999999,"), "the snapshot has no practice 99999999"),
        (format!("{other},choose,,"), "needs the legacy id"),
        (format!("{other},choose,Smile Dental,"), "not the legacy id"),
        (format!("{other},choose,1E+03,"), "cut off digits"),
        (format!("{other},set,12,"), "set is no answer"),
        (format!("{other},accept,12,"), "accept takes no value"),
        (format!("{other},reject,,"), "needs a reason"),
        (format!("{other},,12,"), "a value and no action"),
        (format!("{good},escalate,,"), "contradicts line 2"),
        (format!("{role},set,king,"), "none of the roles"),
        (format!("{role},merge,{},", role.split(':').nth(1).expect("an id")), "into itself"),
        (format!("{born},set,03/07/1980,"), "could be two dates"),
        (format!("{born},set,2099-01-01,"), "not a birthdate"),
        (format!("{},set,{taken},", id(&email[0])), "already has that address"),
        (format!("{quarantined},accept,,"), "nothing to accept"),
        (format!("{},accept,,", good.replace("practice_id", "gender")), "nothing is asked about"),
    ] {
        let refused = desk.import(format!("item,action,value,reason\n{good},accept,,\n{line}\n")).expect(3);
        assert!(refused.stderr.contains("line 3: "), "{line}: {}", refused.stderr);
        assert!(refused.stderr.contains(what), "{line}: {}", refused.stderr);
        assert!(!refused.stderr.contains('@') && !refused.stderr.contains("Smile"), "{}", refused.stderr);
        assert_eq!(desk.decisions(), before, "{line}");
    }
}

#[test]
fn records_that_go_are_not_led_to() {
    let desk = Desk::new();
    let roles = desk.ask("profiles", "role");
    let [one, two, three, ..] = roles.as_slice() else { panic!("{roles:?}") };
    for answers in [
        [(id(one), "merge", two["legacy_id"].as_str()), (id(two), "reject", "")],
        [(id(one), "merge", two["legacy_id"].as_str()), (id(two), "merge", one["legacy_id"].as_str())],
    ] {
        let refused = desk.answer(&answers).expect(3).stderr;
        let (gone, action, item) = (&two["legacy_id"], answers[1].1, id(two));
        let message = format!("line 2: profiles {gone} is decided to {action} by line 3 ({item})\n");
        assert!(refused.contains(&message), "{refused}");
    }
    desk.answer(&[(id(one), "merge", &two["legacy_id"])]).expect(0);
    assert!(desk.answer(&[(id(two), "reject", "")]).expect(3).stderr.contains("decision 1 leads to"));
    assert!(desk.answer(&[(id(two), "merge", &three["legacy_id"])]).expect(3).stderr.contains("decision 1"));
    // a record that is to be merged has no other answers
    let practice = format!("profiles:{}:practice_id", one["legacy_id"]);
    let refused = desk.answer(&[(&practice, "choose", "3")]).expect(3).stderr;
    assert!(refused.contains("is decided otherwise by decision 1"), "{refused}");
}

#[test]
fn lines_of_one_file_that_cannot_all_hold_are_named_with_each_other() {
    let desk = Desk::new();
    let questions = desk.questions();
    let profiles = || questions.iter().filter(|row| row["entity"] == "profiles");
    // two who look alike, where something else is asked about the other one too, and a third
    let about = |id: &str| profiles().find(|row| row["legacy_id"] == id).map(|row| row["item"].as_str());
    let (pair, one, other, merge) = profiles()
        .find_map(|row| {
            let other = row["question"].strip_prefix("duplicate_of_")?;
            Some((id(row), row["legacy_id"].as_str(), other, about(other)?))
        })
        .expect("a pair");
    let third = profiles().find(|row| ![one, other].contains(&row["legacy_id"].as_str())).expect("a third");
    let before = desk.decisions();
    let refused = |answers: &[(&str, &str, &str)], message: &str| {
        let refused = desk.answer(answers).expect(3).stderr;
        assert!(refused.contains(&format!("{message}\n")), "{message}: {refused}");
        assert_eq!(desk.decisions(), before, "{message}");
    };

    // different people, and one of them stands for the other
    let (apart, merged) = ((pair, "not_a_duplicate", ""), (merge, "merge", one));
    let message = format!("line 3: line 2 says that profiles {one} and {other} are different people");
    refused(&[apart, merged], &message);
    refused(&[merged, apart], &format!("line 3: line 2 merges profiles {one} and {other} into one"));
    // the same by way of a third
    let way = [apart, (merge, "merge", third["legacy_id"].as_str()), (id(third), "merge", one)];
    refused(
        &way,
        &format!("line 3: profiles {} is decided to merge by line 4 ({})", third["legacy_id"], id(third)),
    );

    // two profiles and one address
    let emails = desk.ask("profiles", "email");
    let [first, second, ..] = emails.as_slice() else { panic!("{emails:?}") };
    let new = "berth.nine@harbour.example";
    let message = format!("line 3: line 2 gives the same address to profile {}", first["legacy_id"]);
    refused(&[(id(first), "set", new), (id(second), "set", new)], &message);

    // a line that says what was decided already holds against another line too
    desk.answer(&[apart, (id(first), "set", new)]).expect(0);
    let before = desk.decisions();
    let text = format!(
        "item,action,value,reason\n{item},set,{new},\n{item},reject,,left\n{},set,{new},\n{merge},merge,{one},\n",
        id(second),
        item = id(first)
    );
    fs::write(desk.job.path("answers.csv"), text).expect("a file");
    let outcome = desk.run(&["review", "import", "answers.csv", "--by", "Otto", "--revise"]).expect(3);
    for message in [
        format!("line 3: it contradicts line 2 about {}\n", id(first)),
        format!("line 4: line 2 gives the same address to profile {}\n", first["legacy_id"]),
        format!("line 5: decision 1 says that profiles {one} and {other} are different people\n"),
    ] {
        assert!(outcome.stderr.contains(&message), "{message}: {}", outcome.stderr);
    }
    assert!(!outcome.stderr.contains('@'), "{}", outcome.stderr);
    assert_eq!(desk.decisions(), before);
}

#[test]
fn an_answer_to_an_older_question_is_stale_and_an_earlier_one_is_replaced_only_on_request() {
    let desk = Desk::new();
    let row = &desk.ask("patients", "practice_id")[0];
    let line = |seen: &str, action: &str| format!("item,action,seen\n{},{action},{seen}\n", id(row));
    assert!(desk.import(line("s000000000000", "accept")).expect(3).stderr.contains("stale"));
    desk.import(line(&row["seen"], "accept")).expect(0);
    desk.run(&["transform"]).expect(0);
    desk.import(line(&row["seen"], "accept")).expect(0);

    let refused = desk.answer(&[(id(row), "reject", "")]).expect(3);
    assert!(refused.stderr.contains("line 2: decision 1 has already answered"), "{}", refused.stderr);
    let path = desk.job.path("revised.csv");
    fs::write(&path, format!("item,action,reason\n{},reject,left the practice\n", id(row))).expect("a file");
    desk.run(&["review", "import", "revised.csv", "--by", "Otto", "--revise"]).expect(0);
    assert_eq!(
        desk.sql("select decision_id, action, decided_by, superseded_by from decisions"),
        "1|accept|Anna Berg|2\n2|reject|Otto|"
    );
    desk.run(&["transform"]).expect(0);
    let fate =
        format!("select fate from records where entity = 'patients' and legacy_id = {}", row["legacy_id"]);
    assert_eq!(desk.sql(&fate), "rejected");
}

#[test]
fn a_spreadsheets_habits_are_survived() {
    let desk = Desk::new();
    let practices = desk.ask("patients", "practice_id");
    let office = desk.sql("select max(legacy_id) from legacy_dispatch_office");
    let born = &desk.ask("patients", "date_of_birth")[0];
    let shown = |id: &str| {
        let number: f64 = id.parse().expect("an id");
        let exponent = number.log10().floor();
        format!("{:.2}E+{exponent:02}", number / 10_f64.powf(exponent)).replace('.', ",")
    };
    let mut text =
        "\u{feff}\"Decided By\";\"value\";\"ACTION\";\"legacy_id\";\"My notes\";\"item\"\r\n".to_owned();
    text += &format!(
        "\"Søren\";\"{office},0\";\"Choose\";{};\"a;b\r\nc\";{}\r\n;;;;;\r\n",
        shown(&practices[0]["legacy_id"]),
        id(&practices[0])
    );
    text += &format!(";29287;SET;{};;{}\r\n", born["legacy_id"], id(born));
    desk.import(&text).expect(0);
    assert_eq!(
        desk.sql("select question, action, value, decided_by from decisions"),
        format!("practice_id|choose|{office}|Søren\ndate_of_birth|set|1980-03-07|Anna Berg")
    );

    // another record's id beside the item is a contradiction, not a habit
    let wrong = format!("item;legacy_id;action\r\n{};12;accept\r\n", id(&practices[1]));
    assert!(desk.import(wrong).expect(3).stderr.contains("line 2: its legacy_id is not the one"));
}

#[test]
fn json_goes_out_and_comes_back() {
    let desk = Desk::new();
    let exported = desk.run(&["review", "export", "--json", "--entity", "patients"]).expect(0);
    let mut export: Value = serde_json::from_str(&exported.stdout).expect("JSON");
    let items = export["items"].as_array_mut().expect("a list");
    let at = items.iter().position(|item| item["question"] == "practice_id").expect("a practice");
    items[at]["action"] = "accept".into();
    desk.import(export.to_string()).expect(0);
    assert_eq!(desk.sql("select count(*), max(action) from decisions"), "1|accept");
}

#[test]
fn exported_files_are_private_and_never_overwritten() {
    let desk = Desk::new();
    desk.run(&["review", "export", "--out", "questions.csv"]).expect(0);
    let mode = |path: &Path| {
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(path).expect("a file").permissions()) & 0o777
    };
    assert_eq!(mode(&desk.job.path("questions.csv")), 0o600);
    desk.run(&["review", "export", "--out", "questions.csv"]).expect(3);
}

#[test]
fn what_people_decided_passes_the_verification() {
    let desk = Desk::fresh();
    let practices = desk.ask("patients", "practice_id");
    let roles = desk.ask("profiles", "role");
    let email = &desk.ask("profiles", "email")[0];
    let owner = &desk.ask("practice_owners", "doctor_id")[0];
    let member = &desk.ask("practice_members", "user_id")[0];
    let doctor = &desk.ask("patients", "doctor_id")[0];
    let office = desk.sql("select min(legacy_id) from legacy_dispatch_office");
    let treating = desk.sql("select min(cast(doctor_id as integer)) from legacy_dispatch_patient");
    let (kept, merged) = (&roles[0]["legacy_id"], &roles[1]);
    let pairs: Vec<_> =
        desk.questions().into_iter().filter(|row| row["question"].starts_with("duplicate_of_")).collect();
    let [twin, distinct, ..] = pairs.as_slice() else { panic!("{pairs:?}") };
    let without_role = format!("profiles:{kept}:role");
    desk.answer(&[
        (id(&practices[0]), "choose", office.as_str()),
        (id(&practices[1]), "accept", ""),
        (id(&practices[2]), "reject", ""),
        (&without_role, "set", "doctor"),
        (id(merged), "merge", kept),
        (id(email), "set", "corrected.one@example.org"),
        (id(owner), "choose", kept),
        (id(member), "reject", ""),
        (id(doctor), "choose", &treating),
        (id(twin), "merge", ""),
        (id(distinct), "not_a_duplicate", ""),
    ])
    .expect(0);
    desk.run(&["transform"]).expect(0);
    // whoever was one person twice is one patient, and the other pair is not asked about again
    let stands = format!(
        "select r.entity, r.fate from records r left join legacy_dispatch_patient p on p.legacy_id = r.legacy_id \
         where (r.entity = 'profiles' and r.legacy_id = {0}) or (r.entity = 'patients' and p.user_id = {0}) order by 1",
        twin["legacy_id"]
    );
    assert_eq!(desk.sql(&stands), "patients|merged\nprofiles|merged");
    assert_eq!(desk.sql("select count(*) from duplicate_pairs where verdict = 'not_a_duplicate'"), "1");
    assert!(desk.questions().iter().all(|row| row["item"] != distinct["item"]));
    assert_eq!(desk.sql("select sum(failing_ready) from v_dependencies"), "0");
    desk.run(&["load"]).expect(0);
    let verified = desk.run(&["verify"]);
    let wrong = desk.sql("select name, wrong from checks where wrong > 0");
    assert_eq!(wrong, "", "{}", desk.sql("select * from findings where is_exception = 0 limit 20"));
    verified.expect(0);
}

#[test]
fn a_pair_may_be_answered_from_either_side() {
    let desk = Desk::fresh();
    let questions = desk.questions();
    let pairs: Vec<_> = questions.iter().filter(|row| row["question"].starts_with("duplicate_of_")).collect();
    let [merged, distinct, ..] = pairs.as_slice() else { panic!("{} pairs", pairs.len()) };
    let mirrored = |row: &BTreeMap<String, String>| {
        format!("profiles:{}:duplicate_of_{}", row["candidates"], row["legacy_id"])
    };
    // nobody asks about two who are no pair
    desk.answer(&[("profiles:3:duplicate_of_4", "merge", "")]).expect(3);
    desk.answer(&[(&mirrored(merged), "merge", ""), (&mirrored(distinct), "not_a_duplicate", "")]).expect(0);
    desk.run(&["transform"]).expect(0);
    let fate = |id: &str| {
        desk.sql(&format!(
            "select fate, merged_into from records where entity = 'profiles' and legacy_id = {id}"
        ))
    };
    assert_eq!(fate(&merged["candidates"]), format!("merged|{}", merged["legacy_id"]));
    assert_eq!(fate(&merged["legacy_id"]), "ready|");
    let open: Vec<String> = desk.questions().iter().map(|row| row["item"].clone()).collect();
    for row in [merged, distinct] {
        assert!(!open.contains(&row["item"]), "{} is asked again", row["item"]);
    }
}
