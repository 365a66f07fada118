//! The invented world has the plan's size, the stated distributions and every quirk, and is the same for a seed.

use std::collections::{BTreeMap, BTreeSet};

use drydock::demo::world::{
    COMPANY_DOMAINS, DEFAULT_PRACTICE, EmailStatus, JOINED_SINCE, LARGEST_CASELOAD, LEGACY_DDL, Likeness,
    MEMBERSHIPS, OFFICES, PASSWORD_MARK, PATIENTS, PROFILES, PhaseThree, SECOND_RANGE, Scale, TEST_ACCOUNTS,
    TREATING, Table, USERS, VALID_EMAILS, WITH_EMAIL, WITHOUT_DOCTOR, WITHOUT_OFFICE, World, copy_text,
    csv_text, write_legacy_sql, write_target_sql,
};
use email_address::{EmailAddress, Options};
use sha2::{Digest, Sha256};

fn world() -> World {
    World::generate(1)
}

fn table<'a>(world: &'a World, name: &str) -> &'a Table {
    world.table(name).unwrap_or_else(|| panic!("no table {name}"))
}

/// The values of a column, '' for null.
fn texts<'a>(world: &'a World, name: &str, column: &str) -> Vec<&'a str> {
    table(world, name).values(column).map(Option::unwrap_or_default).collect()
}

fn nulls(world: &World, name: &str, column: &str) -> usize {
    table(world, name).values(column).filter(Option::is_none).count()
}

fn ids(world: &World, name: &str, column: &str) -> Vec<i64> {
    texts(world, name, column).iter().filter_map(|text| text.parse().ok()).collect()
}

fn count<T>(items: impl IntoIterator<Item = T>, test: impl Fn(&T) -> bool) -> usize {
    items.into_iter().filter(test).count()
}

fn tally<K: Ord>(items: impl IntoIterator<Item = K>) -> BTreeMap<K, usize> {
    items.into_iter().fold(BTreeMap::new(), |mut tally, item| {
        *tally.entry(item).or_default() += 1;
        tally
    })
}

fn digest(world: &World) -> Vec<u8> {
    let mut sum = Sha256::new();
    for table in world.tables.iter().chain(&world.phase_one.tables).chain(&world.truth.tables()) {
        sum.update(csv_text(table));
    }
    sum.finalize().to_vec()
}

#[test]
fn a_seed_gives_the_same_bytes_and_another_seed_others() {
    assert_eq!(digest(&world()), digest(&world()));
    assert_ne!(digest(&world()), digest(&World::generate(2)));
}

#[test]
fn every_seed_has_the_plans_counts() {
    for seed in [0, 1, 7, 2025, u64::MAX] {
        let world = World::generate(seed);
        for (name, rows) in [
            ("auth_user", USERS),
            ("auth_group", 5),
            ("dispatch_office", OFFICES),
            ("dispatch_office_doctors", MEMBERSHIPS),
            ("dispatch_usersetting", 1181),
            ("dispatch_patient", PATIENTS),
        ] {
            assert_eq!(table(&world, name).rows.len(), rows, "{name} of seed {seed}");
        }
        assert_eq!([USERS, OFFICES, MEMBERSHIPS, PATIENTS], [9101, 844, 438, 7849]);
        let emails = texts(&world, "auth_user", "email");
        assert_eq!(count(&emails, |email| email.is_empty()), 7857);
        assert_eq!(count(&emails, |email| !email.is_empty()), WITH_EMAIL);
        let status = tally(world.truth.users.iter().map(|user| user.email_status));
        assert_eq!(status.len(), EmailStatus::ALL.len());
        assert_eq!(status[&EmailStatus::ValidKept], VALID_EMAILS);
        assert_eq!(VALID_EMAILS, 1182);
        assert_eq!(status[&EmailStatus::Missing], 7857);
        assert_eq!(status[&EmailStatus::Malformed], 24);
        assert_eq!(WITH_EMAIL - VALID_EMAILS, 62);
        assert_eq!(status[&EmailStatus::SharedKeeper] + status[&EmailStatus::SharedLoser], 36);
        let methods = tally(world.truth.patients.iter().map(|patient| patient.placement.method));
        assert_eq!((methods.len(), methods["geographic"]), (4, 5), "{methods:?}");
        assert_eq!(world.phase_one.tables[1].rows.len(), PROFILES + JOINED_SINCE);
        for (name, key) in world.tables.iter().map(|table| (table.name, ids(&world, table.name, "id"))) {
            assert!(key.is_sorted_by(|before, after| before < after), "{name} of seed {seed}");
        }
        assert_eq!(texts(&world, "auth_user", "username").iter().collect::<BTreeSet<_>>().len(), USERS);
    }
}

