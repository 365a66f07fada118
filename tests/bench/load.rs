//! The time of a load against one `psql` that does the same server work: `\copy` into a temporary table and the same
//! merge statement, from a file in key order, into the same indexed tables with their foreign keys.
//!
//! `cargo bench --bench load` loads a million profiles and a million patients; `DRYDOCK_BENCH_ROWS` is another number of
//! each. Both sides run in turns on one server, so what else the machine does hits both. The bounds: the first load at
//! most 1.0 times psql, 150 MB, a second load that changes nothing at most 0.55 times the first.

#[path = "../harness/mod.rs"]
mod harness;
mod rows;

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use harness::{Database, database, psql};
use harness::{Job, Size, tables};
use rows::rows;

const PROFILES: &str =
    "id, legacy_id, email, first_name, last_name, role, is_active, metadata, created_at, updated_at";
const PATIENTS: &str = "id, legacy_id, user_id, first_name, last_name, email, date_of_birth, gender, practice_id, \
    assigned_profile_id, phone, address, city, state, zip_code, insurance_provider, insurance_id, \
    emergency_contact_name, emergency_contact_phone, medical_history, allergies, medications, metadata, created_at, \
    updated_at";

fn main() {
    let rows = rows();
    let migration = Job::of_size(Size { offices: 800, users: 20 }).at("transform");
    fill(&migration, rows);
    let other = database();
    other.execute(&tables());
    let script = script(&migration);
    // the practices are few and the same on both sides
    run_psql(&other, &migration, "practices.sql");

    let started = Instant::now();
    run_psql(&other, &migration, &script);
    let by_psql = started.elapsed();
    migration.target().execute("checkpoint");

    let (first, memory) = load(&migration);
    let receipts = psql(migration.target(), "select count(*) from drydock.receipts");
    let (second, _) = load(&migration);
    assert_eq!(
        psql(migration.target(), "select count(*) from drydock.receipts"),
        receipts,
        "it wrote something"
    );
    for table in ["profiles", "patients"] {
        let sql = format!("select count(*) from {table}");
        assert_eq!(psql(migration.target(), &sql), psql(&other, &sql));
    }

    let ratio = |a: Duration, b: Duration| a.as_secs_f64() / b.as_secs_f64();
    println!("{rows} profiles and {rows} patients");
    println!("psql          {:7.2} s", by_psql.as_secs_f64());
    println!(
        "first load    {:7.2} s  {:.2} of psql (bound 1.00)  {memory} MB (bound 150)",
        first.as_secs_f64(),
        ratio(first, by_psql)
    );
    println!(
        "second load   {:7.2} s  {:.2} of the first (bound 0.55), nothing written",
        second.as_secs_f64(),
        ratio(second, first)
    );
}

/// Puts ready rows into the staging file, as transform would, with ids as scattered as UUIDv5 are.
fn fill(migration: &Job, rows: u64) {
    let uuid = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-5' || substr(hex(randomblob(2)), 2) || '-8' \
                || substr(hex(randomblob(2)), 2) || '-' || hex(randomblob(6)))";
    let sql = format!(
        "pragma synchronous = off; begin;
         delete from ready_profiles; delete from ready_patients; delete from ready_practice_owners;
         delete from ready_practice_members; delete from records where entity <> 'practices';
         create temp table n as with recursive n (i) as (select 1 union all select i + 1 from n where i < {rows}) select i from n;
         create temp table office as select row_number() over (order by legacy_id) - 1 as place, id from ready_practices;
         insert into ready_profiles ({PROFILES}, practice_id)
         select {uuid}, i, 'person' || i || '@example.org', 'First' || i, 'Last' || i, 'patient', 'true',
             '{{\"legacy\":{{\"username\":\"u' || i || '\",\"groups\":[1],\"is_staff\":\"f\",\"email\":\"person' || i || '@example.org\"}}}}',
             '2020-01-01 00:00:00+00', '2021-01-01 00:00:00+00', (select id from office where place = i % 800)
         from n order by i;
         insert into ready_patients ({PATIENTS})
         select {uuid}, p.legacy_id, p.id, first_name, last_name, email, '1980-02-03', 'female', practice_id,
             (select id from ready_profiles d where d.legacy_id = 1 + p.legacy_id % 1000),
             '', '', '', '', '', '', '', '', '', '', '', '', metadata, created_at, updated_at
         from ready_profiles p order by 2;
         insert into records (entity, legacy_id, fate) select 'profiles', legacy_id, 'ready' from ready_profiles;
         insert into records (entity, legacy_id, fate) select 'patients', legacy_id, 'ready' from ready_patients;
         commit;"
    );
    let status = Command::new("sqlite3").arg(migration.file()).arg(sql).status().expect("sqlite3");
    assert!(status.success());
    // what is yet to be written to the disk is not the load's to wait for
    fs::File::open(migration.file()).and_then(|file| file.sync_all()).expect("a file on the disk");
}

