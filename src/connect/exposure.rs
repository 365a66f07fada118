//! What the line to a server does not protect from.

use super::address::Address;
use super::tls::Mode;

impl Address {
    /// What somebody between this machine and the server could do, and what to do about it; none where the line leaves nobody
    /// a way, or does not leave this machine.
    pub fn exposure(&self, is_encrypted: bool) -> Option<(&'static str, &'static str)> {
        if self.is_local() {
            return None;
        }
        match self.mode {
            _ if !is_encrypted => Some((
                "the session is not encrypted: whoever carries it reads the password and the records, and may change them",
                "use sslmode=verify-full where the server can",
            )),
            Mode::Disable | Mode::Prefer | Mode::Require => Some((
                "the session is encrypted, but nobody asks who the server is: whoever gets between can show any certificate, and is \
                 handed the password and the records",
                "leave sslmode out, or write verify-full, with the authority's PEM file in sslrootcert",
            )),
            Mode::VerifyCa => Some((
                "the session is encrypted, but any server that the same authority has certified can take this one's place",
                "write sslmode=verify-full, and the host name that the certificate names",
            )),
            Mode::VerifyFull => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_asked_of_the_server_says_who_could_be_in_between() {
        for (url, is_encrypted, words) in [
            ("postgres://u@h/d?sslmode=disable&allow_plaintext=1", false, "not encrypted"),
            ("postgres://u@h/d?sslmode=require", true, "nobody asks who the server is"),
            ("postgres://u@h/d?sslmode=prefer&allow_plaintext=1", true, "nobody asks who the server is"),
            ("postgres://u@h/d?sslmode=verify-ca", true, "any server"),
        ] {
            let address = Address::parse(url).unwrap();
            assert!(address.exposure(is_encrypted).is_some_and(|(found, _)| found.contains(words)), "{url}");
        }
        for url in ["postgres://u@h/d", "postgres://u@localhost/d", "postgres://u@h/d?sslrootcert=system"] {
            assert_eq!(Address::parse(url).unwrap().exposure(!url.contains("localhost")), None, "{url}");
        }
    }
}
