//! A stranger who knows one in ten of the people by id and by name, with everything that their rows said, gets a redacted copy of the
//! demonstration's world and learns the name of nobody else; and the manifest says of how many people are alike what can be counted.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use drydock::audit::{CheckOptions, KeyOfExport, QUASI_IDENTIFIERS, check};
use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

use crate::harness::{Job, sqlite3};

/// The world, and three copies of it.
struct Shelf {
    job: Job,
}

impl Shelf {
    fn copy(&self, name: &str) -> PathBuf {
        self.job.path(name).join("staging.drydock")
    }

    fn redacted(&self, name: &str) -> Value {
        let manifest = fs::read(self.job.path(name).join("manifest.json")).unwrap();
        serde_json::from_slice::<Value>(&manifest).unwrap()["redacted"].take()
    }

    /// What the ids of a copy stand for, by kind and id.
    fn stands_for(&self, key: &str) -> HashMap<(String, i64), i64> {
        let text = fs::read_to_string(self.job.path(key)).unwrap();
        let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
        lines
            .filter_map(|line| {
                let kind = line["kind"].as_str()?.to_owned();
                Some(((kind, line["id"].as_i64()?), line["stands_for"].as_i64()?))
            })
            .collect()
    }
}

fn shelf() -> &'static Shelf {
    static SHELF: OnceLock<Shelf> = OnceLock::new();
    SHELF.get_or_init(|| {
        let job = Job::migrated();
        for (out, key, more) in [
            ("own", "own.key", None),
            ("linkable", "linkable.key", Some("--linkable")),
            ("five", "five.key", Some("--k=5")),
        ] {
            let arguments = ["audit", "seal", "--redact", "--out", out, "--token-key", key];
            job.drydock(arguments.into_iter().chain(more)).run().expect(0);
        }
        Shelf { job }
    })
}

fn open(file: &Path) -> Connection {
    Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap()
}

fn rows(file: &Connection, sql: &str) -> Vec<Vec<String>> {
    let mut statement = file.prepare(sql).unwrap();
    let width = statement.column_count();
    let rows = statement.query_map([], |row| {
        (0..width).map(|at| row.get::<_, Option<String>>(at).map(Option::unwrap_or_default)).collect()
    });
    rows.unwrap().map(Result::unwrap).collect()
}

/// Of every user the id, both names, and what a row shows of somebody: each moment by its year, of a text whether there is one.
const SHOWN: &str = "
    select cast(u.legacy_id as text), u.first_name, u.last_name,
           concat_ws_of(u.date_joined), concat_ws_of(u.last_login), u.is_active, u.is_staff, u.is_superuser, u.email = '',
           concat_ws_of(p.birthdate), p.sex, p.status, p.archived, p.suspended, concat_ws_of(p.submitted_at), concat_ws_of(p.updated_at),
           p.suffix is null, p.schemes is null, p.office_id is null, p.doctor_id is null
    from legacy_auth_user u left join legacy_dispatch_patient p on p.user_id = u.legacy_id
    where u.first_name <> '' and u.last_name <> ''";

/// Everybody of a file, by what is shown of them.
fn shown(file: &Path) -> BTreeMap<Vec<String>, Vec<[String; 3]>> {
    let mut shown: BTreeMap<_, Vec<_>> = BTreeMap::new();
    // a day is known where a year is shown; whoever is old is shown as that
    let year = |column: &str| {
        format!(
            "iif({column} like '____-__-__%', iif(substr({column}, 1, 4) <= '1936', '', substr({column}, 1, 4)), \
                 iif({column} like '____', {column}, ''))"
        )
    };
    let mut sql = SHOWN.to_owned();
    while let Some((before, after)) = sql.split_once("concat_ws_of(") {
        let (column, after) = after.split_once(')').unwrap();
        sql = format!("{before}{}{after}", year(column));
    }
    let sql = sql.replace("u.email = ''", "cast(u.email = '' as text)");
    let sql = ["p.suffix", "p.schemes", "p.office_id", "p.doctor_id"].iter().fold(sql, |sql, column| {
        sql.replace(&format!("{column} is null"), &format!("cast({column} is null as text)"))
    });
    for mut row in rows(&open(file), &sql) {
        let rest = row.split_off(3);
        shown.entry(rest).or_default().push(row.try_into().unwrap());
    }
    shown
}

