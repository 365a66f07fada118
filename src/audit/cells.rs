//! What becomes of one value, by its column's treatment. What it looks like decides too: one that is not shaped as its column
//! expects is replaced, so that a name that strayed into a column of numbers does not get through.

use serde_json::{Map, Value};

use super::anonymity::{Hiding, SUPPRESSED, Whose, year};
use super::classification::{Space, Treatment};
use super::phrases;
use super::tokens::{Place, Tokens};
use super::words::{is_group, is_label, is_number, is_ours, is_schema, is_sex, is_tally};
use crate::clean;
use crate::config::Config;
use crate::entity::{self, Entity, practices};
use crate::error::Result;

/// The row that a value stands in.
#[derive(Clone, Copy)]
pub struct Row<'a> {
    /// Where tokens are drawn for.
    pub place: Place<'a>,
    /// The entity of its record.
    pub entity: Option<&'static Entity>,
    /// The table that it is about.
    pub table: &'a str,
    /// The entity that its record was merged into.
    pub keeper: Option<&'static Entity>,
    /// What of its person is hidden beyond that.
    pub hides: Whose,
}

/// Replaces values.
pub struct Cells {
    /// What replaces them.
    pub tokens: Tokens,
    /// What is hidden so that enough people are alike.
    pub hiding: Hiding,
}

impl Cells {
    /// A text by its treatment; none where nothing is said in its place.
    pub fn text(&mut self, row: Row<'_>, treatment: Treatment, text: &str) -> Result<String> {
        if text.is_empty() && row.hides != Whose::Suppressed {
            return Ok(String::new());
        }
        let kept = match treatment {
            Treatment::Birth | Treatment::Date | Treatment::Sex if row.hides == Whose::Suppressed => {
                return Ok(SUPPRESSED.to_owned());
            }
            Treatment::Practice(space) | Treatment::Provider(space) => {
                // that there is none stays, but for somebody who is hidden as a whole
                let is_said = !text.is_empty() || row.hides == Whose::Suppressed;
                return match self.region(row, treatment, text).filter(|_| is_said) {
                    Some(instead) => Ok(instead),
                    None if is_said => self.id(row, space, text),
                    None => Ok(String::new()),
                };
            }
            _ if text.is_empty() => return Ok(String::new()),
            Treatment::Phrase | Treatment::Practices if row.hides != Whose::Nobody => {
                return Ok(if treatment == Treatment::Practices { "[]" } else { SUPPRESSED }.to_owned());
            }
            Treatment::Id(space) => return self.id(row, space, text),
            Treatment::Practices => return self.practices(row, text),
            Treatment::Birth | Treatment::Date => {
                let years = match year(text) {
                    Some(year) if treatment == Treatment::Birth => self.hiding.birth(year),
                    Some(year) => self.hiding.moment(year),
                    None => return self.tokens.of("date", row.place, text.as_bytes()),
                };
                return Ok(years);
            }
            Treatment::Sex if is_sex(text) => return Ok(self.hiding.sex(text)),
            Treatment::Json => return self.json(row, text),
            Treatment::Metadata => return self.metadata(row, text),
            Treatment::Schemas => return self.schemas(row, text),
            Treatment::Evidence => return self.evidence(row, text),
            Treatment::Question => return self.question(row, text),
            Treatment::Phrase => match phrases::phrase(text, &mut self.tokens)? {
                Some(phrase) => return Ok(phrase),
                None => false,
            },
            Treatment::Digest => return Ok(self.tokens.keyed_digest(None, text.as_bytes())),
            Treatment::RecordDigest => {
                return Ok(self.tokens.keyed_digest(Some(row.place), text.as_bytes()));
            }
            Treatment::Email => {
                let token = self.tokens.of("email", row.place, text.as_bytes())?;
                return Ok(format!("{token}@redacted.invalid"));
            }
            Treatment::Flag => is_flag(text),
            Treatment::Code => text.len() <= 3 && is_number(text),
            Treatment::Word => is_ours(text),
            Treatment::Words => {
                text.split(", ").all(|word| word.split(" × ").all(|word| is_ours(word) || is_schema(word)))
            }
            Treatment::Tally => is_tally(text),
            Treatment::Label => is_label(text),
            Treatment::Group => is_group(text),
            Treatment::Schema => is_ours(text) || is_schema(text),
            Treatment::Shapes => is_shapes(text),
            Treatment::Moment => is_moment(text),
            Treatment::Version => is_version(text),
            Treatment::Country => is_country(text),
            _ => false,
        };
        if kept { Ok(text.to_owned()) } else { self.tokens.of(treatment.token(), row.place, text.as_bytes()) }
    }

