//! The survival table: of every field, what became of the values that the source gave. Counted over the raw rows and the rows
//! that the verification proves to be in the target, by a comparison of its own: what a rule takes for right counts for nothing
//! here, so that a rule which is wrong about a whole column shows.

use std::collections::HashMap;

use crate::columns::{Declared, DeclaredColumns};
use crate::entity::{Column, Entity, From, Kind, mapping};
use crate::error::Result;
use crate::interrupt;
use crate::record::{key_of, quoted};
use crate::staging::{Asked, Difference, Survival};

/// Rows between two looks at whether somebody wants us to stop.
const ROWS_PER_LOOK: u64 = 4_096;

/// Words that the configuration gives for yes, no and nothing, in lower case.
#[derive(Debug, Default)]
pub struct Stated {
    yes: Vec<String>,
    no: Vec<String>,
    nothing: Vec<String>,
}

impl Stated {
    /// Those of all columns.
    pub fn of(columns: &DeclaredColumns) -> Self {
        let all = |list: fn(&Declared) -> &Vec<String>| {
            columns.values().flat_map(list).map(|word| word.to_lowercase()).collect::<Vec<_>>()
        };
        Self { yes: all(|said| &said.yes), no: all(|said| &said.no), nothing: all(|said| &said.nulls) }
    }

    /// Whether a flag says yes.
    fn says_yes(&self, raw: &str) -> Option<bool> {
        let word = raw.to_lowercase();
        if self.yes.contains(&word) {
            return Some(true);
        }
        if self.no.contains(&word) { Some(false) } else { says_yes(&word) }
    }
}

