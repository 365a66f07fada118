//! Scripts of INSERT statements: which rows are in them, whoever wrote them, and what is refused because only a server knows.

use std::fs;
use std::path::PathBuf;

use crate::harness::{Collected, Row, read, row};
use drydock::legacy::{PgDumpSource, Shape, Source as _};
use proptest::prelude::*;
use tempfile::TempDir;

fn folder(files: &[(&str, &str)]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let path = folder.path().to_owned();
    (folder, path)
}

fn opened(script: &str) -> PgDumpSource {
    let (_folder, path) = folder(&[("legacy.sql", script)]);
    PgDumpSource::open(&path.join("legacy.sql")).unwrap_or_else(|error| panic!("{error}\n{script}"))
}

/// The rows of table `t`, which has these columns.
#[track_caller]
fn rows(script: &str, columns: &[&str]) -> Vec<Row> {
    let (_folder, path) = folder(&[("legacy.sql", script)]);
    let mut source =
        PgDumpSource::open(&path.join("legacy.sql")).unwrap_or_else(|error| panic!("{error}\n{script}"));
    let shapes = source.shapes().unwrap();
    let shape =
        shapes.iter().find(|shape| shape.table == "t").unwrap_or_else(|| panic!("{shapes:?}\n{script}"));
    assert_eq!(shape.columns, columns, "{script}");
    source.check(&shapes).unwrap_or_else(|error| panic!("{error}\n{script}"));
    let found = read(&mut source, "t", &[]);
    assert_eq!(found.faults(), [], "{script}");
    assert_eq!(source.count("t").unwrap().get(), Some(found.rows.len() as u64), "{script}");
    found.rows
}

/// What is said when the table is wanted, or earlier.
#[track_caller]
fn refused(script: &str) -> String {
    let (_folder, path) = folder(&[("legacy.sql", script)]);
    let refused = PgDumpSource::open(&path.join("legacy.sql")).and_then(|mut source| {
        let shapes = source.shapes()?;
        source.check(&shapes)
    });
    let message = refused.expect_err(script).to_string();
    assert!(message.contains("\nhint: "), "{message}");
    message
}

fn two() -> Vec<Row> {
    vec![row(&[Some("1"), Some("it's"), Some("t")]), row(&[Some("2"), None, Some("f")])]
}

const MADE: &str = "CREATE TABLE public.t (\n    id integer NOT NULL,\n    name character varying(40) DEFAULT 'x'::character varying,\n    \
                    ok boolean DEFAULT true NOT NULL,\n    CONSTRAINT t_pkey PRIMARY KEY (id)\n);\n";

