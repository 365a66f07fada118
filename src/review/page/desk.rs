//! What the page needs of the file: every person, row, practice and doctor that an open question speaks of. Only reads.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use serde_json::{Map, Value};

use super::super::questions::{self, Kind};
use crate::clean::{self, Gender};
use crate::entity::{self, Answer};
use crate::error::Result;
use crate::record::{ItemId, LegacyId};
use crate::staging::{Fields, Item, Linked, Noted, Reader, Standing};

/// Everything that the open questions speak of.
#[derive(Debug, Default)]
pub struct Desk {
    /// The people, by the legacy id of their user; the fields that are known and not empty, as they are shown.
    pub people: BTreeMap<LegacyId, Map<String, Value>>,
    /// Name and place of each practice.
    pub practices: BTreeMap<LegacyId, String>,
    /// Those who may be chosen where a doctor or a member is asked for.
    pub staff: BTreeSet<LegacyId>,
    /// The raw rows of records that are no people, by question.
    pub rows: HashMap<ItemId, Fields>,
    /// The user whom a question is about.
    pub users: HashMap<ItemId, LegacyId>,
    /// The doctor by whose patients a practice can be told.
    pub doctors: HashMap<ItemId, LegacyId>,
    /// How many patients of a doctor each office has.
    pub offices: HashMap<LegacyId, BTreeMap<LegacyId, u64>>,
    /// The issues of each question.
    pub noted: HashMap<ItemId, Vec<Noted>>,
    /// The evidence of each pair.
    pub linked: HashMap<ItemId, Linked>,
    /// Decisions whose record has changed since.
    pub changed: HashMap<ItemId, Standing>,
    /// The other users with the address that a question is about.
    pub sharing: HashMap<ItemId, Vec<LegacyId>>,
}

impl Desk {
    /// Reads what the questions speak of.
    pub fn read(reader: &Reader, items: &[Item]) -> Result<Self> {
        let mut desk = Self {
            practices: reader.practice_names()?.into_iter().collect(),
            noted: reader.noted()?,
            linked: reader.linked()?,
            changed: reader
                .changed_decisions()?
                .into_iter()
                .map(|one| (one.ruling.item.clone(), one))
                .collect(),
            ..Self::default()
        };
        let mut people: HashSet<LegacyId> = HashSet::new();
        let kind = |item: &Item| questions::kind(&item.id.entity, &item.id.question);
        for item in items {
            desk.read_record(reader, item)?;
            people.extend(desk.users.get(&item.id));
            if let Kind::Duplicate(other) = kind(item) {
                people.insert(other);
            }
        }
        if items.iter().any(|item| kind(item) == Kind::Reference(entity::profiles::ENTITY.name)) {
            desk.staff = reader.staff()?.into_iter().collect();
            people.extend(&desk.staff);
        }
        // whoever a person chose before is named beside that decision
        let chosen = |one: &Standing| {
            one.ruling.chosen().filter(|_| one.ruling.refers_to == Some(entity::profiles::ENTITY.name))
        };
        people.extend(desk.changed.values().filter_map(chosen));
        desk.read_sharing(reader, items, &mut people)?;
        let patients = reader.patients_of(&people)?;
        for user in people {
            if let Some(person) = person(reader, user, patients.get(&user).copied())? {
                desk.people.insert(user, person);
            }
        }
        desk.read_doctors(reader, items)?;
        Ok(desk)
    }

    /// The name of the person that a question is about, else of the record; and of the other one of a pair.
    pub fn names(&self, id: &ItemId) -> [Option<String>; 2] {
        let name = |user: LegacyId| {
            let person = self.people.get(&user)?;
            let parts: Vec<String> =
                ["first_name", "last_name"].iter().filter_map(|field| text(person, field)).collect();
            Some(parts.join(" ").trim().to_owned()).filter(|name| !name.is_empty())
        };
        let of_record = || text(self.rows.get(id)?, "name");
        let other = match questions::kind(&id.entity, &id.question) {
            Kind::Duplicate(other) => name(other),
            _ => None,
        };
        [self.users.get(id).copied().and_then(name).or_else(of_record), other]
    }

    /// What a rule proposes in place of the value that a question is about.
    pub fn proposal(&self, id: &ItemId) -> Option<&str> {
        self.noted.get(id)?.iter().find_map(proposal)
    }

    /// What the rules noted about a question beside a proposal.
    pub fn noted(&self, id: &ItemId) -> Option<String> {
        let noted = self.noted.get(id)?.iter().filter(|one| proposal(one).is_none());
        let contexts: Vec<&str> = noted.filter_map(|one| one.context.as_deref()).collect();
        Some(contexts.join("; "))
    }

