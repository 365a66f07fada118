//! Who belongs to which practice, record by record against the generator's truth, and what goes on where references lead
//! nowhere. The failures of earlier migrations that this guards against have their number.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

use crate::harness::{Job, empty_target, world};
use drydock::demo::world::World;

/// A world, extracted, surveyed and transformed.
struct Transformed {
    job: Job,
}

impl Transformed {
    /// An invented world, after `change` to its folder of CSV files.
    fn new(world: &World, config: &str, change: impl FnOnce(&Path)) -> Self {
        let job = Job::of_generated(world, empty_target()).by(config);
        change(&job.path("legacy"));
        job.up_to("survey");
        // records kept back are what some of these tests are about
        let outcome = job.verb("transform").run();
        assert!(matches!(outcome.code, Some(0 | 6)), "{}", outcome.stderr);
        Self { job }
    }

    fn sql(&self, sql: &str) -> String {
        self.job.staged(sql)
    }
}

/// The plan's world with a default practice, which most of these tests look at and none changes.
fn placed() -> &'static Transformed {
    static PLACED: OnceLock<Transformed> = OnceLock::new();
    PLACED.get_or_init(|| Transformed::new(world(), &config(), |_| {}))
}

const CONFIG: &str =
    "[policy]\ndefault_practice = 7\nallowed_rejects = { practice_owners = 3, practice_members = 2 }\n";

fn config() -> String {
    CONFIG.replace("= 7\n", &format!("= {}\n", drydock::demo::world::DEFAULT_PRACTICE))
}

#[test]
fn every_association_of_the_plans_world_is_as_the_truth_says() {
    let (world, transformed) = (world(), placed());
    let found = |entity: &str| -> BTreeMap<i64, String> {
        let rows = transformed.sql(&format!(
            "select legacy_id, association_method || ' ' || confidence_level || ' ' || practice_legacy_id \
             from associations where entity = '{entity}'"
        ));
        rows.lines()
            .map(|line| line.split_once('|').expect("two fields"))
            .map(|(id, said)| (id.parse().expect("an id"), said.to_owned()))
            .collect()
    };
    let said = |placement: drydock::demo::world::Placement| {
        format!("{} {} {}", placement.method, placement.confidence, placement.practice)
    };
    let patients: BTreeMap<i64, String> =
        world.truth.patients.iter().map(|patient| (patient.patient_id.0, said(patient.placement))).collect();
    assert_eq!(patients.len(), 7849);
    assert_eq!(found("patients"), patients);
    let profiles: BTreeMap<i64, String> =
        world.truth.users.iter().map(|user| (user.user_id.0, said(user.placement))).collect();
    assert_eq!(profiles.len(), 9101);
    assert_eq!(found("profiles"), profiles);

    // every patient has a practice that exists; no default and no guess by a city goes unseen
    assert_eq!(
        transformed
            .sql("select count(*) from ready_patients p join ready_practices o on o.id = p.practice_id"),
        "7849"
    );
    assert_eq!(
        transformed.sql(
            "select count(*) from associations where association_method in ('default', 'geographic') \
             and (requires_manual_review = 0 or confidence_level <> 'low')"
        ),
        "0"
    );
    assert_eq!(
        transformed.sql(
            "select count(*) from associations a where requires_manual_review = 1 and not exists ( \
             select 1 from v_review_items v where v.entity = a.entity and v.legacy_id = a.legacy_id \
             and v.question = 'practice_id')"
        ),
        "0"
    );
    let providers: BTreeMap<i64, i64> = world
        .truth
        .patients
        .iter()
        .filter_map(|patient| Some((patient.patient_id.0, patient.provider?.0)))
        .collect();
    let loaded: BTreeMap<i64, i64> = transformed
        .sql(
            "select p.legacy_id, f.legacy_id from ready_patients p join ready_profiles f \
             on f.id = p.assigned_profile_id",
        )
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(patient, doctor)| (patient.parse().expect("an id"), doctor.parse().expect("an id")))
        .collect();
    assert_eq!(loaded, providers);
}

/// Failure 9: a map from doctor to practice kept only the last of several.
#[test]
fn a_doctor_with_eleven_offices_keeps_eleven_memberships() {
    let transformed = placed();
    let most =
        "select profile_id, count(*) from ready_practice_members group by profile_id order by 2 desc limit 1";
    let (profile, count) =
        transformed.sql(most).split_once('|').map(|(a, b)| (a.to_owned(), b.to_owned())).expect("a row");
    assert_eq!(count, "11");
    assert_eq!(
        transformed.sql(&format!(
            "select count(distinct practice_id), sum(is_primary = 'true') from ready_practice_members \
             where profile_id = '{profile}'"
        )),
        "11|1"
    );
    let asked = transformed.sql(&format!(
        "select json_array_length(a.other_practices), a.association_method, a.confidence_level \
         from associations a join ready_profiles f on f.legacy_id = a.legacy_id \
         where a.entity = 'profiles' and f.id = '{profile}'"
    ));
    assert_eq!(asked, "10|direct_membership|medium");
}

