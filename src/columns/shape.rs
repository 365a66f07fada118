//! The shape of a value: what it looks like, without saying what it is.

use crate::record::Text;

/// Characters of a shape; what is longer ends with `…`.
const LENGTH: usize = 20;

/// The shape of a text: `9` for a digit, `a` for any run of letters, everything else as it stands. At most four digits in a
/// row are told apart, so that a key or a telephone number has the shape `9…`.
pub(super) fn shape(text: &str) -> Text {
    let mut shape = Text::const_new("");
    let mut last = ' ';
    let mut run = 0;
    for (at, character) in text.chars().enumerate() {
        if at >= 3 * LENGTH || shape.len() >= LENGTH {
            shape.push('…');
            break;
        }
        let drawn = match character {
            _ if character.is_numeric() => '9',
            _ if character.is_alphabetic() => 'a',
            _ if character.is_whitespace() => ' ',
            // a sign that nobody types may be a value of its own, and one that turns the direction of writing is no shape
            _ if !character.is_ascii() || character.is_control() => '?',
            other => other,
        };
        run = if drawn == last { run + 1 } else { 1 };
        match drawn {
            'a' | ' ' if run > 1 => {}
            '9' if run == 5 => {
                shape.truncate(shape.len() - 3);
                shape.push('…');
            }
            '9' if run > 5 => {}
            _ => shape.push(drawn),
        }
        last = drawn;
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::shape;

    #[test]
    fn a_shape_shows_the_form_and_not_the_value() {
        for (text, drawn) in [
            ("1984-02-29", "9999-99-99"),
            ("2/1/80", "9/9/99"),
            ("29 February 1984", "99 a 9999"),
            ("4711", "9999"),
            ("123456789", "9…"),
            ("19840229 extra", "9… a"),
            ("O'Neill-Müller", "a'a-a"),
            ("佐藤", "a"),
            ("\\N", "\\a"),
            ("a.b@c.example", "a.a@a.a"),
            ("♀", "?"),
            ("a\u{202e}b", "a?a"),
            ("", ""),
        ] {
            assert_eq!(shape(text), drawn, "{text}");
        }
        assert!(shape(&"(".repeat(1000)).chars().count() <= 21);
    }
}
