//! The list of checks that are queries, in the order in which they are printed. `sql/verify/` asks the target,
//! `staging/verify/` the file; a query returns the rows that are wrong as entity, legacy id and field, and its first line
//! is the sentence that no row proves, and its second may say for each of what it is asked (`each`). A check that both folders have asks both: what the target shows and the file expects
//! too is an exception that the legacy database itself explains.

use crate::entity::Entity;
use crate::staging::Level;

/// One check.
#[derive(Debug)]
pub struct Listed {
    /// What it is about.
    pub level: Level,
    /// The name of its files.
    pub name: &'static str,
    /// The query for the target.
    pub target: Option<&'static str>,
    /// The query for the file.
    pub staging: Option<&'static str>,
    /// The entity without which it is not asked, where that may take no part.
    pub of: Option<&'static str>,
}

macro_rules! checks {
    ($($level:ident $side:ident $name:literal $(of $entity:literal)?;)+) => {
        /// Every check.
        pub const ALL: &[Listed] =
            &[$(Listed { of: checks!(@of $($entity)?), ..checks!(@$side $level $name) }),+];
    };
    (@of) => { None };
    (@of $entity:literal) => { Some($entity) };
    (@target $level:ident $name:literal) => {
        Listed {
            level: Level::$level,
            name: $name,
            target: Some(include_str!(concat!("../../sql/verify/", $name, ".sql"))),
            staging: None,
            of: None,
        }
    };
    (@file $level:ident $name:literal) => {
        Listed {
            level: Level::$level,
            name: $name,
            target: None,
            staging: Some(include_str!(concat!("../../staging/verify/", $name, ".sql"))),
            of: None,
        }
    };
    (@both $level:ident $name:literal) => {
        Listed {
            level: Level::$level,
            name: $name,
            target: Some(include_str!(concat!("../../sql/verify/", $name, ".sql"))),
            staging: Some(include_str!(concat!("../../staging/verify/", $name, ".sql"))),
            of: None,
        }
    };
}

checks! {
    Entity target "practices_have_their_required_fields";
    Entity target "profiles_have_their_required_fields";
    Entity target "patients_have_their_required_fields";
    Entity target "legacy_ids_are_unique";
    Entity target "profiles_have_an_email_form";
    Entity target "patients_have_an_email_form";
    Entity target "emails_are_distinct";
    Entity file "ready_addresses_are_distinct";
    Entity target "no_address_is_on_the_move";
    Entity both "people_are_there_once";
    Entity file "existing_rows_are_the_records_own";
    Entity file "columns_survive";
    Entity file "flags_are_read_as_given";
    Entity file "names_are_no_null_markers";
    Entity target "names_are_trimmed";
    Entity target "birthdates_are_possible";
    Entity target "legacy_facts_are_kept";
    Entity target "cases_keep_their_legacy_facts" of "cases";
    Entity target "projects_keep_their_legacy_facts" of "projects";
    Entity target "states_keep_their_legacy_facts" of "case_states";
    Relationship target "patients_have_their_profile";
    Relationship target "patients_have_a_real_practice";
    Relationship target "patients_have_a_real_provider";
    Relationship target "profiles_have_a_real_practice";
    Relationship target "members_have_both_ends";
    Relationship target "members_are_of_this_migration";
    Relationship target "cases_have_a_real_patient" of "cases";
    Relationship target "projects_are_where_their_case_is" of "projects";
    Relationship target "states_have_a_real_case" of "case_states";
    Relationship file "references_lead_to_ready_rows";
    Relationship file "associations_agree_with_rows";
    Relationship file "merged_records_have_a_keeper";
    Business both "providers_work_at_the_practice";
    Business both "providers_are_staff";
    Business both "patients_are_not_their_own_provider";
    Business both "patients_do_not_share_a_profile";
    Business target "patients_and_profiles_have_the_same_name";
    Business target "patients_profiles_have_the_patient_role";
    Business target "profiles_have_one_primary_practice";
    Business both "practices_of_profiles_have_grounds";
    Business both "practices_have_an_owner";
    Business file "roles_agree_with_groups";
    Business target "one_label_per_role";
    Business target "fallback_addresses_are_explained";
    Business file "fallback_addresses_are_earned";
    Business both "ages_are_plausible";
    Business file "cases_are_of_the_patient_of_their_plans" of "cases";
    Business file "states_follow_each_other" of "case_states";
    System file "every_record_has_one_fate";
    System file "every_change_is_explained";
    System file "kept_back_records_have_a_reason";
    System file "everything_ready_is_loaded";
    System file "steps_follow_each_other";
    System target "row_level_security_guards_every_table";
    System target "receipts_are_guarded";
    System target "tables_are_plain_tables";
    System target "sequences_are_ahead";
    System target "constraints_are_enforced";
    System target "tables_are_the_configured_ones";
    System target "children_hold_no_rows";
}

/// The checks that are asked where these entities take part.
pub fn of(entities: &[&'static Entity]) -> Vec<&'static Listed> {
    let takes_part = |name: &str| entities.iter().any(|entity| entity.name == name);
    ALL.iter().filter(|listed| listed.of.is_none_or(takes_part)).collect()
}

/// What a query proves when it returns nothing: its first line.
pub fn sentence(sql: &str) -> String {
    sql.lines().next().unwrap_or_default().trim_start_matches("--").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    /// The names of a folder's queries, each of which must begin with its sentence.
    fn names(folder: &str) -> BTreeSet<String> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        let mut names = BTreeSet::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            assert!(path.extension().is_some_and(|extension| extension == "sql"), "{}", path.display());
            let sql = std::fs::read_to_string(&path).unwrap();
            assert!(sql.starts_with("-- ") && sentence(&sql).len() > 20, "{}", path.display());
            names.insert(path.file_stem().unwrap().to_str().unwrap().to_owned());
        }
        names
    }

    #[test]
    fn the_folders_and_the_list_agree() {
        let listed = |of: fn(&Listed) -> bool| -> BTreeSet<String> {
            ALL.iter().filter(|check| of(check)).map(|check| check.name.to_owned()).collect()
        };
        let mut target = listed(|check| check.target.is_some());
        target.insert("totals".to_owned());
        assert_eq!(names("sql/verify"), target);
        assert_eq!(names("staging/verify"), listed(|check| check.staging.is_some()));
        let unique: BTreeSet<_> = ALL.iter().map(|check| check.name).collect();
        assert_eq!(unique.len(), ALL.len());
    }
}
