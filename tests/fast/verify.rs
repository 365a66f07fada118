//! Verification finds whatever the target has otherwise than it was meant, and says at which record and in which field;
//! a load mends it.

use crate::harness::{Job, cases};

/// What was done to the target, and where that has to be found: entity, legacy id, field, kind.
struct Mutation {
    what: &'static str,
    sql: &'static str,
    found: &'static [&'static str],
}

const MUTATIONS: &[Mutation] = &[
    Mutation {
        what: "two patients with each other's surname",
        sql: "update patients p set last_name = o.last_name from patients o \
              where (p.legacy_id, o.legacy_id) in ((1, 4), (4, 1))",
        found: &["patients|1|last_name|differs", "patients|4|last_name|differs"],
    },
    Mutation {
        what: "a birthdate one day off",
        sql: "update patients set date_of_birth = date_of_birth + 1 where legacy_id = 2",
        found: &["patients|2|date_of_birth|differs"],
    },
    Mutation {
        what: "a trailing space",
        sql: "update profiles set first_name = first_name || ' ' where legacy_id = 3",
        found: &["profiles|3|first_name|differs"],
    },
    Mutation {
        what: "a capital",
        sql: "update profiles set last_name = upper(last_name) where legacy_id = 1",
        found: &["profiles|1|last_name|differs"],
    },
    Mutation {
        what: "an address at another domain",
        sql: "update profiles set email = 'ann@elsewhere.local' where legacy_id = 1",
        found: &["profiles|1|email|differs"],
    },
    Mutation {
        what: "two profiles with each other's address",
        sql: "update profiles set email = 'between' where legacy_id = 5;
              update profiles set email = 'max.quay.5@migrated.local' where legacy_id = 6;
              update profiles set email = 'max.quay.6@migrated.local' where legacy_id = 5",
        found: &["profiles|5|email|differs", "profiles|6|email|differs"],
    },
    Mutation {
        what: "a patient that is gone",
        sql: "delete from patients where legacy_id = 5",
        found: &["patients|5||missing"],
    },
    Mutation {
        what: "a membership that is gone",
        sql: "delete from practice_members where role = 'owner' and legacy_id = 10",
        found: &["practice_owners|10||missing"],
    },
    Mutation {
        what: "a patient in another practice",
        sql: "with other as (insert into practices (name) values ('Haven') returning id) \
              update patients set practice_id = other.id from other where legacy_id = 3",
        found: &["patients|3|practice_id|differs"],
    },
    Mutation {
        what: "a patient with another doctor",
        sql: "update patients set assigned_profile_id = user_id where legacy_id = 3",
        found: &["patients|3|assigned_profile_id|differs"],
    },
    Mutation {
        what: "a profile without its practice",
        sql: "update profiles set practice_id = null where legacy_id = 2",
        found: &["profiles|2|practice_id|differs"],
    },
    Mutation {
        what: "another gender",
        sql: "update patients set gender = 'prefer_not_to_say' where legacy_id = 4",
        found: &["patients|4|gender|differs"],
    },
    Mutation {
        what: "another role",
        sql: "update profiles set role = 'doctor' where legacy_id = 6",
        found: &["profiles|6|role|differs"],
    },
    Mutation {
        what: "a moment without its microseconds",
        sql: "update patients set updated_at = date_trunc('second', updated_at) where legacy_id = 1",
        found: &["patients|1|updated_at|differs"],
    },
    Mutation {
        what: "an inactive user made active",
        sql: "update profiles set is_active = not is_active where legacy_id = 4",
        found: &["profiles|4|is_active|differs"],
    },
    Mutation {
        what: "another raw value in the metadata",
        sql: "update patients set metadata = jsonb_set(metadata, '{legacy,sex}', '\"9\"') where legacy_id = 4",
        found: &["patients|4|metadata|differs"],
    },
    Mutation {
        what: "another tax rate",
        sql: "update practices set tax_rate = 0.000001 where legacy_id = 10",
        found: &["practices|10|tax_rate|differs"],
    },
    Mutation {
        what: "a legacy id that is lost",
        sql: "update practice_members set legacy_id = null where role = 'owner'",
        found: &["practice_owners|10||missing"],
    },
];

/// Loaded, and found right.
fn verified() -> Job {
    let job = Job::of_case("nobody_is_merged");
    job.up_to("verify");
    job
}

const DIFFERENCES: &str =
    "select entity, legacy_id, field, kind from differences order by entity, legacy_id, field";

#[test]
fn every_difference_is_found_at_its_record_and_field() {
    let job = verified();
    for Mutation { what, sql, found } in MUTATIONS {
        job.target().execute(sql);
        let outcome = job.verb("verify").run();
        assert_eq!(outcome.code, Some(7), "{what}\n{}{}", outcome.stdout, outcome.stderr);
        assert_eq!(job.staged(DIFFERENCES), found.join("\n"), "{what}");
        assert!(outcome.stdout.contains("verification did not pass"), "{what}: {}", outcome.stdout);

        // a row that no longer says which record it is stands in the way of the one that does
        job.target().execute("delete from practice_members where legacy_id is null");
        job.verb("load").run().expect(0);
        job.verb("verify").run().expect(0);
        assert_eq!(job.staged(DIFFERENCES), "", "{what}: mended");
    }
}

