//! CSV folders: what is a row, what is null, what is not a row and where it stands.

use std::fs;
use std::io::Write as _;

use crate::harness::{csv, csv_refused, csv_with, read, row, try_read};
use drydock::error::Kind;
use drydock::legacy::{CsvOptions, CsvSource};
use proptest::prelude::*;

#[test]
fn null_is_unquoted() {
    let marked = CsvOptions { null: "\\N".into(), ..CsvOptions::default() };
    for (options, line, fields) in [
        (CsvOptions::default(), "1,,\"\"", row(&[Some("1"), None, Some("")])),
        (CsvOptions::default(), "1,\\N,\"\\N\"", row(&[Some("1"), Some("\\N"), Some("\\N")])),
        (marked.clone(), "1,\\N,\"\\N\"", row(&[Some("1"), None, Some("\\N")])),
        (marked, "1,,\"\"", row(&[Some("1"), Some(""), Some("")])),
    ] {
        let found = csv_with("t.csv", format!("id,a,b\n{line}\n").as_bytes(), options);
        assert_eq!(found.rows, [fields], "{line}");
    }
}

#[test]
fn quotes_delimiters_and_line_ends() {
    let rows = [row(&[Some("1"), Some("a"), Some("b")]), row(&[Some("2"), Some("c"), None])];
    for text in [
        "id,a,b\n1,a,b\n2,c,\n",
        "id,a,b\n1,a,b\n2,c,",
        "id,a,b\r\n1,a,b\r\n2,c,\r\n",
        "id,a,b\r1,a,b\r2,c,\r",
        "\"id\",\"a\",\"b\"\n\"1\",\"a\",\"b\"\n\n\"2\",\"c\",\n\n",
        "id;a;b\n1;a;b\n2;c;\n",
        "id\ta\tb\n1\ta\tb\n2\tc\t\n",
        "id|a|b\n1|a|b\n2|c|\n",
        " id , a ,b \n1,a,b\n2,c,\n",
        "\u{feff}id,a,b\n1,a,b\n2,c,\n",
    ] {
        let found = csv(text);
        assert_eq!((&found.rows[..], found.faults()), (&rows[..], vec![]), "{text:?}");
    }
    assert_eq!(csv("id,a\n1,\"x,\"\"y\"\"\nz\"\n").rows, [row(&[Some("1"), Some("x,\"y\"\nz")])]);
    assert_eq!(csv("id,a\n1,6\" pipe\n").rows, [row(&[Some("1"), Some("6\" pipe")])]);
}

#[test]
fn an_empty_line_is_a_row_only_where_it_can_be_one() {
    assert_eq!(csv("a\nx\n\ny\n").rows, [row(&[Some("x")]), row(&[None]), row(&[Some("y")])]);
    assert_eq!(csv("a\r\nx\r\n\r\n").rows, [row(&[Some("x")]), row(&[None])]);
    assert_eq!(csv("id,a\n\n1,x\n\n").rows.len(), 1);
}

#[test]
fn what_is_no_row_has_its_line_byte_and_key() {
    let text = b"id,a,b\n1,x,y\n2,x\n3,x,y,z\n4,\"two\nlines\",y\n5,\xe9,y\n6,\0,y\n7,x,y\n";
    let found = csv(text);
    assert_eq!(found.keys(), ["1", "4", "7"]);
    assert_eq!(
        found.faults(),
        [("ragged", Some(2), 3), ("ragged", Some(3), 4), ("encoding", Some(5), 7), ("nul", Some(6), 8)]
    );
    let at = |needle: &[u8]| text.windows(needle.len()).position(|bytes| bytes == needle).unwrap() as u64;
    assert_eq!(found.bytes, [at(b"1,x"), at(b"4,\""), at(b"7,x")]);
    assert_eq!(found.lines, [2, 5, 9]);
    assert_eq!(found.unreadable[2].raw, b"5,\xe9,y");
}

#[test]
fn an_unclosed_quote_costs_its_line_and_no_other() {
    for (what, text, kept, faults) in [
        (
            "nothing closes it",
            "1,a,b\n2,\"x,b\n3,a,b\n4,a,b\n",
            &["1", "3", "4"][..],
            ("unclosed_quote", Some(2), 3),
        ),
        (
            "the next quote closes it",
            "1,a,b\n2,\"x,b\n3,\"y\",b\n4,a,b\n",
            &["1", "3", "4"],
            ("unclosed_quote", Some(2), 3),
        ),
        ("text after the quote", "1,a,b\n2,\"x\"y,b\n3,a,b\n", &["1", "3"], ("unclosed_quote", Some(2), 3)),
        ("the last line", "1,a,b\n2,a,\"b", &["1"], ("unclosed_quote", Some(2), 3)),
        (
            "closed by the quote of another damaged line",
            "1,a,b\n2,\"x,b\n3,a,b\n4,y\",b\n5,a,b\n",
            &["1", "5"],
            ("swallowed_lines", Some(2), 3),
        ),
    ] {
        let found = csv(format!("id,a,b\n{text}"));
        assert_eq!((&found.keys()[..], found.faults()), (kept, vec![faults]), "{what}");
    }
}

