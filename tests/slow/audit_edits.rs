//! Somebody who knows how everything is computed edits a sealed copy and computes all of it anew: the digests, the commitments,
//! the chain, the seal, the manifest. A head that was kept tells, and so does a signature.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use drydock::audit::{CheckOptions, Checked, Verifier, check, measure};
use drydock::staging::{Entry, JOURNALLED, Staging, canonical};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tempfile::TempDir;

use super::audit::{head, job, keys};
use crate::harness::Job;

struct Sealed {
    job: Job,
    /// The head that the command printed, by folder.
    heads: [String; 2],
    key: String,
}

const FOLDERS: [&str; 2] = ["signed", "redacted"];

fn sealed() -> &'static Sealed {
    static SEALED: OnceLock<Sealed> = OnceLock::new();
    SEALED.get_or_init(|| {
        let job = job();
        let key = keys(&job.path(""));
        let seal = |arguments: &[&str]| {
            let sealed = job
                .drydock([&["audit", "seal", "--sign", "key.pem", "--out"], arguments].concat())
                .run()
                .expect(0);
            head(&sealed)
        };
        let heads = [seal(&["signed"]), seal(&["redacted", "--redact"])];
        Sealed { job, heads, key }
    })
}

/// A copy of a sealed folder, in the attacker's hands.
struct Taken {
    folder: TempDir,
    triggers: Vec<String>,
}

