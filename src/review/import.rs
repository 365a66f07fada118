//! Answers back in: every line is checked on its own and then against the others and against what was decided before. One
//! wrong line and nothing is imported.

use std::collections::HashMap;

use chrono::NaiveDate;

use super::answer;
use super::answered::{Answered, Wrong};
use super::cell;
use super::contradictions::contradictions;
use super::export::seen;
use super::questions::{self, Kind};
use super::sheet::{self, Line};
use crate::entity;
use crate::error::{Error, Result};
use crate::record::{Action, ItemId, Ruling};
use crate::staging::{Item, Staging, Standing, Step};

/// Wrong lines that are shown; the others are counted.
const SHOWN: usize = 20;

/// What an import did.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Imported {
    /// Questions answered.
    pub decided: u64,
    /// Of these, those that had been answered otherwise before.
    pub revised: u64,
    /// Lines that say what was decided already.
    pub unchanged: u64,
    /// Lines without an action.
    pub undecided: u64,
}

/// How a file is imported.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Who decides, where a line does not say so.
    pub by: Option<&'a str>,
    /// Whether what was decided before may be decided otherwise.
    pub revise: bool,
    /// The day of the snapshot: ages and futures are judged by it.
    pub today: NaiveDate,
}

/// Imports a review file: all of it or nothing. What was resolved has to be resolved again afterwards.
pub fn import(staging: &mut Staging, bytes: &[u8], options: Options<'_>, run_id: i64) -> Result<Imported> {
    staging.require(Step::Extract, "review import")?;
    let lines = sheet::lines(bytes)?;
    // a decision about a record that says something else since is asked anew, and may be answered as before
    let standing: Vec<Standing> =
        staging.standing_decisions()?.into_iter().filter(|one| !one.is_changed).collect();
    let salt = staging.fact("staging_id")?.unwrap_or_default();
    let items: HashMap<ItemId, Item> =
        staging.review_items()?.into_iter().map(|item| (item.id.clone(), item)).collect();
    let known = Known {
        staging,
        items,
        salt,
        standing: standing.iter().map(|one| (&one.ruling.item, one)).collect(),
        options,
    };

    let mut imported = Imported::default();
    let (mut answered, mut wrong) = (Vec::new(), Vec::new());
    for line in &lines {
        match known.read(line)? {
            Ok(Read::Undecided) => imported.undecided += 1,
            Ok(Read::Answer { ruling, revises, is_known }) => {
                answered.push(Answered { line: line.number, ruling, revises, is_known });
            }
            Err(message) => wrong.push(Wrong { line: line.number, message }),
        }
    }
    let given = answered.len();
    wrong.extend(contradictions(&mut answered, &standing));
    imported.unchanged = (given - answered.len()) as u64;
    if !wrong.is_empty() {
        return Err(refused(wrong));
    }
    imported.decided = answered.len() as u64;
    imported.revised = answered.iter().filter(|one| one.revises).count() as u64;
    let rulings: Vec<Ruling> = answered.into_iter().map(|one| one.ruling).collect();
    if !rulings.is_empty() {
        // what is resolved, loaded and verified is no longer what was decided, unless it was only passed on
        if rulings.iter().any(|ruling| ruling.action != Action::Escalate) {
            staging.begin(Step::Transform)?;
        }
        staging.add_decisions(run_id, &rulings)?;
    }
    Ok(imported)
}

fn refused(mut wrong: Vec<Wrong>) -> Error {
    wrong.sort_by_key(|one| one.line);
    let count = wrong.len();
    let lines = if count == 1 { "a line is".to_owned() } else { format!("{count} lines are") };
    let mut message = format!("nothing was imported, because {lines} wrong:");
    for Wrong { line, message: what } in wrong.iter().take(SHOWN) {
        message += &format!("\n  line {line}: {what}");
    }
    if count > SHOWN {
        message += &format!("\n  and {} more", count - SHOWN);
    }
    Error::precondition(message).hint("fix the file, or export again, and import it once more")
}

