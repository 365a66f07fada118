//! Profiles: one per `auth_user`, every one of them (9,101 in, 9,101 out). Roles come from groups and flags, never from
//! a default; an address that cannot be kept is replaced by a fallback and stays in the metadata.

use compact_str::ToCompactString;

use super::From::Own;
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::{
    Answer, Column, Decision, Entity, Holds, Kind, ReadWith, Rule, Verdict, Whole, With, decide, practices,
    row,
};
use crate::clean::{self, Email, fallback_email, fallback_email_nth, name};
use crate::record::{Code, Issue, LegacyId, Phase, TargetId, Text};

/// What says who a user is: somebody else has another value in each of these, of which a name is one.
pub const IDENTITY: [&[&str]; 3] = [&["username"], &["date_joined"], &["first_name", "last_name"]];

legacy_row! {
    /// A user as read. An email is '' when missing.
    User,
    /// One row is one user.
    USERS = "auth_user" (required) {
        required { first_name: Name, last_name: Name, email: Email, date_joined: Moment }
        optional { username: Username, last_login: Moment, is_active: Flag, is_staff: Flag, is_superuser: Flag }
    }
}

legacy_row! {
    /// A group as read.
    Group,
    /// One row is one group: Patient, Doctor, Admin, Master, Technician.
    GROUPS = "auth_group" (required) {
        required { name: Label }
        optional { }
    }
}

legacy_row! {
    /// A user's membership in a group, as read.
    UserGroup,
    /// One row says that a user is in a group; a user may be in several.
    USER_GROUPS = "auth_user_groups" (required) {
        required { user_id: Identifier, group_id: Identifier }
        optional { }
    }
}

legacy_row! {
    /// A user's settings as read.
    UserSetting,
    /// One row marks a potential doctor.
    USER_SETTINGS = "dispatch_usersetting" (optional) {
        required { user_id: Identifier }
        optional { emails: Flag, require_2fa: Flag }
    }
}

legacy_row! {
    /// What a profile takes from its patient.
    PatientMoment,
    /// Of a patient, no more than that.
    PATIENT_MOMENTS = "dispatch_patient" (required) {
        required { }
        optional { updated_at: Moment }
    }
}

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "profiles",
    singular: "profile",
    legacy: &USERS,
    target_table: "profiles",
    discriminator: None,
    phase: Phase::Profiles,
    can_stand_in: true,
    references: &[],
    read_with: &[
        ReadWith::Naming { table: USER_GROUPS.name, by: "user_id" },
        ReadWith::Naming { table: USER_SETTINGS.name, by: "user_id" },
        ReadWith::Naming { table: PATIENT_MOMENTS.name, by: "user_id" },
        ReadWith::Naming { table: "dispatch_office_doctors", by: "user_id" },
    ],
    staging_sql: include_str!("../../staging/profiles.sql"),
    target_sql: Some(include_str!("../../sql/target/03_profiles.sql")),
    rule: Rule {
        with: Some(With { table: &PATIENT_MOMENTS, key: |whole, user| whole.patient_of(user) }),
        decide: decide!(User with PatientMoment, resolve),
    },
    columns: &[
        Column::new("id", Kind::Uuid).answer(Answer::Row),
        Column::new("legacy_id", Kind::Integer),
        // null only where the configuration chooses null instead of a fallback address
        Column::new("email", Kind::Text)
            .holds(Holds::Email)
            .nullable()
            .unique()
            .from(&[Own("email")])
            .answer(Answer::Email),
        Column::new("first_name", Kind::Text)
            .holds(Holds::Name)
            .from(&[Own("first_name")])
            .answer(Answer::Name),
        Column::new("last_name", Kind::Text)
            .holds(Holds::Name)
            .from(&[Own("last_name")])
            .answer(Answer::Name),
        Column::new("role", Kind::Enum("user_role")).answer(Answer::Role),
        Column::new("is_active", Kind::Boolean).from(&[Own("is_active")]).answer(Answer::Flag),
        Column::new("metadata", Kind::Metadata),
        Column::new("created_at", Kind::Timestamp).from(&[Own("date_joined")]),
        Column::new("updated_at", Kind::Timestamp),
        Column::new("practice_id", Kind::Uuid)
            .nullable()
            .in_phase(Phase::Associations)
            .references(&practices::ENTITY)
            .choice(),
    ],
    kept: &["username", "is_superuser", "is_staff", "last_login"],
    mapped: None,
};

