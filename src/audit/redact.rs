//! A copy in which nobody can be recognised: a new file, into which every value goes through its column's treatment. Nothing
//! of the original's pages is ever in it. What a value looks like decides too: one that is not shaped as its column expects is
//! replaced, so that a name that strayed into a column of numbers does not get through.

use std::path::Path;

use chrono::Datelike;
use serde_json::{Map, Value};

use super::classification::{Treatment, columns_of, legacy_columns_of, of_field};
use super::manifest::Redacted;
use super::tokens::Tokens;
use super::vocabulary::Vocabulary;
use crate::config::Config;
use crate::error::{Error, Result};
use crate::staging::{Cell, SEAL_TABLES, Staging, Written, broken_at};
use crate::{clean, record};

/// Everybody who is older is put together.
const OLDEST: i32 = 89;

/// Writes the copy to a new file.
pub fn redact(from: &Staging, to: &Path, token_key: Option<&Path>) -> Result<Redacted> {
    if let Some(number) = broken_at(&from.journal()?) {
        return Err(Error::precondition(format!(
            "the journal of {} is broken at entry {number}, and what stands there may be anything",
            from.path().display()
        ))
        .hint("`drydock audit check` says more; seal a file that was not changed by other means"));
    }
    let mut copy = Staging::create_new(to)?;
    copy.prepare_copy()?;
    let mut redactor = Redactor {
        tokens: Tokens::new(token_key)?,
        vocabulary: Vocabulary::new(),
        pooled_up_to: pooled_up_to(from)?,
    };
    let mut report = Redacted { pooled_up_to: redactor.pooled_up_to, ..Redacted::default() };
    for (table, columns) in from.tables()? {
        if SEAL_TABLES.contains(&table.as_str()) {
            continue;
        }
        let known = match (columns_of(&table), table.strip_prefix("legacy_")) {
            (Some(known), _) => known,
            (None, Some(legacy)) => legacy_columns_of(legacy),
            (None, None) => {
                report.dropped_tables.push(table);
                continue;
            }
        };
        let is_raw = columns_of(&table).is_none();
        let treatments: Vec<Option<Treatment>> = columns
            .iter()
            .map(|column| {
                let known = known.iter().find(|(name, _)| name == column).map(|(_, treatment)| *treatment);
                known.or_else(|| (is_raw && column == "legacy_id").then_some(Treatment::Id))
            })
            .collect();
        let kept: Vec<String> = columns
            .iter()
            .zip(&treatments)
            .filter(|(_, treatment)| treatment.is_some())
            .map(|(column, _)| column.clone())
            .collect();
        let dropped: Vec<String> = columns.iter().filter(|column| !kept.contains(column)).cloned().collect();
        if is_raw {
            let without_key: Vec<String> =
                kept.iter().filter(|column| *column != "legacy_id").cloned().collect();
            copy.make_raw_table(&table, &without_key)?;
        }
        let how = kept
            .iter()
            .cloned()
            .zip(treatments.iter().flatten().map(|treatment| treatment.word().to_owned()));
        report.columns.insert(table.clone(), how.collect());
        if !dropped.is_empty() {
            report.dropped_columns.insert(table.clone(), dropped);
        }
        let shape = Shape::of(&table, &columns, &treatments);
        copy.write_cells(&table, &kept, |write| {
            from.for_cells(&table, |cells| match redactor.row(&shape, cells)? {
                Some(row) => write(&row),
                None => Ok(()),
            })
        })?;
    }
    report.tokens = redactor.tokens.count();
    redactor.tokens.finish()?;
    Ok(report)
}

/// The last year of birth whose people are all older than [`OLDEST`] or become so within the year of the snapshot.
fn pooled_up_to(from: &Staging) -> Result<i32> {
    let taken = from.fact("extract_completed_at")?.or(from.fact("created_at")?);
    let year = taken.and_then(|moment| moment.get(..4)?.parse().ok());
    Ok(year.unwrap_or_else(|| chrono::Utc::now().year()) - OLDEST - 1)
}

/// What a table's rows are treated by.
struct Shape {
    is_journal: bool,
    treatments: Vec<Option<Treatment>>,
    /// The column that says what a value is: `field`, `question` or `name`.
    says: Option<usize>,
    /// The column that says that a value is a legacy id.
    refers: Option<usize>,
}