#[test]
fn kept_addresses_are_distinct_and_the_keeper_of_a_shared_one_is_chosen_by_the_rule() {
    let world = world();
    let kept: Vec<&str> = world.truth.users.iter().filter_map(|user| user.email.as_deref()).collect();
    assert_eq!(kept.iter().collect::<BTreeSet<_>>().len(), kept.len());
    let users = table(&world, "auth_user");
    let cell = |id: i64, column: &str| {
        let at = users.rows.iter().position(|row| row[0] == Some(id.to_string())).expect("a user");
        users.rows[at][users.column(column).expect("a column")].clone()
    };
    let losers = world.truth.users.iter().filter_map(|user| Some((user.user_id, user.email_keeper?)));
    let mut reasons = BTreeSet::new();
    for (loser, keeper) in losers {
        let address = |id: i64| cell(id, "email").unwrap_or_default().trim().to_lowercase();
        assert_eq!(address(loser.0), address(keeper.0));
        // As texts: 't' is after 'f', ISO timestamps sort, and a null login is before all.
        let rank = |id: i64| (cell(id, "is_active"), cell(id, "last_login"));
        let (loser_rank, keeper_rank) = (rank(loser.0), rank(keeper.0));
        assert!(keeper_rank > loser_rank || (keeper_rank == loser_rank && keeper < loser));
        reasons.insert(match () {
            () if keeper_rank.0 > loser_rank.0 => "active",
            () if keeper_rank.1 > loser_rank.1 => "newest login",
            () if keeper_rank.1.is_none() => "lowest id, never signed in",
            () => "lowest id, same login",
        });
    }
    assert_eq!(reasons.len(), 4, "{reasons:?}");
}

#[test]
fn what_is_planted_as_malformed_is_and_nothing_else() {
    let world = world();
    let strict = Options::default().with_required_tld().without_display_text().without_domain_literal();
    for (user, email) in world.truth.users.iter().zip(texts(&world, "auth_user", "email")) {
        let is_valid = EmailAddress::parse_with_options(email.trim(), strict).is_ok();
        let expected = !matches!(user.email_status, EmailStatus::Missing | EmailStatus::Malformed);
        assert_eq!(is_valid, expected, "{email}");
    }
}

#[test]
fn caseloads_offices_and_flags_are_distributed_as_stated() {
    let world = world();
    let users: BTreeSet<i64> = ids(&world, "auth_user", "id").into_iter().collect();
    let by_doctor =
        tally(ids(&world, "dispatch_patient", "doctor_id").into_iter().filter(|id| users.contains(id)));
    let mut sizes: Vec<usize> = by_doctor.values().copied().collect();
    sizes.sort_unstable();
    assert_eq!((sizes.len(), sizes[0], sizes[sizes.len() - 1]), (TREATING, 1, LARGEST_CASELOAD));
    assert_eq!(sizes[sizes.len() / 2], 4);
    assert!((16..=18).contains(&(sizes.iter().sum::<usize>() / sizes.len())));
    assert_eq!(nulls(&world, "dispatch_patient", "doctor_id"), WITHOUT_DOCTOR);
    assert_eq!(nulls(&world, "dispatch_patient", "office_id"), WITHOUT_OFFICE);
    let archived = count(texts(&world, "dispatch_patient", "archived"), |flag| *flag == "t");
    assert!((1050..1300).contains(&archived), "{archived}");
    assert!(ids(&world, "dispatch_patient", "id").iter().any(|id| *id >= SECOND_RANGE));

    let offices: BTreeSet<i64> = ids(&world, "dispatch_office", "id").into_iter().collect();
    let with_members: BTreeSet<i64> =
        ids(&world, "dispatch_office_doctors", "office_id").into_iter().collect();
    assert_eq!(with_members.intersection(&offices).count(), OFFICES / 2);
    let memberships = tally(ids(&world, "dispatch_office_doctors", "user_id"));
    assert_eq!(memberships.values().max(), Some(&11));
    assert!(count(memberships.values(), |count| **count == 1) > 380);
    let countries = tally(texts(&world, "dispatch_office", "country"));
    for (country, share) in [("USA", 62), ("India", 17), ("Japan", 12), ("Thailand", 7)] {
        assert_eq!((countries[country] * 100 + OFFICES / 2) / OFFICES, share, "{country}");
    }
    assert!(countries[""] > 0 && nulls(&world, "dispatch_office", "country") == countries[""]);
    let valid = count(texts(&world, "dispatch_office", "valid"), |flag| *flag == "t");
    assert!((470..560).contains(&valid), "{valid}");
    let default = ids(&world, "dispatch_office", "id").iter().position(|id| *id == DEFAULT_PRACTICE.0);
    assert_eq!(texts(&world, "dispatch_office", "name")[default.expect("a default practice")], "Unassigned");

    let emails = texts(&world, "auth_user", "email");
    let company = count(&emails, |email| COMPANY_DOMAINS.iter().any(|domain| email.ends_with(domain)));
    assert_eq!(company, TEST_ACCOUNTS);
}

