//! `extract`, `duplicates` and `review import` read CSV by the same code: what one of them understands, all of them do.

use std::fs;

use crate::harness::{Job, empty_target};
use serde_json::Value;

/// The same people in every form that a program may write.
fn forms(text: &str) -> Vec<(&'static str, Vec<u8>)> {
    let semicolons = text.replace(',', ";");
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let spaced: String = text
        .lines()
        .map(|line| line.split(',').map(|field| format!("\"{field}\"")).collect::<Vec<_>>().join(", ") + "\n")
        .collect();
    vec![
        ("plain", text.into()),
        ("a mark and line ends of Windows", format!("\u{feff}{}", text.replace('\n', "\r\n")).into()),
        ("a spreadsheet's delimiter", format!("sep=;\r\n{semicolons}").into()),
        ("UTF-16", utf16(&format!("\u{feff}{}", text.replace(',', "\t")))),
        ("UTF-16 without a mark", utf16(text)),
        ("Western text", encoding_rs::WINDOWS_1252.encode(text).0.into_owned()),
        ("spaces before quotes", spaced.into()),
        ("blank lines first", format!("\n\n{text}").into()),
        ("delimiters at the end", text.lines().map(|line| format!("{line},\n")).collect::<String>().into()),
    ]
}

#[test]
fn duplicates_are_found_whatever_wrote_the_file() {
    let job = Job::of_tables(&[], empty_target());
    let people = "id,first,last,born\n1,José,Weidenfeld,1961-03-14\n2,José,Weidenfeld,1961-03-14\n3,Ann,Quay,1980-01-02\n";
    let search = |file: &str| {
        job.drydock([
            "duplicates",
            file,
            "--id",
            "id",
            "--map",
            "first=given_name,last=surname,born=date",
            "--json",
            "--replace",
            "--out",
            "pairs.csv",
        ])
        .run()
    };
    let mut wanted: Option<(Value, String)> = None;
    for (form, bytes) in forms(people) {
        fs::write(job.path("people.csv"), bytes).expect("a file");
        let printed = search("people.csv").expect(0).stdout;
        let mut found: Value = serde_json::from_str(&printed).expect("JSON");
        assert_eq!(found["records"], 3, "{form}");
        // which of them it was is said
        found["encoding"] = Value::Null;
        let pairs = fs::read_to_string(job.path("pairs.csv")).expect("pairs");
        let wanted = wanted.get_or_insert((found.clone(), pairs.clone()));
        assert_eq!(*wanted, (found, pairs), "{form}");
    }
    for (text, words) in [
        ("id,first,last,born\n1,a,b\n", "line 2: 3 fields"),
        ("id,first,last,born\n1,a,\"b,c\n", "line 2: a quote"),
        ("id,first,last,born\n1,a,\0,c\n", "line 2: a NUL byte"),
        ("", "no header line"),
        ("PK\u{3}\u{4}", "people.csv"),
    ] {
        fs::write(job.path("people.csv"), text).expect("a file");
        let told = search("people.csv").expect(3).stderr;
        assert!(told.contains(words) && told.contains("\nhint: "), "{told}");
    }
    // a pipe is read once
    let mut bash = std::process::Command::new("bash");
    let script = format!(
        "printf '{people}' | '{}' duplicates /dev/stdin --id id --map last=surname --json",
        env!("CARGO_BIN_EXE_drydock")
    );
    let output = bash.args(["-c", &script]).current_dir(job.folder()).output().expect("bash");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert!(printed.contains("\"records\": 3"), "{printed}{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn answers_are_read_whatever_wrote_the_file() {
    let users =
        "id,first_name,last_name,email,date_joined\n1,Ann,Tide,ann@harbour.example,2020-01-01 00:00:00+00\n"
            .to_owned();
    let patients = "id,user_id,birthdate,sex\n500001,1,1901-02-03,1\n".to_owned();
    let offices = "id,name,doctor_id\n7,Quay,1\n".to_owned();
    let tables = [("auth_user", users), ("dispatch_patient", patients), ("dispatch_office", offices)];
    let job = Job::of_tables(&tables, empty_target())
        .configured("[policy]\ndefault_practice = 7\n")
        .at("transform");
    let kept = fs::read(job.file()).expect("the file");
    let answers = "item,action,value,reason\npatients:500001:practice_id,accept,,Zoë said so\n";
    for (form, bytes) in forms(answers) {
        fs::write(job.file(), &kept).expect("the file");
        fs::write(job.path("answers.csv"), bytes).expect("the answers");
        job.run(["review", "import", "answers.csv", "--by", "Ada"]);
        assert_eq!(job.staged("select action, reason from decisions"), "accept|Zoë said so", "{form}");
    }
}