/// The people, apart from those that the attacker knew, whose names are read, and how many of these readings are right.
fn attack(copy: &Path, stands_for: &HashMap<(String, i64), i64>) -> (usize, usize, usize) {
    let truth = shown(&shelf().job.file());
    let names: HashMap<i64, [&str; 2]> = truth
        .values()
        .flatten()
        .map(|[id, first, last]| (id.parse().unwrap(), [first.as_str(), last.as_str()]))
        .collect();
    let is_known = |id: i64| id % 10 == 3;
    let in_copy = shown(copy);
    // whoever is known and alone in what is shown, in the copy as in what the attacker knows, is found in the copy
    let (mut firsts, mut lasts, mut found) = (HashMap::new(), HashMap::new(), HashSet::new());
    for (said, people) in &truth {
        let [[id, first, last]] = people.as_slice() else { continue };
        let Some([[copied, first_token, last_token]]) = in_copy.get(said).map(Vec::as_slice) else {
            continue;
        };
        if is_known(id.parse().unwrap()) {
            firsts.insert(first_token.as_str(), first.as_str());
            lasts.insert(last_token.as_str(), last.as_str());
            found.insert(copied.as_str());
        }
    }
    // whoever has the same names as one who is found is read as well
    let alike: HashMap<String, String> = rows(
        &open(copy),
        "select cast(p.legacy_id as text), cast(p.other_legacy_id as text) from duplicate_pairs p where p.entity = 'profiles'
         and json_extract(p.evidence, '$.first_name[0]') = 'exact' and json_extract(p.evidence, '$.last_name[0]') = 'exact'",
    )
    .into_iter()
    .flat_map(|pair| [(pair[0].clone(), pair[1].clone()), (pair[1].clone(), pair[0].clone())])
    .collect();
    let (mut read, mut right) = (0, 0);
    for [copied, first, last] in in_copy.values().flatten() {
        let id = stands_for[&("auth_user".to_owned(), copied.parse().unwrap())];
        if found.contains(copied.as_str()) || is_known(id) {
            continue;
        }
        read += usize::from(alike.get(copied).is_some_and(|other| found.contains(other.as_str())));
        if let (Some(first), Some(last)) = (firsts.get(first.as_str()), lasts.get(last.as_str())) {
            read += 1;
            right += usize::from(names.get(&id) == Some(&[*first, *last]));
        }
    }
    (found.len(), read, right)
}

#[test]
fn whoever_knows_one_in_ten_by_name_learns_the_name_of_nobody_else() {
    let shelf = shelf();
    let (found, read, right) = attack(&shelf.copy("linkable"), &shelf.stands_for("linkable.key"));
    println!(
        "linkable: {found} of the known are found, the names of {read} others are read, {right} of them rightly"
    );
    // the attack is a good one
    assert!(found > 300 && right > 500 && right * 10 > read * 8, "{found} {read} {right}");
    for (copy, key) in [("own", "own.key"), ("five", "five.key")] {
        let (found, read, _) = attack(&shelf.copy(copy), &shelf.stands_for(key));
        println!("{copy}: {found} of the known are found, the names of {read} others are read");
        assert_eq!(read, 0, "{copy}");
        // no name of one record is that of another
        for column in ["first_name", "last_name", "email", "username"] {
            let twice = format!(
                "select count(*) from (select 1 from legacy_auth_user where {column} <> '' group by {column} having count(*) > 1)"
            );
            assert_eq!(sqlite3(&shelf.copy(copy), &twice), "0", "{copy}: {column}");
        }
    }
}