/// Writes the rows as files for `\copy` and the script that merges them; returns the script's name.
fn script(migration: &Job) -> String {
    let columns =
        "id, legacy_id, name, address, city, state, zip_code, country, phone, tax_rate, is_active, metadata";
    export(migration, "practices", columns);
    fs::write(
        migration.path("practices.sql"),
        format!("\\copy practices ({columns}) from 'practices.tsv'\n"),
    )
    .expect("a script");
    let mut script = String::from("set search_path = public, pg_temp;\n");
    for (table, columns) in [("profiles", PROFILES), ("patients", PATIENTS)] {
        export(migration, table, columns);
        script += &merge(table, columns);
    }
    export_as(migration, "links", "ready_profiles", "id, legacy_id, practice_id");
    script += "begin;
        create temporary table links on commit drop as select id, legacy_id, practice_id from profiles with no data;
        \\copy links from 'links.tsv'
        analyze links;
        update profiles t set practice_id = s.practice_id from links s where t.legacy_id = s.legacy_id
            and s.practice_id is not null and t.practice_id is distinct from s.practice_id;
        commit;\n";
    fs::write(migration.path("merge.sql"), script).expect("a script");
    "merge.sql".to_owned()
}

fn merge(table: &str, columns: &str) -> String {
    let names: Vec<&str> = columns.split(", ").map(str::trim).collect();
    let once = [
        "phone",
        "address",
        "city",
        "state",
        "zip_code",
        "insurance_provider",
        "insurance_id",
        "emergency_contact_name",
        "emergency_contact_phone",
        "medical_history",
        "allergies",
        "medications",
    ];
    let updated: Vec<&&str> =
        names.iter().filter(|name| !["id", "legacy_id"].contains(name) && !once.contains(name)).collect();
    let differs = |sent: &str| -> String {
        let parts: Vec<String> = updated
            .iter()
            .map(|name| match **name {
                "metadata" => format!("t.metadata -> 'legacy' is distinct from {sent}.metadata -> 'legacy'"),
                name => format!("t.{name} is distinct from {sent}.{name}"),
            })
            .collect();
        parts.join(" or ")
    };
    let assigned: Vec<String> = updated.iter().map(|name| format!("{name} = excluded.{name}")).collect();
    format!(
        "begin;
         create temporary table sent on commit drop as select {columns} from {table} with no data;
         \\copy sent ({columns}) from '{table}.tsv'
         analyze sent;
         insert into {table} as t ({columns}) select {columns} from sent s
         where not exists (select 1 from {table} t where t.legacy_id = s.legacy_id and not ({}))
         on conflict (legacy_id) do update set {} where {};
         commit;\n",
        differs("s"),
        assigned.join(", "),
        differs("excluded")
    )
}

fn export(migration: &Job, entity: &str, columns: &str) {
    export_as(migration, entity, &format!("ready_{entity}"), columns);
}

fn export_as(migration: &Job, name: &str, table: &str, columns: &str) {
    let file = fs::File::create(migration.path(format!("{name}.tsv"))).expect("a file");
    let status = Command::new("sqlite3")
        .args(["-separator", "\t", "-nullvalue", "\\N"])
        .arg(migration.file())
        .arg(format!("select {columns} from {table} order by legacy_id"))
        .stdout(file)
        .status()
        .expect("sqlite3");
    assert!(status.success());
}

fn run_psql(target: &Database, migration: &Job, script: &str) {
    let status = Command::new("psql")
        .args(["-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", &target.url(), "-f", script])
        .current_dir(migration.folder())
        .stdout(Stdio::null())
        .status()
        .expect("psql");
    assert!(status.success());
}

/// Loads; returns how long it took and the most memory that it had, in MB.
fn load(migration: &Job) -> (Duration, u64) {
    let started = Instant::now();
    let mut child = migration.drydock(["load", "--quiet"]).spawn();
    let status = format!("/proc/{}/status", child.id());
    let mut memory = 0;
    let ended = loop {
        memory = memory.max(peak(Path::new(&status)));
        if let Some(ended) = child.try_wait().expect("the load") {
            break ended;
        }
        sleep(Duration::from_millis(20));
    };
    assert!(ended.success());
    (started.elapsed(), memory)
}

fn peak(status: &Path) -> u64 {
    let text = fs::read_to_string(status).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0) / 1024
}