#[test]
fn treating_doctors_are_of_every_kind() {
    let world = world();
    let treating: BTreeSet<i64> = ids(&world, "dispatch_patient", "doctor_id").into_iter().collect();
    let rows = |name: &str, column: &str, value: &str, id: &str| -> BTreeSet<i64> {
        let wanted = texts(&world, name, column).into_iter().map(|text| text == value);
        ids(&world, name, id)
            .into_iter()
            .zip(wanted)
            .filter_map(|(id, wanted)| wanted.then_some(id))
            .collect()
    };
    let accounts = rows("auth_user", "is_superuser", "t", "id");
    let inactive = rows("auth_user", "is_active", "f", "id");
    let masters = rows("auth_user_groups", "group_id", "5", "user_id");
    let patients: BTreeSet<i64> = ids(&world, "dispatch_patient", "user_id").into_iter().collect();
    for (kind, users) in
        [("superuser", accounts), ("inactive", inactive), ("master", masters), ("patient", patients)]
    {
        assert!(users.intersection(&treating).count() > 0, "no treating {kind}");
    }
    let known: BTreeSet<i64> = ids(&world, "auth_user", "id").into_iter().collect();
    let settings: BTreeSet<i64> = ids(&world, "dispatch_usersetting", "user_id").into_iter().collect();
    assert!(treating.intersection(&known).any(|user| !settings.contains(user)));
}

#[test]
fn every_role_and_every_rung_of_the_ladder_occurs() {
    let world = world();
    let roles = tally(world.truth.users.iter().map(|user| user.role));
    assert_eq!(
        roles.keys().copied().collect::<Vec<_>>(),
        ["admin", "doctor", "master", "patient", "technician", "unknown"]
    );
    assert!(roles["unknown"] < 20);
    let several = tally(ids(&world, "auth_user_groups", "user_id"));
    assert!(several.values().any(|groups| *groups > 1));

    let rungs = tally(world.truth.patients.iter().map(|patient| {
        let placement = &patient.placement;
        (placement.method, placement.confidence)
    }));
    assert_eq!(
        rungs.keys().copied().collect::<Vec<_>>(),
        [
            ("default", "low"),
            ("direct_membership", "high"),
            ("direct_membership", "medium"),
            ("geographic", "low"),
            ("organizational", "medium")
        ]
    );
    let offices = table(&world, "dispatch_patient").values("office_id");
    let without_office = world.truth.patients.iter().zip(offices).filter(|(_, office)| office.is_none());
    let rungs_without =
        tally(without_office.map(|(patient, _)| (patient.placement.method, patient.placement.confidence)));
    assert_eq!(rungs_without.keys().collect::<Vec<_>>(), rungs.keys().collect::<Vec<_>>());
    // Owned offices and majorities are both organizational; the doctors with a majority own nothing.
    let owners: BTreeSet<i64> = ids(&world, "dispatch_office", "doctor_id").into_iter().collect();
    let by_owner = tally(
        world
            .truth
            .patients
            .iter()
            .filter(|patient| patient.placement.method == "organizational")
            .map(|patient| patient.provider.is_some_and(|doctor| owners.contains(&doctor.0))),
    );
    assert!(by_owner[&true] > by_owner[&false] && by_owner[&false] >= 3);
    let profiles =
        tally(world.truth.users.iter().map(|user| (user.placement.method, user.placement.confidence)));
    assert!(profiles.contains_key(&("organizational", "high")));
}

