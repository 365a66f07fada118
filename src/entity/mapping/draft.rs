//! A first mapping for a target that nobody has described yet: what is recognised by name and type is written down, and what needs a
//! person stands beside it as a comment. Pure.

use std::fmt::Write;

use crate::clean::Gender;
use crate::entity::catalog::{Catalog, CatalogColumn};
use crate::entity::profiles::Role;
use crate::entity::{ALL, Column, Entity};

/// Other names that our tables go by.
const TABLES: [(&str, &[&str]); 4] = [
    ("practices", &["offices", "clinics", "locations"]),
    ("profiles", &["people", "persons", "users", "accounts"]),
    ("patients", &["clients"]),
    ("practice_members", &["doctor_offices", "office_doctors", "office_members", "memberships", "members"]),
];

/// Other names that our columns go by.
const COLUMNS: [(&str, &[&str]); 14] = [
    (
        "legacy_id",
        &[
            "legacy_office_id",
            "legacy_practice_id",
            // before that of the user, which a patient's table may name as well
            "legacy_patient_id",
            "legacy_user_id",
            "old_id",
            "external_id",
        ],
    ),
    ("user_id", &["profile_id", "person_id"]),
    ("practice_id", &["office_id", "assigned_office_id", "primary_office_id", "clinic_id"]),
    ("assigned_profile_id", &["primary_doctor_id", "doctor_id", "provider_id"]),
    ("profile_id", &["doctor_id", "user_id", "person_id"]),
    ("zip_code", &["zip", "postal_code", "postcode"]),
    ("address", &["address_line1", "street", "street_address"]),
    ("date_of_birth", &["birthdate", "birth_date", "dob"]),
    ("gender", &["sex"]),
    ("first_name", &["given_name", "firstname"]),
    ("last_name", &["family_name", "surname", "lastname"]),
    ("email", &["email_address", "e_mail"]),
    ("is_active", &["active", "enabled"]),
    ("metadata", &["meta", "extra"]),
];

/// What a column of the target most probably holds, by its name: where it is filled, by our table.
const FILLS: [(&str, &str, &str); 16] = [
    ("patients", "patient_number", "\"PAT-{legacy_id:06}\""),
    ("patients", "suffix", "\"{legacy.suffix}\""),
    ("patients", "archived", "{ value = \"{legacy.archived}\", otherwise = \"false\" }"),
    ("patients", "suspended", "{ value = \"{legacy.suspended}\", otherwise = \"false\" }"),
    ("patients", "schemes", "\"{legacy.schemes}\""),
    ("patients", "legacy_user_id", "\"{profile.legacy_id}\""),
    ("patients", "legacy_doctor_id", "\"{legacy.doctor_id}\""),
    ("profiles", "username", "\"{legacy.username}\""),
    ("profiles", "last_login", "\"{legacy.last_login}\""),
    ("profiles", "last_login_at", "\"{legacy.last_login}\""),
    ("profiles", "legacy_patient_id", "\"{patient.legacy_id}\""),
    ("profiles", "patient_suffix", "{ value = \"{patient.legacy.suffix}\", otherwise = \"\" }"),
    ("practices", "apartment", "\"{legacy.apt}\""),
    ("practices", "address_line2", "\"{legacy.apt}\""),
    ("practices", "square_customer_id", "\"{legacy.sq_customer_id}\""),
    ("practices", "email_notifications", "\"{legacy.emails}\""),
];

