//! What is printed of an error, without the secrets that somebody gave where a file, a folder or a public key belongs.

/// What stands in the place of a secret.
const MASK: &str = "…";

/// Words that a secret begins with; everything after them up to the end of the word is masked.
const BEGINNINGS: [&str; 6] = ["age-secret-key-", "sb_secret_", "sbp_", "eyj", "password=", "pgpassword="];

/// A text without passwords of URLs, private keys, tokens and `password=` pairs.
pub(super) fn masked(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if is_boundary(&shown)
            && let Some((kept, secret)) = secret_at(rest)
        {
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

/// Whether a word may begin after this.
fn is_boundary(before: &str) -> bool {
    !before.ends_with(|last: char| last.is_alphanumeric())
}

/// Where a secret begins and where it ends, when the text begins with a word that holds one.
fn secret_at(text: &str) -> Option<(usize, usize)> {
    let word = word(text);
    if let Some(scheme) = word.find("://") {
        // a password may itself hold an @, so the last one ends it
        let user = scheme + 3;
        let end = word.rfind('@').filter(|end| *end > user)?;
        let password = word[user..end].find(':').map_or(user, |colon| user + colon + 1);
        return Some((password, end));
    }
    let beginning = BEGINNINGS.iter().find(|beginning| {
        text.get(..beginning.len()).is_some_and(|start| start.eq_ignore_ascii_case(beginning))
    })?;
    let kept = beginning.len();
    let rest = &text[kept..];
    // libpq's form quotes a password with spaces
    let len = match rest.strip_prefix('\'') {
        Some(quoted) => quoted.find('\'').map_or(rest.len(), |end| end + 2),
        None => self::word(rest).find('&').unwrap_or_else(|| self::word(rest).len()),
    };
    (len > 0).then_some((kept, kept + len))
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
            ("the password= is empty", "the password= is empty"),
            ("grüße:// an alle@home", "grüße:// an alle@home"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
