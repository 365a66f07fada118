//! Errors of a session in our own words. What the server says is never passed on, because it quotes values: only
//! SQLSTATE, the condition's name, and the table, column, constraint and type that it names.

use std::error::Error as _;
use std::fmt::Write as _;
use std::io;

use postgres::error::DbError;

use super::address::{Address, Host};
use super::{Side, sqlstate};
use crate::error::Error;

/// The commonest reason why a Supabase project cannot be reached from an office or a container.
const NO_IPV6: &str =
    "a Supabase project's direct host has an IPv6 address only: without IPv6, use the session pooler's host";

/// What to do about a failure that passes.
pub(super) const MAY_PASS: &str = "this may pass: run the same command again, it starts where it can";

/// Why one attempt to open a session came to nothing.
pub(super) enum Refused {
    UnknownHost,
    TimedOut,
    Server(postgres::Error),
    Defect(Error),
}

/// The error of a statement that failed; `what` is what we were doing, such as "copying into profiles".
pub fn server_error(side: Side, what: &str, cause: &postgres::Error) -> Error {
    let error = Error::new(side.kind(), format!("{}: {what}: {}", side.name(), told(cause)));
    match hint(cause) {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

/// Whether the same statement may succeed when it is sent again: the connection broke, the server was restarted or
/// full, or another transaction was in the way. Anything else fails the same way again.
pub fn is_transient(cause: &postgres::Error) -> bool {
    match cause.code() {
        Some(code) => passes(code.code()),
        None => {
            cause.is_closed()
                || broken_line(cause).is_some_and(|kind| kind != io::ErrorKind::PermissionDenied)
        }
    }
}

/// Whether a condition may be gone in a moment.
fn passes(code: &str) -> bool {
    code.starts_with("08")
        || matches!(code, "40001" | "40P01" | "53300" | "55P03" | "57P01" | "57P02" | "57P03")
}

/// Whether a server that refused a session may take one in a moment: starting, stopping or full. A port where nobody
/// listens is not among them: waiting would only delay the news.
pub(super) fn is_passing(cause: &postgres::Error) -> bool {
    cause.code().is_some_and(|code| matches!(code.code(), "53300" | "57P01" | "57P02" | "57P03"))
}

fn told(cause: &postgres::Error) -> String {
    if let Some(error) = cause.as_db_error() {
        return told_by_server(error);
    }
    if cause.is_closed() {
        return "the server closed the connection".to_owned();
    }
    match broken_line(cause) {
        Some(kind) => format!("the connection broke: {kind}"),
        // The library's own text: what it was doing, never what it was doing it with.
        None => cause.to_string(),
    }
}

/// Whether a function of a procedural language raised the error. What it calls table, column, constraint or type is what
/// its author wrote there, which may be a record's value; the server's own errors name things of the catalog.
pub fn is_raised(error: &DbError) -> bool {
    error.routine() == Some("exec_stmt_raise") || error.file().is_some_and(|file| file.starts_with("pl"))
}

/// The SQLSTATE of an error. Whoever raises one in a function chooses it, and five characters may be a postal code: one
/// that is not known counts as the code that a function raises without choosing.
pub fn sqlstate_of(error: &DbError) -> &str {
    let code = error.code().code();
    if is_raised(error) && !sqlstate::is_listed(code) { "P0001" } else { code }
}

fn told_by_server(error: &DbError) -> String {
    let code = sqlstate_of(error);
    let mut told = format!("{} (SQLSTATE {code})", sqlstate::name(code));
    if is_raised(error) {
        told += ", raised by a function of the database";
        return told;
    }
    for (what, name) in [
        ("table", error.table()),
        ("column", error.column()),
        ("constraint", error.constraint()),
        ("type", error.datatype()),
    ] {
        if let Some(name) = name {
            let _ = write!(told, ", {what} {name}");
        }
    }
    told
}

/// The I/O failure under a client error that no server and no TLS library has explained.
fn broken_line(cause: &postgres::Error) -> Option<io::ErrorKind> {
    let error = cause.source()?.downcast_ref::<io::Error>()?;
    (tls_failure(cause).is_none() && error.kind() != io::ErrorKind::InvalidData).then(|| error.kind())
}

fn tls_failure(cause: &postgres::Error) -> Option<&rustls::Error> {
    cause.source()?.downcast_ref::<io::Error>()?.get_ref()?.downcast_ref::<rustls::Error>()
}

fn hint(cause: &postgres::Error) -> Option<&'static str> {
    match cause.code() {
        Some(code) => hint_for(code.code()),
        None => is_transient(cause).then_some(MAY_PASS),
    }
}

/// What to do about a condition.
pub(super) fn hint_for(code: &str) -> Option<&'static str> {
    if code == "55P03" {
        return Some(
            "somebody holds a lock for longer than the session's lock_timeout, which comes from the URL's options or from the \
             role: run the same command again when they are done; without lock_timeout it waits, and says for whom",
        );
    }
    if passes(code) {
        return Some(MAY_PASS);
    }
    Some(match code {
        "25006" => {
            "the session is read only: a replica, a read-only role, or a hosted project whose disk is full: make room there first"
        }
        "42501" => "grant the role what this step needs, or connect as the owner of the tables",
        "53100" => "the server's disk is full: make room, then run the same command again",
        "57014" => {
            "an administrator ended it, or the statement_timeout that the URL's options set: without one there, the session has none"
        }
        _ => return None,
    })
}

