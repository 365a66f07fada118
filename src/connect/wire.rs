//! A session for COPY alone, to a server on this machine: as a rule one that a legacy dump was restored into. The client
//! library hands over every row through its event loop. Of a million rows of 125 bytes, which the server takes 1.5 s to send,
//! that is 0.37 s of processor time, and here it is 0.01 s. It speaks no TLS: where a line is protected, the network is the
//! bound and the library is fast enough.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::os::unix::net::UnixStream;
use std::time::Duration;

use bytes::BytesMut;
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;

use super::address::{Address, Host};
use super::session::settings;
use super::tls::Mode;
use super::watch::Watch;
use super::{Side, failure, sqlstate};
use crate::error::{Error, Result};

/// Room for what has arrived and is not read yet. Messages longer than that make it grow.
const ROOM: usize = 256 * 1024;

/// No message is that long: what says so is not a PostgreSQL server.
const LONGEST: usize = 1 << 30;

/// A session that reads tables.
#[derive(Debug)]
pub struct Wire {
    side: Side,
    socket: Socket,
    /// None before the server has said which process it is.
    watch: Option<Watch>,
    /// What has arrived: the bytes from `start` to `end` are not read yet.
    inbox: Vec<u8>,
    start: usize,
    end: usize,
}

/// A session that ends without a word stands in the legacy server's log as one that broke off.
impl Drop for Wire {
    fn drop(&mut self) {
        let mut farewell = BytesMut::new();
        frontend::terminate(&mut farewell);
        let _ = self.socket.write_all(&farewell);
    }
}

#[derive(Debug)]
enum Socket {
    Unix(UnixStream),
    Tcp(TcpStream),
}

/// Why the session cannot go on.
#[derive(Debug)]
enum Stop {
    Broken(io::Error),
    /// The SQLSTATE that the server gave.
    Refused(String),
}

impl From<io::Error> for Stop {
    fn from(cause: io::Error) -> Self {
        Stop::Broken(cause)
    }
}

/// A message: its kind, and where its content is.
#[derive(Debug, Clone, Copy)]
struct Message {
    kind: u8,
    from: usize,
    to: usize,
}

impl Wire {
    /// Whether such a session can be had.
    pub fn reaches(address: &Address) -> bool {
        address.is_local() && address.mode == Mode::Disable
    }

    /// Opens one with the settings that every session has.
    pub fn open(side: Side, address: &Address) -> Result<Self> {
        let timeout = address.connect_timeout;
        let opened = Socket::connect(address, timeout).map_err(Stop::from).and_then(|socket| {
            let mut wire = Self { side, socket, watch: None, inbox: vec![0; ROOM], start: 0, end: 0 };
            wire.log_in(address)?;
            wire.socket.wait_at_most(None)?;
            Ok(wire)
        });
        let mut wire = opened.map_err(|stop| told(side, "opening a second session", &stop))?;
        wire.execute(&settings(address))?;
        Ok(wire)
    }

    /// Runs statements whose rows nobody needs.
    pub fn execute(&mut self, sql: &str) -> Result<()> {
        let side = self.side;
        self.run(sql, &mut |_| Ok(())).map_err(|stop| told(side, "setting a second session up", &stop))?
    }

    /// Runs `copy … to stdout` and hands over each row in COPY's form. After an error the session is of no use.
    pub fn copy_out(
        &mut self,
        what: &str,
        sql: &str,
        mut row: impl FnMut(&[u8]) -> Result<()>,
    ) -> Result<()> {
        let side = self.side;
        self.run(sql, &mut row).map_err(|stop| told(side, what, &stop))?
    }

    /// The inner error is that of whoever takes the rows.
    fn run(&mut self, sql: &str, row: &mut dyn FnMut(&[u8]) -> Result<()>) -> Result<Result<()>, Stop> {
        let mut query = BytesMut::new();
        frontend::query(sql, &mut query)?;
        self.socket.write_all(&query)?;
        let mut refused = None;
        loop {
            let message = self.message()?;
            match message.kind {
                b'd' => {
                    if let Err(error) = row(&self.inbox[message.from..message.to]) {
                        return Ok(Err(error));
                    }
                }
                b'E' => refused = Some(sqlstate_of(self.content(message))),
                b'Z' => return refused.map_or(Ok(Ok(())), |code| Err(Stop::Refused(code))),
                // answers without rows, notices and changed settings
                _ => {}
            }
        }
    }

    fn log_in(&mut self, address: &Address) -> Result<(), Stop> {
        let mut parameters = vec![
            ("client_encoding", "UTF8"),
            ("user", address.user.as_str()),
            ("database", address.database.as_str()),
            ("application_name", address.application_name.as_deref().unwrap_or("drydock")),
        ];
        parameters.extend(address.options.as_deref().map(|options| ("options", options)));
        let mut out = BytesMut::new();
        frontend::startup_message(parameters, &mut out)?;
        self.socket.write_all(&out)?;
        let password =
            address.password.as_ref().map(|password| password.reveal().as_bytes()).unwrap_or_default();
        let mut scram = None;
        loop {
            let message = self.message()?;
            let content = self.content(message).to_vec();
            match message.kind {
                b'R' => {
                    let mut out = BytesMut::new();
                    answer(&content, password, address, &mut scram, &mut out)?;
                    self.socket.write_all(&out)?;
                }
                b'E' => return Err(Stop::Refused(sqlstate_of(&content))),
                // the process and the key that cancels its statement
                b'K' => {
                    let pid = content.first_chunk::<4>().map_or(0, |pid| i32::from_be_bytes(*pid));
                    self.watch = Some(Watch::new(self.side, address, pid));
                }
                b'Z' => return Ok(()),
                _ => {}
            }
        }
    }

