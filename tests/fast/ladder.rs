//! The ladder against one written again from the domain's words, naively and over maps: random small databases with every
//! kind of reference, right and wrong. And the practice that the migration makes when nobody else can have somebody.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use crate::harness::{Job, empty_target};

/// Repeatable numbers; no test needs more.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % bound
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        let place = usize::try_from(self.below(of.len() as u64)).expect("small");
        of[place].clone()
    }
}

/// City, state, country.
type City = (String, String, String);

/// What the rows say; none where a reference is null or leads nowhere.
#[derive(Default)]
struct World {
    /// Office: owner and place.
    offices: BTreeMap<i64, (Option<i64>, Option<City>)>,
    users: BTreeSet<i64>,
    members: BTreeSet<(i64, i64)>,
    /// Patient: user, doctor, office.
    patients: BTreeMap<i64, (i64, Option<i64>, Option<i64>)>,
    tables: Vec<(&'static str, String)>,
}

/// A random database: doctors with no, one or several offices by either table, patients with and without an office, and
/// references to nobody among all of them.
fn random(seed: u64) -> World {
    let mut random = Random(seed);
    let mut world = World::default();
    let users: Vec<i64> = (1..=400).map(|id| id * 3).collect();
    world.users.extend(&users);
    let doctors = &users[..60];
    let mut table = "id,first_name,last_name,email,date_joined\n".to_owned();
    for user in &users {
        let _ = writeln!(table, "{user},A,B,u{user}@example.org,2020-01-01 00:00:00+00");
    }
    world.tables.push(("auth_user", table));

    let cities = [
        ("Reno", "NV", "USA"),
        (" reno ", "Nevada", "United States"),
        ("Pune", "MH", "India"),
        ("Köln", "", ""),
        ("KO\u{308}LN", "", ""),
        ("", "", "Japan"),
    ];
    let mut table = "id,name,doctor_id,city,state,country\n".to_owned();
    for office in 1..=30_i64 {
        let owner = random.one(&[Some(owner_of(doctors, office)), Some(9_999), None]);
        let (city, state, country) = random.one(&cities);
        let place = match (city.trim().to_lowercase().as_str(), state) {
            ("", _) => None,
            ("reno", "NV" | "Nevada") => Some(("reno", "nv", "us")),
            ("pune", _) => Some(("pune", "mh", "in")),
            _ => Some(("koln", "", "")),
        };
        let place = place.map(|(a, b, c)| (a.to_owned(), b.to_owned(), c.to_owned()));
        let cell = owner.map(|id| id.to_string()).unwrap_or_default();
        let _ = writeln!(table, "{office},Office,{cell},{city},{state},{country}");
        world.offices.insert(office, (owner.filter(|id| *id != 9_999), place));
    }
    world.tables.push(("dispatch_office", table));

    let mut table = "id,office_id,user_id\n".to_owned();
    for row in 1..=50_i64 {
        let office = i64::try_from(random.below(34)).expect("small");
        // a third of the doctors have no membership at all
        let user = random.one(&doctors[..40]) + i64::from(random.below(20) == 0);
        let _ = writeln!(table, "{row},{office},{user}");
        if world.offices.contains_key(&office) && world.users.contains(&user) {
            world.members.insert((user, office));
        }
    }
    world.tables.push(("dispatch_office_doctors", table));

    let mut table = "id,user_id,birthdate,sex,doctor_id,office_id\n".to_owned();
    for (number, user) in users[30..].iter().enumerate() {
        let id = 500_000 + i64::try_from(number).expect("small") * 2;
        let treating = Some(random.one(doctors));
        let doctor = random.one(&[treating, treating, None, Some(8_888)]);
        let office = i64::try_from(random.below(60)).expect("small") + 1;
        let office = Some(office).filter(|office| *office < 33);
        let cell = |id: Option<i64>| id.map(|id| id.to_string()).unwrap_or_default();
        let _ = writeln!(table, "{id},{user},1980-01-02,1,{},{}", cell(doctor), cell(office));
        let doctor = doctor.filter(|id| world.users.contains(id));
        let office = office.filter(|id| world.offices.contains_key(id));
        world.patients.insert(id, (*user, doctor, office));
    }
    world.tables.push(("dispatch_patient", table));
    world
}

/// Twelve of the doctors without a membership own offices, some of them several.
fn owner_of(doctors: &[i64], office: i64) -> i64 {
    let place = usize::try_from(40 + office * 7 % 12).expect("small");
    doctors[place]
}

/// Practice, method, confidence, review, and the offices not chosen.
type Said = (i64, &'static str, &'static str, bool, Vec<i64>);

impl World {
    fn counts(&self, doctor: i64) -> BTreeMap<i64, usize> {
        let mut counts = BTreeMap::new();
        for (_, of, office) in self.patients.values() {
            if let (true, Some(office)) = (*of == Some(doctor), office) {
                *counts.entry(*office).or_default() += 1;
            }
        }
        counts
    }