#[test]
fn the_same_rows_whoever_wrote_the_script() {
    for (program, script) in [
        ("pg_dump --inserts", format!("{MADE}INSERT INTO public.t VALUES (1, 'it''s', true);\nINSERT INTO public.t VALUES (2, NULL, false);\n")),
        (
            "pg_dump --column-inserts --on-conflict-do-nothing",
            "INSERT INTO public.t (id, name, ok) VALUES (1, 'it''s', true) ON CONFLICT DO NOTHING;\n\
             INSERT INTO public.t (id, name, ok) VALUES (2, NULL, false) ON CONFLICT DO NOTHING;\n"
                .to_owned(),
        ),
        (
            "pg_dump --rows-per-insert with an identity column",
            format!("{MADE}INSERT INTO public.t OVERRIDING SYSTEM VALUE VALUES\n\t(1, 'it''s', true),\n\t(2, NULL, false);\n"),
        ),
        (
            "pg_dump of 9.5",
            format!("SET search_path = public, pg_catalog;\n{}INSERT INTO t VALUES (1, 'it''s', true);\nINSERT INTO t VALUES (2, NULL, false);\n", MADE.replace("public.", "")),
        ),
        (
            "DBeaver",
            "INSERT INTO public.t (id,\"name\",ok) VALUES\n\t (1,'it''s',true),\n\t (2,NULL,false);\n".to_owned(),
        ),
        (
            "Adminer",
            "-- Adminer 4.8.1 PostgreSQL 15.1 dump\n\nDROP TABLE IF EXISTS \"t\";\n\
             CREATE TABLE \"public\".\"t\" (\n    \"id\" integer DEFAULT nextval('t_id_seq') NOT NULL,\n    \"name\" text\n) WITH (oids = false);\n\n\
             <br />\n<b>Warning</b>:  it's a warning in <b>adminer.php</b><br />\n\
             INSERT INTO \"t\" (\"id\", \"name\", \"ok\") VALUES\n(1,\t'it''s',\t't'),\n(2,\tNULL,\t'f');\n\n-- 2026-11-29 20:15:00.123456+00\n"
                .to_owned(),
        ),
        (
            "HeidiSQL",
            "/*!40101 SET NAMES utf8 */;\n-- Dumping data for table public.t: 2 rows\nDELETE FROM \"t\";\n\
             /*!40000 ALTER TABLE \"t\" DISABLE KEYS */;\nINSERT INTO \"t\" (\"id\", \"name\", \"ok\") VALUES\n\t(1, E'it\\'s', 'true'::boolean),\n\t(2, NULL, 'false'::boolean);\n\
             /*!40000 ALTER TABLE \"t\" ENABLE KEYS */;\n"
                .to_owned(),
        ),
        (
            "DataGrip",
            "insert into public.t (id, name, ok)\nvalues  (1, 'it''s', true),\n        (2, null, false);\n".to_owned(),
        ),
        (
            "TablePlus and Navicat",
            "BEGIN;\nINSERT INTO \"public\".\"t\" (\"id\", \"name\", \"ok\") VALUES ('1', 'it''s', 't');\n\
             INSERT INTO \"public\".\"t\" (\"id\", \"name\", \"ok\") VALUES ('2', NULL, 'f');\nCOMMIT;\n"
                .to_owned(),
        ),
        (
            "somebody's own",
            "begin; insert into T(id, name, ok) values (1, $$it's$$, 1::bool), (2, null::text, cast(0 as boolean)); commit;"
                .to_owned(),
        ),
        (
            "an old server's texts",
            "SET standard_conforming_strings = off;\ninsert into t (id, name, ok) values (1, 'it\\'s', true), (2, null, false);\n".to_owned(),
        ),
    ] {
        assert_eq!(rows(&script, &["id", "name", "ok"]), two(), "{program}");
        let windows = format!("\u{feff}{}", script.replace('\n', "\r\n"));
        assert_eq!(rows(&windows, &["id", "name", "ok"]), two(), "{program}, with a mark and line ends of Windows");
    }
}

#[test]
fn rows_stand_where_they_are_said_to() {
    let text = "set x = 1; insert into u (id) values (5); insert into t (id, name) values (1, 'a\nb'),\n  (2, 'c'), (3,\n 'd'); \
                insert into t (id, name) values (4, 'e');\n\ninsert into u (id) values (6);\ninsert into t (id, name)\nvalues (5, 'f');\n";
    let found = read(&mut kept(text).1, "t", &[]);
    assert_eq!(found.keys(), ["1", "2", "3", "4", "5"]);
    let places: Vec<usize> = found.bytes.iter().map(|byte| usize::try_from(*byte).unwrap()).collect();
    for ((key, place), line) in found.keys().iter().zip(places).zip(&found.lines) {
        assert!(text[place..].starts_with(&format!("({key},")), "{key} at {place}");
        assert_eq!(text[..place].matches('\n').count() as u64 + 1, *line);
    }
}

/// A script that stays where it is, to be read.
fn kept(script: &str) -> (TempDir, PgDumpSource) {
    let (folder, path) = folder(&[("legacy.sql", script)]);
    let source = PgDumpSource::open(&path.join("legacy.sql")).unwrap();
    (folder, source)
}

#[test]
fn copy_and_inserts_in_one_script_are_one_table_s_rows() {
    let script = "CREATE TABLE t (id int, name text, ok bool DEFAULT true);\n\
                  copy t from stdin;\n1\tit's\tt\n\\.\n\
                  Insert Into t (id, ok) Values (2, false);\n\
                  COPY public.u (id) FROM stdin WITH (FORMAT csv, HEADER true, NULL 'x', DELIMITER ';');\nid\n7\nx\n\\.\n\
                  COPY public.v (id, a) FROM stdin WITH DELIMITER '|' NULL AS '';\n7|a\\|b\n8|\n\\.\n";
    let wanted = vec![row(&[Some("1"), Some("it's"), Some("t")]), row(&[Some("2"), None, Some("f")])];
    assert_eq!(rows(script, &["id", "name", "ok"]), wanted);
    let (_folder, mut source) = kept(script);
    let found = read(&mut source, "u", &[]);
    assert_eq!((found.rows, found.lines), (vec![row(&[Some("7")]), row(&[None])], vec![8, 9]));
    let found = read(&mut source, "v", &[]);
    assert_eq!(found.rows, [row(&[Some("7"), Some("a|b")]), row(&[Some("8"), None])]);
}

