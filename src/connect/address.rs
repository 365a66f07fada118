//! Where a database is and how it is reached: parsed, judged, and printable without its password.

use std::env;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::parameters::{self, Refusal};
use super::password::{self, Login, Password};
use super::tls::{Mode, Roots};
use crate::error::{Error, Result};

/// The port of a transaction pooler (Supavisor, `PgBouncer` as Supabase runs it).
const TRANSACTION_POOLER_PORT: u16 = 6543;
const DEFAULT_PORT: u16 = 5432;
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// Accepted in a URL and left alone: hints to other clients that change neither what is read nor how it is protected.
const IGNORED: [&str; 9] = [
    "client_encoding",
    "connection_limit",
    "fallback_application_name",
    "gssencmode",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "pool_timeout",
];

const SUPPORTED: &str = "host, port, user, password, dbname, sslmode, sslrootcert, connect_timeout, \
                         application_name, options, passfile, allow_plaintext and pooler";

/// A server, a database on it, and the way there. Neither `Display` nor `Debug` shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Address {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) user: String,
    pub(super) password: Option<Password>,
    pub(super) database: String,
    pub(super) mode: Mode,
    pub(super) roots: Roots,
    pub(super) connect_timeout: Duration,
    pub(super) application_name: Option<String>,
    pub(super) options: Option<String>,
    password_file: Option<PathBuf>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A name or an IP address.
    Tcp(String),
    /// The directory of a Unix socket.
    Unix(PathBuf),
}

impl Host {
    fn new(text: String) -> Host {
        if text.starts_with('/') { Host::Unix(PathBuf::from(text)) } else { Host::Tcp(text) }
    }

    /// Whether what is sent stays on this machine.
    fn is_local(&self) -> bool {
        match self {
            Host::Unix(_) => true,
            Host::Tcp(name) if name.eq_ignore_ascii_case("localhost") => true,
            Host::Tcp(name) => name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
        }
    }
}

impl Address {
    /// Parses a `postgres://` URL, or libpq's `key=value` form. Looks at nothing but the text.
    pub fn parse(text: &str) -> Result<Address> {
        judge(text).map_err(|refusal| refused("the connection URL", refusal))
    }

    /// The address from the first line of `file`, else from the environment variable `env_var`. A password that it
    /// lacks is taken from `PGPASSWORD` or from the password file (`PGPASSFILE`, `~/.pgpass`).
    pub fn from_environment_or_file(env_var: &str, file: Option<&Path>) -> Result<Address> {
        Self::find(env_var, file, &|name| env::var(name).ok())
    }

    fn find(
        env_var: &str,
        file: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Address> {
        let (origin, text) = match file {
            Some(path) => {
                let text = fs::read_to_string(path).map_err(|cause| {
                    Error::precondition(format!(
                        "the connection URL's file {} cannot be read: {}",
                        path.display(),
                        cause.kind()
                    ))
                    .hint(
                        "write the connection URL to it as its only line, and keep it readable for you alone",
                    )
                })?;
                // Only a warning: a mounted secret often has such a mode and sits in a directory that has not.
                if password::others_may_read(path) {
                    tracing::warn!("{}: other users may read this file with a password", path.display());
                }
                (path.display().to_string(), text)
            }
            None => (env_var.to_owned(), variable(env_var).unwrap_or_default()),
        };
        let line = text.lines().map(str::trim).find(|line| !line.is_empty()).ok_or_else(|| match file {
            Some(_) => Error::precondition(format!("{origin}: the file holds no connection URL"))
                .hint("write postgres://USER:PASSWORD@HOST:5432/DATABASE to it"),
            None => Error::precondition(format!("{env_var} is not set")).hint(format!(
                "export {env_var}=postgres://USER:PASSWORD@HOST:5432/DATABASE, or name a file with it"
            )),
        })?;
        let complete = |mut address: Address| {
            if address.password.is_none() {
                let host = address.host.to_string();
                let login = Login {
                    host: &host,
                    port: address.port,
                    database: &address.database,
                    user: &address.user,
                };
                address.password = password::find(&login, address.password_file.as_deref(), variable)?;
            }
            Ok(address)
        };
        judge(line).and_then(complete).map_err(|refusal| refused(&origin, refusal))
    }

    /// `host:port/database`, without the user: what the staging file remembers of where its rows came from or went.
    pub fn identity(&self) -> String {
        format!("{}:{}/{}", self.host.to_string().to_ascii_lowercase(), self.port, self.database)
    }

    /// The name of the database on the server.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// The role that the session logs in as.
    pub fn user(&self) -> &str {
        &self.user
    }
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::Tcp(name) if name.contains(':') => write!(f, "[{name}]"),
            Host::Tcp(name) => f.write_str(name),
            Host::Unix(directory) => write!(f, "{}", directory.display()),
        }
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Address { host, port, user, database, .. } = self;
        match host {
            Host::Tcp(_) => write!(f, "postgres://{user}@{host}:{port}/{database}"),
            Host::Unix(_) => write!(f, "postgres://{user}@/{database}?host={host}&port={port}"),
        }
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Address({self})")
    }
}

