//! What `transform` decides about the plan-sized world, held against the world's own truth, record by record.

use std::collections::BTreeSet;
use std::fs;

use crate::harness::{Surveyed, psql};
use drydock::demo::world::{EmailStatus, Likeness};
use sha2::{Digest, Sha256};

#[test]
fn every_record_ends_as_the_truth_says() {
    let surveyed = Surveyed::new(true, "");
    surveyed.run(&["transform"]).expect(0);
    let truth = &surveyed.world.truth;

    let profiles = surveyed.by_id(
        "select p.legacy_id, p.role, json_extract(p.metadata, '$.legacy.email_status'), p.email, \
                coalesce(json_extract(p.metadata, '$.legacy.email_keeper_legacy_id'), ''), \
                a.association_method, a.confidence_level, a.practice_legacy_id, a.requires_manual_review \
         from ready_profiles p join associations a on a.entity = 'profiles' and a.legacy_id = p.legacy_id",
    );
    assert_eq!(profiles.len(), truth.users.len());
    assert_eq!(profiles.len(), 9101);
    let literal_null: BTreeSet<i64> = surveyed
        .by_id("select legacy_id from legacy_auth_user where lower(trim(email)) = 'null'")
        .into_keys()
        .collect();
    for user in &truth.users {
        let id = user.user_id.0;
        let status = match user.email_status {
            EmailStatus::ValidKept | EmailStatus::SharedKeeper => "kept",
            EmailStatus::Missing => "missing",
            // the word null is no address at all
            EmailStatus::Malformed if literal_null.contains(&id) => "missing",
            EmailStatus::Malformed => "invalid",
            EmailStatus::SharedLoser => "shared",
            EmailStatus::TakenInTarget => "taken_in_target",
        };
        let row = &profiles[&id];
        let keeper = user.email_keeper.map(|keeper| keeper.to_string()).unwrap_or_default();
        let review = if user.placement.confidence == "low" { "1" } else { "0" };
        let expected = [
            user.role,
            status,
            user.email.as_deref().unwrap_or(&row[2]),
            &keeper,
            user.placement.method,
            user.placement.confidence,
            &user.placement.practice.to_string(),
            review,
        ];
        assert_eq!(*row, expected, "user {id}");
        assert_eq!(user.email.is_none(), row[2].ends_with("@migrated.local"), "user {id}");
    }

    let patients = surveyed.by_id(
        "select p.legacy_id, u.legacy_id, a.association_method, a.confidence_level, a.practice_legacy_id, \
                coalesce(d.legacy_id, ''), a.requires_manual_review \
         from ready_patients p join associations a on a.entity = 'patients' and a.legacy_id = p.legacy_id \
         join ready_practices o on o.id = p.practice_id and o.legacy_id = a.practice_legacy_id \
         join ready_profiles u on u.id = p.user_id left join ready_profiles d on d.id = p.assigned_profile_id",
    );
    assert_eq!(patients.len(), truth.patients.len());
    for patient in &truth.patients {
        let provider = patient.provider.map(|id| id.to_string()).unwrap_or_default();
        let review = if patient.placement.confidence == "low" { "1" } else { "0" };
        let expected = [
            &patient.user_id.to_string(),
            patient.placement.method,
            patient.placement.confidence,
            &patient.placement.practice.to_string(),
            &provider,
            review,
        ];
        assert_eq!(patients[&patient.patient_id.0], expected, "patient {}", patient.patient_id);
    }
}

