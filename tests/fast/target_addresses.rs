//! What a row of the target says better than the legacy system is not replaced by a stand-in, and what is replaced is said.

use crate::harness::{Job, TABLES};

const USERS: &str = "id,first_name,last_name,email,date_joined,is_active\n\
    1,Ada,Berg,,2020-01-01 00:00:00+00,t\n\
    2,Ben,Cole,null,2020-01-01 00:00:00+00,t\n\
    3,Cleo,Dorn,taken@harbour.example,2020-01-01 00:00:00+00,t\n\
    4,Dan,Eder,dan.old@harbour.example,2020-01-01 00:00:00+00,t\n\
    5,Eve,Falk,,2020-01-01 00:00:00+00,t\n";

/// One address that the legacy system lacks, one that somebody else has there, one that it knows otherwise, and a stand-in.
const THERE: &str =
    "insert into profiles (legacy_id, id, email, first_name, last_name, role, is_active) values
        (1, gen_random_uuid(), 'ada@harbour.example', 'Ada', 'Berg', 'admin', false),
        (2, gen_random_uuid(), 'taken@harbour.example', 'Ben', 'Cole', 'unknown', true),
        (4, gen_random_uuid(), 'dan.new@harbour.example', 'Dan', 'Eder', 'unknown', true),
        (5, gen_random_uuid(), 'eve.falk.5@migrated.local', 'Eve', 'Falk', 'unknown', true)";

fn job(config: &str) -> Job {
    let patient = "id,user_id,birthdate,sex\n11,1,1980-02-03,2\n".to_owned();
    let office = "id,name,doctor_id\n7,Harbour,4\n".to_owned();
    let job = Job::of_tables(
        &[("auth_user", USERS.to_owned()), ("dispatch_patient", patient), ("dispatch_office", office)],
        crate::harness::empty_target(),
    );
    job.target().execute(THERE);
    job.by(&format!("source.allow_empty = {TABLES:?}\npolicy.default_practice = 7\n{config}"))
}

#[test]
fn a_real_address_that_stands_there_stays_where_the_source_has_none() {
    for config in ["", "policy.email = 'null'"] {
        let job = job(config);
        job.target().execute("alter table profiles alter column email drop not null");
        let job = job.at("load");
        assert_eq!(
            job.loaded("select legacy_id, email from profiles where legacy_id <> 2 order by 1")
                .lines()
                .take(3)
                .collect::<Vec<_>>(),
            ["1|ada@harbour.example", "3|taken@harbour.example", "4|dan.old@harbour.example"],
            "{config}"
        );
        let told = "select error_code, error_context from migration_errors where entity = 'profiles' and entity_id = 2 \
                    and error_code = 'email_shared'";
        assert_eq!(
            job.staged(told),
            "email_shared|keeper=profile 3",
            "who loses an address to somebody else is told"
        );
        job.run(["verify", "--quiet"]);
        assert_eq!(
            job.staged(
                "select legacy_id, rule from changes where entity = 'profiles' and rule = 'email.in_target'"
            ),
            "1|email.in_target"
        );
        let versions = job.row_versions();
        job.steps("survey", "load");
        assert_eq!(job.row_versions(), versions);
    }
}

#[test]
fn an_address_that_people_entered_since_the_first_load_outlives_the_next() {
    let job = job("").at("load");
    job.target().execute(
        "update profiles set email = 'eve@harbour.example' where legacy_id = 5;
         update patients set email = 'ada.private@harbour.example' where legacy_id = 11",
    );
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    for words in [
        "1 rows of profiles got an address since the survey, such as legacy id 5",
        "1 rows of patients got an address",
    ] {
        assert!(refused.stderr.contains(words), "{words}\n{}", refused.stderr);
    }
    job.steps("survey", "verify");
    assert_eq!(job.loaded("select email from profiles where legacy_id = 5"), "eve@harbour.example");
    assert_eq!(job.loaded("select email from patients where legacy_id = 11"), "ada.private@harbour.example");
}

#[test]
fn what_rows_lose_is_counted_by_column() {
    let job = job("").at("transform");
    let loaded = job.json(&["load"], 0);
    let lost: Vec<(&str, u64)> = loaded["changed"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|changed| changed["entity"] == "profiles")
        .map(|changed| (changed["column"].as_str().unwrap(), changed["rows"].as_u64().unwrap()))
        .collect();
    for one in [("profiles.email", 2), ("profiles.is_active", 1), ("profiles.role", 1)] {
        assert!(lost.contains(&one), "{one:?} in {lost:?}");
    }
    let again = job.json(&["load"], 0);
    assert!(again["changed"].as_array().unwrap().is_empty(), "{again}");
}

#[test]
fn one_row_for_each_person_merges_only_what_is_of_one_practice() {
    let tables = [
        ("auth_user", USERS.to_owned()),
        ("dispatch_office", "id,name,doctor_id\n7,Harbour,4\n8,Hill,3\n".to_owned()),
        ("dispatch_office_doctors", "id,office_id,user_id\n1,8,4\n2,7,4\n".to_owned()),
    ];
    let target = crate::harness::empty_target();
    target.execute("create unique index one_practice on practice_members (profile_id)");
    let job = Job::of_tables(&tables, target);
    let job = job.by(&format!(
        "source.allow_empty = {TABLES:?}\npolicy.default_practice = 7\npolicy.allowed_rejects = {{ practice_members = 1 }}"
    ));
    let job = job.at("load");
    assert_eq!(
        job.staged("select legacy_id, fate from records where entity = 'practice_members' order by 1"),
        "1|quarantined\n2|merged",
        "he works at Hill, and owns Harbour, where he works as well"
    );
}
