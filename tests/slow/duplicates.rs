//! The record-linkage engine from outside: what must be found, what must never be called one person, and that the result
//! depends on ids and values alone.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small invented numbers"
)]

#[path = "../bench/duplicates/measure.rs"]
mod measure;
#[path = "../bench/duplicates/nasty.rs"]
mod nasty;
#[path = "../bench/duplicates/people.rs"]
mod people;
#[path = "../bench/duplicates/worlds.rs"]
mod worlds;

use std::collections::{BTreeSet, HashSet};
use std::process::Command;

use drydock_linkage::{Band, Column, Findings, Kind, Records, find};
use proptest::prelude::*;

const COLUMNS: [(&str, Kind); 5] = [
    ("first_name", Kind::GivenName),
    ("last_name", Kind::Surname),
    ("birthdate", Kind::Date),
    ("email", Kind::Email),
    ("practice", Kind::Category),
];

type Row = [String; 5];

fn columns() -> Vec<Column> {
    COLUMNS.iter().map(|&(name, kind)| Column { name: name.to_owned(), kind }).collect()
}

fn found(rows: &[(String, Row)]) -> Findings {
    let mut records = Records::new(columns()).expect("five columns");
    for (id, row) in rows {
        records.push(id, 0, row.iter().map(String::as_str)).expect("a small file");
    }
    find(records).expect("unique ids")
}

const FIRST: [&str; 24] = [
    "Anna", "Bruno", "Clara", "David", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas", "Karla", "Lukas",
    "Marta", "Nils", "Olga", "Paul", "Quirin", "Rosa", "Simon", "Tilda", "Ulf", "Vera", "Wanda", "Yusuf",
];
const LAST: [&str; 20] = [
    "Abendroth",
    "Bergstrom",
    "Castellan",
    "Dunmore",
    "Eastwick",
    "Farrow",
    "Gillespie",
    "Hathaway",
    "Ingram",
    "Jessop",
    "Kowalski",
    "Lindqvist",
    "Montague",
    "Northcote",
    "Okafor",
    "Pemberton",
    "Quigley",
    "Rasmussen",
    "Stavros",
    "Thackeray",
];

/// A town of strangers, in which nobody is there twice.
fn town(size: usize) -> Vec<(String, Row)> {
    (0..size)
        .map(|at| {
            let (first, last) = (FIRST[at * 7 % 24], LAST[(at * 11 + at / 24) % 20]);
            let birth = format!("{}-{:02}-{:02}", 1931 + at * 37 % 75, 1 + at * 5 % 12, 1 + at * 17 % 28);
            let email = if at % 6 == 0 {
                format!("{first}.{last}{at}@example.org").to_lowercase()
            } else {
                String::new()
            };
            let row = [first.to_owned(), last.to_owned(), birth, email, (at * 13 % 90).to_string()];
            ((at + 1).to_string(), row)
        })
        .collect()
}

fn row(first: &str, last: &str, birth: &str, email: &str, practice: &str) -> Row {
    [first, last, birth, email, practice].map(str::to_owned)
}

/// The best band of the pair, if it is reported at all.
fn band(findings: &Findings, one: &str, other: &str) -> Option<Band> {
    let wanted: HashSet<&str> = [one, other].into();
    let is_wanted = |a: u32, b: u32| HashSet::from([findings.id(a), findings.id(b)]) == wanted;
    findings.pairs.iter().find(|pair| is_wanted(pair.a, pair.b)).map(|pair| pair.band)
}

fn together(findings: &Findings, one: &str, other: &str) -> bool {
    let holds = |cluster: &[u32], id: &str| cluster.iter().any(|&record| findings.id(record) == id);
    findings.clusters.iter().any(|cluster| holds(cluster, one) && holds(cluster, other))
}