    /// The one with most of the doctor's patients, then the lowest id; and the others.
    fn primary(&self, doctor: i64, offices: &BTreeSet<i64>) -> (i64, Vec<i64>) {
        let counts = self.counts(doctor);
        let mut best = *offices.first().expect("an office");
        for office in offices {
            if counts.get(office) > counts.get(&best) {
                best = *office;
            }
        }
        (best, offices.iter().copied().filter(|office| *office != best).collect())
    }

    fn membership(&self, user: i64) -> Option<Said> {
        let offices: BTreeSet<i64> =
            self.members.iter().filter(|(of, _)| *of == user).map(|(_, office)| *office).collect();
        let confidence = if offices.len() == 1 { "high" } else { "medium" };
        let (chosen, others) = (!offices.is_empty()).then(|| self.primary(user, &offices))?;
        Some((chosen, "direct_membership", confidence, false, others))
    }

    fn ownership(&self, user: i64, when_one: &'static str) -> Option<Said> {
        let offices: BTreeSet<i64> =
            self.offices.iter().filter(|(_, (owner, _))| *owner == Some(user)).map(|(id, _)| *id).collect();
        let confidence = if offices.len() == 1 { when_one } else { "medium" };
        let (chosen, others) = (!offices.is_empty()).then(|| self.primary(user, &offices))?;
        Some((chosen, "organizational", confidence, false, others))
    }

    fn inferred(&self, user: i64) -> Option<Said> {
        let counts = self.counts(user);
        let all: usize = counts.values().sum();
        let others = |chosen: i64| counts.keys().copied().filter(|office| *office != chosen).collect();
        for (office, count) in &counts {
            if count * 2 > all {
                return Some((*office, "organizational", "medium", false, others(*office)));
            }
        }
        let mut cities: BTreeMap<_, Vec<(usize, i64)>> = BTreeMap::new();
        for (office, count) in &counts {
            if let Some(place) = &self.offices[office].1 {
                cities.entry(place).or_default().push((*count, -office));
            }
        }
        for offices in cities.values() {
            if offices.iter().map(|(count, _)| count).sum::<usize>() * 2 > all {
                let chosen = -offices.iter().max().expect("an office").1;
                return Some((chosen, "geographic", "low", true, others(chosen)));
            }
        }
        None
    }

    fn patient(&self, id: i64) -> Option<Said> {
        let (_, doctor, office) = self.patients[&id];
        if let Some(office) = office {
            return Some((office, "direct_membership", "high", false, Vec::new()));
        }
        let doctor = doctor?;
        self.membership(doctor).or_else(|| self.ownership(doctor, "medium")).or_else(|| self.inferred(doctor))
    }

    fn patient_of(&self, user: i64) -> Option<i64> {
        self.patients.iter().find(|(_, (of, ..))| *of == user).map(|(id, _)| *id)
    }

    fn profile(&self, user: i64) -> Option<Said> {
        self.membership(user)
            .or_else(|| self.ownership(user, "high"))
            .or_else(|| self.patient_of(user).and_then(|patient| self.patient(patient)))
            .or_else(|| self.inferred(user))
    }

    /// The offices between which nothing decides.
    fn candidates(&self, patient: Option<i64>, user: Option<i64>) -> Vec<i64> {
        let doctor = patient.and_then(|patient| self.patients[&patient].1);
        let offices: BTreeSet<i64> =
            doctor.into_iter().chain(user).flat_map(|doctor| self.counts(doctor).into_keys()).collect();
        offices.into_iter().collect()
    }

