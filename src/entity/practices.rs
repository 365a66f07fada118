//! Practices: one per `dispatch_office`, inactive and invalid ones included, because patients point at them.

use compact_str::ToCompactString;

use super::From::Own;
use super::legacy_row::legacy_row;
use super::metadata::Metadata;
use super::{Answer, Column, Decision, Entity, Holds, Kind, Rule, Verdict, Whole, decide, profiles, row};
use crate::clean::{country, name, optional_text, tax_rate};
use crate::record::{Code, LegacyId, Phase, TargetId, Text};

/// What says which office it is: another one has another value in each of these.
pub const IDENTITY: [&[&str]; 3] = [&["name"], &["city"], &["address"]];

legacy_row! {
    /// An office as read.
    Office,
    /// One row is one office.
    OFFICES = "dispatch_office" (required) {
        required { name: Name, doctor_id: Identifier }
        optional { address: Address, apt: Address, city: Address, state: Address, zip: Address, country: Country, phone: Phone, tax_rate: Number, valid: Flag, sq_customer_id: Username, emails: Flag }
    }
}

/// The entity.
pub const ENTITY: Entity = Entity {
    name: "practices",
    singular: "practice",
    legacy: &OFFICES,
    target_table: "practices",
    discriminator: None,
    phase: Phase::Profiles,
    can_stand_in: true,
    references: &[],
    read_with: &[],
    staging_sql: include_str!("../../staging/practices.sql"),
    target_sql: Some(include_str!("../../sql/target/02_practices.sql")),
    rule: Rule { with: None, decide: decide!(Office, resolve) },
    columns: &[
        Column::new("id", Kind::Uuid).answer(Answer::Row),
        Column::new("legacy_id", Kind::Integer),
        Column::new("name", Kind::Text).holds(Holds::Name).from(&[Own("name")]).answer(Answer::Name),
        Column::new("address", Kind::Text).holds(Holds::Address).nullable().from(&[Own("address")]),
        Column::new("city", Kind::Text).holds(Holds::Address).nullable().from(&[Own("city")]),
        Column::new("state", Kind::Text).holds(Holds::Address).nullable().from(&[Own("state")]),
        Column::new("zip_code", Kind::Text).holds(Holds::Address).nullable().from(&[Own("zip")]),
        Column::new("country", Kind::Text).holds(Holds::Country).nullable().from(&[Own("country")]),
        Column::new("phone", Kind::Text).holds(Holds::Phone).nullable().from(&[Own("phone")]),
        Column::new("tax_rate", Kind::Numeric).nullable().from(&[Own("tax_rate")]).answer(Answer::TaxRate),
        Column::new("is_active", Kind::Boolean).from(&[Own("valid")]).answer(Answer::Flag),
        Column::new("metadata", Kind::Metadata),
    ],
    kept: &["name", "apt", "country", "tax_rate", "valid", "sq_customer_id", "emails"],
    mapped: None,
};

/// The key of the practice that the migration itself makes: below zero, where no legacy row is.
pub const UNASSIGNED: LegacyId = LegacyId(-1);

/// The practice "Unassigned", for whoever no rule can place. Its metadata say that no legacy record stands behind it.
pub fn unassigned(target_id: TargetId, reason: &str) -> Decision {
    let mut metadata = Metadata::default();
    metadata.set("created_by", "drydock");
    metadata.set("created_for", reason);
    let row = row!(ENTITY {
        id: target_id.to_text(),
        legacy_id: UNASSIGNED.to_text(),
        name: Text::from("Unassigned"),
        is_active: Text::from("true"),
        metadata: metadata.into_text(),
    });
    Decision { verdict: Verdict::Ready(row), ..Decision::open(UNASSIGNED) }
}

/// Resolves an office. A missing name becomes `Office {id}`; `valid` is carried as `is_active` and drops nobody.
pub fn resolve(whole: &dyn Whole, office: &Office) -> Decision {
    const PHASE: Phase = Phase::Profiles;
    let mut decision = Decision::open(office.legacy_id);

    let mut cleaned = name("name", office.name.as_deref());
    // unlike a person's, a missing name has a rule, and with it a change
    cleaned.issues.retain(|issue| issue.code != Code::NameMissing);
    let name = decision.take(PHASE, cleaned);
    let name = if name.is_empty() {
        let named = unnamed(office.legacy_id);
        decision.change("name", "practice.unnamed", office.name.as_deref(), Some(&named));
        named
    } else {
        name
    };
    let address = decision.take(PHASE, optional_text("address", office.address.as_deref()));
    let city = decision.take(PHASE, optional_text("city", office.city.as_deref()));
    let state = decision.take(PHASE, optional_text("state", office.state.as_deref()));
    let zip_code = decision.take(PHASE, optional_text("zip_code", office.zip.as_deref()));
    let phone = decision.take(PHASE, optional_text("phone", office.phone.as_deref()));
    let country = decision.take(PHASE, country("country", office.country.as_deref()));
    let tax_rate = decision.take(PHASE, tax_rate("tax_rate", office.tax_rate.as_deref()));
    let is_active = profiles::not_switched_off(&mut decision, PHASE, office.valid.as_deref());

    let mut metadata = Metadata::default();
    for (key, value) in [
        ("name", &office.name),
        ("apt", &office.apt),
        ("country", &office.country),
        ("tax_rate", &office.tax_rate),
        ("valid", &office.valid),
        ("sq_customer_id", &office.sq_customer_id),
        ("emails", &office.emails),
    ] {
        metadata.raw(key, value.as_deref());
    }

    let row = row!(ENTITY {
        id: whole.target_id(&ENTITY, office.legacy_id).to_text(),
        legacy_id: office.legacy_id.to_text(),
        name: Text::from(name),
        address: address.map(Text::from),
        city: city.map(Text::from),
        state: state.map(Text::from),
        zip_code: zip_code.map(Text::from),
        country: country.map(Text::from),
        phone: phone.map(Text::from),
        tax_rate: tax_rate.map(Text::from),
        is_active: is_active.to_compact_string(),
        metadata: metadata.into_text(),
    });
    decision.verdict = Verdict::Ready(row);
    decision
}

/// The name of an office that has none (domain rule: `Office {id}`).
fn unnamed(legacy_id: LegacyId) -> String {
    format!("Office {legacy_id}")
}
