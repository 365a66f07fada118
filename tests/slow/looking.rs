//! Looking at the file while a command writes, and after one was killed: it costs no command its work, and it takes no more
//! than a walk over the rows, whatever indexes are missing at that moment.

use std::fmt::Write;
use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use crate::harness::{Job, empty_target, sqlite3};
use rusqlite::{Connection, OpenFlags, StatementStatus};

/// Users, of whom one in ten is a doctor; every second patient has no practice and waits. Many have issues.
fn job(users: u32) -> Job {
    let (offices, doctors) = (users / 100, users / 10);
    let mut tables: [(&str, String); 5] = [
        ("dispatch_office", "id,name,doctor_id,city,valid\n".to_owned()),
        ("auth_user", "id,first_name,last_name,email,date_joined,is_active\n".to_owned()),
        ("dispatch_office_doctors", "id,office_id,user_id\n".to_owned()),
        ("dispatch_patient", "id,user_id,birthdate,sex,doctor_id,office_id\n".to_owned()),
        ("auth_group", "id,name\n1,Patient\n2,Doctor\n".to_owned()),
    ];
    for office in 1..=offices {
        let _ = writeln!(tables[0].1, "{office},Office {office},{},Springfield,t", 1000 + office);
    }
    for user in 1001..=1000 + users {
        let email = if user % 3 == 0 { String::new() } else { format!("ann{user}@example.org") };
        let _ = writeln!(tables[1].1, "{user},Ann{user},Example,{email},2020-01-01 00:00:00+00,t");
        if user <= 1000 + doctors {
            let _ = writeln!(tables[2].1, "{user},{},{user}", 1 + user % offices);
        } else if user % 2 == 0 {
            let _ = writeln!(tables[3].1, "{user},{user},1980-02-03,1,,");
        } else {
            let (doctor, office) = (1001 + user % doctors, 1 + user % offices);
            let _ = writeln!(tables[3].1, "{user},{user},1980-02-03,1,{doctor},{office}");
        }
    }
    let job = Job::of_tables(&tables, empty_target())
        .configured("[policy]\nallowed_rejects = { patients = 1000000 }\n");
    job.verb("extract").run().expect(0);
    job.verb("survey").run().expect(0);
    job
}

