//! A legacy system of any size, as CSV.

use std::fs;
use std::io::Write as _;
use std::path::Path;

/// The folder `legacy` in a directory: every user is a patient; a hundred offices, each owned by one of them.
pub fn write_source(directory: &Path, records: u64) {
    let legacy = directory.join("legacy");
    fs::create_dir_all(&legacy).expect("a folder");
    let file = |name: &str, header: &str| {
        let file = fs::File::create(legacy.join(format!("{name}.csv"))).expect("a table");
        let mut out = std::io::BufWriter::new(file);
        writeln!(out, "{header}").expect("a header");
        out
    };
    let mut users = file(
        "auth_user",
        "id,username,first_name,last_name,email,is_superuser,is_staff,is_active,date_joined,last_login",
    );
    let mut patients =
        file("dispatch_patient", "id,user_id,doctor_id,office_id,birthdate,sex,status,archived,updated_at");
    let mut groups = file("auth_user_groups", "id,user_id,group_id");
    for id in 1..=records {
        let (minute, day, year) = (id % 60, id % 28 + 1, id % 70 + 1940);
        let email = if id % 7 == 0 { format!("person.{id}@mail.example") } else { String::new() };
        writeln!(
            users,
            "{id},person{id},Anna {},Sample{id},{email},f,f,t,2019-03-{day:02} 10:{minute:02}:07.123456+00,",
            id % 1000
        )
        .expect("a user");
        let (doctor, office) = (id % 100 + 1, id % 100 + 1);
        writeln!(
            patients,
            "{id},{id},{doctor},{office},{year}-05-{day:02},{},1,f,2020-01-{day:02} 11:{minute:02}:09.5+00",
            id % 2 + 1
        )
        .expect("a patient");
        writeln!(groups, "{id},{id},1").expect("a group");
    }
    writeln!(file("auth_group", "id,name"), "1,Patient").expect("the group");
    let mut offices = file("dispatch_office", "id,name,doctor_id,city,country,valid,tax_rate");
    let mut members = file("dispatch_office_doctors", "id,office_id,user_id");
    for id in 1..=100 {
        writeln!(offices, "{id},Office {id},{id},Springfield,USA,t,8.2500").expect("an office");
        writeln!(members, "{id},{id},{id}").expect("a member");
    }
}
