//! What a file of ours names, read token by token over the whole file, so that neither a line's end, a comment, a text, a macro nor a
//! detour through `super` hides anything.

use std::collections::BTreeSet;

/// What stands for the whole crate: whoever imports the root by a name or by `*` may then name any module.
pub const EVERYTHING: &str = "*";

/// The file without comments and with empty texts, and no more space than between two words.
pub fn code(text: &str) -> String {
    let mut code = String::new();
    for token in tokens(text) {
        if is_word(&token) && code.ends_with(is_part_of_word) {
            code.push(' ');
        }
        code.push_str(&token);
    }
    code
}

/// The top-level modules that a file names; `module` is its own path from the root.
pub fn imports(module: &[&str], text: &str) -> BTreeSet<String> {
    let tokens = tokens(text);
    let tokens: Vec<&str> = tokens.iter().map(String::as_str).collect();
    let mut found = BTreeSet::new();
    collect(module, &tokens, &mut found);
    found
}

fn collect(module: &[&str], tokens: &[&str], found: &mut BTreeSet<String>) {
    let mut at = 0;
    while at < tokens.len() {
        match &tokens[at..] {
            // a module within the file is one step further from the root
            ["mod", name, "{", ..] => {
                let end = at + 2 + length_of_group(&tokens[at + 2..]);
                collect(&[module, &[*name]].concat(), &tokens[at + 3..end], found);
                at = end;
                continue;
            }
            // the first word of a path says from where it leads on
            _ if tokens[..at].last() == Some(&":") => {}
            ["crate", rest @ ..] => follow(&[], rest, found),
            ["super", rest @ ..] => follow(parent(module), rest, found),
            ["self", ":", ..] => follow(module, &tokens[at + 1..], found),
            _ => {}
        }
        at += 1;
    }
}

/// What a path leads to that has come as far as `place` and goes on with `rest`.
fn follow(place: &[&str], rest: &[&str], found: &mut BTreeSet<String>) {
    let top = |word: &str| place.first().copied().unwrap_or(word).to_owned();
    match rest {
        [":", ":", "super", rest @ ..] => follow(parent(place), rest, found),
        [":", ":", "self" | "*", ..] | ["as", ..] => drop(found.insert(top(EVERYTHING))),
        [":", ":", "{", ..] => {
            for one in parts(&rest[2..]) {
                follow(place, &[&[":", ":"], one].concat(), found);
            }
        }
        [":", ":", word, ..] if is_word(word) => drop(found.insert(top(word))),
        _ => {}
    }
}

fn parent<'a, 'b>(module: &'a [&'b str]) -> &'a [&'b str] {
    &module[..module.len().saturating_sub(1)]
}

/// How many tokens there are from a bracket to the one that closes it.
fn length_of_group(tokens: &[&str]) -> usize {
    let mut depth = 0;
    for (at, token) in tokens.iter().enumerate() {
        match *token {
            "{" | "(" | "[" => depth += 1,
            "}" | ")" | "]" => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return at + 1;
        }
    }
    tokens.len()
}

/// What stands between the commas of a list in braces, at whose opening brace the tokens begin.
fn parts<'a, 'b>(tokens: &'a [&'b str]) -> Vec<&'a [&'b str]> {
    let end = length_of_group(tokens) - 1;
    let (mut parts, mut begin, mut at) = (Vec::new(), 1, 1);
    while at < end {
        match tokens[at] {
            "{" => at += length_of_group(&tokens[at..]),
            "," => {
                parts.push(&tokens[begin..at]);
                at += 1;
                begin = at;
            }
            _ => at += 1,
        }
    }
    parts.push(&tokens[begin..end]);
    parts
}

/// Words, signs of one character, and `""` for every text. Comments are left out.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first.is_whitespace() {
            first.len_utf8()
        } else if rest.starts_with("//") {
            rest.find('\n').unwrap_or(rest.len())
        } else if rest.starts_with("/*") {
            length_of_comment(rest)
        } else if let Some(length) = length_of_text(rest) {
            tokens.push("\"\"".to_owned());
            length
        } else {
            let word = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
            let length = if word > 0 { word } else { first.len_utf8() };
            tokens.push(rest[..length].to_owned());
            length
        };
        rest = &rest[length..];
    }
    tokens
}

