//! What `sslmode` and `sslrootcert` mean, with libpq's meaning, carried out by rustls.
//!
//! One difference: a certificate must name its host in the subject alternative names; rustls does not read a common
//! name.

use std::path::PathBuf;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{self, CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::error::{Error, Result};

/// How the line to the server is protected, from not at all to fully.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mode {
    /// Plain text.
    Disable,
    /// TLS where the server offers it, else plain text; proves nothing about the server.
    Prefer,
    /// TLS, with whatever certificate the server shows.
    Require,
    /// TLS, and an authority we know has signed the certificate.
    VerifyCa,
    /// TLS, a known authority, and the certificate names the host we meant.
    VerifyFull,
}

impl Mode {
    /// The mode that `sslmode` names; `allow` is left out, since it prefers plain text.
    pub(super) fn named(name: &str) -> Option<Mode> {
        match name {
            "disable" => Some(Mode::Disable),
            "prefer" => Some(Mode::Prefer),
            "require" => Some(Mode::Require),
            "verify-ca" => Some(Mode::VerifyCa),
            "verify-full" => Some(Mode::VerifyFull),
            _ => None,
        }
    }

    /// Whether passwords and records may go over the network as plain text.
    pub(super) fn may_be_plain(self) -> bool {
        self < Mode::Require
    }

    /// What the client library has to do; the verification is ours.
    pub(super) fn of_client(self) -> postgres::config::SslMode {
        match self {
            Mode::Disable => postgres::config::SslMode::Disable,
            Mode::Prefer => postgres::config::SslMode::Prefer,
            Mode::Require | Mode::VerifyCa | Mode::VerifyFull => postgres::config::SslMode::Require,
        }
    }
}

/// The certificate authorities that may have signed the server's certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Roots {
    /// Those that this machine trusts.
    System,
    /// Those in a PEM file.
    File(PathBuf),
}

/// The TLS side of a connection.
pub(super) fn connector(mode: Mode, roots: &Roots) -> Result<MakeRustlsConnect> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|cause| Error::internal("the TLS library has no usable protocol version").cause(cause))?;
    let config = match mode {
        Mode::VerifyFull => builder.with_root_certificates(read_roots(roots)?),
        Mode::VerifyCa => {
            let trusted = Some(read_roots(roots)?);
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AnyName { trusted, provider }))
        }
        Mode::Disable | Mode::Prefer | Mode::Require => builder
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyName { trusted: None, provider })),
    };
    Ok(MakeRustlsConnect::new(config.with_no_client_auth()))
}

fn read_roots(roots: &Roots) -> Result<RootCertStore> {
    let mut store = RootCertStore::empty();
    match roots {
        Roots::System => {
            store.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if store.is_empty() {
                return Err(Error::precondition(
                    "this machine has no store of trusted certificate authorities",
                )
                .hint(
                    "install the ca-certificates package, or name the authority's PEM file with sslrootcert",
                ));
            }
        }
        Roots::File(path) => {
            let unusable = |why: &str| {
                Error::precondition(format!("sslrootcert {}: {why}", path.display())).hint(
                    "give the PEM file of the certificate authority that signed the server's certificate",
                )
            };
            let text = std::fs::read(path).map_err(|cause| unusable(&cause.kind().to_string()))?;
            for certificate in CertificateDer::pem_slice_iter(&text) {
                let certificate = certificate.map_err(|_| unusable("not a well-formed PEM file"))?;
                store.add(certificate).map_err(|_| unusable("holds a certificate that cannot be read"))?;
            }
            if store.is_empty() {
                return Err(unusable("holds no certificate"));
            }
        }
    }
    Ok(store)
}

/// Accepts a certificate whatever host it names: for `verify-ca` when `trusted` has signed it, for `require` always.
/// The handshake's signatures are checked even then: the server must hold the key of the certificate it shows, because
/// SCRAM's channel binding rests on that certificate.
#[derive(Debug)]
struct AnyName {
    trusted: Option<RootCertStore>,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for AnyName {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        if let Some(trusted) = &self.trusted {
            verify_server_cert_signed_by_trust_anchor(
                &ParsedCertificate::try_from(end_entity)?,
                trusted,
                intermediates,
                now,
                self.provider.signature_verification_algorithms.all,
            )?;
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.provider.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    #[test]
    fn a_file_without_a_certificate_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path().to_path_buf(), PathBuf::from("no/such/authority.pem")] {
            let error = connector(Mode::VerifyFull, &Roots::File(path.clone())).map(|_| ()).unwrap_err();
            assert_eq!(error.kind(), Kind::Precondition);
            assert!(error.to_string().contains(&path.display().to_string()), "{error}");
        }
    }

    #[test]
    fn only_the_three_upper_modes_rule_plain_text_out() {
        let plain = ["disable", "prefer", "require", "verify-ca", "verify-full"]
            .map(|name| Mode::named(name).expect(name).may_be_plain());
        assert_eq!(plain, [true, true, false, false, false]);
        assert_eq!(Mode::named("allow"), None);
    }
}
