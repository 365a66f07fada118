//! The same legacy system as eleven programs export it, each with its default settings: the file then holds the same raw rows
//! as from the live server, up to how a moment or a flag is written, or the program's export is refused with the way out.

use std::fmt::Write as _;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::harness::{Database, Drydock, TABLES, database, sqlite3};
use tempfile::TempDir;

/// Invented people, whose names and notes hold what has bitten somebody.
const SYSTEM: &str = "
    create table auth_user (
        id int primary key, username varchar(150) not null, password varchar(128) not null default 'x',
        first_name varchar(150) not null, last_name varchar(150) not null, email varchar(254) not null,
        is_active boolean not null, date_joined timestamptz not null, last_login timestamptz);
    insert into auth_user values
        (1, 'ann', 'x', 'Ann', 'O''Quay', 'ann@harbour.example', true, '2019-03-04 05:06:07+00', '2024-01-02 03:04:05.25+00'),
        (2, 'jose', 'x', 'José', 'Muñoz; \"Pepe\"', '', true, '2019-04-04 05:06:07+00', null),
        (3, 'cy', 'x', 'Cy, jr.', E'back\\\\slash', 'cy@pier.example', false, '2020-03-04 05:06:07+00', null),
        (4, 'di', 'x', '', '', '', true, '2020-05-04 05:06:07+00', null);
    create table auth_group (id int primary key, name varchar(80) not null);
    insert into auth_group values (1, 'Patient'), (2, 'Doctor');
    create table auth_user_groups (id int primary key, user_id int not null, group_id int not null);
    insert into auth_user_groups values (1, 1, 2), (2, 2, 1), (3, 3, 1);
    create table dispatch_office (
        id int primary key, doctor_id int not null, name varchar(100), tax_rate numeric(8,4) not null, valid boolean);
    insert into dispatch_office values (10, 1, 'Harbour Dental', 10.25, true), (11, 1, null, 0, null);
    create table dispatch_office_doctors (id int primary key, office_id int not null, user_id int not null);
    create table dispatch_patient (
        id int primary key, user_id int not null, doctor_id int, office_id int, birthdate date, sex int, schemes text);
    insert into dispatch_patient values
        (101, 2, 1, 10, '1980-01-02', 1, '{\"upper\": [1, 2]}'), (102, 3, 1, null, null, null, null);
    create table dispatch_patient_old () inherits (dispatch_patient);
    insert into dispatch_patient_old values (99, 4, null, 11, '1955-12-31', 2, '');
";

/// A folder to work in, and the live system.
struct Exports {
    home: TempDir,
    legacy: Database,
}

impl Exports {
    fn new() -> Self {
        let legacy = database();
        legacy.execute(SYSTEM);
        legacy.execute(&format!("alter database {} set timezone = 'UTC'", legacy.name()));
        Self { home: TempDir::new().expect("a folder"), legacy }
    }

    fn path(&self) -> &Path {
        self.home.path()
    }

    /// The staging file after an extract by these arguments.
    fn extracted(&self, name: &str, arguments: &[&str]) -> String {
        let allow = "source.allow_empty = ['dispatch_office_doctors']\n";
        fs::write(self.path().join("drydock.toml"), allow).expect("a configuration");
        let run =
            Drydock::new(self.path()).legacy(&self.legacy).args(["--staging", name, "--quiet", "extract"]);
        run.args(["--config", "drydock.toml"]).args(arguments).run().expect(0);
        name.to_owned()
    }

    fn asked(&self, file: &str, sql: &str) -> String {
        sqlite3(&self.path().join(file), sql)
    }

    /// What must be the same from everywhere: the digests of all rows.
    fn digests(&self, file: &str) -> String {
        self.asked(file, "select table_name, rows, unreadable, digest from legacy_tables order by 1")
    }

    /// What must be the same where moments and flags are written otherwise, and nulls as empty texts.
    fn texts(&self, file: &str) -> String {
        let mut all = String::new();
        for sql in [
            "select legacy_id, username, first_name, last_name, coalesce(email, '') from legacy_auth_user order by 1",
            "select legacy_id, doctor_id, coalesce(name, ''), cast(tax_rate as real) from legacy_dispatch_office order by 1",
            "select legacy_id, user_id, coalesce(doctor_id, ''), coalesce(office_id, ''), coalesce(sex, ''), \
             coalesce(schemes, '') from legacy_dispatch_patient order by 1",
            "select legacy_id, user_id, group_id from legacy_auth_user_groups order by 1",
            "select table_name, rows, unreadable from legacy_tables order by 1",
        ] {
            let _ = writeln!(all, "{}", self.asked(file, sql));
        }
        all
    }

