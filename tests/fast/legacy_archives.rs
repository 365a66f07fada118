//! Compressed files, archives and folders of them are read as what is in them; what other programs wrote is refused by name,
//! with what to do.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::harness::{read, row};
use drydock::legacy::{CsvOptions, open};
use tempfile::TempDir;

const SCRIPT: &str = "--\n-- PostgreSQL database dump\n--\n\nCOPY public.t (id, a) FROM stdin;\n1\tJosé\n2\t\\N\n\\.\n\n\
                      INSERT INTO public.t (id, a) VALUES (3, 'x');\n--\n-- PostgreSQL database dump complete\n--\n";
const CSV: &str = "id,a\n1,José\n2,\n3,x\n";

fn written(name: &str, bytes: impl AsRef<[u8]>) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    fs::write(&path, bytes).unwrap();
    (folder, path)
}

/// What another program makes of some bytes.
fn through(program: &[&str], bytes: &[u8]) -> Vec<u8> {
    let mut child = Command::new(program[0])
        .args(&program[1..])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}", program[0]));
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(bytes).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{program:?}");
    output.stdout
}

#[track_caller]
fn is_read(path: &Path) {
    let mut source = open(path, CsvOptions::default()).unwrap_or_else(|error| panic!("{error}"));
    let wanted = [row(&[Some("1"), Some("José")]), row(&[Some("2"), None]), row(&[Some("3"), Some("x")])];
    let shapes = source.shapes().unwrap();
    source.check(&shapes).unwrap();
    assert_eq!(read(&mut *source, "t", &[]).rows, wanted, "{}", path.display());
}

#[track_caller]
fn refused(path: &Path) -> String {
    let refused = open(path, CsvOptions::default()).and_then(|mut source| source.shapes());
    let message = refused.expect_err("is read").to_string();
    assert!(message.contains("\nhint: "), "{message}");
    message
}

#[test]
fn compressed_scripts() {
    let gzip = through(&["gzip"], SCRIPT.as_bytes());
    let twice =
        [through(&["bzip2"], &SCRIPT.as_bytes()[..60]), through(&["bzip2"], &SCRIPT.as_bytes()[60..])]
            .concat();
    for bytes in [
        gzip.clone(),
        zstd::encode_all(SCRIPT.as_bytes(), 1).unwrap(),
        through(&["bzip2"], SCRIPT.as_bytes()),
        twice,
        through(&["xz"], SCRIPT.as_bytes()),
        through(&["xz", "--check=crc32", "-9"], SCRIPT.as_bytes()),
    ] {
        let (_folder, path) = written("legacy.dump", &bytes);
        is_read(&path);
        let (_folder, path) = written("legacy.dump", &bytes[..bytes.len() - 5]);
        let message = refused(&path);
        assert!(message.contains("cannot read") || message.contains("cut off"), "{message}");
    }
}

/// Files packed by the program that people have.
fn packed(program: &[&str], files: &[(&str, &[u8])]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    let names: Vec<&str> = files.iter().map(|(name, _)| *name).collect();
    let status = Command::new(program[0])
        .args(&program[1..])
        .args(names)
        .current_dir(folder.path())
        .stdout(Stdio::null())
        .status()
        .unwrap_or_else(|error| panic!("{}: {error}", program[0]));
    assert!(status.success(), "{program:?}");
    let path = folder.path().join("packed");
    (folder, path)
}

const PACKERS: [&[&str]; 7] = [
    &["tar", "--format=v7", "-czf", "packed"],
    &["tar", "cf", "packed"],
    &["tar", "czf", "packed"],
    &["tar", "--format=pax", "-cJf", "packed"],
    &["tar", "--format=ustar", "-cjf", "packed"],
    &[
        "python3",
        "-c",
        "import sys, zipfile\nwith zipfile.ZipFile('packed', 'w', zipfile.ZIP_DEFLATED) as z: [z.write(n) for n in sys.argv[1:]]",
    ],
    &[
        "python3",
        "-c",
        "import sys, zipfile\nwith zipfile.ZipFile('packed', 'w') as z: [z.write(n) for n in sys.argv[1:]]",
    ],
];

