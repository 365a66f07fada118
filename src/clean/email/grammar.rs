//! Which addresses are valid: what RFC 5321, 5322 and 6531 allow and a mail server on the public internet
//! would take.
//!
//! `email_address` knows the grammar of the local part. Our own profile over it: one address and nothing else
//! (no display name, no comment, no folding); a domain name with a top-level domain, not an address literal;
//! letters, digits and hyphens in it, after `idna` for international ones; the octet limits of RFC 5321.
//! Beyond ASCII only letters, digits and marks count, as in the names of accounts (RFC 8264): no emoji, no
//! symbols, no full-width look-alikes in a domain.

use std::borrow::Cow;

use email_address::EmailAddress;
use idna::AsciiDenyList;
use idna::uts46::{DnsLength, Hyphens, Uts46};
use unicode_normalization::char::is_combining_mark;

/// An address has at most 254 octets, or it does not fit a path in SMTP (RFC 5321, 4.5.3.1.3, with its
/// brackets).
const ADDRESS_OCTETS: usize = 254;
/// RFC 5321, 4.5.3.1.1.
const LOCAL_OCTETS: usize = 64;
/// A domain name's text, without the root's dot (RFC 1035, 2.3.4).
const DOMAIN_OCTETS: usize = 253;
/// RFC 1035, 2.3.4.
const LABEL_OCTETS: usize = 63;

macro_rules! reasons {
    ($($(#[doc = $doc:literal])+ $name:ident $word:literal,)+) => {
        /// Why a text is not an address; the first that applies.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$name),+];

            /// The stable word in an issue's context.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Reason::$name => $word,)+
                }
            }
        }
    };
}

reasons! {
    /// Longer than 254 octets.
    TooLong "too_long",
    /// A control character.
    ControlCharacter "control_character",
    /// No `@`.
    NoAtSign "no_at_sign",
    /// More than one `@` outside quotes: often two addresses in one field.
    SeveralAtSigns "several_at_signs",
    /// Angle brackets: a display name or a copied link.
    DisplayName "display_name",
    /// A space outside quotes.
    Space "space",
    /// Nothing before the `@`.
    LocalEmpty "local_empty",
    /// More than 64 octets before the `@`.
    LocalTooLong "local_too_long",
    /// A dot at an end, or two in a row, before the `@`.
    LocalDots "local_dots",
    /// Quotes that do not enclose the whole local part, or a bad text inside them.
    LocalQuotes "local_quotes",
    /// A character that needs quotes before the `@`, or one that no mailbox has.
    LocalCharacter "local_character",
    /// Nothing after the `@`.
    DomainEmpty "domain_empty",
    /// An IP address in brackets.
    DomainLiteral "domain_literal",
    /// More than 253 octets after the `@`, or a label of more than 63.
    DomainTooLong "domain_too_long",
    /// A dot at an end, or two in a row, after the `@`.
    DomainDots "domain_dots",
    /// A label that begins or ends with a hyphen.
    DomainHyphen "domain_hyphen",
    /// A character that no domain name has.
    DomainCharacter "domain_character",
    /// An international domain that IDNA refuses, or would turn into another one.
    DomainInternational "domain_international",
    /// A single label, such as `localhost`.
    TldMissing "tld_missing",
    /// A top-level domain of digits only (an IP address), or of one character.
    TldInvalid "tld_invalid",
}

/// A valid address in its two parts.
#[derive(Debug)]
pub(super) struct Parts<'a> {
    /// Before the last `@`.
    pub(super) local: &'a str,
    /// After it.
    pub(super) domain: &'a str,
}

/// Judges an address that is trimmed, NFC and lower case already.
pub(super) fn judge(address: &str) -> Result<Parts<'_>, Reason> {
    if address.len() > ADDRESS_OCTETS {
        return Err(Reason::TooLong);
    }
    // a tab may stand inside quotes; elsewhere it is a space
    if address.contains(|c: char| c.is_control() && c != '\t') {
        return Err(Reason::ControlCharacter);
    }
    let (local, domain) = address.rsplit_once('@').ok_or(Reason::NoAtSign)?;
    judge_local(local)?;
    judge_domain(domain)?;
    Ok(Parts { local, domain })
}

