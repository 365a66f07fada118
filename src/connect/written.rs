//! What a connection URL says, parameter by parameter, and whether Drydock goes there: the defaults, and the refusals of
//! what would send records in plain text or through a pooler that loses sessions. Pure.

use std::path::PathBuf;
use std::time::Duration;

use super::address::{Address, Host};
use super::parameters::{self, Refusal};
use super::password::Password;
use super::tls::{Mode, Roots};

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

/// Accepted as well, and said to be left alone: what they ask for is done in another way, or by nobody.
const OF_OTHER_CLIENTS: [(&str, &str); 8] = [
    ("schema", "name the schema of the tables as target.schema in the configuration"),
    ("supa", "it tells the platform's own pages apart and nothing else"),
    ("workaround", "it concerns another client's prepared statements"),
    ("statement_cache_size", "no statement is cached here"),
    ("prepared_statements", "a pooler has to be in session mode"),
    ("prepare_threshold", "a pooler has to be in session mode"),
    ("pool_mode", "write pooler=session where a session pooler listens"),
    ("socket_timeout", "a server that falls silent is asked on another session"),
];

const SUPPORTED: &str = "host, port, user, password, dbname, sslmode, sslrootcert, connect_timeout, \
                         application_name, options, passfile, allow_plaintext and pooler";

/// The address that `text` names, or why it is not gone to.
pub(super) fn judge(text: &str) -> Result<Address, Refusal> {
    let mut written = Written::default();
    for (name, value) in parameters::read(text)? {
        written.take(&name, value)?;
    }
    written.into_address()
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
    left_alone: Vec<(&'static str, &'static str)>,
}

impl Written {
    /// Takes one parameter. Its name is not repeated when it is unknown: it may be a piece of a password.
    fn take(&mut self, name: &str, value: String) -> Result<(), Refusal> {
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
                        "leave it out: verify-full is what is done; require does not ask who the server is",
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
            other => {
                if let Some(known) = OF_OTHER_CLIENTS.iter().find(|(known, _)| *known == other) {
                    self.left_alone.push(*known);
                    return Ok(());
                }
                return Err(Refusal::new(
                    "it has a parameter that cannot be given",
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
            left_alone: self.left_alone,
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
            let default = if host.is_local() { Mode::Disable } else { Mode::VerifyFull };
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
    fn the_line_is_protected_by_default_and_as_asked() {
        let file = || Roots::File(PathBuf::from("ca.pem"));
        for (text, mode, roots) in [
            ("postgres://u@db.example/d", Mode::VerifyFull, Roots::System),
            ("postgres://u@10.0.0.7/d", Mode::VerifyFull, Roots::System),
            ("postgres://u@db.example/d?sslmode=require", Mode::Require, Roots::System),
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
            ("postgres://u:Secr3t@h/d?sslmod=verify-full", "a parameter that cannot be given"),
            ("postgres://u:a&Secr3t?Secr3t@h/d", "percent-encode"),
            ("postgres://u:Secr3t@h/d?Secr3t=1", "a parameter that cannot be given"),
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
}
