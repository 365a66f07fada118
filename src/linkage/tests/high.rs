//! `high` from outside: two people who look like one person in every way that families, clerks and programs can think of are
//! never `high`, whatever the data; records that repeat each other word for word always are.

use std::collections::HashSet;

use drydock_linkage::{Band, Column, Findings, Kind, Records, find};

const COLUMNS: [(&str, Kind); 8] = [
    ("first", Kind::GivenName),
    ("last", Kind::Surname),
    ("born", Kind::Date),
    ("sex", Kind::Category),
    ("email", Kind::Email),
    ("phone", Kind::Phone),
    ("street", Kind::Address),
    ("city", Kind::Place),
];

type Row = [String; 8];

fn row(cells: [&str; 8]) -> Row {
    cells.map(str::to_owned)
}

const FIRST: [&str; 20] = [
    "Anna", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Lukas",
    "Marta", "Nils", "Olga", "Paul", "Quirin", "Rosa", "Simon", "Tilda",
];
const LAST: [&str; 18] = [
    "Abendroth", "Bergstrom", "Castellan", "Dunmore", "Eastwick", "Farrow", "Gillespie", "Hathaway", "Ingram",
    "Jessop", "Kowalski", "Lindqvist", "Montague", "Northcote", "Okafor", "Pemberton", "Quigley", "Stavros",
];
const STREETS: [&str; 7] =
    ["Baker Street", "Quarry Lane", "Mill Road", "Orchard Way", "Harbour View", "Castle Hill", "Station Road"];

/// A town of strangers, in which nobody is there twice.
fn town(size: usize) -> Vec<Row> {
    (0..size)
        .map(|at| {
            let (first, last) = (FIRST[at * 7 % 20], LAST[(at * 11 + at / 20) % 18]);
            let birth = format!("{}-{:02}-{:02}", 1931 + at * 37 % 75, 1 + at * 5 % 12, 2 + at * 17 % 26);
            let email = if at % 3 == 0 { format!("p{}q{at}@example.org", at * 71 % 997) } else { String::new() };
            let sex = if first.ends_with('a') { "f" } else { "m" };
            let phone = format!("0{} {:06}", 20 + at % 60, at * 7919 % 1_000_000);
            let street = format!("{} {}", 1 + at * 13 % 190, STREETS[at * 3 % 7]);
            [first, last, &birth, sex, &email, &phone, &street, ["Springfield", "Shelbyville"][at % 2]]
                .map(str::to_owned)
        })
        .collect()
}

fn found(columns: &[(&str, Kind)], rows: &[Vec<String>]) -> Findings {
    let column = |&(name, kind): &(&str, Kind)| Column { name: name.to_owned(), kind };
    let mut records = Records::new(columns.iter().map(column).collect()).expect("a few columns");
    for (id, row) in rows.iter().enumerate() {
        records.push(&id.to_string(), 0, row.iter().map(String::as_str)).expect("a small file");
    }
    find(records).expect("unique ids")
}

/// The pairs of `high`, by position.
fn high(findings: &Findings) -> HashSet<(usize, usize)> {
    let id = |record: u32| findings.id(record).parse::<usize>().expect("a number");
    let mut high = HashSet::new();
    for pair in findings.pairs.iter().filter(|pair| pair.band == Band::High) {
        high.insert((id(pair.a).min(id(pair.b)), id(pair.a).max(id(pair.b))));
    }
    for cluster in &findings.sure {
        for (at, &one) in cluster.iter().enumerate() {
            high.extend(cluster[at + 1..].iter().map(|&other| (id(one).min(id(other)), id(one).max(id(other)))));
        }
    }
    high
}

/// How many of the pairs of two people are `high` among a town, in which thirty people are there twice word for word and
/// all of these are.
fn wrong(columns: &[(&str, Kind)], pairs: &[(Row, Row)]) -> usize {
    let mut rows: Vec<Vec<String>> = town(600).into_iter().map(Vec::from).collect();
    let copies: Vec<(usize, usize)> = (0..30).map(|nth| (nth * 17 + 1, 600 + nth)).collect();
    for &(one, _) in &copies {
        rows.push(rows[one].clone());
    }
    for (one, other) in pairs {
        rows.extend([one.to_vec(), other.to_vec()]);
    }
    let kept = columns.len();
    rows.iter_mut().for_each(|row| row.truncate(kept));
    let high = high(&found(columns, &rows));
    if kept > 2 {
        for copy in &copies {
            assert!(high.contains(copy), "a copy is not high: {:?}", rows[copy.0]);
        }
    }
    let copied: HashSet<(usize, usize)> = copies.into_iter().collect();
    high.iter().filter(|pair| !copied.contains(pair)).count()
}

