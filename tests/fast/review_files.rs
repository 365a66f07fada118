//! A review file as spreadsheets give it back: the same answers in every form that one of them writes decide the same, and
//! a form that could be read wrongly is refused with its line, and nothing is decided.

use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use crate::harness::{Drydock, Job, Outcome, empty_target, sqlite3};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

/// Twelve patients whom only the default practice takes, and whose birthdates make improbable ages.
fn job() -> Job {
    let mut users = "id,first_name,last_name,email,date_joined\n".to_owned();
    let mut patients = "id,user_id,birthdate,sex\n".to_owned();
    for user in 1..=12 {
        let _ = writeln!(users, "{user},Ann,Tide,u{user}@harbour.example,2020-01-01 00:00:00+00");
        let _ = writeln!(patients, "{},{user},1901-02-03,1", 500_000 + user);
    }
    let offices = "id,name,doctor_id\n7,Quay,1\n123456,Pier,2\n".to_owned();
    let tables = [("auth_user", users), ("dispatch_patient", patients), ("dispatch_office", offices)];
    let job = Job::of_tables(&tables, empty_target()).configured("[policy]\ndefault_practice = 7\n");
    job.verb("extract").run().expect(0);
    job.verb("survey").run().expect(0);
    job.verb("transform").run().expect(0);
    job
}

/// The staging file as it was before an import.
struct Desk {
    job: Job,
    kept: PathBuf,
}

impl Desk {
    fn new() -> Self {
        let job = job();
        let kept = job.path("kept");
        fs::copy(job.file(), &kept).expect("a copy");
        Self { job, kept }
    }

    fn import(&self, bytes: &[u8]) -> Outcome {
        fs::copy(&self.kept, self.job.file()).expect("a copy");
        fs::write(self.job.path("answers.csv"), bytes).expect("the answers");
        let run: Drydock = self.job.drydock(["review", "import", "answers.csv", "--by", "Ada", "--quiet"]);
        run.run()
    }

    fn decided(&self) -> String {
        sqlite3(
            &self.job.file(),
            "select entity, legacy_id, question, action, value, reason, decided_by from decisions order by 1, 2, 3",
        )
    }
}

/// Item, action, value, reason.
type Answer = [String; 4];

fn answers() -> Vec<Answer> {
    let answer = |id: u32, question: &str, action: &str, value: &str, reason: &str| {
        [format!("patients:{id}:{question}"), action.to_owned(), value.to_owned(), reason.to_owned()]
    };
    vec![
        answer(500_001, "practice_id", "choose", "123456", "by phone; twice, \"sure\""),
        answer(500_002, "practice_id", "accept", "", ""),
        answer(500_003, "practice_id", "reject", "", "two\nlines"),
        answer(500_004, "practice_id", "escalate", "", "Zoë decides"),
        answer(500_005, "date_of_birth", "set", "1980-03-07", "=SUM"),
    ]
}

/// How a spreadsheet writes a file.
#[derive(Debug, Clone)]
struct Habit {
    delimiter: char,
    line_end: &'static str,
    encoding: &'static str,
    quotes_all: bool,
    order: Vec<usize>,
    notes: bool,
    empty_columns: usize,
    empty_rows: usize,
    names: fn(&str) -> String,
    number: fn(&str) -> String,
    date: &'static str,
    separator_line: bool,
}

fn habits() -> impl Strategy<Value = Habit> {
    let names: Vec<fn(&str) -> String> =
        vec![str::to_owned, str::to_uppercase, |name| format!(" {} ", name.replace('_', " "))];
    let numbers: Vec<fn(&str) -> String> = vec![
        str::to_owned,
        |id| format!("{id}.00"),
        |id| format!("{id},0"),
        |id| format!("{}\u{a0}{}", &id[..3], &id[3..]),
        |id| format!("{}.{}E+05", &id[..1], &id[1..]),
        |id| format!("=\"{id}\""),
        |id| format!("'{id}"),
    ];
    let form = (
        prop::sample::select(vec![',', ';', '\t', '|']),
        prop::sample::select(vec!["\n", "\r\n", "\r"]),
        prop::sample::select(vec!["utf-8", "utf-8 mark", "utf-16le", "utf-16be", "windows-1252"]),
        any::<bool>(),
        Just(vec![0, 1, 2, 3]).prop_shuffle(),
        any::<bool>(),
    );
    let cells = (
        0..4_usize,
        0..3_usize,
        prop::sample::select(names),
        prop::sample::select(numbers),
        prop::sample::select(vec![
            "1980-03-07",
            "1980-03-07 00:00:00",
            "07.03.1980",
            "7-Mar-1980",
            "29287",
            "1980/03/07",
        ]),
        any::<bool>(),
    );
    (form, cells).prop_map(
        |(
            (delimiter, line_end, encoding, quotes_all, order, notes),
            (empty_columns, empty_rows, names, number, date, separator_line),
        )| Habit {
            delimiter,
            line_end,
            encoding,
            quotes_all,
            order,
            notes,
            empty_columns,
            empty_rows,
            names,
            number,
            date,
            separator_line,
        },
    )
}

