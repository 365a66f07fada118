//! Patients: one per `dispatch_patient`, archived and suspended ones included. Names and address come from the
//! patient's own user; the plan's twelve fields that the legacy never had are '' on insert and left alone afterwards.

use compact_str::ToCompactString;

use super::From::{Own, With as OfUser};
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::profiles::{self, USERS, User};
use super::{
    Answer, Column, Decision, Entity, Holds, Kind, ReadWith, Reference, Rule, Verdict, Whole, With, decide,
    practices, row,
};
use crate::clean::{self, Email};
use crate::record::{Code, Issue, Phase, Text};

/// What says whose record it is: somebody else's has another value in each of these.
pub const IDENTITY: [&[&str]; 2] = [&["user_id"], &["birthdate"]];

legacy_row! {
    /// A patient as read.
    LegacyPatient,
    /// One row is one patient; the plan's five columns are enough.
    PATIENTS = "dispatch_patient" (required) {
        required { user_id: Identifier, birthdate: Birthdate, sex: Sex }
        optional { updated_at: Moment, doctor_id: Identifier, office_id: Identifier, status: Code, archived: Flag, suspended: Flag, schemes: Json, suffix: FreeText, submitted_at: Moment }
    }
}

legacy_row! {
    /// What the whole set must know of a patient: whom it points at, and the birthdate.
    PatientLinks,
    /// The same table, for a pass that needs no more.
    PATIENT_LINKS = "dispatch_patient" (required) {
        required { user_id: Identifier, birthdate: Birthdate }
        optional { doctor_id: Identifier, office_id: Identifier, sex: Sex }
    }
}

/// The patient's own user.
pub const USER: Reference = Reference::new("user_id", &profiles::ENTITY, Phase::Patients);
/// The treating doctor.
pub const DOCTOR: Reference = Reference::new("doctor_id", &profiles::ENTITY, Phase::Associations);
/// The office.
pub const OFFICE: Reference = Reference::new("office_id", &practices::ENTITY, Phase::Associations);

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "patients",
    singular: "patient",
    legacy: &PATIENTS,
    target_table: "patients",
    discriminator: None,
    phase: Phase::Patients,
    can_stand_in: true,
    references: &[USER, DOCTOR, OFFICE],
    read_with: &[ReadWith::Named { table: &USERS, by: "user_id" }],
    staging_sql: include_str!("../../staging/patients.sql"),
    target_sql: Some(include_str!("../../sql/target/04_patients.sql")),
    rule: Rule {
        with: Some(With { table: &USERS, key: |whole, patient| whole.user_of(patient) }),
        decide: decide!(LegacyPatient with User, resolve),
    },
    columns: &[
        Column::new("id", Kind::Uuid).answer(Answer::Row),
        Column::new("legacy_id", Kind::Integer),
        Column::new("user_id", Kind::Uuid).references(&profiles::ENTITY),
        Column::new("first_name", Kind::Text).holds(Holds::Name).from(&[OfUser("first_name")]),
        Column::new("last_name", Kind::Text).holds(Holds::Name).from(&[OfUser("last_name")]),
        Column::new("email", Kind::Text).holds(Holds::Email),
        Column::new("date_of_birth", Kind::Date)
            .nullable()
            .from(&[Own("birthdate")])
            .answer(Answer::Birthdate),
        Column::new("gender", Kind::Enum("gender")).from(&[Own("sex")]).answer(Answer::Gender),
        Column::new("practice_id", Kind::Uuid).references(&practices::ENTITY).choice(),
        Column::new("assigned_profile_id", Kind::Uuid).nullable().references(&profiles::ENTITY),
        Column::new("phone", Kind::Text).holds(Holds::Phone).on_insert(),
        Column::new("address", Kind::Text).holds(Holds::Address).on_insert(),
        Column::new("city", Kind::Text).holds(Holds::Address).on_insert(),
        Column::new("state", Kind::Text).holds(Holds::Address).on_insert(),
        Column::new("zip_code", Kind::Text).holds(Holds::Address).on_insert(),
        Column::new("insurance_provider", Kind::Text).on_insert(),
        Column::new("insurance_id", Kind::Text).on_insert(),
        Column::new("emergency_contact_name", Kind::Text).holds(Holds::Name).on_insert(),
        Column::new("emergency_contact_phone", Kind::Text).holds(Holds::Phone).on_insert(),
        Column::new("medical_history", Kind::Text).on_insert(),
        Column::new("allergies", Kind::Text).on_insert(),
        Column::new("medications", Kind::Text).on_insert(),
        Column::new("metadata", Kind::Metadata),
        Column::new("created_at", Kind::Timestamp).from(&[OfUser("date_joined")]),
        Column::new("updated_at", Kind::Timestamp).from(&[
            Own("updated_at"),
            OfUser("last_login"),
            OfUser("date_joined"),
        ]),
    ],
    kept: &[
        "birthdate",
        "sex",
        "status",
        "archived",
        "suspended",
        "suffix",
        "submitted_at",
        "doctor_id",
        "office_id",
        "schemes",
    ],
    mapped: None,
};

