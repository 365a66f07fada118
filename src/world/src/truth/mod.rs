//! What a correct migration of the invented world comes to, worked out the plain way from the rules and from what was
//! planted. It shares no code with the migration, and nothing of the generator reads it except the first phase.

mod cases;
mod email;
mod placement;

use crate::emails::Planted;
use crate::id::LegacyId;
use crate::relations::Relation;
use crate::rows::{Office, OfficeDoctor, Patient, User};
use crate::table::{Table, row};

pub(crate) use cases::phase_three;
pub use cases::{CaseTruth, PhaseThree, ProjectTruth, StateTruth};
pub use email::EmailStatus;
pub use placement::Placement;

/// The truth about the world.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Truth {
    /// One entry for each `auth_user`, by rising id.
    pub users: Vec<UserTruth>,
    /// One entry for each `dispatch_patient`, by rising id.
    pub patients: Vec<PatientTruth>,
    /// Who is, or looks like, whom.
    pub relations: Vec<Relation>,
}

/// What becomes of one user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserTruth {
    /// The `auth_user` id.
    pub user_id: LegacyId,
    /// `patient`, `doctor`, `technician`, `admin`, `master` or `unknown`.
    pub role: &'static str,
    /// What becomes of the email address.
    pub email_status: EmailStatus,
    /// The address the profile ends with; none when it gets a fallback.
    pub email: Option<String>,
    /// Who keeps the address that this user shares and loses.
    pub email_keeper: Option<LegacyId>,
    /// The practice of the profile.
    pub placement: Placement,
}

/// What becomes of one patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatientTruth {
    /// The `dispatch_patient` id.
    pub patient_id: LegacyId,
    /// The patient's own `auth_user` id.
    pub user_id: LegacyId,
    /// The practice of the patient.
    pub placement: Placement,
    /// The `auth_user` id of the treating doctor, when there is such a user.
    pub provider: Option<LegacyId>,
}

/// The rows the truth is about.
pub(crate) struct Rows<'a> {
    pub(crate) users: &'a [User],
    pub(crate) offices: &'a [Office],
    pub(crate) memberships: &'a [OfficeDoctor],
    pub(crate) patients: &'a [Patient],
}

pub(crate) fn truth(rows: &Rows, planted: &Planted, relations: Vec<Relation>) -> Truth {
    let ladder = placement::Ladder::new(rows);
    let emails = email::emails(rows.users, planted);
    let users = rows.users.iter().zip(emails).map(|(user, email)| {
        let patient = ladder.patient_of(user.id);
        UserTruth {
            user_id: user.id,
            role: role(user, patient.is_some()),
            email_status: email.status,
            email: email.address,
            email_keeper: email.keeper,
            placement: ladder.place_profile(user.id, patient),
        }
    });
    let patients = rows.patients.iter().map(|patient| PatientTruth {
        patient_id: patient.id,
        user_id: patient.user_id,
        placement: ladder.place_patient(patient),
        provider: ladder.provider(patient),
    });
    Truth { users: users.collect(), patients: patients.collect(), relations }
}

/// Patient row, then the groups Doctor, Technician, Admin, Master, then the flags, then the group Patient.
fn role(user: &User, is_patient: bool) -> &'static str {
    let group = |id: i64| user.groups.contains(&id);
    match () {
        () if is_patient => "patient",
        () if group(2) => "doctor",
        () if group(11) => "technician",
        () if group(4) => "admin",
        () if group(5) || user.is_superuser => "master",
        () if user.is_staff => "admin",
        () if group(1) => "patient",
        () => "unknown",
    }
}

impl Truth {
    /// The truth as tables: `truth_users`, `truth_patients`, `truth_relations`.
    pub fn tables(&self) -> Vec<Table> {
        let columns =
            ["user_id", "role", "email_status", "email", "email_keeper", "method", "confidence", "practice"];
        let mut users = Table::new("truth_users", &columns);
        users.rows.extend(self.users.iter().map(|user| {
            let Placement { method, confidence, practice } = user.placement;
            let status = user.email_status.as_str();
            row![user.user_id, user.role, status, user.email, user.email_keeper, method, confidence, practice]
        }));
        let columns = ["patient_id", "user_id", "method", "confidence", "practice", "provider"];
        let mut patients = Table::new("truth_patients", &columns);
        patients.rows.extend(self.patients.iter().map(|patient| {
            let Placement { method, confidence, practice } = patient.placement;
            row![patient.patient_id, patient.user_id, method, confidence, practice, patient.provider]
        }));
        let mut relations = Table::new("truth_relations", &["group", "likeness", "user_id"]);
        for (group, relation) in self.relations.iter().enumerate() {
            let rows =
                relation.members.iter().map(|member| row![group + 1, relation.likeness.as_str(), *member]);
            relations.rows.extend(rows);
        }
        vec![users, patients, relations]
    }
}