    fn all(&self, default: Option<i64>) -> BTreeMap<(&'static str, i64), Said> {
        let by_default = |candidates: Vec<i64>| {
            let practice = default?;
            let others = candidates.into_iter().filter(|office| *office != practice).collect();
            Some((practice, "default", "low", true, others))
        };
        let patients = self.patients.keys().filter_map(|id| {
            let said = self.patient(*id).or_else(|| by_default(self.candidates(Some(*id), None)))?;
            Some((("patients", *id), said))
        });
        let profiles = self.users.iter().filter_map(|id| {
            let said =
                self.profile(*id).or_else(|| by_default(self.candidates(self.patient_of(*id), Some(*id))))?;
            Some((("profiles", *id), said))
        });
        patients.chain(profiles).collect()
    }
}

fn job(world: &World, config: &str) -> Job {
    let job = Job::of_tables(&world.tables, empty_target()).configured(config);
    job.verb("extract").run().expect(0);
    job.verb("survey").run().expect(0);
    // what leads nowhere waits, and says so
    let allowed = config.contains("allowed_rejects");
    job.verb("transform").run().expect(if allowed { 0 } else { 6 });
    job
}

fn found(job: &Job) -> BTreeMap<(String, i64), String> {
    let rows = job.staged(
        "select entity, legacy_id, practice_legacy_id || ' ' || association_method || ' ' || confidence_level || ' ' \
         || requires_manual_review || ' ' || other_practices from associations",
    );
    rows.lines()
        .map(|line| {
            let [entity, id, said] = line.split('|').collect::<Vec<_>>()[..] else { panic!("{line}") };
            ((entity.to_owned(), id.parse().expect("an id")), said.to_owned())
        })
        .collect()
}

fn shown(expected: BTreeMap<(&'static str, i64), Said>) -> BTreeMap<(String, i64), String> {
    let listed = |ids: &[i64]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
    expected
        .into_iter()
        .map(|((entity, id), (practice, method, confidence, review, others))| {
            let text = format!("{practice} {method} {confidence} {} [{}]", u8::from(review), listed(&others));
            ((entity.to_owned(), id), text)
        })
        .collect()
}

#[test]
fn the_ladder_is_the_domains() {
    for seed in [1, 77, 4_711] {
        let world = random(seed);
        let methods: BTreeSet<_> =
            world.all(Some(7)).values().map(|said| (said.1, said.2, said.4.is_empty())).collect();
        // the random databases do try every rung, alone and among several
        assert!(methods.len() >= 8, "{methods:?}");
        for (config, default) in
            [("", None), ("[policy]\ndefault_practice = 7\n", Some(7)), (UNASSIGNED, Some(-1))]
        {
            let job = job(&world, config);
            let (found, expected) = (found(&job), shown(world.all(default)));
            let wrong: Vec<_> = expected.iter().filter(|(id, said)| found.get(*id) != Some(*said)).collect();
            assert!(wrong.is_empty(), "seed {seed}, {config}: {wrong:?}");
            assert_eq!(found.len(), expected.len(), "seed {seed}, {config}");
            assert_eq!(job.staged(EVIDENCE), "", "seed {seed}, {config}");
            // who has no practice is told between which offices nothing decides
            if default.is_none() {
                let unplaced: Vec<i64> = world.patients.keys().copied().collect();
                let unplaced = unplaced.into_iter().filter(|id| world.patient(*id).is_none());
                for id in unplaced {
                    let listed = job.staged(&format!(
                        "select error_context from migration_errors where entity = 'patients' and entity_id = {id} \
                         and error_code = 'practice_unresolved' and resolution_status = 'pending'"
                    ));
                    let candidates = world.candidates(Some(id), None);
                    let expected: Vec<String> = candidates.iter().map(ToString::to_string).collect();
                    let expected = match expected.as_slice() {
                        [] => String::new(),
                        ids => format!("candidates={}", ids.join(",")),
                    };
                    assert_eq!(listed, expected, "seed {seed}, patient {id}");
                }
            }
        }
    }
}

const UNASSIGNED: &str = "[policy]\ndefault_practice = \"unassigned\"\n";

/// Associations whose evidence names a row that does not exist, or that does not say what it is named for.
const EVIDENCE: &str = "
with named as (
    select entity, legacy_id, practice_legacy_id, association_method, evidence,
           substr(evidence, 1, instr(evidence, ' ') - 1) as table_name,
           cast(substr(evidence, instr(evidence, ' ') + 1) as integer) as row_id
    from associations where association_method <> 'default')
select entity, legacy_id, evidence from named n
where not (table_name = 'dispatch_patient'
           and exists (select 1 from legacy_dispatch_patient p
                       where p.legacy_id = row_id and cast(p.office_id as integer) = practice_legacy_id)
        or table_name = 'dispatch_office_doctors'
           and exists (select 1 from legacy_dispatch_office_doctors d
                       where d.legacy_id = row_id and cast(d.office_id as integer) = practice_legacy_id)
        or table_name = 'dispatch_office' and row_id = practice_legacy_id
        or evidence like 'dispatch_patient.office_id of % patients of %(%\\%)' escape '\\'
        or association_method = 'geographic' and evidence like 'offices in one city of % patients of %')";

#[test]
fn the_unassigned_practice_is_made_loaded_verified_and_undone() {
    let world = random(77);
    let job = job(
        &world,
        &format!("{UNASSIGNED}allowed_rejects = {{ practice_owners = 30, practice_members = 50 }}\n"),
    );
    // it is no legacy record, and no number counts it but its own
    assert_eq!(
        job.staged("select extracted, ready, loaded, created from v_accounting where entity = 'practices'"),
        "30|30|0|1"
    );
    assert_eq!(job.staged("select count(*) from v_unaccounted"), "0");
    assert_eq!(job.staged("select count(*) from v_dependencies where failing_ready > 0"), "0");
    let defaulted = job.staged("select count(*) from associations where association_method = 'default'");
    assert_ne!(defaulted, "0");

    let text = job.drydock(["load", "--quiet"]).run().expect(0).stdout;
    assert!(text.contains("practices 30 = 30 loaded, and 1 created by the migration"), "{text}");
    let made = "select count(*), min(name), min(legacy_id), min(metadata #>> '{legacy,created_by}') from practices \
                where name = 'Unassigned'";
    assert_eq!(job.loaded(made), "1|Unassigned|-1|drydock");
    assert_eq!(
        job.loaded(
            "select count(*) from patients p join practices o on o.id = p.practice_id where o.legacy_id = -1"
        ),
        job.staged("select count(*) from associations where entity = 'patients' and practice_legacy_id = -1")
    );
    job.verb("verify").run().expect(0);
    assert_eq!(job.staged("select outcome from v_created"), "inserted");
    assert_eq!(job.staged("select loaded, created from v_accounting where entity = 'practices'"), "30|1");

    // again: nothing changes, also after another look at the target, which has it now
    let before = job.row_versions();
    job.verb("load").run().expect(0);
    job.verb("survey").run().expect(0);
    job.verb("transform").run().expect(0);
    job.verb("load").run().expect(0);
    assert_eq!(job.row_versions(), before);
    job.verb("verify").run().expect(0);
    assert_eq!(job.staged("select count(*) from v_gone_from_source"), "0");
    let explained = job.drydock(["explain", "practice", "-1"]).run().expect(0).stdout;
    assert!(explained.contains("made by the migration"), "{explained}");

    // and undone with the rest of the load that brought it
    let run = job.staged("select min(run_id) from runs where verb = 'load'");
    job.drydock(["rollback", "--run", &run, "--quiet"]).run().expect(0);
    assert_eq!(job.loaded("select count(*) from practices"), "0");
}

/// A patient whom nobody can place asks for a person, and is placed as the person says.
#[test]
fn a_person_places_whom_the_default_caught() {
    let world = random(4_711);
    let job = job(&world, UNASSIGNED);
    job.drydock(["review", "export", "--entity", "patients", "--out", "open.csv"]).run().expect(0);
    let mut reader = csv::Reader::from_path(job.path("open.csv")).expect("the questions");
    let rows: Vec<BTreeMap<String, String>> = reader.deserialize().map(|row| row.expect("a row")).collect();
    let asked = rows
        .iter()
        .find(|row| {
            row["question"] == "practice_id" && row["proposed"] == "'-1" && !row["candidates"].is_empty()
        })
        .expect("somebody between two offices");
    let id: i64 = asked["legacy_id"].parse().expect("an id");
    let listed: Vec<String> = world.candidates(Some(id), None).iter().map(ToString::to_string).collect();
    assert_eq!(asked["candidates"], listed.join(" "));
    let answer = format!("item,action,value,reason\n{},choose,{},asked\n", asked["item"], listed[0]);
    fs::write(job.path("answer.csv"), answer).expect("an answer");
    job.drydock(["review", "import", "answer.csv", "--by", "Ada"]).run().expect(0);
    job.verb("transform").run().expect_one_of(&[0, 6]);
    assert_eq!(
        job.staged(&format!(
            "select practice_legacy_id, association_method, requires_manual_review from associations \
             where entity = 'patients' and legacy_id = {id}"
        )),
        format!("{}|direct_membership|0", listed[0])
    );

    // a snapshot without the patient leaves the decision with nothing to decide, and the next one with it does not
    let (_, patients) =
        world.tables.iter().find(|(name, _)| *name == "dispatch_patient").expect("the patients");
    let without: Vec<&str> = patients.lines().filter(|line| !line.starts_with(&format!("{id},"))).collect();
    for (table, state) in [(without.join("\n") + "\n", "stale"), (patients.clone(), "applied")] {
        job.write_table("dispatch_patient", &table);
        job.verb("extract").args(["--replace"]).run().expect(0);
        let said = job.verb("transform").run().stderr;
        assert_eq!(said.contains("decisions that decide nothing"), state == "stale", "{said}");
        assert_eq!(job.staged("select state from decisions"), state);
    }
}