    /// What `pg_dump` writes with some flags.
    fn dumped(&self, flags: &[&str]) -> String {
        let output = Command::new("pg_dump")
            .args(flags)
            .args(["-d", &self.legacy.url()])
            .stdin(Stdio::null())
            .output()
            .expect("pg_dump");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).expect("text")
    }

    /// Every table through psql, with what stands for the table in its arguments.
    fn through_psql(&self, folder: &str, suffix: &str, arguments: &[&str]) {
        fs::create_dir(self.path().join(folder)).expect("a folder");
        for table in TABLES {
            let filled: Vec<String> =
                arguments.iter().map(|argument| argument.replace("TABLE", table)).collect();
            let output = Command::new("psql")
                .args(["-X", "-q", "-d", &self.legacy.url()])
                .args(filled)
                .stdin(Stdio::null())
                .output()
                .expect("psql");
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            fs::write(self.path().join(folder).join(format!("{table}{suffix}")), output.stdout)
                .expect("a file");
        }
    }

    /// The rows of a table as the server shows them; null apart from ''.
    fn rows(&self, table: &str) -> (Vec<String>, Vec<Vec<Option<String>>>) {
        let mut client = self.legacy.client();
        let columns = client
            .query(
                "select attname::text from pg_attribute where attrelid = $1::text::regclass and attnum > 0 order by attnum",
                &[&table],
            )
            .expect("columns");
        let columns: Vec<String> = columns.iter().map(|row| row.get(0)).collect();
        // as COPY writes them: as text alone, a flag is `true`
        let listed: Vec<String> = columns
            .iter()
            .map(|column| match column.as_str() {
                "is_active" | "valid" => format!("left({column}::text, 1)"),
                _ => format!("{column}::text"),
            })
            .collect();
        let rows = client
            .query(&format!("select {} from {table} order by id", listed.join(", ")), &[])
            .expect("rows");
        let fields = |row: &postgres::Row| (0..columns.len()).map(|at| row.get(at)).collect();
        let rows = rows.iter().map(fields).collect();
        (columns, rows)
    }

    /// A folder in which every table is written by this.
    fn written(&self, folder: &str, name: impl Fn(&str) -> String, table: impl Fn(&str, &Self) -> Vec<u8>) {
        fs::create_dir(self.path().join(folder)).expect("a folder");
        for known in TABLES {
            fs::write(self.path().join(folder).join(name(known)), table(known, self)).expect("a file");
        }
    }
}

/// A table as CSV: how a null, a text and a flag are written, and what stands between fields.
fn csv(
    exports: &Exports,
    table: &str,
    delimiter: &str,
    field: impl Fn(&str, Option<&str>) -> String,
) -> String {
    let (columns, rows) = exports.rows(table);
    let mut text = columns.join(delimiter) + "\r\n";
    for row in rows {
        let fields: Vec<String> =
            columns.iter().zip(&row).map(|(column, value)| field(column, value.as_deref())).collect();
        text += &(fields.join(delimiter) + "\r\n");
    }
    text
}

/// In quotes where there is need.
fn quoted(text: &str, delimiter: char) -> String {
    let needs = text.contains([delimiter, '"', '\n', '\r']);
    if needs { format!("\"{}\"", text.replace('"', "\"\"")) } else { text.to_owned() }
}

/// A table as INSERT statements of many rows: what begins a row, and what stands between two values.
fn inserts(exports: &Exports, table: &str, named: &str, begins: &str, between: &str) -> String {
    let (columns, rows) = exports.rows(table);
    if rows.is_empty() {
        return String::new();
    }
    let value = |value: &Option<String>| match value {
        None => "NULL".to_owned(),
        Some(text) => format!("'{}'", text.replace('\'', "''")),
    };
    let columns: Vec<String> = columns.iter().map(|column| format!("\"{column}\"")).collect();
    let rows: Vec<String> = rows
        .iter()
        .map(|row| begins.to_owned() + "(" + &row.iter().map(value).collect::<Vec<_>>().join(between) + ")")
        .collect();
    format!("INSERT INTO {named} ({}) VALUES\n{};\n\n", columns.join(", "), rows.join(",\n"))
}