impl Habit {
    fn write(&self, answers: &[Answer]) -> Vec<u8> {
        let mut text = String::new();
        if self.separator_line {
            let _ = write!(text, "sep={}{}", self.delimiter, self.line_end);
        }
        let names = ["item", "action", "value", "reason"];
        let header: Vec<String> = self.order.iter().map(|place| (self.names)(names[*place])).collect();
        self.line(&mut text, &header, "my own; notes");
        for answer in answers {
            let mut answer = answer.clone();
            answer[2] = match answer[1].as_str() {
                "choose" => (self.number)(&answer[2]),
                "set" => self.date.to_owned(),
                _ => answer[2].clone(),
            };
            let cells: Vec<String> = self.order.iter().map(|place| answer[*place].clone()).collect();
            self.line(&mut text, &cells, "call, then; write");
        }
        for _ in 0..self.empty_rows {
            let none = vec![String::new(); 4];
            self.line(&mut text, &none, "");
        }
        let wide = |mark: bool| format!("{}{text}", if mark { "\u{feff}" } else { "" });
        match self.encoding {
            "utf-8" => text.into_bytes(),
            "utf-8 mark" => wide(true).into_bytes(),
            "utf-16le" => wide(true).encode_utf16().flat_map(u16::to_le_bytes).collect(),
            "utf-16be" => wide(true).encode_utf16().flat_map(u16::to_be_bytes).collect(),
            _ => text.chars().map(|c| u8::try_from(u32::from(c)).expect("a western character")).collect(),
        }
    }

    fn line(&self, text: &mut String, cells: &[String], note: &str) {
        let mut cells = cells.to_vec();
        if self.notes {
            cells.insert(1, note.to_owned());
        }
        cells.extend(vec![String::new(); self.empty_columns]);
        let written: Vec<String> = cells
            .iter()
            .map(|cell| {
                let needs = cell.contains([self.delimiter, '"', '\n', '\r']);
                if needs || self.quotes_all && !cell.is_empty() {
                    format!("\"{}\"", cell.replace('"', "\"\""))
                } else {
                    cell.clone()
                }
            })
            .collect();
        *text += &written.join(&self.delimiter.to_string());
        *text += self.line_end;
    }
}

#[test]
fn the_same_answers_in_every_form_decide_the_same() {
    let desk = Desk::new();
    let plain = Habit {
        delimiter: ',',
        line_end: "\n",
        encoding: "utf-8",
        quotes_all: false,
        order: vec![0, 1, 2, 3],
        notes: false,
        empty_columns: 0,
        empty_rows: 0,
        names: str::to_owned,
        number: str::to_owned,
        date: "1980-03-07",
        separator_line: false,
    };
    desk.import(&plain.write(&answers())).expect(0);
    let decided = desk.decided();
    assert_eq!(decided.lines().count(), 6, "{decided}");
    // the same habits in every run
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 60, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    runner
        .run(&habits(), |habit| {
            let outcome = desk.import(&habit.write(&answers()));
            prop_assert_eq!(outcome.code, Some(0), "{}", outcome.stderr);
            prop_assert_eq!(desk.decided(), decided.clone());
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn one_line_broken_in_any_form_is_named_and_nothing_is_decided() {
    let desk = Desk::new();
    let mut runner = TestRunner::new_with_rng(
        Config { cases: 40, failure_persistence: None, ..Config::default() },
        proptest::test_runner::TestRng::deterministic_rng(proptest::test_runner::RngAlgorithm::ChaCha),
    );
    let breaks: Vec<fn(&mut Answer)> = vec![
        |answer| answer[0] = "patients:500099:practice_id".to_owned(),
        |answer| answer[0] = "patients:5.00E+05:practice_id".to_owned(),
        |answer| answer[0] = "crew:500001:practice_id".to_owned(),
        |answer| answer[1] = "perhaps".to_owned(),
        |answer| answer[1] = "merge".to_owned(),
        |answer| answer[1] = "set".to_owned(),
    ];
    let broken = (habits(), 0..4_usize, prop::sample::select(breaks));
    runner
        .run(&broken, |(habit, place, spoil)| {
            let mut answers = answers();
            // a cell of two lines would move the number
            answers[2][3] = "one line".to_owned();
            spoil(&mut answers[place]);
            let outcome = desk.import(&habit.write(&answers));
            prop_assert_eq!(outcome.code, Some(3), "{}", outcome.stderr);
            let line = format!("line {}: ", place + 2 + usize::from(habit.separator_line));
            prop_assert!(outcome.stderr.contains(&line), "{} is not in {}", line, outcome.stderr);
            prop_assert_eq!(desk.decided(), "");
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
}

#[test]
fn what_could_be_read_wrongly_is_refused() {
    let desk = Desk::new();
    let good = "patients:500001:practice_id,accept,,,";
    for (text, what) in [
        (
            format!("item,action,value,reason\n{good}\npatients:500002:practice_id,reject,,sold, moved\n"),
            "line 3: it has more cells",
        ),
        (
            format!("item,action,value,reason\n{good}\npatients:500002:practice_id,reject,,\"sold\n{good}\n"),
            "line 3: a quote opens",
        ),
        (format!("item,action,value,reason,VALUE\n{good}\n"), "the column value twice"),
        (
            format!("item,action,value,reason,question\n{good}date_of_birth\n"),
            "line 2: its question is not the one of",
        ),
        (
            format!("item,action,value,reason,entity\n{good}profiles\n"),
            "line 2: its entity is not the one of",
        ),
        (
            "item,action,value\npatients:500005:date_of_birth,set,3/7/1980\n".to_owned(),
            "line 2: its value could be two dates",
        ),
        (
            "item,action,value\npatients:500005:date_of_birth,set,7-Mar-80\n".to_owned(),
            "line 2: its value is not a date",
        ),
        ("item,action,value\npatients:500001:practice_id,choose,1.23E+05\n".to_owned(), ""),
        (String::new(), "no column called action"),
    ] {
        let outcome = desk.import(text.as_bytes());
        if what.is_empty() {
            // the only practice that the shortened id can mean
            outcome.expect(0);
            assert!(desk.decided().contains("|choose|123456|"), "{}", desk.decided());
            continue;
        }
        let outcome = outcome.expect(3);
        assert!(outcome.stderr.contains(what), "{what}: {}", outcome.stderr);
        assert_eq!(desk.decided(), "");
    }
}