impl Taken {
    fn of(name: &str) -> Self {
        let folder = TempDir::new().unwrap();
        for file in fs::read_dir(sealed().job.path(name)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        let taken = Self { folder, triggers: Vec::new() };
        let file = taken.open();
        let triggers = texts(&file, "select sql from sqlite_schema where type = 'trigger'");
        Self { triggers, ..taken }
    }

    fn file(&self) -> PathBuf {
        self.folder.path().join("staging.drydock")
    }

    fn open(&self) -> Connection {
        let file = Connection::open(self.file()).unwrap();
        file.execute_batch("pragma ignore_check_constraints = on; pragma foreign_keys = off").unwrap();
        file
    }

    /// Runs statements as if there were no triggers.
    fn edit(&self, sql: &str) {
        let file = self.open();
        file.execute_batch(
            "drop trigger journal_is_not_updated; drop trigger journal_is_not_deleted; drop trigger journal_goes_on",
        )
        .unwrap();
        file.execute_batch(sql).unwrap_or_else(|cause| panic!("{sql}: {cause}"));
        file.execute_batch(&self.triggers.join(";")).unwrap();
    }

    /// Computes everything anew that can be computed without a secret that is not in the file.
    fn make_consistent(&self) {
        self.take_snapshot_anew();
        self.commit_anew();
        let mut entries = self.entries();
        self.digest_anew(&mut entries);
        self.seal_anew(&mut entries);
        self.manifest_anew();
    }

    /// The raw tables' digests, and whatever in the journal has the old ones.
    fn take_snapshot_anew(&self) {
        let Ok(proofs) = self.examine().raw_proofs() else { return };
        for pair in proofs.chunks(2).filter(|pair| !pair[0].is_equal) {
            let (said, is) = (&pair[0], &pair[1]);
            self.edit(&format!(
                "update legacy_tables set rows = rows + {} - {}, digest = '{}' where table_name = '{}'; \
                 update journal set content = replace(content, '{}', '{}')",
                is.rows, said.rows, is.digest, is.name, said.digest, is.digest
            ));
        }
    }

    /// The entries of rows, and the ends of commands.
    fn commit_anew(&self) {
        let staging = self.examine();
        let key = staging.fact("journal_key").unwrap();
        let file = self.open();
        let mut changed = Vec::new();
        for of in JOURNALLED {
            let Ok(rows) = staging.journalled_rows(of, key.as_deref()) else { continue };
            for entry in staging.journal().unwrap().iter().filter(|entry| entry.kind == of.kind) {
                let said = entry.value().unwrap();
                match rows.iter().find(|row| row[of.id] == said[of.id]) {
                    Some(row) if key.is_some() => {
                        changed.push(format!(
                            "update journal set content = '{}' where sequence = {}",
                            canonical(row).replace('\'', "''"),
                            entry.sequence
                        ));
                    }
                    Some(_) => {}
                    None => changed.push(format!("delete from journal where sequence = {}", entry.sequence)),
                }
            }
        }
        drop(file);
        drop(staging);
        changed.push(
            "update journal set content = json_object('exit_code', r.exit_code, 'outcome', r.outcome) \
             from runs r where journal.kind = 'finished' and journal.run_id = r.run_id and r.outcome is not null"
                .to_owned(),
        );
        self.edit(&changed.join(";"));
    }

    fn entries(&self) -> Vec<Entry> {
        self.examine().journal().unwrap()
    }

    /// What the journal says of every table, as the last command that said anything of any.
    fn digest_anew(&self, entries: &mut [Entry]) {
        let staging = self.examine();
        let Ok(Some(key)) = staging.fact("journal_key") else { return };
        let mut tables = serde_json::Map::new();
        for (table, columns) in staging.tables().unwrap() {
            if !["journal", "runs", "progress", "seal", "sealed_tables"].contains(&table.as_str()) {
                let (rows, digest) = staging.keyed_digest(&table, &columns, &key).unwrap();
                tables.insert(table, json!({ "rows": rows, "digest": digest }));
            }
        }
        if let Some(last) = entries.iter_mut().rev().find(|entry| entry.kind == "digests") {
            last.content = canonical(&json!({ "tables": tables }));
        }
    }

    /// The seal's tables, its entry, the chain, and the chain's own digest.
    fn seal_anew(&self, entries: &mut [Entry]) {
        let staging = self.examine();
        let seal = staging.seal().ok().flatten();
        let schema = staging.schema_digest().unwrap();
        let digest_of = |table: &str, salt: &str| {
            let columns = staging.tables().unwrap().remove(table).unwrap();
            staging.table_digest(table, &columns, salt).unwrap()
        };
        let mut rows = Vec::new();
        if let Some(seal) = &seal {
            let mut text = format!(
                "drydock seal 1\n{}\n{}\n{}\n{schema}\n",
                seal.sealed_at,
                u8::from(seal.is_redacted),
                seal.salt
            );
            for table in staging.tables().unwrap().into_keys() {
                if !["journal", "seal", "sealed_tables"].contains(&table.as_str()) {
                    let digest = digest_of(&table, &seal.salt);
                    text += &format!("{table}\n{}\n{}\n", digest.rows, digest.sha256);
                    rows.push(digest);
                }
            }
            let sha256: String = Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect();
            if let Some(entry) = entries.iter_mut().rev().find(|entry| entry.kind == "sealed") {
                entry.content = canonical(&json!({ "is_redacted": seal.is_redacted, "sha256": sha256 }));
                entry.at.clone_from(&seal.sealed_at);
            }
        }
        drop(staging);
        let mut previous = "0".repeat(64);
        let mut sql = "delete from journal;".to_owned();
        for (number, entry) in (1..).zip(entries.iter_mut()) {
            entry.sequence = number;
            entry.previous_hash.clone_from(&previous);
            entry.hash = entry.computed_hash();
            previous.clone_from(&entry.hash);
            sql += &format!(
                "insert into journal values ({}, '{}', '{}', {}, '{}', '{}', '{}');",
                entry.sequence,
                entry.at,
                entry.kind,
                entry.run_id.map_or("null".to_owned(), |run| run.to_string()),
                entry.content.replace('\'', "''"),
                entry.previous_hash,
                entry.hash
            );
        }
        self.edit(&sql);
        if let Some(seal) = seal {
            let staging = self.examine();
            let columns = staging.tables().unwrap().remove("journal").unwrap();
            rows.push(staging.table_digest("journal", &columns, &seal.salt).unwrap());
            drop(staging);
            let file = self.open();
            file.execute("delete from sealed_tables", []).unwrap();
            for row in rows {
                file.execute(
                    "insert into sealed_tables values (?, ?, ?)",
                    params![row.table, row.rows, row.sha256],
                )
                .unwrap();
            }
        }
    }

    fn manifest_anew(&self) {
        let path = self.folder.path().join("manifest.json");
        let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
        let staging = self.examine();
        let bytes = fs::read(self.file()).unwrap();
        let sha256: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
        manifest["file"]["bytes"] = bytes.len().into();
        manifest["file"]["sha256"] = sha256.into();
        manifest["journal"] = serde_json::to_value(staging.head().unwrap()).unwrap();
        manifest["configuration_sha256"] = json!(staging.fact("configuration_sha256").unwrap());
        if manifest["redacted"].is_object() {
            manifest["redacted"]["configuration_commitment"] =
                json!(staging.fact("configuration_commitment").unwrap());
            if let Ok(measured) = measure(&staging) {
                manifest["redacted"]["anonymity"]["after"] = serde_json::to_value(measured).unwrap();
            }
        }
        if let Ok(Some(seal)) = staging.seal() {
            manifest["tables"] = serde_json::to_value(&seal.tables).unwrap();
            manifest["sealed_at"] = seal.sealed_at.into();
        }
        if let Ok(lines) = staging.accounting() {
            let lines: Vec<Value> = lines
                .into_iter()
                .map(|one| {
                    json!({
                        "entity": one.entity, "extracted": one.extracted, "ready": one.ready, "merged": one.merged,
                        "rejected": one.rejected, "quarantined": one.quarantined, "loaded": one.loaded,
                        "failed": one.failed
                    })
                })
                .collect();
            manifest["accounting"] = lines.into();
        }
        // nobody can sign in another's name
        manifest["signed_by"] = Value::Null;
        fs::write(&path, serde_json::to_vec_pretty(&manifest).unwrap()).unwrap();
        let _ = fs::remove_file(self.folder.path().join("manifest.json.sig"));
    }

    fn examine(&self) -> Staging {
        Staging::examine(&self.file()).unwrap()
    }
}

fn texts(file: &Connection, sql: &str) -> Vec<String> {
    let mut statement = file.prepare(sql).unwrap();
    let found = statement.query_map([], |row| row.get(0)).unwrap();
    found.map(Result::unwrap).collect()
}

/// Per table of the file with rows, one value changed and one row removed.
fn edits_of_tables(folder: &str) -> Vec<(String, String)> {
    let taken = Taken::of(folder);
    let file = taken.open();
    let tables = texts(
        &file,
        "select name from sqlite_schema where type = 'table' and name not like 'sqlite_%' \
         and name not in ('journal', 'seal', 'sealed_tables', 'runs')",
    );
    let mut edits = Vec::new();
    for table in tables {
        let has: bool = file
            .query_row(&format!("select exists (select 1 from \"{table}\")"), [], |row| row.get(0))
            .unwrap();
        if !has {
            continue;
        }
        let columns =
            texts(&file, &format!("select name from pragma_table_info('{table}') order by pk, cid desc"));
        let column = &columns[0];
        let keys = texts(
            &file,
            &format!("select name from pragma_table_info('{table}') order by pk = 0, pk limit 1"),
        );
        let (key, first) = (&keys[0], format!("(select \"{}\" from \"{table}\" limit 1)", keys[0]));
        edits.push((
            format!("{table}: a value"),
            format!("update \"{table}\" set \"{column}\" = coalesce(\"{column}\", '') || '1' where \"{key}\" = {first}"),
        ));
        edits.push((format!("{table}: a row"), format!("delete from \"{table}\" where \"{key}\" = {first}")));
    }
    edits
}

/// What can be done to a file as a whole.
fn edits_of_the_whole(folder: &str) -> Vec<(String, String)> {
    // whoever that is: a redacted copy has ids of its own
    let of = |sql: &str| texts(&Taken::of(folder).open(), sql).remove(0);
    let patient = of("select cast(max(legacy_id) as text) from ready_patients");
    let user = of("select cast(max(legacy_id) as text) from ready_profiles");
    let patient = "delete from legacy_dispatch_patient where legacy_id = 2; \
                   delete from records where entity = 'patients' and legacy_id = 2; \
                   delete from ready_patients where legacy_id = 2; delete from loads where entity = 'patients' and legacy_id = 2; \
                   delete from associations where entity = 'patients' and legacy_id = 2; \
                   delete from migration_errors where entity = 'patients' and entity_id = 2; \
                   delete from changes where entity = 'patients' and legacy_id = 2"
        .replace(" = 2", &format!(" = {patient}"));
    let not_last = "run_id = (select max(run_id) from runs where verb not like 'audit%')";
    [
        ("one patient is removed from every table", patient),
        ("a value of the source is another", format!("update legacy_auth_user set last_name = 'Wave' where legacy_id = {user}")),
        ("the last command before the seal is cut off",
         format!("delete from journal where {not_last}; delete from runs where {not_last}")),
        ("a command ended otherwise", "update runs set exit_code = 7 where verb = 'verify'".into()),
        ("a command was run by another version", "update runs set tool_version = '9' where run_id = 1; \
          update journal set content = json_set(content, '$.tool_version', '9') where kind = 'started' and run_id = 1".into()),
        ("an entry is taken out", "delete from journal where kind = 'looked' or sequence = 3".into()),
        ("a moment of the journal is another", "update journal set at = '2020-01-01T00:00:00Z' where sequence = 2".into()),
        ("an approval is invented", "insert into gate_approvals (gate, approved_by, approved_at, subject) \
          values (5, 'Di', '2026-01-01T00:00:00Z', 'x'); insert into journal select max(sequence) + 1000, '2026-01-01T00:00:00Z', \
          'approval', 1, '{\"approval_id\":' || (select max(approval_id) from gate_approvals) || '}', '', 'x' from journal".into()),
        ("it was sealed at another time", "update seal set sealed_at = '2020-01-01T00:00:00Z'".into()),
        ("another salt", "update seal set salt = '00'".into()),
        ("the seal is taken off", "delete from seal; delete from sealed_tables".into()),
        ("the seal is taken off, and a row changed",
         "delete from seal; delete from sealed_tables; update changes set after = 'x'".into()),
        ("the seal is taken off, and a command goes on", "delete from seal; delete from sealed_tables; \
          update changes set after = 'x'; \
          insert into runs select max(run_id) + 1, 'survey', max(tool_version), '2027-01-01T00:00:00Z', '2027-01-01T00:00:00Z', 'done', 0 from runs; \
          insert into journal select max(sequence) + 1, '2027-01-01T00:00:00Z', 'started', (select max(run_id) from runs), \
          json_object('tool_version', (select max(tool_version) from runs), 'verb', 'survey'), '', 'a' from journal; \
          insert into journal select max(sequence) + 1, '2027-01-01T00:00:00Z', 'digests', (select max(run_id) from runs), '{}', '', 'b' from journal; \
          insert into journal select max(sequence) + 1, '2027-01-01T00:00:00Z', 'finished', (select max(run_id) from runs), '{}', '', 'c' from journal".into()),
        ("a table that nobody handed over", "create table \"legacy_other\" (legacy_id integer primary key, \"a\" text); \
          insert into legacy_other values (1, 'x')".into()),
        ("a view counts otherwise", "drop view v_unaccounted; \
          create view v_unaccounted as select '' as entity, 0 as legacy_id, '' as problem where 0".into()),
        ("a trigger waits", "create trigger quiet after insert on records begin select 1; end".into()),
    ]
    .map(|(name, sql)| (name.to_owned(), sql))
    .into()
}

fn found(checked: &Checked) -> Vec<&'static str> {
    checked.parts.iter().filter(|part| !part.found.is_empty()).map(|part| part.name).collect()
}