#[test]
fn dumps_of_every_kind_hold_what_the_server_holds() {
    let exports = Exports::new();
    let live = exports.extracted("live", &[]);
    let wanted = exports.digests(&live);
    assert!(wanted.contains("dispatch_patient|3|0|"), "{wanted}");
    for (name, flags) in [
        ("plain", &["--no-owner"][..]),
        ("inserts", &["--inserts"]),
        ("column-inserts", &["--column-inserts", "--quote-all-identifiers"]),
        ("rows-per-insert", &["--rows-per-insert=2", "--on-conflict-do-nothing", "--clean", "--if-exists"]),
        ("data-only", &["--data-only", "--column-inserts", "--disable-triggers"]),
        ("verbose", &["--verbose", "--create"]),
    ] {
        let mut script = exports.dumped(flags);
        if name == "data-only" {
            // an empty table and what inherits are in the definitions only
            script = exports.dumped(&["--schema-only"]) + &script;
        }
        let file = format!("{name}.sql");
        fs::write(exports.path().join(&file), &script).expect("the dump");
        let staging = exports.extracted(name, &["--dump", &file]);
        assert_eq!(exports.digests(&staging), wanted, "{name}");
    }
    // as Windows PowerShell 5.1 writes what it is piped, and with what pg_dump said on standard error
    let noisy = format!(
        "pg_dump: last built-in OID is 16383\npg_dump: reading extensions, it's quick\nPassword: \n{}",
        exports.dumped(&["--inserts"])
    );
    let windows: Vec<u8> =
        format!("\u{feff}{noisy}").replace('\n', "\r\n").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(exports.path().join("powershell.sql"), windows).expect("the dump");
    let staging = exports.extracted("powershell", &["--dump", "powershell.sql"]);
    assert_eq!(exports.digests(&staging), wanted, "PowerShell");
}

#[test]
fn scripts_of_other_programs_hold_what_the_server_holds() {
    let exports = Exports::new();
    let live = exports.extracted("live", &[]);
    let wanted = exports.digests(&live);
    let definitions = exports.dumped(&["--schema-only", "--no-owner"]);
    let definitions: String =
        definitions.lines().filter(|line| !line.starts_with("--")).map(|line| format!("{line}\n")).collect();
    let all = |named: &dyn Fn(&str) -> String, begins: &str, between: &str| -> String {
        TABLES.iter().map(|table| inserts(&exports, table, &named(table), begins, between)).collect()
    };
    for (program, script) in [
        (
            "adminer",
            format!(
                "-- Adminer 4.8.1 PostgreSQL 15.1 dump\n\n{definitions}{}-- 2026-11-29 20:15:00.1+00\n",
                all(&|table| format!("\"{table}\""), "", ",\t")
            ),
        ),
        (
            "heidisql",
            format!(
                "-- HeidiSQL Version: 12.8.0\n/*!40101 SET NAMES utf8 */;\n{definitions}{}/*!40103 SET TIME_ZONE=1 */;\n",
                all(&|table| format!("\"{table}\""), "\t", ", ")
            ),
        ),
        ("tableplus", format!("{definitions}{}", all(&|table| format!("\"public\".\"{table}\""), "", ", "))),
    ] {
        fs::write(exports.path().join("script.sql"), script).expect("the script");
        let staging = exports.extracted(program, &["--dump", "script.sql"]);
        assert_eq!(exports.digests(&staging), wanted, "{program}");
    }
    // a script for each table, with the moment of the export in its name; an empty table's is empty
    exports.written(
        "dbeaver",
        |table| format!("{table}_202611290010.sql"),
        |table, exports| inserts(exports, table, &format!("public.{table}"), "\t ", ",").into_bytes(),
    );
    fs::write(exports.path().join("dbeaver/definitions.sql"), definitions).expect("the definitions");
    let staging = exports.extracted("dbeaver.staging", &["--dump", "dbeaver"]);
    assert_eq!(exports.digests(&staging), wanted, "DBeaver");
}

