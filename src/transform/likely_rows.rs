//! Rows of the target that stand for nobody and are probably a record's: they have its address, a fallback address that names it,
//! or its name with its birthdate. None of this is applied: a person says which row it is (`target_row_uncertain`), and until then
//! the record becomes a row of its own beside it, which is never silent.

use std::collections::{BTreeSet, HashMap, HashSet};

use chrono::NaiveDate;

use super::emails::{self, Key};
use super::facts::CHUNK;
use crate::clean::{self, Email, EmailPolicy, fallback_owner, letters};
use crate::entity::patients::{self, PatientLinks};
use crate::entity::profiles::{self, User};
use crate::entity::{Entity, LegacyRow};
use crate::error::Result;
use crate::record::LegacyId;
use crate::staging::{Asked, Match, Staging};

/// Rows that are offered to a record by one thing that they share: a person looks at no more.
const OFFERED: usize = 5;

const UNDECIDED: &str = "and no legacy id says so";

/// Keeps which rows may be which record's, in place of what was kept before.
pub(super) fn keep(staging: &mut Staging, policy: &EmailPolicy, today: NaiveDate) -> Result<()> {
    let entities = [&profiles::ENTITY, &patients::ENTITY];
    staging.forget_matches(&entities)?;
    let [of_profiles, of_patients] = [read(staging, entities[0])?, read(staging, entities[1])?];
    if of_profiles.rows.is_empty() && of_patients.rows.is_empty() {
        return Ok(());
    }
    // only who shares something is remembered
    let mut people: HashMap<LegacyId, Person> = HashMap::new();
    let mut found = [Vec::new(), Vec::new()];
    staging.for_legacy_rows::<User>(CHUNK, |users| {
        for user in &users {
            let person = Person::of(user, policy);
            if of_profiles.knows(&person) || of_patients.knows(&person) {
                found[0].extend(of_profiles.offer(user.legacy_id, &person, None));
                people.insert(user.legacy_id, person);
            }
        }
        Ok(())
    })?;
    staging.for_legacy_rows::<PatientLinks>(CHUNK, |patients| {
        for patient in &patients {
            let user = patient.user_id.as_deref().and_then(|raw| raw.parse().ok());
            let Some(person) = user.and_then(|user: LegacyId| people.get(&user)) else { continue };
            let birthdate = clean::birthdate("", patient.birthdate.as_deref(), today).value;
            found[1].extend(of_patients.offer(patient.legacy_id(), person, birthdate));
            if birthdate.is_some() {
                found[0].extend(of_profiles.offer(person.user, person, birthdate));
            }
        }
        Ok(())
    })?;
    for ((entity, matches), of) in entities.into_iter().zip(found).zip([of_profiles, of_patients]) {
        staging.record_matches(entity, &of.open(matches))?;
    }
    Ok(())
}

/// What a user says by which a row can be known.
struct Person {
    user: LegacyId,
    email: Option<Key>,
    name: Option<String>,
}

impl Person {
    fn of(user: &User, policy: &EmailPolicy) -> Self {
        let email = match clean::email("", user.email.as_deref(), policy).value {
            Email::Valid(address) => Some(emails::key(&address)),
            _ => None,
        };
        let [first, last] =
            [&user.first_name, &user.last_name].map(|name| clean::name("", name.as_deref()).value);
        Self { user: user.legacy_id, email, name: name_key(&first, &last) }
    }
}

/// Both names without case and punctuation; none unless there are both.
fn name_key(first: &str, last: &str) -> Option<String> {
    let [first, last] = [letters(first), letters(last)];
    (!first.is_empty() && !last.is_empty()).then(|| format!("{first} {last}"))
}

/// The rows of one entity that stand for nobody, by what they say of themselves.
#[derive(Default)]
struct Unknown {
    rows: Vec<Row>,
    by_email: HashMap<Key, Vec<usize>>,
    by_owner: HashMap<LegacyId, Vec<usize>>,
    by_name: HashMap<String, Vec<usize>>,
    /// The records that no row stands for, or only the one that a load made.
    open: HashSet<LegacyId>,
}

