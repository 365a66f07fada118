//! The rows of the legacy tables as the generator thinks of them; `tables` writes them as text.

use chrono::{DateTime, Duration, NaiveDate, Utc};

use crate::id::LegacyId;
use crate::random::Random;

/// A point in time.
pub(crate) type Moment = DateTime<Utc>;

/// What an account is for; decides groups, flags and settings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
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
pub(crate) struct User {
    pub(crate) id: LegacyId,
    pub(crate) kind: Kind,
    /// `first.last` in ASCII.
    pub(crate) stem: String,
    /// 1 male, 2 female, as the first name says.
    pub(crate) sex: i64,
    pub(crate) groups: Vec<i64>,
    pub(crate) username: String,
    pub(crate) password: String,
    pub(crate) first_name: String,
    pub(crate) last_name: String,
    pub(crate) email: String,
    pub(crate) is_superuser: bool,
    pub(crate) is_staff: bool,
    pub(crate) is_active: bool,
    pub(crate) date_joined: Moment,
    pub(crate) last_login: Option<Moment>,
}

/// One row of `dispatch_office`.
#[derive(Debug, Clone)]
pub(crate) struct Office {
    pub(crate) id: LegacyId,
    pub(crate) doctor_id: LegacyId,
    pub(crate) name: Option<String>,
    pub(crate) address: Option<String>,
    pub(crate) apt: Option<String>,
    pub(crate) city: Option<String>,
    pub(crate) state: Option<String>,
    pub(crate) zip: Option<String>,
    pub(crate) country: Option<String>,
    pub(crate) phone: Option<String>,
    /// A `numeric(7, 4)` as it is printed.
    pub(crate) tax_rate: Option<String>,
    pub(crate) valid: bool,
    pub(crate) sq_customer_id: Option<String>,
    pub(crate) emails: bool,
}

/// One row of `dispatch_office_doctors`.
#[derive(Debug, Clone)]
pub(crate) struct OfficeDoctor {
    pub(crate) id: LegacyId,
    pub(crate) office_id: LegacyId,
    pub(crate) user_id: LegacyId,
}

/// One row of `dispatch_usersetting`.
#[derive(Debug, Clone)]
pub(crate) struct UserSetting {
    pub(crate) id: LegacyId,
    pub(crate) user_id: LegacyId,
    pub(crate) emails: bool,
    pub(crate) require_2fa: Option<bool>,
}

/// One row of `dispatch_patient`.
#[derive(Debug, Clone)]
pub(crate) struct Patient {
    pub(crate) id: LegacyId,
    pub(crate) user_id: LegacyId,
    pub(crate) doctor_id: Option<LegacyId>,
    pub(crate) office_id: Option<LegacyId>,
    pub(crate) birthdate: Option<NaiveDate>,
    pub(crate) sex: Option<i64>,
    pub(crate) status: i64,
    pub(crate) archived: bool,
    pub(crate) suspended: bool,
    pub(crate) schemes: Option<String>,
    pub(crate) suffix: Option<String>,
    pub(crate) submitted_at: Option<Moment>,
    pub(crate) updated_at: Option<Moment>,
}

/// A date that is known to exist; the epoch's day otherwise.
pub(crate) fn day(year: i32, month: u32, day: u32) -> NaiveDate {
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or_default()
}

/// Midnight of a date that is known to exist.
pub(crate) fn midnight(year: i32, month: u32, date: u32) -> Moment {
    day(year, month, date).and_time(chrono::NaiveTime::MIN).and_utc()
}

/// A moment from `from` to `to`, with microseconds, milliseconds or whole seconds.
pub(crate) fn moment_between(random: &mut Random, from: Moment, to: Moment) -> Moment {
    let span = (to - from).num_microseconds().unwrap_or(0).max(0);
    let drawn = random.between(0, span);
    let grain = match random.below(10) {
        0 => 1_000_000,
        1 => 1_000,
        _ => 1,
    };
    from + Duration::microseconds(drawn / grain * grain)
}