#[test]
fn references_dangle() {
    let world = world();
    let users: BTreeSet<i64> = ids(&world, "auth_user", "id").into_iter().collect();
    let offices: BTreeSet<i64> = ids(&world, "dispatch_office", "id").into_iter().collect();
    for (name, column, known) in [
        ("dispatch_patient", "doctor_id", &users),
        ("dispatch_patient", "office_id", &offices),
        ("dispatch_office", "doctor_id", &users),
        ("dispatch_office_doctors", "user_id", &users),
        ("dispatch_office_doctors", "office_id", &offices),
    ] {
        let dangling = count(ids(&world, name, column), |id| !known.contains(id));
        assert!((1..20).contains(&dangling), "{name}.{column}: {dangling}");
    }
}

/// Table, column, the quirk's name, and whether a value shows it.
type Quirk<'a> = (&'a str, &'a str, &'a str, &'a dyn Fn(&str) -> bool);

#[test]
fn every_quirk_of_a_text_occurs() {
    let world = world();
    let is_script =
        |text: &str, from: char, to: char| text.chars().any(|letter| (from..=to).contains(&letter));
    let is_capitals =
        |text: &str| text.chars().count() > 3 && text == text.to_uppercase() && text != text.to_lowercase();
    let quirks: [Quirk; 38] = [
        ("auth_user", "first_name", "empty", &str::is_empty),
        ("auth_user", "last_name", "empty", &str::is_empty),
        ("auth_user", "first_name", "null", &|text| text == "null"),
        ("auth_user", "first_name", "NULL", &|text| text == "NULL"),
        ("auth_user", "last_name", "Null", &|text| text == "Null"),
        ("auth_user", "first_name", "leading space", &|text| text.starts_with(' ')),
        ("auth_user", "last_name", "trailing space", &|text| text.ends_with(' ')),
        ("auth_user", "first_name", "doubled space", &|text| text.trim().contains("  ")),
        ("auth_user", "first_name", "zero width", &|text| text.contains('\u{200b}')),
        ("auth_user", "last_name", "byte order mark", &|text| text.contains('\u{feff}')),
        ("auth_user", "first_name", "no-break space", &|text| text.contains('\u{a0}')),
        ("auth_user", "last_name", "capitals", &is_capitals),
        ("auth_user", "last_name", "lower case", &|text| {
            text.len() > 3 && text.is_ascii() && text == text.to_lowercase()
        }),
        ("auth_user", "last_name", "Japanese", &|text| is_script(text, '\u{4e00}', '\u{9fff}')),
        ("auth_user", "last_name", "Thai", &|text| is_script(text, '\u{e00}', '\u{e7f}')),
        ("auth_user", "last_name", "apostrophe", &|text| text.contains('\'')),
        ("auth_user", "first_name", "wrong encoding", &|text| text.contains("Ã©")),
        ("auth_user", "email", "capitals", &|text| text.trim() != text.trim().to_lowercase()),
        ("auth_user", "email", "spaces", &|text| text != text.trim()),
        ("auth_user", "email", "plus", &|text| text.contains('+')),
        ("auth_user", "email", "apostrophe", &|text| text.contains('\'')),
        ("auth_user", "email", "typo domain", &|text| text.ends_with("@gmial.com")),
        ("auth_user", "email", "no @", &|text| !text.is_empty() && !text.contains('@')),
        ("auth_user", "email", "no top level", &|text| text.ends_with("@localhost")),
        ("dispatch_office", "name", "empty", &str::is_empty),
        ("dispatch_office", "name", "quote", &|text| text.contains('"')),
        ("dispatch_office", "name", "backslash", &|text| text.contains('\\')),
        ("dispatch_office", "name", "tab", &|text| text.contains('\t')),
        ("dispatch_office", "name", "newline", &|text| text.contains('\n')),
        ("dispatch_office", "address", "newline", &|text| text.contains('\n')),
        ("dispatch_office", "city", "capitals", &is_capitals),
        ("dispatch_office", "tax_rate", "percentage", &|text| text == "10.2500"),
        ("dispatch_office", "tax_rate", "fraction", &|text| text.starts_with("0.0") && text != "0.0000"),
        ("dispatch_patient", "birthdate", "before 1900", &|text| !text.is_empty() && text < "1900"),
        ("dispatch_patient", "birthdate", "in the future", &|text| text > "2060"),
        ("dispatch_patient", "birthdate", "first possible", &|text| text == "1900-01-01"),
        ("dispatch_patient", "schemes", "escaped quote", &|text| text.contains("\\\"")),
        ("dispatch_patient", "schemes", "Python", &|text| text.contains("{'")),
    ];
    for (name, column, quirk, test) in quirks {
        assert!(texts(&world, name, column).into_iter().any(test), "{quirk} in {name}.{column}");
    }
    for (name, column) in [
        ("auth_user", "last_login"),
        ("dispatch_office", "name"),
        ("dispatch_office", "tax_rate"),
        ("dispatch_usersetting", "require_2fa"),
        ("dispatch_patient", "birthdate"),
        ("dispatch_patient", "sex"),
        ("dispatch_patient", "schemes"),
        ("dispatch_patient", "suffix"),
        ("dispatch_patient", "submitted_at"),
        ("dispatch_patient", "updated_at"),
    ] {
        assert!(nulls(&world, name, column) > 0, "null in {name}.{column}");
    }
    let mut sexes = tally(texts(&world, "dispatch_patient", "sex"));
    assert_eq!(sexes.remove(""), Some(nulls(&world, "dispatch_patient", "sex")));
    assert_eq!(sexes.into_keys().collect::<Vec<_>>(), ["0", "1", "2"]);
    let schemes = texts(&world, "dispatch_patient", "schemes");
    let malformed =
        count(&schemes, |text| !text.is_empty() && serde_json::from_str::<serde_json::Value>(text).is_err());
    assert!((300..1000).contains(&malformed), "{malformed}");
    assert!(
        world
            .tables
            .iter()
            .flat_map(|table| &table.rows)
            .flatten()
            .flatten()
            .all(|text| !text.contains('\0'))
    );
    assert!(texts(&world, "auth_user", "password").iter().all(|text| text.starts_with(PASSWORD_MARK)));
}

