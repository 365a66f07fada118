//! A line to the server that breaks or falls silent where it is told to, once; later sessions go through.

use std::io::{Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::thread;

/// Where the line breaks.
#[derive(Debug, Clone, Copy)]
pub enum Break {
    /// After this many bytes from the client.
    AfterBytes(usize),
    /// When the client has sent its commit of this number and the server has answered: the answer is swallowed.
    AtCommit(u32),
    /// After this many bytes from the client nothing passes any more, and nobody is told; other lines go on.
    Silent(usize),
    /// The same for every line, also for those that are opened later.
    AllSilent(usize),
}

/// The proxy, which lives as long as its test process.
pub struct Proxy {
    pub port: u16,
    pub broken: Arc<AtomicBool>,
    /// Lines that were opened.
    pub lines: Arc<AtomicU32>,
}

struct Line {
    breaks: Break,
    broken: Arc<AtomicBool>,
    bytes: AtomicUsize,
    commits: AtomicU32,
    /// The commit at which it breaks is on its way.
    is_last: AtomicBool,
    is_silent: AtomicBool,
}

impl Proxy {
    /// Forwards to a port of 127.0.0.1.
    pub fn start(server: u16, breaks: Break) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let broken = Arc::new(AtomicBool::new(false));
        let shared = Arc::clone(&broken);
        let lines = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&lines);
        thread::spawn(move || {
            for client in listener.incoming().flatten() {
                counted.fetch_add(1, Ordering::SeqCst);
                let server = TcpStream::connect(("127.0.0.1", server)).expect("the server");
                let line = Arc::new(Line {
                    breaks,
                    broken: Arc::clone(&shared),
                    bytes: AtomicUsize::new(0),
                    commits: AtomicU32::new(0),
                    is_last: AtomicBool::new(false),
                    is_silent: AtomicBool::new(false),
                });
                let ends = (client.try_clone().expect("a socket"), server.try_clone().expect("a socket"));
                let upward = Arc::clone(&line);
                thread::spawn(move || pump(client, server, |bytes| upward.sent(bytes)));
                thread::spawn(move || pump(ends.1, ends.0, |_| line.answered()));
            }
        });
        Self { port, broken, lines }
    }
}

impl Line {
    /// Whether what the client sends may go on.
    fn sent(&self, bytes: &[u8]) -> bool {
        if let Break::Silent(limit) | Break::AllSilent(limit) = self.breaks {
            let sent = self.bytes.fetch_add(bytes.len(), Ordering::SeqCst) + bytes.len();
            if sent > limit && !self.broken.swap(true, Ordering::SeqCst) {
                self.is_silent.store(true, Ordering::SeqCst);
            }
            return self.hold();
        }
        if self.broken.load(Ordering::SeqCst) {
            return true;
        }
        match self.breaks {
            Break::AfterBytes(limit) => {
                let before = self.bytes.fetch_add(bytes.len(), Ordering::SeqCst);
                before + bytes.len() <= limit || self.broken.swap(true, Ordering::SeqCst)
            }
            Break::AtCommit(wanted) => {
                if bytes.windows(7).any(|window| window.eq_ignore_ascii_case(b"commit\0"))
                    && self.commits.fetch_add(1, Ordering::SeqCst) + 1 == wanted
                {
                    self.is_last.store(true, Ordering::SeqCst);
                }
                true
            }
            Break::Silent(_) | Break::AllSilent(_) => self.hold(),
        }
    }

    /// Keeps what has come for ever, where the line is silent.
    fn hold(&self) -> bool {
        let all = matches!(self.breaks, Break::AllSilent(_)) && self.broken.load(Ordering::SeqCst);
        while all || self.is_silent.load(Ordering::SeqCst) {
            thread::park();
        }
        true
    }

    /// Whether the client may hear what the server answers.
    fn answered(&self) -> bool {
        self.hold();
        !self.is_last.load(Ordering::SeqCst) || self.broken.swap(true, Ordering::SeqCst)
    }
}

fn pump(mut from: TcpStream, mut to: TcpStream, may_pass: impl Fn(&[u8]) -> bool) {
    let mut buffer = vec![0; 4096];
    loop {
        match from.read(&mut buffer) {
            Ok(length) if length > 0 && may_pass(&buffer[..length]) => {
                if to.write_all(&buffer[..length]).is_err() {
                    break;
                }
            }
            _ => break,
        }
    }
    let _ = from.shutdown(Shutdown::Both);
    let _ = to.shutdown(Shutdown::Both);
}