fn refused(origin: &str, refusal: Refusal) -> Error {
    Error::precondition(format!("{origin}: {}", refusal.message)).hint(refusal.hint)
}

/// What was written, parameter by parameter, before it is judged as a whole.
#[derive(Default)]
struct Written {
    host: Option<String>,
    port: Option<u16>,
    user: Option<String>,
    password: Option<Password>,
    database: Option<String>,
    mode: Option<Mode>,
    root_certificates: Option<String>,
    connect_timeout: Option<Duration>,
    application_name: Option<String>,
    options: Option<String>,
    password_file: Option<PathBuf>,
    plain_text_allowed: bool,
    session_pooler: bool,
    transaction_pooler: bool,
}

fn judge(text: &str) -> Result<Address, Refusal> {
    let mut written = Written::default();
    for (at, (name, value)) in parameters::read(text)?.into_iter().enumerate() {
        written.take(at + 1, &name, value)?;
    }
    written.into_address()
}

impl Written {
    /// Takes the parameter at position `at`, counted from one. Its name is not repeated when it is unknown: it may be
    /// a piece of a password.
    fn take(&mut self, at: usize, name: &str, value: String) -> Result<(), Refusal> {
        let whole = |text: &str, range: std::ops::RangeInclusive<u64>| {
            text.parse::<u64>().ok().filter(|number| range.contains(number)).ok_or_else(|| {
                Refusal::new(
                    format!("{name} is not a whole number from {} to {}", range.start(), range.end()),
                    "correct it; when it is right, percent-encode the special characters of the password before it",
                )
            })
        };
        match name {
            "host" => self.host = Some(value),
            "port" => self.port = u16::try_from(whole(&value, 1..=u64::from(u16::MAX))?).ok(),
            "user" => self.user = Some(value),
            "password" => self.password = (!value.is_empty()).then(|| Password::new(value)),
            "dbname" => self.database = Some(value),
            "sslmode" => {
                self.mode = Some(Mode::named(&value).ok_or_else(|| {
                    Refusal::new(
                        "sslmode is not one of disable, prefer, require, verify-ca and verify-full",
                        "use verify-full with sslrootcert where you can, else require",
                    )
                })?);
            }
            "sslrootcert" => self.root_certificates = Some(value),
            "connect_timeout" => self.connect_timeout = Some(Duration::from_secs(whole(&value, 1..=600)?)),
            "application_name" => self.application_name = Some(value),
            "options" => self.options = Some(value),
            "passfile" => self.password_file = Some(PathBuf::from(value)),
            "allow_plaintext" => self.plain_text_allowed = is_yes(&value),
            "pooler" => self.session_pooler = value == "session",
            "pgbouncer" => self.transaction_pooler = is_yes(&value),
            ignored if IGNORED.contains(&ignored) => {}
            _ => {
                return Err(Refusal::new(
                    format!("parameter {at} is not one that can be given"),
                    format!(
                        "give only {SUPPORTED}; other settings of a session go into options=-c%20NAME%3DVALUE"
                    ),
                ));
            }
        }
        Ok(())
    }

