//! The columns of a snapshot as wholes. One small legacy system, written as programs and countries write flags, keys, days,
//! moments and nothing at all: the ready rows are those of the system as its server writes it, or the transform stops and names
//! the columns. Nothing is lost without a word, and nothing is decided half.

use chrono::{NaiveDate, NaiveDateTime};
use serde_json::Value;

use crate::harness::{Job, empty_target};

/// How a program writes values.
#[derive(Clone, Copy)]
struct Style {
    flag: fn(bool) -> String,
    key: fn(i64) -> String,
    day: fn(NaiveDate) -> String,
    moment: fn(NaiveDateTime) -> String,
    number: fn(&str) -> String,
    sex: fn(i64) -> String,
    /// Where there is no value.
    null: &'static str,
    /// What is said of it in the configuration.
    config: &'static str,
}

/// As PostgreSQL writes them.
const SERVER: Style = Style {
    flag: |flag| if flag { "t" } else { "f" }.to_owned(),
    key: |key| key.to_string(),
    day: |day| day.to_string(),
    moment: |moment| moment.format("%Y-%m-%d %H:%M:%S+00").to_string(),
    number: str::to_owned,
    sex: |sex| sex.to_string(),
    null: "",
    config: "",
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// A small system in a style: four people, one of them a doctor, two offices.
fn tables(style: &Style) -> Vec<(&'static str, String)> {
    let Style { flag, key, moment, null, .. } = *style;
    let at = |text: &str| moment(NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M:%S").unwrap());
    let users = [
        (
            1,
            "doc",
            "Ada",
            "Berg",
            "ada@practice.example",
            true,
            true,
            "2018-03-14 09:26:53",
            Some("2024-12-25 17:00:01"),
        ),
        (
            2,
            "bo",
            "Bo",
            "Cole",
            "bo@mail.example",
            true,
            false,
            "2019-07-31 00:00:00",
            Some("2024-02-29 23:59:59"),
        ),
        (3, "cy", "Cy", "Dahl", "", false, false, "2020-01-02 12:30:00", None),
        (
            4,
            "di",
            "Di",
            "Eng",
            "di@mail.example",
            true,
            false,
            "2021-05-17 06:07:08",
            Some("2023-10-09 08:07:06"),
        ),
    ];
    let mut auth_user =
        "id,username,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login\n"
            .to_owned();
    for (id, username, first, last, email, active, staff, joined, login) in users {
        let login = login.map_or(null.to_owned(), at);
        let line = [
            key(id),
            username.into(),
            first.into(),
            last.into(),
            email.into(),
            flag(id == 1),
            flag(staff),
            flag(active),
            at(joined),
            login,
        ];
        auth_user += &(line.map(|value| quoted(&value)).join(",") + "\n");
    }
    let mut offices = "id,name,doctor_id,address,city,zip,tax_rate,valid\n".to_owned();
    for (id, name, city, rate, valid) in
        [(1, "North", Some("Oslo"), "10.25", true), (2, "South", None, "8.5", false)]
    {
        let city = city.unwrap_or(null);
        let line = [
            key(id),
            name.into(),
            key(1),
            null.into(),
            city.into(),
            "0150".into(),
            (style.number)(rate),
            flag(valid),
        ];
        offices += &(line.map(|value| quoted(&value)).join(",") + "\n");
    }
    let mut patients = "id,user_id,birthdate,sex,updated_at,doctor_id,office_id,status,archived\n".to_owned();
    for (id, user, born, sex, updated, office) in [
        (11, 2, Some("1980-02-29"), 1, Some("2024-03-31 10:11:12"), Some(1)),
        (12, 3, Some("1999-12-31"), 2, None, Some(2)),
        (13, 4, None, 2, Some("2024-08-30 01:02:03"), None),
    ] {
        let born = born.map_or(null.to_owned(), |text| (style.day)(day(text)));
        let line = [
            key(id),
            key(user),
            born,
            (style.sex)(sex),
            updated.map_or(null.to_owned(), at),
            key(1),
            office.map_or(null.to_owned(), key),
            key(1),
            flag(id == 12),
        ];
        patients += &(line.map(|value| quoted(&value)).join(",") + "\n");
    }
    vec![
        ("auth_user", auth_user),
        ("auth_group", "id,name\n2,Doctor\n".to_owned()),
        ("auth_user_groups", format!("id,user_id,group_id\n{},{},{}\n", key(1), key(1), key(2))),
        ("dispatch_office", offices),
        ("dispatch_office_doctors", format!("id,office_id,user_id\n{},{},{}\n", key(1), key(1), key(1))),
        ("dispatch_patient", patients),
    ]
}

fn quoted(value: &str) -> String {
    if value.contains([',', '"']) { format!("\"{}\"", value.replace('"', "\"\"")) } else { value.to_owned() }
}

fn job(style: &Style) -> Job {
    Job::of_tables(&tables(style), empty_target()).configured(style.config)
}

/// Every ready row, as it will be loaded.
fn ready(job: &Job) -> String {
    ["practices", "profiles", "patients", "practice_owners", "practice_members"]
        .map(|entity| job.staged(&format!("select * from ready_{entity} order by legacy_id")))
        .join("\n")
}

#[test]
fn however_columns_are_written_the_rows_are_those_of_the_server() {
    let server = job(&SERVER).at("verify");
    let expected = ready(&server);
    assert_eq!(
        server.staged("select count(*) from source_columns where format <> 'plain' or unreadable > 0"),
        "0"
    );
    assert_eq!(server.staged("select count(*) from changes where rule like 'format.%'"), "0");

    let styles: &[(&str, Style)] = &[
        (
            "pandas",
            Style {
                flag: |flag| if flag { "True" } else { "False" }.to_owned(),
                key: |key| format!("{key}.0"),
                moment: |moment| moment.format("%Y-%m-%d %H:%M:%S+00:00").to_string(),
                sex: |sex| format!("{sex}.0"),
                null: "NaN",
                ..SERVER
            },
        ),
        (
            "a spreadsheet of the United States",
            Style {
                flag: |flag| if flag { "TRUE" } else { "FALSE" }.to_owned(),
                day: |day| day.format("%-m/%-d/%Y").to_string(),
                moment: |moment| moment.format("%-m/%-d/%Y %-I:%M:%S %p").to_string(),
                null: "#N/A",
                ..SERVER
            },
        ),
        (
            "a spreadsheet of Germany",
            Style {
                flag: |flag| if flag { "WAHR" } else { "FALSCH" }.to_owned(),
                day: |day| day.format("%d.%m.%Y").to_string(),
                moment: |moment| moment.format("%d.%m.%Y %H:%M:%S").to_string(),
                number: |number| number.replace('.', ","),
                sex: |sex| if sex == 1 { "m" } else { "w" }.to_owned(),
                ..SERVER
            },
        ),
        (
            "a spreadsheet of France",
            Style {
                flag: |flag| if flag { "VRAI" } else { "FAUX" }.to_owned(),
                day: |day| day.format("%d/%m/%y").to_string(),
                moment: |moment| moment.format("%d/%m/%Y %H:%M:%S").to_string(),
                number: |number| format!("{} %", number.replace('.', ",")),
                ..SERVER
            },
        ),
        (
            "a spreadsheet that counts days",
            Style {
                flag: |flag| if flag { "1" } else { "0" }.to_owned(),
                day: |day| (day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days().to_string(),
                moment: |moment| {
                    let seconds = (moment
                        - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap().and_time(chrono::NaiveTime::MIN))
                    .num_seconds();
                    format!("{}.{:010}", seconds / 86_400, (seconds % 86_400) * 10_000_000_000 / 86_400)
                },
                ..SERVER
            },
        ),
        (
            "a database of an office suite",
            Style {
                flag: |flag| if flag { "-1" } else { "0" }.to_owned(),
                day: |day| day.format("%d-%b-%y").to_string(),
                moment: |moment| moment.format("%d-%b-%Y %H:%M:%S").to_string(),
                null: "(null)",
                ..SERVER
            },
        ),
        ("a mark or nothing", Style { flag: |flag| if flag { "x" } else { "" }.to_owned(), ..SERVER }),
        (
            "text kept as text",
            Style {
                key: |key| format!("'{key}"),
                day: |day| format!("'{day}"),
                moment: |moment| moment.format("'%Y-%m-%dT%H:%M:%SZ").to_string(),
                null: "[NULL]",
                ..SERVER
            },
        ),
        ("psql with backslashes", Style { null: "\\N", ..SERVER }),
        (
            "a program that writes None",
            Style {
                flag: |flag| if flag { "yes" } else { "no" }.to_owned(),
                day: |day| day.format("%Y%m%d").to_string(),
                moment: |moment| moment.and_utc().timestamp().to_string(),
                null: "None",
                ..SERVER
            },
        ),
        (
            "local time that is stated",
            Style {
                moment: |moment| {
                    let zone: chrono_tz::Tz = "America/New_York".parse().unwrap();
                    moment.and_utc().with_timezone(&zone).format("%Y-%m-%d %H:%M:%S").to_string()
                },
                config: "[source.columns.\"*\"]\nzone = \"America/New_York\"\n",
                ..SERVER
            },
        ),
        (
            "words of their own",
            Style {
                flag: |flag| if flag { "jep" } else { "nope" }.to_owned(),
                null: "-/-",
                config: "[source.columns.\"*\"]\nyes = [\"Jep\"]\nno = [\"Nope\"]\nnulls = [\"-/-\"]\n",
                ..SERVER
            },
        ),
    ];
    for (name, style) in styles {
        let job = job(style).at("load");
        assert_eq!(ready(&job), expected, "{name}");
        job.verb("verify").run().expect_any();
        assert_eq!(job.staged("select * from findings where not is_exception"), "", "{name}");
        job.verb("verify").run().expect(0);
        // what rules do not read themselves is a change, from the text in the snapshot to the one that was loaded
        assert_eq!(
            job.staged("select count(*) from changes where rule like 'format.%' and before is after"),
            "0",
            "{name}"
        );
        assert!(job.run(["load", "--quiet", "--json"]).stdout.contains("\"inserted\": 0"), "{name}");
    }
}

#[test]
fn a_column_that_can_be_read_in_two_ways_is_asked_about() {
    let style = Style { day: |day| day.format("%d/%m/%Y").to_string(), ..SERVER };
    let mut tables = tables(&style);
    for (_, rows) in &mut tables {
        *rows = rows.replace("29/02/1980", "02/03/1980").replace("31/12/1999", "04/11/1999");
    }
    let job = Job::of_tables(&tables, empty_target()).at("survey");
    let stopped = job.verb("transform").run().expect(6);
    for said in [
        "dispatch_patient.birthdate",
        "2 values may be dmy or mdy",
        "2 like 99/99/9999",
        "dates = \"dmy\" or dates = \"mdy\"",
    ] {
        assert!(stopped.stderr.contains(said), "{said}: {}", stopped.stderr);
    }
    assert!(!stopped.stderr.contains("1980"), "{}", stopped.stderr);
    assert_eq!(job.staged("select count(*) from records"), "0");
    for (order, born) in [("dmy", "1980-03-02"), ("mdy", "1980-02-03")] {
        let path = job.path("answer.toml");
        let known = std::fs::read_to_string(job.path("drydock.toml")).unwrap();
        let answer = format!("{known}[source.columns.\"dispatch_patient.birthdate\"]\ndates = \"{order}\"\n");
        std::fs::write(&path, answer).unwrap();
        job.verb("transform")
            .args(["--config".as_ref(), path.as_os_str(), "--reconfigure".as_ref()])
            .run()
            .expect(0);
        assert_eq!(job.staged("select date_of_birth from ready_patients where legacy_id = 11"), born);
    }
}

#[test]
fn a_column_that_nobody_can_read_stops_the_transform_before_anything_is_decided() {
    let job = job(&SERVER).at("load");
    let before = ready(&job);
    for (table, column, broken, said) in [
        (
            "dispatch_patient",
            "birthdate",
            Style { day: |_| "soon".to_owned(), ..SERVER },
            "2 of 2 values are no date (2 like a)",
        ),
        (
            "auth_user",
            "is_active",
            Style { flag: |_| "perhaps".to_owned(), ..SERVER },
            "4 of 4 values are no flag",
        ),
        (
            "auth_user",
            "date_joined",
            Style { moment: |_| "week 7".to_owned(), ..SERVER },
            "4 of 4 values are no moment (4 like a 9)",
        ),
        (
            "dispatch_office",
            "tax_rate",
            Style { number: |_| "ten".to_owned(), ..SERVER },
            "2 of 2 values are no number",
        ),
        (
            "dispatch_patient",
            "sex",
            Style { sex: |_| "yes".to_owned(), ..SERVER },
            "3 of 3 values are no sex",
        ),
    ] {
        for (name, rows) in tables(&broken) {
            job.write_table(name, &rows);
        }
        job.verb("extract").args(["--replace"]).run().expect(0);
        job.verb("survey").run().expect(0);
        let stopped = job.verb("transform").run().expect(6);
        assert!(
            stopped.stderr.contains(&format!("{table}.{column}: {said}")),
            "{column}: {}",
            stopped.stderr
        );
        assert_eq!(ready(&job), before, "{column}");
        // the verb shows the same, and ends as the transform did
        let shown = job.json(&["columns"], 6);
        let columns = shown["columns"].as_array().unwrap();
        let found: &Value =
            columns.iter().find(|one| one["table_name"] == table && one["column_name"] == column).unwrap();
        assert_eq!(found["trouble"], "unreadable", "{found}");
        assert!(job.drydock(["columns"]).run().expect(6).stdout.contains("CANNOT BE READ"));
    }
}

#[test]
fn one_flag_that_nobody_can_read_switches_nobody_off_and_is_an_issue() {
    let mut tables = tables(&SERVER);
    tables[0].1 = tables[0].1.replace(",t,t,t,", ",perhaps,maybe,hardly,");
    tables[3].1 = tables[3].1.replace("10.25,t", "10.25,hardly");
    let job = Job::of_tables(&tables, empty_target()).at("verify");
    assert_eq!(job.staged("select is_active from ready_profiles where legacy_id = 1"), "true");
    assert_eq!(job.staged("select is_active from ready_practices where legacy_id = 1"), "true");
    assert_eq!(
        job.staged(
            "select entity, field from migration_errors where error_code = 'boolean_invalid' order by 1, 2"
        ),
        "practices|is_active\nprofiles|is_active\nprofiles|is_staff\nprofiles|is_superuser"
    );
}

#[test]
fn a_word_that_is_a_name_is_nobodys_null() {
    let mut tables = tables(&SERVER);
    tables[0].1 = tables[0].1.replace("Cy,Dahl", "Nan,None").replace("Di,Eng", "\\N,(null)");
    tables[3].1 = tables[3].1.replace("Oslo", "N/A");
    let job = Job::of_tables(&tables, empty_target()).at("transform");
    assert_eq!(
        job.staged("select first_name, last_name from ready_profiles where legacy_id in (3, 4)"),
        "Nan|None\n|"
    );
    assert_eq!(job.staged("select count(*) from ready_practices where city is not null"), "0");
    let rules = "select distinct rule from changes where entity = 'profiles' and legacy_id = 4 and field = 'last_name' order by position";
    assert_eq!(job.staged(rules), "format.nothing\nname.null");
}

#[test]
fn what_is_said_of_a_column_that_does_not_exist_is_refused() {
    let job = job(&SERVER);
    for (said, words) in [
        ("[source.columns.\"auth_user.joined\"]\ndates = \"dmy\"\n", "source.columns"),
        ("[source.columns.\"*\"]\ndates = \"european\"\n", "line"),
        ("[source.columns.\"*\"]\nzone = \"Mars/Olympus\"\n", "line"),
    ] {
        let path = job.path("wrong.toml");
        std::fs::write(&path, said).unwrap();
        let refused = job
            .drydock(["extract", "--csv", "legacy", "--quiet", "--config", path.to_str().unwrap()])
            .run()
            .expect(3);
        assert!(refused.stderr.contains(words), "{}", refused.stderr);
    }
}

#[test]
fn the_survival_table_counts_what_became_of_every_value() {
    let style = Style { key: |key| format!("{key}.0"), null: "NaN", ..SERVER };
    let job = job(&style).at("verify");
    let of = |field: &str| {
        let sql = format!(
            "select given, as_it_was, changed, replaced, emptied, left_out, differs from survival where entity || '.' || field = '{field}'"
        );
        job.staged(&sql)
    };
    assert_eq!(of("patients.date_of_birth"), "2|2|0|0|0|0|0");
    assert_eq!(of("patients.gender"), "3|0|3|0|0|0|0");
    assert_eq!(of("patients.assigned_profile_id"), "3|3|0|0|0|0|0");
    assert_eq!(of("patients.practice_id"), "2|2|0|0|0|0|0");
    assert_eq!(of("profiles.email"), "3|3|0|0|0|0|0");
    assert_eq!(of("practices.city"), "1|1|0|0|0|0|0");
    assert_eq!(
        job.staged(
            "select count(*) from survival where given <> as_it_was + changed + replaced + emptied + left_out"
        ),
        "0"
    );
    let said = job.run(["verify", "--quiet"]).stdout;
    assert!(said.contains("every field keeps at least 98 % of the values that the source gave"), "{said}");

    // rules and load of one wrong opinion: everybody inactive, no birthdate, no provider; it is seen in the raw rows
    let wrong = [
        ("profiles", "is_active", "'false'", "false"),
        ("patients", "date_of_birth", "null", "null"),
        ("patients", "assigned_profile_id", "null", "null"),
    ];
    for (table, column, in_file, in_target) in wrong {
        let file = rusqlite::Connection::open(job.file()).unwrap();
        file.execute_batch(&format!("update ready_{table} set {column} = {in_file}")).unwrap();
        drop(file);
        job.target().execute(&format!("update {table} set {column} = {in_target}"));
    }
    let said = job.drydock(["verify", "--quiet"]).run().expect(7).stdout;
    for line in [
        "100.0 %  patients.date_of_birth of 2: 2 emptied",
        "100.0 %  patients.assigned_profile_id of 3: 3 emptied",
        "75.0 %  profiles.is_active of 4: 3 replaced",
    ] {
        assert!(said.contains(line), "{line}: {said}");
    }
    let status = job.json(&["status"], 0);
    let first = &status["survival"][0];
    assert_eq!((&first["entity"], &first["emptied"]), (&Value::from("patients"), &Value::from(2)), "{first}");
    job.run(["report", "--out", "report.html", "--quiet"]);
    let page = std::fs::read_to_string(job.path("report.html")).unwrap();
    assert!(page.contains("What became of the values") && page.contains("How columns are written"));
}

/// What a transform of the system in this style says, with its exit code expected.
#[track_caller]
fn stopped(style: &Style, said: &str) {
    let job = job(style).at("survey");
    let stopped = job.verb("transform").run().expect(6);
    assert!(stopped.stderr.contains(said), "{said}: {}", stopped.stderr);
    assert_eq!(job.staged("select count(*) from records"), "0");
}

#[test]
fn what_has_two_meanings_is_a_question() {
    let converted = |day: NaiveDate| {
        // a spreadsheet of the United States makes a date of what it can, and leaves the rest
        if chrono::Datelike::day(&day) > 12 { day.format("%d/%m/%Y") } else { day.format("%Y-%d-%m") }
            .to_string()
    };
    let mut mixed = tables(&Style { day: |day| day.format("%d/%m/%Y").to_string(), ..SERVER });
    mixed[5].1 =
        mixed[5].1.replace("31/12/1999", &converted(day("1999-12-11"))).replace("13,4,,", "13,4,13/05/1970,");
    let job = Job::of_tables(&mixed, empty_target()).at("survey");
    let said = job.verb("transform").run().expect(6).stderr;
    assert!(said.contains("partly yyyy-mm-dd and partly dmy"), "{said}");

    stopped(
        &Style { day: |day| day.format("%Y").to_string(), ..SERVER },
        "dispatch_patient.birthdate: 2 of 2 values are no date",
    );
    stopped(
        &Style { flag: |flag| if flag { "1" } else { "" }.to_owned(), ..SERVER },
        "auth_user.is_active: of 3 flags none says no, and the other rows say nothing",
    );
    stopped(
        &Style { sex: |sex| if sex == 1 { "V" } else { "M" }.to_owned(), ..SERVER },
        "dispatch_patient.sex: what the words of 3 values mean is not clear",
    );
    stopped(
        &Style { day: |day| format!("{}T22:00:00.000Z", day.pred_opt().unwrap()), ..SERVER },
        "many of 2 dates have a time of day",
    );
    stopped(
        &Style { key: |key| format!("{key}.000"), ..SERVER },
        "auth_user.id: 4 of 4 rows have no whole number for a key",
    );
}

#[test]
fn day_numbers_are_those_that_count_from_1900_and_it_is_said() {
    let serial =
        |day: NaiveDate| (day - NaiveDate::from_ymd_opt(1899, 12, 30).unwrap()).num_days().to_string();
    let style = Style { day: serial, ..SERVER };
    let transform = job(&style).at("survey").verb("transform").run().expect(0);
    assert!(
        transform.stderr.contains("dispatch_patient.birthdate holds a spreadsheet's day numbers"),
        "{}",
        transform.stderr
    );
    let style = Style {
        day: |day| (day - NaiveDate::from_ymd_opt(1904, 1, 1).unwrap()).num_days().to_string(),
        config: "[source.columns.\"dispatch_patient.birthdate\"]\ndates = \"excel1904\"\n",
        ..SERVER
    };
    let stated = job(&style).at("survey");
    let transform = stated.verb("transform").run().expect(0);
    assert!(!transform.stderr.contains("day numbers"), "{}", transform.stderr);
    assert_eq!(ready(&stated), ready(&job(&SERVER).at("transform")));
}

#[test]
fn what_the_configuration_says_of_a_column_is_obeyed() {
    let expected = ready(&job(&SERVER).at("transform"));
    let styles: &[(&str, Style)] = &[
        (
            "flags the other way round",
            Style {
                flag: |flag| if flag { "0" } else { "1" }.to_owned(),
                config: "[source.columns.\"*\"]\nyes = [\"0\"]\nno = [\"1\"]\n",
                ..SERVER
            },
        ),
        (
            "nothing means no",
            Style {
                flag: |flag| if flag { "1" } else { "" }.to_owned(),
                config: "[source.columns.\"*\"]\nno = [\"\"]\n",
                ..SERVER
            },
        ),
        (
            "sexes counted from zero",
            Style {
                sex: |sex| (sex - 1).to_string(),
                config: "[source.columns.\"dispatch_patient.sex\"]\nmale = [\"0\"]\nfemale = [\"1\"]\n",
                ..SERVER
            },
        ),
        (
            "days as moments of their zone",
            Style {
                day: |day| format!("{}T22:00:00.000Z", day.pred_opt().unwrap()),
                config: "[source.columns.\"dispatch_patient.birthdate\"]\nzone = \"Africa/Johannesburg\"\n",
                ..SERVER
            },
        ),
        (
            "days that old spreadsheets count",
            Style {
                day: |day| (day - NaiveDate::from_ymd_opt(1904, 1, 1).unwrap()).num_days().to_string(),
                config: "[source.columns.\"dispatch_patient.birthdate\"]\ndates = \"excel1904\"\n",
                ..SERVER
            },
        ),
    ];
    for (name, style) in styles {
        let job = job(style).at("verify");
        assert_eq!(ready(&job), expected, "{name}");
    }
    let refused = job(&SERVER);
    std::fs::write(refused.path("wrong.toml"), "[source.columns.\"*\"]\nyes = [\"1\"]\nno = [\"1\"]\n")
        .unwrap();
    let said = refused
        .drydock(["extract", "--csv", "legacy", "--quiet", "--config", "wrong.toml"])
        .run()
        .expect(3)
        .stderr;
    assert!(said.contains("one word says two things"), "{said}");
}
