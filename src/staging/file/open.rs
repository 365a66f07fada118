//! Opening the file: what makes it ours, which version it is, and who may write.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use percent_encoding::{AsciiSet, CONTROLS, percent_encode};
use rusqlite::limits::Limit;
use rusqlite::{Connection, OpenFlags};

use crate::columns::Forms;
use crate::entity;
use crate::error::{Error, Result};
use crate::interrupt::Stopping;
use crate::output;
use crate::staging::file::derived;
use crate::staging::file::digests::Touched;
use crate::staging::file::flusher::Flusher;
use crate::staging::file::functions::register;
use crate::staging::file::holders::holders;
use crate::staging::file::patience::{self, outlast_readers, wait_for_writer};
use crate::staging::file::schema::{Strange, distrust, refuse_strange};
use crate::staging::file::transactions::stopping;

/// `DRYD`, in the SQLite header of every staging file.
const APPLICATION_ID: i32 = 0x4452_5944;
/// The version of the schema in `staging/`; it grows with every change of it.
const SCHEMA_VERSION: i32 = 9;

/// Bytes of the longest value that is looked at in a file from elsewhere; a source hands over none as long.
const LONGEST: i32 = 512 * 1024 * 1024;

/// How long a file from elsewhere is looked at: a minute, and one more for every 64 MB.
fn bound(bytes: u64) -> Duration {
    Duration::from_secs(60 + 60 * (bytes / (64 * 1024 * 1024)))
}

/// The one writer of a staging file. While it lives, no other process can become the writer.
#[derive(Debug)]
pub struct Staging {
    // closed before the lock is let go: closing any handle of the file lets go of SQLite's own locks too
    pub(in crate::staging) connection: Connection,
    /// While a snapshot is written.
    pub(in crate::staging) flusher: Option<Flusher>,
    pub(in crate::staging) stopping: Stopping,
    /// The forms by which raw rows are read.
    pub(in crate::staging) forms: Arc<Forms>,
    path: PathBuf,
    lock: File,
    /// The command that is at work, once it has started.
    pub(in crate::staging) run: Option<i64>,
    /// When that command ends, where that is settled before it does.
    pub(in crate::staging) ends_at: Option<String>,
    /// The tables that it may have written to since it noted their digests.
    pub(in crate::staging) touched: Touched,
    /// Whether these are all, and whether it has noted any.
    pub(in crate::staging) is_all_touched: bool,
    pub(in crate::staging) has_noted: bool,
    /// What is not as this program makes it, in a file that is examined.
    pub(in crate::staging) strange: Strange,
}

/// One who looks on while another process may be writing.
#[derive(Debug)]
pub struct Reader {
    pub(in crate::staging) connection: Connection,
    _stopping: Stopping,
    /// The forms by which raw rows are read.
    pub(in crate::staging) forms: Arc<Forms>,
    /// Whether a command was writing to the file when it was opened.
    pub(in crate::staging) is_being_written: bool,
}

impl Staging {
    /// Opens the file, or creates it with mode 0600 when there is none. An existing file is never replaced.
    pub fn open_or_create(path: &Path) -> Result<Self> {
        if path.exists() { Self::open(path) } else { Self::create(path) }
    }

    /// Opens an existing staging file for writing.
    pub fn open(path: &Path) -> Result<Self> {
        let lock = Self::lock_known(path)?;
        let connection = connect(path)?;
        check_version(&connection, path)?;
        refuse_strange(&connection, path)?;
        let is_sealed: bool =
            connection.query_row("select exists (select 1 from seal)", [], |row| row.get(0))?;
        if is_sealed {
            return Err(Error::precondition(format!(
                "{} is a sealed copy, and nothing is written to one",
                path.display()
            ))
            .hint("work on the file that it was made from"));
        }
        Self::over(connection, path, lock)
    }

    fn lock_known(path: &Path) -> Result<File> {
        recognise(path)?;
        lock(path)
    }

    /// A file that is open and locked, before any command of it has begun.
    fn over(mut connection: Connection, path: &Path, lock: File) -> Result<Self> {
        let stopping = stopping(&connection);
        outlast_readers(&mut connection, &stopping)?;
        let touched = Touched::of(&mut connection)?;
        Ok(Self {
            connection,
            flusher: None,
            stopping,
            forms: Arc::default(),
            path: path.to_owned(),
            lock,
            run: None,
            ends_at: None,
            touched,
            is_all_touched: false,
            has_noted: false,
            strange: Strange::default(),
        })
    }

