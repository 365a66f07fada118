//! A server that lets nobody in without a password, and speaks TLS with a certificate of a private authority.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::OnceLock;

use drydock::connect::{Address, Side, connect};
use drydock::demo::cluster::{Cluster, Settings};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use tempfile::TempDir;

static LOCKED: OnceLock<Locked> = OnceLock::new();

/// The one such server of this test process.
pub fn locked() -> &'static Locked {
    LOCKED.get_or_init(Locked::start)
}

/// Database `practice`; roles `anna` (SCRAM), `otto` (md5, as 9.5 has it), `lotte` (TLS sessions only) and `nils` (may
/// not log in). The password of each is [`Locked::PASSWORD`]. The certificate names `localhost` and nothing else.
#[derive(Debug)]
pub struct Locked {
    cluster: Cluster,
    authorities: TempDir,
}

impl Locked {
    /// With the characters that a URL gives another meaning.
    pub const PASSWORD: &'static str = "Tide&Tow?/@#%:4";
    /// The same, percent-encoded.
    pub const ENCODED: &'static str = "Tide%26Tow%3F%2F%40%23%25%3A4";

    fn start() -> Locked {
        let authority = authority("Harbour");
        let key = KeyPair::generate().expect("a key");
        let certificate = CertificateParams::new(["localhost".to_owned()])
            .and_then(|parameters| parameters.signed_by(&key, &authority))
            .expect("a certificate");

        let authorities = TempDir::new().expect("a temporary directory");
        std::fs::write(authorities.path().join("known.pem"), authority.pem()).expect("known.pem");
        std::fs::write(authorities.path().join("stranger.pem"), self::authority("Stranger").pem())
            .expect("stranger.pem");

        let settings = Settings {
            lines: ["ssl = on", "ssl_cert_file = '../server.crt'", "ssl_key_file = '../server.key'"]
                .map(str::to_owned)
                .to_vec(),
            authentication: Some(
                "local   all all trust\n\
                 host    all otto 127.0.0.1/32 md5\n\
                 hostssl all lotte 127.0.0.1/32 scram-sha-256\n\
                 host    all anna,nils,nobody_here 127.0.0.1/32 scram-sha-256\n"
                    .to_owned(),
            ),
            files: vec![
                ("server.crt".to_owned(), certificate.pem()),
                ("server.key".to_owned(), key.serialize_pem()),
            ],
            port: Some(free_port()),
        };
        let cluster = Cluster::start_with(&settings).unwrap_or_else(|error| panic!("{error}"));
        cluster.create_database("practice").unwrap_or_else(|error| panic!("{error}"));

        let address = Address::parse(&cluster.url("practice")).expect("the cluster's own URL");
        let password = Self::PASSWORD;
        connect(Side::Target, &address)
            .unwrap_or_else(|error| panic!("{error}"))
            .batch_execute(&format!(
                "set password_encryption = 'scram-sha-256';
                 create role anna login password '{password}';
                 create role lotte login password '{password}';
                 create role nils nologin password '{password}';
                 set password_encryption = 'md5';
                 create role otto login password '{password}';"
            ))
            .expect("the roles");
        Locked { cluster, authorities }
    }

    /// A URL over TCP; `query` without its question mark.
    pub fn url(&self, login: &str, host: &str, database: &str, query: &str) -> String {
        format!("postgres://{login}@{host}:{}/{database}?{query}", self.cluster.port())
    }

    /// A URL over the Unix socket, where everybody is trusted.
    pub fn socket_url(&self, database: &str) -> String {
        self.cluster.url(database)
    }

    /// The PEM file of the authority that signed the certificate.
    pub fn known_authority(&self) -> PathBuf {
        self.authorities.path().join("known.pem")
    }

    /// The PEM file of an authority that did not.
    pub fn strange_authority(&self) -> PathBuf {
        self.authorities.path().join("stranger.pem")
    }
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut parameters = CertificateParams::new(Vec::new()).expect("no names");
    parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    parameters.distinguished_name.push(DnType::CommonName, name);
    KeyPair::generate().and_then(|key| CertifiedIssuer::self_signed(parameters, key)).expect("an authority")
}

/// A port of 127.0.0.1 where nobody listened a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
