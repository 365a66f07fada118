//! A private `PostgreSQL` cluster that exists as long as its [`Cluster`] value: made by `initdb` in a temporary
//! directory, reached through a Unix socket in it, and never told to survive anything (`fsync` is off).
//!
//! The server is not our child but the child of a small shell script (`keeper.sh`) that waits for the end of its
//! standard input, of which we hold the other end. So it stops, and its directory goes, when the value is dropped and
//! also when this process is interrupted, killed, or ends without dropping its statics, as test processes do.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tempfile::TempDir;

use crate::connect::{self, Address, Side};
use crate::error::{Error, Result};
use crate::record::{quoted, quoted_text};

const KEEPER: &str = include_str!("keeper.sh");

/// Speed over safety: nobody reads this cluster after a crash.
const SETTINGS: &str = "\
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = '2GB'
";

/// The longest path of a Unix socket is 107 bytes on Linux and 103 elsewhere.
const LONGEST_SOCKET_PATH: usize = 103;
const DEFAULT_PORT: u16 = 5432;

/// A running cluster.
#[derive(Debug)]
pub struct Cluster {
    keeper: Child,
    directory: TempDir,
    port: u16,
}

/// What a cluster has beyond the defaults.
#[derive(Debug, Default)]
pub struct Settings {
    /// Lines for `postgresql.conf`.
    pub lines: Vec<String>,
    /// The whole of `pg_hba.conf`; without it every local user of the socket is trusted.
    pub authentication: Option<String>,
    /// Name and content of files in the cluster's directory, readable for the server alone.
    pub files: Vec<(String, String)>,
    /// Listen on this port of 127.0.0.1 too.
    pub port: Option<u16>,
}

impl Cluster {
    /// Starts an empty cluster from the binaries found on this machine.
    pub fn start() -> Result<Cluster> {
        Self::start_with(&Settings::default())
    }

    /// Starts an empty cluster that differs from the default one.
    pub fn start_with(settings: &Settings) -> Result<Cluster> {
        Self::start_from(&installed().ok_or_else(not_installed)?, settings)
    }

    /// Starts an empty cluster from the binaries in a directory.
    pub fn start_from(binaries: &Path, settings: &Settings) -> Result<Cluster> {
        let directory = temporary_directory()?;
        // PostgreSQL refuses to run as root.
        let owner = if owner_of(directory.path())? == 0 { Some(unprivileged_user()?) } else { None };

        let port = settings.port.unwrap_or(DEFAULT_PORT);
        write_files(directory.path(), settings, owner)?;
        let mut command = Command::new("/bin/sh");
        command
            .args(["-c", KEEPER, "keeper"])
            .args([binaries, directory.path()])
            .current_dir(directory.path())
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default())
            .env("LC_ALL", "C")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Out of reach of the terminal's Ctrl-C: a command that is interrupted still needs its server to end well.
            .process_group(0);
        if let Some(User { id, group }) = owner {
            command.uid(id).gid(group);
        }
        let keeper = command.spawn().map_err(|cause| failed("cannot run /bin/sh").cause(cause))?;