#[test]
fn no_name_is_emptied_and_nobody_is_taken_for_another() {
    let surveyed = Surveyed::new(true, "");
    surveyed.run(&["transform"]).expect(0);
    // a name with a letter in it stays one, with the same letters in the same case
    for field in ["first_name", "last_name"] {
        let emptied = surveyed.sql(&format!(
            "select count(*) from legacy_auth_user u join ready_profiles p on p.legacy_id = u.legacy_id \
             where trim(u.{field}) <> '' and lower(trim(u.{field})) <> 'null' \
               and (p.{field} = '' or instr(u.{field}, substr(p.{field}, 1, 1)) = 0)"
        ));
        assert_eq!(emptied, "0", "{field}");
    }
    // an address that is kept differs from the raw one in case and surrounding space only
    let changed = surveyed.sql(
        "select count(*) from legacy_auth_user u join ready_profiles p on p.legacy_id = u.legacy_id \
         where json_extract(p.metadata, '$.legacy.email_status') = 'kept' and lower(trim(u.email, char(9, 10, 13, 32))) <> p.email",
    );
    assert_eq!(changed, "0");

    let mut duplicates = BTreeSet::new();
    let mut others = BTreeSet::new();
    for relation in &surveyed.world.truth.relations {
        for (place, one) in relation.members.iter().enumerate() {
            for other in &relation.members[place + 1..] {
                let pair = (one.0, other.0);
                if relation.likeness == Likeness::Duplicate {
                    duplicates.insert(pair)
                } else {
                    others.insert(pair)
                };
            }
        }
    }
    let found = |bands: &str| -> BTreeSet<(i64, i64)> {
        let sql = format!(
            "select legacy_id, other_legacy_id from duplicate_pairs where entity = 'profiles' and band in ({bands})"
        );
        let rows = surveyed.sql(&sql);
        let pairs = rows.lines().filter_map(|line| line.split_once('|'));
        pairs.map(|(one, other)| (one.parse().expect("an id"), other.parse().expect("an id"))).collect()
    };
    let high = found("'high'");
    assert!(high.is_disjoint(&others), "a household, twins or namesakes");
    assert!(high.is_subset(&duplicates), "{:?}", high.difference(&duplicates).collect::<Vec<_>>());
    assert!(high.len() * 5 > duplicates.len(), "{} of {}", high.len(), duplicates.len());
    let seen = found("'high', 'medium'");
    let missed: Vec<_> = duplicates.difference(&seen).collect();
    assert!(missed.len() * 50 <= duplicates.len(), "{missed:?} of {}", duplicates.len());

    // each pair's evidence adds up to its weight, by field, and holds no value
    let off = surveyed.sql(
        "select count(*) from duplicate_pairs p where abs(p.weight - (\
             select sum(e.bits) from v_duplicate_evidence e where e.entity = p.entity \
             and e.legacy_id = p.legacy_id and e.other_legacy_id = p.other_legacy_id)) > 0.6",
    );
    assert_eq!(off, "0");
    let said = surveyed.sql("select distinct field from v_duplicate_evidence order by field");
    for field in ["birthdate", "doctor", "first_name", "last_name", "practice", "sex"] {
        assert!(said.lines().any(|line| line == field), "{field}: {said}");
    }
    // the account: what was compared, what was left out, and what the looks are expected to bring
    let account = "select records || ' ' || (compared_pairs > 1000) || ' ' || (high + medium + low = (\
             select count(*) from duplicate_pairs where entity = 'profiles')) || ' ' || (expected_share_review > 0.5) || ' ' \
             || (select sum(pairs_left_out) > 0 from duplicate_passes) from duplicate_search";
    assert_eq!(surveyed.sql(account), "9101 1 1 1 1");
    let falling = surveyed.sql("select look_value from v_duplicate_looks");
    let values: Vec<f64> = falling.lines().filter_map(|line| line.parse().ok()).collect();
    assert!(values.len() > 60 && values.is_sorted_by(|one, next| one >= next), "{}", values.len());
    assert_eq!(
        surveyed.sql("select count(*) from records where entity = 'profiles' and fate <> 'ready'"),
        "0"
    );
}

#[test]
fn threads_and_the_order_of_rows_change_nothing() {
    let surveyed = Surveyed::new(true, "");
    let mut digests = BTreeSet::new();
    for threads in ["1", "2", "16"] {
        surveyed.run(&["transform", "--threads", threads]).expect(0);
        digests.insert(surveyed.digest());
    }
    let mut world = surveyed.world.clone();
    for table in &mut world.tables {
        table.rows.sort_by_key(|row| Sha256::digest(format!("{:?}", row[0])).to_vec());
    }
    let shuffled = Surveyed::of(world, false, "");
    let plain = Surveyed::new(false, "");
    shuffled.run(&["transform"]).expect(0);
    plain.run(&["transform"]).expect(0);
    assert_eq!(shuffled.digest(), plain.digest());
    assert_eq!(digests.len(), 1);
}

#[test]
fn a_rule_that_fails_costs_one_record_and_those_that_need_it() {
    let surveyed = Surveyed::new(true, "");
    let patient = &surveyed.world.truth.patients[5];
    let user = patient.user_id;
    surveyed.run(&["transform"]).expect(0);
    let ready = || surveyed.by_id("select legacy_id, * from ready_profiles");
    let before = ready();

    let failed = surveyed
        .start()
        .env("DRYDOCK_FAIL_ON", format!("profiles:{user}"))
        .args(["transform"])
        .run()
        .expect(1);
    assert!(failed.stderr.contains("1 records met a defect"), "{}", failed.stderr);
    let waiting = "select entity, legacy_id from records where fate = 'quarantined' \
                   and entity in ('profiles', 'patients') order by entity desc";
    assert_eq!(surveyed.sql(waiting), format!("profiles|{user}\npatients|{}", patient.patient_id));
    let codes = "select entity, error_code from migration_errors where error_code in \
                 ('rule_panicked', 'reference_not_ready') order by entity desc";
    assert_eq!(surveyed.sql(codes), "profiles|rule_panicked\npatients|reference_not_ready");
    let mut after = ready();
    after.insert(user.0, before[&user.0].clone());
    assert_eq!(before, after, "nobody else differs");
    surveyed.run(&["transform"]).expect(0);
    assert_eq!(ready(), before);
}