#[test]
fn what_a_row_does_not_name_is_its_default_where_the_script_says_it() {
    let made = "CREATE TABLE t (id int NOT NULL, name text DEFAULT 'new', note text, \"upper\" text GENERATED ALWAYS AS (upper(name)) STORED,\n \
                at timestamptz DEFAULT now(), PRIMARY KEY (id));\n";
    let script = format!(
        "{made}insert into t (id, name, note, at) values (1, 'a', 'b', '2020-01-01');\n\
         insert into t values (2, DEFAULT, DEFAULT, DEFAULT, '2020-01-02');\n\
         insert into t (id, at) values (3, '2020-01-03');\n"
    );
    assert_eq!(
        rows(&script, &["id", "name", "note", "at"]),
        [
            row(&[Some("1"), Some("a"), Some("b"), Some("2020-01-01")]),
            row(&[Some("2"), Some("new"), None, Some("2020-01-02")]),
            row(&[Some("3"), Some("new"), None, Some("2020-01-03")]),
        ]
    );
    for (rows, words) in [
        ("insert into t values (2, 'a', 'b', DEFAULT, DEFAULT);", "what column at holds"),
        (
            "insert into t (id, at) values (1, '2020-01-01');\ninsert into t (id) values (2);",
            "do not say what column at holds",
        ),
        ("insert into t (id, at) values (1, now());", "line 3: a row of table t is not written out"),
        ("insert into t (id, at) select 1, '2020-01-01';", "is not written out"),
        ("insert into t default values;", "is not written out"),
        ("copy t from '/tmp/t.dat';", "is not written out"),
        ("with x as (select 1) insert into t select * from x;", "is not written out"),
        ("do $$ begin insert into t values (1); end $$;", "is not written out"),
        ("merge into t using x on true when not matched then insert values (1);", "is not written out"),
    ] {
        let message = refused(&format!("{made}{rows}\n"));
        assert!(message.contains(words), "{message}");
        // of a table that nobody wants it does not matter
        let (_folder, mut source) = kept(&format!("{made}{rows}\ninsert into u (id) values (1);\n"));
        let unwanted = Shape { table: "u".into(), columns: vec!["id".into()] };
        source.check(&[unwanted]).unwrap();
    }
}

#[test]
fn a_table_without_rows_is_there_and_empty() {
    let tables = |script: &str| -> Vec<String> {
        opened(script).shapes().unwrap().into_iter().map(|shape| shape.table).collect()
    };
    let inserts = format!("{MADE}create table u (id int);\ninsert into u values (1);\n");
    assert_eq!(tables(&inserts), ["t", "u"]);
    let announced = "--\n-- Data for Name: t; Type: TABLE DATA; Schema: public; Owner: x\n--\n\n";
    let dumped = format!("{MADE}create table v (id int);\n{announced}insert into u (id) values (1);\n");
    assert_eq!(tables(&dumped), ["t", "u"]);
    // where rows are copied, an empty table has its block all the same: t was left out of the dump
    let copied = format!("{MADE}copy u (id) from stdin;\n1\n\\.\n");
    assert_eq!(tables(&copied), ["u"]);
    let shapes = opened(&inserts).shapes().unwrap();
    assert_eq!(shapes[0].columns, ["id", "name", "ok"]);
}