#[test]
fn archives_of_scripts_and_of_csv_files() {
    let (copied, inserted) = SCRIPT.split_at(SCRIPT.find("INSERT").unwrap());
    let copied = copied.replace("-- PostgreSQL database dump\n", "");
    let inserted = inserted.replace("-- PostgreSQL database dump complete\n", "");
    let long = format!("{}/t.csv", "a folder with a long name/".repeat(6).trim_end_matches('/'));
    for packer in PACKERS {
        let (_folder, path) = packed(packer, &[("dump.sql", SCRIPT.as_bytes())]);
        is_read(&path);
        let (_folder, path) = packed(packer, &[("only text", SCRIPT.as_bytes())]);
        is_read(&path);
        let gzip = through(&["gzip"], inserted.as_bytes());
        let files: [(&str, &[u8]); 3] = [
            ("legacy/1.sql", copied.as_bytes()),
            ("legacy/2.sql.gz", &gzip),
            ("legacy/read me.txt", b"it's"),
        ];
        let (_folder, path) = packed(packer, &files);
        is_read(&path);
        let files: [(&str, &[u8]); 3] =
            [("legacy/t.csv", CSV.as_bytes()), ("legacy/._t.csv", b"\0"), ("__MACOSX/legacy/t.csv", b"\0")];
        let (_folder, path) = packed(packer, &files);
        is_read(&path);
        if !packer.iter().any(|flag| ["--format=ustar", "--format=v7"].contains(flag)) {
            let (_folder, path) = packed(packer, &[(&long, CSV.as_bytes())]);
            is_read(&path);
        }
        let (_folder, path) = packed(packer, &[("toc.dat", b"PGDMP"), ("1.dat", b"1\n")]);
        assert!(refused(&path).contains("pg_restore -f dump.sql"));
    }
}

#[test]
fn a_damaged_archive_is_no_shorter_one() {
    for packer in PACKERS {
        let long = format!("id,a\n{}", "1,a text of some length\n".repeat(20_000));
        let (folder, path) = packed(packer, &[("t.csv", long.as_bytes())]);
        let bytes = fs::read(&path).unwrap();
        let cut = folder.path().join("cut");
        fs::write(&cut, &bytes[..bytes.len() / 2]).unwrap();
        let found = open(&cut, CsvOptions::default()).and_then(|mut source| {
            let shapes = source.shapes()?;
            source.read(&shapes[0], &mut crate::harness::Collected::default())
        });
        assert!(found.is_err(), "{packer:?}: {found:?}");
    }
    // a byte of a stored file that changed
    let (folder, path) = packed(PACKERS[6], &[("t.csv", CSV.as_bytes())]);
    let mut bytes = fs::read(&path).unwrap();
    let at = bytes.windows(3).position(|window| window == b"3,x").unwrap();
    bytes[at + 2] = b'y';
    let spoilt = folder.path().join("spoilt");
    fs::write(&spoilt, bytes).unwrap();
    assert!(refused(&spoilt).contains("cut off or damaged"));
}

#[test]
fn scripts_in_utf_16() {
    let units = |text: &str| text.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let windows = SCRIPT.replace('\n', "\r\n");
    let with_mark = units(&format!("\u{feff}{windows}"));
    let big: Vec<u8> = windows.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for bytes in [&with_mark, &units(SCRIPT), &big] {
        let (_folder, path) = written("dump.sql", bytes);
        is_read(&path);
        let mut source = open(&path, CsvOptions::default()).unwrap();
        let found = read(&mut *source, "t", &[]);
        for byte in &found.bytes {
            let at = usize::try_from(*byte).unwrap();
            let near = &bytes[at..at + 4];
            assert!(near.iter().any(u8::is_ascii_digit), "{near:?}");
        }
    }
    // what a console of a Western Windows makes of UTF-8
    for garbled in ["Jos├®", "JosÃ©"] {
        let (_folder, path) =
            written("dump.sql", units(&format!("\u{feff}{}", SCRIPT.replace("José", garbled))));
        let message = refused(&path);
        assert!(message.contains("line 6") && message.contains("pg_dump -f dump.sql"), "{message}");
    }
    let wide: Vec<u8> = SCRIPT.chars().flat_map(|c| u32::from(c).to_le_bytes()).collect();
    let (_folder, path) = written("dump.sql", wide);
    assert!(refused(&path).contains("UTF-32"));
}