struct Row {
    target_id: String,
    email: Option<Key>,
    owner: Option<LegacyId>,
    name: Option<String>,
    birthdate: Option<String>,
}

fn read(staging: &Staging, entity: &Entity) -> Result<Unknown> {
    let mut unknown = Unknown::default();
    if staging.count_nobody(entity)?.1 == 0 {
        return Ok(unknown);
    }
    unknown.open = staging.without_a_row_of_before(entity)?;
    staging.for_unknown_rows(entity, |target_id, [email, first, last, birthdate]| {
        let address = email.map(|email| email.trim().to_lowercase());
        let row = Row {
            target_id: target_id.to_owned(),
            owner: address.as_deref().and_then(fallback_owner),
            email: address.map(|address| emails::key(&address)),
            name: first.zip(last).and_then(|(first, last)| name_key(first, last)),
            birthdate: birthdate.map(str::to_owned),
        };
        let at = unknown.rows.len();
        row.email.iter().for_each(|key| unknown.by_email.entry(*key).or_default().push(at));
        row.owner.iter().for_each(|owner| unknown.by_owner.entry(*owner).or_default().push(at));
        row.name.iter().for_each(|name| unknown.by_name.entry(name.clone()).or_default().push(at));
        unknown.rows.push(row);
    })?;
    Ok(unknown)
}

impl Unknown {
    /// Whether some row shares something with the person.
    fn knows(&self, person: &Person) -> bool {
        person.email.is_some_and(|email| self.by_email.contains_key(&email))
            || self.by_owner.contains_key(&person.user)
            || person.name.as_ref().is_some_and(|name| self.by_name.contains_key(name))
    }

    /// The rows that are probably the record's.
    fn offer<'a>(
        &'a self,
        record: LegacyId,
        person: &'a Person,
        birthdate: Option<NaiveDate>,
    ) -> impl Iterator<Item = Match> + 'a {
        let birthdate = birthdate.map(|date| date.to_string());
        let of = |rows: Option<&'a Vec<usize>>| rows.into_iter().flatten().take(OFFERED).copied();
        let by_name = person.name.as_ref().and_then(|name| self.by_name.get(name));
        let likely: BTreeSet<usize> = of(person.email.and_then(|email| self.by_email.get(&email)))
            .chain(of(self.by_owner.get(&person.user)))
            .chain(
                of(by_name)
                    .filter(|row| birthdate.is_some() && self.rows[*row].birthdate == birthdate)
                    .collect::<Vec<_>>(),
            )
            .collect();
        likely.into_iter().map(move |at| {
            let row = &self.rows[at];
            let shares_email = person.email.is_some() && row.email == person.email;
            let is_named = row.owner == Some(person.user);
            let shares_name = person.name.is_some() && row.name == person.name;
            let shares_birthdate = birthdate.is_some() && row.birthdate == birthdate;
            let evidence: Vec<&str> = [
                (shares_email, "email"),
                (is_named, "fallback_address"),
                (shares_name, "first_name, last_name"),
                (shares_birthdate, "date_of_birth"),
            ]
            .into_iter()
            .filter_map(|(shares, what)| shares.then_some(what))
            .collect();
            Match {
                legacy_id: record,
                target_id: row.target_id.clone(),
                confidence_level: if is_named || (shares_email && shares_name) { "high" } else { "medium" },
                evidence: evidence.join(", "),
                review: Some(UNDECIDED),
            }
        })
    }

    /// Those about records that no row stands for, each pair once, with all its evidence.
    fn open(&self, mut matches: Vec<Match>) -> Vec<Match> {
        matches.retain(|found| self.open.contains(&found.legacy_id));
        matches.sort_by(|one, other| {
            let pair = |found: &Match| (found.legacy_id, found.target_id.clone());
            pair(one).cmp(&pair(other)).then(other.evidence.len().cmp(&one.evidence.len()))
        });
        matches
            .dedup_by(|later, kept| later.legacy_id == kept.legacy_id && later.target_id == kept.target_id);
        matches
    }
}