/// Pairs of two people who differ as the two cells say and in nothing else; every pair has a family of its own.
fn differing(column: usize, cells: &[(&str, &str)]) -> Vec<(Row, Row)> {
    both(&cells.iter().map(|&(one, other)| (vec![(column, one)], vec![(column, other)])).collect::<Vec<_>>())
}

type Said<'t> = Vec<(usize, &'t str)>;

fn both(said: &[(Said<'_>, Said<'_>)]) -> Vec<(Row, Row)> {
    const FAMILIES: [&str; 15] = [
        "Weidenfeld", "Tschernikow", "Oyelaran", "Papadimitriou", "Vandergrift", "Szczepanek", "Achterberg",
        "Featherstone", "Iglesiasruiz", "Ravindranath", "Mwangi", "Castellanos", "Drummond", "Ekwueme", "Yamashiro",
    ];
    said.iter()
        .enumerate()
        .map(|(at, (one, other))| {
            let family = format!("{}{}", FAMILIES[at % 15], ["", "sen", "er"][at / 15 % 3]);
            let born = format!("{}-{:02}-{:02}", 1950 + at * 7 % 55, 2 + at % 11, 3 + at * 11 % 25);
            let email = format!("haus{}@{}.example", at * 37, family.to_lowercase());
            let phone = format!("0301 {:07}", 4_000_000 + at * 7_717);
            let street = format!("{} Lindenallee", 3 + at);
            let base = row(["Ottilie", &family, &born, "f", &email, &phone, &street, "Ogdenville"]);
            let with = |said: &Said<'_>| {
                let mut row = base.clone();
                said.iter().for_each(|&(column, text)| row[column] = text.to_owned());
                row
            };
            (with(one), with(other))
        })
        .collect()
}