#[test]
fn rows_that_nobody_meant_are_found_too() {
    let job = verified();
    job.target().execute(
        "insert into profiles (legacy_id, email) values (777, 'extra@harbour.example');
         insert into practices (legacy_id, name) values (-5, 'Before all others'), (11, 'Extra')",
    );
    job.verb("verify").run().expect(7);
    let found = ["practices|-5||unexpected", "practices|11||unexpected", "profiles|777||unexpected"];
    assert_eq!(job.staged(DIFFERENCES), found.join("\n"));
}

#[test]
fn what_is_not_of_this_migration_is_no_difference() {
    let job = verified();
    job.target().execute(
        "insert into profiles (email, first_name) values ('joined@harbour.example', 'Joined');
         insert into practices (name) values ('Founded since');
         update profiles set metadata = metadata || '{\"theme\": \"dark\"}';
         update patients set phone = '555 0100', allergies = 'pollen' where legacy_id = 1",
    );
    job.verb("verify").run().expect(0);
    let versions = job.row_versions();
    job.verb("load").run().expect(0);
    assert_eq!(job.row_versions(), versions, "a load changed what is not this migration's");
}

#[test]
fn json_says_the_same_as_the_exit_code() {
    let job = verified();
    let verify = || {
        let outcome = job.drydock(["verify", "--json"]).run();
        let summary: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        (outcome.code, summary)
    };
    let (code, summary) = verify();
    assert_eq!((code, &summary["differences"]), (Some(0), &0.into()));
    job.target().execute("delete from patients");
    let (code, summary) = verify();
    assert_eq!((code, &summary["differences"]), (Some(7), &5.into()));
    let failed: Vec<_> = summary["checks"]
        .as_array()
        .expect("checks")
        .iter()
        .filter(|check| check["wrong"] != 0)
        .map(|check| check["name"].as_str().unwrap_or_default())
        .collect();
    for check in ["contents_patients", "total_patients", "patients_with_practices", "patients_with_providers"]
    {
        assert!(failed.contains(&check), "{check} is not among {failed:?}");
    }
}

#[test]
fn what_changed_in_the_source_since_is_named_by_table_and_key() {
    let case = cases().join("nobody_is_merged");
    let job = verified();
    let legacy = job.path("now");
    std::fs::create_dir(&legacy).unwrap();
    for entry in std::fs::read_dir(case).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "csv") {
            std::fs::copy(&path, legacy.join(path.file_name().unwrap())).unwrap();
        }
    }
    let verify = || job.drydock(["verify", "--json", "--csv", legacy.to_str().unwrap()]).run();
    verify().expect(0);
    assert_eq!(job.staged("select wrong from checks where name = 'source_is_as_taken'"), "0");

    // one user goes, one comes, one changes
    let users = legacy.join("auth_user.csv");
    let text = std::fs::read_to_string(&users).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let key = |line: &str| line.split(',').next().unwrap().to_owned();
    let gone = key(&lines.pop().unwrap());
    let (changed, added) = (key(&lines[1]), "4711".to_owned());
    lines.push(lines[1].replacen(&changed, &added, 1));
    lines[1].push(' ');
    let renamed = lines[1].replacen(',', ",x", 2);
    lines[1] = renamed;
    std::fs::write(&users, lines.join("\n") + "\n").unwrap();

    let outcome = verify().expect(7);
    let summary: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
    assert_eq!((&summary["differences"], &summary["source"]["same"]), (&0.into(), &false.into()));
    let mut expected = [(&added, "added"), (&changed, "changed"), (&gone, "gone")]
        .map(|(key, what)| format!("auth_user|{key}|{what}"));
    expected.sort();
    let found = "select entity, legacy_id, field from findings where name = 'source_is_as_taken' \
                 order by entity || '|' || legacy_id || '|' || field";
    assert_eq!(job.staged(found), expected.join("\n"));
    // the target is still what was meant
    job.verb("verify").run().expect(0);
}

#[test]
fn the_three_way_proof_is_one_statement() {
    let job = verified();
    let proof = || {
        let outcome = job.drydock(["verify", "--json"]).run();
        let summary: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("JSON");
        summary["three_way_proof"].clone()
    };
    let whole = proof();
    assert_eq!(whole["holds"], true);
    assert_eq!(whole["source"], whole["raw"]);
    assert_eq!(whole["ready"], whole["target"]);
    assert_ne!(whole["raw"]["digest"], whole["ready"]["digest"]);
    assert!(job.drydock(["verify", "--quiet"]).run().stdout.contains("three-way proof: holds"));

    job.target().execute("update patients set last_name = last_name || 'x' where legacy_id = 1");
    let broken = proof();
    assert_eq!((&broken["holds"], &broken["ready_is_in_target"]), (&false.into(), &false.into()));
    assert_eq!(broken["raw_is_as_taken"], true);
    assert_ne!(broken["ready"]["digest"], broken["target"]["digest"]);
}