    /// Opens a file to examine it exactly as it stands. Nothing is written to it or beside it, and what a killed command left
    /// is not put away; whatever would write is refused by SQLite.
    pub fn examine(path: &Path) -> Result<Self> {
        recognise(path)?;
        let unreadable = |cause: io::Error| {
            Error::staging(format!("the staging file {} cannot be read", path.display()))
                .cause(cause)
                .hint("its owner must run this command, or change its mode")
        };
        let lock = File::open(path).map_err(unreadable)?;
        if matches!(lock.try_lock_shared(), Err(TryLockError::WouldBlock)) {
            return Err(Error::staging(format!("another command is writing to {}", path.display()))
                .hint("wait for it to end; `drydock status` shows what it is doing"));
        }
        let bytes = fs::metadata(path).map_or(0, |found| found.len());
        examined(connect_to_examine(path, "immutable")?, path, lock, bytes)
    }

    /// Makes a new staging file, with its schema and nothing else; an existing one is refused.
    pub fn create_new(path: &Path) -> Result<Self> {
        if path.exists() {
            return Err(Error::precondition(format!("{} exists already", path.display()))
                .hint("nothing is ever overwritten; give another name"));
        }
        Self::create(path)
    }

    /// Creates a new staging file. It gets its name when it is whole, so that whoever is killed here leaves no file that is
    /// none; and it is opened again under its name, because `SQLite` counts its cache in pages of the size that a file had
    /// when it was opened.
    fn create(path: &Path) -> Result<Self> {
        let unfinished = output::beside(path, &format!(".unfinished-{}", std::process::id()));
        let refused = |cause: io::Error| {
            Error::staging(format!("the staging file {} cannot be created", path.display()))
                .cause(cause)
                .hint("give a path in an existing directory that you may write to with --staging")
        };
        for suffix in ["-journal", "-wal", "-shm"] {
            let other = output::beside(path, suffix);
            if other.symlink_metadata().is_ok() {
                return Err(Error::staging(format!("{} is in the way: SQLite would take it for a part of the new file", other.display()))
                    .hint("it may belong to a staging file that was moved away: put it beside that, or give another name with --staging"));
            }
        }
        // new and nobody else's: what is there already, also a link that leads elsewhere, is never written to
        drop(output::new_file(&unfinished).map_err(|cause| match cause.kind() {
            io::ErrorKind::AlreadyExists => Error::staging(format!("{} is in the way", unfinished.display()))
                .hint("nothing is ever overwritten; it may be left of a command that was killed: look at it and remove it"),
            _ => refused(cause),
        })?);
        // a link, unlike a rename, never replaces a file that came to be in the meantime
        let created =
            write_schema(&unfinished).and_then(|()| fs::hard_link(&unfinished, path).map_err(refused));
        // nothing half-made stays
        let _ = fs::remove_file(&unfinished);
        created?;
        let lock = Self::lock_known(path)?;
        Self::over(connect(path)?, path, lock)
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// A session that reads in another thread what is written so far; let go of it before the next thing is written.
    pub fn reader(&self) -> Result<Reader> {
        let connection = connect(&self.path)?;
        connection.pragma_update(None, "query_only", true)?;
        let forms = Arc::clone(&self.forms);
        Ok(Reader { _stopping: stopping(&connection), connection, forms, is_being_written: true })
    }

    /// Reads raw rows by these forms from now on; the readers that are made from now on do so too.
    pub fn read_as(&mut self, forms: Forms) {
        self.forms = Arc::new(forms);
    }

    /// Begins to flush in the background when asked to.
    pub(in crate::staging) fn flush_meanwhile(&mut self) {
        if self.flusher.is_none() {
            self.flusher = Flusher::start(&self.lock);
        }
    }

    /// Makes everything written so far outlast a power cut. Within a command the file is not flushed, because a killed
    /// process loses nothing that it has handed to the operating system.
    pub fn flush(&mut self) -> Result<()> {
        self.lock.sync_all().map_err(|cause| {
            Error::staging(format!("the staging file {} cannot be flushed to disk", self.path.display()))
                .cause(cause)
                .hint("look at the disk that holds it")
        })
    }
}

impl Reader {
    /// Opens an existing staging file for one look: nothing is put away, and a file of another version is refused.
    pub fn look(path: &Path) -> Result<Self> {
        recognise(path)?;
        let mut connection = Connection::open_with_flags(
            path,
            OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
        )?;
        wait_for_writer(&mut connection, Duration::from_secs(1))?;
        check_version(&connection, path)?;
        register(&connection)?;
        Ok(Self {
            _stopping: stopping(&connection),
            connection,
            forms: Arc::default(),
            is_being_written: false,
        })
    }

