//! One attempt to open a session: the client's configuration, and the deadline.

use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::{Client, Config, SimpleQueryMessage};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Host};
use super::failure::Refused;
use crate::error::Error;

fn configuration(address: &Address) -> Config {
    let mut config = Config::new();
    config
        .port(address.port)
        .user(&address.user)
        .dbname(&address.database)
        .ssl_mode(address.mode.of_client())
        .connect_timeout(address.connect_timeout)
        .application_name(address.application_name.as_deref().unwrap_or("drydock"))
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(10))
        .keepalives_retries(3)
        // what was sent and is not acknowledged breaks the connection within the same time
        .tcp_user_timeout(Duration::from_mins(1))
        // A notice may quote a record, and the library would hand it to the log.
        .notice_callback(|_| {});
    match &address.host {
        Host::Tcp(name) => config.host(name),
        Host::Unix(directory) => config.host_path(directory),
    };
    if let Some(password) = &address.password {
        config.password(password.reveal());
    }
    if let Some(options) = &address.options {
        config.options(options);
    }
    config
}

/// One attempt within the connect timeout. The library's own timeout ends with the TCP handshake, and a host that
/// accepts and then says nothing would hold us for ever; so the attempt has a thread that we can stop waiting for.
///
/// The first statement belongs to it: it asks which process of the server this is, and only from then on somebody looks after
/// the session.
pub(super) fn open(address: &Address, tls: MakeRustlsConnect) -> Result<(Client, i32), Refused> {
    let config = configuration(address);
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = match &address.host {
        Host::Tcp(name) => Some((name.clone(), address.port)),
        Host::Unix(_) => None,
    };
    let attempt = move || {
        // Resolved here first, because the library tells an unknown name only in the words of the platform.
        let outcome = match name.map(|name| name.to_socket_addrs()) {
            Some(Err(_)) => Err(Refused::UnknownHost),
            Some(Ok(_)) | None => config.connect(tls).and_then(with_process).map_err(Refused::Server),
        };
        // Nobody listens any more when the deadline has passed.
        let _ = sender.send(outcome);
    };
    let thread = thread::Builder::new().name("connect".to_owned()).spawn(attempt);
    if let Err(cause) = thread {
        return Err(Refused::Defect(Error::internal("cannot start a thread").cause(cause)));
    }
    receiver.recv_timeout(address.connect_timeout).unwrap_or_else(|cause| match cause {
        mpsc::RecvTimeoutError::Timeout => Err(Refused::TimedOut),
        mpsc::RecvTimeoutError::Disconnected => {
            Err(Refused::Defect(Error::internal("the connecting thread ended without a result")))
        }
    })
}

/// The server's process of a session.
fn with_process(mut client: Client) -> Result<(Client, i32), postgres::Error> {
    let answer = client.simple_query("select pg_backend_pid()")?;
    let pid = answer.iter().find_map(|message| match message {
        SimpleQueryMessage::Row(row) => row.get(0)?.parse().ok(),
        _ => None,
    });
    Ok((client, pid.unwrap_or_default()))
}
