//! What is printed of an error, without the secrets that somebody gave where a file, a folder or a public key belongs.

/// What stands in the place of a secret.
const MASK: &str = "…";

/// Words that a secret begins with; everything after them up to the end of the word is masked. Keys as openssl writes them
/// begin with the same bytes always.
const BEGINNINGS: [&str; 6] = ["age-secret-key-", "sb_secret_", "sbp_", "eyj", "mc4caqawbqydk2vw", "miie"];

/// Names of settings whose value is a secret, whatever stands before them.
const SETTINGS: [&str; 6] = ["password", "passwd", "pwd", "apikey", "secret", "token"];

/// What a private key stands between.
const KEY: (&str, &str) = ("-----BEGIN ", "PRIVATE KEY-----");

/// A text without passwords of URLs, private keys, tokens and `password=` pairs.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if let Some((kept, secret)) = secret_at(rest, is_boundary(&shown)) {
            shown.push_str(&rest[..kept]);
            shown.push_str(MASK);
            rest = &rest[secret..];
        } else {
            shown.push(first);
            rest = &rest[first.len_utf8()..];
        }
    }
    shown
}

/// Whether an argument is a URL with a password, or a private key: neither belongs where every user of the machine can read
/// it.
pub(super) fn is_secret(argument: &str) -> bool {
    let is_key = argument.contains(KEY.1) || argument.to_ascii_lowercase().contains(BEGINNINGS[0]);
    is_key || argument.contains("://") && masked(argument) != argument
}

/// Whether a word may begin after this.
fn is_boundary(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric())
}

/// Where a secret begins and where it ends, when the text begins with one or with what names it.
fn secret_at(text: &str, is_boundary: bool) -> Option<(usize, usize)> {
    if text.starts_with(KEY.0) {
        let begun = text.find(KEY.1)? + KEY.1.len();
        let end = text[begun..].find(KEY.1).map_or(text.len(), |end| begun + end);
        return Some((begun, end));
    }
    let starts = |with: &str| text.get(..with.len()).is_some_and(|start| start.eq_ignore_ascii_case(with));
    if let Some(name) = SETTINGS.iter().find(|name| starts(name)) {
        let behind = &text[name.len()..];
        let value = behind.trim_start_matches(' ').strip_prefix('=')?.trim_start_matches(' ');
        let kept = text.len() - value.len();
        // libpq's form quotes a password with spaces
        let len = match value.strip_prefix('\'') {
            Some(quoted) => quoted.find('\'').map_or(value.len(), |end| end + 2),
            None => word(value).find('&').unwrap_or_else(|| word(value).len()),
        };
        return (len > 0).then_some((kept, kept + len));
    }
    if !is_boundary {
        return None;
    }
    if let Some(beginning) = BEGINNINGS.iter().find(|beginning| starts(beginning)) {
        let len = word(text).len();
        return (len > beginning.len()).then_some((beginning.len(), len));
    }
    // a user and a password before a host, with or without a scheme, also where a path was made of it; a password may itself
    // hold an @, so the last one ends it
    let word = if starts("postgres://") || starts("postgresql://") { line(text) } else { word(text) };
    let end = word.rfind('@')?;
    let before = &word[..end];
    let scheme = before.find("://").map(|at| at + 3);
    let colon = before.char_indices().find(|(at, character)| {
        *character == ':' && Some(*at + 3) != scheme && !before[at + 1..].starts_with('/')
    });
    match (colon, scheme) {
        (Some((at, _)), _) => Some((at + 1, end)),
        // a scheme and something before the host that is no plain name may be a password alone
        (None, Some(user)) if user < end && !is_name(&before[user..]) => Some((user, end)),
        _ => None,
    }
}

/// Whether a text is such as roles are called.
fn is_name(text: &str) -> bool {
    text.chars()
        .all(|character| character.is_ascii_lowercase() || matches!(character, '_' | '.' | '-' | '0'..='9'))
}

/// The text up to its line's end: a password may hold spaces and quotes, and where it ends nobody knows.
fn line(text: &str) -> &str {
    text.lines().next().unwrap_or_default()
}

/// The text up to the first space, quote or line end.
fn word(text: &str) -> &str {
    let ends = |character: char| character.is_whitespace() || matches!(character, '\'' | '"' | '`');
    &text[..text.find(ends).unwrap_or(text.len())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_masked_and_the_rest_is_said() {
        for (text, expected) in [
            ("cannot read postgres://anna:Secr3t@db/pm", "cannot read postgres://anna:…@db/pm"),
            ("the file \"postgres://a:b@c:d@h:5432/x\" is", "the file \"postgres://a:…@h:5432/x\" is"),
            ("POSTGRES://Secr3t@db/pm", "POSTGRES://…@db/pm"),
            ("see https://example.com/a?b=c", "see https://example.com/a?b=c"),
            ("postgres://h/d?user=u&password=Secr3t&x=1", "postgres://h/d?user=u&password=…&x=1"),
            ("host=h password='Secr 3t' user=u", "host=h password=… user=u"),
            ("AGE-SECRET-KEY-1QQQQ is no recipient", "AGE-SECRET-KEY-… is no recipient"),
            ("\"age-secret-key-1qqqq\"", "\"age-secret-key-…\""),
            ("sb_secret_abc.def, sbp_0123", "sb_secret_… sbp_…"),
            ("eyJhbGciOi.eyJyb2xl.c2ln", "eyJ…"),
            ("/home/a/postgres:/anna:Secr3t@db/pm lies in", "/home/a/postgres:/anna:…@db/pm lies in"),
            ("anna:Secr3t@db:5432/pm", "anna:…@db:5432/pm"),
            ("//anna:Secr3t@db/pm", "//anna:…@db/pm"),
            ("postgres://anna@db/pm", "postgres://anna@db/pm"),
            ("x?sslpassword=Secr3t&apikey=Secr3t", "x?sslpassword=…&apikey=…"),
            ("PASSWORD = Secr3t", "PASSWORD = …"),
            ("postgres://anna:a Secr3t@db/pm", "postgres://anna:…@db/pm"),
            (
                "the key -----BEGIN PRIVATE KEY-----\nMC4C\n-----END PRIVATE KEY-----",
                "the key -----BEGIN PRIVATE KEY-----…PRIVATE KEY-----",
            ),
            ("'MC4CAQAwBQYDK2VwBCIEISecr3t' is", "'MC4CAQAwBQYDK2Vw…' is"),
            ("the password of role anna (28P01)", "the password of role anna (28P01)"),
            ("the password is empty", "the password is empty"),
            ("grüße:// an alle@home", "grüße:// an alle@home"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
