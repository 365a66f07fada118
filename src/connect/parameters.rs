//! The two ways of writing a connection down, a `postgres://` URL and `key=value` pairs, brought to one list of
//! parameters. Syntax only: what a parameter means is `address`'s business.
//!
//! A URL whose password was not percent-encoded splits in the wrong place, and then a part of the password sits where
//! a port, a database or a parameter's name belongs. No message from here therefore quotes any part of the text.

use percent_encoding::percent_decode_str;

/// Why a connection cannot be used as it is written. Quotes nothing of what was written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) message: String,
    pub(super) hint: String,
}

impl Refusal {
    pub(super) fn new(message: impl Into<String>, hint: impl Into<String>) -> Self {
        Self { message: message.into(), hint: hint.into() }
    }
}

/// Name and value of each parameter in the order written; a later one overrides an earlier one.
pub(super) fn read(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix("postgres://").or_else(|| text.strip_prefix("postgresql://")) {
        from_url(rest)
    } else if text.contains('=') && !text.contains("://") {
        from_pairs(text)
    } else {
        Err(Refusal::new(
            "neither a postgres:// URL nor a list of key=value pairs",
            "write it as postgres://USER:PASSWORD@HOST:5432/DATABASE",
        ))
    }
}

/// `rest` is what follows `postgres://`.
fn from_url(rest: &str) -> Result<Vec<(String, String)>, Refusal> {
    let mut found = Vec::new();
    let mut add = |name: &str, value: &str| -> Result<(), Refusal> {
        if !value.is_empty() {
            found.push((name.to_owned(), decode(value)?));
        }
        Ok(())
    };

    let (address, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, database) = address.split_once('/').unwrap_or((address, ""));
    // The last at sign, so that one inside a password stays in the password.
    let (login, place) = authority.rsplit_once('@').unwrap_or(("", authority));
    if database.contains(['@', '/']) || (login.is_empty() && query.contains('@')) {
        return Err(unescaped());
    }

    let (user, password) = login.split_once(':').unwrap_or((login, ""));
    add("user", user)?;
    add("password", password)?;
    let (host, port) = match place.strip_prefix('[').and_then(|inner| inner.split_once(']')) {
        Some((address, port)) => (address, port.strip_prefix(':').unwrap_or(port)),
        None => place.split_once(':').unwrap_or((place, "")),
    };
    add("host", host)?;
    add("port", port)?;
    add("dbname", database)?;
    for pair in query.split('&').filter(|pair| !pair.is_empty()) {
        let (name, value) = pair.split_once('=').ok_or_else(unescaped)?;
        add(&decode(name)?, value)?;
    }
    Ok(found)
}

fn unescaped() -> Refusal {
    Refusal::new(
        "the URL does not split into user, password, host, port and database",
        "percent-encode special characters in the password: @ is %40, / is %2F, ? is %3F, # is %23, % is %25",
    )
}

fn decode(text: &str) -> Result<String, Refusal> {
    let escapes_are_whole = text
        .split('%')
        .skip(1)
        .all(|after| after.len() >= 2 && after.bytes().take(2).all(|byte| byte.is_ascii_hexdigit()));
    if !escapes_are_whole {
        return Err(Refusal::new(
            "a percent sign in the URL is not followed by two hexadecimal digits",
            "write a literal percent sign as %25",
        ));
    }
    let decoded = percent_decode_str(text).decode_utf8().map_err(|_| {
        Refusal::new("the URL does not decode to UTF-8", "percent-encode the bytes of the text's UTF-8 form")
    })?;
    if decoded.contains('\0') {
        return Err(Refusal::new("the URL holds a NUL character", "remove %00 from it"));
    }
    Ok(decoded.into_owned())
}

