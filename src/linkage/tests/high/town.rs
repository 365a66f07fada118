//! A town of strangers, some of them there twice word for word, and what of it is `high`.

use std::collections::HashSet;

use drydock_linkage::{Band, Column, Findings, Kind, Records, find};

/// The columns of the town, in the order of a row.
pub const COLUMNS: [(&str, Kind); 8] = [
    ("first", Kind::GivenName),
    ("last", Kind::Surname),
    ("born", Kind::Date),
    ("sex", Kind::Category),
    ("email", Kind::Email),
    ("phone", Kind::Phone),
    ("street", Kind::Address),
    ("city", Kind::Place),
];

pub type Row = Vec<String>;

const FIRST: &str = "Anna Bruno Clara David Elena Felix Greta Hugo Ines Jonas Karla Lukas Marta Nils Olga Paul Quirin Rosa Simon Tilda";
const LAST: &str = "Abendroth Bergstrom Castellan Dunmore Eastwick Farrow Gillespie Hathaway Ingram Jessop Kowalski Lindqvist \
    Montague Northcote Okafor Pemberton Quigley Stavros";
const STREETS: [&str; 7] = [
    "Baker Street",
    "Quarry Lane",
    "Mill Road",
    "Orchard Way",
    "Harbour View",
    "Castle Hill",
    "Station Road",
];

/// Strangers, in whom nobody is there twice.
pub fn town(size: usize) -> Vec<Row> {
    let (firsts, lasts): (Vec<&str>, Vec<&str>) =
        (FIRST.split_whitespace().collect(), LAST.split_whitespace().collect());
    (0..size)
        .map(|at| {
            let (first, last) = (firsts[at * 7 % 20], lasts[(at * 11 + at / 20) % 18]);
            let birth = format!("{}-{:02}-{:02}", 1931 + at * 37 % 75, 1 + at * 5 % 12, 2 + at * 17 % 26);
            let email =
                if at % 3 == 0 { format!("p{}q{at}@example.org", at * 71 % 997) } else { String::new() };
            let sex = if first.ends_with('a') { "f" } else { "m" };
            let phone = format!("0{} {:06}", 20 + at % 60, at * 7919 % 1_000_000);
            let street = format!("{} {}", 1 + at * 13 % 190, STREETS[at * 3 % 7]);
            let city = ["Springfield", "Shelbyville"][at % 2];
            [first, last, &birth, sex, &email, &phone, &street, city].map(str::to_owned).to_vec()
        })
        .collect()
}

pub fn found(columns: &[(&str, Kind)], rows: &[Row]) -> Findings {
    let column = |&(name, kind): &(&str, Kind)| Column { name: name.to_owned(), kind };
    let mut records = Records::new(columns.iter().map(column).collect()).expect("a few columns");
    for (id, row) in rows.iter().enumerate() {
        records.push(&id.to_string(), 0, row.iter().map(String::as_str)).expect("a small file");
    }
    find(records).expect("unique ids")
}

/// The pairs that may be merged without a look, by position: those of `high`, and what hangs together by them.
pub fn high(findings: &Findings) -> HashSet<(usize, usize)> {
    let id = |record: u32| findings.id(record).parse::<usize>().expect("a number");
    let pair = |one: u32, other: u32| (id(one).min(id(other)), id(one).max(id(other)));
    let pairs = findings.pairs.iter().filter(|pair| pair.band == Band::High);
    let mut high: HashSet<(usize, usize)> = pairs.map(|of| pair(of.a, of.b)).collect();
    for cluster in &findings.sure {
        for (at, &one) in cluster.iter().enumerate() {
            high.extend(cluster[at + 1..].iter().map(|&other| pair(one, other)));
        }
    }
    high
}

/// A row of one who lives in a town, as the columns of a file that has others want it.
pub type Shape = fn(&Row) -> Row;

/// How many pairs of two people are `high` when they live in a town, in which thirty people are there twice word for word,
/// who have to be `high`. The pairs are in the town's shape already.
pub fn wrong(columns: &[(&str, Kind)], shape: Shape, pairs: &[(Row, Row)]) -> usize {
    let mut rows: Vec<Row> = town(600).iter().map(shape).collect();
    let copies: HashSet<(usize, usize)> = (0..30).map(|nth| (nth * 17 + 1, 600 + nth)).collect();
    (0..30).for_each(|nth| rows.push(rows[nth * 17 + 1].clone()));
    rows.extend(pairs.iter().flat_map(|(one, other)| [one.clone(), other.clone()]));
    let findings = found(columns, &rows);
    let high = high(&findings);
    // without a birthdate, a copy may be a son
    if columns.iter().any(|(_, kind)| *kind == Kind::Date) {
        let missed: Vec<&(usize, usize)> = copies.difference(&high).collect();
        assert!(missed.is_empty(), "copies are not high: {missed:?} {:?}", findings.doubt);
    }
    high.difference(&copies).count()
}

/// What two records of a pair say, beside what they share.
pub type Said<'t> = Vec<(usize, &'t str)>;

const FAMILIES: &str = "Weidenfeld Tschernikow Oyelaran Papadimitriou Vandergrift Szczepanek Achterberg Featherstone \
    Iglesiasruiz Ravindranath Mwangi Castellanos Drummond Ekwueme Yamashiro";

/// Pairs of two who live together and differ in what is said; every pair has a family of its own.
pub fn families(said: &[(Said<'_>, Said<'_>)]) -> Vec<(Row, Row)> {
    let families: Vec<&str> = FAMILIES.split_whitespace().collect();
    said.iter()
        .enumerate()
        .map(|(at, (one, other))| {
            let family =
                format!("{}{}", families[at % 15], ["", "sen", "er", "mann", "ova", "hof"][at / 15 % 6]);
            let born = format!("{}-{:02}-{:02}", 1950 + at * 7 % 55, 2 + at % 11, 3 + at * 11 % 25);
            let email = format!("haus{}@{}.example", at * 37, family.to_lowercase());
            let phone = format!("0301 {:07}", 4_000_000 + at * 7_717);
            let street = format!("{} Lindenallee", 3 + at);
            let base = ["Ottilie", &family, &born, "f", &email, &phone, &street, "Ogdenville"]
                .map(str::to_owned)
                .to_vec();
            let with = |said: &Said<'_>| {
                let mut row = base.clone();
                for &(column, text) in said {
                    text.clone_into(&mut row[column]);
                }
                row
            };
            (with(one), with(other))
        })
        .collect()
}

/// Pairs of cells, written `one | other` with a semicolon between them.
pub fn cells(table: &str) -> Vec<(&str, &str)> {
    table
        .split(';')
        .map(|pair| pair.split_once('|').expect("two cells"))
        .map(|(a, b)| (a.trim(), b.trim()))
        .collect()
}
