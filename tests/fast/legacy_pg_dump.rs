//! Plain `pg_dump` scripts: which tables are in them, their rows, and what is refused.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use crate::harness::{Collected, read, row, try_read};
use drydock::legacy::{CsvOptions, CsvSource, PgDumpSource, Shape, Source as _, open};
use proptest::prelude::*;
use tempfile::TempDir;

/// The way 9.5 writes a dump: the schema stands in the search path only.
const OLD: &str = r#"--
-- PostgreSQL database dump
--

-- Dumped from database version 9.5.11
-- Dumped by pg_dump version 9.5.11

SET client_encoding = 'UTF8';
SET search_path = public, pg_catalog;

CREATE FUNCTION note() RETURNS text LANGUAGE sql AS $_$
COPY auth_group (id, name) FROM stdin;
select 'it''s'
$_$;

COMMENT ON TABLE auth_group IS 'first line
COPY auth_group (id, name) FROM stdin;
';

--
-- Data for Name: auth_group; Type: TABLE DATA; Schema: public; Owner: app
--

COPY auth_group (id, name) FROM stdin;
1	Patient
2	COPY auth_user (id) FROM stdin;
4	\N
\.

COPY dispatch_state (id, status, "on", "or""der") FROM stdin;
1	11	t	a\tb\\c\nd
2	12	\N	
\.

SET search_path = archive, pg_catalog;

COPY dispatch_state (id) FROM stdin;
7
\.

COPY old_users (id) FROM stdin;
\.

--
-- PostgreSQL database dump complete
--
"#;