#[test]
fn the_same_person_is_found_in_every_disguise() {
    for (what, one, other) in [
        (
            "the same again",
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
        ),
        (
            "capitals and spaces",
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
            row(" KONRAD", "WEIDENFELD ", "1961-03-14", "", "7"),
        ),
        (
            "accents",
            row("José", "Weidenfeld", "1961-03-14", "", "7"),
            row("Jose", "Weidenfeld", "1961-03-14", "", "7"),
        ),
        (
            "umlauts",
            row("Jürgen", "Weidenfeld", "1961-03-14", "", "7"),
            row("Juergen", "Weidenfeld", "1961-03-14", "", "7"),
        ),
        (
            "particles",
            row("Konrad", "von Weidenfeld", "1961-03-14", "", "7"),
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
        ),
        (
            "a slip in the surname",
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
            row("Konrad", "Wiedenfeld", "1961-03-14", "", "7"),
        ),
        (
            "swapped names",
            row("Konrad", "Weidenfeld", "1961-03-14", "", "7"),
            row("Weidenfeld", "Konrad", "1961-03-14", "", "7"),
        ),
        (
            "day and month swapped",
            row("Konrad", "Weidenfeld", "1961-03-11", "", "7"),
            row("Konrad", "Weidenfeld", "1961-11-03", "", "7"),
        ),
        (
            "an initial, one email",
            row("Konrad", "Weidenfeld", "1961-03-14", "kw@example.com", "7"),
            row("K.", "Weidenfeld", "1961-03-14", "kw@example.com", "7"),
        ),
        (
            "another script",
            row("健太郎", "田中", "1961-03-14", "", "7"),
            row("健太郎", "田中", "1961-03-14", "", "7"),
        ),
    ] {
        let mut rows = town(600);
        rows.push(("9001".to_owned(), one));
        rows.push(("9002".to_owned(), other));
        let findings = found(&rows);
        assert!(matches!(band(&findings, "9001", "9002"), Some(Band::High | Band::Medium)), "{what}");
    }
}