#[test]
fn what_the_target_would_refuse_waits_and_the_rest_is_loaded() {
    let surveyed = Surveyed::new(
        false,
        "alter table profiles alter column last_name type varchar(9);
         alter table patients alter column date_of_birth set not null;
         create unique index patients_person_key on patients (last_name, date_of_birth);",
    );
    surveyed.run(&["transform"]).expect(6);
    let ids = |sql: &str| surveyed.by_id(sql).into_keys().collect::<BTreeSet<i64>>();
    let with = |code: &str, entity: &str| {
        ids(&format!(
            "select distinct entity_id from migration_errors where error_code = '{code}' and entity = '{entity}' \
             and field <> 'assigned_profile_id'"
        ))
    };
    // exactly the long names
    let long = ids("select legacy_id from legacy_auth_user where length(trim(last_name)) > 9");
    assert!(long.len() > 100);
    let waiting = ids("select legacy_id from records where entity = 'profiles' and fate = 'quarantined'");
    assert_eq!(waiting, with("value_too_long", "profiles"));
    assert!(long.is_superset(&waiting), "{}", waiting.len());
    let place = surveyed.run(&["errors", "--csv", "--code", "value_too_long"]).expect(0).stdout;
    assert!(place.contains("profiles.last_name: takes 9 characters"), "{place}");

    // exactly the patients without a birthdate, with a key taken, or whose own profile waits; a treating doctor who waits
    // costs the patient the doctor only
    let patients = ids("select legacy_id from records where entity = 'patients' and fate = 'quarantined'");
    let causes = ["null_refused", "key_taken", "reference_not_ready"].map(|code| with(code, "patients"));
    assert!(causes.iter().all(|cause| !cause.is_empty()));
    assert_eq!(patients, causes.iter().flatten().copied().collect());
    let taken = "select count(*) from (select 1 from ready_patients group by last_name, date_of_birth having count(*) > 1)";
    assert_eq!(surveyed.sql(taken), "0");
    for category in ["schema_mismatch", "constraint_violation"] {
        let listed = surveyed.run(&["errors", "--csv", "--category", category]).expect(0).stdout;
        assert!(listed.lines().count() > 10, "{category}");
    }

    // nothing of the rest is refused
    surveyed.run(&["load"]).expect(6);
    surveyed.run(&["verify"]).expect(6);
}

#[test]
fn what_concerns_every_record_stops_the_load_and_is_named() {
    let surveyed = Surveyed::new(
        false,
        "create schema auth; create table auth.users (id uuid primary key);
         alter table profiles add constraint profiles_id_fkey foreign key (id) references auth.users (id);
         alter table patients drop column medications;
         alter table profiles alter column role drop default;
         alter type user_role rename to old_role;
         create type user_role as enum ('doctor', 'technician', 'admin', 'support');
         alter table profiles alter column role type user_role using 'support';",
    );
    let transformed = surveyed.run(&["transform"]).expect(0);
    let findings =
        surveyed.sql("select table_name, column_name, error_category from schema_findings order by 1, 2");
    for finding in ["patients|medications|schema_mismatch", "profiles|role|schema_mismatch"] {
        assert!(findings.contains(finding), "{findings}");
    }
    // whether accounts are there is asked of every record before a load
    assert!(!transformed.stderr.contains("auth.users"), "{}", transformed.stderr);
    for words in ["no label 'patient'", "patients.medications does not exist"] {
        assert!(transformed.stderr.contains(words), "{}", transformed.stderr);
    }
    let refused = surveyed.run(&["load"]).expect(5);
    assert!(refused.stderr.contains("no label 'patient'"), "{}", refused.stderr);
    assert_eq!(psql(surveyed.job.target(), "select count(*) from profiles"), "0");

    // the configuration's mapping is taken
    surveyed.write_config(
        "mapped.toml",
        "roles = { patient = 'support', master = 'admin', unknown = 'support' }",
    );
    surveyed.run(&["transform", "--reconfigure", "--config", "mapped.toml"]).expect(0);
    assert_eq!(surveyed.sql("select count(*) from schema_findings where column_name = 'role'"), "0");
    assert_eq!(surveyed.sql("select count(*) from migration_errors where error_code = 'label_missing'"), "0");
}