fn judge_local(local: &str) -> Result<(), Reason> {
    if local.is_empty() {
        return Err(Reason::LocalEmpty);
    }
    if local.len() > LOCAL_OCTETS {
        return Err(Reason::LocalTooLong);
    }
    let quoted = local.len() > 1 && local.starts_with('"') && local.ends_with('"');
    if !quoted {
        judge_unquoted(local)?;
    }
    let otherwise = if quoted { Reason::LocalQuotes } else { Reason::LocalCharacter };
    if EmailAddress::is_valid_local_part(&ascii_stand_in(local).ok_or(Reason::LocalCharacter)?) {
        Ok(())
    } else {
        Err(otherwise)
    }
}

/// The commonest errors of an unquoted local part by name; the grammar has the last word.
fn judge_unquoted(local: &str) -> Result<(), Reason> {
    let found = [
        (Reason::DisplayName, local.contains(['<', '>'])),
        (Reason::SeveralAtSigns, local.contains('@')),
        (Reason::LocalQuotes, local.contains('"')),
        (Reason::Space, local.contains(char::is_whitespace)),
        (Reason::LocalDots, local.starts_with('.') || local.ends_with('.') || local.contains("..")),
    ];
    found.into_iter().find_map(|(reason, applies)| applies.then_some(Err(reason))).unwrap_or(Ok(()))
}

/// The local part as the ASCII grammar can judge it: an `x` for every letter, digit or mark beyond ASCII, and
/// for a quoted space or tab, which RFC 5322 allows and `email_address` does not. `None` when another
/// character is in it.
fn ascii_stand_in(local: &str) -> Option<Cow<'_, str>> {
    if local.is_ascii() && !local.contains('\\') {
        return Some(Cow::Borrowed(local));
    }
    let mut escaped = false;
    let stand_in = local.chars().map(|c| {
        let stand_in = match c {
            ' ' | '\t' if escaped => Some('x'),
            // a backslash quotes ASCII only
            _ if c.is_ascii() || escaped => Some(c),
            _ => is_identifier(c).then_some('x'),
        };
        escaped = c == '\\' && !escaped;
        stand_in
    });
    stand_in.collect::<Option<String>>().map(Cow::Owned)
}

fn judge_domain(domain: &str) -> Result<(), Reason> {
    if domain.is_empty() {
        return Err(Reason::DomainEmpty);
    }
    if domain.starts_with('[') {
        return Err(Reason::DomainLiteral);
    }
    if domain.ends_with('>') {
        return Err(Reason::DisplayName);
    }
    if domain.contains(char::is_whitespace) {
        return Err(Reason::Space);
    }
    if domain.is_ascii() && !domain.contains("xn--") {
        return judge_ascii_domain(domain);
    }
    judge_ascii_domain(&ascii_domain(domain)?)
}

fn judge_ascii_domain(domain: &str) -> Result<(), Reason> {
    if domain.len() > DOMAIN_OCTETS {
        return Err(Reason::DomainTooLong);
    }
    let mut labels = 0;
    let mut last = "";
    for label in domain.split('.') {
        judge_label(label)?;
        labels += 1;
        last = label;
    }
    if labels < 2 {
        return Err(Reason::TldMissing);
    }
    if last.len() < 2 || last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Reason::TldInvalid);
    }
    Ok(())
}

fn judge_label(label: &str) -> Result<(), Reason> {
    if label.is_empty() {
        return Err(Reason::DomainDots);
    }
    if label.len() > LABEL_OCTETS {
        return Err(Reason::DomainTooLong);
    }
    if !label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-') {
        return Err(Reason::DomainCharacter);
    }
    if label.starts_with('-') || label.ends_with('-') {
        return Err(Reason::DomainHyphen);
    }
    Ok(())
}

