//! The legacy tables, in an order in which they can be loaded.

use crate::people::GROUPS;
use crate::rows::{Office, OfficeDoctor, Patient, User, UserSetting};
use crate::table::{Table, row};

pub(crate) fn users(users: &[User]) -> Table {
    let mut table = Table::new(
        "auth_user",
        &[
            "id",
            "username",
            "password",
            "first_name",
            "last_name",
            "email",
            "is_superuser",
            "is_staff",
            "is_active",
            "date_joined",
            "last_login",
        ],
    );
    table.rows.extend(users.iter().map(|user| {
        row![
            user.id,
            user.username,
            user.password,
            user.first_name,
            user.last_name,
            user.email,
            user.is_superuser,
            user.is_staff,
            user.is_active,
            user.date_joined,
            user.last_login,
        ]
    }));
    table
}

pub(crate) fn groups() -> Table {
    let mut table = Table::new("auth_group", &["id", "name"]);
    table.rows.extend(GROUPS.iter().map(|(id, name)| row![*id, *name]));
    table
}

pub(crate) fn user_groups(users: &[User], mut ids: impl Iterator<Item = i64>) -> Table {
    let mut table = Table::new("auth_user_groups", &["id", "user_id", "group_id"]);
    let pairs = users.iter().flat_map(|user| user.groups.iter().map(move |group| (user.id, *group)));
    table.rows.extend(pairs.filter_map(|(user, group)| ids.next().map(|id| row![id, user, group])));
    table
}

pub(crate) fn offices(offices: &[Office]) -> Table {
    let mut table = Table::new(
        "dispatch_office",
        &[
            "id",
            "doctor_id",
            "name",
            "address",
            "apt",
            "city",
            "state",
            "zip",
            "country",
            "phone",
            "tax_rate",
            "valid",
            "sq_customer_id",
            "emails",
        ],
    );
    table.rows.extend(offices.iter().map(|office| {
        row![
            office.id,
            office.doctor_id,
            office.name,
            office.address,
            office.apt,
            office.city,
            office.state,
            office.zip,
            office.country,
            office.phone,
            office.tax_rate,
            office.valid,
            office.sq_customer_id,
            office.emails,
        ]
    }));
    table
}

pub(crate) fn office_doctors(memberships: &[OfficeDoctor]) -> Table {
    let mut table = Table::new("dispatch_office_doctors", &["id", "office_id", "user_id"]);
    table.rows.extend(memberships.iter().map(|row| row![row.id, row.office_id, row.user_id]));
    table
}

pub(crate) fn user_settings(settings: &[UserSetting]) -> Table {
    let mut table = Table::new("dispatch_usersetting", &["id", "user_id", "emails", "require_2fa"]);
    table.rows.extend(settings.iter().map(|row| row![row.id, row.user_id, row.emails, row.require_2fa]));
    table
}

pub(crate) fn patients(patients: &[Patient]) -> Table {
    let mut table = Table::new(
        "dispatch_patient",
        &[
            "id",
            "user_id",
            "doctor_id",
            "office_id",
            "birthdate",
            "sex",
            "status",
            "archived",
            "suspended",
            "schemes",
            "suffix",
            "submitted_at",
            "updated_at",
        ],
    );
    table.rows.extend(patients.iter().map(|patient| {
        row![
            patient.id,
            patient.user_id,
            patient.doctor_id,
            patient.office_id,
            patient.birthdate,
            patient.sex,
            patient.status,
            patient.archived,
            patient.suspended,
            patient.schemes,
            patient.suffix,
            patient.submitted_at,
            patient.updated_at,
        ]
    }));
    table
}
