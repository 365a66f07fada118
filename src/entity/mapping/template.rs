//! Texts with fields in braces, as expressions over the resolved rows of the staging file. Pure.

use std::fmt::Write as _;

use crate::entity::{Entity, Holds, Kind, patients, profiles};
use crate::record::{quoted, quoted_text};

/// What a configuration names that does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unknown {
    /// Where, as `target.fill.profiles.username`.
    pub key: String,
    /// What was to stand there.
    pub word: String,
    /// What could stand there.
    pub known: Vec<String>,
}

/// An expression and what it gives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expression {
    pub sql: String,
    pub kind: Kind,
}

/// A piece of a text.
enum Piece<'a> {
    Literal(String),
    Field { path: &'a str, digits: Option<usize> },
}

/// The expression of a text, or what of it is not known.
pub(super) fn expression(entity: &Entity, key: &str, text: &str) -> Result<Expression, Unknown> {
    let pieces = pieces(text).ok_or_else(|| Unknown {
        key: key.to_owned(),
        word: "a text whose braces do not match".to_owned(),
        known: vec!["{field}".to_owned(), "{field:06}".to_owned(), "{{ for a brace".to_owned()],
    })?;
    match pieces.as_slice() {
        [] => Ok(Expression { sql: "''".to_owned(), kind: Kind::Enum("") }),
        [Piece::Literal(text)] => Ok(Expression { sql: quoted_text(text), kind: Kind::Enum("") }),
        [Piece::Field { path, digits: None }] => field(entity, key, path),
        pieces => {
            let mut parts = Vec::new();
            for piece in pieces {
                parts.push(match piece {
                    Piece::Literal(text) => quoted_text(text),
                    Piece::Field { path, digits: None } => {
                        format!("coalesce({}, '')", field(entity, key, path)?.sql)
                    }
                    Piece::Field { path, digits: Some(digits) } => {
                        let sql = field(entity, key, path)?.sql;
                        format!("coalesce(printf('%0{digits}d', cast({sql} as integer)), '')")
                    }
                });
            }
            Ok(Expression { sql: format!("({})", parts.join(" || ")), kind: Kind::Text })
        }
    }
}

/// The pieces of a text; none where a brace stands alone.
fn pieces(text: &str) -> Option<Vec<Piece<'_>>> {
    let mut pieces = Vec::new();
    let mut literal = String::new();
    let mut rest = text;
    while let Some(at) = rest.find(['{', '}']) {
        literal += &rest[..at];
        let after = &rest[at + 1..];
        let brace = &rest[at..=at];
        if let Some(after) = after.strip_prefix(brace) {
            literal += brace;
            rest = after;
            continue;
        }
        let (path, after) = if brace == "{" { after.split_once('}')? } else { return None };
        if !literal.is_empty() {
            pieces.push(Piece::Literal(std::mem::take(&mut literal)));
        }
        let (path, digits) = match path.split_once(':') {
            Some((path, digits)) => (path, Some(digits.parse().ok().filter(|digits| *digits < 20)?)),
            None => (path, None),
        };
        pieces.push(Piece::Field { path: path.trim(), digits });
        rest = after;
    }
    literal += rest;
    if !literal.is_empty() {
        pieces.push(Piece::Literal(literal));
    }
    Some(pieces)
}

/// The expression of one field: of the record itself, or of the patient of a profile and the profile of a patient.
fn field(entity: &Entity, key: &str, path: &str) -> Result<Expression, Unknown> {
    let own = || of_row(entity, "y", path);
    let found = match (entity.name, path.split_once('.')) {
        ("profiles", Some(("patient", path))) => of_row(&patients::ENTITY, "p", path),
        ("patients", Some(("profile", path))) => of_row(&profiles::ENTITY, "f", path),
        _ => own(),
    };
    found.ok_or_else(|| Unknown { key: key.to_owned(), word: path.to_owned(), known: known(entity) })
}

/// The fields of a record that can be named.
fn known(entity: &Entity) -> Vec<String> {
    let of = |entity: &Entity, before: &str| -> Vec<String> {
        let columns = entity.columns.iter().map(|column| format!("{before}{}", column.name));
        columns.chain(entity.kept.iter().map(|kept| format!("{before}legacy.{kept}"))).collect()
    };
    let other = match entity.name {
        "profiles" => of(&patients::ENTITY, "patient."),
        "patients" => of(&profiles::ENTITY, "profile."),
        _ => Vec::new(),
    };
    of(entity, "").into_iter().chain(other).collect()
}

/// A field of the row `alias` of an entity.
fn of_row(entity: &Entity, alias: &str, path: &str) -> Option<Expression> {
    if let Some(kept) = path.strip_prefix("legacy.") {
        let kept = entity.kept.iter().find(|known| **known == kept)?;
        return Some(kept_value(entity, alias, kept));
    }
    let column = entity.column(path)?;
    let name = format!("{alias}.{}", quoted(column.name));
    let sql = if column.name == "legacy_id" { format!("cast({name} as text)") } else { name };
    Some(Expression { sql, kind: column.kind })
}

/// A raw value that the metadata keep, in the form in which PostgreSQL prints its type.
fn kept_value(entity: &Entity, alias: &str, kept: &str) -> Expression {
    let holds = entity.legacy.columns().find(|(name, _)| *name == kept).map(|(_, holds)| holds);
    let mut value = format!("{alias}.metadata ->> '$.legacy.{kept}'");
    let mut in_form = |function: &str| {
        value = format!("{function}({value})");
    };
    let kind = match holds {
        Some(Holds::Flag) => {
            in_form("drydock_flag");
            Kind::Boolean
        }
        Some(Holds::Moment) => {
            in_form("drydock_moment");
            Kind::Timestamp
        }
        Some(Holds::Identifier | Holds::Code) => {
            in_form("drydock_whole");
            Kind::Integer
        }
        Some(Holds::Json) => {
            let mut json = String::new();
            let _ = write!(json, "nullif({alias}.metadata -> '$.legacy.{kept}', 'null')");
            return Expression { sql: json, kind: Kind::Json };
        }
        _ => Kind::Text,
    };
    Expression { sql: format!("({value})"), kind }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sql(text: &str) -> (String, Kind) {
        let Expression { sql, kind } = expression(&profiles::ENTITY, "key", text).unwrap();
        (sql, kind)
    }

    #[test]
    fn a_text_is_a_constant_a_field_or_both() {
        assert_eq!(sql("it's"), ("'it''s'".to_owned(), Kind::Enum("")));
        assert_eq!(sql("{email}"), ("y.\"email\"".to_owned(), Kind::Text));
        assert_eq!(sql("{id}").1, Kind::Uuid);
        assert_eq!(sql("{legacy.last_login}").1, Kind::Timestamp);
        assert_eq!(sql("{patient.gender}").0, "p.\"gender\"");
        assert_eq!(
            sql("P{{{legacy_id:06}}}"),
            (
                "('P{' || coalesce(printf('%06d', cast(cast(y.\"legacy_id\" as text) as integer)), '') || '}')".to_owned(),
                Kind::Text
            )
        );
    }

    #[test]
    fn what_is_not_known_is_named_with_what_is() {
        for text in ["{nick}", "{legacy.password}", "{patient.nick}", "a{", "}", "{legacy_id:x}"] {
            let unknown = expression(&profiles::ENTITY, "target.fill.profiles.x", text).unwrap_err();
            assert_eq!(unknown.key, "target.fill.profiles.x");
            assert!(!unknown.known.is_empty(), "{text}");
        }
    }
}
