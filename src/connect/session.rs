//! Opening a session: the client's configuration, the deadline, the retries, and the settings that make both sides
//! read and write the same text for the same value.

use std::net::ToSocketAddrs;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use postgres::{CancelToken, Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::address::{Address, Host};
use super::failure::{self, Refused};
use super::{Side, server_error, tls};
use crate::error::{Error, Result};

/// Retries after the first attempt, when the server says that it will be ready soon.
const RETRIES: u32 = 3;
/// The first pause; each further one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_millis(500);

/// Every setting exists in 9.5. `search_path` is left alone: where the tables are is the server's business.
pub(super) const SETTINGS: &str = "\
    set client_encoding = 'UTF8';
    set datestyle = 'ISO';
    set timezone = 'UTC';
    set intervalstyle = 'postgres';
    set extra_float_digits = 3;
    set bytea_output = 'hex';
    set standard_conforming_strings = on;";

/// Opens a session. Fails with the side's kind of error, in words that hold neither the password nor what the server
/// said; retries only a server that is starting, stopping or full.
pub fn connect(side: Side, address: &Address) -> Result<Client> {
    let tls = tls::connector(address.mode, &address.roots)?;
    let config = configuration(address);
    let mut pause = FIRST_PAUSE;
    let mut retries = 0;
    let mut client = loop {
        match open(address, config.clone(), tls.clone()) {
            Ok(client) => break client,
            Err(Refused::Server(cause)) if retries < RETRIES && failure::is_passing(&cause) => {
                tracing::info!("{}: not ready yet, trying again in {pause:?}", side.name());
                thread::sleep(pause);
                pause *= 2;
                retries += 1;
            }
            Err(refused) => return Err(failure::connect_error(side, address, &refused)),
        }
    };
    client.batch_execute(SETTINGS).map_err(|cause| server_error(side, "setting the session up", &cause))?;
    Ok(client)
}

/// Asks the server to end the statement that a session is at, if it is at one. Whether the server could be asked is not
/// said: the session shows what came of it.
pub fn cancel(address: &Address, token: &CancelToken) {
    if let Ok(tls) = tls::connector(address.mode, &address.roots) {
        let _ = token.cancel_query(tls);
    }
}

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
        .tcp_user_timeout(Duration::from_secs(60))
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
fn open(address: &Address, config: Config, tls: MakeRustlsConnect) -> Result<Client, Refused> {
    let (sender, receiver) = mpsc::sync_channel(1);
    let name = match &address.host {
        Host::Tcp(name) => Some((name.clone(), address.port)),
        Host::Unix(_) => None,
    };
    let attempt = move || {
        // Resolved here first, because the library tells an unknown name only in the words of the platform.
        let outcome = match name.map(|name| name.to_socket_addrs()) {
            Some(Err(_)) => Err(Refused::UnknownHost),
            Some(Ok(_)) | None => config.connect(tls).map_err(Refused::Server),
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