/// The test's own count of who is alike: people, classes, alone, among fewer than five, in the smallest.
fn counted(copy: &Path) -> [u64; 5] {
    let plain = |raw: &str, resolved: &str| {
        let token = |text: &str| {
            format!(
                "iif({text} glob 'date_????????????????' or {text} glob 'code_????????????????', '~', coalesce({text}, ''))"
            )
        };
        format!("{}, {}", token(raw), token(&format!("iif(r.legacy_id is null, {raw}, r.{resolved})")))
    };
    let sql = format!(
        "select count(*), sum(n), sum(iif(n < 2, n, 0)), sum(iif(n < 5, n, 0)), min(n) from (
             select count(*) as n from legacy_dispatch_patient p
             left join legacy_auth_user u on u.legacy_id = p.user_id left join ready_patients r on r.legacy_id = p.legacy_id
             group by {}, {}, {}, {}, {})",
        plain("p.birthdate", "date_of_birth"),
        plain("p.sex", "gender"),
        plain("p.office_id", "practice_id"),
        plain("iif(u.legacy_id is null, p.birthdate, u.date_joined)", "created_at"),
        plain("p.updated_at", "updated_at"),
    );
    let found = sqlite3(copy, &sql);
    let numbers: Vec<u64> = found.split('|').map(|number| number.parse().unwrap()).collect();
    [numbers[1], numbers[0], numbers[2], numbers[3], numbers[4]]
}

#[test]
fn as_many_are_alike_as_the_manifest_says() {
    let shelf = shelf();
    for name in ["own", "linkable", "five"] {
        let said = &shelf.redacted(name)["anonymity"];
        let after: Vec<u64> = ["people", "classes", "unique", "under_5", "smallest"]
            .iter()
            .map(|figure| said["after"][figure].as_u64().unwrap())
            .collect();
        assert_eq!(after, counted(&shelf.copy(name)), "{name}: {said}");
        assert_eq!(said["quasi_identifiers"].as_array().unwrap().len(), QUASI_IDENTIFIERS.len());
        println!("{name}: {said}");
    }
    let own = &shelf.redacted("own")["anonymity"];
    // by years and practice nearly everybody is alone, which the manifest does not hide
    assert!(own["after"]["unique"].as_u64() > Some(7000), "{own}");
    let five = &shelf.redacted("five")["anonymity"];
    assert_eq!(five["before"], own["before"]);
    assert_eq!((five["k"].as_u64(), five["after"]["under_5"].as_u64()), (Some(5), Some(0)), "{five}");
    assert!(five["after"]["smallest"].as_u64() >= Some(5), "{five}");
    // what is hidden in the one table stands in no other
    let copy = shelf.copy("five");
    for sql in [
        "select count(*) from ready_patients r join ready_practices o on o.id = r.practice_id",
        "select count(*) from legacy_dispatch_patient p join legacy_dispatch_office o on o.legacy_id = p.office_id",
        "select count(*) from legacy_dispatch_patient p join legacy_auth_user u on u.legacy_id = p.doctor_id",
        "select count(*) from associations a join legacy_dispatch_office o on o.legacy_id = a.practice_legacy_id where a.entity = 'patients'",
        "select count(*) from ready_profiles f join ready_practices o on o.id = f.practice_id join legacy_dispatch_patient p on p.user_id = f.legacy_id",
        "select count(*) from ready_patients r join ready_profiles f on f.id = r.assigned_profile_id",
    ] {
        assert_eq!(sqlite3(&copy, sql), "0", "{sql}");
        assert_ne!(shelf.job.staged(sql), "0", "{sql}");
    }
    // more people than there are
    shelf.job.drydock(["audit", "seal", "--redact", "--k", "8000", "--out", "many"]).run().expect(3);
    assert!(!shelf.job.path("many").exists());
}

#[test]
fn a_redacted_copy_that_says_another_number_of_people_who_are_alike_is_found() {
    let shelf = shelf();
    let folder = shelf.job.path("five");
    let manifest = folder.join("manifest.json");
    let said = fs::read_to_string(&manifest).unwrap();
    let key = |name: &str| CheckOptions {
        token_key: Some(KeyOfExport::read(&shelf.job.path(name)).unwrap()),
        ..CheckOptions::default()
    };
    let found = |options: &CheckOptions| -> Vec<&'static str> {
        let checked = check(&folder, options).unwrap();
        checked.parts.iter().filter(|part| !part.found.is_empty()).map(|part| part.name).collect()
    };
    assert_eq!(found(&key("five.key")), [""; 0]);
    // the configuration's digest is in the key alone, and the key of another export is none of this one
    assert_eq!(found(&key("own.key")), ["token_key"]);
    let digest = shelf.job.staged("select value from facts where name = 'configuration_sha256'");
    assert!(fs::read_to_string(shelf.job.path("five.key")).unwrap().contains(&digest));
    assert!(!said.contains(&digest) && !sqlite3(&shelf.copy("five"), ".dump").contains(&digest));
    let unlike = said.replacen("\"unique\": 0", "\"unique\": 1", 1);
    assert_ne!(said, unlike);
    fs::write(&manifest, unlike).unwrap();
    let edited = found(&CheckOptions::default());
    fs::write(&manifest, said).unwrap();
    assert_eq!(edited, ["anonymity"]);
}

