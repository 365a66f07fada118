//! `policy.duplicates = "merge"` from end to end: nobody is merged with another person, and whoever is there twice word for
//! word is merged.

use std::collections::BTreeSet;
use std::fmt::Write;

use crate::harness::{Job, empty_target};

/// Two people who live together, as `first,last,birthdate,sex` of each; their address is one.
const PAIRS: &str = "\
    De Shawn,Weiden,1980-04-12,1|La Shawn,Weiden,1980-04-12,1
    Do-yun,Park,1981-05-13,1|Da-yun,Park,1981-05-13,1
    Van Anh,Pham,1982-06-14,2|Le Anh,Pham,1982-06-14,2
    El Hassan,Idrissi,1983-07-15,1|Al Hassan,Idrissi,1983-07-15,1
    Mr. Baby,Oyelaran,2019-08-16,1|Ms. Baby,Oyelaran,2019-08-16,1
    Md Ali,Rahman,1984-09-17,1|Ali,Rahman,1984-09-17,1
    Hùng,Trần,1985-10-18,1|Hưng,Trần,1985-10-18,1
    Thanh,Lê,1986-11-19,1|Thành,Lê,1986-11-19,1
    Jan,Novák,1987-12-20,1|Ján,Novák,1987-12-20,1
    Otto,Achterberg Jr.,1988-01-21,1|Otto,Achterberg Sr.,1988-01-21,1
    Emil,Drummond II,1989-02-22,1|Emil,Drummond III,1989-02-22,1
    Karl,Featherstone,1950-03-23,1|Karl,Featherstone,1980-03-23,1
    Hans,Vandergrift,1900-01-01,1|Hans,Vandergrift,1900-01-01,1
    Ernst,Castellanos,1970-01-01,1|Ernst,Castellanos,1970-01-01,1
    Fritz,Yamashiro,,1|Fritz,Yamashiro,,1
    ,Mwangi,1990-04-24,1|,Mwangi,1990-04-24,1
    Unbekannt,Szczepanek,1991-05-25,1|Unbekannt,Szczepanek,1991-05-25,1
    Baby Boy,Ekwueme,2020-06-26,1|Baby Boy,Ekwueme,2020-06-26,1
    Twin A,Ravindra,2021-07-27,2|Twin B,Ravindra,2021-07-27,2
    Sascha,Tschernik,1992-08-28,1|Sascha,Tschernik,1992-08-28,2
    Robin,Weidenfeld,1993-09-29,1|Robyn,Weidenfeld,1993-09-29,1
    J.,Papadakis,1994-10-30,1|J.,Papadakis,1994-10-30,1
    健,田中,1995-11-11,1|謙,田中,1995-11-11,1
    محمد,الهاشمي,1996-12-12,1|محمود,الهاشمي,1996-12-12,1
    Иван,Ёлкин,1997-01-13,1|Ивана,Ёлкин,1997-01-13,2
    Test,Patient,2000-02-14,1|Test,Patient,2000-02-14,1
    Paul,Iglesias,1961-07-09,1|Paul,Iglesias,1991-07-09,1
    Anna Maria,Rosenbaum,1979-03-17,2|Anna Luisa,Rosenbaum,1979-03-17,2";

/// A legacy system of these people, a town of strangers, fathers and sons with one placeholder for a birthdate, and thirty
/// strangers who are there twice.
#[derive(Default)]
struct System {
    users: String,
    patients: String,
    count: usize,
}

impl System {
    fn add(&mut self, said: [&str; 4], email: &str) -> usize {
        self.count += 1;
        let (id, [first, last, born, sex]) = (1000 + self.count, said);
        let _ = writeln!(self.users, "{id},u{id},{first},{last},{email},2020-01-01 00:00:00+00");
        let _ = writeln!(self.patients, "{},{id},{born},{sex}", 5000 + self.count);
        id
    }