/// Resolves a patient. Without a user or without a practice it waits in quarantine.
fn resolve(whole: &dyn Whole, patient: &LegacyPatient, user: Option<&User>) -> Decision {
    const PHASE: Phase = Phase::Patients;
    let id = patient.legacy_id;
    let mut decision = Decision::open(id);
    let user_id = whole.follow(&ENTITY, &mut decision, &USER, patient.user_id.as_deref());
    if patient.user_id.is_none() {
        decision.issues.push(USER.missing());
    }
    let doctor = whole.follow(&ENTITY, &mut decision, &DOCTOR, patient.doctor_id.as_deref());
    whole.follow(&ENTITY, &mut decision, &OFFICE, patient.office_id.as_deref());
    let is_shared = user_id.is_some_and(|user| whole.patient_of(user) != Some(id));
    if is_shared && whole.merged_into(&ENTITY, id).is_none() {
        decision.issue(PHASE, Issue::new(Code::UserShared, "user_id"));
    }
    decision.association = whole.associate(&ENTITY, &mut decision, user_id);

    let date_of_birth =
        decision.take(PHASE, clean::birthdate("date_of_birth", patient.birthdate.as_deref(), whole.today()));
    let gender = decision.take(PHASE, clean::gender("gender", patient.sex.as_deref()));
    let schemes = decision.take(PHASE, clean::json("schemes", patient.schemes.as_deref()));

    let practice_id = decision.association.as_ref().map(|association| association.practice_id);
    let (Some((user_id, user)), Some(practice_id)) = (user_id.zip(user), practice_id) else {
        return decision;
    };

    // the profile has the issues of its names; here only the changes are told again, because the values are
    let first_name = renamed(&mut decision, "first_name", user.first_name.as_deref());
    let last_name = renamed(&mut decision, "last_name", user.last_name.as_deref());
    let created_at = profiles::timestamp(&mut decision, "created_at", user.date_joined.as_deref());
    let updated_at = profiles::updated_at(&mut decision, patient.updated_at.as_deref(), user);
    let (Some(created_at), Some(updated_at)) = (created_at.or_else(|| updated_at.clone()), updated_at) else {
        decision.issue(PHASE, Issue::new(Code::TimestampMissing, "created_at"));
        return decision;
    };

    let mut metadata = Metadata::default();
    for (key, value) in [
        ("birthdate", &patient.birthdate),
        ("sex", &patient.sex),
        ("status", &patient.status),
        ("archived", &patient.archived),
        ("suspended", &patient.suspended),
        ("suffix", &patient.suffix),
        ("submitted_at", &patient.submitted_at),
        ("doctor_id", &patient.doctor_id),
        ("office_id", &patient.office_id),
    ] {
        metadata.raw(key, value.as_deref());
    }
    profiles::keep_unreadable(&mut metadata, "updated_at", patient.updated_at.as_deref());
    metadata.set("schemes", schemes.unwrap_or_default());

    // the user's own, whoever keeps it among the profiles
    let email = match clean::email("email", user.email.as_deref(), whole.email_policy()).value {
        Email::Valid(address) => address,
        Email::Missing | Email::Invalid(_) => match whole.address_in_target(&ENTITY, id) {
            Some(standing) => {
                decision.change_further("email", "email.in_target", user.email.as_deref(), Some(standing));
                standing.to_owned()
            }
            None => String::new(),
        },
    };
    let row = row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        user_id: whole.target_id(&profiles::ENTITY, user_id).to_text(),
        first_name: Text::from(first_name),
        last_name: Text::from(last_name),
        email: Text::from(email),
        date_of_birth: date_of_birth.map(|day| day.to_compact_string()),
        gender: Text::from(whole.gender_label(gender.as_str())),
        practice_id: practice_id.to_text(),
        assigned_profile_id: doctor.map(|doctor| whole.target_id(&profiles::ENTITY, doctor).to_text()),
        metadata: metadata.into_text(),
        created_at: created_at,
        updated_at: updated_at,
    });
    decision.verdict = Verdict::Ready(row);
    decision
}

/// A clean name, with its changes but without its issues.
fn renamed(decision: &mut Decision, field: &'static str, raw: Option<&str>) -> String {
    let cleaned = clean::name(field, raw);
    decision.changes.extend(cleaned.changes);
    cleaned.value
}
