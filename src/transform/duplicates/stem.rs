//! What a username says beyond the name: nothing where it is made of the name, as most are; two namesakes would agree on
//! it. Numbers at the end tell accounts apart, not people.

/// Finds stems, and holds the room to write them in: there is one for every user.
#[derive(Debug, Default)]
pub(super) struct Stems {
    stem: String,
    /// The stem with every umlaut in one spelling.
    spelt: String,
    word: String,
}

impl Stems {
    /// The stem of a username beside a first and a last name.
    pub(super) fn of(&mut self, username: &str, first: &str, last: &str) -> &str {
        let local = username.split('@').next().unwrap_or_default();
        self.stem.clear();
        push_letters(&mut self.stem, local);
        self.stem.truncate(self.stem.trim_end_matches(|c: char| c.is_ascii_digit()).len());
        if self.stem.chars().nth(3).is_none() {
            return "";
        }
        self.spelt.clone_from(&self.stem);
        spell(&mut self.spelt);
        if self.holds(first) || self.holds(last) { "" } else { &self.stem }
    }

    /// Whether the stem holds a word of the name.
    fn holds(&mut self, name: &str) -> bool {
        if !name.is_ascii() {
            let plain = deunicode::deunicode(name);
            return self.holds_word(&plain);
        }
        self.holds_word(name)
    }

    fn holds_word(&mut self, name: &str) -> bool {
        name.split(|c: char| !c.is_alphanumeric()).any(|word| {
            self.word.clear();
            push_letters(&mut self.word, word);
            spell(&mut self.word);
            (3..=self.spelt.len()).contains(&self.word.len()) && self.spelt.contains(&self.word)
        })
    }
}

/// Letters and digits, in lower case.
fn push_letters(letters: &mut String, text: &str) {
    for character in text.chars() {
        if character.is_ascii_alphanumeric() {
            letters.push(character.to_ascii_lowercase());
        } else if character.is_alphanumeric() {
            letters.extend(character.to_lowercase());
        }
    }
}

/// An umlaut is written in two ways.
fn spell(text: &mut String) {
    let is_two = |pair: &[u8]| pair[1] == b'e' && matches!(pair[0], b'a' | b'o' | b'u');
    if text.as_bytes().windows(2).any(is_two) {
        *text = text.replace("ae", "a").replace("oe", "o").replace("ue", "u");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_username_made_of_the_name_says_nothing_more() {
        for (username, first, last, wanted) in [
            ("ann.lee12", "Ann", "Lee", ""),
            ("jmueller", "Jörg", "Müller", ""),
            ("skywalker77", "Ann", "Lee", "skywalker"),
            ("Sky.Walker@example.com", "Ann", "Lee", "skywalker"),
            ("12345", "Ann", "Lee", ""),
            ("", "Ann", "Lee", ""),
        ] {
            assert_eq!(Stems::default().of(username, first, last), wanted, "{username}");
        }
    }
}