#[test]
fn what_other_programs_wrote_is_refused_by_name() {
    let fixture = "[\n{\"model\": \"auth.user\", \"pk\": 1, \"fields\": {\"username\": \"ann\"}}\n]\n";
    let marked = format!("\u{feff}{fixture}");
    for (bytes, words) in [
        (&b"PGDMP\x01"[..], "pg_restore -f dump.sql"),
        (fixture.as_bytes(), "manage.py dumpdata"),
        (marked.as_bytes(), "pg_dump --no-owner -f dump.sql"),
        (b"{\"model\": \"auth.user\"}\n", "the ids of groups of users"),
        (b"- model: auth.user\n  pk: 1\n", "manage.py dumpdata"),
        (b"<?xml version=\"1.0\"?>\n<django-objects version=\"1.0\">", "manage.py dumpdata"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "an old Excel workbook"),
        (b"SQLite format 3\0", "an SQLite database"),
        (b"PAR1", "a Parquet file"),
        (b"7z\xbc\xaf\x27\x1c", "a 7z archive"),
        (b"Rar!\x1a\x07", "a RAR archive"),
        (b"\x04\x22\x4d\x18", "lz4"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"-- MySQL dump 10.13  Distrib 8.0.36\n\nINSERT INTO `t` VALUES (1);\n", "MySQL"),
        (b"id,a\n1,x\n", "holds no table's rows"),
        (b"PK\x03\x04 and no end", "cut off or damaged"),
    ] {
        let (_folder, path) = written("legacy", bytes);
        let message = refused(&path);
        assert!(message.contains(words), "{message}");
    }
    let (_folder, path) =
        packed(PACKERS[5], &[("xl/workbook.xml", b"<x/>"), ("[Content_Types].xml", b"<x/>")]);
    assert!(refused(&path).contains("a workbook of a spreadsheet"));

    let workbook = fs::read(&path).unwrap();
    for (files, words) in [
        (&[("auth_user.xlsx", &workbook[..])][..], "workbook"),
        (&[("auth_user.json", fixture.as_bytes())], "manage.py dumpdata"),
        (&[("t.csv", b"id\n"), ("auth_user.xlsx", &workbook)], "auth_user.xlsx is a workbook"),
        (&[("t.csv", b"id\n"), ("auth_user_202611290010.json", fixture.as_bytes())], "manage.py dumpdata"),
        (
            &[("t.csv", b"id\n"), ("u.sql", b"insert into auth_user (id) values (1);\n")],
            "u.sql holds rows of table auth_user",
        ),
        (&[("t.csv", b"id\n"), ("auth_user.csv.zip", &workbook)], "or a zip archive"),
        (&[("auth_user.csv", &workbook)], "auth_user.csv is a workbook"),
        (&[("t.csv", b"id\n"), ("auth_user.jsonl", fixture.as_bytes())], "manage.py dumpdata"),
        (&[("read me.md", b"it's")], "no CSV file"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        for (name, bytes) in files {
            fs::write(folder.path().join(name), bytes).unwrap();
        }
        let message = refused(folder.path());
        assert!(message.contains(words), "{message}");
    }
    // what else lies there is nobody's
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in [
        ("t.csv", CSV.as_bytes()),
        ("notes.xlsx", &workbook),
        ("schema.sql", b"create table t (id int);\n"),
        ("query.sql", b"select 'it"),
        ("target.sql", b"insert into practices (id) values (1);\n"),
    ] {
        fs::write(folder.path().join(name), bytes).unwrap();
    }
    is_read(folder.path());
}

#[test]
fn a_line_of_gigabytes_is_refused() {
    let (_folder, path) = written("dump.sql", "COPY t (id, a) FROM stdin;\n1\t");
    // nothing but zero bytes, which take no room on the disk
    fs::OpenOptions::new().append(true).open(&path).unwrap().set_len(3 << 30).unwrap();
    let message = refused(&path);
    assert!(message.contains("line 2: a line or a row of more than 256 MB"), "{message}");
}
