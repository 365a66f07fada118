//! Unique keys of the target are held against what existing rows keep, before anything is loaded.

use crate::harness::{Job, empty_target};

/// Users, each with a last name and an address.
fn users(rows: &[(i64, &str, &str)]) -> String {
    let header = "id,first_name,last_name,email,date_joined\n".to_owned();
    rows.iter().fold(header, |text, (id, last, email)| {
        text + &format!("{id},Ann,{last},{email},2020-01-02 03:04:05+00\n")
    })
}

#[test]
fn values_that_an_existing_row_keeps_are_nobody_elses() {
    let target = empty_target();
    target.execute(
        "alter table profiles alter column last_name type varchar(9);
         insert into practices (id, legacy_id, name) values ('00000000-0000-0000-0000-000000000001', 1, 'One');
         insert into profiles (id, legacy_id, email, first_name, last_name) values
             ('00000000-0000-0000-0000-000000000002', 2, 'two@clinic.test', 'Ann', 'Two'),
             ('00000000-0000-0000-0000-000000000003', 3, 'ann@clinic.test', 'Ann', 'Three');
         insert into practice_members (id, practice_id, profile_id, role) values
             ('00000000-0000-0000-0000-000000000009', '00000000-0000-0000-0000-000000000001',
              '00000000-0000-0000-0000-000000000002', 'doctor');",
    );
    let job = Job::of_tables(
        &[
            // 3 waits, because its name is too long, and keeps in the target the address that 4 claims
            (
                "auth_user",
                users(&[
                    (1, "One", "one@clinic.test"),
                    (2, "Two", "two@clinic.test"),
                    (3, "Farthingale", "three@clinic.test"),
                    (4, "Four", "ann@clinic.test"),
                ]),
            ),
            ("dispatch_office", "id,name,doctor_id\n1,One,1\n".to_owned()),
            // the application has made a membership of its own that says the same as the first
            ("dispatch_office_doctors", "id,office_id,user_id\n1,1,2\n2,1,1\n".to_owned()),
        ],
        target,
    );
    job.up_to("survey");
    job.verb("transform").run().expect(6);
    assert_eq!(
        job.staged(
            "select entity, legacy_id, fate from records where fate <> 'ready' order by entity, legacy_id"
        ),
        "practice_members|1|quarantined\nprofiles|3|quarantined\nprofiles|4|quarantined"
    );
    assert_eq!(
        job.staged(
            "select entity, entity_id, field, error_context from migration_errors where error_code = 'key_taken' \
             order by entity"
        ),
        "practice_members|1|practice_id|practice_members.practice_id, profile_id, role: \
         practice_members_practice_id_profile_id_role_key, held by row 00000000-0000-0000-0000-000000000009\n\
         profiles|4|email|profiles.email: profiles_email_key, held by row 00000000-0000-0000-0000-000000000003"
    );
    // nothing of the rest is refused, and no value stands in what the survey keeps of a key
    job.verb("load").run().expect(6);
    assert_eq!(job.staged("select count(*) from loads where outcome = 'failed'"), "0");
    assert_eq!(job.staged("select count(*) from target_unique_values where digest like '%@%'"), "0");
}