#[test]
fn ids_are_others_lead_where_they_led_and_stand_in_another_order() {
    let shelf = shelf();
    let (copy, stands_for) = (shelf.copy("own"), shelf.stands_for("own.key"));
    for sql in [
        "select count(*) from legacy_dispatch_patient p join legacy_auth_user u on u.legacy_id = p.user_id",
        "select count(*) from legacy_dispatch_patient p join legacy_auth_user u on u.legacy_id = p.doctor_id join legacy_auth_user_groups g on g.user_id = u.legacy_id join legacy_auth_group n on n.legacy_id = g.group_id where n.name = 'Doctor'",
        "select count(*) from legacy_dispatch_office_doctors d join legacy_dispatch_office o on o.legacy_id = d.office_id join legacy_auth_user u on u.legacy_id = d.user_id",
        "select count(*) from ready_patients r join ready_profiles f on f.id = r.user_id join ready_practices o on o.id = r.practice_id",
        "select count(*) from ready_practice_members m join ready_profiles f on f.id = m.profile_id join ready_practices o on o.id = m.practice_id",
        "select count(*) from associations a join ready_profiles f on f.id = a.profile_id and f.legacy_id = a.legacy_user_id join ready_practices o on o.id = a.practice_id and o.legacy_id = a.practice_legacy_id",
        "select count(*) from migration_errors e join records r on r.entity = e.entity and r.legacy_id = e.entity_id",
        "select count(*) from migration_errors e join ready_profiles f on e.error_context = 'keeper=profile ' || f.legacy_id",
        "select count(*) from associations a join legacy_dispatch_office_doctors d on a.evidence like 'dispatch_office_doctors ' || d.legacy_id || ': office_id of doctor ' || d.user_id || '%'",
        "select count(*) from loads l join ready_patients r on l.entity = 'patients' and r.legacy_id = l.legacy_id",
        "select count(*) from records r join records k on k.entity = r.entity and k.legacy_id = r.merged_into where r.fate = 'merged'",
        "select count(*) from target_rows t join ready_profiles r on t.entity = 'profiles' and r.id = t.target_id and r.legacy_id = t.legacy_id",
        "select count(*) from ready_patients r join legacy_auth_user u on u.legacy_id = json_extract(r.metadata, '$.legacy.doctor_id')",
        "select count(*) from ready_profiles f join ready_profiles k on k.legacy_id = json_extract(f.metadata, '$.legacy.email_keeper_legacy_id')",
        "select count(*) from associations a, json_each(a.other_practices) o join legacy_dispatch_office f on f.legacy_id = o.value",
    ] {
        assert_eq!(sqlite3(&copy, sql), shelf.job.staged(sql), "{sql}");
        assert!(sql.contains("merged") || sqlite3(&copy, sql) != "0", "{sql}");
    }
    // who is alike leads to nobody, unless equal values may be told
    let pairs = "select count(*) from duplicate_pairs p join ready_profiles a on a.legacy_id in (p.legacy_id, p.other_legacy_id) where p.entity = 'profiles'";
    assert_eq!(sqlite3(&copy, pairs), "0");
    assert_eq!(sqlite3(&shelf.copy("linkable"), pairs), shelf.job.staged(pairs));
    let evidence = "select count(*) from v_duplicate_evidence where field = 'first_name' and level = 'exact'";
    assert_eq!(sqlite3(&copy, evidence), shelf.job.staged(evidence));
    let ids = |file: &Path, table: &str| -> Vec<i64> {
        rows(&open(file), &format!("select cast(legacy_id as text) from \"{table}\" order by rowid"))
            .iter()
            .map(|row| row[0].parse().unwrap())
            .collect()
    };
    for table in ["legacy_auth_user", "legacy_dispatch_patient", "ready_profiles", "ready_practices"] {
        let (drawn, given) = (ids(&copy, table), ids(&shelf.job.file(), table));
        assert_eq!(drawn.len(), given.len());
        let given: HashSet<i64> = given.into_iter().collect();
        assert_eq!(drawn.iter().filter(|id| given.contains(*id)).count(), 0, "{table}");
        let kind = match table {
            "ready_profiles" => "auth_user",
            "ready_practices" => "dispatch_office",
            raw => &raw["legacy_".len()..],
        };
        let order: Vec<i64> = drawn.iter().map(|id| stands_for[&(kind.to_owned(), *id)]).collect();
        let correlation = rank_correlation(&order);
        assert!(correlation.abs() < 0.12, "{table}: {correlation}");
    }
    // nor does the order of rows without a key, or of their numbers, or who was in a batch with whom
    for (table, id) in [("migration_errors", "entity_id"), ("findings", "legacy_id")] {
        let sql = format!(
            "select cast({id} as text) from {table} where entity = 'profiles' and {id} is not null order by rowid"
        );
        let order: Vec<i64> = rows(&open(&copy), &sql)
            .iter()
            .map(|row| stands_for[&("auth_user".to_owned(), row[0].parse().unwrap())])
            .collect();
        assert!(order.len() > 300, "{table}: {}", order.len());
        assert!(rank_correlation(&order).abs() < 0.2, "{table}");
    }
    assert_eq!(
        sqlite3(
            &copy,
            "select (select count(batch_id) from records) + (select count(batch_id) from migration_errors) + (select count(line) from legacy_unreadable)"
        ),
        "0"
    );
}