#[test]
fn relations_are_what_they_are_called() {
    let world = world();
    let users = table(&world, "auth_user");
    let patients = table(&world, "dispatch_patient");
    let names: BTreeMap<&str, (&str, &str, &str)> = users
        .rows
        .iter()
        .filter_map(|row| {
            Some((row[0].as_deref()?, (row[3].as_deref()?, row[4].as_deref()?, row[5].as_deref()?)))
        })
        .collect();
    let born: BTreeMap<&str, Option<&str>> =
        patients.rows.iter().filter_map(|row| Some((row[1].as_deref()?, row[4].as_deref()))).collect();
    let kinds = tally(world.truth.relations.iter().map(|relation| relation.likeness));
    assert_eq!(kinds.into_keys().collect::<Vec<_>>(), Likeness::ALL);
    let mut swapped = 0;
    for relation in &world.truth.relations {
        assert!(relation.members.is_sorted() && relation.members.len() > 1);
        let members: Vec<String> = relation.members.iter().map(ToString::to_string).collect();
        let name = |member: &String| names[member.as_str()];
        let birthdays =
            tally(members.iter().filter_map(|member| born.get(member.as_str()).copied().flatten()));
        let first_names = tally(members.iter().map(|member| name(member).0));
        let families = tally(members.iter().map(|member| name(member).1));
        let full_names = tally(members.iter().map(|member| (name(member).0, name(member).1)));
        match relation.likeness {
            Likeness::Namesakes => {
                assert_eq!((full_names.len(), birthdays.len()), (1, members.len()));
            }
            Likeness::Twins => {
                assert_eq!((families.len(), birthdays.len(), first_names.len()), (1, 1, members.len()));
            }
            Likeness::Household => {
                let addresses = tally(members.iter().map(|member| name(member).2.trim().to_lowercase()));
                assert_eq!((families.len(), addresses.len(), first_names.len()), (1, 1, members.len()));
            }
            Likeness::Duplicate => {
                assert!(birthdays.len() <= 2);
                swapped += birthdays.len() / 2;
            }
        }
    }
    assert!(swapped >= 5, "{swapped}");
}

