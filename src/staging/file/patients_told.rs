//! What the file says of each patient in what may be known of them elsewhere, as read and as resolved.

use std::collections::HashMap;

use crate::error::Result;
use crate::interrupt;
use crate::staging::file::open::Staging;

/// One patient: the ids, and year of birth, sex, practice, moment of joining, moment of the last change, each as it stands in the
/// raw row and then in the resolved one; '' for what it does not say.
#[derive(Debug)]
pub struct Told<'a> {
    /// The patient's legacy id.
    pub patient: i64,
    /// The user's.
    pub user: Option<i64>,
    /// What is said. Of a record without a resolved row, what its raw row says stands for both.
    pub said: [&'a str; 10],
}

impl Staging {
    /// Hands over every patient of the source.
    pub fn for_patients(&self, mut each: impl FnMut(Told<'_>)) -> Result<()> {
        let tables = self.tables()?;
        // a source may lack any of them
        let column = |table: &str, alias: &str, name: &str| {
            let is_there =
                tables.get(table).is_some_and(|columns| columns.iter().any(|column| column == name));
            if is_there { format!("{alias}.{name}") } else { "null".to_owned() }
        };
        let patient = |name| column("legacy_dispatch_patient", "p", name);
        let user = |name| column("legacy_auth_user", "u", name);
        let said: Vec<String> = [
            (patient("birthdate"), "date_of_birth"),
            (patient("sex"), "gender"),
            (patient("office_id"), "practice_id"),
            (user("date_joined"), "created_at"),
            (patient("updated_at"), "updated_at"),
        ]
        .into_iter()
        .flat_map(|(raw, resolved)| {
            // what of a record is not there at all is counted as what is: that it lacks is seen without this
            let there = if raw == "null" { "p.birthdate".to_owned() } else { raw.clone() };
            let there = if raw.starts_with("u.") {
                format!("iif(u.legacy_id is null, p.birthdate, {there})")
            } else {
                there
            };
            let resolved = format!("iif(r.legacy_id is null, {there}, r.{resolved})");
            let raw = if raw == "null" { resolved.clone() } else { there };
            [format!("coalesce({raw}, '')"), format!("coalesce({resolved}, '')")]
        })
        .collect();
        let mut statement = self.connection.prepare(&format!(
            "select p.legacy_id, u.legacy_id, {} from legacy_dispatch_patient p \
             left join legacy_auth_user u on u.legacy_id = {} left join ready_patients r on r.legacy_id = p.legacy_id",
            said.join(", "),
            patient("user_id")
        ))?;
        let mut rows = statement.query([])?;
        let mut number = 0_u32;
        while let Some(row) = rows.next()? {
            let mut said = [""; 10];
            for (at, text) in said.iter_mut().enumerate() {
                // what is no text says nothing
                *text = row.get_ref(at + 2)?.as_str().unwrap_or_default();
            }
            each(Told { patient: row.get(0)?, user: row.get(1)?, said });
            number = number.wrapping_add(1);
            if number.is_multiple_of(4096) {
                interrupt::check()?;
            }
        }
        Ok(())
    }

    /// The country of each resolved practice, by its legacy id and by that of its row in the target.
    pub fn countries_of_practices(&self) -> Result<HashMap<String, String>> {
        let mut statement =
            self.connection.prepare("select legacy_id, id, coalesce(country, '') from ready_practices")?;
        let mut rows = statement.query([])?;
        let mut countries = HashMap::new();
        while let Some(row) = rows.next()? {
            let (legacy_id, id, country): (i64, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            countries.insert(legacy_id.to_string(), country.clone());
            countries.insert(id, country);
        }
        Ok(countries)
    }
}
