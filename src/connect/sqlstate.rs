//! Names for SQLSTATE codes, so that a message can say what happened without the server's text, which quotes values.

/// The condition's name, or the name of its class when the code is not one that a migration is likely to meet.
pub(super) fn name(code: &str) -> &'static str {
    CONDITIONS
        .iter()
        .chain(&CLASSES)
        .find_map(|&(prefix, name)| code.starts_with(prefix).then_some(name))
        .unwrap_or("unlisted_condition")
}

/// Whether the code is one of the conditions listed here, and not one that somebody made up.
pub(super) fn is_listed(code: &str) -> bool {
    CONDITIONS.iter().any(|(listed, _)| *listed == code)
}

/// Source: appendix A of the `PostgreSQL` manual, the conditions that reading, writing and altering tables can raise.
const CONDITIONS: [(&str, &str); 62] = [
    ("08P01", "protocol_violation"),
    ("0A000", "feature_not_supported"),
    ("21000", "cardinality_violation"),
    ("22001", "string_data_right_truncation"),
    ("22003", "numeric_value_out_of_range"),
    ("22007", "invalid_datetime_format"),
    ("22008", "datetime_field_overflow"),
    ("22021", "character_not_in_repertoire"),
    ("22023", "invalid_parameter_value"),
    ("22P02", "invalid_text_representation"),
    ("22P03", "invalid_binary_representation"),
    ("22P04", "bad_copy_file_format"),
    ("22P05", "untranslatable_character"),
    ("23502", "not_null_violation"),
    ("23503", "foreign_key_violation"),
    ("23505", "unique_violation"),
    ("23514", "check_violation"),
    ("23P01", "exclusion_violation"),
    ("25001", "active_sql_transaction"),
    ("25006", "read_only_sql_transaction"),
    ("25P02", "in_failed_sql_transaction"),
    ("25P03", "idle_in_transaction_session_timeout"),
    ("28000", "invalid_authorization_specification"),
    ("28P01", "invalid_password"),
    ("3D000", "invalid_catalog_name"),
    ("3F000", "invalid_schema_name"),
    ("40001", "serialization_failure"),
    ("40P01", "deadlock_detected"),
    ("42501", "insufficient_privilege"),
    ("42601", "syntax_error"),
    ("42701", "duplicate_column"),
    ("42702", "ambiguous_column"),
    ("42703", "undefined_column"),
    ("42704", "undefined_object"),
    ("42710", "duplicate_object"),
    ("42723", "duplicate_function"),
    ("42725", "ambiguous_function"),
    ("42804", "datatype_mismatch"),
    ("42809", "wrong_object_type"),
    ("42846", "cannot_coerce"),
    ("42883", "undefined_function"),
    ("42P01", "undefined_table"),
    ("42P06", "duplicate_schema"),
    ("42P07", "duplicate_table"),
    ("42P10", "invalid_column_reference"),
    ("42P16", "invalid_table_definition"),
    ("428C9", "generated_always"),
    ("44000", "with_check_option_violation"),
    ("53100", "disk_full"),
    ("53200", "out_of_memory"),
    ("53300", "too_many_connections"),
    ("54000", "program_limit_exceeded"),
    ("55006", "object_in_use"),
    ("55P03", "lock_not_available"),
    ("57014", "query_canceled"),
    ("57P01", "admin_shutdown"),
    ("57P02", "crash_shutdown"),
    ("57P03", "cannot_connect_now"),
    ("57P05", "idle_session_timeout"),
    ("58030", "io_error"),
    ("P0001", "raise_exception"),
    ("XX001", "data_corrupted"),
];

const CLASSES: [(&str, &str); 20] = [
    ("08", "connection_exception"),
    ("22", "data_exception"),
    ("23", "integrity_constraint_violation"),
    ("25", "invalid_transaction_state"),
    ("28", "invalid_authorization_specification"),
    ("2B", "dependent_privilege_descriptors_still_exist"),
    ("2D", "invalid_transaction_termination"),
    ("3B", "savepoint_exception"),
    ("38", "external_routine_exception"),
    ("39", "external_routine_invocation_exception"),
    ("40", "transaction_rollback"),
    ("42", "syntax_error_or_access_rule_violation"),
    ("53", "insufficient_resources"),
    ("54", "program_limit_exceeded"),
    ("55", "object_not_in_prerequisite_state"),
    ("57", "operator_intervention"),
    ("58", "system_error"),
    ("F0", "config_file_error"),
    ("P0", "plpgsql_error"),
    ("XX", "internal_error"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_has_its_condition_or_its_class() {
        for (code, expected) in [
            ("23505", "unique_violation"),
            ("57P03", "cannot_connect_now"),
            ("22012", "data_exception"),
            ("XX000", "internal_error"),
            ("ZZ999", "unlisted_condition"),
        ] {
            assert_eq!(name(code), expected, "{code}");
        }
    }
}
