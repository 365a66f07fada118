//! Whether a pooler gives each transaction another server session. Both sides need one session: the settings by which values
//! become text live there, and a load's lock and temporary tables.

use postgres::SimpleQueryMessage;

use super::{Address, Session, Side, connect, server_error};
use crate::error::{Error, Result};

/// Refuses a pooler in transaction mode. Asked with simple queries, because such a pooler breaks prepared ones.
pub fn refuse_transaction_mode(side: Side, client: &mut Session, address: &Address) -> Result<()> {
    let row = ask(side, client, "select current_setting('port'), pg_backend_pid()")?;
    let [Some(port), Some(ours)] = row.as_slice() else { return Ok(()) };
    // the server itself listens where we have knocked
    if *port == address.port().to_string() {
        return Ok(());
    }
    // somebody stands between: two clients that get the same server session one after the other share it
    let Ok(mut other) = connect(side, address) else { return Ok(()) };
    let theirs = ask(side, &mut other, "begin; select null, pg_backend_pid()")?;
    let shared = theirs.get(1) == Some(&Some(ours.clone())) || {
        let again = ask(side, client, "select null, pg_backend_pid()")?;
        again.get(1) != Some(&Some(ours.clone()))
    };
    if !shared {
        return Ok(());
    }
    Err(Error::new(
        side.kind(),
        format!(
            "a pooler in transaction mode stands before the {}: it gives each transaction another session",
            side.name()
        ),
    )
    .hint("connect to the database itself, or to the pooler's session mode (Supabase: port 5432, not 6543)"))
}

/// The last row's fields.
fn ask(side: Side, client: &mut Session, sql: &str) -> Result<Vec<Option<String>>> {
    let answer =
        client.simple_query(sql).map_err(|cause| server_error(side, "looking for a pooler", &cause))?;
    let row = answer.into_iter().rev().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => Some(row),
        _ => None,
    });
    Ok(row.map_or_else(Vec::new, |row| {
        (0..row.len()).map(|column| row.get(column).map(str::to_owned)).collect()
    }))
}