    /// The row of the record, or the user that it is about.
    fn read_record(&mut self, reader: &Reader, item: &Item) -> Result<()> {
        let Some(entity) = entity::find(&item.id.entity) else { return Ok(()) };
        let user = if entity.name == entity::profiles::ENTITY.name {
            Some(item.id.legacy_id)
        } else if let Some(user) = item.user.as_deref() {
            LegacyId::of_key(user)
        } else {
            let row = reader.raw_row(entity.legacy.name, item.id.legacy_id)?.unwrap_or_default();
            let user = ["user_id", "doctor_id"].iter().find_map(|column| text(&row, column));
            let user = user.as_deref().and_then(LegacyId::of_key);
            self.rows.insert(item.id.clone(), row);
            user
        };
        if let Some(user) = user {
            self.users.insert(item.id.clone(), user);
        }
        Ok(())
    }

    /// Who else has the address that a question is about, as it was read and as it was proposed.
    fn read_sharing(
        &mut self,
        reader: &Reader,
        items: &[Item],
        people: &mut HashSet<LegacyId>,
    ) -> Result<()> {
        let address = |text: &str| text.trim().to_lowercase();
        let mut asked: Vec<(&ItemId, HashSet<String>)> = Vec::new();
        for item in items {
            let is_about_email =
                questions::kind(&item.id.entity, &item.id.question) == Kind::Value(Answer::Email);
            let Some(user) = self.users.get(&item.id).filter(|_| is_about_email) else { continue };
            let row = reader.raw_row(entity::profiles::ENTITY.legacy.name, *user)?.unwrap_or_default();
            let mut addresses: HashSet<String> =
                text(&row, "email").iter().map(|text| address(text)).collect();
            let noted = self.noted.get(&item.id).into_iter().flatten();
            addresses.extend(noted.filter_map(|one| Some(address(proposal(one)?))));
            asked.push((&item.id, addresses));
        }
        let all: HashSet<String> = asked.iter().flat_map(|(_, addresses)| addresses.clone()).collect();
        let users = reader.users_with(&all)?;
        for (id, addresses) in asked {
            let own = self.users.get(id).copied();
            let with = addresses.iter().filter_map(|address| users.get(address)).flatten().copied();
            let others: BTreeSet<LegacyId> = with.filter(|user| Some(*user) != own).collect();
            people.extend(&others);
            if !others.is_empty() {
                self.sharing.insert(id.clone(), others.into_iter().collect());
            }
        }
        Ok(())
    }

    /// The doctors of the questions about a practice, and where their patients are.
    fn read_doctors(&mut self, reader: &Reader, items: &[Item]) -> Result<()> {
        for item in items.iter().filter(|item| item.id.question == "practice_id") {
            let Some(user) = self.users.get(&item.id) else { continue };
            let person = self.people.get(user);
            let doctor = person.and_then(|person| text(person, "doctor"));
            // a profile that is nobody's patient may be a doctor
            let doctor = doctor.as_deref().and_then(LegacyId::of_key).unwrap_or(*user);
            self.doctors.insert(item.id.clone(), doctor);
        }
        self.offices = reader.offices_of_patients(&self.doctors.values().copied().collect())?;
        Ok(())
    }
}

/// What a rule proposes instead of a value.
pub(super) fn proposal(noted: &Noted) -> Option<&str> {
    noted.context.as_deref()?.strip_prefix("proposal=")
}

/// A person as the legacy system has them: their user with their patient.
fn person(reader: &Reader, user: LegacyId, patient: Option<LegacyId>) -> Result<Option<Map<String, Value>>> {
    let Some(row) = reader.raw_row(entity::profiles::ENTITY.legacy.name, user)? else { return Ok(None) };
    let of_patient = match patient {
        Some(patient) => reader.raw_row(entity::patients::ENTITY.legacy.name, patient)?.unwrap_or_default(),
        None => Map::new(),
    };
    let mut person = Map::new();
    let mut add = |name: &str, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            person.insert(name.to_owned(), value.into());
        }
    };
    let day = |value: String| value.get(..10).map_or(value.clone(), str::to_owned);
    let sex = |value: String| match clean::gender("gender", Some(&value)).value {
        Gender::Unknown => value,
        gender => gender.as_str().to_owned(),
    };
    let office = reader.practice_of(user)?.map(|office| office.to_string());
    add("first_name", text(&row, "first_name"));
    add("last_name", text(&row, "last_name"));
    add("suffix", text(&of_patient, "suffix"));
    add("birthdate", text(&of_patient, "birthdate"));
    add("sex", text(&of_patient, "sex").map(sex));
    add("email", text(&row, "email"));
    add("gets_email", reader.address_of(user)?);
    add("username", text(&row, "username"));
    add("practice", office.or_else(|| text(&of_patient, "office_id")));
    add("doctor", text(&of_patient, "doctor_id"));
    add("joined", text(&row, "date_joined").map(day));
    add("last_login", text(&row, "last_login").map(day));
    add("active", text(&row, "is_active"));
    add("archived", text(&of_patient, "archived"));
    add("patient", patient.map(|patient| patient.to_string()));
    Ok(Some(person))
}

/// A column's text; none where it is null or not there.
fn text(row: &Fields, column: &str) -> Option<String> {
    row.get(column).and_then(Value::as_str).map(str::to_owned)
}
