//! What people are called for short: Bob is Robert, and Sasha is Alexander or Alexandra. Such a name is a hint that two first
//! names may be one person's and never makes them the same. The table is our own: the names that English, German, French,
//! Spanish, Italian, Dutch, Polish and Russian speakers shorten most.

use std::collections::HashMap;
use std::sync::LazyLock;

/// A line a full name, with what is said for it after it.
const TABLE: &str = include_str!("nicknames.txt");

/// The numbers of the full names that a name stands for.
static FULL: LazyLock<HashMap<&'static str, Vec<u16>>> = LazyLock::new(|| {
    let mut full: HashMap<&'static str, Vec<u16>> = HashMap::new();
    for (number, line) in (0u16..).zip(TABLE.lines()) {
        for name in line.split_whitespace() {
            full.entry(name).or_default().push(number);
        }
    }
    full
});

/// The numbers of the full names that a plain first name stands for, in order; none for most names, and for several names
/// at once.
pub(crate) fn full_names(plain: &str) -> &'static [u16] {
    FULL.get(plain).map_or(&[], Vec::as_slice)
}

/// Whether two first names may be said for one full name.
pub(crate) fn share(one: &[u16], other: &[u16]) -> bool {
    one.iter().any(|number| other.contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_names_lead_to_full_ones() {
        for (one, other, wanted) in [
            ("bob", "robert", true),
            ("bob", "rob", true),
            ("bill", "william", true),
            ("peggy", "margaret", true),
            ("sasha", "alexandra", true),
            ("pepe", "jose", true),
            ("bob", "william", false),
            ("anna", "berta", false),
        ] {
            assert_eq!(share(full_names(one), full_names(other)), wanted, "{one} {other}");
        }
    }

    #[test]
    fn the_table_is_plain() {
        for line in TABLE.lines() {
            assert!(
                line.split(' ').count() > 1
                    && line.bytes().all(|byte| byte == b' ' || byte.is_ascii_lowercase()),
                "{line}"
            );
        }
    }
}