#[test]
fn the_first_phase_is_there_and_imperfect() {
    let world = world();
    let [practices, profiles] = &world.phase_one.tables[..] else { panic!("two tables") };
    assert_eq!((practices.name, practices.rows.len()), ("practices", OFFICES));
    let values =
        |column: &str| -> Vec<&str> { profiles.values(column).map(Option::unwrap_or_default).collect() };
    let (legacy_ids, emails, roles) = (values("legacy_id"), values("email"), values("role"));
    assert_eq!(count(&legacy_ids, |id| id.is_empty()), JOINED_SINCE);
    assert_eq!(emails.iter().map(|email| email.to_lowercase()).collect::<BTreeSet<_>>().len(), emails.len());
    assert!(roles.iter().zip(&legacy_ids).all(|(role, id)| id.is_empty() || *role == "doctor"));
    let uuids: BTreeSet<&str> = values("id").into_iter().collect();
    assert_eq!(uuids.len(), profiles.rows.len());
    assert!(uuids.iter().all(|id| id.as_bytes()[14] == b'4'));

    let holder: BTreeMap<String, &str> =
        emails.iter().map(|email| email.to_lowercase()).zip(legacy_ids.iter().copied()).collect();
    let mut held = BTreeMap::new();
    for user in &world.truth.users {
        let by = user.email.as_ref().and_then(|email| holder.get(email)).copied();
        let right = by.map(|by| by == user.user_id.to_string());
        *held.entry((user.email_status, right)).or_insert(0) += 1;
    }
    assert_eq!(held[&(EmailStatus::ValidKept, Some(false))], 2, "the two who hold each other's address");
    assert!(held[&(EmailStatus::SharedKeeper, Some(false))] >= 4, "{held:?}");
    assert!(held[&(EmailStatus::SharedKeeper, Some(true))] >= 1, "{held:?}");
    let present: BTreeSet<&str> = legacy_ids.iter().copied().collect();
    let of_keepers_present = world
        .truth
        .users
        .iter()
        .filter(|user| user.email_status == EmailStatus::SharedKeeper)
        .map(|user| (user, holder.get(user.email.as_deref().unwrap_or_default())))
        .filter(|(user, by)| by.is_some_and(|by| *by != user.user_id.to_string()))
        .map(|(user, _)| present.contains(user.user_id.to_string().as_str()));
    assert_eq!(
        tally(of_keepers_present).len(),
        2,
        "moves between existing rows, and to a row that is not there yet"
    );

    let addresses = texts(&world, "auth_user", "email").into_iter().map(str::to_lowercase);
    let legacy: BTreeSet<String> = addresses.collect();
    let foreign = emails.iter().zip(&legacy_ids).filter(|(_, id)| id.is_empty());
    assert_eq!(count(foreign, |(email, _)| legacy.contains(&email.to_lowercase())), 2);
}

#[test]
fn csv_survives_the_csv_crate() {
    let world = world();
    for table in world.tables.iter().chain(&world.phase_one.tables) {
        let text = csv_text(table);
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        assert!(
            reader.headers().expect("a header").iter().eq(table.columns.iter().copied()),
            "{}",
            table.name
        );
        let read: Vec<Vec<String>> =
            reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect();
        let written: Vec<Vec<String>> = table
            .rows
            .iter()
            .map(|row| row.iter().map(|value| value.clone().unwrap_or_default()).collect())
            .collect();
        assert!(read == written, "{}", table.name);
    }
}

#[test]
fn copy_text_has_one_line_for_each_row_and_one_tab_between_columns() {
    for table in &world().tables {
        let text = String::from_utf8(copy_text(table)).expect("text");
        assert_eq!(text.lines().count(), table.rows.len(), "{}", table.name);
        assert!(text.lines().all(|line| line.split('\t').count() == table.columns.len()), "{}", table.name);
    }
}