/// A profile's role, by the domain's rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Has a `dispatch_patient` row, or is in group Patient and in no other and has no flag.
    Patient,
    /// In group Doctor.
    Doctor,
    /// In group Technician.
    Technician,
    /// In group Admin, or staff.
    Admin,
    /// In group Master, or a superuser.
    Master,
    /// Nothing says; for review.
    Unknown,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 6] =
        [Role::Patient, Role::Doctor, Role::Technician, Role::Admin, Role::Master, Role::Unknown];

    /// The domain's word; the configuration maps it to the target's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Patient => "patient",
            Role::Doctor => "doctor",
            Role::Technician => "technician",
            Role::Admin => "admin",
            Role::Master => "master",
            Role::Unknown => "unknown",
        }
    }
}

/// What decides a role. The groups are a set: a user may be in several.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the legacy's own flags")]
pub struct Standing {
    /// Has a `dispatch_patient` row.
    pub has_patient: bool,
    /// `is_superuser`.
    pub superuser: bool,
    /// `is_staff`.
    pub staff: bool,
    /// In group Doctor.
    pub in_doctor: bool,
    /// In group Technician.
    pub in_technician: bool,
    /// In group Admin.
    pub in_admin: bool,
    /// In group Master.
    pub in_master: bool,
    /// In group Patient.
    pub in_patient: bool,
}

impl Standing {
    /// Of whoever is in a group of this legacy name, in any case; an unknown group says nothing about a role.
    pub fn in_group(group: &str) -> Self {
        let name = group.trim().to_lowercase();
        Self {
            in_doctor: name == "doctor",
            in_technician: name == "technician",
            in_admin: name == "admin",
            in_master: name == "master",
            in_patient: name == "patient",
            ..Self::default()
        }
    }

    /// Adds what another standing says.
    pub fn add(&mut self, other: Self) {
        self.has_patient |= other.has_patient;
        self.superuser |= other.superuser;
        self.staff |= other.staff;
        self.in_doctor |= other.in_doctor;
        self.in_technician |= other.in_technician;
        self.in_admin |= other.in_admin;
        self.in_master |= other.in_master;
        self.in_patient |= other.in_patient;
    }

    /// The role, first rule that applies.
    pub fn role(self) -> Role {
        let rules = [
            (self.has_patient, Role::Patient),
            (self.in_doctor, Role::Doctor),
            (self.in_technician, Role::Technician),
            (self.in_admin, Role::Admin),
            (self.in_master, Role::Master),
            (self.superuser, Role::Master),
            (self.staff, Role::Admin),
            (self.in_patient, Role::Patient),
        ];
        rules.into_iter().find(|(applies, _)| *applies).map_or(Role::Unknown, |(_, role)| role)
    }
}

/// Why an address is replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replaced {
    /// There was none.
    Missing,
    /// It is not an address.
    Invalid,
    /// Another profile keeps it.
    Shared {
        /// The keeper.
        keeper: LegacyId,
    },
    /// A constraint of the target refuses its form.
    RefusedByTarget,
    /// A row of the target that is not of this migration holds it.
    TakenInTarget {
        /// That row.
        holder: TargetId,
    },
}

impl Replaced {
    /// The word in the metadata.
    const fn as_str(self) -> &'static str {
        match self {
            Replaced::Missing => "missing",
            Replaced::Invalid => "invalid",
            Replaced::Shared { .. } => "shared",
            Replaced::RefusedByTarget => "refused_by_target",
            Replaced::TakenInTarget { .. } => "taken_in_target",
        }
    }
}

