//! Email addresses: invisible characters dropped, trimmed, NFC, lower-cased as a whole (the target's
//! uniqueness is on the lowered form), then judged. Nothing else of an address is touched: plus-tags, dots
//! and apostrophes are the owner's.
//!
//! An international domain is stored as it was given, readable or `xn--`, never converted into the other
//! form; both are judged alike. Which addresses are valid is in `grammar`, likely typing errors in `typo`,
//! addresses for people without one in `fallback`.

mod fallback;
mod grammar;
mod typo;

use std::borrow::Cow;

use crate::record::{Code, Issue};

use super::trail::Trail;
use super::unicode::{Reach, composed, lower_case, trimmed, without_invisible};
use super::{Cleaned, is_literal_null};

pub use fallback::{
    NOBODYS_DOMAINS, fallback_email, fallback_email_nth, fallback_owner, is_fallback_email, is_stand_in,
};
pub use grammar::Reason;

/// What an address field holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Email {
    /// Null, '' or the literal `null`.
    Missing,
    /// A text that no mail server would take.
    Invalid(Reason),
    /// The clean address.
    Valid(String),
}

/// What the configuration says about addresses.
#[derive(Debug, Clone, Default)]
pub struct EmailPolicy {
    company_domains: Vec<String>,
}

impl EmailPolicy {
    /// The company's own domains mark test accounts, their subdomains included; case does not matter.
    pub fn new<S: AsRef<str>>(company_domains: impl IntoIterator<Item = S>) -> Self {
        let company_domains = company_domains
            .into_iter()
            .map(|domain| domain.as_ref().trim().trim_start_matches('@').to_lowercase())
            .filter(|domain| !domain.is_empty())
            .collect();
        Self { company_domains }
    }

    fn is_company_domain(&self, domain: &str) -> bool {
        self.company_domains.iter().any(|own| {
            domain.strip_suffix(own.as_str()).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
        })
    }
}

/// A clean address, judged. An invalid one has `EmailInvalid` with `reason=…`; a suspicious domain has
/// `EmailTypoDomain` with `proposal=…`, and a company's domain `EmailTestDomain`; both are kept.
///
/// Rules, in order: `email.invisible`, `email.trim`, `email.nfc`, `email.lowercase`, then
/// `email.literal_null`, `email.empty` or `email.invalid` where the clean value is none.
pub fn email(field: &'static str, raw: Option<&str>, policy: &EmailPolicy) -> Cleaned<Email> {
    let raw = raw.unwrap_or_default();
    if raw.is_empty() {
        // '' is how the legacy column writes a missing address: nothing is changed by reading it so
        return missing(field, None);
    }
    let mut trail = Trail::new(field, raw);
    if !is_plain(raw) {
        trail.apply("email.invisible", without_invisible);
        trail.apply("email.trim", |text| trimmed(text, Reach::Unicode));
        trail.apply("email.nfc", composed);
        trail.apply("email.lowercase", lower_case);
        // lower case can leave a letter beside a mark that composes with it
        trail.apply("email.nfc", composed);
    }
    if trail.text().is_empty() {
        return missing(field, Some((trail, "email.empty")));
    }
    if is_literal_null(trail.text()) {
        return missing(field, Some((trail, "email.literal_null")));
    }
    match grammar::judge(trail.text()) {
        Ok(parts) => {
            let issue = suspicion(field, &parts, policy);
            let (value, changes) = trail.finish();
            Cleaned { value: Email::Valid(value), changes, issues: issue.into_iter().collect() }
        }
        Err(reason) => Cleaned {
            value: Email::Invalid(reason),
            changes: trail.finish_null("email.invalid"),
            issues: vec![
                Issue::new(Code::EmailInvalid, field).with_context(format!("reason={}", reason.as_str())),
            ],
        },
    }
}

/// The mailbox that a clean address means, for comparing: an international domain in its one ASCII form, because
/// `müller.test` and `xn--mller-kva.test` are one domain. What is stored stays as its owner writes it.
pub fn mailbox(address: &str) -> Cow<'_, str> {
    let international = address.rsplit_once('@').filter(|(_, domain)| !domain.is_ascii());
    international
        .and_then(|(local, domain)| Some(format!("{local}@{}", idna::domain_to_ascii(domain).ok()?)))
        .map_or(Cow::Borrowed(address), Cow::Owned)
}

/// Whether there is nothing to clean: printable ASCII without spaces and capitals.
fn is_plain(raw: &str) -> bool {
    raw.bytes().all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
}

fn missing(field: &'static str, emptied: Option<(Trail<'_>, &'static str)>) -> Cleaned<Email> {
    let changes = emptied.map(|(trail, rule)| trail.finish_null(rule)).unwrap_or_default();
    Cleaned { value: Email::Missing, changes, issues: vec![Issue::new(Code::EmailMissing, field)] }
}