/// The draft for a target with these tables.
pub fn draft(catalog: &Catalog) -> String {
    let mut tables = String::new();
    let mut sections = String::new();
    for (ours, others) in TABLES {
        let Some(entity) = ALL.iter().find(|entity| entity.target_table == ours) else { continue };
        let theirs =
            std::iter::once(ours).chain(others.iter().copied()).find(|name| has_table(catalog, name));
        match theirs {
            Some(theirs) => {
                if theirs != ours {
                    let _ = writeln!(tables, "{ours} = \"{theirs}\"");
                }
                section(&mut sections, catalog, entity, theirs);
            }
            None if ours == "patients" && catalog.column("profiles", "legacy_patient_id").is_some() => {
                tables += "patients = { onto = \"profiles\" }   # no table of patients, and profiles have legacy_patient_id\n";
                onto(&mut sections, catalog, entity);
            }
            None => {
                let _ = writeln!(
                    tables,
                    "{ours} = false   # FOR YOU: no table of such a name; its rows would stay in the file"
                );
            }
        }
    }
    let mut text = "# A draft: look at every line, above all at those that say FOR YOU; then `drydock doctor --config` shows what it\n\
                    # comes to. Columns that are not named here go by the name that they have.\n"
        .to_owned();
    if catalog.column("migration_mappings", "legacy_id").is_some() {
        text += "\n[target]\nlegacy_id = \"migration_mappings\"\n\n[target.mapping_table]\ntable = \"migration_mappings\"\n\
                 # FOR YOU: the words in its column entity_type, where they are not practice, profile, patient:\n# words = { profiles = \"user\" }\n";
    }
    if !tables.is_empty() {
        let _ = write!(text, "\n[target.tables]\n{tables}");
    }
    text += &sections;
    if catalog.column("doctors", "profile_id").is_some() {
        text += "\n[target.parts.doctors]\nof = \"profiles\"\nroles = [\"doctor\"]\nnamed = true   # whoever treats a patient or works somewhere as well\n\n\
                 [target.parts.doctors.columns]\nprofile_id = \"{id}\"\n";
        text += &unfilled(catalog, "doctors", &["id", "profile_id", "legacy_user_id"], "parts");
        if catalog.column("doctors", "legacy_user_id").is_some() {
            text += "\n[target.columns.doctors]\nlegacy_id = \"legacy_user_id\"\n";
        }
    }
    text + &labels(catalog)
}

fn has_table(catalog: &Catalog, table: &str) -> bool {
    catalog.columns.iter().any(|column| column.table == table)
}

/// The column of the target's table that one of ours is, with whether it can hold its values.
fn place<'a>(catalog: &'a Catalog, theirs: &str, ours: &Column) -> Option<&'a CatalogColumn> {
    let others = COLUMNS.iter().find(|(name, _)| *name == ours.name).map_or(&[][..], |(_, others)| others);
    // a profile may name its patient, whose id is not its own
    let is_own = |name: &&str| theirs == "patients" || *name != "legacy_patient_id";
    let mut names = std::iter::once(ours.name).chain(others.iter().copied().filter(is_own));
    names.find_map(|name| {
        catalog.column(theirs, name).filter(|known| !known.is_generated && known.takes(ours.kind))
    })
}

fn section(text: &mut String, catalog: &Catalog, entity: &Entity, theirs: &str) {
    let (mut lines, mut taken) = (String::new(), Vec::new());
    for ours in entity.columns {
        let Some(known) = place(catalog, theirs, ours).filter(|known| !taken.contains(&known.name.as_str()))
        else {
            let why = match catalog.column(theirs, ours.name) {
                Some(known) => format!("it is of type {} there", known.type_text),
                None => "nothing like it".to_owned(),
            };
            let _ = writeln!(lines, "{} = false   # {why}", ours.name);
            continue;
        };
        taken.push(known.name.as_str());
        if known.name != ours.name {
            let _ = writeln!(lines, "{} = \"{}\"", ours.name, known.name);
        }
    }
    if !lines.is_empty() {
        let _ = write!(text, "\n[target.columns.{}]\n{lines}", entity.target_table);
    }
    let fills = unfilled_of(catalog, entity.target_table, theirs, &taken);
    if !fills.is_empty() {
        let _ = write!(text, "\n[target.fill.{}]\n{fills}", entity.target_table);
    }
}