    /// A number by its treatment: one that is no count, flag or code is somebody's.
    pub fn integer(&mut self, row: Row<'_>, treatment: Treatment, number: i64) -> Result<Option<i64>> {
        Ok(match treatment {
            Treatment::Count | Treatment::Chain | Treatment::Flag => Some(number),
            Treatment::Range => Some(0),
            Treatment::Id(space) => self.number(row, space, number)?,
            Treatment::Practice(space) | Treatment::Provider(space) => {
                match self.region(row, treatment, &number.to_string()) {
                    Some(what) => Some(self.tokens.stand_in(&what)),
                    None => self.number(row, space, number)?,
                }
            }
            Treatment::Code => (-999..=999).contains(&number).then_some(number),
            _ => None,
        })
    }

    /// A fact about the file, by its name.
    pub fn fact(&mut self, row: Row<'_>, name: &str, value: &str) -> Result<String> {
        let treatment = match name {
            "configuration" => return self.configuration(row, value),
            // its own name for itself, which no record has
            "staging_id" if is_uuid(value) => return Ok(value.to_owned()),
            "target_version" | "source_version" => {
                let number: String =
                    value.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect();
                return if value == "none" { Ok(value.to_owned()) } else { Ok(number) };
            }
            // to the second: with the rest of it, a guess of where the file lies could be tried out on its id
            "created_at" if is_moment(value) => {
                return Ok(format!("{}Z", value.get(..19).unwrap_or_default()));
            }
            "undo_digest" => Treatment::Digest,
            "source_snapshot" if value == "none" => Treatment::Word,
            name if name.ends_with("_at") => Treatment::Moment,
            _ => Treatment::Text,
        };
        self.text(row, treatment, value)
    }

    fn id(&mut self, row: Row<'_>, space: Space, text: &str) -> Result<String> {
        if is_uuid(text) {
            return self.tokens.uuid(text);
        }
        let drawn = match text.parse::<i64>() {
            // -0 and +7 would be other ids
            Ok(id) if is_number(text.strip_prefix('-').unwrap_or(text)) => self.number(row, space, id)?,
            _ => None,
        };
        match drawn {
            Some(drawn) => Ok(drawn.to_string()),
            None => self.tokens.of("id", row.place, text.as_bytes()),
        }
    }

    fn number(&mut self, row: Row<'_>, space: Space, id: i64) -> Result<Option<i64>> {
        let table = |entity: &'static Entity| entity.legacy.name;
        let space = match space {
            Space::Of(table) => table,
            Space::Pair if !self.tokens.is_linkable() => {
                let entity = row.entity.map_or(row.table, table);
                return self.tokens.id(&format!("pairs of {entity}"), id).map(Some);
            }
            Space::Entity | Space::Pair => row.entity.map_or(row.table, table),
            Space::Keeper => row.keeper.or(row.entity).map_or(row.table, table),
            Space::Table => row.table,
            Space::Target => return Ok(None),
        };
        self.tokens.id(space, id).map(Some)
    }

    /// What a person's practice, or whoever treats them, is put together with; none where it stays.
    fn region(&self, row: Row<'_>, treatment: Treatment, id: &str) -> Option<String> {
        match (row.hides, treatment) {
            (Whose::Nobody, _) => None,
            (Whose::Suppressed, _) => Some(SUPPRESSED.to_owned()),
            (Whose::Person, Treatment::Practice(_)) => self.hiding.practice(id),
            (Whose::Person, _) => self.hiding.practice("").map(|_| SUPPRESSED.to_owned()),
        }
    }

    fn practices(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        let Ok(offices) = serde_json::from_str::<Vec<i64>>(text) else {
            return self.tokens.of("text", row.place, text.as_bytes());
        };
        let space = practices::ENTITY.legacy.name;
        let mut drawn =
            offices.into_iter().map(|id| self.tokens.id(space, id)).collect::<Result<Vec<_>>>()?;
        drawn.sort_unstable();
        Ok(Value::from(drawn).to_string())
    }