/// Resolves a user. `patient` is its patient row.
fn resolve(whole: &dyn Whole, user: &User, patient: Option<&PatientMoment>) -> Decision {
    const PHASE: Phase = Phase::Profiles;
    let id = user.legacy_id;
    let mut decision = Decision { batch_id: whole.batch_of(id), ..Decision::open(id) };
    let [first_name, last_name] = [("first_name", &user.first_name), ("last_name", &user.last_name)]
        .map(|(field, raw)| name(field, raw.as_deref()));
    let address = address(whole, &mut decision, user, [&first_name.value, &last_name.value]);
    let is_active = not_switched_off(&mut decision, PHASE, user.is_active.as_deref());
    // what nobody can read gives nobody rights, and is said
    for (field, raw) in [("is_superuser", &user.is_superuser), ("is_staff", &user.is_staff)] {
        decision.take(PHASE, clean::boolean(field, raw.as_deref()));
    }
    let association = whole.associate(&ENTITY, &mut decision, Some(id));
    let first_name = decision.take(PHASE, first_name);
    let last_name = decision.take(PHASE, last_name);

    let mut metadata = Metadata::default();
    let email = resolve_address(&mut decision, &mut metadata, user, address);

    let role = whole.standing(id).role();
    if role == Role::Unknown {
        decision.issue(PHASE, Issue::new(Code::RoleUnknown, "role"));
    }
    let created_at = timestamp(&mut decision, "created_at", user.date_joined.as_deref());
    let updated_at =
        updated_at(&mut decision, patient.and_then(|patient| patient.updated_at.as_deref()), user);

    metadata.raw("username", user.username.as_deref());
    metadata.set("role", role.as_str());
    metadata.set("groups", whole.groups_of(id));
    metadata.raw("is_superuser", user.is_superuser.as_deref());
    metadata.raw("is_staff", user.is_staff.as_deref());
    metadata.raw("last_login", user.last_login.as_deref());
    keep_unreadable(&mut metadata, "date_joined", user.date_joined.as_deref());

    // A profile without any readable moment cannot say when it was made, and nothing is invented for it.
    let (Some(created_at), Some(updated_at)) = (created_at.or_else(|| updated_at.clone()), updated_at) else {
        decision.issue(PHASE, Issue::new(Code::TimestampMissing, "created_at"));
        return decision;
    };

    let practice_id = association.as_ref().map(|association| association.practice_id.to_text());
    decision.association = association;

    let row = row!(ENTITY {
        id: whole.target_id(&ENTITY, id).to_text(),
        legacy_id: id.to_text(),
        email: email.map(Text::from),
        first_name: Text::from(first_name),
        last_name: Text::from(last_name),
        role: Text::from(whole.role_label(role.as_str())),
        is_active: is_active.to_compact_string(),
        metadata: metadata.into_text(),
        created_at: created_at,
        updated_at: updated_at,
        practice_id: practice_id,
    });
    decision.verdict = Verdict::Ready(row);
    decision
}

/// A flag that is on unless the legacy says that it is off: a source without the column knows nothing that is switched off, and
/// a text that nobody can read switches nobody off.
pub fn not_switched_off(decision: &mut Decision, phase: Phase, raw: Option<&str>) -> bool {
    decision.take(phase, clean::boolean("is_active", raw)).unwrap_or(true)
}

/// What becomes of a user's address.
enum Address {
    /// Valid and this profile's own.
    Kept(String),
    /// Not to be had; `replacement` is a fallback address, or null where the configuration says so.
    Replaced {
        /// The fallback address, unique over everything.
        replacement: Option<String>,
        /// Why.
        reason: Replaced,
    },
}

/// The address that the user gets: its own, or what the configuration puts in its place.
fn address(whole: &dyn Whole, decision: &mut Decision, user: &User, names: [&str; 2]) -> Address {
    let id = user.legacy_id;
    let found =
        decision.take(Phase::Profiles, clean::email("email", user.email.as_deref(), whole.email_policy()));
    let lost = whole.lost_address(id);
    if let Some(given) = whole.given_address(id).filter(|_| lost.is_none()) {
        decision.change_further("email", "decision", user.email.as_deref(), Some(given));
        return Address::Kept(given.to_owned());
    }
    let reason = match (found, lost) {
        (Email::Valid(address), None) => match whole.address_refused_by(&address) {
            None => return Address::Kept(address),
            Some(constraint) => {
                let issue = Issue::new(Code::EmailRefusedByTarget, "email");
                decision.issue(Phase::Profiles, issue.with_context(format!("constraint={constraint}")));
                Replaced::RefusedByTarget
            }
        },
        (Email::Valid(_), Some(reason)) => reason,
        (Email::Missing, _) => Replaced::Missing,
        (Email::Invalid(_), _) => Replaced::Invalid,
    };
    if let Some(standing) = whole.address_in_target(&ENTITY, id) {
        decision.change_further("email", "email.in_target", user.email.as_deref(), Some(standing));
        // it is not missing where it stands
        decision.issues.retain(|(_, issue)| issue.code != Code::EmailMissing);
        return Address::Kept(standing.to_owned());
    }
    // the source gives the address that stands there to somebody else, who gets it; the row itself says nothing of that, because
    // the next survey finds it without the address
    if let (Replaced::Missing | Replaced::Invalid, Some(keeper)) = (reason, whole.address_goes_to(id)) {
        let issue = Issue::new(Code::EmailShared, "email");
        decision.issue(Phase::Profiles, issue.with_context(format!("keeper=profile {keeper}")));
    }
    Address::Replaced { replacement: whole.gives_fallbacks().then(|| fallback(whole, id, names)), reason }
}

