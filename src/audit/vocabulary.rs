//! The words that the program itself writes: names of tables, columns and codes, and its own sentences. A text of nothing but
//! these words, numbers and punctuation says nothing about anybody; anything else in a place where the program ought to have
//! written is treated as if it were a person's.

use std::collections::HashSet;

use crate::entity;
use crate::record::Code;
use crate::staging;
use crate::verify;

/// Words that stand neither in the schema nor among the codes.
const OTHERS: &str = "\
    automatic manual pending progress resolved escalated failed inserted updated unchanged done interrupted ready merged \
    rejected quarantined linked high medium low critical waiting applied stale accept choose set merge not a duplicate reject \
    escalate ragged key invalid unclosed quote row too long large nul encoding utf same name and birthdate first last changed \
    places day month of the address patients in one city user doctor decision policy default practice direct membership \
    geographic organizational extract survey transform analyze load verify run demo gate rollback checkpoint review import \
    export audit seal check explain patient technician admin master unknown male female other text email country boolean date \
    gender json number tax rate timestamp canonical percentage round unnamed trim nfc invisible literal null control spaces \
    lowercase com fallback format future early assumed utc empty level entity relationship business system missing \
    unexpected differs source staging receipts target raw column metadata migration mappings natural attempted conflict unfit \
    came later batch password proved none select insert update delete truncate references trigger integer bigint smallint \
    numeric boolean uuid jsonb varchar character varying timestamptz with without time zone double precision real bytea array \
    reason keeper sqlstate table holder no at sign is of are has have it this that its own by id ids from into to on or as for \
    before after without what which who whose does been was were be will would cannot can must may than then there here they \
    their them these those all any each every only more most less between within another others both neither nor but if so \
    because whether where when how out up down over under again once still yet also even just such same kept keeps keep given \
    lacks lack held back file snapshot catalog constraint unique primary foreign exclusion index enum domain base generated \
    computed database type types value values record records profile profiles practices members owners association \
    associations links link page public fit link override approve group groups status role suffix scheme schemes sex archived \
    suspended submitted customer emails apt valid started finished looked identity \
    debian postgresql deb supabase totals distinct providers digests agree taken contents fields differences proof proofs \
    columns dates ymd dmy mdy excel unix whole decimal decimals words mark nothing prefix flag plain behind an \
    apostrophe stated configuration mean unreadable sides side handed noted sent written receipt read clean cleaned guards left \
    policy";

/// The words.
#[derive(Debug)]
pub struct Vocabulary(HashSet<String>);

impl Vocabulary {
    /// Every word that the program writes by itself.
    pub fn new() -> Self {
        let mut words = HashSet::new();
        let mut take = |text: &str| words.extend(words_of(text).map(str::to_owned));
        take(OTHERS);
        take(&staging::schema_text().to_lowercase());
        for table in entity::legacy_tables() {
            take(table.name);
            table.columns().for_each(|(column, _)| take(column));
        }
        for entity in entity::ALL {
            for text in [entity.name, entity.singular, entity.target_table] {
                take(text);
            }
            for column in entity.columns {
                take(column.name);
            }
        }
        for code in Code::ALL {
            for text in [code.as_str(), code.message(), code.resolution(), code.category().as_str()] {
                take(&text.to_lowercase());
            }
        }
        for (name, sentence) in verify::sentences() {
            take(name);
            take(&sentence.to_lowercase());
        }
        for (table, columns) in super::classification::LEGACY {
            take(table);
            for (column, _) in *columns {
                take(column);
            }
        }
        Self(words)
    }

    /// Whether a text has no word but these.
    pub fn has(&self, text: &str) -> bool {
        // a letter of another alphabet belongs to no word of ours
        let text = text.to_lowercase();
        text.chars().all(|letter| letter.is_ascii() || PUNCTUATION.contains(&letter))
            && words_of(&text)
                .all(|word| word.bytes().all(|byte| byte.is_ascii_digit()) || self.0.contains(word))
    }
}

/// Punctuation of the program's sentences beyond ASCII.
const PUNCTUATION: [char; 5] = ['…', '’', '–', '→', '·'];

/// Runs of letters and digits; digits on their own are words too.
fn words_of(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_programs_own_words_and_nobody_elses() {
        let words = Vocabulary::new();
        for ours in [
            "dispatch_office_doctors of doctor 9516",
            "email_shared",
            "email.fallback",
            "email.in_target",
            "3 of 5 patients of user 12 in one city; decision 7",
            "[\"select\",\"insert\"]",
            "",
        ] {
            assert!(words.has(ours), "{ours}");
        }
        for theirs in ["Ada", "kanari", "user Ännchen", "email_kanari", "ada@harbour.example", "田中"] {
            assert!(!words.has(theirs), "{theirs}");
        }
        for code in Code::ALL {
            assert!(words.has(code.as_str()) && words.has(code.message()) && words.has(code.resolution()));
        }
    }
}