/// Failures 8 and 10: lookups in the wrong place whose error was swallowed, and lookups that stopped at 1,000 rows. With
/// more than a thousand of everything, whoever is beyond the thousandth is found as well.
#[test]
fn lookups_are_complete() {
    let transformed = placed();
    // the doctors of patients beyond the thousandth patient and user, each by its own row
    let wrong = "select count(*) from legacy_dispatch_patient p join ready_patients r on r.legacy_id = p.legacy_id \
                 join legacy_auth_user u on u.legacy_id = cast(p.doctor_id as integer) \
                 left join ready_profiles f on f.id = r.assigned_profile_id \
                 where f.legacy_id is not u.legacy_id";
    assert_eq!(transformed.sql(wrong), "0");
    let wrong = "select count(*) from legacy_dispatch_patient p join ready_patients r on r.legacy_id = p.legacy_id \
                 join legacy_dispatch_office o on o.legacy_id = cast(p.office_id as integer) \
                 left join ready_practices y on y.id = r.practice_id where y.legacy_id is not o.legacy_id";
    assert_eq!(transformed.sql(wrong), "0");
}

/// Failure 13: inactive rows were skipped although others pointed at them.
#[test]
fn whoever_is_inactive_still_counts() {
    let transformed = placed();
    let inactive = "select count(*) from ready_patients p join ready_profiles f on f.id = p.assigned_profile_id \
                    where f.is_active = 'false'";
    assert_ne!(transformed.sql(inactive), "0");
    let invalid = "select count(*) from ready_patients p join ready_practices o on o.id = p.practice_id \
                   where o.is_active = 'false'";
    assert_ne!(transformed.sql(invalid), "0");
    // a treating doctor may be a superuser, without any settings row, or a patient too
    let odd = "select count(distinct f.legacy_id) from ready_patients p join ready_profiles f \
               on f.id = p.assigned_profile_id join legacy_auth_user u on u.legacy_id = f.legacy_id \
               where u.is_superuser in ('t', 'true') \
               or not exists (select 1 from legacy_dispatch_usersetting s where s.user_id = u.legacy_id)";
    assert_ne!(transformed.sql(odd), "0");
    assert_eq!(
        transformed.sql("select count(*) from records where entity = 'profiles' and fate = 'ready'"),
        "9101"
    );
}

#[test]
fn a_reference_that_leads_nowhere_is_named_and_nobody_is_put_in_its_place() {
    let transformed = placed();
    let unnamed = "select count(*) from migration_errors where error_code like 'reference_%' \
                   and coalesce(error_context, '') not like 'reference=%'";
    assert_eq!(transformed.sql(unnamed), "0");
    let dangling = "select count(*) from migration_errors m join ready_patients r on r.legacy_id = m.entity_id \
                    where m.entity = 'patients' and m.field = 'doctor_id' and m.error_code = 'reference_dangling' \
                    and r.assigned_profile_id is not null";
    assert_eq!(transformed.sql(dangling), "0");
}

#[test]
fn without_a_default_nobody_is_given_one() {
    let world = world();
    let transformed = Transformed::new(world, "", |_| {});
    let unplaced =
        world.truth.patients.iter().filter(|patient| patient.placement.method == "default").count();
    assert_ne!(unplaced, 0);
    assert_eq!(
        transformed.sql("select count(*) from records where entity = 'patients' and fate = 'quarantined'"),
        unplaced.to_string()
    );
    assert_eq!(
        transformed.sql("select count(*) from associations where association_method = 'default'"),
        "0"
    );
    let profiles = world.truth.users.iter().filter(|user| user.placement.method == "default").count();
    assert_eq!(
        transformed.sql("select count(*) from ready_profiles where practice_id is null"),
        profiles.to_string()
    );
    assert_eq!(
        transformed.sql(
            "select failing, failing_ready from v_dependencies where dependency = 'practice_availability'"
        ),
        format!("{unplaced}|0\n{profiles}|0")
    );
}

#[test]
fn the_plans_five_columns_of_a_patient_leave_only_the_default() {
    let transformed = Transformed::new(world(), &config(), |csv| {
        let path = csv.join("dispatch_patient.csv");
        let mut reader = csv::Reader::from_path(&path).expect("the patients");
        let header = reader.headers().expect("a header").clone();
        let kept: Vec<usize> = ["id", "user_id", "birthdate", "sex", "updated_at"]
            .iter()
            .map(|name| header.iter().position(|column| column == *name).expect("a column"))
            .collect();
        let rows: Vec<csv::StringRecord> = reader.records().map(|row| row.expect("a row")).collect();
        let mut writer = csv::Writer::from_path(&path).expect("the patients");
        for row in std::iter::once(&header).chain(&rows) {
            writer.write_record(kept.iter().map(|column| &row[*column])).expect("a row");
        }
        writer.flush().expect("a file");
    });
    assert_eq!(
        transformed.sql(
            "select association_method, requires_manual_review, count(*) from associations \
             where entity = 'patients' group by 1, 2"
        ),
        "default|1|7849"
    );
}
