//! The source: whether every needed table and column can be read, all rows of it, for as long as that takes.

use super::{Examination, Finding};
use crate::config::Config;
use crate::connect::{Address, Side, connect};
use crate::error::Result;
use crate::extract;
use crate::legacy::{PostgresSource, Source, health};

/// The oldest server that is read.
const OLDEST: i32 = 90_500;

/// Examines a live database.
pub fn examine_legacy(address: Result<Address>, config: &Config) -> Vec<Finding> {
    Examination::of("source").of_sessions(address, |seen, address| sessions(seen, address, config))
}

fn sessions(seen: &mut Examination, address: &Address, config: &Config) -> Result<()> {
    let mut client = connect(Side::Legacy, address)?;
    let health = health(&mut client)?;
    let version = format!("PostgreSQL {}", health.version);
    if health.version_number < OLDEST {
        seen.wrong(
            "version",
            version,
            "9.5 is the oldest version that is read: hand over a pg_dump script instead",
        );
    } else {
        seen.ok("version", version);
    }
    seen.encryption(health.is_encrypted, address);
    seen.timeout(&health.statement_timeout);
    if health.encoding == "SQL_ASCII" {
        seen.note(
            "encoding",
            "the database's encoding is SQL_ASCII: the server does not know its own bytes",
            "rows that are not UTF-8 are set apart with their keys; look at legacy_unreadable after the extract",
        );
    } else {
        seen.ok("encoding", health.encoding);
    }
    if health.is_standby {
        seen.note(
            "standby",
            "the server is a standby",
            "a long snapshot may be cancelled there: set hot_standby_feedback or max_standby_streaming_delay",
        );
    }
    if health.writable > 0 {
        seen.note(
            "rights",
            format!("the role {} could write to {} of the tables", address.user(), health.writable),
            "nothing is ever written, but a role with select only is safer: grant select on the tables to a new role",
        );
    } else {
        seen.ok("rights", format!("the role {} can only read", address.user()));
    }
    if !health.hidden.is_empty() && !health.bypasses_policies {
        seen.wrong(
            "policies",
            format!("row level security hides rows of {}", health.hidden.join(", ")),
            "connect as the tables' owner, or alter the role: alter role … bypassrls",
        );
    }
    let source = PostgresSource::new(client, address)?;
    tables(seen, Box::new(source), config);
    Ok(())
}

/// Whether what the rules read is there; files are examined by this alone.
fn tables(seen: &mut Examination, source: Box<dyn Source>, config: &Config) {
    match extract::look(source, config) {
        Ok(taken) => {
            seen.ok("tables", format!("{} tables would be taken", taken.tables));
            for (table, columns) in taken.missing_columns {
                seen.note(
                    "columns",
                    format!("{table} has no {}", columns.join(", ")),
                    "the rules that use them are off; that is fine when the application never had them",
                );
            }
            for table in taken.missing_tables {
                seen.note("tables", format!("there is no table {table}"), "the rules that use it are off");
            }
        }
        Err(error) => seen.failed("tables", &error),
    }
}

/// Examines a folder of CSV files or a dump.
pub fn examine_files(source: Result<Box<dyn Source>>, config: &Config) -> Vec<Finding> {
    let mut seen = Examination::of("source");
    match source {
        Ok(source) => {
            seen.ok("files", source.identity());
            tables(&mut seen, source, config);
        }
        Err(error) => seen.failed("files", &error),
    }
    seen.findings
}