    fn into_address(self) -> Result<Address, Refusal> {
        let missing = |what: &str, form: &str| {
            Refusal::new(format!("no {what} is named"), format!("write it as postgres://{form}"))
        };
        let host = self.host.filter(|host| !host.is_empty());
        let host = host.ok_or_else(|| missing("host", "USER:PASSWORD@HOST:5432/DATABASE"))?;
        if host.contains(',') {
            return Err(Refusal::new("several hosts are named", "name the one server to use"));
        }
        let host = Host::new(host);
        let user = self.user.ok_or_else(|| missing("user", "USER:PASSWORD@HOST:5432/DATABASE"))?;
        let database =
            self.database.ok_or_else(|| missing("database", "USER:PASSWORD@HOST:5432/DATABASE"))?;
        let port = self.port.unwrap_or(DEFAULT_PORT);

        if (port == TRANSACTION_POOLER_PORT || self.transaction_pooler) && !self.session_pooler {
            return Err(Refusal::new(
                "this is a transaction pooler, which loses prepared statements and session settings between statements",
                "use port 5432, direct or session pooler; if a session pooler listens here, add pooler=session",
            ));
        }
        let (mode, roots) = protection(&host, self.mode, self.root_certificates.as_deref())?;
        if mode.may_be_plain() && !host.is_local() && !self.plain_text_allowed {
            return Err(Refusal::new(
                "sslmode would let passwords and records cross the network as plain text",
                "use sslmode=require or verify-full; on a network you trust, add allow_plaintext=1",
            ));
        }
        Ok(Address {
            host,
            port,
            user,
            password: self.password,
            database,
            mode,
            roots,
            connect_timeout: self.connect_timeout.unwrap_or(DEFAULT_CONNECT_TIMEOUT),
            application_name: self.application_name,
            options: self.options,
            password_file: self.password_file,
        })
    }
}

/// The protection asked for, or the default of the place: plain text on this machine, TLS everywhere else.
fn protection(
    host: &Host,
    mode: Option<Mode>,
    root_certificates: Option<&str>,
) -> Result<(Mode, Roots), Refusal> {
    if matches!(host, Host::Unix(_)) {
        // A socket has no TLS; libpq too ignores sslmode on one.
        return Ok((Mode::Disable, Roots::System));
    }
    match root_certificates {
        // As in libpq: every public authority is too weak a promise without the host's name.
        Some("system") if mode.is_none_or(|mode| mode == Mode::VerifyFull) => {
            Ok((Mode::VerifyFull, Roots::System))
        }
        Some("system") => Err(Refusal::new(
            "sslrootcert=system goes with sslmode=verify-full only",
            "use sslmode=verify-full, or name the file of one authority",
        )),
        Some(file) => {
            // As in libpq: whoever names an authority and says require wants it checked.
            let asked = mode.unwrap_or(Mode::VerifyFull);
            let mode = if asked == Mode::Require { Mode::VerifyCa } else { asked };
            Ok((mode, Roots::File(PathBuf::from(file))))
        }
        None => {
            let default = if host.is_local() { Mode::Disable } else { Mode::Require };
            Ok((mode.unwrap_or(default), Roots::System))
        }
    }
}

