//! Which table a file is one of, by its name: programs add the schema, the moment of the export, or that it is the second
//! copy in a folder of downloads. Pure.

use crate::entity;
use crate::legacy::file::CONTAINED;

/// What the names of CSV files end in, apart from what says how they are compressed.
const SUFFIXES: [&str; 3] = [".csv", ".tsv", ".tab"];

/// What other files of a table end in, which are not read.
const FOREIGN: [&str; 16] = [
    ".csv.zip", ".zip", ".7z", ".rar", ".xlsx", ".xlsm", ".xls", ".ods", ".numbers", ".parquet", ".json",
    ".jsonl", ".xml", ".yaml", ".yml", ".html",
];

/// The table that a CSV file holds. Any text may be one, when it has the name of a table that the rules read.
pub(in crate::legacy) fn table_of(file: &str) -> Option<String> {
    let stem = uncompressed(file);
    if let Some(stem) = without(stem, &SUFFIXES) {
        return Some(table(stem));
    }
    known(&table(without(stem, &[".txt"])?))
}

/// The table of the rules that a file of another kind seems to hold.
pub(super) fn table_of_foreign(file: &str) -> Option<String> {
    known(&table(without(uncompressed(file), &FOREIGN)?))
}

fn uncompressed(file: &str) -> &str {
    without(file, &CONTAINED).unwrap_or(file)
}

/// A name without one of these endings, in whatever capitals.
fn without<'n>(name: &'n str, endings: &[&str]) -> Option<&'n str> {
    endings.iter().find_map(|ending| {
        let at = name.len().checked_sub(ending.len()).filter(|at| *at > 0 && name.is_char_boundary(*at))?;
        name[at..].eq_ignore_ascii_case(ending).then(|| &name[..at])
    })
}

/// The table of the rules that is called so, or so in capitals throughout, as some systems write all names of files.
fn known(table: &str) -> Option<String> {
    let is_it = |name: &str| name == table || name.to_ascii_uppercase() == table;
    let found = entity::legacy_tables().into_iter().find(|known| is_it(known.name));
    found.map(|known| known.name.to_owned())
}

/// The table's name within a file's name.
fn table(stem: &str) -> String {
    let bare = stem.strip_prefix("public.").unwrap_or(stem);
    if let Some(table) = known(bare) {
        return table;
    }
    let undated = without_moment(bare, true);
    // what is less certain counts for a table of the rules only
    let single =
        undated.rsplit_once(" (").filter(|(_, copy)| is_copy(copy)).map_or(undated, |(name, _)| name);
    let undated_again = without_moment(single, false);
    let inner = undated_again.rsplit_once("public_").or_else(|| undated_again.rsplit_once("public."));
    let inner = inner.map_or(undated_again, |(_, name)| name);
    let inner = inner.strip_suffix("_rows").unwrap_or(inner);
    known(inner).unwrap_or_else(|| undated.to_owned())
}

/// `1)`
fn is_copy(text: &str) -> bool {
    let number = text.strip_suffix(')').unwrap_or_default();
    !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
}

/// A name without the moment at its end: `_202611290010`, or, less certain, any date.
fn without_moment(name: &str, certain: bool) -> &str {
    let is_of_moment =
        |c: char| c.is_ascii_digit() || !certain && matches!(c, '-' | '_' | ' ' | 'T' | '.' | ':');
    let bare = name.trim_end_matches(is_of_moment);
    let moment = &name[bare.len()..];
    let digits: String = moment.chars().filter(char::is_ascii_digit).collect();
    let number =
        |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse().ok()).unwrap_or(0);
    let is_date = (1990..2100).contains(&number(0..4))
        && (1..=12).contains(&number(4..6))
        && (1..=31).contains(&number(6..8))
        && digits.len() <= 14;
    let bare = if certain { bare.strip_suffix('_') } else { Some(bare) };
    match bare {
        Some(bare) if is_date && !bare.is_empty() && (!certain || digits.len() == 12) => bare,
        _ => name,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_its_table_s_whatever_program_named_it() {
        for (file, found) in [
            ("auth_user.csv", Some("auth_user")),
            ("auth_user.CSV", Some("auth_user")),
            ("auth_user.csv.gz", Some("auth_user")),
            ("auth_user.tsv.ZST", Some("auth_user")),
            ("auth_user.txt", Some("auth_user")),
            ("notes.txt", None),
            ("public.auth_user.csv", Some("auth_user")),
            ("auth_user_202611290010.csv", Some("auth_user")),
            ("public.auth_user_202611290010.csv", Some("auth_user")),
            ("legacy_public_auth_user.csv", Some("auth_user")),
            ("auth_user (1).csv", Some("auth_user")),
            ("auth_user_2026-11-29.csv", Some("auth_user")),
            ("AUTH_USER.CSV", Some("auth_user")),
            ("Auth_User.csv", Some("Auth_User")),
            ("auth_user_rows.csv", Some("auth_user")),
            ("auth_user_rows (1).csv", Some("auth_user")),
            ("notes_rows.csv", Some("notes_rows")),
            ("auth_user-20261129T001002.csv", Some("auth_user")),
            ("old_auth_user.csv", Some("old_auth_user")),
            ("notes_202611290010.csv", Some("notes")),
            ("notes_20261129.csv", Some("notes_20261129")),
            ("notes_209913990010.csv", Some("notes_209913990010")),
            ("archive.notes.csv", Some("archive.notes")),
            ("Notes.csv", Some("Notes")),
            (".csv", None),
            ("auth_user.xlsx", None),
        ] {
            assert_eq!(table_of(file).as_deref(), found, "{file}");
        }
        assert_eq!(table_of_foreign("auth_user_202611290010.xlsx").as_deref(), Some("auth_user"));
        assert_eq!(table_of_foreign("auth_user.csv.zip").as_deref(), Some("auth_user"));
        assert_eq!(table_of_foreign("notes.xlsx"), None);
    }
}