/// A patient whose row is the profile's: what the profile says itself is not said twice.
fn onto(text: &mut String, catalog: &Catalog, entity: &Entity) {
    let _ = write!(text, "\n[target.columns.{}]\n", entity.target_table);
    for ours in entity.columns.iter().filter(|ours| ours.name != "id") {
        let own = matches!(ours.name, "legacy_id" | "date_of_birth" | "gender");
        let known = if ours.name == "legacy_id" {
            catalog.column("profiles", "legacy_patient_id")
        } else {
            place(catalog, "profiles", ours).filter(|_| own)
        };
        match known {
            Some(known) if known.name == ours.name => {}
            Some(known) => {
                let _ = writeln!(text, "{} = \"{}\"", ours.name, known.name);
            }
            None => {
                let _ = writeln!(text, "{} = false", ours.name);
            }
        }
    }
}

/// The columns of a table that nothing stands in yet, as far as it is known what could, or something has to.
fn unfilled_of(catalog: &Catalog, ours: &str, theirs: &str, taken: &[&str]) -> String {
    let mut lines = String::new();
    for known in catalog.columns.iter().filter(|column| column.table == theirs && !column.is_generated) {
        if taken.contains(&known.name.as_str()) {
            continue;
        }
        let is_required = !known.is_nullable && !known.has_default;
        let usual = FILLS.iter().find(|(table, name, _)| *table == ours && *name == known.name);
        let line = if let Some((_, name, value)) = usual {
            format!("{name} = {value}")
        } else if known.name == "profile_type" {
            let labels =
                catalog.enums.get(&known.type_name).map(|labels| labels.join(", ")).unwrap_or_default();
            format!(
                "profile_type = {{ value = \"{{role}}\", map = {{ }} }}   # FOR YOU: a label for each role; there are {labels}"
            )
        } else if known.name == "address" && known.type_name == "jsonb" && ours == "practices" {
            "address = { json = { address = \"{address}\", city = \"{city}\", state = \"{state}\", zip = \"{zip_code}\", country = \"{country}\" } }".to_owned()
        } else if is_required {
            format!(
                "# FOR YOU: {} ({}) is required, and nothing is known to put there\n# {} = \"\"",
                known.name, known.type_text, known.name
            )
        } else {
            continue;
        };
        let _ = writeln!(lines, "{line}");
    }
    lines
}

fn unfilled(catalog: &Catalog, table: &str, taken: &[&str], ours: &str) -> String {
    let mut lines = String::new();
    for known in catalog
        .columns
        .iter()
        .filter(|column| column.table == table && !taken.contains(&column.name.as_str()))
    {
        match known.name.as_str() {
            "doctor_number" => lines += "doctor_number = \"DOC-{legacy_id:06}\"\n",
            "primary_office_id" => lines += "primary_office_id = \"{practice_id}\"\n",
            _ => {}
        }
    }
    let known = ["doctor_number", "primary_office_id"];
    let others: Vec<&str> = taken.iter().copied().chain(known).collect();
    lines + &unfilled_of(catalog, ours, table, &others)
}

/// The labels that types of the target lack.
fn labels(catalog: &Catalog) -> String {
    let mut text = String::new();
    let roles: Vec<&str> = Role::ALL.iter().map(|role| role.as_str()).collect();
    let genders: Vec<&str> = Gender::ALL.iter().map(|gender| gender.as_str()).collect();
    for (section, name, words) in [("roles", "role", roles), ("genders", "gender", genders)] {
        let mut of_type = catalog.columns.iter().filter(|column| {
            column.type_kind == "e"
                && (column.name == name || name == "gender" && column.name == "sex")
                && column.table != "practice_members"
        });
        let Some(labels) = of_type.find_map(|column| catalog.enums.get(&column.type_name)) else {
            continue;
        };
        let missing: Vec<&str> =
            words.into_iter().filter(|word| !labels.iter().any(|label| label == word)).collect();
        if missing.is_empty() {
            continue;
        }
        let _ = write!(
            text,
            "\n[policy.{section}]\n# FOR YOU: a label for each of these; there are {}\n",
            labels.join(", ")
        );
        for word in missing {
            let _ = writeln!(text, "# {word} = \"\"");
        }
    }
    text
}
