//! A small invented legacy system for tests of what a load does.

use std::fmt::Write;
use std::fs;
use std::path::Path;

/// How many of each.
#[derive(Debug, Clone, Copy)]
pub struct Size {
    pub offices: u32,
    /// The first tenth are doctors, the others patients.
    pub users: u32,
}

impl Size {
    /// The legacy system as CSV, with more lines of `auth_user`: offices from 1, users from 1001, patients from 5001, one for each
    /// user that is not a doctor.
    pub fn write(self, folder: &Path, more_users: &str) {
        fs::create_dir_all(folder).expect("a folder");
        let Size { offices, users } = self;
        let doctors = (users / 10).max(1);
        let mut table = String::from("id,name,doctor_id,city,valid\n");
        for office in 1..=offices {
            let _ = writeln!(
                table,
                "{office},Office No {office},{},Springfield,t",
                1001 + (office - 1) % doctors
            );
        }
        fs::write(folder.join("dispatch_office.csv"), &table).expect("offices");
        let mut table = String::from(
            "id,username,first_name,last_name,email,date_joined,is_active,is_staff,is_superuser\n",
        );
        for user in 1001..1001 + users {
            let _ = writeln!(
                table,
                "{user},u{user},Ann{user},Example,ann{user}@example.org,2020-01-01 00:00:00+00,t,f,f"
            );
        }
        table.push_str(more_users);
        fs::write(folder.join("auth_user.csv"), &table).expect("users");
        fs::write(folder.join("auth_group.csv"), "id,name\n1,Patient\n2,Doctor\n").expect("groups");
        let mut groups = String::from("id,user_id,group_id\n");
        let mut members = String::from("id,office_id,user_id\n");
        for doctor in 1001..1001 + doctors {
            let _ = writeln!(groups, "{doctor},{doctor},2");
            let _ = writeln!(members, "{doctor},{},{doctor}", 1 + (doctor - 1001) % offices);
        }
        fs::write(folder.join("auth_user_groups.csv"), &groups).expect("groups of users");
        fs::write(folder.join("dispatch_office_doctors.csv"), &members).expect("members");
        let mut table = String::from("id,user_id,birthdate,sex,updated_at,doctor_id,office_id\n");
        for user in 1001 + doctors..1001 + users {
            let _ = writeln!(
                table,
                "{},{user},1980-02-03,1,2021-01-01 00:00:00+00,{},{}",
                user + 4000,
                1001 + user % doctors,
                1 + user % offices
            );
        }
        fs::write(folder.join("dispatch_patient.csv"), &table).expect("patients");
    }
}

/// A configuration that gives tables and columns other names.
pub const NAMES: &str = "\
[target.tables]
practices = 'offices'
profiles = 'people'
practice_members = 'Office Members'

[target.columns.practices]
name = 'office_name'
legacy_id = 'old_id'
[target.columns.profiles]
id = 'uid'
email = 'E-Mail'
first_name = 'given_name'
practice_id = 'office'
[target.columns.patients]
assigned_profile_id = 'doctor'
";

/// The tables, renamed as `NAMES` says; one has a column of its own that has the name of one of ours, one has a default where a load
/// leaves nothing.
pub const RENAME: &str = "
alter table practices rename to offices;
alter table offices rename column name to office_name;
alter table offices rename column legacy_id to old_id;
alter table offices add column name text;
alter table profiles rename to people;
alter table people rename column id to uid;
alter table people rename column email to \"E-Mail\";
alter table people rename column first_name to given_name;
alter table people rename column practice_id to office;
alter table patients rename column assigned_profile_id to doctor;
alter table practice_members rename to \"Office Members\";";
