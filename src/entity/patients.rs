//! Patients: one per `dispatch_patient`, archived and suspended ones included. Names and address come from the
//! patient's own user; the plan's twelve fields that the legacy never had are '' on insert and left alone afterwards.

use compact_str::ToCompactString;

use super::association::Association;
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::profiles::{self, User};
use super::{Column, Decision, Entity, Kind, Verdict, row};
use crate::clean::{self, Email, Gender};
use crate::record::{Code, Issue, LegacyId, Phase, TargetId, Text};

legacy_row! {
    /// A patient as read.
    LegacyPatient,
    /// One row is one patient; the plan's five columns are enough.
    PATIENTS = "dispatch_patient" (required) {
        required { user_id, birthdate, sex }
        optional { updated_at, doctor_id, office_id, status, archived, suspended, schemes, suffix, submitted_at }
    }
}

legacy_row! {
    /// What the whole set must know of a patient: whom it points at, and the birthdate.
    PatientLinks,
    /// The same table, for a pass that needs no more.
    PATIENT_LINKS = "dispatch_patient" (required) {
        required { user_id, birthdate }
        optional { doctor_id, office_id, sex }
    }
}

legacy_row! {
    /// What a profile takes from its patient.
    PatientMoment,
    /// The same table, for a pass that needs no more.
    PATIENT_MOMENTS = "dispatch_patient" (required) {
        required {}
        optional { updated_at }
    }
}

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "patients",
    singular: "patient",
    legacy: &PATIENTS,
    target_table: "patients",
    discriminator: None,
    phase: Phase::Patients,
    columns: &[
        Column::new("id", Kind::Uuid),
        Column::new("legacy_id", Kind::Integer),
        Column::new("user_id", Kind::Uuid).references("profiles"),
        Column::new("first_name", Kind::Text),
        Column::new("last_name", Kind::Text),
        Column::new("email", Kind::Text),
        Column::new("date_of_birth", Kind::Date).nullable(),
        Column::new("gender", Kind::Enum("gender")),
        Column::new("practice_id", Kind::Uuid).references("practices"),
        Column::new("assigned_profile_id", Kind::Uuid).nullable().references("profiles"),
        Column::new("phone", Kind::Text).on_insert(),
        Column::new("address", Kind::Text).on_insert(),
        Column::new("city", Kind::Text).on_insert(),
        Column::new("state", Kind::Text).on_insert(),
        Column::new("zip_code", Kind::Text).on_insert(),
        Column::new("insurance_provider", Kind::Text).on_insert(),
        Column::new("insurance_id", Kind::Text).on_insert(),
        Column::new("emergency_contact_name", Kind::Text).on_insert(),
        Column::new("emergency_contact_phone", Kind::Text).on_insert(),
        Column::new("medical_history", Kind::Text).on_insert(),
        Column::new("allergies", Kind::Text).on_insert(),
        Column::new("medications", Kind::Text).on_insert(),
        Column::new("metadata", Kind::Metadata),
        Column::new("created_at", Kind::Timestamp),
        Column::new("updated_at", Kind::Timestamp),
    ],
};

/// What the whole set knows about one patient.
pub struct Context<'a> {
    /// The id in the target, kept or derived.
    pub target_id: TargetId,
    /// The patient's own user, with that profile's id; none when the reference does not lead to a ready profile.
    pub user: Option<(&'a User, TargetId)>,
    /// The user's own valid address, whoever keeps it among the profiles.
    pub email: Email,
    /// The treating doctor's profile.
    pub provider: Option<TargetId>,
    /// The practice by the ladder.
    pub association: Option<Association>,
    /// The target's label of a gender.
    pub gender_label: &'a dyn Fn(Gender) -> &'a str,
    /// The day on which ages are judged: the snapshot's, so that a later run decides the same.
    pub today: chrono::NaiveDate,
}

/// Resolves a patient into `decision`, which already holds what following the references found. Without a user or
/// without a practice the patient waits in quarantine.
pub fn resolve(mut decision: Decision, patient: &LegacyPatient, context: Context<'_>) -> Decision {
    const PHASE: Phase = Phase::Patients;
    let date_of_birth =
        decision.take(PHASE, clean::birthdate("date_of_birth", patient.birthdate.as_deref(), context.today));
    let gender = decision.take(PHASE, clean::gender("gender", patient.sex.as_deref()));
    let schemes = decision.take(PHASE, clean::json("schemes", patient.schemes.as_deref()));

    let practice_id = context.association.as_ref().map(|association| association.practice_id);
    decision.association = context.association;
    let (Some((user, user_id)), Some(practice_id)) = (context.user, practice_id) else {
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

    let email = match context.email {
        Email::Valid(address) => address,
        Email::Missing | Email::Invalid(_) => String::new(),
    };
    let row = row!(ENTITY {
        id: context.target_id.to_text(),
        legacy_id: patient.legacy_id.to_text(),
        user_id: user_id.to_text(),
        first_name: Text::from(first_name),
        last_name: Text::from(last_name),
        email: Text::from(email),
        date_of_birth: date_of_birth.map(|day| day.to_compact_string()),
        gender: Text::from((context.gender_label)(gender)),
        practice_id: practice_id.to_text(),
        assigned_profile_id: context.provider.map(TargetId::to_text),
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

/// The issue of a reference that does not lead to a record that will be loaded.
pub fn reference_issue(field: &'static str, raw: &str, known: Option<LegacyId>) -> Issue {
    let code = if known.is_some() { Code::ReferenceDangling } else { Code::ReferenceInvalid };
    Issue::new(code, field).with_context(format!("reference={raw}"))
}