#[test]
fn merging_is_asked_for_and_whatever_pointed_at_the_merged_follows() {
    let surveyed = Surveyed::new(true, "");
    surveyed.write_config("merge.toml", "duplicates = 'merge'");
    surveyed.run(&["transform", "--reconfigure", "--config", "merge.toml"]).expect(0);
    let merged: u64 = surveyed
        .sql("select count(*) from records where entity = 'profiles' and fate = 'merged'")
        .parse()
        .expect("a count");
    assert!(merged > 20, "{merged}");
    let status = surveyed.run(&["status", "--json"]).expect(0).stdout;
    let status: serde_json::Value = serde_json::from_str(&status).expect("JSON");
    let profiles = &status["accounting"]["profiles"];
    assert_eq!(profiles["extracted"], 9101);
    assert_eq!(profiles["ready"].as_u64().map(|ready| ready + merged), Some(9101));
    assert_eq!(status["unaccounted"], 0);
    // below the threshold nobody is merged, and every merged one has its pairs
    let wrong = surveyed.sql(
        "select count(*) from records r where r.fate = 'merged' and r.entity = 'profiles' and not exists ( \
             select 1 from v_duplicates d where d.entity = r.entity and d.legacy_id = r.legacy_id \
             and d.verdict = 'merged' and d.score >= 0.95)",
    );
    assert_eq!(wrong, "0");
    // no address, patient, provider or practice is left behind: everything loads and verifies
    let dangling = surveyed.sql(
        "select count(*) from ready_patients p where not exists (select 1 from ready_profiles u where u.id = p.user_id) \
         or (p.assigned_profile_id is not null \
             and not exists (select 1 from ready_profiles u where u.id = p.assigned_profile_id))",
    );
    assert_eq!(dangling, "0");
}

#[test]
fn diff_says_which_records_end_differently_and_why() {
    let surveyed = Surveyed::new(true, "");
    let other = surveyed.job.path("other.drydock");
    surveyed.run(&["transform"]).expect(0);
    fs::copy(surveyed.job.file(), &other).expect("a copy");
    let diff =
        |code| surveyed.run(&["diff", "staging.drydock", "other.drydock", "--json"]).expect(code).stdout;
    let records = |stdout: &str| {
        let value: serde_json::Value = serde_json::from_str(stdout).expect("JSON");
        value["records"].as_array().expect("a list").clone()
    };
    assert_eq!(records(&diff(0)).len(), 0);

    fs::write(surveyed.job.path("none.toml"), "[policy]\n").expect("a configuration");
    let arguments = ["transform", "--staging", "other.drydock", "--reconfigure", "--config", "none.toml"];
    surveyed.run(&arguments).expect(6);
    let listed = diff(0);
    let found = records(&listed);
    // without the default practice just those that had it end differently
    let truth = &surveyed.world.truth;
    let expected: BTreeSet<(String, i64)> = truth
        .patients
        .iter()
        .filter(|patient| patient.placement.method == "default")
        .map(|patient| ("patients".to_owned(), patient.patient_id.0))
        .chain(
            truth
                .users
                .iter()
                .filter(|user| user.placement.method == "default")
                .map(|user| ("profiles".to_owned(), user.user_id.0)),
        )
        .collect();
    let ids: BTreeSet<(String, i64)> = found
        .iter()
        .filter(|record| matches!(record["entity"].as_str(), Some("patients" | "profiles")))
        .map(|record| {
            let entity = record["entity"].as_str().unwrap_or_default().to_owned();
            (entity, record["legacy_id"].as_i64().unwrap_or_default())
        })
        .collect();
    assert_eq!(ids, expected);
    let patient = found.iter().find(|record| record["entity"] == "patients").expect("a patient");
    assert_eq!(patient["fate_before"], "ready");
    assert_eq!(patient["fate_after"], "quarantined");
    assert!(patient["why"][0].as_str().is_some_and(|why| why.contains("default low")), "{patient}");
    assert!(listed.contains("policy.default_practice"));
    let text = surveyed.run(&["diff", "staging.drydock", "other.drydock"]).expect(0).stdout;
    assert!(text.contains("records end differently"), "{text}");
    surveyed.run(&["diff", "staging.drydock", "drydock.toml"]).expect(8);
}