    fn question(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        if let Some(other) = text.strip_prefix("duplicate_of_") {
            return Ok(format!("duplicate_of_{}", self.id(row, Space::Pair, other)?));
        }
        if is_ours(text) { Ok(text.to_owned()) } else { self.tokens.of("text", row.place, text.as_bytes()) }
    }

    /// The configuration, with a token for every text that is not one of its words: without those it would be none.
    fn configuration(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        let read = |value: &Value| {
            let config = serde_json::from_value::<Config>(value.clone()).ok()?;
            Config::parse(&config.to_text()).ok().map(|config| config.to_text())
        };
        let known = Config::parse(text).ok().and_then(|config| serde_json::to_value(config).ok());
        let Some(mut value) = known.filter(|value| read(value).is_some()) else {
            return self.tokens.of("text", row.place, text.as_bytes());
        };
        let mut leaves = Vec::new();
        leaves_of(&value, String::new(), &mut leaves);
        for leaf in leaves {
            let Some(before) = value.pointer(&leaf).cloned() else { continue };
            let after = match &before {
                Value::String(text)
                    if text.is_empty() || is_ours(text) || is_schema(text) || is_label(text) =>
                {
                    continue;
                }
                Value::String(text) => self.tokens.of("text", row.place, text.as_bytes())?.into(),
                Value::Number(number) if leaf.ends_with("/default_practice") => match number.as_i64() {
                    Some(id) => self.tokens.id(practices::ENTITY.legacy.name, id)?.into(),
                    None => continue,
                },
                _ => continue,
            };
            let mut changed = value.clone();
            if let Some(place) = changed.pointer_mut(&leaf) {
                *place = after;
            }
            if read(&changed).is_some() {
                value = changed;
            }
        }
        match read(&value) {
            Some(text) => Ok(text),
            None => self.tokens.of("text", row.place, text.as_bytes()),
        }
    }

    /// What the search for duplicates says of each field: the level, and not what it weighs, by which a name can be guessed.
    fn evidence(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        let said: Option<Map<String, Value>> = serde_json::from_str(text).ok();
        let is_said = |(field, value): (&String, &Value)| {
            is_ours(field) && value.get(0).and_then(Value::as_str).is_some_and(is_ours)
        };
        match said {
            Some(said) if said.iter().all(is_said) => {
                let levels = said
                    .into_iter()
                    .map(|(field, value)| (field, Value::from(vec![value[0].clone(), Value::Null])));
                Ok(Value::Object(levels.collect()).to_string())
            }
            _ => self.tokens.of("text", row.place, text.as_bytes()),
        }
    }

    fn schemas(&mut self, row: Row<'_>, text: &str) -> Result<String> {
        let Ok(names) = serde_json::from_str::<Vec<String>>(text) else {
            return self.tokens.of("text", row.place, text.as_bytes());
        };
        let names = names.into_iter().map(|name| self.text(row, Treatment::Schema, &name));
        Ok(Value::from(names.collect::<Result<Vec<_>>>()?).to_string())
    }
}

/// The pointers to all texts and numbers of a value.
fn leaves_of(value: &Value, at: String, leaves: &mut Vec<String>) {
    match value {
        Value::Array(values) => {
            for (place, value) in values.iter().enumerate() {
                leaves_of(value, format!("{at}/{place}"), leaves);
            }
        }
        Value::Object(values) => {
            for (key, value) in values {
                leaves_of(value, format!("{at}/{}", key.replace('~', "~0").replace('/', "~1")), leaves);
            }
        }
        _ => leaves.push(at),
    }
}

/// The entity of that name.
pub fn entity_called(name: &[u8]) -> Option<&'static Entity> {
    entity::ALL.iter().find(|entity| entity.name.as_bytes() == name).copied()
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36 && uuid::Uuid::try_parse(text).is_ok()
}

fn is_flag(text: &str) -> bool {
    ["t", "f", "true", "false", "0", "1", "y", "n", "yes", "no"].contains(&text.to_ascii_lowercase().as_str())
}