#[test]
fn rows_of_children_have_their_parent_s_columns() {
    let script = "CREATE TABLE public.t (id integer, name text);\n\
        CREATE TABLE archive.old (note text) INHERITS (public.t);\n\
        CREATE TABLE t_new PARTITION OF t DEFAULT;\n\
        CREATE TABLE other (id integer, name text, ok bool);\nALTER TABLE other INHERIT t;\n\
        INSERT INTO archive.old VALUES (2, 'Bo', 'long ago');\nINSERT INTO t_new VALUES (3, 'Cy');\n\
        INSERT INTO other VALUES (4, 'Di', true);\nINSERT INTO t VALUES (1, 'Ann');\n";
    let wanted: Vec<Row> = [("1", "Ann"), ("2", "Bo"), ("3", "Cy"), ("4", "Di")]
        .iter()
        .map(|(id, name)| row(&[Some(id), Some(name)]))
        .collect();
    assert_eq!(rows(script, &["id", "name"]), wanted);
}

#[test]
fn scripts_that_would_give_less_or_something_else_are_refused() {
    let one = "insert into t (id) values (1);\n";
    let dump = format!(
        "--\n-- PostgreSQL database dump\n--\n\n{one}\n--\n-- PostgreSQL database dump complete\n--\n\n"
    );
    for (script, words) in [
        (format!("{one}update t set id = 2;\n"), "line 2: rows of table t are changed"),
        (format!("{one}delete from only public.t where id = 1;\n"), "line 2: rows of table t are changed"),
        (format!("{one}truncate table t;\n"), "rows of table t are changed"),
        (format!("{one}alter table t rename column id to key;\n"), "rows of table t are changed"),
        (format!("{one}\\i 'more/u.sql'\n"), "line 2: the script reads u.sql"),
        (format!("{one}drop table if exists t;\n"), "line 2: table t begins again"),
        (format!("{one}drop table if exists x, public.t cascade;\n"), "line 2: table t begins again"),
        (format!("{one}drop schema if exists x, public cascade;\n"), "line 2: table t begins again"),
        (format!("{one}truncate x, only t restart identity;\n"), "rows of table t are changed"),
        (format!("{one}alter table t alter column id set data type text using id::text;\n"), "are changed"),
        (format!("{one}alter table t add constraint c check (id > 0), drop column id;\n"), "are changed"),
        (format!("{one}alter table only t add id2 int default 7;\n"), "are changed"),
        (format!("begin;\n{one}rollback;\n"), "line 3: a transaction is rolled back"),
        (format!("begin;\nsavepoint s;\n{one}rollback to savepoint s;\ncommit;\n"), "is rolled back"),
        (format!("begin;\n{one}abort;\n"), "is rolled back"),
        (format!("{one}\\if :is_test\n{one}\\endif\n"), "line 2: what the script does depends on"),
        (format!("{one}\\connect other\n{one}"), "has table t twice"),
        (
            format!("create view v as select * from t;\ninsert into v (id) values (1);\n{one}"),
            "line 2: rows are put into v",
        ),
        (
            "create table auth_user (id int, a text);\nalter table auth_user rename column a to b;\n\
             insert into auth_user values (1, 'x');\ninsert into t (id) values (1);\n"
                .to_owned(),
            "does not name the columns of table auth_user",
        ),
        (
            "insert into public.auth_user (id) values (1);\ninsert into clinic.auth_user (id) values (1);\n\
             insert into clinic.dispatch_patient (id) values (1);\n"
                .to_owned(),
            "tables to read in the schemas clinic, public, and auth_user in more than one",
        ),
        (format!("{one}create table t (id int);\n{one}"), "line 2: table t begins again"),
        (format!("{dump}{dump}"), "has table t twice"),
        (format!("{one}insert into t (id) values (2), (3)"), "is cut off after table t (line 1)"),
        (format!("{one}insert into t (id, a) values (2, 'it"), "is cut off"),
        (format!("-- Adminer 4.8.1 PostgreSQL 15.1 dump\n\n{one}"), "is cut off"),
        (format!("{one}copy t (id,) from stdin;\n1\n\\.\n"), "line 2: rows that belong to no statement"),
        (format!("{one}1\n\\.\n"), "line 3: rows that belong to no statement"),
        (format!("{one}upsert into t values\n(2, 'x');\n"), "line 3: rows that belong to no statement"),
        ("insert into `t` (`id`) values (1);\n".to_owned(), "MySQL"),
        ("insert into auth_user values (1);\n".to_owned(), "names the columns of no table"),
        (format!("insert into auth_user values (1);\n{one}"), "does not name the columns of table auth_user"),
        (format!("set names 'latin1';\n{one}"), "is written in latin1"),
    ] {
        let message = refused(&script);
        assert!(message.contains(words), "{message}\n{script}");
    }
    // texts that were put together keep their marks, and psql's counts
    let together = format!("\u{feff}{one}(1 row)\n\u{feff}insert into t (id)\n values (2),\n (3);\n\u{feff}");
    assert_eq!(rows(&together, &["id"]).len(), 3);
    // a table that is there already is not made again
    let again = "create table t (id int, a text, b text);\ncreate table if not exists t (id int, b text, a text);\n\
                 insert into t values (1, 'x', 'y');\n";
    assert_eq!(rows(again, &["id", "a", "b"]), [row(&[Some("1"), Some("x"), Some("y")])]);
    // what pg_dump says of constraints, identities and triggers changes no row
    let constrained = format!(
        "{one}alter table only public.t add constraint t_pkey primary key (id);\nalter table t add unique (id);\n\
         alter table public.t alter column id add generated by default as identity (sequence name s start with 1);\n\
         alter table only t alter column id set default nextval('s'::regclass);\nalter table t alter column type set default 0;\n\
         alter table t alter type drop not null;\nalter table t enable row level security;\n\
         alter table t disable trigger all;\nalter table t drop constraint if exists c;\nalter table t owner to a;\n"
    );
    assert_eq!(rows(&constrained, &["id"]).len(), 1);
    // what stands before the rows changes nothing
    assert_eq!(
        rows(
            &format!("delete from t;\ntruncate t;\ndrop table t;\ncreate table t (id int);\n{one}"),
            &["id"]
        )
        .len(),
        1
    );
}