/// Counts every field of the entities, which a target has as `sent` says.
pub fn count(
    file: &impl Asked,
    entities: &[&'static Entity],
    sent: &[&'static Entity],
    stated: &Stated,
) -> Result<Vec<Survival>> {
    let mut survival = Vec::new();
    for entity in entities {
        let fields = fields(file, entity)?;
        let is_sent: Vec<bool> =
            fields.iter().map(|field| mapping::is_sent(sent, entity, field.column.name)).collect();
        if fields.is_empty() {
            continue;
        }
        let mut counted: Vec<Survival> = fields.iter().map(|field| field.begun(entity)).collect();
        let mut read = 0_u64;
        file.for_texts(&query(entity, &fields), |row| {
            read += 1;
            if read.is_multiple_of(ROWS_PER_LOOK) {
                interrupt::check()?;
            }
            let is_there = row[0].is_some();
            let each = fields.iter().zip(&is_sent).zip(&mut counted).zip(row[1..].chunks_exact(2));
            for (((field, is_sent), counts), pair) in each {
                let Some(raw) = pair[0].map(str::trim).filter(|raw| !is_nothing(raw, stated)) else {
                    continue;
                };
                counts.given += 1;
                *match outcome(field.kind, raw, pair[1], stated) {
                    _ if !is_there || !is_sent => &mut counts.left_out,
                    Outcome::AsItWas => &mut counts.as_it_was,
                    Outcome::Changed => &mut counts.changed,
                    Outcome::Replaced => &mut counts.replaced,
                    Outcome::Emptied => &mut counts.emptied,
                } += 1;
            }
            Ok(())
        })?;
        survival.extend(counted);
    }
    Ok(survival)
}

/// Takes note of the values that the target shows otherwise than they were sent.
pub fn note_differences(survival: &mut [Survival], differences: &[Difference]) {
    let mut counts: HashMap<(&str, &str), u64> = HashMap::new();
    for difference in differences {
        *counts.entry((difference.entity, difference.field)).or_default() += 1;
    }
    for field in survival {
        let of = |name: &str| counts.get(&(field.entity.as_str(), name)).copied().unwrap_or(0);
        // a row that is missing lacks every field
        field.differs = of(&field.field) + of("");
    }
}

/// A field, with where its values come from.
struct Field {
    column: &'static Column,
    kind: Kind,
    /// The columns of the legacy tables, for people.
    source: String,
    /// The raw value, as an expression over `t` and `u`.
    raw: String,
}

impl Field {
    fn begun(&self, entity: &Entity) -> Survival {
        Survival {
            entity: entity.name.to_owned(),
            field: self.column.name.to_owned(),
            source: self.source.clone(),
            given: 0,
            as_it_was: 0,
            changed: 0,
            replaced: 0,
            emptied: 0,
            left_out: 0,
            differs: 0,
            percent_lost: None,
            rules: String::new(),
        }
    }
}

/// The fields that come from columns which the snapshot has.
fn fields(file: &impl Asked, entity: &'static Entity) -> Result<Vec<Field>> {
    let own = file.columns_of(entity.legacy.name)?;
    let other = entity
        .named()
        .map(|(table, _)| Ok::<_, crate::error::Error>((table.name, file.columns_of(table.name)?)))
        .transpose()?;
    let mut fields = Vec::new();
    for column in entity.columns {
        let (mut names, mut expressions) = (Vec::new(), Vec::new());
        for from in sources(entity, column) {
            let (table, side, name, columns) = match (from, &other) {
                (From::Own(name), _) => (entity.legacy.name, "t", name, &own),
                (From::With(name), Some((table, columns))) => (*table, "u", name, columns),
                (From::With(_), None) => continue,
            };
            if columns.iter().any(|known| known == name) {
                names.push(format!("{table}.{name}"));
                expressions.push(format!("nullif({side}.{}, '')", quoted(name)));
            }
        }
        let raw = match expressions.as_slice() {
            [] => continue,
            [only] => only.clone(),
            several => format!("coalesce({})", several.join(", ")),
        };
        fields.push(Field { column, kind: column.kind, source: names.join(", "), raw });
    }
    Ok(fields)
}

/// Where a column comes from: what it says itself; of the columns that refer to one entity each is the reference in its turn.
fn sources(entity: &Entity, column: &Column) -> Vec<From> {
    let Some(to) = column.references else { return column.from.to_vec() };
    let turn =
        entity.columns.iter().filter(|other| other.references == Some(to)).position(|other| other == column);
    let mut references = entity.references.iter().filter(|reference| reference.to == to);
    let reference = turn.and_then(|turn| references.nth(turn));
    reference.map(|reference| From::Own(reference.field)).into_iter().collect()
}

/// Every record with its raw and its resolved values in pairs, after whether it has a resolved row.
fn query(entity: &Entity, fields: &[Field]) -> String {
    let pairs: String = fields
        .iter()
        .map(|field| {
            let name = quoted(field.column.name);
            let resolved = match field.column.references {
                None => format!("y.{name}"),
                Some(to) => format!(
                    "(select cast(r.legacy_id as text) from {} r where r.id = y.{name})",
                    to.ready_table()
                ),
            };
            format!(", {}, {resolved}", field.raw)
        })
        .collect();
    let with = entity.named().map_or_else(String::new, |(table, by)| {
        format!(
            " left join {} u on u.legacy_id = {}",
            quoted(&format!("legacy_{}", table.name)),
            key_of(&format!("t.{}", quoted(by)))
        )
    });
    format!(
        "select cast(y.legacy_id as text){pairs} from {} t left join {} y using (legacy_id){with} order by t.legacy_id",
        quoted(&format!("legacy_{}", entity.legacy.name)),
        entity.ready_table()
    )
}

/// What became of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    AsItWas,
    Changed,
    Replaced,
    Emptied,
}

/// Whether a text says that there is no value.
fn is_nothing(raw: &str, stated: &Stated) -> bool {
    const NOTHING: [&str; 14] = [
        "", "null", "\\n", "(null)", "[null]", "<null>", "n/a", "#n/a", "<na>", "none", "nan", "nat", "nil",
        "(none)",
    ];
    raw.len() < 7 && NOTHING.iter().any(|word| word.eq_ignore_ascii_case(raw))
        || !stated.nothing.is_empty() && stated.nothing.contains(&raw.to_lowercase())
}

/// What became of a value that was given.
fn outcome(kind: Kind, raw: &str, now: Option<&str>, stated: &Stated) -> Outcome {
    let Some(now) = now.filter(|now| !now.is_empty()) else { return Outcome::Emptied };
    if raw == now {
        return Outcome::AsItWas;
    }
    match kind {
        Kind::Uuid | Kind::Integer => {
            let number = raw.trim_matches(['\'', '=', '"', ' ']).split('.').next().unwrap_or_default();
            if number == now { Outcome::AsItWas } else { Outcome::Replaced }
        }
        Kind::Boolean => match stated.says_yes(raw) {
            Some(yes) if yes == (now == "true") => Outcome::AsItWas,
            _ => Outcome::Replaced,
        },
        // a word that says that nothing is known
        Kind::Enum(_) if now == "unknown" => Outcome::Emptied,
        Kind::Enum(_) | Kind::Date => Outcome::Changed,
        Kind::Timestamp => {
            let second = |text: &str| text.get(..19).map(|text| text.replace('T', " "));
            if second(raw) == second(now) { Outcome::AsItWas } else { Outcome::Changed }
        }
        Kind::Numeric => match (raw.parse::<f64>(), now.parse::<f64>()) {
            (Ok(raw), Ok(now)) if (raw - now).abs() < 1e-9 => Outcome::AsItWas,
            _ => Outcome::Changed,
        },
        Kind::Text | Kind::Metadata | Kind::Json => {
            let letters = |text: &str| {
                let kept = text.chars().filter(|letter| letter.is_alphanumeric());
                kept.flat_map(char::to_lowercase).collect::<String>()
            };
            let (before, after) = (letters(raw), letters(now));
            let is_part = before.contains(&after) || after.contains(&before);
            if is_part && !before.is_empty() && !after.is_empty() && !now.ends_with("@migrated.local") {
                Outcome::Changed
            } else {
                Outcome::Replaced
            }
        }
    }
}

/// Words for yes and for no in lower case, as programs and languages write them.
const YES: &str = "t true 1 1.0 1,0 -1 yes y on .t. true() enabled active x ✓ ✔ ☑ wahr ja j vrai v oui o vero si sì sí s verdadero \
                   verdadeiro sim waar sand sandt sant tosi kyllä prawda tak pravda ano igaz igen doğru evet истина да правда так \
                   ναι αληθής はい 真 是 有効 จริง ใช่ adevărat da tõene jah taip jā";
const NO: &str = "f false 0 0.0 0,0 no n off .f. false() disabled inactive ☐ ✗ ✘ falsch nein faux non falso não nao onwaar nee falsk \
                  usant nej nei epätosi ei fałsz nie nepravda ne hamis nem yanlış hayır ложь нет ні όχι ψευδής いいえ 偽 否 無効 เท็จ \
                  fals nu väär nē";

/// Whether a word in lower case says yes.
fn says_yes(word: &str) -> Option<bool> {
    let is = |words: &str| words.split_whitespace().any(|known| known == word);
    if is(YES) { Some(true) } else { is(NO).then_some(false) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::{ALL, patients};

    #[test]
    fn what_became_of_a_value_is_seen_from_both_ends() {
        use Outcome::{AsItWas, Changed, Emptied, Replaced};
        for (kind, raw, now, became) in [
            (Kind::Text, "Ann", Some("Ann"), AsItWas),
            (Kind::Text, " ANN  Lee", Some("Ann Lee"), Changed),
            (Kind::Text, "Ann", Some(""), Emptied),
            (Kind::Text, "a@b.example", Some("ann.lee.4@migrated.local"), Replaced),
            (Kind::Text, "b", Some("b.4@migrated.local"), Replaced),
            (Kind::Text, "12", Some("Office 7"), Replaced),
            (Kind::Boolean, "t", Some("true"), AsItWas),
            (Kind::Boolean, "VRAI", Some("false"), Replaced),
            (Kind::Boolean, "perhaps", Some("false"), Replaced),
            (Kind::Date, "2.1.1980", Some("1980-01-02"), Changed),
            (Kind::Date, "2.1.1980", None, Emptied),
            (Kind::Timestamp, "2019-03-04T05:06:07Z", Some("2019-03-04 05:06:07+00"), AsItWas),
            (Kind::Enum("gender"), "7", Some("unknown"), Emptied),
            (Kind::Enum("gender"), "1", Some("male"), Changed),
            (Kind::Uuid, "7.0", Some("7"), AsItWas),
            (Kind::Uuid, "7", Some("8"), Replaced),
            (Kind::Numeric, "10.2500", Some("0.1025"), Changed),
        ] {
            assert_eq!(outcome(kind, raw, now, &Stated::default()), became, "{raw} and {now:?}");
        }
    }

    #[test]
    fn each_reference_is_the_column_in_its_turn() {
        let source = |name: &str| sources(&patients::ENTITY, patients::ENTITY.column(name).unwrap());
        assert_eq!(source("user_id"), [From::Own("user_id")]);
        assert_eq!(source("assigned_profile_id"), [From::Own("doctor_id")]);
        assert_eq!(source("practice_id"), [From::Own("office_id")]);
        for entity in ALL {
            for column in entity.columns {
                assert!(sources(entity, column).len() < 4, "{}.{}", entity.name, column.name);
            }
        }
    }
}
