//! The offices: where they are, what they are called, and what is wrong with them. Who owns them comes later
//! (`staffing`).

use std::collections::BTreeSet;

use crate::id::LegacyId;
use crate::names;
use crate::places::{COUNTRIES, Country, Place};
use crate::random::Random;
use crate::rows::Office;

/// How many offices there are.
pub const OFFICES: usize = 844;

/// The office meant to be the configured default practice; its name is `Unassigned`.
pub const DEFAULT_PRACTICE: LegacyId = LegacyId(7);

/// The offices by rising id, and which of them have a clean address: only those carry a planted inference.
pub(crate) struct Offices {
    pub(crate) rows: Vec<Office>,
    pub(crate) plain: BTreeSet<LegacyId>,
}

/// Every town has at least this many offices with a clean address.
const PLAIN_PER_PLACE: usize = 3;

pub(crate) fn offices(seed: u64) -> Offices {
    let mut random = Random::stream(seed, "offices");
    let mut drafts: Vec<(&Country, Place, bool)> = Vec::with_capacity(OFFICES);
    for country in COUNTRIES {
        for nth in 0..country.offices {
            let guaranteed = country.places.len() * PLAIN_PER_PLACE;
            let place = if nth < guaranteed {
                country.places[nth % country.places.len()]
            } else {
                *random.pick_skewed(country.places)
            };
            drafts.push((country, place, nth < guaranteed));
        }
    }
    random.shuffle(&mut drafts);
    let ids = random.ids(3, OFFICES);
    let mut plain = BTreeSet::new();
    let mut rows = Vec::with_capacity(OFFICES);
    for ((country, place, guaranteed), id) in drafts.into_iter().zip(ids) {
        let id = LegacyId(id);
        if guaranteed && country.name.is_some() {
            plain.insert(id);
        }
        rows.push(office(&mut random, id, country, place));
    }
    let untouchable = |office: &Office| plain.contains(&office.id);
    plant_spellings(&mut random, &mut rows, untouchable);
    plant_texts(&mut rows, untouchable);
    place_default(&mut rows, &mut plain);
    Offices { rows, plain }
}

fn office(random: &mut Random, id: LegacyId, country: &Country, (city, state, zip): Place) -> Office {
    let family = names::family(random);
    let name = match country.name {
        Some("Japan") => {
            format!("{family}{}", random.pick(&["矯正歯科", " デンタルクリニック", " Orthodontics Tokyo"]))
        }
        Some("Thailand") => format!("{}{family}", random.pick(&["คลินิกทันตกรรม ", "Dental Home "])),
        _ => format!(
            "{family} {}",
            random.pick(&["Orthodontics", "Dental", "Smiles", "Dental Group, P.C.", "& Sons Dental"])
        ),
    };
    let street = *random.pick(&[
        "Mill Lane",
        "Station Road",
        "Church Street",
        "Lake Avenue",
        "2nd St",
        "Market Square",
    ]);
    Office {
        id,
        doctor_id: LegacyId(0),
        name: Some(name),
        address: (!random.chance(20)).then(|| format!("{} {street}", random.between(1, 9800))),
        apt: match random.below(10) {
            0..2 => Some(format!("Suite {}", random.between(1, 900))),
            2..6 => Some(String::new()),
            _ => None,
        },
        city: Some(city.to_owned()),
        state: state.map(str::to_owned),
        zip: (!zip.is_empty()).then(|| format!("{zip}{:02}", random.between(0, 99))),
        country: country.name.map(str::to_owned),
        phone: (!random.chance(120)).then(|| format!("{}{:03}", country.phone, random.between(0, 999))),
        tax_rate: tax_rate(random),
        valid: random.chance(610),
        sq_customer_id: random.chance(400).then(|| format!("SQ{}", random.uuid().simple())),
        emails: random.chance(700),
    }
}

/// A percentage; rarely a fraction of one, or null.
fn tax_rate(random: &mut Random) -> Option<String> {
    match random.below(100) {
        0..2 => None,
        2..4 => Some(format!("0.{:04}", random.between(500, 999))),
        4..50 => Some("0.0000".to_owned()),
        _ => Some(format!("{}.{:02}00", random.between(4, 18), random.between(0, 3) * 25)),
    }
}

/// Other spellings of a country, and of a town: neither may count as a place of its own by accident.
fn plant_spellings(random: &mut Random, rows: &mut [Office], untouchable: impl Fn(&Office) -> bool) {
    for spelling in ["United States", "US", "usa", " USA ", "U.S.A."] {
        let candidates: Vec<usize> = (0..rows.len())
            .filter(|&at| !untouchable(&rows[at]) && rows[at].country.as_deref() == Some("USA"))
            .collect();
        let at = *random.pick(&candidates);
        rows[at].country = Some(spelling.to_owned());
    }
    let candidates: Vec<usize> = (0..rows.len()).filter(|&at| !untouchable(&rows[at])).collect();
    for &at in candidates.iter().step_by(9) {
        let city = rows[at].city.take().unwrap_or_default();
        rows[at].city = match random.below(4) {
            0 => Some(city.to_uppercase()),
            1 => Some(format!("  {city} ")),
            2 => Some(String::new()),
            _ => None,
        };
    }
}

/// Texts that a careless reader or writer of CSV, COPY or JSON breaks on, and missing names.
fn plant_texts(rows: &mut [Office], untouchable: impl Fn(&Office) -> bool) {
    let mut free = rows.iter_mut().filter(|office| !untouchable(office)).skip(4).step_by(5);
    let names = [
        Some("The \"Smile\" Place"),
        Some("Back\\slash Dental \\N"),
        Some("Tab\tDental"),
        Some("Two\nLines Dental"),
        Some("Carriage\r\nReturn Dental"),
        Some("'Quoted', Orthodontics"),
        Some("\\."),
        Some("  Leading  and doubled Dental "),
        Some("LOUD DENTAL CENTRE"),
        Some("null"),
        Some(""),
        Some(""),
        None,
        None,
        None,
    ];
    for (name, office) in names.into_iter().zip(&mut free) {
        office.name = name.map(str::to_owned);
    }
    let addresses = [
        "1 \"Old\" Mill Lane\nRear entrance",
        "C:\\Dental\\Road 3",
        "5 Tab\tStreet",
        "",
        "null",
        "12 Straße des \u{200b}Zahns",
    ];
    for (address, office) in addresses.into_iter().zip(&mut free) {
        office.address = Some(address.to_owned());
    }
}

/// The default practice takes the place of the next office by id; its own id is the same for every seed.
fn place_default(rows: &mut [Office], plain: &mut BTreeSet<LegacyId>) {
    let at = rows.partition_point(|office| office.id < DEFAULT_PRACTICE);
    if let Some(office) = rows.get_mut(at) {
        plain.remove(&office.id);
        office.id = DEFAULT_PRACTICE;
        office.name = Some("Unassigned".to_owned());
        office.valid = true;
    }
}