/// libpq's other form: `host=… dbname='with \' quotes'`.
fn from_pairs(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let broken = || {
        Refusal::new(
            "the list of key=value pairs does not split into keys and values",
            "put a value with spaces in single quotes, and a backslash before a quote or backslash inside",
        )
    };
    let mut found = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').ok_or_else(broken)?;
        let name = name.trim();
        if name.is_empty() || name.contains(char::is_whitespace) {
            return Err(broken());
        }
        let after = after.trim_start();
        let (quoted, body) = match after.strip_prefix('\'') {
            Some(body) => (true, body),
            None => (false, after),
        };
        let mut value = String::new();
        let mut end = None;
        let mut characters = body.char_indices();
        while let Some((at, character)) = characters.next() {
            match character {
                '\\' => value.push(characters.next().ok_or_else(broken)?.1),
                '\'' if quoted => {
                    end = Some(at + 1);
                    break;
                }
                _ if !quoted && character.is_whitespace() => {
                    end = Some(at);
                    break;
                }
                _ => value.push(character),
            }
        }
        if quoted && end.is_none() {
            return Err(broken());
        }
        found.push((name.to_owned(), value));
        rest = body[end.unwrap_or(body.len())..].trim_start();
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pairs(text: &str) -> Vec<(String, String)> {
        read(text).unwrap()
    }

    fn expected(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
        pairs.iter().map(|&(name, value)| (name.to_owned(), value.to_owned())).collect()
    }

    #[test]
    fn urls_split_into_parameters() {
        for (text, parts) in [
            (
                "postgres://anna:secret@db.example:6000/practice",
                &[
                    ("user", "anna"),
                    ("password", "secret"),
                    ("host", "db.example"),
                    ("port", "6000"),
                    ("dbname", "practice"),
                ][..],
            ),
            ("postgresql://h/d", &[("host", "h"), ("dbname", "d")]),
            ("postgres://u@/d?host=/var/run", &[("user", "u"), ("dbname", "d"), ("host", "/var/run")]),
            ("postgres://u@%2Fvar%2Frun/d", &[("user", "u"), ("host", "/var/run"), ("dbname", "d")]),
            (
                "postgres://u:a%40b%2Fc%25@h/d",
                &[("user", "u"), ("password", "a@b/c%"), ("host", "h"), ("dbname", "d")],
            ),
            (
                "postgres://u:a@b:c@h/d",
                &[("user", "u"), ("password", "a@b:c"), ("host", "h"), ("dbname", "d")],
            ),
            ("postgres://u:p#q@h/d", &[("user", "u"), ("password", "p#q"), ("host", "h"), ("dbname", "d")]),
            (
                "postgres://u@[::1]:5433/d",
                &[("user", "u"), ("host", "::1"), ("port", "5433"), ("dbname", "d")],
            ),
            ("postgres://u@[::1]/d", &[("user", "u"), ("host", "::1"), ("dbname", "d")]),
            (
                "postgres://u@h/d?&sslmode=require&",
                &[("user", "u"), ("host", "h"), ("dbname", "d"), ("sslmode", "require")],
            ),
        ] {
            assert_eq!(pairs(text), expected(parts), "{text}");
        }
    }

    #[test]
    fn key_value_pairs_split_into_parameters() {
        for (text, parts) in [
            ("host=h dbname=d", &[("host", "h"), ("dbname", "d")][..]),
            ("  host = h\n port=1 ", &[("host", "h"), ("port", "1")]),
            (r"password='a b\'c\\' user=u", &[("password", r"a b'c\"), ("user", "u")]),
            (r"password=a\ b user=u", &[("password", "a b"), ("user", "u")]),
            ("password='' user=u", &[("password", ""), ("user", "u")]),
        ] {
            assert_eq!(pairs(text), expected(parts), "{text}");
        }
    }

    #[test]
    fn what_does_not_split_is_refused_without_a_quote_from_it() {
        for text in [
            "",
            "just words",
            "mysql://u:Secr3t@h/d",
            "postgres://u:Secr3t/x@h/d",
            "postgres://u:Secr3t?x@h/d",
            "postgres://u:Secr3t?x=y@h/d",
            "postgres://u:Secr3t%@h/d",
            "postgres://u:Secr3t%zz@h/d",
            "postgres://u:Secr3t%ff@h/d",
            "postgres://u:Secr3t%00@h/d",
            "password='Secr3t",
            r"password=Secr3t\",
            "host=h Secr3t",
            "host=h Secr3t x=y",
        ] {
            let refusal = read(text).expect_err(text);
            assert!(!format!("{refusal:?}").contains("Secr3t"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_percent_encoded_password_arrives_as_it_was(password in "[^\0]{1,40}") {
            let encoded = percent_encoding::utf8_percent_encode(&password, percent_encoding::NON_ALPHANUMERIC);
            let found = pairs(&format!("postgres://u:{encoded}@h/d"));
            prop_assert_eq!(&found[1], &("password".to_owned(), password));
        }

        #[test]
        fn no_text_makes_it_panic(text in any::<String>(), rest in any::<String>()) {
            let _ = read(&text);
            let _ = read(&format!("postgres://{rest}"));
            let _ = read(&format!("host={rest}"));
        }
    }
}
