//! People go on working in the legacy system after the first load: 740 users and 640 patients come, others change, swap addresses,
//! go, and are set anew. The second load writes exactly that, decisions hold or are asked again, and its rollback gives the
//! target of the first, byte for byte.

use std::fs;
use std::process::{Command, Stdio};

use drydock::demo::world::write_legacy_sql;

use crate::harness::{Database, Job, database, phase_one_target, psql, world, world_config};

/// What happens there. Whoever is `plain` has an address, an office and a patient's record alone.
const GO_ON: &str = "
create table plain as
select u.id, p.id as patient, row_number() over (order by u.id) as n
from auth_user u join dispatch_patient p on p.user_id = u.id
where u.email like '%_@_%.%' and u.is_active and not u.is_staff and not u.is_superuser
  and lower(trim(u.email)) = u.email and u.email not like '%brightsmile%'
  and (select count(*) from auth_user o where lower(trim(o.email)) = lower(trim(u.email))) = 1
  and p.office_id in (select id from dispatch_office)
  and not exists (select 1 from dispatch_office o where o.doctor_id = u.id)
  and not exists (select 1 from dispatch_office_doctors o where o.user_id = u.id)
  and not exists (select 1 from dispatch_patient o where o.doctor_id = u.id);
insert into auth_user (id, username, first_name, last_name, email, date_joined, is_active, is_staff, is_superuser, password)
select 900000 + g, 'new' || g, 'Neo' || g, 'Arrival' || g, 'neo' || g || '@arrival.example', '2025-08-01 00:00:00+00',
       true, false, false, 'x'
from generate_series(1, 740) g;
insert into dispatch_patient (id, user_id, office_id, birthdate, sex, status, archived, suspended, updated_at)
select 900000 + g, 900000 + g, (select min(id) from dispatch_office), '1980-02-03', 1, 0, false, false, '2025-08-01 00:00:00+00'
from generate_series(1, 640) g;
update auth_user set last_name = 'Changed' where id in (select id from plain where n <= 10);
update auth_user u set email = o.email from auth_user o, plain a, plain b
where a.n in (11, 12) and b.n = 23 - a.n and u.id = a.id and o.id = b.id;
delete from dispatch_patient where id in (select patient from plain where n between 13 and 20);
delete from auth_user_groups where user_id in (select id from plain where n between 13 and 20);
delete from dispatch_usersetting where user_id in (select id from plain where n between 13 and 20);
delete from auth_user where id in (select id from plain where n between 13 and 20);
create table again as
select * from dispatch_office_doctors where office_id in (select office_id from dispatch_office_doctors order by id limit 3);
delete from dispatch_office_doctors where id in (select id from again);
insert into dispatch_office_doctors (id, office_id, user_id) select id + 500000, office_id, user_id from again;";

const TABLES: [&str; 4] = ["practices", "profiles", "patients", "practice_members"];

fn legacy_of_the_world(job: &Job) -> Database {
    let (legacy, file) = (database(), job.path("world.sql"));
    let mut sql = Vec::new();
    write_legacy_sql(world(), &mut sql).expect("memory");
    fs::write(&file, sql).expect("world.sql");
    let status = Command::new("psql")
        .args(["-X", "-q", "-d", &legacy.url(), "-f"])
        .arg(&file)
        .stdout(Stdio::null())
        .status()
        .expect("psql");
    assert!(status.success());
    legacy
}

#[test]
fn a_live_system_that_went_on_is_loaded_as_its_differences() {
    let policy =
        "\n[policy.gone]\nprofiles = \"deactivate\"\npatients = \"remove\"\npractice_members = \"remove\"\n";
    let job = Job::new("legacy", phase_one_target()).by(&(world_config() + policy));
    let legacy = legacy_of_the_world(&job);
    let config = job.path("drydock.toml").display().to_string();
    job.drydock(["run", "--quiet", "--config", &config]).legacy(&legacy).run().expect(0);

    // two people whose role somebody says; one of them is called otherwise afterwards
    let asked = job.staged(
        "select v.legacy_id from v_review_items v join records r on r.entity = v.entity and r.legacy_id = v.legacy_id \
         where v.entity = 'profiles' and v.question = 'role' and r.fate = 'ready' order by 1 limit 2",
    );
    let asked: Vec<&str> = asked.lines().collect();
    assert_eq!(asked.len(), 2);
    let sheet: String =
        std::iter::once("entity,legacy_id,question,action,value,reason,decided_by\n".to_owned())
            .chain(asked.iter().map(|id| format!("profiles,{id},role,set,technician,,Kim\n")))
            .collect();
    fs::write(job.path("decisions.csv"), sheet).expect("a sheet");
    job.run(["review", "import", "decisions.csv", "--quiet"]);
    job.steps("transform", "verify");

    let target = job.target();
    target.execute("create schema was");
    for table in TABLES {
        target.execute(&format!("create table was.{table} as select * from public.{table}"));
    }
    let first = job.digest();
    legacy.execute(GO_ON);
    legacy.execute(&format!("update auth_user set last_name = 'Otherwise' where id = {}", asked[1]));
    job.drydock(["extract", "--quiet", "--replace"]).legacy(&legacy).run().expect(0);
    job.steps("survey", "verify");
    let run = job.last_run("load");

    let of = |what: &str, table: &str| {
        let condition = match what {
            "came" => "w.id is null",
            "went" => "n.id is null",
            _ => "n::text <> w::text",
        };
        job.loaded(&format!(
            "select string_agg(coalesce(n.legacy_id, w.legacy_id)::text, ' ' order by coalesce(n.legacy_id, w.legacy_id)) \
             from public.{table} n full join was.{table} w on w.id = n.id where {condition}"
        ))
    };
    let listed =
        |sql: &str| psql(&legacy, &format!("select string_agg(x::text, ' ' order by x) from ({sql}) s (x)"));
    let series = |last: u32| listed(&format!("select 900000 + g from generate_series(1, {last}) g"));
    assert_eq!(of("came", "profiles"), series(740));
    assert_eq!(of("came", "patients"), series(640));
    assert_eq!(of("came", "practice_members"), listed("select id + 500000 from again"));
    assert_eq!(of("went", "practice_members"), listed("select id from again"));
    assert_eq!(of("went", "patients"), listed("select patient from plain where n between 13 and 20"));
    let changed = format!("select id from plain where n <= 20 union select {}", asked[1]);
    assert_eq!(of("other", "profiles"), listed(&changed));
    assert_eq!(of("other", "patients"), listed("select patient from plain where n <= 12"));
    for (what, table) in
        [("came", "practices"), ("went", "practices"), ("other", "practices"), ("went", "profiles")]
    {
        assert_eq!(of(what, table), "", "{what} {table}");
    }
    assert_eq!(of("other", "practice_members"), "");
    assert_eq!(
        job.loaded("select count(*) from profiles n join was.profiles w using (id) where w.is_active and not n.is_active"),
        "8"
    );

    let states = "select legacy_id, state from decisions where superseded_by is null order by 1";
    assert_eq!(job.staged(states), format!("{}|applied\n{}|changed", asked[0], asked[1]));
    let again = job.json(&["load"], 0);
    for receipt in again["receipts"].as_array().expect("receipts") {
        assert_eq!((&receipt["inserted"], &receipt["updated"]), (&0.into(), &0.into()), "{receipt}");
    }
    job.run(["rollback", "--run", &run, "--quiet"]);
    assert_eq!(job.digest(), first);
}