/// What differs between two people who agree on all else.
const TWINS: [(&str, usize, &[(&str, &str)]); 18] = [
    ("other first names", 0, &[("Anna", "Bruno"), ("Konrad", "Konradin"), ("Jan", "Jana"), ("Hanna", "Johanna")]),
    (
        "particles and titles in first names",
        0,
        &[
            ("De Shawn", "La Shawn"),
            ("Do-yun", "Da-yun"),
            ("Van Anh", "Le Anh"),
            ("El Hassan", "Al Hassan"),
            ("Mr. Baby", "Ms. Baby"),
            ("Md Ali", "Ali"),
            ("Von", "De Von"),
            ("Te Ariki", "Ariki"),
            ("Sir John", "John"),
            ("Dr. Alex", "Alex"),
            ("Mr Alex", "Mrs Alex"),
        ],
    ),
    (
        "accents",
        0,
        &[
            ("Hùng", "Hưng"),
            ("Thanh", "Thành"),
            ("Jan", "Ján"),
            ("Dũng", "Dung"),
            ("Ramón", "Ramon"),
            ("Zoé", "Zoe"),
            ("Åsa", "Asa"),
            ("Işıl", "Isil"),
            ("Łucja", "Lucja"),
            ("Ñusta", "Nusta"),
        ],
    ),
    ("slips", 0, &[("Mario", "Maria"), ("Ali", "Ila"), ("Marion", "Marian"), ("Yusuf", "Yusef"), ("Jon", "John")]),
    ("initials", 0, &[("J.", "John"), ("J.", "J."), ("J. R.", "J R"), ("JR", "JR"), ("M", "M")]),
    (
        "second names",
        0,
        &[("Anna Maria", "Anna Luisa"), ("Anna", "Anna Maria"), ("Jean-Luc", "Jean-Paul"), ("Ji Ho", "Ji Hu")],
    ),
    (
        "generations in the surname",
        1,
        &[
            ("Weiden Jr.", "Weiden Sr."),
            ("Weiden", "Weiden Jr"),
            ("Weiden II", "Weiden III"),
            ("Weiden III", "Weiden"),
            ("Weiden filho", "Weiden"),
            ("Weiden júnior", "Weiden"),
            ("Weiden neto", "Weiden filho"),
            ("Weiden père", "Weiden fils"),
            ("Weiden d. J.", "Weiden d. Ä."),
            ("Weiden 2nd", "Weiden 3rd"),
            ("Weiden ml.", "Weiden st."),
            ("Weiden, Jr.", "Weiden"),
            ("Weiden младший", "Weiden старший"),
        ],
    ),
    ("generations in the first name", 0, &[("Otto", "Otto Jr."), ("Otto sen.", "Otto jun."), ("Otto II", "Otto III")]),
    ("sex", 3, &[("f", "m"), ("F", "M"), ("female", "male"), ("weiblich", "m")]),
    ("no first name", 0, &[("", ""), ("", "Anna"), ("null", "null"), ("-", "-"), ("?", "?"), ("...", "...")]),
    (
        "first names that are none",
        0,
        &[
            ("Unbekannt", "Unbekannt"),
            ("Inconnu", "Inconnu"),
            ("Desconocido", "Desconocido"),
            ("TBD", "TBD"),
            ("Anonymous", "Anonymous"),
            ("Baby Boy", "Baby Boy"),
            ("Baby Boy", "Baby Girl"),
            ("Twin A", "Twin B"),
            ("Twin A", "Twin A"),
            ("Babygirl", "Babygirl"),
            ("Mr", "Mr"),
            ("Daughter", "Daughter"),
            ("Baby of Maria", "Baby of Maria"),
            ("B/O Maria", "B/O Maria"),
            ("Infant", "Infant"),
            ("Sconosciuto", "Sconosciuto"),
            ("Onbekend", "Onbekend"),
            ("FNU", "FNU"),
            ("N.N.", "N.N."),
            ("xxx", "xxx"),
            ("不明", "不明"),
            ("неизвестно", "неизвестно"),
            ("مجهول", "مجهول"),
            ("미상", "미상"),
            ("अज्ञात", "अज्ञात"),
            ("Vorname", "Vorname"),
            ("Test", "Test"),
            ("Newborn 2", "Newborn 2"),
            ("Säugling", "Säugling"),
            ("Zwilling 1", "Zwilling 2"),
        ],
    ),
    ("no surname", 1, &[("", ""), ("Unknown", "Unknown"), ("N/A", "N/A"), ("LNU", "LNU")]),
    ("no birthdate", 2, &[("", ""), ("", "1980-04-05"), ("unknown", "unknown"), ("00.00.0000", "00.00.0000")]),
    (
        "placeholder birthdates",
        2,
        &[
            ("1900-01-01", "1900-01-01"),
            ("1899-12-30", "1899-12-30"),
            ("1969-12-31", "1969-12-31"),
            ("1970-01-01", "1970-01-01"),
            ("9999-12-31", "9999-12-31"),
            ("1111-11-11", "1111-11-11"),
            ("0001-01-01", "0001-01-01"),
            ("1753-01-01", "1753-01-01"),
        ],
    ),
    (
        "generations by birthdate",
        2,
        &[
            ("1950-04-12", "1980-04-12"),
            ("1961-07-09", "1991-07-09"),
            ("1948-03-05", "1984-03-05"),
            ("1950-04-12", "1970-04-12"),
            ("1938-10-02", "1983-10-02"),
            ("1951-04-12", "1978-09-30"),
            ("1851-04-12", "1951-04-12"),
        ],
    ),
    ("dates that cannot be", 2, &[("1850-81-01", "1850-01-81"), ("1980-02-30", "1980-02-30"), ("1980-13-41", "1980-13-41")]),
    ("cousins of one name", 2, &[("1980-04-12", "1981-04-12"), ("1980-04-12", "1982-11-03"), ("1980-04-12", "1979-04-21")]),
    ("one year for two", 2, &[("1980", "1980"), ("1980-04", "1980-04"), ("1980", "1980-04-05")]),
];

#[test]
fn two_people_who_agree_on_all_else_are_never_high() {
    let mut failed = Vec::new();
    for (what, column, cells) in TWINS {
        // alone, and as many of a kind as there may be where a rule makes them
        for times in [1, 8] {
            let wrong = wrong(&COLUMNS, &differing(column, &cells.repeat(times)));
            if wrong > 0 {
                failed.push(format!("{what}: {wrong} of {}", cells.len() * times));
            }
        }
    }
    assert!(failed.is_empty(), "{failed:#?}");
}