/// The form of an international domain that is sent to the name servers, if the given form is the one that
/// this comes back to: a domain that IDNA would map to another spelling was mistyped (full-width letters, an
/// ideographic full stop).
fn ascii_domain(domain: &str) -> Result<Cow<'_, str>, Reason> {
    if domain.contains(|c: char| !c.is_ascii() && !is_identifier(c) && !is_idna_exception(c)) {
        return Err(Reason::DomainCharacter);
    }
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow, DnsLength::Ignore)
        .map_err(|_| Reason::DomainInternational)?;
    let (readable, _) = Uts46::new().to_unicode(ascii.as_bytes(), AsciiDenyList::EMPTY, Hyphens::Allow);
    let same_labels = domain.split('.').count() == ascii.split('.').count()
        && domain
            .split('.')
            .zip(ascii.split('.').zip(readable.split('.')))
            .all(|(given, (ascii, readable))| given == ascii || given == readable);
    if same_labels { Ok(ascii) } else { Err(Reason::DomainInternational) }
}

/// Letters, digits and marks of any script, and the joiners, which `unicode` has left where a script needs
/// them only.
fn is_identifier(c: char) -> bool {
    c.is_alphabetic() || c.is_numeric() || is_combining_mark(c) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// The punctuation that IDNA 2008 allows in some scripts (RFC 5892, 2.6); `idna` checks where.
fn is_idna_exception(c: char) -> bool {
    matches!(c, '\u{b7}' | '\u{375}' | '\u{5f3}' | '\u{5f4}' | '\u{30fb}' | '\u{6fd}' | '\u{6fe}' | '\u{f0b}')
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn reasons_are_unique_and_snake_case() {
        let words: HashSet<_> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        assert_eq!(words.len(), Reason::ALL.len());
        assert!(words.iter().all(|word| word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn what_a_mail_server_takes_is_valid() {
        let long_local = format!("{}@clinic.test", "a".repeat(64));
        let long_label = format!("a@{}.test", "b".repeat(63));
        let longest =
            format!("{}@{}.{}.{}.test", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(56));
        assert_eq!(longest.len(), ADDRESS_OCTETS);
        for address in [
            "a@b.co",
            "ann@clinic.test",
            "ann.b.lee@clinic.test",
            "ann+scans+2024@clinic.test",
            "d'arcy@clinic.test",
            "+ann@clinic.test",
            "-ann-@clinic.test",
            "_@clinic.test",
            "0815@clinic.test",
            "!#$%&'*+-/=?^_`{|}~@clinic.test",
            "ann@clinic.museum",
            "ann@4you.test",
            "ann@123.com",
            "ann@a--b.test",
            "ann@a.b.c.d.e.test",
            "ann@clinic.xn--p1ai",
            "ann@clinic.co-op",
            "ann@clinic.t3st",
            r#""ann lee"@clinic.test"#,
            r#""ann@home"@clinic.test"#,
            r#""a\"b\\c"@clinic.test"#,
            r#""a\ b"@clinic.test"#,
            r#"" "@clinic.test"#,
            r#""a..b <(c)>,;:[d]\\ e"@clinic.test"#,
            "lab!ann@clinic.test",
            "ann/lee@clinic.test",
            r#""josé"@clinic.test"#,
            "josé@clinic.test",
            "สมชาย@clinic.test",
            "ann@クリニック.jp",
            "ann@क्लिनिक.भारत",
            "ann@faß.de",
            "ann@l·l.cat",
            "एमी.ली@क्लिनिक.भारत",
            &long_local,
            &long_label,
            &longest,
        ] {
            assert!(judge(address).is_ok(), "{address}: {:?}", judge(address));
        }
    }

    #[test]
    fn what_no_mail_server_takes_says_why() {
        let long_local = format!("{}@clinic.test", "a".repeat(65));
        let long_local_octets = format!("{}@clinic.test", "山".repeat(22));
        let long_label = format!("a@{}.test", "b".repeat(64));
        let long_international_label = format!("a@{}.test", "é".repeat(61));
        let too_long =
            format!("{}@{}.{}.{}.test", "a".repeat(64), "b".repeat(63), "c".repeat(63), "d".repeat(57));
        for (address, reason) in [
            ("ann", Reason::NoAtSign),
            ("ann.clinic.test", Reason::NoAtSign),
            ("@clinic.test", Reason::LocalEmpty),
            ("@", Reason::LocalEmpty),
            ("ann@", Reason::DomainEmpty),
            ("ann@@clinic.test", Reason::SeveralAtSigns),
            ("ann@home@clinic.test", Reason::SeveralAtSigns),
            ("ann@clinic.test,bob@clinic.test", Reason::SeveralAtSigns),
            ("ann lee <ann@clinic.test>", Reason::DisplayName),
            ("ann@clinic.test>", Reason::DisplayName),
            ("ann lee@clinic.test", Reason::Space),
            ("ann\tlee@clinic.test", Reason::Space),
            ("ann@clinic test.test", Reason::Space),
            ("ann @clinic.test", Reason::Space),
            ("ann\u{7}@clinic.test", Reason::ControlCharacter),
            ("\"ann\n\"@clinic.test", Reason::ControlCharacter),
            (".ann@clinic.test", Reason::LocalDots),
            ("ann.@clinic.test", Reason::LocalDots),
            ("ann..lee@clinic.test", Reason::LocalDots),
            ("ann(home)@clinic.test", Reason::LocalCharacter),
            ("ann,lee@clinic.test", Reason::LocalCharacter),
            ("mailto:ann@clinic.test", Reason::LocalCharacter),
            (r"ann\@home@clinic.test", Reason::SeveralAtSigns),
            (r"ann\lee@clinic.test", Reason::LocalCharacter),
            ("\u{1f600}@clinic.test", Reason::LocalCharacter),
            ("ann\u{fffd}@clinic.test", Reason::LocalCharacter),
            ("\"\"@clinic.test", Reason::LocalQuotes),
            ("\"@clinic.test", Reason::LocalQuotes),
            ("\"ann@clinic.test", Reason::LocalQuotes),
            ("\"ann\"lee@clinic.test", Reason::LocalQuotes),
            ("\"ann\"lee\"@clinic.test", Reason::LocalQuotes),
            ("\"ann\\\"@clinic.test", Reason::LocalQuotes),
            ("\"ann\\é\"@clinic.test", Reason::LocalQuotes),
            ("ann@localhost", Reason::TldMissing),
            ("ann@.", Reason::DomainDots),
            ("ann@.clinic.test", Reason::DomainDots),
            ("ann@clinic.test.", Reason::DomainDots),
            ("ann@clinic..test", Reason::DomainDots),
            ("ann@-clinic.test", Reason::DomainHyphen),
            ("ann@clinic-.test", Reason::DomainHyphen),
            ("ann@clinic.test-", Reason::DomainHyphen),
            ("ann@cli_nic.test", Reason::DomainCharacter),
            ("ann@clinic.test(home)", Reason::DomainCharacter),
            ("ann@clinic,test", Reason::DomainCharacter),
            ("ann@clinic.test;", Reason::DomainCharacter),
            ("ann@clinic/lab.test", Reason::DomainCharacter),
            ("ann@[192.0.2.7]", Reason::DomainLiteral),
            ("ann@192.0.2.7", Reason::TldInvalid),
            ("ann@clinic.123", Reason::TldInvalid),
            ("ann@clinic.c", Reason::TldInvalid),
            ("ann@clinic\u{1f600}.test", Reason::DomainCharacter),
            ("ann@clinic.test\u{a9}", Reason::DomainCharacter),
            ("ann@クリニック。jp", Reason::DomainCharacter),
            ("ann@ｃｌｉｎｉｃ.test", Reason::DomainInternational),
            ("ann@xn--\u{e9}.test", Reason::DomainInternational),
            ("ann@xn--zzzzzzzz99999.test", Reason::DomainInternational),
            (&long_local, Reason::LocalTooLong),
            (&long_local_octets, Reason::LocalTooLong),
            (&long_label, Reason::DomainTooLong),
            (&long_international_label, Reason::DomainTooLong),
            (&too_long, Reason::TooLong),
        ] {
            assert_eq!(judge(address).map(|_| ()), Err(reason), "{address:?}");
        }
    }
}
