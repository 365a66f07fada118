//! The rows of the legacy tables as the generator thinks of them; `tables` writes them as text.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use super::random::Random;
use crate::record::LegacyId;

/// A point in time.
pub(super) type Moment = DateTime<Utc>;

/// What an account is for; decides groups, flags and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Patient,
    Doctor,
    Technician,
    Admin,
    Master,
    /// The superuser flag and no group.
    Superuser,
    /// The staff flag and no group.
    Staff,
    /// The Patient group without a patient row.
    PatientInName,
    /// No group and no flag.
    Nobody,
}

/// One row of `auth_user`, and what is only known here: what it is for, and the stem of its username and email.
#[derive(Debug, Clone)]
pub(super) struct User {
    pub(super) id: LegacyId,
    pub(super) kind: Kind,
    /// `first.last` in ASCII.
    pub(super) stem: String,
    /// 1 male, 2 female, as the first name says.
    pub(super) sex: i64,
    pub(super) groups: Vec<i64>,
    pub(super) username: String,
    pub(super) password: String,
    pub(super) first_name: String,
    pub(super) last_name: String,
    pub(super) email: String,
    pub(super) is_superuser: bool,
    pub(super) is_staff: bool,
    pub(super) is_active: bool,
    pub(super) date_joined: Moment,
    pub(super) last_login: Option<Moment>,
}

/// One row of `dispatch_office`.
#[derive(Debug, Clone)]
pub(super) struct Office {
    pub(super) id: LegacyId,
    pub(super) doctor_id: LegacyId,
    pub(super) name: Option<String>,
    pub(super) address: Option<String>,
    pub(super) apt: Option<String>,
    pub(super) city: Option<String>,
    pub(super) state: Option<String>,
    pub(super) zip: Option<String>,
    pub(super) country: Option<String>,
    pub(super) phone: Option<String>,
    /// A `numeric(7, 4)` as it is printed.
    pub(super) tax_rate: Option<String>,
    pub(super) valid: bool,
    pub(super) sq_customer_id: Option<String>,
    pub(super) emails: bool,
}

/// One row of `dispatch_office_doctors`.
#[derive(Debug, Clone)]
pub(super) struct OfficeDoctor {
    pub(super) id: LegacyId,
    pub(super) office_id: LegacyId,
    pub(super) user_id: LegacyId,
}

/// One row of `dispatch_usersetting`.
#[derive(Debug, Clone)]
pub(super) struct UserSetting {
    pub(super) id: LegacyId,
    pub(super) user_id: LegacyId,
    pub(super) emails: bool,
    pub(super) require_2fa: Option<bool>,
}

/// One row of `dispatch_patient`.
#[derive(Debug, Clone)]
pub(super) struct Patient {
    pub(super) id: LegacyId,
    pub(super) user_id: LegacyId,
    pub(super) doctor_id: Option<LegacyId>,
    pub(super) office_id: Option<LegacyId>,
    pub(super) birthdate: Option<NaiveDate>,
    pub(super) sex: Option<i64>,
    pub(super) status: i64,
    pub(super) archived: bool,
    pub(super) suspended: bool,
    pub(super) schemes: Option<String>,
    pub(super) suffix: Option<String>,
    pub(super) submitted_at: Option<Moment>,
    pub(super) updated_at: Option<Moment>,
}

/// A date that is known to exist; the epoch's day otherwise.
pub(super) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Midnight of a date that is known to exist.
pub(super) fn midnight(year: i32, month: u32, date: u32) -> Moment {
    day(year, month, date).and_time(chrono::NaiveTime::MIN).and_utc()
}

/// A moment from `from` to `to`, with microseconds, milliseconds or whole seconds.
pub(super) fn moment_between(random: &mut Random, from: Moment, to: Moment) -> Moment {
    let span = (to - from).num_microseconds().unwrap_or(0).max(0);
    let drawn = random.between(0, span);
    let grain = match random.below(10) {
        0 => 1_000_000,
        1 => 1_000,
        _ => 1,
    };
    from + Duration::microseconds(drawn / grain * grain)
}