/// Spearman's: 1 where the order is the same, 0 where it says nothing.
#[expect(clippy::cast_precision_loss, reason = "some thousand rows")]
fn rank_correlation(order: &[i64]) -> f64 {
    let mut ranked: Vec<(i64, usize)> = order.iter().copied().zip(0..).collect();
    ranked.sort_unstable();
    let n = ranked.len() as f64;
    let squares: f64 =
        ranked.iter().enumerate().map(|(rank, (_, at))| (rank as f64 - *at as f64).powi(2)).sum();
    1.0 - 6.0 * squares / (n * (n * n - 1.0))
}

/// Words of ours that nobody may read any more would make a copy worth little.
#[test]
fn what_the_program_itself_wrote_stays_readable() {
    let shelf = shelf();
    let file = open(&shelf.copy("own"));
    let mut hidden = Vec::new();
    for (table, columns) in shelf.redacted("own")["columns"].as_object().unwrap() {
        for (column, how) in columns.as_object().unwrap() {
            let how = how.as_str().unwrap();
            let is_ours = [
                "a word of the program",
                "names of tables",
                "a role",
                "a group",
                "a moment",
                "a phrase",
                "words of the program",
                "signs stand",
            ]
            .iter()
            .any(|kept| how.contains(kept));
            if !is_ours {
                continue;
            }
            // an issue's context may be a value that somebody wrote
            let but = if column == "error_context" {
                "and error_code not like 'reference%' and error_code not in ('email_typo_domain', 'name_mojibake')"
            } else {
                ""
            };
            let sql = format!(
                "select count(*) || '', min(\"{column}\") from \"{table}\" where \"{column}\" glob '*text_????????????????*' {but} \
                 or \"{column}\" glob 'code_????????????????' or \"{column}\" glob 'date_????????????????'"
            );
            let found = rows(&file, &sql);
            if found[0][0] != "0" {
                hidden.push(format!("{table}.{column}: {}", found[0][0]));
            }
        }
    }
    assert_eq!(hidden, [""; 0]);
    let names = sqlite3(
        &shelf.copy("own"),
        "select group_concat(distinct name) from (select name from legacy_auth_group order by 1)",
    );
    assert_eq!(names, "Admin,Doctor,Master,Patient,Technician");
    // nothing that was put away is left in the file
    assert_eq!(sqlite3(&shelf.copy("own"), "pragma freelist_count"), "0");
}
