//! Domains that look like typing errors. Only a suspicion, so the address is kept; the rule is narrow,
//! because a flag on a right address costs a person's time.
//!
//! Two tests: the domain is one typing error away from a provider that very many people use and is no
//! provider itself, or its top-level domain is one that does not exist and is a known misspelling.

/// Providers with names long enough that one typing error rarely hits another's name.
const PROVIDERS: [&str; 14] = [
    "gmail.com",
    "googlemail.com",
    "yahoo.com",
    "hotmail.com",
    "outlook.com",
    "icloud.com",
    "rediffmail.com",
    "protonmail.com",
    "comcast.net",
    "verizon.net",
    "sbcglobal.net",
    "bellsouth.net",
    "docomo.ne.jp",
    "yahoo.co.jp",
];

/// Real domains that are one typing error away from a provider.
const NEIGHBOURS: [&str; 12] = [
    "amail.com",
    "cloud.com",
    "email.com",
    "fmail.com",
    "hmail.com",
    "imail.com",
    "kmail.com",
    "mail.com",
    "qmail.com",
    "xmail.com",
    "ymail.com",
    "zmail.com",
];

/// Misspelt top-level domains; none of them exists, so a proposal is never worse than the address.
const TLDS: [(&str, &str); 16] = [
    ("con", "com"),
    ("cmo", "com"),
    ("ocm", "com"),
    ("comm", "com"),
    ("coom", "com"),
    ("cpm", "com"),
    ("cim", "com"),
    ("vom", "com"),
    ("xom", "com"),
    ("comn", "com"),
    ("nte", "net"),
    ("ney", "net"),
    ("nett", "net"),
    ("ogr", "org"),
    ("orgg", "org"),
    ("rog", "org"),
];

/// The domain that was probably meant.
pub(super) fn intended_domain(domain: &str) -> Option<String> {
    if PROVIDERS.contains(&domain) {
        return None;
    }
    if !NEIGHBOURS.contains(&domain)
        && let Some(provider) = PROVIDERS.iter().find(|provider| is_one_error_away(domain, provider))
    {
        return Some((*provider).to_owned());
    }
    let (name, tld) = domain.rsplit_once('.')?;
    let (_, intended) = TLDS.iter().find(|(misspelt, _)| *misspelt == tld)?;
    Some(format!("{name}.{intended}"))
}

/// Whether two different texts are one error apart: a letter too many, too few, another, or two swapped.
fn is_one_error_away(a: &str, b: &str) -> bool {
    let (short, long) =
        if a.len() <= b.len() { (a.as_bytes(), b.as_bytes()) } else { (b.as_bytes(), a.as_bytes()) };
    let same = short.iter().zip(long).take_while(|(x, y)| x == y).count();
    let (short, long) = (&short[same..], &long[same..]);
    match (short, long) {
        ([x, xs @ ..], [y, ys @ ..]) if short.len() == long.len() => {
            xs == ys || matches!((xs, ys), ([x2, xs @ ..], [y2, ys @ ..]) if x == y2 && y == x2 && xs == ys)
        }
        (_, [_, ys @ ..]) => short == ys,
        (_, []) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn typing_errors_are_recognised() {
        for (domain, intended) in [
            ("gmial.com", "gmail.com"),
            ("gamil.com", "gmail.com"),
            ("gmai.com", "gmail.com"),
            ("gmaill.com", "gmail.com"),
            ("gnail.com", "gmail.com"),
            ("gmail.con", "gmail.com"),
            ("gmail.co", "gmail.com"),
            ("gmail.cm", "gmail.com"),
            ("gmail.comm", "gmail.com"),
            ("hotmial.com", "hotmail.com"),
            ("hotmal.com", "hotmail.com"),
            ("yaho.com", "yahoo.com"),
            ("yhaoo.com", "yahoo.com"),
            ("outlok.com", "outlook.com"),
            ("iclould.com", "icloud.com"),
            ("clinic.con", "clinic.com"),
            ("clinic.ogr", "clinic.org"),
        ] {
            assert_eq!(intended_domain(domain).as_deref(), Some(intended), "{domain}");
        }
    }

    #[test]
    fn real_domains_are_left_alone() {
        let others = [
            "aol.com",
            "live.com",
            "me.com",
            "msn.com",
            "gmx.com",
            "gmx.de",
            "yahoo.in",
            "yahoo.co.in",
            "yahoo.co.uk",
            "hotmail.co.uk",
            "hotmail.fr",
            "outlook.in",
            "clinic.co",
            "clinic.cm",
            "ca.example",
        ];
        for domain in PROVIDERS.iter().chain(&NEIGHBOURS).chain(&others) {
            assert_eq!(intended_domain(domain), None, "{domain}");
        }
    }

    #[test]
    fn every_neighbour_is_one() {
        for domain in NEIGHBOURS {
            assert!(PROVIDERS.iter().any(|provider| is_one_error_away(domain, provider)), "{domain}");
        }
    }

    #[test]
    fn one_error_is_one() {
        for (a, b, one) in [
            ("abc", "abc", false),
            ("abc", "abd", true),
            ("abc", "ab", true),
            ("abc", "xabc", true),
            ("abc", "acb", true),
            ("abc", "cba", false),
            ("abc", "abcde", false),
            ("", "a", true),
            ("é", "è", true),
        ] {
            assert_eq!(is_one_error_away(a, b), one, "{a} {b}");
            assert_eq!(is_one_error_away(b, a), one, "{b} {a}");
        }
    }
}