    /// Opens an existing staging file to look at it.
    pub fn open(path: &Path) -> Result<Self> {
        recognise(path)?;
        // asked before SQLite has a handle: closing this one would let go of its locks
        let is_being_written = File::open(path)
            .is_ok_and(|file| matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)));
        let connection = connect(path)?;
        check_version(&connection, path)?;
        refuse_strange(&connection, path)?;
        if !is_being_written {
            put_away_journal(&connection, path)?;
        }
        connection.pragma_update(None, "query_only", true)?;
        Ok(Self { _stopping: stopping(&connection), connection, forms: Arc::default(), is_being_written })
    }
}

/// A session that reads a file exactly as it stands: `immutable`, which looks for no journal, or `nolock`, which asks how long
/// the file is when it is read and not when it is opened.
pub(in crate::staging) fn connect_to_examine(path: &Path, how: &str) -> Result<Connection> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX | OpenFlags::SQLITE_OPEN_URI;
    Ok(Connection::open_with_flags(uri(path, how), flags)?)
}

/// A file of so many bytes that is examined: nothing of its schema is trusted, and what it may take is bounded.
pub(in crate::staging) fn examined(
    connection: Connection,
    path: &Path,
    lock: File,
    bytes: u64,
) -> Result<Staging> {
    distrust(&connection)?;
    connection.execute_batch(
        "pragma query_only = on; pragma cell_size_check = on; pragma cache_size = -65536; pragma temp_store = memory",
    )?;
    check_version(&connection, path)?;
    register(&connection)?;
    let bound = bound(bytes);
    let mut staging = Staging::over(connection, path, lock)?;
    let begun = Instant::now();
    staging.connection.progress_handler(100_000, Some(move || begun.elapsed() > bound))?;
    staging.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, LONGEST)?;
    staging.guard()?;
    Ok(staging)
}

/// The schema as this program makes it, in memory.
pub(in crate::staging) fn empty_schema() -> Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(&derived::schema())?;
    Ok(connection)
}

/// The schema's text: what it says is said by the program and by nobody's data.
pub fn schema_text() -> String {
    derived::schema()
}

/// The file as SQLite opens what nobody changes meanwhile: without locks.
fn uri(path: &Path, how: &str) -> String {
    const RESERVED: &AsciiSet = &CONTROLS.add(b' ').add(b'%').add(b'?').add(b'#');
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    format!("file:{}?{how}=1", percent_encode(path.as_os_str().as_bytes(), RESERVED))
}

/// Makes an empty file a staging file.
fn write_schema(path: &Path) -> Result<()> {
    let connection = connect(path)?;
    let schema = derived::schema();
    connection.execute_batch("pragma page_size = 16384; vacuum")?;
    connection.execute_batch(&format!(
        "begin immediate; {schema} pragma application_id = {APPLICATION_ID}; pragma user_version = {SCHEMA_VERSION}"
    ))?;
    let mut insert = connection.prepare(
        "insert into entities (entity, position, entity_type, legacy_table, target_table, phase, in_use) \
         values (?, ?, ?, ?, ?, ?, ?)",
    )?;
    for (position, entity) in entity::ALL.iter().enumerate() {
        insert.execute((
            entity.name,
            position,
            entity.entity_type(),
            entity.legacy.name,
            entity.target_table,
            entity.phase.as_str(),
            !entity.is_optional(),
        ))?;
    }
    drop(insert);
    Ok(connection.execute_batch("commit")?)
}

/// A command that was killed may leave a journal that holds nothing to take back; SQLite removes it with the next write, so
/// the version is written once more as it is.
fn put_away_journal(connection: &Connection, path: &Path) -> Result<()> {
    let mut journal = path.as_os_str().to_owned();
    journal.push("-journal");
    if Path::new(&journal).exists() {
        connection.execute_batch(&format!("pragma user_version = {SCHEMA_VERSION}"))?;
    }
    Ok(())
}