fn is_yes(value: &str) -> bool {
    matches!(value, "1" | "true" | "yes" | "on")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use proptest::prelude::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
    }

    #[track_caller]
    fn refused_with(text: &str, words: &str) {
        let error = Address::parse(text).expect_err(text);
        let shown = format!("{error} {error:?}");
        assert_eq!(error.kind(), Kind::Precondition, "{text}");
        assert!(shown.contains(words), "{text}: expected {words:?} in {shown}");
        assert!(shown.contains("hint: "), "{shown}");
        assert!(!shown.contains("Secr3t"), "{shown}");
    }

    #[test]
    fn an_address_shows_everything_but_the_password() {
        for (text, shown, identity) in [
            (
                "postgres://anna:Secr3t@Db.Example/pm",
                "postgres://anna@Db.Example:5432/pm",
                "db.example:5432/pm",
            ),
            ("postgresql://anna@localhost:6000/pm", "postgres://anna@localhost:6000/pm", "localhost:6000/pm"),
            ("postgres://anna:Secr3t@[::1]/pm", "postgres://anna@[::1]:5432/pm", "[::1]:5432/pm"),
            (
                "postgres://anna:Secr3t@/pm?host=/run/pg",
                "postgres://anna@/pm?host=/run/pg&port=5432",
                "/run/pg:5432/pm",
            ),
            ("postgres://anna@%2Frun%2Fpg:7/pm", "postgres://anna@/pm?host=/run/pg&port=7", "/run/pg:7/pm"),
            ("host=h user=anna password=Secr3t dbname=pm", "postgres://anna@h:5432/pm", "h:5432/pm"),
            ("postgres://anna@h/pm?password=Secr3t", "postgres://anna@h:5432/pm", "h:5432/pm"),
        ] {
            let address = address(text);
            assert_eq!(address.to_string(), shown);
            assert_eq!(format!("{address:?}"), format!("Address({shown})"));
            assert_eq!(format!("{address:#?}"), format!("Address({shown})"));
            assert_eq!(address.identity(), identity);
        }
    }

    #[test]
    fn the_line_is_protected_by_default_and_as_asked() {
        let file = || Roots::File(PathBuf::from("ca.pem"));
        for (text, mode, roots) in [
            ("postgres://u@db.example/d", Mode::Require, Roots::System),
            ("postgres://u@10.0.0.7/d", Mode::Require, Roots::System),
            ("postgres://u@localhost/d", Mode::Disable, Roots::System),
            ("postgres://u@LOCALHOST/d", Mode::Disable, Roots::System),
            ("postgres://u@127.8.0.1/d", Mode::Disable, Roots::System),
            ("postgres://u@[::1]/d", Mode::Disable, Roots::System),
            ("postgres://u@localhost/d?sslmode=prefer", Mode::Prefer, Roots::System),
            ("postgres://u@localhost/d?sslmode=require", Mode::Require, Roots::System),
            ("postgres://u@/d?host=/run&sslmode=verify-full", Mode::Disable, Roots::System),
            ("postgres://u@h/d?sslmode=verify-full", Mode::VerifyFull, Roots::System),
            ("postgres://u@h/d?sslmode=verify-full&sslrootcert=ca.pem", Mode::VerifyFull, file()),
            ("postgres://u@h/d?sslmode=verify-ca&sslrootcert=ca.pem", Mode::VerifyCa, file()),
            ("postgres://u@h/d?sslmode=require&sslrootcert=ca.pem", Mode::VerifyCa, file()),
            ("postgres://u@h/d?sslrootcert=ca.pem", Mode::VerifyFull, file()),
            ("postgres://u@h/d?sslrootcert=system", Mode::VerifyFull, Roots::System),
            ("postgres://u@h/d?sslmode=disable&allow_plaintext=1", Mode::Disable, Roots::System),
            ("postgres://u@h/d?allow_plaintext=1&sslmode=prefer", Mode::Prefer, Roots::System),
        ] {
            let address = address(text);
            assert_eq!((address.mode, address.roots), (mode, roots), "{text}");
        }
    }

    #[test]
    fn what_would_harm_or_mislead_is_refused() {
        for (text, words) in [
            ("postgres://u:Secr3t@db.example/d?sslmode=disable", "plain text"),
            ("postgres://u:Secr3t@10.0.0.7/d?sslmode=prefer", "plain text"),
            ("postgres://u:Secr3t@localhost.example/d?sslmode=disable", "plain text"),
            ("postgres://u:Secr3t@h/d?sslmode=disable&allow_plaintext=0", "plain text"),
            ("postgres://u:Secr3t@h/d?sslmode=allow", "sslmode is not one of"),
            ("postgres://u:Secr3t@h/d?sslmode=require&sslrootcert=system", "verify-full only"),
            ("postgres://u:Secr3t@h:6543/d", "use port 5432"),
            ("postgres://u:Secr3t@localhost:6543/d", "transaction pooler"),
            ("postgres://u:Secr3t@h/d?pgbouncer=true", "transaction pooler"),
            ("postgres://u:Secr3t@h/d?sslmod=verify-full", "parameter 5 is not one"),
            ("postgres://u:a&Secr3t?Secr3t@h/d", "percent-encode"),
            ("postgres://u:Secr3t@h/d?Secr3t=1", "parameter 5 is not one"),
            ("postgres://u@x:Secr3t/d", "port is not a whole number"),
            ("postgres://u:Secr3t@h:0/d", "port is not a whole number"),
            ("postgres://u:Secr3t@h:65536/d", "port is not a whole number"),
            ("postgres://u:Secr3t@h/d?connect_timeout=0", "connect_timeout is not a whole number"),
            ("postgres://u:Secr3t@a,b/d", "several hosts"),
            ("postgres://u:Secr3t@/d", "no host"),
            ("postgres://u:Secr3t@h/", "no database"),
            ("postgres://u:Secr3t@h", "no database"),
            ("postgres://h/d", "no user"),
            ("Secr3t", "neither a postgres:// URL"),
        ] {
            refused_with(text, words);
        }
        assert_eq!(address("postgres://u@h:6543/d?pooler=session").port, 6543);
        assert_eq!(address("postgres://u@h/d?connection_limit=1&pool_timeout=3").port, 5432);
    }

    fn from(pairs: &[(&str, &str)], file: Option<&Path>) -> Result<Address> {
        Address::find("DRYDOCK_LEGACY_URL", file, &|name| {
            pairs.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn the_url_comes_from_the_file_or_the_variable() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("url");
        fs::write(&file, "\n  postgres://u:Secr3t@from-file/d \n").unwrap();
        let variable = ("DRYDOCK_LEGACY_URL", "postgres://u@from-variable/d");

        assert_eq!(from(&[variable], None).unwrap().identity(), "from-variable:5432/d");
        assert_eq!(from(&[variable], Some(&file)).unwrap().identity(), "from-file:5432/d");

        fs::write(&file, "postgres://u:Secr3t@h:x/d").unwrap();
        let broken = from(&[], Some(&file)).unwrap_err().to_string();
        assert!(broken.contains("url: port is not a whole number") && !broken.contains("Secr3t"), "{broken}");

        fs::write(&file, " \n").unwrap();
        for (error, words) in [
            (from(&[], None), "DRYDOCK_LEGACY_URL is not set\nhint: export DRYDOCK_LEGACY_URL="),
            (from(&[("DRYDOCK_LEGACY_URL", "")], None), "DRYDOCK_LEGACY_URL is not set"),
            (from(&[variable], Some(&file)), "holds no connection URL"),
            (from(&[variable], Some(Path::new("no/such/file"))), "no/such/file cannot be read"),
        ] {
            let error = error.unwrap_err();
            assert_eq!(error.kind(), Kind::Precondition);
            assert!(error.to_string().contains(words), "{error}");
        }
    }

    #[test]
    fn a_password_is_looked_for_only_where_the_url_has_none() {
        let with = |url: &str| {
            from(&[("DRYDOCK_LEGACY_URL", url), ("PGPASSWORD", "elsewhere")], None).unwrap().password
        };
        assert_eq!(with("postgres://u@h/d"), Some(Password::new("elsewhere")));
        assert_eq!(with("postgres://u:@h/d"), Some(Password::new("elsewhere")));
        assert_eq!(with("postgres://u:here@h/d"), Some(Password::new("here")));
        assert_eq!(address("postgres://u@h/d").password, None);
    }

    proptest! {
        #[test]
        fn no_password_is_ever_shown(password in "[A-Z]{9}[ -~]{0,9}", raw in any::<bool>(), tail in "[ -~]{0,20}") {
            let written = if raw {
                password.clone()
            } else {
                percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC).to_string()
            };
            let text = format!("postgres://u:{written}@h{tail}/d");
            let shown = match Address::parse(&text) {
                Ok(address) => format!("{address} {address:?} {}", address.identity()),
                Err(error) => format!("{error} {error:?}"),
            };
            prop_assert!(!shown.contains(&password[..9]), "{}", shown);
        }
    }
}