    fn of_everybody() -> (Self, BTreeSet<(usize, usize)>) {
        const FIRST: &str = "Anna Bruno Clara David Elena Felix Greta Hugo Ines Jonas Karla Lukas Marta Nils Olga Paul Quirin \
            Rosa Simon Tilda";
        const LAST: &str = "Abendroth Bergstrom Castellan Dunmore Eastwick Farrow Gillespie Hathaway Ingram Jessop Kowalski \
            Lindqvist Montague Northcote Okafor Pemberton Quigley Stavros";
        let (firsts, lasts): (Vec<&str>, Vec<&str>) =
            (FIRST.split_whitespace().collect(), LAST.split_whitespace().collect());
        let mut system = Self::default();
        let mut copies = BTreeSet::new();
        for at in 0..500 {
            let born = format!("{}-{:02}-{:02}", 1931 + at * 37 % 75, 1 + at * 5 % 12, 2 + at * 17 % 26);
            let email = if at % 3 == 0 { format!("p{at}@example.org") } else { String::new() };
            let said = [firsts[at * 7 % 20], lasts[(at * 11 + at / 20) % 18], &born, ["1", "2"][at % 2]];
            let one = system.add(said, &email);
            if at % 16 == 0 {
                copies.insert((one, system.add(said, &email)));
            }
        }
        for (at, line) in PAIRS.lines().enumerate() {
            let email = format!("haus{at}@example.net");
            for person in line.trim().split('|') {
                let said: Vec<&str> = person.split(',').collect();
                system.add([said[0], said[1], said[2], said[3]], &email);
            }
        }
        for at in 0..30 {
            let last = format!("{}{}", lasts[at % 18], ["sen", "ova"][at / 18]);
            let email = format!("family{at}@example.net");
            for _ in 0..2 {
                system.add([firsts[at % 20], &last, "1985-06-15", "1"], &email);
            }
        }
        (system, copies)
    }
}

#[test]
fn nobody_is_merged_with_another_person() {
    let (system, copies) = System::of_everybody();
    let users = format!("id,username,first_name,last_name,email,date_joined\n{}", system.users);
    let patients = format!("id,user_id,birthdate,sex\n{}", system.patients);
    let tables = [("auth_user", users), ("dispatch_patient", patients)];
    let job =
        Job::of_tables(&tables, empty_target()).configured("[policy]\nduplicates = 'merge'\n").at("survey");
    // without offices everybody waits for one; who stands for whom is decided all the same
    let _ = job.verb("transform").run().expect_one_of(&[0, 6]);
    let merged = job.staged(
        "select legacy_id, other_legacy_id from duplicate_pairs where entity = 'profiles' and verdict = 'merged'",
    );
    let merged: BTreeSet<(usize, usize)> = merged
        .lines()
        .map(|line| line.split_once('|').expect("two ids"))
        .map(|(one, other)| (one.parse().expect("an id"), other.parse().expect("an id")))
        .map(|(one, other): (usize, usize)| (one.min(other), one.max(other)))
        .collect();
    let bands = job.staged("select entity, band, verdict, count(*) from duplicate_pairs group by 1, 2, 3");
    assert_eq!(merged, copies, "{bands}");
    let fates = job.staged("select count(*) from records where entity = 'profiles' and fate = 'merged'");
    assert_eq!(fates, copies.len().to_string());
}

#[test]
fn who_is_merged_after_a_load_leaves_no_row_behind() {
    let (system, copies) = System::of_everybody();
    let users = format!("id,username,first_name,last_name,email,date_joined\n{}", system.users);
    let patients: String = system.patients.lines().map(|line| format!("{line},1\n")).collect();
    let tables = [
        ("auth_user", users + "900,u900,Ada,Owner,,2020-01-01 00:00:00+00\n"),
        ("dispatch_patient", format!("id,user_id,birthdate,sex,office_id\n{patients}")),
        ("dispatch_office", "id,name,doctor_id\n1,Quay,900\n".to_owned()),
    ];
    let job =
        Job::of_tables(&tables, empty_target()).configured("[policy]\ndefault_practice = 1\n").at("verify");
    let before = job.digest();
    let config = std::fs::read_to_string(job.path("drydock.toml")).unwrap();
    let merges = config.replace("default_practice = 1", "default_practice = 1\nduplicates = 'merge'");
    std::fs::write(job.path("merge.toml"), merges).unwrap();
    job.run(["survey", "--quiet"]);
    job.run(["transform", "--reconfigure", "--config", "merge.toml", "--quiet"]);
    let loaded = job.drydock(["load", "--quiet"]).run().expect(0);
    let words =
        format!("profiles: of the rows whose records are merged into others {} removed", copies.len());
    assert!(loaded.stdout.contains(&words), "{}", loaded.stdout);
    job.run(["verify", "--quiet"]);
    let fates = job.staged("select count(*) from records where entity = 'profiles' and fate = 'merged'");
    assert_eq!(fates, copies.len().to_string());
    let run = job.loaded("select max(run_id) from drydock.receipts where undone_at is null");
    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(job.digest(), before);
}
