//! Which tables and columns a check's statement speaks of, as far as names tell. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::entity;

/// Words that follow a table's name and are no other name for it.
const NO_NAMES: [&str; 13] = [
    "on", "where", "join", "left", "cross", "full", "inner", "group", "order", "union", "as", "using",
    "limit",
];

/// The names of a statement.
pub(super) struct Mentions<'s> {
    words: BTreeSet<&'s str>,
    /// The tables by what the statement calls them.
    tables: BTreeMap<&'s str, BTreeSet<&'s str>>,
    /// Names behind what a table is called, and names that stand alone.
    of_tables: BTreeSet<(&'s str, &'s str)>,
    alone: BTreeSet<&'s str>,
}

impl<'s> Mentions<'s> {
    /// Reads a statement; what its comments say is no part of it. One name is one table throughout: a statement that gives it to
    /// two is taken to speak of both.
    pub(super) fn of(sql: &'s str) -> Self {
        let words: Vec<&str> = sql.lines().map(without_comment).flat_map(words).collect();
        let ours = entity::target_tables();
        let mut tables: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for (at, word) in words.iter().enumerate().filter(|(_, word)| ours.contains(word)) {
            let called = words.get(at + 1).filter(|next| is_name(next) && !NO_NAMES.contains(next));
            for name in [Some(word), called].into_iter().flatten() {
                tables.entry(name).or_default().insert(word);
            }
        }
        let (mut of_tables, mut alone) = (BTreeSet::new(), BTreeSet::new());
        for (at, word) in words.iter().enumerate() {
            let before = |steps: usize| at.checked_sub(steps).map(|at| words[at]);
            match (before(2), before(1)) {
                (Some(of), Some(".")) => {
                    of_tables.extend(tables.get(of).into_iter().flatten().map(|table| (*table, *word)));
                }
                // what a query calls its own column
                (_, Some("as")) => {}
                _ => {
                    alone.insert(*word);
                }
            }
        }
        Self { words: words.into_iter().collect(), tables, of_tables, alone }
    }

    /// Whether it speaks of a table.
    pub(super) fn table(&self, table: &str) -> bool {
        self.words.contains(table)
    }

    /// Whether it speaks of a table's column: by the table's name, or by none.
    pub(super) fn column(&self, table: &str, column: &str) -> bool {
        self.tables.contains_key(table)
            && (self.of_tables.contains(&(table, column)) || self.alone.contains(column))
    }
}

fn without_comment(line: &str) -> &str {
    line.split_once("--").map_or(line, |(before, _)| before)
}

fn is_name(word: &str) -> bool {
    word.starts_with(|letter: char| letter.is_ascii_alphabetic() || letter == '_')
}

/// Names, and each other sign for itself; texts are what their words are.
fn words(line: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let is_word = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let len = if is_word(first) {
            rest.find(|letter| !is_word(letter)).unwrap_or(rest.len())
        } else {
            first.len_utf8()
        };
        if !first.is_whitespace() {
            found.push(&rest[..len]);
        }
        rest = &rest[len..];
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_that_of_the_table_by_whose_name_it_is_asked() {
        let mentions = Mentions::of(
            "-- every address of a profile\n\
             select m.practice_id, lower(email) as address, 'gender' from practice_members m join profiles f on f.id = m.profile_id",
        );
        for (table, column, is_asked) in [
            ("practice_members", "practice_id", true),
            ("profiles", "practice_id", false),
            ("profiles", "email", true),
            ("profiles", "id", true),
            ("profiles", "address", false),
            // a text may be a column's name
            ("profiles", "gender", true),
            ("patients", "email", false),
        ] {
            assert_eq!(mentions.column(table, column), is_asked, "{table}.{column}");
        }
        assert!(mentions.table("profiles") && !mentions.table("patients"));
    }
}