/// An answer's value in its stored form, with the entity that it refers to.
type Stored = (Option<String>, Option<&'static str>);

/// What a line says.
enum Read {
    Undecided,
    Answer { ruling: Ruling, revises: bool, is_known: bool },
}

/// The question about the same pair, asked from the side of the other record.
fn mirrored(item: &ItemId) -> Option<ItemId> {
    let Kind::Duplicate(other) = questions::kind(&item.entity, &item.question) else { return None };
    let question = format!("duplicate_of_{}", item.legacy_id);
    Some(ItemId { entity: item.entity.clone(), legacy_id: other, question })
}

/// What the lines are checked against.
struct Known<'a> {
    staging: &'a Staging,
    items: HashMap<ItemId, Item>,
    salt: String,
    standing: HashMap<&'a ItemId, &'a Standing>,
    options: Options<'a>,
}

impl Known<'_> {
    /// Reads a line; the inner error is about the line.
    fn read(&self, line: &Line) -> Result<Result<Read, String>> {
        if line.overflows {
            return Ok(Err(
                "it has more cells than the header line: a delimiter stands unquoted in one of them"
                    .to_owned(),
            ));
        }
        if line.get("action").is_empty() {
            let filled = !line.get("value").is_empty();
            return Ok(if filled {
                Err("it has a value and no action".to_owned())
            } else {
                Ok(Read::Undecided)
            });
        }
        let id = match self.item_id(line)? {
            Ok(id) => id,
            Err(message) => return Ok(Err(message)),
        };
        let Ok(action) = line.get("action").parse::<Action>() else {
            let words: Vec<_> = Action::ALL.iter().map(|action| action.as_str()).collect();
            return Ok(Err(format!("its action is none of {}", words.join(", "))));
        };
        let answers = questions::answers(&id.entity, &id.question);
        if !answers.contains(&action) {
            let words: Vec<_> = answers.iter().map(|action| action.as_str()).collect();
            return Ok(Err(format!(
                "{} is no answer to {id}; the answers are {}",
                action.as_str(),
                words.join(", ")
            )));
        }
        let (value, refers_to) = match self.value(line, &id, action)? {
            Ok(value) => value,
            Err(message) => return Ok(Err(message)),
        };
        let by =
            Some(line.get("decided_by")).filter(|by| !by.is_empty()).or(self.options.by).unwrap_or_default();
        let ruling = Ruling {
            item: id,
            action,
            value,
            refers_to,
            reason: line.get("reason").to_owned(),
            decided_by: by.trim().to_owned(),
        };
        Ok(self.place(line, ruling))
    }

    /// Whether the answer may be given now: it is asked for, or it revises an earlier one.
    fn place(&self, line: &Line, ruling: Ruling) -> Result<Read, String> {
        let before = self.standing.get(&ruling.item).copied();
        let same = before.filter(|before| before.ruling.agrees_with(&ruling));
        if same.is_some_and(|before| ruling.reason.is_empty() || ruling.reason == before.ruling.reason) {
            return Ok(Read::Answer { ruling, revises: false, is_known: true });
        }
        let revises = before.filter(|before| before.ruling.action != Action::Escalate);
        if let Some(before) = revises.filter(|_| !self.options.revise) {
            let how = match same {
                Some(_) => "so, for another reason".to_owned(),
                None => format!("otherwise ({})", before.ruling.action.as_str()),
            };
            return Err(format!(
                "decision {} has already answered {} {how}; --revise replaces it",
                before.decision_id, ruling.item
            ));
        }
        // a pair is asked about once, and may be answered from either side
        let item = self.items.get(&ruling.item).or_else(|| self.items.get(&mirrored(&ruling.item)?));
        if item.is_none() && before.is_none() {
            return Err(format!("nothing is asked about {} any more: it is stale", ruling.item));
        }
        let shown = line.get("seen");
        if let Some(item) = item.filter(|_| before.is_none() && !shown.is_empty())
            && seen(item, &self.salt) != shown
        {
            return Err(format!("{} has changed since it was exported: it is stale", ruling.item));
        }
        if ruling.action == Action::Accept
            && item.is_some_and(|item| !questions::may_accept(&ruling.item.question, &item.fate))
        {
            return Err(format!("there is nothing to accept for {}: the record is kept back", ruling.item));
        }
        if ruling.action == Action::Reject && ruling.reason.is_empty() {
            return Err("a reject needs a reason".to_owned());
        }
        if ruling.decided_by.is_empty() {
            return Err("it does not say who decided; fill in decided_by, or give --by NAME".to_owned());
        }
        Ok(Read::Answer { ruling, revises: revises.is_some(), is_known: false })
    }

    /// The question that a line is about: from `item`, else from `entity`, `legacy_id` and `question`. The parts must not
    /// contradict it.
    fn item_id(&self, line: &Line) -> Result<Result<ItemId, String>> {
        let named = line.get("item");
        let shown = line.get("legacy_id");
        let number = if shown.is_empty() { None } else { Some(cell::id(shown)) };
        if named.is_empty() {
            let Some(entity) = entity::find(line.get("entity")) else {
                return Ok(Err("it names no item, and no entity that there is".to_owned()));
            };
            let Some(Some(number)) = number else {
                return Ok(Err("it names no item, and its legacy_id is not an id".to_owned()));
            };
            let legacy_id = match answer::existing(self.staging, entity, number)? {
                Ok(id) => id,
                Err(message) => return Ok(Err(message)),
            };
            let question = line.get("question").to_owned();
            return Ok(Ok(ItemId { entity: entity.name.to_owned(), legacy_id, question }));
        }
        let Ok(mut id) = named.parse::<ItemId>() else {
            return Ok(Err("its item is not the id of a question".to_owned()));
        };
        let Some(entity) = entity::find(&id.entity) else {
            return Ok(Err(format!("there is no entity {}", id.entity)));
        };
        id.entity = entity.name.to_owned();
        let agrees = match number {
            None => true,
            Some(Some(cell::Id::Exact(number))) => number == id.legacy_id,
            Some(Some(cell::Id::Rounded(low, high))) => (low..=high).contains(&id.legacy_id),
            Some(None) => false,
        };
        if !agrees {
            return Ok(Err(format!("its legacy_id is not the one of {id}")));
        }
        // a column that was sorted alone
        let (told, question) = (line.get("entity"), line.get("question"));
        if !told.is_empty() && entity::find(told).is_none_or(|told| told.name != entity.name) {
            return Ok(Err(format!("its entity is not the one of {id}")));
        }
        if !question.is_empty() && question != id.question {
            return Ok(Err(format!("its question is not the one of {id}")));
        }
        if !self.staging.is_in_snapshot(entity, id.legacy_id)? {
            return Ok(Err(format!("the snapshot has no {} {}", entity.singular, id.legacy_id)));
        }
        Ok(Ok(id))
    }

    /// The value of an answer in its stored form, with the entity that it refers to.
    fn value(&self, line: &Line, id: &ItemId, action: Action) -> Result<Result<Stored, String>> {
        let given = line.get("value");
        let own = entity::find(&id.entity);
        match (action, questions::kind(&id.entity, &id.question)) {
            (Action::Choose, Kind::Reference(name)) => {
                let Some(entity) = entity::find(name) else { return Ok(Err(format!("there is no {name}"))) };
                Ok(answer::reference(self.staging, entity, given)?
                    .map(|id| (Some(id.to_string()), Some(name))))
            }
            (Action::Merge, kind) => {
                let Some(entity) = own else { return Ok(Err("there is no such entity".to_owned())) };
                let into = match kind {
                    Kind::Duplicate(other) if given.is_empty() => other.to_string(),
                    _ => given.to_owned(),
                };
                let into = answer::reference(self.staging, entity, &into)?;
                Ok(into.and_then(|into| {
                    if into == id.legacy_id {
                        return Err("a record cannot be merged into itself".to_owned());
                    }
                    Ok((Some(into.to_string()), Some(entity.name)))
                }))
            }
            (Action::Set, Kind::Value(value)) => {
                let stored = answer::value(value, given, self.options.today);
                if let (Ok(address), "email") = (&stored, id.question.as_str())
                    && let Some(message) = answer::address_taken(self.staging, address, id.legacy_id)?
                {
                    return Ok(Err(message));
                }
                if let (Ok(row), "id") = (&stored, id.question.as_str())
                    && let Some(entity) = entity::find(&id.entity)
                    && let Some(message) = answer::row_taken(self.staging, entity, row, id.legacy_id)?
                {
                    return Ok(Err(message));
                }
                Ok(stored.map(|stored| (Some(stored), None)))
            }
            _ if !given.is_empty() => Ok(Err(format!("{} takes no value", action.as_str()))),
            _ => Ok(Ok((None, None))),
        }
    }
}
