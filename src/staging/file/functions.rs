//! Functions that a mapping of the target asks of raw values: each gives a value in the form in which PostgreSQL prints the type
//! of its column, and null for what nobody can read.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use crate::clean;
use crate::error::Result;
use crate::record::whole_digits;

/// Lets statements of the connection call them.
pub(super) fn register(connection: &Connection) -> Result<()> {
    let add = |name: &str, of: fn(&str) -> Option<String>| {
        let flags = FunctionFlags::SQLITE_UTF8
            | FunctionFlags::SQLITE_DETERMINISTIC
            | FunctionFlags::SQLITE_INNOCUOUS;
        connection.create_scalar_function(name, 1, flags, move |context: &Context<'_>| {
            let raw: Option<String> = context.get(0)?;
            Ok(raw.and_then(|raw| of(&raw)))
        })
    };
    add("drydock_flag", |raw| clean::boolean("", Some(raw)).value.map(|flag| flag.to_string()))?;
    add("drydock_moment", |raw| {
        clean::timestamp("", Some(raw)).value.map(|moment| clean::timestamp_text(&moment).into())
    })?;
    add("drydock_whole", |raw| {
        let raw = raw.trim();
        whole_digits(raw).unwrap_or(raw).parse::<i64>().ok().map(|number| number.to_string())
    })?;
    Ok(())
}