#[test]
fn two_people_are_never_high() {
    let one = || row("Konrad", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7");
    for (what, other) in [
        ("a twin", row("Ottilie", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7")),
        ("a twin of like name", row("Konradin", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7")),
        (
            "a twin of almost the same name",
            row("Konrada", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7"),
        ),
        ("a relative", row("Ottilie", "Weidenfeld", "1990-11-02", "weidenfeld@example.com", "7")),
        (
            "a father of the same name",
            row("Konrad", "Weidenfeld", "1932-08-30", "weidenfeld@example.com", "7"),
        ),
        ("a namesake", row("Konrad", "Weidenfeld", "1988-06-21", "", "44")),
        ("a namesake born near by", row("Konrad", "Weidenfeld", "1961-03-15", "", "44")),
        ("a person without a birthdate", row("Konrad", "Weidenfeld", "", "weidenfeld@example.com", "7")),
        ("a person without a first name", row("", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7")),
        ("an initial", row("K", "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7")),
    ] {
        let mut rows = town(600);
        rows.push(("9001".to_owned(), one()));
        rows.push(("9002".to_owned(), other));
        let findings = found(&rows);
        assert_ne!(band(&findings, "9001", "9002"), Some(Band::High), "{what}");
    }
}

#[test]
fn a_record_without_a_first_name_joins_no_twins() {
    let mut rows = town(600);
    for (id, first) in [("9001", "Konrad"), ("9002", "Ottilie"), ("9003", "")] {
        rows.push((id.to_owned(), row(first, "Weidenfeld", "1961-03-14", "weidenfeld@example.com", "7")));
    }
    let findings = found(&rows);
    assert!(!together(&findings, "9001", "9002"));
}

#[test]
fn a_register_has_everybody_once() {
    let mut records = Records::new(columns()).expect("five columns");
    let same = || row("Konrad", "Weidenfeld", "1961-03-14", "kw@example.com", "7");
    let mut rows: Vec<(String, u32, Row)> = town(300).into_iter().map(|(id, row)| (id, 1, row)).collect();
    rows.extend([
        ("9001".to_owned(), 1, same()),
        ("9002".to_owned(), 1, same()),
        ("9003".to_owned(), 2, same()),
    ]);
    for (id, register, row) in &rows {
        records.push(id, *register, row.iter().map(String::as_str)).expect("a small file");
    }
    let findings = find(records).expect("unique ids");
    // of equals, the lower id is taken
    assert!(together(&findings, "9001", "9003"));
    assert!(!together(&findings, "9001", "9002") && !together(&findings, "9002", "9003"));
    assert_eq!(band(&findings, "9001", "9002"), None);
}

#[test]
fn the_evidence_of_a_pair_adds_up_to_its_weight() {
    let mut rows = town(400);
    rows.push(("9001".to_owned(), row("Konrad", "Weidenfeld", "1961-03-14", "", "7")));
    rows.push(("9002".to_owned(), row("Konrad", "Wiedenfeld", "1961-03-14", "", "8")));
    let findings = found(&rows);
    assert!(!findings.pairs.is_empty());
    for (at, pair) in findings.pairs.iter().enumerate() {
        let sum: f32 = findings.evidence(at).map(|evidence| evidence.weight).sum();
        assert!((sum - pair.weight).abs() < 1e-2, "{sum} {}", pair.weight);
        assert!((0.0..=1.0).contains(&pair.probability));
        assert!(pair.a < pair.b);
    }
    assert!(findings.pairs.windows(2).all(|pairs| pairs[0].weight >= pairs[1].weight));
    assert!(findings.review.windows(2).all(|looks| looks[0].value >= looks[1].value));
}

/// Everything that a caller can see, as text.
fn told(findings: &Findings) -> String {
    let names =
        |cluster: &Vec<u32>| cluster.iter().map(|&record| findings.id(record)).collect::<Vec<_>>().join(" ");
    let pairs = findings.pairs.iter().map(|pair| {
        format!(
            "{} {} {:?} {:?} {:?}",
            findings.id(pair.a),
            findings.id(pair.b),
            pair.weight,
            pair.probability,
            pair.band
        )
    });
    let clusters = findings.clusters.iter().chain(&findings.sure).map(names);
    pairs.chain(clusters).collect::<Vec<_>>().join("\n")
}

/// A town in which some people are there again, with slips.
fn repeated(size: usize) -> Vec<(String, Row)> {
    let mut rows = town(size);
    for at in 0..size / 5 {
        let mut row = rows[at * 5].1.clone();
        match at % 4 {
            0 => {
                row[1].pop();
            }
            1 => row[0] = String::new(),
            2 => row.swap(0, 1),
            _ => row[4] = String::new(),
        }
        rows.push((format!("{}", 50_000 + at), row));
    }
    rows
}

#[test]
fn threads_and_order_make_no_difference() {
    let rows = repeated(2000);
    let with = |threads: usize, rows: &[(String, Row)]| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| told(&found(rows)))
    };
    let once = with(1, &rows);
    assert!(once.lines().count() > 100);
    assert_eq!(once, with(2, &rows));
    assert_eq!(once, with(16, &rows));
    let mut shuffled = rows.clone();
    shuffled.reverse();
    let third = shuffled.len() / 3;
    shuffled.rotate_left(third);
    assert_eq!(once, with(2, &shuffled));
}

#[test]
fn small_and_empty_files_are_no_trouble() {
    assert!(found(&[]).pairs.is_empty());
    assert!(found(&town(1)).pairs.is_empty());
    let findings = found(&town(2));
    assert!(findings.clusters.is_empty());
    let empty = || row("", "", "", "", "");
    assert!(found(&[("1".to_owned(), empty()), ("2".to_owned(), empty())]).pairs.is_empty());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Whatever the values are, nothing breaks, clusters are disjoint, and `high` clusters lie within clusters' records.
    #[test]
    fn any_text_is_data(rows in prop::collection::vec(prop::array::uniform5(".{0,12}|[a-c]{0,3}|19[0-9]{2}-0[1-9]-[0-3][0-9]"), 0..40)) {
        let rows: Vec<(String, Row)> = rows.into_iter().enumerate().map(|(at, row)| (at.to_string(), row)).collect();
        let findings = found(&rows);
        let mut seen = BTreeSet::new();
        for cluster in &findings.clusters {
            prop_assert!(cluster.len() > 1);
            for &record in cluster {
                prop_assert!(seen.insert(record));
            }
        }
        for pair in &findings.pairs {
            prop_assert!(pair.weight.is_finite() && pair.probability.is_finite());
        }
    }
}

/// Runs the real binary: whether it was done, and everything that it printed.
fn drydock(arguments: &[&str]) -> (bool, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_drydock")).args(arguments).output().expect("the binary");
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn the_verb_writes_ids_and_levels_and_no_values() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_string_lossy().into_owned();
    let mut writer = csv::Writer::from_path(path("people.csv")).expect("a file");
    writer.write_record(["id", "first", "last", "born"]).expect("a header");
    for (id, row) in repeated(500) {
        writer.write_record([&id, &row[0], &row[1], &row[2]]).expect("a row");
    }
    writer.flush().expect("a file");
    let (people, pairs, clusters) = (path("people.csv"), path("pairs.csv"), path("clusters.csv"));
    let map = "first=given_name,last=surname,born=date";
    let line = [
        "duplicates",
        &people,
        "--map",
        map,
        "--id",
        "id",
        "--out",
        &pairs,
        "--clusters",
        &clusters,
        "--json",
    ];
    let (done, said) = drydock(&line);
    assert!(done, "{said}");
    let (pairs, clusters) = (std::fs::read_to_string(pairs), std::fs::read_to_string(clusters));
    let (pairs, clusters) = (pairs.expect("pairs"), clusters.expect("clusters"));
    assert!(pairs.starts_with("id_a,id_b,weight,probability,band,review,first level,first bits,"));
    assert!(clusters.starts_with("cluster,id,size,sure_cluster\n"));
    assert!(pairs.lines().count() > 50 && clusters.lines().count() > 50);
    for value in FIRST.iter().chain(&LAST) {
        assert!(!pairs.contains(value) && !clusters.contains(value) && !said.contains(value));
    }
}

/// The benchmark's worlds, small ones, with the figures that must not be lost.
#[test]
fn the_worlds_are_told_apart() {
    struct Wanted {
        world: worlds::World,
        name: &'static str,
        precision: f64,
        f1: f64,
        /// True pairs in high or medium.
        found: f64,
    }
    let wanted = |name, world, precision, f1, found| Wanted { world, name, precision, f1, found };
    for Wanted { world, name, precision, f1, found } in [
        wanted("thin", worlds::thin(21), 0.995, 0.88, 0.85),
        wanted("names and dates", worlds::names_and_dates(22), 0.97, 0.90, 0.95),
        wanted("practice", worlds::practice(23), 0.98, 0.97, 0.98),
        wanted("historical", worlds::historical(24), 0.99, 0.95, 0.90),
        wanted("two formats", worlds::two_formats(25), 0.99, 0.99, 0.99),
        wanted("families", nasty::families(28), 0.97, 0.90, 0.95),
        wanted("scanned", nasty::scanned(29), 0.99, 0.90, 0.90),
        wanted("mixed", nasty::mixed(30), 0.99, 0.80, 0.80),
        wanted("gaps", nasty::gaps(31), 0.98, 0.60, 0.60),
        wanted("register", worlds::register(26, 5_000), 0.99, 0.97, 0.97),
        wanted("million", worlds::million(27, 5_000), 0.999, 0.995, 0.98),
    ] {
        let findings = find(world.records).expect("unique ids");
        let figures = measure::measure(&findings, &world.truth);
        assert!(figures.pairs.precision >= precision && figures.pairs.f1 >= f1, "{name}: {figures:?}");
        assert!(figures.pairs.recall > 0.0 && figures.clusters.f1 > 0.7, "{name}: {figures:?}");
        assert!(figures.found >= found, "{name}: {figures:?}");
        // the wrong ones, of all
        assert_eq!(figures.high.0, 0, "{name}: {figures:?}");
        assert!(figures.high.1 > 0 && figures.over_merged <= 20, "{name}: {figures:?}");
        assert!(figures.review.0 <= figures.review.1, "{name}: {figures:?}");
    }
}

/// Rows that say the same of nobody in particular neither join each other, nor make everybody else look alike, nor cost the
/// square of their number.
#[test]
fn a_crowd_of_equal_rows_joins_nobody() {
    let world = nasty::crowd(41, 8_000);
    let findings = find(world.records).expect("unique ids");
    let is_crowd = |record: u32| world.truth[findings.id(record)] == 0;
    assert!(findings.compared < 60 * findings.len(), "{}", findings.compared);
    assert!(findings.passes.iter().any(|pass| pass.pairs_left_out >= 8_000 * 7_999 / 2));
    let mut joined = 0;
    for cluster in &findings.clusters {
        assert!(!cluster.iter().any(|&record| is_crowd(record)), "a test record is somebody");
        let person = |record: u32| world.truth[findings.id(record)];
        assert!(cluster.iter().all(|&record| person(record) == person(cluster[0])), "two people");
        joined += 1;
    }
    assert!(joined > 400, "{joined}");
}

/// Twenty rows are too few to learn from, and enough to be sane.
#[test]
fn twenty_rows_are_told_apart() {
    for seed in 0..20 {
        let world = nasty::twenty(seed);
        let findings = find(world.records).expect("unique ids");
        let figures = measure::measure(&findings, &world.truth);
        assert!(figures.pairs.precision > 0.999 && figures.found > 0.999, "{seed}: {figures:?}");
    }
}
