//! What lies on the desk of a person who decides: the raw rows behind a question, what the rules noted about it, the evidence
//! of a pair. Values are in it: this is for whoever asked for them. Only reads.

use std::collections::{BTreeMap, HashMap, HashSet};

use rusqlite::{OptionalExtension, Row};

use crate::error::Result;
use crate::record::{ItemId, LegacyId};
use crate::staging::figures::explain::{Fields, has_column, rows};
use crate::staging::file::open::Reader;
use crate::staging::people::decisions::{Standing, standing};
use crate::staging::quoted;

/// An issue that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Noted {
    /// The code.
    pub code: String,
    /// What it means, without values.
    pub message: String,
    /// What is to be done, without values.
    pub suggestion: String,
    /// What the rule noted; may hold values.
    pub context: Option<String>,
}

/// Two users who may be one person.
#[derive(Debug, Clone, PartialEq)]
pub struct Linked {
    /// The probability that they are, 0 to 1.
    pub score: f64,
    /// All evidence, in bits.
    pub weight: f64,
    /// `high` or `medium`.
    pub band: String,
    /// How many records a look is expected to bring together; none where it is no look of its own.
    pub look_value: Option<f64>,
    /// Field, level and bits.
    pub evidence: Vec<(String, String, f64)>,
}

impl Reader {
    /// The open issues of each question, in the order in which they were found.
    pub fn noted(&self) -> Result<HashMap<ItemId, Vec<Noted>>> {
        let mut statement = self.connection.prepare(
            "select entity, entity_id, case field when '' then 'record' else field end, error_code, error_message, \
                    suggested_resolution, error_context \
             from migration_errors \
             where resolution_strategy = 'manual' and resolution_status in ('pending', 'in_progress', 'escalated') \
               and entity_id is not null \
             order by error_id",
        )?;
        let mut noted: HashMap<ItemId, Vec<Noted>> = HashMap::new();
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let id = ItemId { entity: row.get(0)?, legacy_id: LegacyId(row.get(1)?), question: row.get(2)? };
            noted.entry(id).or_default().push(Noted {
                code: row.get(3)?,
                message: row.get(4)?,
                suggestion: row.get(5)?,
                context: row.get(6)?,
            });
        }
        Ok(noted)
    }

    /// The pairs that are asked about, by their question.
    pub fn linked(&self) -> Result<HashMap<ItemId, Linked>> {
        let mut statement = self.connection.prepare(
            "select entity, other_legacy_id, legacy_id, score, weight, band, look_value, evidence from duplicate_pairs \
             where entity = 'profiles' and verdict = 'linked' and band <> 'low'",
        )?;
        let pairs = statement.query_map([], linked)?.collect::<Result<_, rusqlite::Error>>()?;
        Ok(pairs)
    }

    /// The decisions whose record says something else since they were made.
    pub fn changed_decisions(&self) -> Result<Vec<Standing>> {
        let mut statement = self.connection.prepare(
            "select decision_id, entity, legacy_id, question, action, value, refers_to, reason, decided_by, decided_at, \
             said, state from decisions where superseded_by is null and state = 'changed' order by decision_id",
        )?;
        let rows = statement.query_map([], standing)?.collect::<Result<Vec<_>, rusqlite::Error>>()?;
        rows.into_iter().collect()
    }

    /// The raw row of a legacy table, as it was read; none where the snapshot has no such table or row.
    pub fn raw_row(&self, table: &str, key: LegacyId) -> Result<Option<Fields>> {
        if !has_column(&self.connection, table, "legacy_id")? {
            return Ok(None);
        }
        let sql = format!("select * from {} where legacy_id = ?", quoted(&format!("legacy_{table}")));
        Ok(rows(&self.connection, &sql, [key.0])?.pop())
    }

    /// The practice that the rules or a person gave to a profile.
    pub fn practice_of(&self, profile: LegacyId) -> Result<Option<LegacyId>> {
        let sql = "select practice_legacy_id from associations where entity = 'profiles' and legacy_id = ?";
        let found = self
            .connection
            .prepare_cached(sql)?
            .query_row([profile.0], |row| Ok(LegacyId(row.get(0)?)))
            .optional()?;
        Ok(found)
    }

    /// The address that a profile gets; none where it gets none, or is not ready.
    pub fn address_of(&self, profile: LegacyId) -> Result<Option<String>> {
        let found = self
            .connection
            .prepare_cached("select email from ready_profiles where legacy_id = ?")?
            .query_row([profile.0], |row| row.get(0))
            .optional()?;
        Ok(found.flatten())
    }

    /// The patients of these users, by user; the first of several.
    pub fn patients_of(&self, users: &HashSet<LegacyId>) -> Result<HashMap<LegacyId, LegacyId>> {
        let mut patients = HashMap::new();
        self.for_keys("dispatch_patient", ["legacy_id", "user_id"], |[patient, user]| {
            if let (Some(patient), Some(user)) = (patient, user.filter(|user| users.contains(user))) {
                patients.entry(user).or_insert(patient);
            }
        })?;
        Ok(patients)
    }

    /// How many patients of each of these doctors each office has, by the patients' own rows.
    pub fn offices_of_patients(
        &self,
        doctors: &HashSet<LegacyId>,
    ) -> Result<HashMap<LegacyId, BTreeMap<LegacyId, u64>>> {
        let mut offices: HashMap<LegacyId, BTreeMap<LegacyId, u64>> = HashMap::new();
        self.for_keys("dispatch_patient", ["doctor_id", "office_id"], |[doctor, office]| {
            if let (Some(doctor), Some(office)) = (doctor.filter(|doctor| doctors.contains(doctor)), office) {
                *offices.entry(doctor).or_default().entry(office).or_default() += 1;
            }
        })?;
        Ok(offices)
    }

    /// The users who own an office or are members of one.
    pub fn staff(&self) -> Result<HashSet<LegacyId>> {
        let mut staff = HashSet::new();
        for (table, column) in [("dispatch_office", "doctor_id"), ("dispatch_office_doctors", "user_id")] {
            self.for_keys(table, ["legacy_id", column], |[_, user]| staff.extend(user))?;
        }
        Ok(staff)
    }

    /// The users with each of these addresses, whatever its case and the space around it.
    pub fn users_with(&self, addresses: &HashSet<String>) -> Result<HashMap<String, Vec<LegacyId>>> {
        let mut users: HashMap<String, Vec<LegacyId>> = HashMap::new();
        if addresses.is_empty() || !has_column(&self.connection, "auth_user", "email")? {
            return Ok(users);
        }
        let mut statement =
            self.connection.prepare("select legacy_id, email from legacy_auth_user order by legacy_id")?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let address: Option<String> = row.get(1)?;
            let address = address.unwrap_or_default().trim().to_lowercase();
            if addresses.contains(&address) {
                users.entry(address).or_default().push(LegacyId(row.get(0)?));
            }
        }
        Ok(users)
    }

    /// Walks over two columns with keys of a legacy table; over nothing where the snapshot lacks one of them.
    fn for_keys(
        &self,
        table: &str,
        columns: [&str; 2],
        mut each: impl FnMut([Option<LegacyId>; 2]),
    ) -> Result<()> {
        for column in columns {
            if !has_column(&self.connection, table, column)? {
                return Ok(());
            }
        }
        let sql = format!(
            "select cast({} as text), cast({} as text) from {} order by legacy_id",
            quoted(columns[0]),
            quoted(columns[1]),
            quoted(&format!("legacy_{table}"))
        );
        let mut statement = self.connection.prepare(&sql)?;
        let mut found = statement.query([])?;
        while let Some(row) = found.next()? {
            let key = |text: Option<String>| text.as_deref().and_then(LegacyId::of_key);
            each([key(row.get(0)?), key(row.get(1)?)]);
        }
        Ok(())
    }
}

fn linked(row: &Row<'_>) -> Result<(ItemId, Linked), rusqlite::Error> {
    let other: i64 = row.get(2)?;
    let id = ItemId {
        entity: row.get(0)?,
        legacy_id: LegacyId(row.get(1)?),
        question: format!("duplicate_of_{other}"),
    };
    let evidence: String = row.get(7)?;
    let evidence: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&evidence).unwrap_or_default();
    let evidence = evidence
        .into_iter()
        .map(|(field, said)| {
            let level = said[0].as_str().unwrap_or_default().to_owned();
            (field, level, said[1].as_f64().unwrap_or_default())
        })
        .collect();
    let linked = Linked {
        score: row.get(3)?,
        weight: row.get(4)?,
        band: row.get(5)?,
        look_value: row.get(6)?,
        evidence,
    };
    Ok((id, linked))
}
