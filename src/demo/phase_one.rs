//! Fills an empty target as the first phase left it, so that the demonstration has rows to keep.

use std::io::Write;

use super::world::{Table, World, copy_statement, copy_text};
use crate::connect::{Address, Session, Side, connect, server_error};
use crate::error::{Error, Result};

/// Copies the world's first phase into the target's tables. A target that holds rows already is refused: it is somebody's.
pub fn seed_phase_one(address: &Address, world: &World) -> Result<()> {
    let mut client = connect(Side::Target, address)?;
    for table in &world.phase_one.tables {
        refuse_rows(&mut client, table)?;
        copy(&mut client, table).map_err(|cause| server_error(Side::Target, "filling the tables", &cause))?;
    }
    client.close().map_err(|cause| server_error(Side::Target, "filling the tables", &cause))
}

fn refuse_rows(client: &mut Session, table: &Table) -> Result<()> {
    let rows: i64 = client
        .query_one(&format!("select count(*) from {}", table.name), &[])
        .map_err(|cause| server_error(Side::Target, "looking at the tables", &cause))?
        .get(0);
    if rows == 0 {
        return Ok(());
    }
    Err(Error::precondition(format!("the target's table {} has {rows} rows already", table.name))
        .hint("the demonstration fills the target with invented rows: give it an empty database"))
}

fn copy(client: &mut Session, table: &Table) -> std::result::Result<(), postgres::Error> {
    let mut writer = client.copy_in(&copy_statement(table))?;
    // an error of the connection comes again at the end, with what the server said
    let _ = writer.write_all(&copy_text(table));
    writer.finish().map(drop)
}
