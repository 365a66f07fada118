//! Who is probably there already, in a row that no legacy id links, is never inserted beside it without a word.

use std::fs;

use crate::harness::{Job, Size, psql};

const SIZE: Size = Size { offices: 2, users: 30 };

/// One who is there by address, one by a fallback address, a patient by name and birthdate; and somebody of the application's own.
const THERE: &str = "
    insert into practices (id, name) values ('00000000-0000-4000-8000-000000000001', 'Their own');
    insert into profiles (id, email, first_name, last_name, role) values
        ('00000000-0000-4000-8000-000000000002', 'Ann1003@example.org', 'Ann', 'Other', 'doctor'),
        ('00000000-0000-4000-8000-000000000003', 'ann.berg.1007@migrated.local', '', '', 'patient'),
        ('00000000-0000-4000-8000-000000000004', 'own@their.example', 'Own', 'Person', 'doctor');
    insert into patients (id, user_id, practice_id, first_name, last_name, email, date_of_birth, gender) values
        ('00000000-0000-4000-8000-000000000005', '00000000-0000-4000-8000-000000000003',
         '00000000-0000-4000-8000-000000000001', 'ANN1012', 'berg', '', '1980-02-03', 'male'),
        ('00000000-0000-4000-8000-000000000006', '00000000-0000-4000-8000-000000000004',
         '00000000-0000-4000-8000-000000000001', 'Ann1013', 'Berg', '', '1980-02-04', 'male');";

fn matches(job: &Job) -> String {
    job.staged(
        "select entity, legacy_id, substr(target_id, -1), confidence_level, evidence from target_matches \
         where entity <> 'practices' order by 1, 2",
    )
}

#[test]
fn whoever_is_probably_there_is_a_question_and_its_answer_is_loaded() {
    let job = Job::resolved(SIZE, "policy.default_practice = 1", THERE);
    let last = job.staged("select last_name from ready_patients where first_name = 'Ann1012'");
    job.target()
        .execute(&format!("update patients set last_name = upper('{last}') where id::text like '%5'"));
    job.steps("survey", "transform");
    assert_eq!(
        matches(&job),
        "patients|5012|5|medium|first_name, last_name, date_of_birth\nprofiles|1003|2|medium|email\n\
         profiles|1007|3|high|fallback_address"
    );
    let open = "select count(*) from v_review_items where question = 'id'";
    assert_eq!(job.staged(open), "3");
    assert_eq!(
        job.staged("select email like '%@migrated.local' from ready_profiles where legacy_id = 1003"),
        "1",
        "while nobody has said so, the row keeps its address"
    );
    let before = job.digest();

    let row = |digit: u8| format!("00000000-0000-4000-8000-00000000000{digit}");
    fs::write(
        job.path("answers.csv"),
        format!(
            "item,action,value,reason\nprofiles:1003:id,set,{},asked\nprofiles:1007:id,accept,,another\npatients:5012:id,set,{},asked\n",
            row(2),
            row(5)
        ),
    )
    .unwrap();
    job.run(["review", "import", "answers.csv", "--by", "Anna Berg", "--quiet"]);
    job.steps("transform", "verify");
    assert_eq!(job.staged(open), "0");
    let said = "select right(id::text, 1), email from profiles where legacy_id = 1003 \
                union all select right(id::text, 1), first_name from patients where legacy_id = 5012";
    assert_eq!(psql(job.target(), said), "2|ann1003@example.org\n5|Ann1012");
    assert_eq!(job.loaded("select count(*) from profiles"), "32", "thirty, and two who are somebody else");
    let run = job.last_run("load");
    let versions = job.row_versions();
    job.steps("survey", "load");
    assert_eq!(job.row_versions(), versions);

    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(job.digest(), before);
}

/// Says after the load that the user is the row of the target that has the address; returns the load's run.
fn decided_after_the_load(job: &Job) -> String {
    job.run(["load", "--quiet"]);
    let run = job.last_run("load");
    fs::write(
        job.path("answers.csv"),
        "item,action,value,reason\nprofiles:1012:id,set,00000000-0000-4000-8000-000000000002,asked\n",
    )
    .unwrap();
    job.run(["review", "import", "answers.csv", "--by", "Anna Berg", "--quiet"]);
    job.run(["transform", "--quiet"]);
    run
}

/// One who is there by address.
const ONE: &str = "insert into profiles (id, email, first_name, last_name, role) values
    ('00000000-0000-4000-8000-000000000002', 'Ann1012@example.org', 'Ann', 'Other', 'patient');
    create function touch() returns trigger language plpgsql as $$ begin new.updated_at = now(); return new; end $$;
    create trigger touch before update on profiles for each row execute function touch();";

#[test]
fn an_answer_that_comes_after_the_load_moves_the_record_to_its_row() {
    let job = Job::resolved(SIZE, "policy.default_practice = 1", ONE);
    let before = job.digest();
    let first = decided_after_the_load(&job);
    job.steps("load", "verify");
    let second = job.last_run("load");
    let said = "select right(f.id::text, 1), f.email from profiles f join patients p on p.user_id = f.id \
                where f.legacy_id = 1012 and p.legacy_id = 5012";
    assert_eq!(psql(job.target(), said), "2|ann1012@example.org");
    let versions = job.row_versions();
    job.steps("survey", "verify");
    assert_eq!(job.row_versions(), versions);
    for run in [&second, &first] {
        job.run(["rollback", "--run", run, "--quiet"]);
    }
    assert_eq!(job.digest(), before);
}

#[test]
fn where_no_column_has_the_legacy_id_an_answer_after_the_load_stops_the_next_one_and_names_the_way() {
    let job = Job::resolved(
        SIZE,
        "policy.default_practice = 1\n[target.columns.profiles]\nlegacy_id = false",
        &format!("{ONE} alter table profiles drop column legacy_id"),
    );
    decided_after_the_load(&job);
    let loaded = job.digest();
    let refused = job.drydock(["load", "--quiet"]).run().expect(5);
    for words in ["such as legacy id 1012", "drydock rollback", "profiles:1012:id, accept"] {
        assert!(refused.stderr.contains(words), "{words} in {}", refused.stderr);
    }
    assert_eq!(job.digest(), loaded);
}