/// A fallback address that nobody has or claims. It ends in the legacy id, so no two users get the same.
fn fallback(whole: &dyn Whole, id: LegacyId, [first, last]: [&str; 2]) -> String {
    // people may write to it by now: it does not follow the name
    if let Some(standing) = whole.fallback_in_target(id).filter(|standing| !whole.is_fallback_taken(standing))
    {
        return standing.to_owned();
    }
    let mut address = fallback_email(first, last, id);
    let mut number = 2;
    while whole.is_fallback_taken(&address) {
        address = fallback_email_nth(first, last, id, number);
        number += 1;
    }
    address
}

/// The stored address; a replaced one is explained by a change, an issue and the metadata, which keeps the original.
fn resolve_address(
    decision: &mut Decision,
    metadata: &mut Metadata,
    user: &User,
    address: Address,
) -> Option<String> {
    let (replacement, reason) = match address {
        Address::Kept(address) => {
            if user.email.as_deref() != Some(&address) {
                metadata.raw("email", user.email.as_deref());
            }
            metadata.set("email_status", "kept");
            return Some(address);
        }
        Address::Replaced { replacement, reason } => (replacement, reason),
    };
    metadata.raw("email", user.email.as_deref());
    metadata.set("email_status", reason.as_str());
    decision.change_further("email", "email.fallback", user.email.as_deref(), replacement.as_deref());
    match reason {
        // already said
        Replaced::Missing | Replaced::Invalid | Replaced::RefusedByTarget => {}
        Replaced::Shared { keeper } => {
            metadata.set("email_keeper_legacy_id", keeper.0);
            decision.issue(
                Phase::Profiles,
                Issue::new(Code::EmailShared, "email").with_context(format!("keeper=profile {keeper}")),
            );
        }
        Replaced::TakenInTarget { holder } => {
            metadata.set("email_holder_id", holder.to_string());
            decision.issue(
                Phase::Profiles,
                Issue::new(Code::EmailTakenInTarget, "email").with_context(format!("holder={holder}")),
            );
        }
    }
    replacement
}

/// The first of the moments that can be read, in the domain's order: the patient's `updated_at`, the last login, the
/// date joined.
pub fn updated_at(decision: &mut Decision, patient_updated_at: Option<&str>, user: &User) -> Option<Text> {
    [patient_updated_at, user.last_login.as_deref(), user.date_joined.as_deref()]
        .into_iter()
        .find_map(|raw| timestamp(decision, "updated_at", raw))
}

/// Keeps the original of a moment that cannot be read; one that can is in its column.
pub fn keep_unreadable(metadata: &mut Metadata, key: &str, raw: Option<&str>) {
    if raw.is_some() && clean::timestamp("", raw).value.is_none() {
        metadata.raw(key, raw);
    }
}

/// A moment as PostgreSQL prints it in UTC.
pub fn timestamp(decision: &mut Decision, field: &'static str, raw: Option<&str>) -> Option<Text> {
    let moment = decision.take(Phase::Profiles, clean::timestamp(field, raw))?;
    Some(clean::timestamp_text(&moment))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_decides_the_role() {
        let none = Standing::default();
        for (standing, role) in [
            (none, Role::Unknown),
            (Standing { has_patient: true, in_doctor: true, ..none }, Role::Patient),
            (Standing { in_doctor: true, in_master: true, superuser: true, ..none }, Role::Doctor),
            (Standing { in_technician: true, in_admin: true, ..none }, Role::Technician),
            (Standing { in_admin: true, in_master: true, ..none }, Role::Admin),
            (Standing { in_master: true, staff: true, ..none }, Role::Master),
            (Standing { superuser: true, staff: true, ..none }, Role::Master),
            (Standing { staff: true, in_patient: true, ..none }, Role::Admin),
            (Standing { in_patient: true, ..none }, Role::Patient),
        ] {
            assert_eq!(standing.role(), role, "{standing:?}");
        }
    }
}