#[test]
fn csv_files_of_every_program_hold_what_the_server_holds() {
    let exports = Exports::new();
    let live = exports.extracted("live", &[]);
    let (digests, texts) = (exports.digests(&live), exports.texts(&live));

    // \copy tells null from ''
    let copy = |options: &str| format!("copy (select * from TABLE order by id) to stdout {options}");
    exports.through_psql("copy", ".csv", &["-c", &copy("with csv header")]);
    exports.through_psql("text", ".tsv", &["-c", &copy("with (format text, header)")]);
    for (folder, staging) in [("copy", "copy.staging"), ("text", "text.staging")] {
        let staging = exports.extracted(staging, &["--csv", folder]);
        assert_eq!(exports.digests(&staging), digests, "{folder}");
    }

    // the others do not
    let select = "select * from TABLE order by id";
    exports.through_psql("psql", ".csv", &["--csv", "-c", select]);
    exports.through_psql("unaligned", ".CSV", &["-A", "-c", select]);
    let moment = |column: &str, text: &str| match column {
        "date_joined" | "last_login" => format!("{}.000 +0000", &text[..19]),
        "is_active" | "valid" => (if text == "t" { "true" } else { "false" }).to_owned(),
        _ => text.to_owned(),
    };
    exports.written(
        "dbeaver",
        |table| format!("{table}_202611290010.csv"),
        |table, exports| {
            let field = |column: &str, text: &str| {
                let text = moment(column, text);
                let is_text =
                    matches!(column, "username" | "first_name" | "last_name" | "email" | "name" | "schemes");
                if is_text { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
            };
            csv(exports, table, ",", |column, value| {
                value.map_or_else(String::new, |text| field(column, text))
            })
            .into_bytes()
        },
    );
    exports.written(
        "pgadmin",
        |table| format!("{table}.csv"),
        |table, exports| {
            csv(exports, table, ",", |_, value| {
                value.map_or_else(String::new, |text| format!("\"{}\"", text.replace('"', "\"\"")))
            })
            .into_bytes()
        },
    );
    exports.written(
        "datagrip",
        |table| format!("legacy_public_{table}.csv"),
        |table, exports| {
            csv(exports, table, ",", |_, value| quoted(value.unwrap_or_default(), ','))
                .replace("\r\n", "\n")
                .into_bytes()
        },
    );
    exports.written(
        "pandas",
        |table| format!("{table}.csv"),
        |table, exports| {
            let text = csv(exports, table, ",", |_, value| quoted(value.unwrap_or_default(), ','));
            let number = |(at, line): (usize, &str)| {
                if at == 0 { format!(",{line}\n") } else { format!("{},{line}\n", at - 1) }
            };
            text.lines().enumerate().map(number).collect::<String>().into_bytes()
        },
    );
    exports.written(
        "excel",
        |table| format!("{table}.csv"),
        |table, exports| {
            let text = csv(exports, table, ";", |_, value| quoted(value.unwrap_or_default(), ';'));
            format!("\u{feff}sep=;\r\n{text}").into_bytes()
        },
    );
    exports.written(
        "unicode text",
        |table| format!("{table}.txt"),
        |table, exports| {
            let text = csv(exports, table, "\t", |_, value| quoted(value.unwrap_or_default(), '\t'));
            format!("\u{feff}{text}").encode_utf16().flat_map(u16::to_le_bytes).collect()
        },
    );
    for folder in ["psql", "unaligned", "dbeaver", "pgadmin", "datagrip", "pandas", "excel", "unicode text"] {
        let staging = exports.extracted(&format!("{folder}.staging"), &["--csv", folder]);
        assert_eq!(exports.texts(&staging), texts, "{folder}");
    }

    // Excel's other CSV is in the code page of the country
    exports.written(
        "western",
        |table| format!("{table}.csv"),
        |table, exports| {
            let text = csv(exports, table, ";", |_, value| quoted(value.unwrap_or_default(), ';'));
            encoding_rs::WINDOWS_1252.encode(&text).0.into_owned()
        },
    );
    let run = Drydock::new(exports.path())
        .args(["--staging", "western.staging", "extract", "--csv", "western"])
        .run();
    let refused = run.expect(4).stderr;
    assert!(
        refused.contains("auth_user.csv is not UTF-8") && refused.contains("source.csv.encoding"),
        "{refused}"
    );
    assert!(!exports.path().join("western.staging").exists());
    fs::write(exports.path().join("western.toml"), "source.csv.encoding = 'windows-1252'\n")
        .expect("a configuration");
    Drydock::new(exports.path())
        .args(["--staging", "western.staging", "--config", "western.toml", "extract", "--csv", "western"])
        .run()
        .expect(0);
    assert_eq!(exports.texts("western.staging"), texts);

    // and psql's own table is for people
    exports.through_psql("drawn", ".csv", &["-c", select]);
    let run =
        Drydock::new(exports.path()).args(["--staging", "drawn.staging", "extract", "--csv", "drawn"]).run();
    assert!(run.expect(4).stderr.contains("psql --csv"));
}