#[test]
fn an_address_on_two_lines_is_not_taken_for_a_row() {
    let found = csv("id,address,city\n1,\"Suite 3\n12, Elm Street\",Springfield\n");
    assert_eq!(found.rows.len(), 1);
}

#[test]
fn an_unclosed_quote_in_a_long_file_is_found_within_bounds() {
    let rows: Vec<_> = (2..=50_000).map(|id| format!("{id},a,b\n")).collect();
    let found = csv(format!("id,a,b\n1,\"x,b\n{}", rows.concat()));
    assert_eq!(found.rows.len(), 49_999);
    assert_eq!(found.faults(), [("unclosed_quote", Some(1), 2)]);
}

const MB: usize = 1024 * 1024;

/// Lines of text that are no rows, that many bytes of them.
fn text_of(bytes: usize) -> String {
    "He came back, and said \"\"no\"\" again; 7 times.\n".repeat(bytes / 46 + 1)
}

#[test]
fn a_record_of_more_than_16_mb_is_one_that_cannot_be_read() {
    let line = "x".repeat(17 * MB);
    let many = text_of(17 * MB);
    let more = text_of(40 * MB);
    for (what, record) in [
        ("one line in quotes", format!("2,\"{line}\",b")),
        ("one line without quotes", format!("2,{line},b")),
        ("many lines", format!("2,\"{many}\",b")),
        ("many more lines", format!("2,\"{more}\",b")),
        ("many lines and then a long one", format!("2,\"{many}{line}\",b")),
        ("the last field", format!("2,a,\"{many}\"")),
    ] {
        let text = format!("id,a,b\n1,a,b\n{record}\n3,a,b\n4,a,b\n");
        let found = csv(&text);
        assert_eq!(
            (&found.keys()[..], found.faults()),
            (&["1", "3", "4"][..], vec![("too_long", Some(2), 3)]),
            "{what}"
        );
        let lines = record.matches('\n').count() as u64;
        assert_eq!(found.lines, [2, lines + 4, lines + 5], "{what}");
        assert_eq!(found.bytes, [7, 14 + record.len() as u64, 20 + record.len() as u64], "{what}");
        assert_eq!(found.unreadable[0].raw, &record.as_bytes()[..16 * MB], "{what}");
    }
    // at the end of the file, in two bytes a character, and where a column is left out
    let text = format!("id,a,b\n1,a,b\n2,\"{many}\",b");
    assert_eq!(csv(&text).faults(), [("too_long", Some(2), 3)]);
    let utf16: Vec<u8> =
        format!("\u{feff}{text}\n3,a,b\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    let found = csv(&utf16);
    assert_eq!((found.keys(), found.faults()), (vec!["1", "3"], vec![("too_long", Some(2), 3)]));
    assert_eq!(found.bytes[1], 2 + 2 * (text.len() as u64 + 1));
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), &text).unwrap();
    let found = read(&mut CsvSource::open(folder.path(), CsvOptions::default()).unwrap(), "t", &["b"]);
    assert_eq!((found.faults(), found.unreadable[0].raw.len()), (vec![("too_long", Some(2), 3)], 0));
}

#[test]
fn a_text_of_many_lines_is_a_row() {
    let text = text_of(MB);
    assert!(text.matches('\n').count() > 20_000);
    for header in ["id,a,b", "name,a,b", "id,a"] {
        let fields = header.matches(',').count();
        let found = csv(format!(
            "{header}\n1,{}\n2,\"{text}\"{}\n",
            &"a,a"[..2 * fields - 1],
            &",b"[..2 * fields - 2]
        ));
        assert_eq!((found.rows.len(), found.faults()), (2, vec![]), "{header}");
    }
}