        let mut cluster = Cluster { keeper, directory, port };
        let mut answer = String::new();
        if let Some(output) = cluster.keeper.stdout.as_mut() {
            BufReader::new(output)
                .read_line(&mut answer)
                .map_err(|cause| failed("its keeper does not answer").cause(cause))?;
        }
        if answer.trim() == "ready" { Ok(cluster) } else { Err(failed(&cluster.last_words())) }
    }

    /// The connection URL of one of its databases.
    pub fn url(&self, database: &str) -> String {
        let host =
            utf8_percent_encode(&self.socket_directory().display().to_string(), NON_ALPHANUMERIC).to_string();
        let database = utf8_percent_encode(database, NON_ALPHANUMERIC);
        format!("postgres://postgres@/{database}?host={host}&port={}", self.port)
    }

    /// Makes an empty database.
    pub fn create_database(&self, name: &str) -> Result<()> {
        self.execute("creating a database", &format!("create database {}", quoted(name)))
    }

    /// Removes a database, whoever is still connected to it.
    pub fn drop_database(&self, name: &str) -> Result<()> {
        // `drop database … with (force)` would need version 13.
        let name_text = quoted_text(name);
        self.execute(
            "ending a database's sessions",
            &format!("select pg_terminate_backend(pid) from pg_stat_activity where datname = {name_text}"),
        )?;
        self.execute("dropping a database", &format!("drop database if exists {}", quoted(name)))
    }

    /// The directory that the server's Unix socket lies in.
    pub fn socket_directory(&self) -> &Path {
        self.directory.path()
    }

    /// The port in the socket's name, and on 127.0.0.1 if the cluster listens there.
    pub fn port(&self) -> u16 {
        self.port
    }

    fn execute(&self, what: &str, sql: &str) -> Result<()> {
        let address = Address::parse(&self.url("postgres"))?;
        let mut client = connect::connect(Side::Target, &address)?;
        client.batch_execute(sql).map_err(|cause| connect::server_error(Side::Target, what, &cause))
    }

    /// The last line that `initdb`, `pg_ctl` or the server wrote.
    fn last_words(&self) -> String {
        ["log", "started"]
            .iter()
            .filter_map(|name| fs::read_to_string(self.directory.path().join(name)).ok())
            .find_map(|text| text.lines().rfind(|line| !line.trim().is_empty()).map(str::to_owned))
            .unwrap_or_else(|| "it left no word why".to_owned())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.keeper.stdin.take());
        // Nothing is left to do for a keeper that is gone already.
        let _ = self.keeper.wait();
    }
}

fn failed(why: &str) -> Error {
    Error::precondition(format!("the throw-away PostgreSQL cluster did not start: {why}"))
        .hint("see that the temporary directory has room and may be written to, or name a server of your own")
}

/// That no server binaries were found, and what to do about it.
fn not_installed() -> Error {
    Error::precondition("no PostgreSQL server is installed here (looked for initdb, pg_ctl and postgres)").hint(
        "`.ci/setup demo` in the repository brings one (Debian: apt-get install postgresql), or load into an empty database \
         of your own with --to URL",
    )
}

/// The directory of `initdb`, `pg_ctl` and `postgres`: on the path, where `pg_config` points, or in the usual places,
/// newest version first.
pub fn installed() -> Option<PathBuf> {
    let on_path = env::var_os("PATH").map(|path| env::split_paths(&path).collect()).unwrap_or_default();
    [on_path, configured(), usual_places()]
        .into_iter()
        .flatten()
        .find(|place| ["initdb", "pg_ctl", "postgres"].iter().all(|name| place.join(name).is_file()))
}

fn configured() -> Vec<PathBuf> {
    let output = Command::new("pg_config").arg("--bindir").stderr(Stdio::null()).output();
    match output {
        Ok(output) if output.status.success() => {
            vec![PathBuf::from(String::from_utf8_lossy(&output.stdout).trim())]
        }
        _ => Vec::new(),
    }
}

fn usual_places() -> Vec<PathBuf> {
    // Debian, PostgreSQL's own packages for Red Hat, Homebrew
    let by_version = [
        "/usr/lib/postgresql",
        "/usr",
        "/opt/homebrew/opt",
        "/usr/local/opt",
        "/home/linuxbrew/.linuxbrew/opt",
    ];
    let is_named = |path: &Path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let starts = |start: &str| name.strip_prefix(start).is_some_and(|rest| !rest.is_empty());
        path.starts_with("/usr/lib/postgresql") || starts("pgsql-") || starts("postgresql@")
    };
    let mut versions: Vec<PathBuf> = by_version
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flat_map(|entries| entries.flatten().map(|entry| entry.path()))
        .filter(|path| is_named(path))
        .collect();
    versions.sort_by_key(|path| std::cmp::Reverse(version(path)));
    let mut places: Vec<PathBuf> = versions.into_iter().map(|path| path.join("bin")).collect();
    places.push(PathBuf::from("/usr/local/pgsql/bin"));
    // where `.ci/setup` puts the ones that it fetches
    places.push(PathBuf::from("/usr/local/lib/drydock/postgresql/bin"));
    let cache = env::var_os("XDG_CACHE_HOME")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| PathBuf::from(home).join(".cache")));
    places.extend(cache.map(|cache| cache.join("drydock/postgresql/bin")));
    places
}