fn file(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

fn refused(bytes: impl AsRef<[u8]>) -> String {
    let (_folder, path) = file("legacy.dump", bytes);
    let message = PgDumpSource::open(&path).unwrap_err().to_string();
    assert!(message.contains("\nhint: "), "{message}");
    message
}

fn shape(table: &str, columns: &[&str]) -> Shape {
    Shape { table: table.into(), columns: columns.iter().map(ToString::to_string).collect() }
}

#[test]
fn tables_of_an_old_dump() {
    let (_folder, path) = file("legacy.sql", OLD);
    let mut source = PgDumpSource::open(&path).unwrap();
    assert_eq!(source.version().as_deref(), Some("9.5.11"));
    assert_eq!(
        source.shapes().unwrap(),
        [
            shape("archive.dispatch_state", &["id"]),
            shape("auth_group", &["id", "name"]),
            shape("dispatch_state", &["id", "status", "on", "or\"der"]),
            shape("old_users", &["id"]),
        ]
    );
    let found = read(&mut source, "dispatch_state", &["status"]);
    assert_eq!(
        found.rows,
        [row(&[Some("1"), Some("t"), Some("a\tb\\c\nd")]), row(&[Some("2"), None, Some("")])]
    );
    let line = |text: &str| OLD.lines().position(|line| line == text).unwrap() as u64 + 1;
    assert_eq!(found.lines, [line("1\t11\tt\ta\\tb\\\\c\\nd"), line("2\t12\t\\N\t")]);
    assert_eq!(found.bytes[0], OLD.find("1\t11").unwrap() as u64);
    assert_eq!(read(&mut source, "auth_group", &[]).keys(), ["1", "2", "4"]);
    assert_eq!(read(&mut source, "old_users", &[]), Collected::default());
}

#[test]
fn tables_of_a_new_dump() {
    let text = "--\n-- PostgreSQL database dump\n--\n\n\\restrict abc\n\n-- Dumped from database version 15.4 (Debian)\n\
                SELECT pg_catalog.set_config('search_path', '', false);\n\n\
                COPY public.\"Odd.Name\" (id, \"on\") FROM stdin;\n1\tt\n2\n3\t\\xff\n\\.\n\n\
                --\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict abc\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(text.as_bytes(), 1).unwrap();
    let crlf = text.replace('\n', "\r\n");
    for bytes in [text.as_bytes(), crlf.as_bytes(), &gzip, &zstd] {
        let (_folder, path) = file("legacy.sql", bytes);
        let mut source = PgDumpSource::open(&path).unwrap();
        assert_eq!(source.version().as_deref(), Some("15.4"));
        let found = read(&mut source, "Odd.Name", &[]);
        assert_eq!(found.rows, [row(&[Some("1"), Some("t")])]);
        assert_eq!(found.faults(), [("ragged", Some(2), 12), ("encoding", Some(3), 13)]);
    }
}

#[test]
fn rows_of_tables_that_inherit_or_are_parts_are_their_table_s() {
    let text = "CREATE TABLE public.patient (\n    id integer,\n    name text\n);\n\n\
        CREATE TABLE public.\"Old, patient\" (\n    note text\n)\nINHERITS (public.patient);\n\n\
        CREATE TABLE archive.patient (\n)\nINHERITS (public.\"Old, patient\", public.other);\n\n\
        CREATE TABLE public.visit (\n    id integer,\n    day date\n)\nPARTITION BY RANGE (day);\n\n\
        CREATE TABLE public.visit_1 (\n    day date,\n    id integer\n);\n\n\
        ALTER TABLE ONLY public.visit ATTACH PARTITION public.visit_1 FOR VALUES FROM ('2020-01-01') TO ('2021-01-01');\n\n\
        CREATE TABLE public.visit_2 PARTITION OF public.visit\nFOR VALUES FROM ('2021-01-01') TO ('2022-01-01');\n\n\
        COPY archive.patient (note, id, name) FROM stdin;\nlong ago\t3\tCy\n\\.\n\n\
        COPY public.\"Old, patient\" (id, name, note) FROM stdin;\n2\tBo\tx\n\\.\n\n\
        COPY public.patient (id, name) FROM stdin;\n1\tAnn\n\\.\n\n\
        COPY public.visit_1 (day, id) FROM stdin;\n2020-05-05\t7\n\\.\n\n\
        COPY public.visit_2 (id, day) FROM stdin;\n8\t2021-05-05\n9\t2021-06-06\n\\.\n";
    let (_folder, path) = file("legacy.sql", text);
    let mut source = PgDumpSource::open(&path).unwrap();
    assert_eq!(
        source.shapes().unwrap(),
        [
            shape("Old, patient", &["id", "name", "note"]),
            shape("archive.patient", &["note", "id", "name"]),
            shape("other", &["note", "id", "name"]),
            shape("patient", &["id", "name"]),
            shape("visit", &["day", "id"]),
            shape("visit_1", &["day", "id"]),
            shape("visit_2", &["id", "day"]),
        ]
    );
    let found = read(&mut source, "patient", &[]);
    assert_eq!(
        found.rows,
        [row(&[Some("1"), Some("Ann")]), row(&[Some("3"), Some("Cy")]), row(&[Some("2"), Some("Bo")])]
    );
    let line = |row: &str| text.lines().position(|line| line == row).unwrap() as u64 + 1;
    assert_eq!(found.lines, [line("1\tAnn"), line("long ago\t3\tCy"), line("2\tBo\tx")]);
    assert_eq!(source.count("patient").unwrap().get(), Some(3));
    assert_eq!(read(&mut source, "visit", &["day"]).keys(), ["7", "8", "9"]);
    assert_eq!(read(&mut source, "visit_2", &["day"]).keys(), ["8", "9"]);
}

#[test]
fn dumps_that_are_refused_say_why() {
    let rows = "COPY public.t (id) FROM stdin;\n1\n";
    let complete = format!("{rows}\\.\n");
    for (bytes, words) in [
        (b"PGDMP\x01\x0e".to_vec(), "pg_restore -f dump.sql"),
        ([vec![b'x'; 257], b"ustar\0".to_vec()].concat(), "pg_restore -f dump.sql"),
        (rows.into(), "is cut off after table t (line 2)"),
        (format!("-- PostgreSQL database dump\n{complete}").into(), "is cut off"),
        (b"INSERT INTO public.t VALUES (1);\n".to_vec(), "without --inserts"),
        (b"CREATE TABLE t (id int);\n".to_vec(), "no table's rows"),
        (b"".to_vec(), "no table's rows"),
        (format!("SET client_encoding = 'LATIN1';\n{complete}").into(), "--encoding=UTF8"),
        (format!("{complete}{complete}").into(), "has table t twice"),
    ] {
        let message = refused(&bytes);
        assert!(message.contains(words), "{message}");
    }
    let (folder, _) = file("toc.dat", b"PGDMP");
    let message = open(folder.path(), CsvOptions::default()).err().unwrap().to_string();
    assert!(message.contains("pg_restore"), "{message}");
}

#[test]
fn a_dump_that_changed_after_it_was_scanned_is_noticed() {
    let (_folder, path) = file("legacy.sql", OLD);
    let mut source = PgDumpSource::open(&path).unwrap();
    fs::write(&path, OLD.replace("\n4\t\\N\n", "\n")).unwrap();
    let error = try_read(&mut source, "auth_group", &[]).unwrap_err();
    assert!(error.to_string().contains("changed while it was read"), "{error}");
}

/// A field as COPY writes it.
fn copied(field: Option<&str>) -> String {
    let escape = |text: &str| {
        let text = text.replace('\\', "\\\\").replace('\t', "\\t").replace('\n', "\\n").replace('\r', "\\r");
        text.replace('\u{8}', "\\b").replace('\u{b}', "\\v").replace('\u{c}', "\\f")
    };
    field.map_or_else(|| "\\N".to_owned(), escape)
}

/// A field as CSV, with the quotes that it does not need too.
fn quoted(field: Option<&str>) -> String {
    field.map_or_else(String::new, |text| format!("\"{}\"", text.replace('"', "\"\"")))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_same_world_through_csv_and_pg_dump(
        rows in prop::collection::vec(
            prop::collection::vec(prop::option::of("[^\0]*|[\\\\\t\r\n\".N,a]{0,8}|[ก-๛山田😀é]{0,5}"), 2),
            0..30,
        ),
    ) {
        let mut dump = String::from("COPY public.t (id, a, b) FROM stdin;\n");
        let mut text = String::from("id,a,b\n");
        let mut wanted = Vec::new();
        for (id, fields) in rows.iter().enumerate() {
            let id = id.to_string();
            let fields = [Some(id.as_str()), fields[0].as_deref(), fields[1].as_deref()];
            dump.push_str(&(fields.map(copied).join("\t") + "\n"));
            text.push_str(&(fields.map(quoted).join(",") + "\n"));
            wanted.push(row(&fields));
        }
        dump.push_str("\\.\n");
        let (_dump, path) = file("legacy.sql", dump);
        let (folder, _) = file("t.csv", text);
        prop_assert_eq!(&read(&mut PgDumpSource::open(&path).unwrap(), "t", &[]).rows, &wanted);
        let mut source = CsvSource::open(folder.path(), CsvOptions::default()).unwrap();
        prop_assert_eq!(&read(&mut source, "t", &[]).rows, &wanted);
    }
}

#[test]
fn a_row_of_more_than_16_mb_is_a_row_like_any_other() {
    // what a server holds it also hands over; its line has one end, however long it is
    let long = "a line\\nand another, ".repeat(2 * 1024 * 1024);
    let folder = TempDir::new().unwrap();
    let path = folder.path().join("dump.sql");
    let rows = format!("1\tx\n2\t{long}\\\nand one in the old form\n3\ty\n");
    fs::write(
        &path,
        format!(
            "--\n-- PostgreSQL database dump\n--\n\nCOPY t (id, name) FROM stdin;\n{rows}\\.\n\n\
             --\n-- PostgreSQL database dump complete\n--\n"
        ),
    )
    .unwrap();
    let found = read(&mut PgDumpSource::open(&path).unwrap(), "t", &[]);
    assert_eq!((found.keys(), found.faults()), (vec!["1", "2", "3"], vec![]));
    let name = found.rows[1][1].as_deref().unwrap();
    assert!(
        name == format!("{}\nand one in the old form", long.replace("\\n", "\n")),
        "{} bytes",
        name.len()
    );
    assert_eq!(found.lines, [6, 7, 9]);
}