#[test]
fn files_are_written_and_sql_holds_the_ddl_and_the_rows() {
    let world = world();
    let dir = tempfile::tempdir().expect("a directory");
    world.write_csv(dir.path()).expect("csv");
    world.write_truth_csv(dir.path()).expect("truth");
    for name in ["auth_user", "dispatch_office_doctors", "truth_users", "truth_patients", "truth_relations"] {
        assert!(dir.path().join(format!("{name}.csv")).is_file(), "{name}");
    }
    let mut sql = Vec::new();
    write_legacy_sql(&world, &mut sql).expect("sql");
    let sql = String::from_utf8(sql).expect("utf-8");
    assert!(LEGACY_DDL.iter().all(|(_, ddl)| sql.contains(ddl)));
    assert_eq!(sql.matches("\n\\.\n").count(), world.tables.len());
    let mut sql = Vec::new();
    write_target_sql(&world, &mut sql).expect("sql");
    assert_eq!(String::from_utf8(sql).expect("utf-8").matches("copy \"p").count(), 2);
}

#[test]
fn cases_are_added_on_request_and_change_nothing_else() {
    let scale = Scale { projects: 3000, states: 1000 };
    let (without, with) = (world(), World::generate_with(1, scale));
    assert_eq!(without.tables[..], with.tables[..without.tables.len()]);
    assert_eq!((without.truth, without.phase_one), (with.truth.clone(), with.phase_one.clone()));
    let rows = |name: &str| table(&with, name).rows.len();
    assert_eq!((rows("dispatch_project"), rows("dispatch_state")), (3000, 1000));

    let instructions: BTreeSet<i64> = ids(&with, "dispatch_instruction", "id").into_iter().collect();
    let patients: BTreeSet<i64> = ids(&with, "dispatch_patient", "id").into_iter().collect();
    let lost = count(ids(&with, "dispatch_instruction", "patient_id"), |id| !patients.contains(id));
    assert!((1..20).contains(&lost), "{lost} orders of nobody");
    let planned = tally(ids(&with, "dispatch_plan", "project_id"));
    assert!(planned.len() < 3000, "every project has a plan");
    assert!(planned.values().any(|plans| *plans > 1), "no project has several plans");
    let with_case: BTreeSet<i64> = ids(&with, "dispatch_plan", "instruction_id").into_iter().collect();
    let dangling = count(ids(&with, "dispatch_plan", "instruction_id"), |id| !instructions.contains(id));
    assert!((10..70).contains(&dangling), "{dangling} plans of no order");
    let projects: BTreeSet<i64> = ids(&with, "dispatch_project", "id").into_iter().collect();
    assert!(ids(&with, "dispatch_plan", "project_id").iter().any(|id| !projects.contains(id)));
    assert!(tally(texts(&with, "dispatch_project", "uid")).values().any(|projects| *projects > 1));
    assert!(ids(&with, "dispatch_project", "size").iter().any(|size| *size > i64::from(i32::MAX)));
    let stray = count(ids(&with, "dispatch_state", "instruction_id"), |id| !with_case.contains(id));
    assert!((30..=50).contains(&stray), "{stray}");
    assert!(ids(&with, "dispatch_state", "instruction_id").iter().any(|id| !instructions.contains(id)));

    let users: BTreeSet<i64> = ids(&with, "auth_user", "id").into_iter().collect();
    let unknown = nulls(&with, "dispatch_state", "actor_id")
        + count(ids(&with, "dispatch_state", "actor_id"), |id| !users.contains(id));
    assert!((25..=60).contains(&unknown), "{unknown}");
    assert!(ids(&with, "dispatch_project", "creator_id").iter().any(|id| !users.contains(id)));
    assert!(nulls(&with, "dispatch_project", "creator_id") > 0);
    let types = tally(texts(&with, "dispatch_project", "type"));
    assert!((1450..1670).contains(&types["3"]) && types.len() > 4, "{types:?}");
    assert_eq!(tally(texts(&with, "dispatch_state", "status")).into_keys().collect::<Vec<_>>(), ["11", "12"]);
    let truth = &with.phase_three;
    assert_eq!((truth.cases.len(), truth.projects.len(), truth.states.len()), (3000, 3000, 1000));
    let outcomes = tally(truth.cases.iter().map(|case| case.outcome));
    assert!(outcomes["ready"] > 2500 && outcomes.len() == 3, "{outcomes:?}");
    assert_eq!(without.phase_three, PhaseThree::default());
}
