//! CSV as programs write it: what they put around the fields and below them, their escapes, and encodings that nobody named.

use std::fs;

use crate::harness::{Collected, csv, csv_refused, read, row, try_read};
use drydock::legacy::{CsvOptions, CsvSource, Source as _, is_unnamed};

#[test]
fn what_programs_write_around_the_fields() {
    let rows = [row(&[Some("1"), Some("a"), Some("b")]), row(&[Some("2"), Some("c"), None])];
    for (what, text) in [
        ("a spreadsheet's line", "sep=;\r\nid;a;b\r\n1;a;b\r\n2;c;\r\n"),
        ("the same that names a bar", "SEP=|\nid|a|b\n1|a|b\n2|c|\n"),
        ("a blank line first", "\n\nid,a,b\n1,a,b\n2,c,\n"),
        ("pandas' numbers", ",id,a,b\n0,1,a,b\n1,2,c,\n"),
        ("a delimiter after each field", "id,a,b,\n1,a,b,\n2,c,,\n"),
        ("empty columns of a spreadsheet", "id,a,b,,\n1,a,b,,\n2,c,,\"\",\n"),
        ("psql -A", "id|a|b\n1|a|b\n2|c|\n(2 rows)\n"),
        ("psql -A of another language", "id|a|b\n1|a|b\n2|c|\n(2 Zeilen)\n"),
        ("COPY's text with its header", "id\ta\tb\n1\ta\tb\n2\tc\t\\N\n"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("t.csv"), text).unwrap();
        let mut source = CsvSource::open(folder.path(), CsvOptions::default()).unwrap();
        let unnamed: Vec<String> =
            source.shapes().unwrap()[0].columns.iter().filter(|name| is_unnamed(name)).cloned().collect();
        let unnamed: Vec<&str> = unnamed.iter().map(String::as_str).collect();
        let found = read(&mut source, "t", &unnamed);
        assert_eq!((&found.rows[..], found.faults()), (&rows[..], vec![]), "{what}");
        let line = |start: &str| text.lines().position(|line| line.contains(start)).unwrap() as u64 + 1;
        assert_eq!(
            found.lines[0],
            line(if text.contains("1|") {
                "1|a"
            } else if text.contains(';') {
                "1;a"
            } else if text.contains('\t') {
                "1\ta"
            } else {
                "1,a"
            }),
            "{what}"
        );
    }
}

#[test]
fn what_is_no_record_of_its_own_is_not_lost_without_a_word() {
    // a delimiter that stands unquoted in a field, where the last column has no name
    assert_eq!(with_unnamed("id,a,b,\n1,Quay, Inc,x\n2,c,d,\n").faults(), [("ragged", Some(1), 2)]);
    // a footer that does not agree, that is not the last line, or that is not psql's
    for text in ["id|a\n1|x\n(2 rows)\n", "id|a\n1|x\n(1 row)\n2|y\n", "id,a\n1,x\n(1 row)\n"] {
        assert_eq!(csv(text).faults(), [("ragged", None, 3)], "{text}");
    }
}

fn with_unnamed(text: &str) -> Collected {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), text).unwrap();
    read(&mut CsvSource::open(folder.path(), CsvOptions::default()).unwrap(), "t", &["(column 4)"])
}

#[test]
fn spaces_around_quotes_belong_to_the_field_as_a_server_reads_it() {
    for (line, fields) in [
        ("1, \"Ann\", x", [" Ann", " x"]),
        ("1,\"Ann\" ,x", ["Ann ", "x"]),
        ("1,  \"A \"\"n, n\"\"\"  ,\"\"", ["  A \"n, n\"  ", ""]),
        ("1, \"\",x", [" ", "x"]),
        // a sign like any other
        ("1, \"Ann\" Quay,x", [" \"Ann\" Quay", "x"]),
        ("1, 6\" pipe,x", [" 6\" pipe", "x"]),
        ("1, \"open,x", [" \"open", "x"]),
    ] {
        let found = csv(format!("id,a,b\n{line}\n2,y,z\n"));
        assert_eq!(found.faults(), [], "{line}");
        assert_eq!(found.rows[0], row(&[Some("1"), Some(fields[0]), Some(fields[1])]), "{line}");
        assert_eq!(found.keys(), ["1", "2"], "{line}");
    }
    // what a server makes of it
    assert_eq!(csv("id, a\n\"1\" , \"x\"\n").rows, [row(&[Some("1 "), Some(" x")])]);
}

#[test]
fn copy_s_text_format_has_escapes_and_no_quotes() {
    let text = "id\ta\tb\n1\tC:\\\\new\ttwo\\nlines\n2\t\"x\\t\ty\\\\N\n3\t\\N\t\n\\.\n";
    let found = csv(text);
    assert_eq!(found.faults(), []);
    assert_eq!(
        found.rows,
        [
            row(&[Some("1"), Some("C:\\new"), Some("two\nlines")]),
            row(&[Some("2"), Some("\"x\t"), Some("y\\N")]),
            row(&[Some("3"), None, Some("")]),
        ]
        .map(|row| row)
    );
    assert_eq!(found.lines, [2, 3, 4]);
    // tabs and backslashes are no proof
    let found = csv("id\ta\n1\tC:\\new\n2\t\"x\"\n3\t\\N\n");
    assert_eq!(found.rows[0], row(&[Some("1"), Some("C:\\new")]));
}

#[test]
fn encodings_that_nobody_named() {
    let text = "id,a\r\n1,José\r\n2,ทด\r\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [little, big] {
        assert_eq!(csv(&bytes).rows, [row(&[Some("1"), Some("José")]), row(&[Some("2"), Some("ทด")])]);
    }
    let wide = |mark: &str, bytes: fn(u32) -> [u8; 4]| -> Vec<u8> {
        format!("{mark}{text}").chars().flat_map(|c| bytes(u32::from(c))).collect()
    };
    for bytes in [
        wide("", u32::to_le_bytes),
        wide("", u32::to_be_bytes),
        wide("\u{feff}", u32::to_le_bytes),
        wide("\u{feff}", u32::to_be_bytes),
    ] {
        assert!(csv_refused(&[("t.csv", &bytes)], CsvOptions::default()).contains("UTF-32"));
    }
    // one byte for each letter: which encoding that is, only a person knows
    let central = b"id,a\n1,Ko\x9aice\n2,plain\n3,\x8aime\xe8ek\n";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), central).unwrap();
    let named = |encoding: Option<&str>| {
        let options = CsvOptions { encoding: encoding.map(str::to_owned), ..CsvOptions::default() };
        try_read(&mut CsvSource::open(folder.path(), options).unwrap(), "t", &[])
    };
    let message = named(None).unwrap_err().to_string();
    for words in ["t.csv is not UTF-8: 2 records, the first on line 2", "source.csv.encoding", "windows-1250"]
    {
        assert!(message.contains(words), "{message}");
    }
    assert_eq!(named(Some("windows-1250")).unwrap().rows[2], row(&[Some("3"), Some("Šimeček")]));
    assert_eq!(named(Some("utf-8")).unwrap().faults(), [("encoding", Some(1), 2), ("encoding", Some(3), 4)]);
}

#[test]
fn a_table_as_psql_draws_it_is_refused() {
    let drawn = b" id |  a  \n----+-----\n  1 | x\n(1 row)\n";
    let message = csv_refused(&[("t.csv", drawn)], CsvOptions::default());
    assert!(message.contains("psql --csv"), "{message}");
}