fn checked(folder: &Path, options: &CheckOptions) -> Checked {
    check(folder, options).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn whoever_knows_the_algorithm_is_found_by_a_kept_head_and_by_a_signature() {
    let sealed = sealed();
    for (folder, kept) in FOLDERS.into_iter().zip(&sealed.heads) {
        let with_head = CheckOptions { expect_head: Some(kept.clone()), ..CheckOptions::default() };
        let verifier = Verifier::read(Path::new(&sealed.key)).unwrap();
        let with_key = CheckOptions { verifier: Some(verifier), ..CheckOptions::default() };
        assert!(checked(&sealed.job.path(folder), &with_head).holds(), "{folder}");
        assert!(checked(&sealed.job.path(folder), &with_key).holds(), "{folder}");
        // what a redacted copy's rows are sealed by is the same: every second edit shows it
        let every = if folder == "redacted" { 2 } else { 1 };
        let mut edits: Vec<_> = edits_of_tables(folder).into_iter().step_by(every).collect();
        edits.extend(edits_of_the_whole(folder));
        let (mut unnoticed, mut missed) = (0, Vec::new());
        for (name, sql) in &edits {
            let taken = Taken::of(folder);
            taken.edit(sql);
            taken.make_consistent();
            let by_head = checked(taken.folder.path(), &with_head);
            let by_key = checked(taken.folder.path(), &with_key);
            unnoticed += usize::from(checked(taken.folder.path(), &CheckOptions::default()).integrity);
            // by the head, or by the seal that the head's entry speaks of, not by something that the attacker forgot
            let is_found_by_head =
                ["expected_head", "seal"].iter().any(|part| found(&by_head).contains(part));
            if !is_found_by_head || !found(&by_key).contains(&"signature") {
                missed.push(format!("{folder}: {name}: {:?} {:?}", found(&by_head), found(&by_key)));
            }
        }
        println!("{folder}: {} kinds of edits, {unnoticed} of them made consistent", edits.len());
        assert!(missed.is_empty(), "{missed:#?}");
        assert!(edits.len() >= 40, "{}", edits.len());
        // the attacker is a good one
        assert!(unnoticed * 3 >= edits.len(), "{unnoticed} of {}", edits.len());
    }
}