/// One who only reads, as any program may open the file.
fn stranger(file: &Path) -> Connection {
    let connection = Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    connection.busy_timeout(Duration::from_mins(1)).unwrap();
    connection
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

/// The steps that SQLite takes to read all of a view.
fn steps(connection: &Connection, view: &str) -> i64 {
    let mut statement = connection.prepare(&format!("select * from {view}")).unwrap();
    let mut rows = statement.query([]).unwrap();
    while rows.next().unwrap().is_some() {}
    drop(rows);
    statement.get_status(StatementStatus::VmStep).into()
}

fn names(connection: &Connection, kind: &str) -> Vec<String> {
    let mut statement =
        connection.prepare("select name from sqlite_schema where type = ? order by name").unwrap();
    statement.query_map([kind], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A view is read in at most so many steps for each row of the file.
const STEPS_PER_ROW: i64 = 60;

/// All rows of the file.
fn rows(connection: &Connection) -> i64 {
    let tables = names(connection, "table");
    tables.iter().map(|table| number(connection, &format!("select count(*) from \"{table}\""))).sum()
}

#[track_caller]
fn every_view_is_a_walk(connection: &Connection) {
    let rows = rows(connection);
    let views = names(connection, "view");
    assert!(views.len() > 20 && rows > 10_000, "{views:?}, {rows} rows");
    let slow: Vec<String> = views
        .iter()
        .map(|view| (view, steps(connection, view)))
        .filter(|(_, steps)| *steps > STEPS_PER_ROW * rows)
        .map(|(view, steps)| format!("{view}: {steps} steps"))
        .collect();
    assert!(slow.is_empty(), "{slow:?} for {rows} rows");
}

/// Kills a transform once it has written some of the last rows, and returns a session with its file.
fn killed_transform(job: &Job) -> Connection {
    let mut transform = job.verb("transform").spawn();
    let watching = stranger(&job.file());
    while number(&watching, "select count(*) from ready_patients") == 0 {
        assert!(transform.try_wait().unwrap().is_none(), "it ended before it could be killed");
        thread::sleep(Duration::from_millis(5));
    }
    transform.kill().unwrap();
    transform.wait().unwrap();
    drop(watching);
    Connection::open(job.file()).unwrap()
}

#[test]
fn what_a_killed_transform_leaves_is_looked_at_as_fast_as_anything() {
    let job = job(6_000);
    let file = killed_transform(&job);
    assert_eq!(number(&file, "select count(*) from sqlite_schema where name = 'migration_errors_entity'"), 0);
    assert!(number(&file, "select count(*) from migration_errors") > 1_000);
    assert!(number(&file, "select count(*) from records where fate <> 'ready'") > 100);
    every_view_is_a_walk(&file);
    drop(file);
    job.drydock(["status", "--json"]).run().expect(0);
    // and the work is simply done again
    job.verb("transform").run().expect(0);
}

#[test]
fn no_view_needs_the_indexes_that_a_transform_makes_at_its_end() {
    let (job, migrated) = (job(3_000), Job::migrated());
    job.verb("transform").run().expect(0);
    for file in [job.file(), migrated.file()] {
        let connection = Connection::open(&file).unwrap();
        every_view_is_a_walk(&connection);
        let said = |connection: &Connection| -> Vec<Vec<String>> {
            ["v_waiting", "v_dependency_failures", "v_dependencies", "v_expected_totals"]
                .map(|view| sqlite3(Path::new(connection.path().unwrap()), &format!("select * from {view}")))
                .map(|rows| rows.lines().map(str::to_owned).collect())
                .to_vec()
        };
        let before = said(&connection);
        let schema = drydock::staging::schema_text();
        let indexes = schema.lines().filter_map(|line| line.split_once("index if not exists "));
        let names: Vec<&str> = indexes.map(|(_, index)| index.split_once(' ').unwrap().0).collect();
        assert!(names.len() > 2, "{names:?}");
        for name in names {
            connection.execute_batch(&format!("drop index {name}")).unwrap();
        }
        every_view_is_a_walk(&connection);
        assert_eq!(said(&connection), before);
    }
}

#[test]
fn a_transform_ends_beside_those_who_look_at_it_all_the_time() {
    let job = job(20_000);
    let mut transform = job.verb("transform").spawn();
    let (mut looks, mut reads, mut failed) = (0, Vec::new(), None);
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        let reading = scope.spawn(|| {
            let mut reads = Vec::new();
            let stranger = stranger(&job.file());
            while !is_over.load(Ordering::Relaxed) {
                for view in ["v_review", "v_waiting", "v_dependency_failures", "v_expected_totals"] {
                    reads.push(steps(&stranger, view));
                }
            }
            reads
        });
        while failed.is_none() && transform.try_wait().unwrap().is_none() {
            let look = job.drydock(["status", "--json"]).run();
            looks += 1;
            failed = Some(look).filter(|look| look.code != Some(0));
        }
        is_over.store(true, Ordering::Relaxed);
        reads = reading.join().unwrap();
    });
    assert_eq!(failed, None);
    let ended = transform.wait_with_output().unwrap();
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    assert!(looks > 2 && reads.len() > 2, "{looks} looks, {} reads", reads.len());
    // none of them took more than a walk, whatever the transform was doing
    let most = STEPS_PER_ROW * rows(&stranger(&job.file()));
    assert!(reads.iter().all(|steps| *steps <= most), "{:?} steps, of at most {most}", reads.iter().max());
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");
}

/// Reads what a command says until it waits for a reader.
fn says_that_it_waits(command: &mut Child) -> BufReader<std::process::ChildStderr> {
    let mut said = BufReader::new(command.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("waiting for a reader of the staging file") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended without a word about a reader");
    }
    assert!(line.contains(&format!("process {}", std::process::id())), "{line}");
    said
}

#[test]
fn a_reader_that_keeps_the_file_is_waited_for_and_named() {
    let job = job(200);
    let reader = stranger(&job.file());
    reader.execute_batch("begin; select count(*) from runs").unwrap();
    let mut transform = job.verb("transform").spawn();
    let said = says_that_it_waits(&mut transform);
    assert!(transform.try_wait().unwrap().is_none());
    reader.execute_batch("commit").unwrap();
    let mut rest = String::new();
    { said }.read_to_string(&mut rest).unwrap();
    assert!(transform.wait().unwrap().success(), "{rest}");
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");
}

#[test]
fn a_wait_for_a_reader_ends_with_ctrl_c() {
    let job = job(200);
    let reader = stranger(&job.file());
    reader.execute_batch("begin; select count(*) from runs").unwrap();
    let mut transform = job.verb("transform").spawn();
    let mut said = says_that_it_waits(&mut transform);
    assert!(Command::new("kill").args(["-INT", &transform.id().to_string()]).status().unwrap().success());
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert_eq!(transform.wait().unwrap().code(), Some(130), "{rest}");
    assert!(rest.contains("interrupted"), "{rest}");
    reader.execute_batch("commit").unwrap();
    drop(reader);
    job.verb("transform").run().expect(0);
}

#[test]
fn a_list_of_errors_that_nobody_reads_on_keeps_nobody_from_writing() {
    let job = job(2_000);
    job.verb("transform").run().expect(0);
    // far more than a pipe holds, and only its first line is taken
    let mut listing = job.drydock(["errors"]).spawn();
    let mut first = String::new();
    let mut list = BufReader::new(listing.stdout.take().unwrap());
    list.read_line(&mut first).unwrap();
    assert!(!first.is_empty());
    let ended = job.verb("transform").run().expect(0);
    assert!(!ended.stderr.contains("waiting for a reader"), "{}", ended.stderr);
    assert!(listing.try_wait().unwrap().is_none(), "the list went into the pipe as a whole");
    drop(list);
    listing.wait().unwrap();
}

#[test]
fn somebody_who_writes_to_the_file_is_named() {
    let job = job(200);
    let writer = Connection::open(job.file()).unwrap();
    writer.execute_batch("begin exclusive").unwrap();
    let mut transform = job.verb("transform").spawn();
    let mut said = BufReader::new(transform.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("of the staging file") {
        line.clear();
        assert!(said.read_line(&mut line).unwrap() > 0, "it ended without a word about a writer");
    }
    assert!(line.contains(&format!("process {}", std::process::id())), "{line}");
    writer.execute_batch("rollback").unwrap();
    let mut rest = String::new();
    said.read_to_string(&mut rest).unwrap();
    assert!(transform.wait().unwrap().success(), "{rest}");
}

#[test]
fn one_who_looks_while_somebody_writes_for_long_is_told_so() {
    let job = job(200);
    let writer = Connection::open(job.file()).unwrap();
    writer.execute_batch("begin exclusive").unwrap();
    // it looks at the file's configuration first, and waits for a second only
    let told = job.verb("extract").run().expect(8).stderr;
    assert!(told.contains("another program is writing to the staging file"), "{told}");
    assert!(told.contains("\nhint: run the same command again when that program is done"), "{told}");
}