impl Shape {
    fn of(table: &str, columns: &[String], treatments: &[Option<Treatment>]) -> Self {
        let position = |wanted: &str| columns.iter().position(|column| column == wanted);
        Self {
            is_journal: table == "journal",
            treatments: treatments.to_vec(),
            says: match table {
                "changes" => position("field"),
                "decisions" => position("question"),
                "facts" => position("name"),
                _ => None,
            },
            refers: if table == "decisions" { position("refers_to") } else { None },
        }
    }
}

struct Redactor {
    tokens: Tokens,
    vocabulary: Vocabulary,
    pooled_up_to: i32,
}

impl Redactor {
    /// A row as it goes into the copy; none when it does not go there.
    fn row(&mut self, shape: &Shape, cells: &[Cell<'_>]) -> Result<Option<Vec<Written>>> {
        let said = shape.says.and_then(|column| match cells[column] {
            Cell::Text(bytes) => std::str::from_utf8(bytes).ok(),
            _ => None,
        });
        // the key of the commitments would let their values be tried out
        if shape.treatments.contains(&Some(Treatment::ByFact)) && said == Some("journal_key") {
            return Ok(None);
        }
        let refers = shape.refers.is_some_and(|column| cells[column] != Cell::Null);
        let mut row = Vec::with_capacity(cells.len());
        for (cell, treatment) in cells.iter().zip(&shape.treatments) {
            let Some(treatment) = treatment else { continue };
            let treatment = match treatment {
                Treatment::ByField if refers => Treatment::Id,
                Treatment::ByField => of_field(said.unwrap_or_default()),
                other => *other,
            };
            row.push(match cell {
                Cell::Null => Written::Null,
                Cell::Integer(number) => Written::Integer(*number),
                Cell::Real(number) => Written::Real(*number),
                Cell::Text(bytes) if shape.is_journal => {
                    Written::Text(String::from_utf8_lossy(bytes).into_owned())
                }
                Cell::Text(bytes) | Cell::Blob(bytes) => {
                    let text = match std::str::from_utf8(bytes) {
                        Ok(text) if treatment == Treatment::ByFact => {
                            self.fact(said.unwrap_or_default(), text)?
                        }
                        Ok(text) => self.text(treatment, text)?,
                        Err(_) => self.tokens.of(treatment.token(), bytes)?,
                    };
                    if matches!(cell, Cell::Blob(_)) {
                        Written::Blob(text.into_bytes())
                    } else {
                        Written::Text(text)
                    }
                }
            });
        }
        Ok(Some(row))
    }

    /// A text by its treatment.
    fn text(&mut self, treatment: Treatment, text: &str) -> Result<String> {
        if text.is_empty() {
            return Ok(String::new());
        }
        let kept = match treatment {
            Treatment::Id => is_number(text) || is_uuid(text),
            Treatment::Flag => is_flag(text),
            Treatment::Code => text.len() <= 3 && is_number(text) || is_flag(text) || is_sex(text),
            Treatment::Word => self.vocabulary.has(text),
            Treatment::Context => is_reference(text) || !has_digit(text) && self.vocabulary.has(text),
            Treatment::Moment => is_moment(text),
            Treatment::Country => is_country(text),
            Treatment::Birth | Treatment::Date => {
                return match year(text) {
                    Some(year) if treatment == Treatment::Birth && year <= self.pooled_up_to => {
                        Ok(format!("{} or before", self.pooled_up_to))
                    }
                    Some(year) => Ok(format!("{year:04}")),
                    None => self.tokens.of("date", text.as_bytes()),
                };
            }
            Treatment::Json => return self.json_text(text),
            Treatment::Words => return self.words(text),
            Treatment::Evidence => return self.evidence(text),
            Treatment::Digest => return Ok(self.tokens.keyed_digest(text.as_bytes())),
            Treatment::Email => {
                return Ok(format!("{}@redacted.invalid", self.tokens.of("email", text.as_bytes())?));
            }
            _ => false,
        };
        if kept { Ok(text.to_owned()) } else { self.tokens.of(treatment.token(), text.as_bytes()) }
    }

    /// A fact about the file, by its name.
    fn fact(&mut self, name: &str, value: &str) -> Result<String> {
        match name {
            "configuration" => self.configuration(value),
            "configuration_sha256" if is_digest(value) => Ok(value.to_owned()),
            "staging_id" => self.text(Treatment::Id, value),
            "source_identity" | "target_identity" | "target_system" => self.text(Treatment::Text, value),
            name if name.ends_with("_at") => self.text(Treatment::Moment, value),
            _ => self.text(Treatment::Word, value),
        }
    }

    /// The configuration, with a token for every text that is not one of its words.
    fn configuration(&mut self, text: &str) -> Result<String> {
        let Some(mut value) = Config::parse(text).ok().and_then(|config| serde_json::to_value(config).ok())
        else {
            return self.tokens.of("text", text.as_bytes());
        };
        self.configured(&mut value)?;
        // what the words are keys of has been checked against the program's lists already
        let config: Option<Config> = serde_json::from_value(value).ok();
        match config {
            Some(config) => Ok(config.to_text()),
            None => self.tokens.of("text", text.as_bytes()),
        }
    }

    fn configured(&mut self, value: &mut Value) -> Result<()> {
        match value {
            Value::String(text) => *text = self.text(Treatment::Word, text)?,
            Value::Array(values) => values.iter_mut().try_for_each(|value| self.configured(value))?,
            Value::Object(object) => object.values_mut().try_for_each(|value| self.configured(value))?,
            _ => {}
        }
        Ok(())
    }

    /// JSON of which every word stands on its own; the numbers are the program's.
    fn evidence(&mut self, text: &str) -> Result<String> {
        match serde_json::from_str(text) {
            Ok(value) => Ok(self.word_by_word(value)?.to_string()),
            Err(_) => self.text(Treatment::Word, text),
        }
    }

    fn word_by_word(&mut self, value: Value) -> Result<Value> {
        Ok(match value {
            Value::String(word) => self.text(Treatment::Word, &word)?.into(),
            Value::Array(values) => {
                values.into_iter().map(|value| self.word_by_word(value)).collect::<Result<_>>()?
            }
            Value::Object(object) => {
                let mut kept = Map::new();
                for (key, value) in object {
                    kept.insert(self.text(Treatment::Word, &key)?, self.word_by_word(value)?);
                }
                Value::Object(kept)
            }
            other => other,
        })
    }

    /// A list of words, each on its own.
    fn words(&mut self, text: &str) -> Result<String> {
        let Ok(values) = serde_json::from_str::<Vec<Value>>(text) else {
            return self.tokens.of("text", text.as_bytes());
        };
        let values = values.into_iter().map(|value| match value {
            Value::String(word) => Ok(self.text(Treatment::Word, &word)?.into()),
            Value::Number(number) => Ok(Value::Number(number)),
            _ => Ok(Value::Null),
        });
        Ok(Value::Array(values.collect::<Result<_>>()?).to_string())
    }

    fn json_text(&mut self, text: &str) -> Result<String> {
        match serde_json::from_str(text) {
            Ok(value) => Ok(self.json(Treatment::Json, value)?.to_string()),
            Err(_) => self.tokens.of("text", text.as_bytes()),
        }
    }

    /// A value of JSON: below a key that is known, by that key; below any other, a token for every leaf.
    fn json(&mut self, treatment: Treatment, value: Value) -> Result<Value> {
        // a column of JSON and the migration's own key hold fields, anything else holds values
        let is_open = treatment == Treatment::Json;
        Ok(match value {
            Value::Object(object) => {
                let mut kept = Map::new();
                for (key, value) in object {
                    let is_known = is_open && self.vocabulary.has(&key);
                    let below = if is_known { of_field(&key) } else { Treatment::Text };
                    let key = if is_known || self.vocabulary.has(&key) && !has_digit(&key) {
                        key
                    } else {
                        self.tokens.of("key", key.as_bytes())?
                    };
                    kept.insert(key, self.json(below, value)?);
                }
                Value::Object(kept)
            }
            Value::Array(values) => {
                values.into_iter().map(|value| self.json(treatment, value)).collect::<Result<_>>()?
            }
            Value::String(text) => {
                // no text of a column of JSON stands by itself
                let treatment = if is_open { Treatment::Text } else { treatment };
                self.text(treatment, &text)?.into()
            }
            Value::Number(number)
                if !matches!(treatment, Treatment::Id | Treatment::Code | Treatment::Flag) =>
            {
                self.tokens.of("text", number.to_string().as_bytes())?.into()
            }
            other => other,
        })
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.len() < 20 && digits.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_digest(text: &str) -> bool {
    text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

fn is_flag(text: &str) -> bool {
    ["t", "f", "true", "false", "0", "1", "y", "n", "yes", "no"].contains(&text.to_ascii_lowercase().as_str())
}

fn is_sex(text: &str) -> bool {
    ["m", "f", "o", "male", "female", "other", "unknown"].contains(&text.to_ascii_lowercase().as_str())
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

/// `keeper=profile 3081`: another record by its id.
fn is_reference(text: &str) -> bool {
    let Some((what, who)) = text.split_once('=') else { return false };
    let Some((kind, id)) = who.split_once(' ') else { return false };
    ["keeper", "holder"].contains(&what)
        && ["profile", "patient", "practice", "row"].contains(&kind)
        && (id.parse::<record::LegacyId>().is_ok() || is_uuid(id))
}

/// A moment as the program writes one.
fn is_moment(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

fn is_country(text: &str) -> bool {
    let cleaned = clean::country("country", Some(text));
    cleaned.issues.is_empty() && cleaned.value.is_some()
}

/// The year of a date that is written year first.
fn year(text: &str) -> Option<i32> {
    let text = text.trim();
    let (year, rest) = text.split_at_checked(4)?;
    let rest = rest.as_bytes();
    let is_date = rest.len() >= 6
        && rest[0] == b'-'
        && rest[3] == b'-'
        && [1, 2, 4, 5].iter().all(|at| rest[*at].is_ascii_digit())
        && rest[6..].iter().all(|byte| byte.is_ascii_digit() || b" T:.+-Z".contains(byte));
    (is_date && year.bytes().all(|byte| byte.is_ascii_digit())).then(|| year.parse().ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn redactor() -> Redactor {
        Redactor { tokens: Tokens::new(None).unwrap(), vocabulary: Vocabulary::new(), pooled_up_to: 1936 }
    }

    #[test]
    fn a_value_that_does_not_fit_its_column_is_replaced() {
        let mut redactor = redactor();
        for (treatment, kept, replaced) in [
            (Treatment::Id, "4711", "Ada"),
            (Treatment::Id, "a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11", "12a"),
            (Treatment::Flag, "t", "Ada"),
            (Treatment::Code, "10", "5551234"),
            (Treatment::Code, "female", "Ada"),
            (Treatment::Word, "email_shared", "Ada"),
            (Treatment::Context, "keeper=profile 3081", "before=1931-02-30"),
            (Treatment::Context, "reason=no_at_sign", "keeper=Ada 12"),
            (Treatment::Moment, "2026-01-02T03:04:05Z", "2026-01-02 Ada"),
            (Treatment::Country, "Japan", "Ada"),
        ] {
            assert_eq!(redactor.text(treatment, kept).unwrap(), kept);
            let token = redactor.text(treatment, replaced).unwrap();
            assert!(!token.contains(replaced) && token.contains('_'), "{treatment:?}: {token}");
            assert_eq!(redactor.text(treatment, "").unwrap(), "");
        }
        for treatment in
            [Treatment::Name, Treatment::Email, Treatment::Phone, Treatment::Address, Treatment::Text]
        {
            assert!(!redactor.text(treatment, "t").unwrap().starts_with("t_t"), "{treatment:?}");
        }
    }

    #[test]
    fn dates_are_cut_to_their_year_and_the_oldest_are_one() {
        let mut redactor = redactor();
        let mut of = |treatment, text: &str| redactor.text(treatment, text).unwrap();
        assert_eq!(of(Treatment::Birth, "1980-01-02"), "1980");
        assert_eq!(of(Treatment::Birth, "1937-12-31"), "1937");
        assert_eq!(of(Treatment::Birth, "1936-01-02"), "1936 or before");
        assert_eq!(of(Treatment::Birth, "1901-01-02"), "1936 or before");
        assert_eq!(of(Treatment::Date, "1901-01-02 03:04:05+00"), "1901");
        assert!(of(Treatment::Birth, "01/02/1980").starts_with("date_"));
        assert!(of(Treatment::Birth, "1980-01-02 Ada").starts_with("date_"));
    }

    #[test]
    fn json_keeps_its_known_keys_and_no_value() {
        let mut redactor = redactor();
        let text = r#"{"legacy":{"username":"olo","role":"doctor","groups":["Doctor","Olo"],"is_staff":"t","birthdate":"1980-01-02",
            "schemes":[{"olo":1,"b":{"c":"Olo"}},"Olo",17],"office_id":"12","Olo":null},"Olo":{"first_name":"t"}}"#;
        let redacted = redactor.text(Treatment::Json, text).unwrap();
        // no token has an o, an l or a 1
        assert!(!redacted.to_lowercase().contains("olo") && !redacted.contains("17"), "{redacted}");
        for kept in [
            r#""role":"doctor""#,
            r#""Doctor""#,
            r#""is_staff":"t""#,
            r#""birthdate":"1980""#,
            r#""office_id":"12""#,
        ] {
            assert!(redacted.contains(kept), "{kept}: {redacted}");
        }
        assert!(redactor.text(Treatment::Json, "{Ada").unwrap().starts_with("text_"));
    }
}
