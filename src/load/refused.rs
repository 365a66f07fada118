//! What a refusal of the target means, in the closed list of issues. Pure.

use crate::entity::Entity;
use crate::record::{Code, LegacyId};
use crate::staging::Refused;
use crate::target::Refusal;

/// The record's issue, by what the database said. `watchers` are the triggers and whatever else interferes with the table's
/// rows: the database does not say which of them it was.
pub fn refused(entity: &Entity, legacy_id: LegacyId, refusal: &Refusal, watchers: &str) -> Refused {
    let code = code(entity, refusal);
    let by = match &refusal.by {
        Some(by) => format!(" by {by}"),
        None if code == Code::TargetTrigger => format!(" by {watchers}"),
        None => String::new(),
    };
    Refused {
        legacy_id,
        code,
        field: refusal.column.clone().or_else(|| named_column(entity, refusal)).unwrap_or_default(),
        context: format!("{refusal}{by}"),
    }
}

fn code(entity: &Entity, refusal: &Refusal) -> Code {
    match refusal.sqlstate.as_str() {
        "23505" if is_about_email(entity, refusal) => Code::TargetEmailTaken,
        "23505" | "23P01" => Code::TargetDuplicate,
        "23503" => Code::TargetReference,
        "23502" => Code::TargetNull,
        "23514" | "44000" => Code::TargetCheck,
        "P0002" => Code::TargetRowMissing,
        // a constraint that calls a function which raises
        sqlstate if sqlstate.starts_with("P0") && refusal.constraint.is_some() => Code::TargetCheck,
        sqlstate if sqlstate.starts_with("22") || sqlstate.starts_with("54") => Code::TargetValue,
        sqlstate if sqlstate.starts_with("P0") || sqlstate.starts_with("27") => Code::TargetTrigger,
        sqlstate if sqlstate.starts_with("23") => Code::TargetCheck,
        _ => Code::TargetType,
    }
}

/// A unique violation names its constraint, and PostgreSQL names that after the columns unless somebody did otherwise.
fn is_about_email(entity: &Entity, refusal: &Refusal) -> bool {
    entity.columns.iter().any(|column| column.unique && column.name == "email")
        && refusal.constraint.as_deref().is_some_and(|constraint| constraint.contains("email"))
}

/// The column that a constraint's name names, the longest where several would do.
fn named_column(entity: &Entity, refusal: &Refusal) -> Option<String> {
    let constraint = refusal.constraint.as_deref()?;
    entity
        .columns
        .iter()
        .map(|column| column.name)
        .filter(|column| *column != "id" && constraint.contains(column))
        .max_by_key(|column| column.len())
        .map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{patients, profiles};
    use crate::record::Category;

    #[test]
    fn what_the_database_says_has_its_category() {
        for (entity, sqlstate, constraint, column, code, category, field) in [
            (
                &profiles::ENTITY,
                "23505",
                Some("profiles_email_lower_key"),
                None,
                Code::TargetEmailTaken,
                Category::EmailConflict,
                "email",
            ),
            (
                &profiles::ENTITY,
                "23505",
                Some("profiles_badge_key"),
                None,
                Code::TargetDuplicate,
                Category::ConstraintViolation,
                "",
            ),
            (
                &patients::ENTITY,
                "23503",
                Some("patients_user_id_fkey"),
                None,
                Code::TargetReference,
                Category::ConstraintViolation,
                "user_id",
            ),
            (
                &patients::ENTITY,
                "23502",
                None,
                Some("gender"),
                Code::TargetNull,
                Category::ConstraintViolation,
                "gender",
            ),
            (&patients::ENTITY, "22001", None, None, Code::TargetValue, Category::ValidationFailure, ""),
            (
                &profiles::ENTITY,
                "23514",
                Some("email_format"),
                None,
                Code::TargetCheck,
                Category::ConstraintViolation,
                "email",
            ),
            (&profiles::ENTITY, "P0001", None, None, Code::TargetTrigger, Category::ConstraintViolation, ""),
            (
                &profiles::ENTITY,
                "P0001",
                Some("profiles_check"),
                None,
                Code::TargetCheck,
                Category::ConstraintViolation,
                "",
            ),
        ] {
            let refusal = Refusal {
                sqlstate: sqlstate.to_owned(),
                table: None,
                column: column.map(str::to_owned),
                constraint: constraint.map(str::to_owned),
                ..Refusal::default()
            };
            let refused = refused(entity, LegacyId(7), &refusal, "trigger keep");
            assert_eq!(refused.context.ends_with(" by trigger keep"), code == Code::TargetTrigger);
            assert_eq!((refused.code, refused.field.as_str()), (code, field), "{sqlstate}");
            assert_eq!(refused.code.category(), category, "{sqlstate}");
        }
    }
}