/// Refuses what is not there and what is not a staging file, before SQLite touches it.
fn recognise(path: &Path) -> Result<()> {
    let mut header = [0u8; 72];
    // a pipe would keep us for ever, and so would a device
    let is_endless = fs::metadata(path).is_ok_and(|found| !found.is_file() && !found.is_dir());
    let file = if is_endless { Err(io::ErrorKind::InvalidInput.into()) } else { File::open(path) };
    let read = file.and_then(|mut file| {
        if file.metadata()?.is_dir() {
            return Ok(false);
        }
        Ok(file.read_exact(&mut header).is_ok())
    });
    let read = read.map_err(|cause| {
        Error::staging(format!("the staging file {} cannot be opened", path.display()))
            .cause(cause)
            .hint("check its path; `drydock extract` makes one, and --staging names it")
    })?;
    if read && is_staging_file(&header) {
        return Ok(());
    }
    let is = if read && header.starts_with(b"SQLite format 3\0") {
        "another SQLite file"
    } else {
        "no SQLite file"
    };
    Err(Error::staging(format!("{} is {is}, not a staging file", path.display()))
        .hint("give the file that extract made with --staging; nothing was written"))
}

/// Whether a file that begins so is one of ours.
pub(in crate::staging) fn is_staging_file(header: &[u8; 72]) -> bool {
    header.starts_with(b"SQLite format 3\0") && header[68..] == APPLICATION_ID.to_be_bytes()
}

/// Becomes the only writer.
fn lock(path: &Path) -> Result<File> {
    let refused = |cause: io::Error| {
        Error::staging(format!("the staging file {} cannot be written", path.display()))
            .cause(cause)
            .hint("its owner must run this command, or change its mode")
    };
    let file = OpenOptions::new().read(true).write(true).open(path).map_err(refused)?;
    // whoever notes that somebody looked at a record holds it for a moment
    let mut locked = file.try_lock();
    for _ in 0..5 {
        if !matches!(locked, Err(TryLockError::WouldBlock)) {
            break;
        }
        std::thread::sleep(Duration::from_millis(40));
        locked = file.try_lock();
    }
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            let who =
                Some(holders(path)).filter(|who| !who.is_empty()).map(|who| format!(": {who} has it open"));
            Err(Error::staging(format!(
                "another command is writing to {}{}",
                path.display(),
                who.unwrap_or_default()
            ))
            .hint("wait for it to end; `drydock status` shows what it is doing"))
        }
        Err(TryLockError::Error(cause)) => Err(refused(cause)),
    }
}

fn connect(path: &Path) -> Result<Connection> {
    let mut connection = Connection::open_with_flags(
        path,
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    wait_for_writer(&mut connection, patience::READER)?;
    register(&connection)?;
    connection.set_prepared_statement_cache_capacity(128);
    distrust(&connection)?;
    // a rollback journal leaves one file; see `flush` for what synchronous = off gives up
    connection.execute_batch(
        "pragma journal_mode = delete; pragma synchronous = off; pragma secure_delete = on; \
         pragma cache_size = -65536; pragma temp_store = memory; pragma foreign_keys = off",
    )?;
    Ok(connection)
}

fn check_version(connection: &Connection, path: &Path) -> Result<()> {
    let version: i32 = connection.query_row("pragma user_version", [], |row| row.get(0))?;
    if version == SCHEMA_VERSION {
        return Ok(());
    }
    Err(Error::staging(format!(
        "{} has schema version {version}, this program reads and writes version {SCHEMA_VERSION}",
        path.display()
    ))
    .hint("use the program version that made the file, or extract again into a new file"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_schema_file_is_applied() {
        let directory = Path::new(env!("CARGO_MANIFEST_DIR")).join("staging");
        for entry in fs::read_dir(directory).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "sql") {
                let text = fs::read_to_string(&path).unwrap();
                assert!(derived::schema().contains(&text), "{} is not in the schema", path.display());
            }
        }
    }

    #[test]
    fn ready_tables_have_the_columns_of_their_entities() {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(&derived::schema()).unwrap();
        for entity in entity::ALL {
            let mut statement = connection.prepare("select name from pragma_table_info(?)").unwrap();
            let columns: Vec<String> = statement
                .query_map([entity.ready_table()], |row| row.get(0))
                .unwrap()
                .collect::<Result<_, _>>()
                .unwrap();
            let expected: Vec<_> = entity.columns.iter().map(|column| column.name).collect();
            assert_eq!(columns, expected, "{}", entity.name);
        }
    }
}
