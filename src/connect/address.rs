//! Where a database is and how it is reached, printable without its password; and where a URL is found. What is
//! accepted in one is decided in `written`.

use std::env;
use std::fmt;
use std::fs;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::Side;
use super::parameters::Refusal;
use super::password::{self, Login, Password};
use super::tls::{Mode, Roots};
use super::written::judge;
use crate::error::{Error, Kind, Result};

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
    pub(super) password_file: Option<PathBuf>,
    /// Parameters that are not followed, each with why.
    pub(super) left_alone: Vec<(&'static str, &'static str)>,
}

#[derive(Clone, PartialEq, Eq)]
pub(super) enum Host {
    /// A name or an IP address.
    Tcp(String),
    /// The directory of a Unix socket.
    Unix(PathBuf),
}

impl Host {
    pub(super) fn new(text: String) -> Host {
        if text.starts_with('/') { Host::Unix(PathBuf::from(text)) } else { Host::Tcp(text) }
    }

    /// Whether what is sent stays on this machine.
    pub(super) fn is_local(&self) -> bool {
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

    /// The address that an argument of the command line gives. Every user of the machine can read it there, so it must not
    /// hold the password, which is looked for as for the others.
    pub fn from_argument(flag: &str, text: &str) -> Result<Address> {
        let address = judge(text).map_err(|refusal| refused(flag, refusal))?;
        if address.password.is_some() {
            return Err(Error::new(
                Kind::Usage,
                format!("{flag} holds a password, which every user of this machine can read in the list of processes"),
            )
            .hint("leave it out there, and put it into PGPASSWORD or the file that PGPASSFILE names"));
        }
        address.with_password(&|name| env::var(name).ok()).map_err(|refusal| refused(flag, refusal))
    }

    /// With the password from elsewhere, where the address has none.
    fn with_password(mut self, variable: &dyn Fn(&str) -> Option<String>) -> Result<Address, Refusal> {
        if self.password.is_none() {
            let host = self.host.to_string();
            let login = Login { host: &host, port: self.port, database: &self.database, user: &self.user };
            self.password = password::find(&login, self.password_file.as_deref(), variable)?;
        }
        Ok(self)
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
                "export {env_var}=postgres://USER:PASSWORD@HOST:5432/DATABASE, or name a file with it{}",
                if env_var == Side::Legacy.variable() {
                    "; or give an export: --csv FOLDER, --dump FILE"
                } else {
                    ""
                }
            )),
        })?;
        let address = judge(line)
            .and_then(|address| address.with_password(variable))
            .map_err(|refusal| refused(&origin, refusal))?;
        for (name, why) in &address.left_alone {
            tracing::warn!("{origin}: the parameter {name} is not followed: {why}");
        }
        Ok(address)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// `host:port/database`, without the user: what the staging file remembers of where its rows came from or went.
    pub fn identity(&self) -> String {
        format!("{}:{}/{}", self.host.to_string().to_ascii_lowercase(), self.port, self.database)
    }

    /// The same server, another database on it.
    pub fn with_database(&self, database: &str) -> Self {
        Self { database: database.to_owned(), ..self.clone() }
    }

    /// The name of the database on the server.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Whether what is sent stays on this machine.
    pub fn is_local(&self) -> bool {
        self.host.is_local()
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use proptest::prelude::*;

    fn address(text: &str) -> Address {
        Address::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
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