/// Shapes with how often each is there; a letter stands as `a`, a digit as `9`.
fn is_shapes(text: &str) -> bool {
    let shapes: Option<Vec<(String, u64)>> = serde_json::from_str(text).ok();
    let stands = |letter: char| "aA9…".contains(letter) || letter.is_ascii_punctuation() || letter == ' ';
    shapes.is_some_and(|shapes| shapes.iter().all(|(shape, _)| shape.chars().all(stands)))
}

/// A moment as the program writes one.
fn is_moment(text: &str) -> bool {
    text.len() >= 20 && text.ends_with('Z') && chrono::DateTime::parse_from_rfc3339(text).is_ok()
}

/// Three numbers, or what this program calls itself.
fn is_version(text: &str) -> bool {
    let numbers = || text.split('.').all(|part| part.len() <= 3 && is_number(part));
    text == env!("CARGO_PKG_VERSION") || text.matches('.').count() == 2 && numbers()
}

fn is_country(text: &str) -> bool {
    let cleaned = clean::country("country", Some(text));
    cleaned.issues.is_empty() && cleaned.value.is_some()
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::entity::profiles;

    pub fn cells() -> Cells {
        Cells { tokens: Tokens::new(false, None, Value::Null).unwrap(), hiding: Hiding::years_only(1936) }
    }

    pub const ROW: Row<'static> = Row {
        place: Place { space: "auth_user", id: 7 },
        entity: Some(&profiles::ENTITY),
        table: "auth_user",
        keeper: None,
        hides: Whose::Nobody,
    };

    #[test]
    fn a_value_that_does_not_fit_its_column_is_replaced() {
        let mut cells = cells();
        for (treatment, kept, replaced) in [
            (Treatment::Flag, "t", "Ada"),
            (Treatment::Code, "10", "5551234"),
            (Treatment::Sex, "female", "Ada"),
            (Treatment::Word, "email_shared", "Ada"),
            (Treatment::Word, "gender.code", "Mark Page"),
            (Treatment::Group, "Doctor", "Doctor Page"),
            (Treatment::Group, "Admin", "5550100"),
            (Treatment::Label, "technician", "12345"),
            (Treatment::Phrase, "reason=no_at_sign", "before=1931-02-30"),
            (Treatment::Moment, "2026-01-02T03:04:05Z", "2026-01-02 Ada"),
            (Treatment::Country, "Japan", "Ada"),
            (Treatment::Shapes, r#"[["a.9@a",3]]"#, r#"[["Ada",3]]"#),
            (Treatment::Schemas, r#"["email"]"#, r#"["kanari"]"#),
        ] {
            assert_eq!(cells.text(ROW, treatment, kept).unwrap(), kept);
            let token = cells.text(ROW, treatment, replaced).unwrap();
            assert!(
                !token.contains(replaced.trim_matches(['[', ']', '"'])) && token.contains('_'),
                "{treatment:?}: {token}"
            );
            assert_eq!(cells.text(ROW, treatment, "").unwrap(), "");
        }
        for treatment in
            [Treatment::Name, Treatment::Email, Treatment::Phone, Treatment::Address, Treatment::Text]
        {
            assert!(!cells.text(ROW, treatment, "t").unwrap().starts_with("t_t"), "{treatment:?}");
        }
        for id in ["4711", "a2e2f5a4-9c65-5d0e-8a59-0b8c1f0e5d11", "12a"] {
            assert!(!cells.text(ROW, Treatment::Id(Space::Entity), id).unwrap().contains(id));
        }
    }

    #[test]
    fn dates_are_cut_to_their_year_and_the_oldest_are_one() {
        let mut cells = cells();
        let mut of = |treatment, text: &str| cells.text(ROW, treatment, text).unwrap();
        assert_eq!(of(Treatment::Birth, "1980-01-02"), "1980");
        assert_eq!(of(Treatment::Birth, "1937-12-31"), "1937");
        assert_eq!(of(Treatment::Birth, "1936-01-02"), "1936 or before");
        assert_eq!(of(Treatment::Birth, "1901-01-02"), "1936 or before");
        assert_eq!(of(Treatment::Date, "1901-01-02 03:04:05+00"), "1901");
        assert!(of(Treatment::Birth, "01/02/1980").starts_with("date_"));
        assert!(of(Treatment::Birth, "1980-01-02 Ada").starts_with("date_"));
    }
}
