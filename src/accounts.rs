//! The accounts by which people sign in, written for review: Supabase keeps them in a schema of its own, whose rows its own service
//! makes. Django's password hashes (pbkdf2) cannot be carried there, so that nobody gets a password; an account has the id of
//! its profile, which is what the application finds the profile by.

use std::collections::{BTreeMap, HashSet};

use serde::Serialize;
use serde_json::json;

use crate::entity::profiles;
use crate::error::{Error, Result};
use crate::output::Folder;
use crate::record::{LegacyId, quoted_text};
use crate::staging::{Staging, Step};

/// For whom.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// For every profile, with a fallback address and without activity too: where profiles refer to accounts each needs one.
    pub all: bool,
    /// Whether people have to confirm their address before they sign in.
    pub invite: bool,
}

/// One account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// The profile's id, which is the account's.
    pub id: String,
    /// The profile's legacy id.
    pub legacy_id: LegacyId,
    /// The address.
    pub email: String,
    first_name: String,
    last_name: String,
    created_at: String,
}

/// How many accounts were written, and who got none, by why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Summary {
    /// Accounts.
    pub accounts: u64,
    /// Profiles without one: `fallback_address`, `no_address`, `not_active`, `address_twice`.
    pub without: BTreeMap<&'static str, u64>,
}

/// The accounts of the ready profiles, in legacy id order.
pub fn accounts(staging: &Staging, options: Options) -> Result<(Vec<Account>, Summary)> {
    staging.require(Step::Transform, "auth")?;
    let entity = &profiles::ENTITY;
    let wanted = ["id", "email", "first_name", "last_name", "created_at", "is_active"];
    let columns: Vec<_> = wanted.iter().filter_map(|name| entity.column(name)).collect();
    let (mut accounts, mut summary, mut seen) = (Vec::new(), Summary::default(), HashSet::new());
    staging.with_ready(entity, &columns, |rows| {
        let mut read = |legacy_id: LegacyId, values: &[Option<&str>]| {
            let value = |place: usize| values.get(place).copied().flatten().unwrap_or_default();
            let email = value(1);
            let why_not = if email.is_empty() {
                Some("no_address")
            } else if !options.all && crate::clean::is_fallback_email(email) {
                Some("fallback_address")
            } else if !options.all && value(5) != "true" {
                Some("not_active")
            } else if !seen.insert(email.to_lowercase()) {
                Some("address_twice")
            } else {
                None
            };
            if let Some(why) = why_not {
                *summary.without.entry(why).or_default() += 1;
                return Ok(());
            }
            summary.accounts += 1;
            accounts.push(Account {
                id: value(0).to_owned(),
                legacy_id,
                email: email.to_owned(),
                first_name: value(2).to_owned(),
                last_name: value(3).to_owned(),
                created_at: value(4).to_owned(),
            });
            Ok(())
        };
        while rows.next(&mut read)?.is_some() {}
        Ok(())
    })?;
    Ok((accounts, summary))
}

/// Writes `accounts.sql`, for whoever may write the platform's own tables, and `accounts.json`, one body per line for the API of
/// its service (`POST /auth/v1/admin/users`).
pub fn write(accounts: &[Account], options: Options, folder: &Folder) -> Result<()> {
    folder.write("accounts.sql", sql(accounts, options).as_bytes())?;
    let mut lines = String::new();
    for account in accounts {
        let body = json!({
            "id": account.id,
            "email": account.email,
            "email_confirm": !options.invite,
            "user_metadata": { "first_name": account.first_name, "last_name": account.last_name },
        });
        lines += &serde_json::to_string(&body)
            .map_err(|cause| Error::internal("an account cannot be written").cause(cause))?;
        lines.push('\n');
    }
    folder.write("accounts.json", lines.as_bytes())
}

fn sql(accounts: &[Account], options: Options) -> String {
    let rows: Vec<String> = accounts
        .iter()
        .map(|account| {
            let Account { id, email, first_name, last_name, created_at, .. } = account;
            let values = [id, email, first_name, last_name, created_at].map(|value| text(value));
            format!("    ({})", values.join(", "))
        })
        .collect();
    if rows.is_empty() {
        return "-- nobody needs an account\n".to_owned();
    }
    let confirmed = if options.invite { "null::timestamptz" } else { "now()" };
    format!(
        "-- Accounts for the profiles of a migration: people's names and addresses. Look at it, then run it with psql as a role that\n\
         -- may write the schema auth, before `drydock survey`: a trigger there may make profiles, which the survey then knows.\n\
         -- Nobody has a password: people ask for a link or a new password. Running it again changes nothing.\n\
         begin;\n\
         create temporary table accounts (id uuid, email text, first_name text, last_name text, created_at timestamptz) on commit drop;\n\
         insert into accounts values\n{};\n\
         insert into auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, confirmation_token,\n\
                                 recovery_token, email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data,\n\
                                 created_at, updated_at)\n\
         select '00000000-0000-0000-0000-000000000000', a.id, 'authenticated', 'authenticated', a.email, '', {confirmed}, '', '', '', '',\n\
                '{{\"provider\": \"email\", \"providers\": [\"email\"]}}',\n\
                jsonb_build_object('first_name', a.first_name, 'last_name', a.last_name), a.created_at, now()\n\
         from accounts a\n\
         where not exists (select 1 from auth.users u where u.id = a.id or lower(u.email) = lower(a.email));\n\
         insert into auth.identities (id, provider_id, user_id, identity_data, provider, created_at, updated_at)\n\
         select gen_random_uuid(), a.id::text, a.id, jsonb_build_object('sub', a.id::text, 'email', a.email), 'email', now(), now()\n\
         from accounts a\n\
         where exists (select 1 from auth.users u where u.id = a.id)\n\
           and not exists (select 1 from auth.identities i where i.user_id = a.id);\n\
         -- addresses that an account of another id has already: that person signs in there, and has no profile under that id\n\
         select count(*) as addresses_taken from accounts a join auth.users u on lower(u.email) = lower(a.email) and u.id <> a.id;\n\
         commit;\n",
        rows.join(",\n")
    )
}

/// A text as SQL, whatever the server's settings make of backslashes.
fn text(value: &str) -> String {
    let quoted = quoted_text(value);
    if value.contains('\\') { format!("E{}", quoted.replace('\\', "\\\\")) } else { quoted }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_own_quotes() {
        assert_eq!(text("O'Neil"), "'O''Neil'");
        assert_eq!(text("a\\'; drop"), "E'a\\\\''; drop'");
    }
}