#[test]
fn a_second_dump_that_begins_where_the_first_was_cut_is_noticed() {
    let head = "--\n-- PostgreSQL database dump\n--\n\n";
    let end = "--\n-- PostgreSQL database dump complete\n--\n";
    let copied = "COPY public.t (id, name) FROM stdin;\n1\tAnn\n";
    for script in [
        format!("{head}{copied}{head}{copied}\\.\n\n{end}"),
        format!("{head}{copied}COPY public.u (id, name) FROM stdin;\n1\tx\n\\.\n\n{end}"),
        format!("{head}INSERT INTO t (id) VALUES ('a{head}INSERT INTO t (id) VALUES ('1');\n{end}"),
        format!("{head}{copied}\\.\n\n{end}\n{head}COPY public.u (id, name) FROM stdin;\n1\tx\n\\.\n"),
        format!("{head}{copied}\\.\n\n{end}\n{head}CREATE TABLE v (id int);\n"),
    ] {
        let message = refused(&script);
        assert!(message.contains("is cut off"), "{message}\n{script}");
    }
}

#[test]
fn a_folder_of_scripts_is_one_source() {
    let (_folder, path) = folder(&[
        ("schema.sql", "create table t (id int, name text);\ncreate table u (id int);\n\\ir u.sql\n"),
        ("t_1.sql", "insert into t values (1, 'a');\n"),
        ("t_2.SQL", "insert into t values (2, 'b');\n"),
        ("u.sql", "copy u from stdin;\n5\n\\.\n"),
        ("notes.txt", "it's nothing"),
        (".hidden.sql", "insert into t values (3, 'c');\n"),
    ]);
    let mut source = drydock::legacy::open(&path, drydock::legacy::CsvOptions::default()).unwrap();
    let found = read(&mut *source, "t", &[]);
    assert_eq!(found.keys(), ["1", "2"]);
    assert_eq!(read(&mut *source, "u", &[]).keys(), ["5"]);
}

#[test]
fn tables_whose_rows_take_turns_are_each_read_in_one_go() {
    let mut script = String::from("create table t (id int, a text); create table u (id int);\n");
    for id in 0..5_000 {
        script += &format!(
            "insert into t values ({id}, 'a');\n/* u */ insert into u (id) values ({id}); insert into u (id) values (-{id});\n"
        );
    }
    // the same words, and another table
    script += "set search_path = archive;\ninsert into t values (-1, 'b');\nset search_path = public;\ninsert into t values (5000, 'c');\n";
    let (_folder, mut source) = kept(&script);
    let found = read(&mut source, "t", &[]);
    assert_eq!((found.rows.len(), found.lines[4_999], found.keys()[5_000]), (5_001, 10_000, "5000"));
    assert_eq!(read(&mut source, "u", &[]).rows.len(), 10_000);
    assert!(format!("{source:?}").len() < 10_000, "a block for each row");
}

