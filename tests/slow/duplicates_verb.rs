//! `drydock duplicates` on files: what it writes, says and refuses.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use crate::harness::{Drydock, Outcome};
use tempfile::TempDir;

/// A folder with a file of people, some of them twice.
struct Files(TempDir);

const MAP: [&str; 4] = ["--map", "first=given_name,last=surname,born=date", "--id", "id"];

impl Files {
    fn new(content: &[u8]) -> Self {
        let folder = TempDir::new().expect("a folder");
        fs::write(folder.path().join("people.csv"), content).expect("a file");
        Self(folder)
    }

    fn of_people(id: impl Fn(usize) -> String) -> Self {
        Self::new(people(id).as_bytes())
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        Drydock::new(self.0.path()).args(["duplicates", "people.csv"]).args(MAP).args(arguments).run()
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect("a file")
    }
}

const FIRST: [&str; 10] =
    ["Anna", "Bruno", "Clara", "Dávid", "Elena", "Felix", "Greta", "Hugo", "Ines", "Jonas"];
const LAST: [&str; 19] = [
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
    "Stavros",
    "Müller",
];

/// Three hundred people, of whom every tenth is there twice; `who` says who is who.
fn people(id: impl Fn(usize) -> String) -> String {
    let mut lines = vec!["id,first,last,born,who".to_owned()];
    for at in 0..300 {
        let (first, last) = (FIRST[at * 7 % 10], LAST[(at * 11 + at / 10) % 19]);
        let born = format!("{}-{:02}-{:02}", 1931 + at * 37 % 75, 1 + at * 5 % 12, 2 + at * 17 % 26);
        for _ in 0..=usize::from(at % 10 == 0) {
            lines.push(format!("{},{first},{last},{born},{at}", id(lines.len())));
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_truth_is_held_against_what_was_found() {
    let files = Files::of_people(|at| at.to_string());
    let said = files.run(&["--truth", "who", "--json", "--html", "page.html"]).expect(0).stdout;
    let said: serde_json::Value = serde_json::from_str(&said).expect("JSON");
    assert_eq!(said["repeated_records"], 30);
    assert_eq!(said["pairs"]["high"], 30);
    assert_eq!(said["reliability"]["wrong_high"], 0);
    assert!(said["reliability"]["gap"].as_f64().expect("a number") < 0.05, "{}", said["reliability"]);
    let page = files.read("page.html");
    assert!(page.contains("Reliability") && page.contains("<svg") && page.contains("born: exact"));
    for value in FIRST.iter().chain(&LAST) {
        assert!(!page.contains(value), "{value}");
    }
    files.run(&["--html", "full.html", "--full", "--pair", "1,2"]).expect(0);
    let full = files.read("full.html");
    assert!(full.contains("Anna") && full.contains("1 and 2: high") && !full.contains("Clara"));
}

#[test]
fn what_is_there_is_replaced_only_when_told_to() {
    let files = Files::of_people(|at| at.to_string());
    for (arguments, code) in [
        (&["--out", "people.csv"][..], 3),
        (&["--out", "./people.csv", "--replace"], 3),
        (&["--out", "a.csv", "--clusters", "a.csv"], 2),
        (&["--out", "a.csv", "--html", "./a.csv"], 2),
        (&["--out", "pairs.csv", "--clusters", "clusters.csv"], 0),
        (&["--out", "pairs.csv"], 3),
        (&["--out", "pairs.csv", "--replace"], 0),
    ] {
        let before = files.read("people.csv");
        let _ = files.run(arguments).expect(code);
        assert_eq!(files.read("people.csv"), before);
    }
    for name in ["pairs.csv", "clusters.csv"] {
        let mode = fs::metadata(files.path(name)).expect("a file").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
}

#[test]
fn the_encoding_is_said() {
    let text = people(|at| at.to_string());
    let utf16: Vec<u8> =
        std::iter::once(0xfeff).chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let western: Vec<u8> =
        text.chars().map(|character| u8::try_from(character as u32).unwrap_or(b'?')).collect();
    let mut found = Vec::new();
    for (bytes, wanted) in [
        (text.as_bytes().to_vec(), "read as UTF-8\n"),
        ([b"\xef\xbb\xbf", text.as_bytes()].concat(), "read as UTF-8, by its byte order mark"),
        (utf16, "read as UTF-16LE, by its byte order mark"),
        (western, "taken for windows-1252"),
    ] {
        let files = Files::new(&bytes);
        let said = files.run(&["--out", "pairs.csv"]).expect(0).stdout;
        assert!(said.contains(wanted) && said.contains("30 records repeat another"), "{said}");
        found.push(files.read("pairs.csv"));
    }
    assert!(found.iter().all(|pairs| *pairs == found[0]));
}

#[test]
fn an_id_is_never_a_formula() {
    let files = Files::of_people(|at| format!("=1+{at}"));
    files.run(&["--out", "pairs.csv", "--clusters", "clusters.csv"]).expect(0);
    for name in ["pairs.csv", "clusters.csv"] {
        let content = files.read(name);
        assert!(content.contains("'=1+") && !content.contains(",=") && !content.contains("\n="), "{content}");
    }
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let text = people(|at| if at == 9 { "7".to_owned() } else { at.to_string() });
    let refused = Files::new(text.as_bytes()).run(&[]).expect(3).stderr;
    assert!(refused.contains("line 10 (as line 8)") && refused.contains("hint: "), "{refused}");
    let files = Files::of_people(|at| at.to_string());
    let refused = files.run(&["--map", "first=surname"]).expect(2).stderr;
    assert!(refused.contains("`first` is mapped twice"), "{refused}");
    // without a header, the first line is somebody
    let text = people(|at| at.to_string());
    let (_, headless) = text.split_once('\n').expect("lines");
    let refused = Files::new(headless.as_bytes()).run(&[]).expect(2).stderr;
    assert!(refused.contains("no column `first`") && !refused.contains("Abendroth"), "{refused}");
    let doubled = text.replacen("who", "first", 1);
    assert!(Files::new(doubled.as_bytes()).run(&[]).expect(2).stderr.contains("several columns `first`"));
}

#[test]
fn what_cannot_be_read_is_refused_without_a_value() {
    let secret = "Weidenfeld";
    let run = |content: &str, map: &str| {
        let files = Files::new(content.as_bytes());
        Drydock::new(files.0.path()).args(["duplicates", "people.csv", "--id", "id", "--map", map]).run()
    };
    for (content, map, code) in [
        (format!("id,last\n1,{secret}\n1,{secret}\n"), "last=surname", 3),
        (format!("id,last\n1,{secret},more\n"), "last=surname", 3),
        (format!("id,last\n1,{secret}\n"), "first=given_name", 2),
        (format!("id,last\n1,{secret}\n"), "last=nom", 2),
    ] {
        let refused = run(&content, map).expect(code).stderr;
        assert!(refused.contains("hint: ") && !refused.contains(secret), "{refused}");
    }
    run(&format!("id;last\n1;{secret}\n"), "last=surname").expect(0);
}

/// Ten thousand times one person is one person, and is said.
#[test]
fn repeated_rows_are_joined_and_said() {
    let mut text = people(|at| at.to_string());
    for at in 0..10_000 {
        text += &format!("{},Ottilie,Weidenfeld,1961-03-14,w\n", 5_000 + at);
    }
    let files = Files::new(text.as_bytes());
    let said = files.run(&["--clusters", "clusters.csv"]).expect(0).stdout;
    assert!(said.contains("10029 records repeat another word for word"), "{said}");
    let sure = files.read("clusters.csv").lines().filter(|line| line.ends_with(",10000,5000")).count();
    assert_eq!(sure, 10_000);
}