fn suspicion(field: &'static str, parts: &grammar::Parts<'_>, policy: &EmailPolicy) -> Option<Issue> {
    if policy.is_company_domain(parts.domain) {
        return Some(Issue::new(Code::EmailTestDomain, field));
    }
    let proposal = typo::intended_domain(parts.domain)?;
    Some(
        Issue::new(Code::EmailTypoDomain, field).with_context(format!("proposal={}@{proposal}", parts.local)),
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::invariants::chain;
    use super::*;

    fn cleaned(raw: &str) -> Cleaned<Email> {
        email("email", Some(raw), &EmailPolicy::default())
    }

    fn stored(email: &Email) -> Option<&str> {
        match email {
            Email::Valid(address) => Some(address),
            Email::Missing | Email::Invalid(_) => None,
        }
    }

    #[test]
    fn each_rule_changes_what_it_says() {
        for (raw, clean, by) in [
            (" ann@clinic.test ", "ann@clinic.test", &["email.trim"][..]),
            ("ann@clinic.test\r\n", "ann@clinic.test", &["email.trim"]),
            ("Ann.Lee@Clinic.TEST", "ann.lee@clinic.test", &["email.lowercase"]),
            ("ann\u{200b}@clinic.test", "ann@clinic.test", &["email.invisible"]),
            ("\u{feff}ann@clinic.test", "ann@clinic.test", &["email.invisible"]),
            ("jose\u{301}@clinic.test", "josé@clinic.test", &["email.nfc"]),
            ("JOSÉ@clinic.test", "josé@clinic.test", &["email.lowercase"]),
        ] {
            let cleaned = cleaned(raw);
            assert_eq!(cleaned.value, Email::Valid(clean.to_owned()), "{raw:?}");
            assert_eq!(cleaned.changes.iter().map(|c| c.rule).collect::<Vec<_>>(), by, "{raw:?}");
        }
    }

    #[test]
    fn an_owners_own_stays() {
        for raw in [
            "ann+scans@clinic.test",
            "o'neil@clinic.test",
            "a.n.n@gmail.com",
            "ann_lee-3@mail.clinic.co.jp",
            "ann@müller.test",
            "ann@xn--mller-kva.test",
            "山田@例え.jp",
        ] {
            assert_eq!(cleaned(raw), Cleaned::unchanged(Email::Valid(raw.to_owned())), "{raw}");
        }
    }

    #[test]
    fn one_mailbox_has_one_form() {
        for (address, form) in [
            ("ann@müller.test", "ann@xn--mller-kva.test"),
            ("ann@xn--mller-kva.test", "ann@xn--mller-kva.test"),
            ("josé@clinic.test", "josé@clinic.test"),
            ("山田@例え.jp", "山田@xn--r8jz45g.jp"),
            ("a.n.n+x@gmail.com", "a.n.n+x@gmail.com"),
        ] {
            assert_eq!(mailbox(address), form);
        }
    }

    #[test]
    fn a_missing_address_is_flagged() {
        for (raw, by) in [
            (None, &[][..]),
            (Some(""), &[]),
            (Some("  "), &["email.trim", "email.empty"]),
            (Some("null"), &["email.literal_null"]),
            (Some(" NULL"), &["email.trim", "email.lowercase", "email.literal_null"]),
        ] {
            let cleaned = email("email", raw, &EmailPolicy::default());
            assert_eq!(cleaned.value, Email::Missing, "{raw:?}");
            assert_eq!(cleaned.issues, [Issue::new(Code::EmailMissing, "email")], "{raw:?}");
            assert_eq!(cleaned.changes.iter().map(|c| c.rule).collect::<Vec<_>>(), by, "{raw:?}");
        }
    }

    #[test]
    fn an_invalid_address_says_why() {
        let cleaned = cleaned("ann.clinic.test");
        assert_eq!(cleaned.value, Email::Invalid(Reason::NoAtSign));
        assert_eq!(
            cleaned.issues,
            [Issue::new(Code::EmailInvalid, "email").with_context("reason=no_at_sign")]
        );
        assert_eq!(cleaned.changes.last().map(|change| change.rule), Some("email.invalid"));
    }

    #[test]
    fn suspicious_domains_are_flagged_and_kept() {
        let policy = EmailPolicy::new(["Aligner.example", "@lab.example"]);
        for (raw, code, context) in [
            ("ann@gmial.com", Some(Code::EmailTypoDomain), Some("proposal=ann@gmail.com")),
            ("ann@aligner.example", Some(Code::EmailTestDomain), None),
            ("ann@qa.lab.example", Some(Code::EmailTestDomain), None),
            ("ann@mylab.example", None, None),
            ("ann@gmail.com", None, None),
        ] {
            let cleaned = email("email", Some(raw), &policy);
            assert_eq!(cleaned.value, Email::Valid(raw.to_owned()));
            assert_eq!(cleaned.issues.first().map(|issue| issue.code), code, "{raw}");
            assert_eq!(cleaned.issues.first().and_then(|issue| issue.context.as_deref()), context, "{raw}");
        }
    }

    /// Nearly addresses, with everything that the rules touch.
    const ALMOST: &str = "[ a-zA-Z0-9.+'\"\\\\ßİΣé山\u{200b}\u{301}]{0,8}@[a-zA-Z0-9.ßİΣé山\u{301}-]{0,8}\
        (\\.(com|xn--p1ai|ТЕСТ))?[ \n]?";
    /// Local parts of the ordinary kind, and domains of up to four labels.
    const ORDINARY: &str =
        "[a-z0-9]([a-z0-9_+'-]|\\.[a-z0-9]){0,20}@([a-z0-9]([a-z0-9]|-[a-z0-9]){0,8}\\.){1,3}[a-z]{2,6}";

    proptest! {
        #[test]
        fn clean_addresses_stay(raw in prop_oneof![any::<String>(), ALMOST]) {
            let once = cleaned(&raw);
            if !raw.is_empty() {
                chain(Some(&raw), &once, stored(&once.value));
            }
            if let Email::Valid(address) = &once.value {
                let twice = cleaned(address);
                prop_assert_eq!(&twice.value, &once.value);
                prop_assert!(twice.changes.is_empty());
                prop_assert_eq!(&twice.issues, &once.issues);
            }
        }

        #[test]
        fn ordinary_addresses_are_valid(raw in ORDINARY) {
            prop_assert_eq!(cleaned(&raw).value, Email::Valid(raw));
        }
    }
}