#[test]
fn an_unclosed_quote_before_more_than_16_mb_costs_its_line_and_no_other() {
    let rows: Vec<_> = (3..=40_000).map(|id| format!("{id},{},b\n", "a".repeat(500))).collect();
    let rows = rows.concat();
    assert!(rows.len() > 17 * MB);
    let long = "x".repeat(17 * MB);
    for (what, before) in [
        ("rows", "2,\"x,b\n".to_owned()),
        ("a long line and rows", format!("2,\"{long},b\n")),
        ("text after the quote of a long line", format!("2,\"{long}\"x,b\n")),
        ("text after a quote and a long line", format!("2,\"x\"{long},b\n")),
    ] {
        let found = csv(format!("id,a,b\n1,a,b\n{before}{rows}"));
        assert_eq!(found.faults(), [("unclosed_quote", Some(2), 3)], "{what}");
        assert_eq!(found.rows.len(), 39_999, "{what}");
    }
    // a narrow table, where a single line says little
    let rows: Vec<_> = (3..=40_000).map(|id| format!("{id},{}\n", "a".repeat(500))).collect();
    let found = csv(format!("id,a\n2,\"x\n{}", rows.concat()));
    assert_eq!((found.rows.len(), found.faults()), (39_998, vec![("unclosed_quote", Some(2), 2)]));
}

#[test]
fn encodings() {
    let rows = [row(&[Some("1"), Some("José")]), row(&[Some("2"), Some("山田 😀 ทด")])];
    let text = "id,a\r\n1,José\r\n2,山田 😀 ทด\r\n";
    let little: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> =
        "\u{feff}".encode_utf16().chain(text.encode_utf16()).flat_map(u16::to_be_bytes).collect();
    for bytes in [text.as_bytes(), &little, &big] {
        assert_eq!(csv(bytes).rows, rows);
    }
    let at = little.windows(4).position(|bytes| bytes == [b'2', 0, b',', 0]).unwrap() as u64;
    assert_eq!(csv(&little).bytes[1], at, "a byte offset is the file's, not the decoded text's");

    let mut broken = little.clone();
    broken.extend([b'3', 0, b',', 0, 0x00, 0xd8, b'\n', 0]);
    broken.extend("4,x\n".encode_utf16().flat_map(u16::to_le_bytes));
    let found = csv(&broken);
    assert_eq!((found.faults(), found.rows.len()), (vec![("encoding", Some(3), 4)], 3));
    assert_eq!(found.bytes[2], broken.len() as u64 - 8);

    let latin = b"id,a\n1,Jos\xe9\n2,\"\x80, \"\"\xe9\"\n3,Jos\xc3\xa9\n";
    let options = CsvOptions { encoding: Some("windows-1252".into()), ..CsvOptions::default() };
    let found = csv_with("t.csv", latin, options);
    let names: Vec<_> = found.rows.iter().map(|row| row[1].as_deref().unwrap()).collect();
    assert_eq!(names, ["José", "€, \"é", "José"]);
    assert_eq!(csv(latin).faults(), [("encoding", Some(1), 2), ("encoding", Some(2), 3)]);
}

#[test]
fn letters_that_are_valid_utf8_by_chance_are_read_as_the_file_is_written() {
    // in windows-1250 these two bytes are two letters of a name; in UTF-8 they would be one other
    let mut central = b"id,a\n".to_vec();
    for id in 1..=40 {
        central.extend(format!("{id},").bytes().chain(*b"Luk\xe1\x9a\n"));
    }
    central.extend(*b"41,\xc4\x8d\n");
    let options = |encoding: &str| CsvOptions { encoding: Some(encoding.into()), ..CsvOptions::default() };
    let found = csv_with("t.csv", &central, options("windows-1250"));
    let names = [0, 40].map(|at| found.rows[at][1].as_deref().unwrap());
    assert_eq!(names, ["Luk\u{e1}\u{161}", "\u{c4}\u{164}"]);
    assert!(found.faults().is_empty());
    // nobody named an encoding: it is asked for, whatever one of the records may be by chance
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv"), &central).unwrap();
    let mut source = CsvSource::open(folder.path(), CsvOptions::default()).unwrap();
    let error = try_read(&mut source, "t", &[]).unwrap_err().to_string();
    assert!(error.contains("is not UTF-8: 40 records"), "{error}");
    // where two files were put together, each record is what it can be
    for id in 42..60 {
        central.extend(format!("{id},Jos\u{e9}\n").bytes());
    }
    let found = csv_with("t.csv", &central, options("windows-1250"));
    assert_eq!(found.rows[50][1].as_deref(), Some("Jos\u{e9}"));
}

#[test]
fn compressed_files_are_read_directly() {
    let text = b"id,a\n1,x\n2\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(&text[..], 1).unwrap();
    for (name, bytes) in [("t.csv.gz", &gzip), ("t.csv.zst", &zstd), ("t.csv", &gzip)] {
        let found = csv_with(name, bytes, CsvOptions::default());
        assert_eq!((found.rows.len(), found.faults()), (1, vec![("ragged", Some(2), 3)]), "{name}");
    }
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("t.csv.gz"), &gzip[..gzip.len() - 6]).unwrap();
    let mut source = CsvSource::open(folder.path(), CsvOptions::default()).unwrap();
    let error = try_read(&mut source, "t", &[]).unwrap_err();
    assert_eq!(error.kind(), Kind::Legacy);
    assert!(error.to_string().contains("t.csv.gz"), "{error}");
}