#[test]
fn what_pg_dump_said_of_its_work_is_no_row() {
    let said = "pg_dump: reading schemas\n";
    let dumping = "pg_dump: dumping contents of table \"public.t\"\n";
    let copied = format!(
        "{said}COPY public.t (id, a) FROM stdin;\n{dumping}1\tx\n{dumping}2\tpg_dump: reading it\n\\.\n{dumping}"
    );
    let (_folder, mut source) = kept(&copied);
    let found = read(&mut source, "t", &[]);
    assert_eq!((found.keys(), found.lines.clone(), found.faults()), (vec!["1", "2"], vec![4, 6], vec![]));
    assert_eq!(source.count("t").unwrap().get(), Some(2));
    let inserted = format!(
        "{said}{dumping}insert into t (id, a) values (1, 'x');\n{dumping}insert into t (id, a) values (2, 'y');\n"
    );
    assert_eq!(rows(&inserted, &["id", "a"]).len(), 2);
    for script in [
        format!("{said}COPY public.t (id, a) FROM stdin;\n1\tAn{dumping}n\n\\.\n"),
        format!("{said}insert into t (id, a) values (1, 'An{dumping}n');\n"),
        format!("{said}insert into t (id, a)\n{dumping}values (1, 'x');\n"),
    ] {
        assert!(refused(&script).contains("without 2>&1"), "{script}");
    }
    // without any such words, a text that has them is a text
    assert_eq!(rows(&format!("insert into t (id, a) values (1, 'An{dumping}n');\n"), &["id", "a"]).len(), 1);
}

#[test]
fn rows_of_a_part_that_are_inserted_into_the_whole_are_in_its_order() {
    let script = "create table t (id int, a text) partition by range (id);\ncreate table t_2 (a text, id int);\n\
                  alter table only t attach partition t_2 for values from (10) to (20);\n\
                  -- Data for Name: t_1; Type: TABLE DATA; Schema: public; Owner: x\n\ninsert into t values (1, 'x');\n\
                  -- Data for Name: t_2; Type: TABLE DATA; Schema: public; Owner: x\n\ninsert into t values ('y', 12);\n";
    assert_eq!(rows(script, &["id", "a"]), [row(&[Some("1"), Some("x")]), row(&[Some("12"), Some("y")])]);
}

#[test]
fn a_row_that_is_none_is_set_apart() {
    let script = "insert into t (id, name) values (1, 'a'), (2), (3, E'\\xff'), (4, 'b', 'c'), (5, E'a\\000'), (6, 'd');\n";
    let (_folder, mut source) = kept(script);
    let found: Collected = read(&mut source, "t", &[]);
    assert_eq!(found.keys(), ["1", "6"]);
    assert_eq!(
        found.faults(),
        [("ragged", Some(2), 1), ("encoding", Some(3), 1), ("ragged", Some(4), 1), ("nul", Some(5), 1)]
    );
    assert_eq!(found.unreadable[0].raw, b"(2)");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Any text comes back from a quoted one, an escaped one, and one between dollars.
    #[test]
    fn any_text_comes_back(texts in prop::collection::vec(prop::option::of("[^\0]{0,12}|[\\\\'();,\n\r$a-]{0,8}"), 1..20)) {
        let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
        let escaped = |text: &str| format!("E'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        let dollars = |text: &str| format!("$drydock${text}$drydock$");
        for written in [&quoted as &dyn Fn(&str) -> String, &escaped, &dollars] {
            let value = |text: &Option<String>| text.as_deref().map_or_else(|| "NULL".to_owned(), written);
            let tuples: Vec<String> =
                texts.iter().enumerate().map(|(id, text)| format!("({id}, {})", value(text))).collect();
            let script = format!("insert into t (id, a) values\n{};\n", tuples.join(",\n"));
            let wanted: Vec<Row> = texts
                .iter()
                .enumerate()
                .map(|(id, text)| row(&[Some(&id.to_string()), text.as_deref()]))
                .collect();
            prop_assert_eq!(rows(&script, &["id", "a"]), wanted);
        }
    }
}
