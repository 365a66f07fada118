//! What gives access to something rather than saying anything about a person: passwords, sessions, tokens and keys. It is
//! never taken along; a table of such things is taken when the configuration names it, a password never. Pure.

use super::pattern::fits;
use crate::entity;

/// Columns that hold passwords, in whatever table: their hashes are as good as they are.
const PASSWORDS: [&str; 8] = [
    "password",
    "passwd",
    "pwd",
    "password_hash",
    "hashed_password",
    "encrypted_password",
    "old_password",
    "password_digest",
];

/// Columns that hold something else that opens doors, in a table that holds other things as well.
const KEYS: [&str; 19] = [
    "api_key",
    "apikey",
    "api_secret",
    "secret",
    "secret_key",
    "client_secret",
    "private_key",
    "otp_secret",
    "totp_secret",
    "mfa_secret",
    "access_token",
    "refresh_token",
    "auth_token",
    "reset_token",
    "password_reset_token",
    "session_key",
    "session_data",
    "id_token",
    "token",
];

/// Tables of sessions, tokens and keys, as Django and its usual companions call them.
const TABLES: [&str; 14] = [
    "django_session",
    "*_session",
    "*_sessions",
    "*_token",
    "*_tokens",
    "*_authtoken",
    "*_socialtoken",
    "*accesstoken",
    "*refreshtoken",
    "*_apikey",
    "*_api_key",
    "otp_*device",
    "oauth2_provider_grant",
    "token_blacklist_*",
];

/// Whether a column of a table holds a secret.
pub(super) fn is_secret(table: &str, column: &str) -> bool {
    let column = column.to_lowercase();
    let is_one = |known: &[&str]| known.iter().any(|known| *known == column);
    is_one(&PASSWORDS) || is_one(&KEYS) && !is_secret_table(table)
}

/// Whether a table is one of secrets; none that the rules read is.
pub(super) fn is_secret_table(table: &str) -> bool {
    let bare = table.rsplit('.').next().unwrap_or(table).to_lowercase();
    !entity::is_read(table) && TABLES.iter().any(|pattern| fits(pattern, &bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_told_by_their_kind() {
        for (table, column, found) in [
            ("auth_user", "password", true),
            ("accounts_customuser", "Password", true),
            ("authtoken_token", "key", false),
            ("authtoken_token", "token", false),
            ("django_session", "session_data", false),
            ("django_session", "password", true),
            ("clinic_device", "api_key", true),
            ("clinic_device", "token_count", false),
        ] {
            assert_eq!(is_secret(table, column), found, "{table}.{column}");
        }
        for (table, found) in [
            ("django_session", true),
            ("authtoken_token", true),
            ("socialaccount_socialtoken", true),
            ("oauth2_provider_accesstoken", true),
            ("archive.django_session", true),
            ("dispatch_patient", false),
            ("dispatch_sessionnote", false),
        ] {
            assert_eq!(is_secret_table(table), found, "{table}");
        }
    }

    #[test]
    fn nothing_that_the_rules_read_is_a_secret() {
        for table in entity::legacy_tables() {
            for column in table.required_columns.iter().chain(table.optional_columns) {
                assert!(!is_secret(table.name, column), "{}.{column}", table.name);
            }
        }
    }
}