#[test]
fn columns_left_out_appear_nowhere() {
    let folder = tempfile::tempdir().unwrap();
    let text = b"email,password,id\na@b.example,secret,1\nb@b.example,secret\n\xff,secret,3\n\"x,secret,4\n";
    fs::write(folder.path().join("t.csv"), text).unwrap();
    let mut source = CsvSource::open(folder.path(), CsvOptions::default()).unwrap();
    let found = read(&mut source, "t", &["password"]);
    assert_eq!(found.rows, [row(&[Some("a@b.example"), Some("1")])]);
    let raws: Vec<_> = found.unreadable.iter().map(|bad| bad.raw.as_slice()).collect();
    assert_eq!(raws, [&b""[..], b"\xff,3", b""]);
    assert_eq!(found.faults(), [("ragged", None, 3), ("encoding", Some(3), 4), ("unclosed_quote", None, 5)]);
}

#[test]
fn folders_that_are_refused_say_why() {
    for (files, words) in [
        (&[("notes.txt", &b""[..])][..], &["no CSV file"][..]),
        (&[("t.csv", b"")], &["t.csv", "no header"]),
        (&[("t.csv", b"id,a,id\n")], &["t.csv", "columns 1 and 3 of the header have the same name"]),
        (&[("t.csv", b"id,,b\n")], &["t.csv", "column 2", "no name"]),
        (&[("t.csv", b"1,2,2\n2,3,4\n")], &["t.csv has no header line: its first line is a record"]),
        (&[("t.csv", b"7,,x\n")], &["t.csv has no header line"]),
        (&[("t.csv", b"id,\"a\n1,2\n")], &["t.csv", "quote"]),
        (&[("t.csv", b"id,\xff\n")], &["t.csv", "encoding"]),
        (&[("t.csv", b"id\n"), ("t.csv.gz", b"id\n")], &["two files for table t"]),
        (&[("toc.dat", b"PGDMP")], &["pg_restore -f dump.sql"]),
    ] {
        let message = csv_refused(files, CsvOptions::default());
        assert!(words.iter().all(|word| message.contains(word)), "{message}");
    }
    let options = CsvOptions { encoding: Some("ebcdic".into()), ..CsvOptions::default() };
    assert!(csv_refused(&[("t.csv", b"id\n")], options).contains("utf-8"));
    let error = CsvSource::open("no/such/folder".as_ref(), CsvOptions::default()).unwrap_err();
    assert_eq!(error.kind(), Kind::Legacy);
    assert!(error.to_string().contains("hint: check the path"), "{error}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    /// What the csv crate writes is read back.
    #[test]
    fn any_text_comes_back(
        rows in prop::collection::vec(prop::collection::vec("[^\0]*|[,;\"\r\n a-c]{0,12}|[ก-๛山田😀é]{0,5}", 2), 0..30),
        delimiter in prop::sample::select(b",;\t|".to_vec()),
        crlf in any::<bool>(),
    ) {
        let terminator = if crlf { csv::Terminator::CRLF } else { csv::Terminator::Any(b'\n') };
        let mut writer = csv::WriterBuilder::new()
            .delimiter(delimiter)
            .terminator(terminator)
            .quote_style(csv::QuoteStyle::Always)
            .from_writer(Vec::new());
        writer.write_record(["id", "a", "b"]).unwrap();
        for (id, row) in rows.iter().enumerate() {
            writer.write_record([&id.to_string(), &row[0], &row[1]]).unwrap();
        }
        let found = csv(writer.into_inner().unwrap());
        let wanted: Vec<_> = rows
            .iter()
            .enumerate()
            .map(|(id, texts)| row(&[Some(&id.to_string()), Some(&texts[0]), Some(&texts[1])]))
            .collect();
        // A text that is itself a whole row of its table is taken for a swallowed line; none of these is likely to be.
        prop_assert_eq!(found.faults(), vec![]);
        prop_assert_eq!(found.rows, wanted);
    }

    /// Whatever the bytes, every line of the file is in a row or in something unreadable, or empty.
    #[test]
    fn no_byte_is_lost(text in "[1a,\"\n\r]{0,200}") {
        let found = csv(format!("id,a\n{text}"));
        let mut at: Vec<u64> = found.bytes.iter().copied().chain(found.unreadable.iter().map(|bad| bad.byte)).collect();
        at.sort_unstable();
        at.dedup();
        prop_assert_eq!(at.len(), found.rows.len() + found.unreadable.len(), "two records at one place");
        let first = text.find(|c| c != '\n' && c != '\r').map(|at| at as u64 + 5);
        prop_assert_eq!(at.first().copied(), first);
    }
}