/// The length of a comment between signs, which may hold others.
fn length_of_comment(rest: &str) -> usize {
    let (mut depth, mut at) = (0, 0);
    while at < rest.len() {
        if rest[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    rest.len()
}

/// The length of a text or a character that begins here, its letters before the quote included.
fn length_of_text(rest: &str) -> Option<usize> {
    let quote = rest.find(|c| !matches!(c, 'b' | 'c' | 'r' | '#')).filter(|&at| at < 8)?;
    let (before, quoted) = rest.split_at(quote);
    let prefix = before.trim_end_matches('#');
    if quoted.starts_with('"') && prefix.ends_with('r') {
        let end = format!("\"{}", &before[prefix.len()..]);
        return quoted[1..].find(&end).map(|at| quote + 1 + at + end.len());
    }
    if !matches!(before, "" | "b" | "c") {
        return None;
    }
    let is_text = quoted.starts_with('"');
    // a lifetime has no second quote
    let is_character =
        quoted.starts_with("'\\") || (quoted.starts_with('\'') && quoted.chars().nth(2) == Some('\''));
    if !is_text && !is_character {
        return None;
    }
    let close = if is_text { '"' } else { '\'' };
    let mut is_escaped = false;
    for (at, c) in quoted.char_indices().skip(1) {
        match c {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = true,
            c if c == close => return Some(quote + at + 1),
            _ => {}
        }
    }
    None
}

fn is_word(token: &str) -> bool {
    token.starts_with(is_part_of_word)
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

#[test]
fn no_way_of_naming_a_module_is_overlooked() {
    for (text, expected) in [
        ("use crate::target::Catalog;", &["target"][..]),
        ("use crate::{\n    // a comment\n    legacy::Source,\n    target,\n};", &["legacy", "target"]),
        ("use crate::{\n    record::{self, LegacyId}, target::{Catalog, Table},\n};", &["record", "target"]),
        ("use crate\n    ::target;", &["target"]),
        ("fn f() -> crate::target::Table { crate::legacy::read() }", &["legacy", "target"]),
        ("println!(\"{}\", crate::target::name());", &["target"]),
        ("macro_rules! name { () => { $crate::target::name() } }", &["target"]),
        ("use super::super::target;", &["target"]),
        ("use super::super::{legacy, target as t};", &["legacy", "target"]),
        ("use super::shapes::Shape;", &["staging"]),
        ("use super::{super::target, shapes};", &["staging", "target"]),
        ("mod tests { use super::super::super::target::Table; }", &["target"]),
        ("mod tests { use super::*; use super::super::shapes; }", &["staging"]),
        ("pub(crate) fn f() {}\npub(super) fn g() {}", &[]),
        ("pub(in crate::target) fn f() {}", &["target"]),
        ("use crate as root;", &[EVERYTHING]),
        ("use crate::*;", &[EVERYTHING]),
        ("use crate::{self as root};", &[EVERYTHING]),
        ("use super::super::*;", &[EVERYTHING]),
        ("use self::inner::Inner;\nuse std::fs;", &["staging"]),
        ("use self::super::super::target;", &["target"]),
        ("// use crate::target;\n/* crate::target */ const T: &str = \"crate::target\";", &[]),
        ("/// [`crate::target`]\nconst T: &str = r#\"use crate::target;\"#;", &[]),
    ] {
        let found = imports(&["staging", "rows"], text);
        let expected: BTreeSet<String> = expected.iter().copied().map(str::to_owned).collect();
        assert_eq!(found, expected, "{text}");
    }
}

#[test]
fn code_is_what_is_left_of_a_file_without_comments_texts_and_space() {
    let text = "//! fs::write(\nfn f() {\n    // File::create\n    std::fs\n        ::write(path, \"dbg!\"); let x: &'static str = r#\"a\"#; let y = ['\\'', '\"', 'b'];\n}";
    assert_eq!(
        code(text),
        "fn f(){std::fs::write(path,\"\");let x:&'static str=\"\";let y=[\"\",\"\",\"\"];}"
    );
}