/// `9.5` is `[9, 5]`, `17`, `pgsql-17` and `postgresql@17` are `[17]`: lists compare as versions do.
fn version(path: &Path) -> Vec<u32> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let name = name.trim_start_matches(|letter: char| !letter.is_ascii_digit());
    name.split('.').map_while(|part| part.parse().ok()).collect()
}

/// A new directory whose path is short enough for a socket in it.
fn temporary_directory() -> Result<TempDir> {
    let socket_fits = |place: &PathBuf| {
        place.as_os_str().len() + "/drydock-123456/.s.PGSQL.65535".len() <= LONGEST_SOCKET_PATH
    };
    let place = Some(env::temp_dir()).filter(socket_fits).unwrap_or_else(|| PathBuf::from("/tmp"));
    tempfile::Builder::new()
        .prefix("drydock-")
        .tempdir_in(&place)
        .map_err(|cause| failed(&format!("no directory can be made in {}", place.display())).cause(cause))
}

fn write_files(directory: &Path, settings: &Settings, owner: Option<User>) -> Result<()> {
    let listen = if settings.port.is_some() { "127.0.0.1" } else { "" };
    let port = settings.port.unwrap_or(DEFAULT_PORT);
    let sockets = quoted_text(&directory.display().to_string());
    let lines = settings.lines.join("\n");
    let text = format!(
        "{SETTINGS}listen_addresses = '{listen}'\nport = {port}\nunix_socket_directories = {sockets}\n{lines}\n"
    );

    write_private(&directory.join("settings"), &text, owner)?;
    if let Some(rules) = &settings.authentication {
        write_private(&directory.join("pg_hba.conf"), rules, owner)?;
    }
    for (name, content) in &settings.files {
        write_private(&directory.join(name), content, owner)?;
    }
    hand_over(directory, owner)
}

fn write_private(path: &Path, content: &str, owner: Option<User>) -> Result<()> {
    use std::os::unix::fs::PermissionsExt;

    fs::write(path, content)
        .and_then(|()| fs::set_permissions(path, fs::Permissions::from_mode(0o600)))
        .map_err(|cause| failed(&format!("{} cannot be written", path.display())).cause(cause))?;
    hand_over(path, owner)
}

fn hand_over(path: &Path, owner: Option<User>) -> Result<()> {
    let Some(User { id, group }) = owner else { return Ok(()) };
    chown(path, Some(id), Some(group))
        .map_err(|cause| failed(&format!("{} cannot be given away", path.display())).cause(cause))
}

#[derive(Debug, Clone, Copy)]
struct User {
    id: u32,
    group: u32,
}

/// The user that runs the server when we are root: `postgres` where the package has made one, else `nobody`.
fn unprivileged_user() -> Result<User> {
    let number = |option: &str, name: &str| -> Option<u32> {
        let output = Command::new("id").args([option, name]).stderr(Stdio::null()).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().parse().ok()
    };
    ["postgres", "nobody"]
        .iter()
        .find_map(|name| Some(User { id: number("-u", name)?, group: number("-g", name)? }))
        .ok_or_else(|| failed("it must not run as root, and there is neither a user postgres nor nobody"))
}

/// Who we are, seen from a file that we have just made.
fn owner_of(path: &Path) -> Result<u32> {
    fs::metadata(path)
        .map(|metadata| metadata.uid())
        .map_err(|cause| failed(&format!("{} cannot be read", path.display())).cause(cause))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_compare_by_number() {
        let mut paths = ["9.5", "postgresql@17", "9.6", "10", "junk"].map(PathBuf::from);
        paths.sort_by_key(|path| version(path));
        assert_eq!(paths, ["junk", "9.5", "9.6", "10", "postgresql@17"].map(PathBuf::from));
    }

    #[test]
    fn identifiers_are_quoted() {
        assert_eq!(quoted(r#"a "b" c"#), r#""a ""b"" c""#);
    }
}
