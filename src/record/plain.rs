//! Text of data as it is shown: nothing in it may steer a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with its control characters, but for line ends and tabs, and with what turns the direction of writing or is not seen,
/// as `\u{1b}`.
pub fn plain(text: &str) -> Cow<'_, str> {
    shown(text, |letter| !matches!(letter, '\n' | '\t') && is_unseen(letter))
}

/// The same on one line: what somebody called a table does not become a line of ours.
pub fn on_one_line(text: &str) -> Cow<'_, str> {
    shown(text, is_unseen)
}

/// Whether a letter steers a terminal, or hides what is written.
fn is_unseen(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn shown(text: &str, is_replaced: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.chars().any(&is_replaced) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for letter in text.chars() {
        if is_replaced(letter) {
            let _ = write!(safe, "\\u{{{:x}}}", u32::from(letter));
        } else {
            safe.push(letter);
        }
    }
    Cow::Owned(safe)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_a_terminal_and_letters_stay() {
        assert_eq!(plain("Zoë Ð 田中\n\ta"), "Zoë Ð 田中\n\ta");
        assert_eq!(plain("a\u{1b}[2Jb\r\u{9b}c\u{7f}"), "a\\u{1b}[2Jb\\u{d}\\u{9b}c\\u{7f}");
        assert_eq!(plain("a\u{202e}b\u{200b}"), "a\\u{202e}b\\u{200b}");
        assert_eq!(on_one_line("x\nintegrity     holds"), "x\\u{a}integrity     holds");
    }
}