    fn content(&self, message: Message) -> &[u8] {
        &self.inbox[message.from..message.to]
    }

    /// The next message, whole.
    fn message(&mut self) -> Result<Message, Stop> {
        const HEAD: usize = 5;
        loop {
            let arrived = self.end - self.start;
            let mut wanted = HEAD;
            if let [kind, a, b, c, d, ..] = self.inbox[self.start..self.end] {
                let len = u32::from_be_bytes([a, b, c, d]) as usize;
                if !(4..=LONGEST).contains(&len) {
                    return Err(io::Error::from(io::ErrorKind::InvalidData).into());
                }
                wanted = len + 1;
                if arrived >= wanted {
                    let message = Message { kind, from: self.start + HEAD, to: self.start + wanted };
                    self.start += wanted;
                    return Ok(message);
                }
            }
            self.fill(wanted)?;
        }
    }

    /// Reads on, with room for `wanted` bytes from the first one that is not read yet.
    fn fill(&mut self, wanted: usize) -> io::Result<()> {
        self.inbox.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.start = 0;
        if self.inbox.len() < wanted {
            self.inbox.resize(wanted.next_power_of_two(), 0);
        }
        let _waiting = self.watch.as_ref().map(Watch::waiting);
        match self.socket.read(&mut self.inbox[self.end..]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(read) => {
                self.end += read;
                Ok(())
            }
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => Ok(()),
            Err(cause) => Err(cause),
        }
    }
}

/// What the server's request to prove who we are is answered with.
fn answer(
    request: &[u8],
    password: &[u8],
    address: &Address,
    scram: &mut Option<ScramSha256>,
    out: &mut BytesMut,
) -> io::Result<()> {
    let unsupported = || io::Error::from(io::ErrorKind::Unsupported);
    let Some((kind, rest)) = request.split_first_chunk::<4>() else { return Err(unsupported()) };
    match u32::from_be_bytes(*kind) {
        0 => Ok(()),
        3 => frontend::password_message(password, out),
        5 => {
            let salt = rest.try_into().map_err(|_| unsupported())?;
            frontend::password_message(md5_hash(address.user.as_bytes(), password, salt).as_bytes(), out)
        }
        10 if rest.split(|byte| *byte == 0).any(|name| name == SCRAM_SHA_256.as_bytes()) => {
            let scram = scram.insert(ScramSha256::new(password, ChannelBinding::unsupported()));
            frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), out)
        }
        11 => {
            let scram = scram.as_mut().ok_or_else(unsupported)?;
            scram.update(rest)?;
            frontend::sasl_response(scram.message(), out)
        }
        12 => scram.as_mut().ok_or_else(unsupported)?.finish(rest),
        _ => Err(unsupported()),
    }
}

/// The SQLSTATE of an error: of its fields, each a letter, a text and a zero, the one that is called C.
fn sqlstate_of(content: &[u8]) -> String {
    let code = content.split(|byte| *byte == 0).find_map(|field| field.strip_prefix(b"C"));
    String::from_utf8_lossy(code.unwrap_or_default()).into_owned()
}

fn told(side: Side, what: &str, stop: &Stop) -> Error {
    let (told, hint) = match stop {
        Stop::Refused(code) => {
            (format!("{} (SQLSTATE {code})", sqlstate::name(code)), failure::hint_for(code))
        }
        Stop::Broken(cause) => (format!("the connection broke: {}", cause.kind()), Some(failure::MAY_PASS)),
    };
    let error = Error::new(side.kind(), format!("{}: {what}: {told}", side.name()));
    match hint {
        Some(hint) => error.hint(hint),
        None => error,
    }
}

impl Socket {
    fn connect(address: &Address, timeout: Duration) -> io::Result<Self> {
        let socket = match &address.host {
            Host::Unix(directory) => {
                Socket::Unix(UnixStream::connect(directory.join(format!(".s.PGSQL.{}", address.port)))?)
            }
            Host::Tcp(name) => {
                let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
                let mut found = None;
                for place in (name.as_str(), address.port).to_socket_addrs()? {
                    match TcpStream::connect_timeout(&place, timeout) {
                        Ok(stream) => {
                            found = Some(stream);
                            break;
                        }
                        Err(cause) => last = cause,
                    }
                }
                let stream = found.ok_or(last)?;
                stream.set_nodelay(true)?;
                Socket::Tcp(stream)
            }
        };
        socket.wait_at_most(Some(timeout))?;
        Ok(socket)
    }

    fn wait_at_most(&self, timeout: Option<Duration>) -> io::Result<()> {
        match self {
            Socket::Unix(stream) => stream.set_read_timeout(timeout),
            Socket::Tcp(stream) => stream.set_read_timeout(timeout),
        }
    }

    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match self {
            Socket::Unix(stream) => stream.read(into),
            Socket::Tcp(stream) => stream.read(into),
        }
    }

    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Socket::Unix(stream) => stream.write_all(bytes),
            Socket::Tcp(stream) => stream.write_all(bytes),
        }
    }
}