/// The error of a session that could not be opened.
pub(super) fn connect_error(side: Side, address: &Address, refused: &Refused) -> Error {
    let (message, hint) = match refused {
        Refused::UnknownHost => {
            ("the host name is not known here".to_owned(), format!("check its spelling; {NO_IPV6}"))
        }
        Refused::TimedOut => (
            format!("no answer within {} s", address.connect_timeout.as_secs()),
            "check host, port and firewall; connect_timeout=SECONDS in the URL waits longer".to_owned(),
        ),
        Refused::Server(cause) => match cause.as_db_error() {
            Some(error) => refused_by_server(side, address, error),
            None => never_reached(side, address, cause),
        },
        Refused::Defect(error) => {
            (error.to_string(), "report this: it is a defect of the tool or of this machine".to_owned())
        }
    };
    Error::new(side.kind(), format!("{}: cannot connect to {address}: {message}", side.name())).hint(hint)
}

fn refused_by_server(side: Side, address: &Address, error: &DbError) -> (String, String) {
    let Address { user, database, .. } = address;
    let code = error.code().code();
    // The routine that raised the error is a name in the server's source, and the only thing that tells an unknown
    // role from a refusal by pg_hba.conf without reading the text.
    match (code, error.routine().unwrap_or_default()) {
        ("28P01", _) => (
            format!("the server did not accept the password of role {user} ({code})"),
            format!(
                "check the password, in {}, PGPASSWORD or the password file, whichever gives it; in a URL its special characters \
                 must be percent-encoded",
                side.variable()
            ),
        ),
        ("28000", "InitializeSessionUserId") => (
            format!("the server has no role {user}, or the role may not log in ({code})"),
            format!("check the user in {}; a Supabase pooler wants postgres.PROJECT", side.variable()),
        ),
        ("28000", _) => (
            format!("the server does not let role {user} into database {database} from here ({code})"),
            "allow it in the server's pg_hba.conf, or change sslmode: some servers admit TLS only".to_owned(),
        ),
        ("3D000", _) => (
            format!("the server has no database {database} ({code})"),
            format!("check the database at the end of {}", side.variable()),
        ),
        ("53300", _) => (
            format!("the server has no connection left ({code})"),
            "close other sessions or wait, then run the same command again".to_owned(),
        ),
        ("57P01" | "57P02" | "57P03", _) => (
            format!("the server is starting or stopping ({code})"),
            "wait until it accepts connections, then run the same command again".to_owned(),
        ),
        _ => (
            told_by_server(error),
            "the server's own log has the details; behind a pooler, check user and project too".to_owned(),
        ),
    }
}

fn never_reached(side: Side, address: &Address, cause: &postgres::Error) -> (String, String) {
    if let Some(error) = tls_failure(cause) {
        return tls_refused(error);
    }
    if let Some(kind) = broken_line(cause) {
        return match (kind, &address.host) {
            (io::ErrorKind::NotFound, Host::Unix(_)) => (
                format!("there is no socket for port {} in that directory", address.port),
                "start the server, or correct directory and port (show unix_socket_directories tells)"
                    .to_owned(),
            ),
            (io::ErrorKind::PermissionDenied, _) => (
                "this user may not use that socket or port".to_owned(),
                "run the command as a user who may, or connect over TCP".to_owned(),
            ),
            (io::ErrorKind::ConnectionRefused, _) => (
                format!("nobody listens on port {}", address.port),
                "start the server, or correct host and port (Supabase: 5432)".to_owned(),
            ),
            (kind, _) => (
                kind.to_string(),
                "check host, port, firewall, and whether the server speaks PostgreSQL".to_owned(),
            ),
        };
    }
    // What is left are the library's own verdicts, which it tells by its text alone.
    match cause.to_string().as_str() {
        "error performing TLS handshake" => (
            "the server does not offer TLS".to_owned(),
            "switch TLS on there, tunnel to it and use the loopback address, or add sslmode=disable&allow_plaintext=1 \
             on a network you trust"
                .to_owned(),
        ),
        "invalid configuration" if address.password.is_none() => (
            format!("the server asks for the password of role {}, and none was given", address.user),
            format!("put it into {}, PGPASSWORD or the file that PGPASSFILE names", side.variable()),
        ),
        _ if cause.is_closed() => (
            "the server closed the connection".to_owned(),
            "check that a PostgreSQL server listens there, and its log".to_owned(),
        ),
        other => (other.to_owned(), "the server's own log may tell more".to_owned()),
    }
}

fn tls_refused(error: &rustls::Error) -> (String, String) {
    use rustls::CertificateError as Certificate;
    use rustls::Error::{InvalidCertificate, NoCertificatesPresented};

    let (message, hint) = match error {
        InvalidCertificate(Certificate::NotValidForName | Certificate::NotValidForNameContext { .. }) => (
            "the server's certificate does not name this host",
            "use the host name that the certificate names; sslmode=verify-ca checks the authority alone",
        ),
        InvalidCertificate(Certificate::UnknownIssuer) => (
            "the server's certificate is signed by an authority that is not known here",
            "name the authority's PEM file with sslrootcert (Supabase: Project Settings, Database, SSL Configuration, Download \
             certificate); sslmode=require goes on without asking who the server is",
        ),
        InvalidCertificate(Certificate::Expired | Certificate::ExpiredContext { .. }) => {
            ("the server's certificate has expired", "renew it on the server; check this machine's clock too")
        }
        InvalidCertificate(Certificate::NotValidYet | Certificate::NotValidYetContext { .. }) => {
            ("the server's certificate is not valid yet", "check this machine's clock, then the certificate")
        }
        InvalidCertificate(_) | NoCertificatesPresented => (
            "the server's certificate cannot be accepted",
            "make one with a subject alternative name and a current signature algorithm",
        ),
        _ => (
            "the TLS handshake failed",
            "a server that knows nothing newer than TLS 1.1 needs a tunnel to its loopback address",
        ),
    };
    (message.to_owned(), hint.to_owned())
}
