//! What follows from the counts of a table's columns: the form of each, or what is in the way of one.

use std::collections::BTreeMap;

use super::dates::Order;
use super::declared::Declared;
use super::flags::{flags, sexes};
use super::form::{Form, Format};
use super::orders::dates;
use super::profile::{Profile, Reads};
use super::trouble::Trouble;
use super::words::{Marker, marker};
use crate::record::Text;

/// What was decided about a column.
#[derive(Debug, Clone)]
pub struct Judged {
    /// How its values are read; none where they are read as they stand.
    pub form: Option<Form>,
    /// The form in a word or two: `plain`, `dmy`, `decimal ,`.
    pub format: String,
    /// Why that form: counts and our own words, no value.
    pub evidence: String,
    /// Values that are read as one of the column's kind.
    pub readable: u64,
    /// Values that are not.
    pub unreadable: u64,
    /// Values that mean that there is none.
    pub markers: u64,
    /// The smallest and the largest value; of texts the shortest and the longest length.
    pub range: Option<(String, String)>,
    /// Why the column cannot be read.
    pub trouble: Option<Trouble>,
}

/// Judges the columns of every table of the source. A word that means nothing among the numbers and dates of a table, or twice
/// among those of the others, means nothing among its texts too: one program has written all of them.
pub fn judge(tables: &[&[(Profile, Declared)]], pivot: u32) -> Vec<Vec<Judged>> {
    let everywhere = markers_of_typed(tables.iter().copied().flatten());
    let judge_table = |columns: &&[(Profile, Declared)]| {
        let here = markers_of_typed(columns.iter());
        let is_nothing =
            |text: &Text| here.contains_key(text) || everywhere.get(text).is_some_and(|count| *count >= 2);
        columns
            .iter()
            .map(|(profile, declared)| judge_column(profile, declared, &is_nothing, pivot))
            .collect()
    };
    tables.iter().map(judge_table).collect()
}

/// The texts for nothing among numbers, dates and flags, with how often they stand there.
fn markers_of_typed<'a>(columns: impl Iterator<Item = &'a (Profile, Declared)>) -> BTreeMap<&'a Text, u64> {
    let mut counts: BTreeMap<&Text, u64> = BTreeMap::new();
    for (profile, _) in columns.filter(|(profile, _)| !profile.reads.is_text()) {
        for (marker, count) in &profile.markers {
            *counts.entry(marker).or_default() += count;
        }
    }
    counts
}

fn judge_column(
    profile: &Profile,
    declared: &Declared,
    is_nothing: &dyn Fn(&Text) -> bool,
    pivot: u32,
) -> Judged {
    let pivot = declared.pivot.map_or(pivot, u32::from);
    let mut nulls: Vec<Text> = profile
        .markers
        .iter()
        .filter(|(text, count)| declared.is_null(text) || means_nothing(profile, text, **count, is_nothing))
        .map(|(text, _)| text.clone())
        .collect();
    let markers = nulls.iter().map(|marker| profile.markers[marker]).sum();
    // rules know the word null themselves, but for keys
    let is_needed = |null: &Text| {
        profile.reads == Reads::Whole || declared.is_null(null) || !null.eq_ignore_ascii_case("null")
    };
    nulls.retain(is_needed);
    // texts that may be names count as values where they are no markers
    let given = profile.filled.saturating_sub(markers);
    let Chosen { format, word, mut evidence, readable, order, trouble } = match profile.reads {
        // a spreadsheet's postal codes and telephone numbers
        Reads::Text if profile.wholes >= 3 && 10 * profile.wholes >= 9 * given => {
            Chosen { format: Format::Whole, word: "whole with decimals".to_owned(), ..Chosen::plain(given) }
        }
        Reads::Email | Reads::Text => Chosen::plain(given),
        Reads::Whole | Reads::Code => {
            let word = if profile.wholes > 0 { "whole with decimals" } else { "plain" };
            Chosen { word: word.to_owned(), ..Chosen::plain(profile.plain + profile.wholes) }
        }
        Reads::Flag => flags(profile, declared, profile.missing() + markers),
        Reads::Sex => sexes(profile, declared),
        Reads::Number => numbers(profile, declared),
        Reads::Day | Reads::Moment => dates(profile, declared, pivot),
    };
    let is_prefixed = profile.prefixed >= 3 && 2 * profile.prefixed > profile.filled
        || profile.prefixed > 0 && !profile.reads.is_text();
    for (count, what) in
        [(markers, "mean nothing"), (if is_prefixed { profile.prefixed } else { 0 }, "behind an apostrophe")]
    {
        if count > 0 {
            evidence = format!("{evidence}{}{count} {what}", if evidence.is_empty() { "" } else { ", " });
        }
    }
    let lost = lost(profile, given, declared);
    let readable = readable.min(given - lost.map_or(0, |(_, values)| values).min(given));
    let unreadable = given - readable;
    let trouble = trouble.or(lost.map(|(trouble, _)| trouble));
    let is_unreadable = unreadable > allowed(profile.reads, given, declared)
        || profile.reads == Reads::Flag && readable == 0 && given > 0 && declared.unreadable.is_none();
    let trouble = trouble.or(is_unreadable.then_some(Trouble::Unreadable));
    let is_needed = format != Format::Plain
        || !nulls.is_empty()
        || is_prefixed
        || profile.respelled > 0
        || profile.wholes > 0 && !profile.reads.is_text();
    let form = is_needed.then(|| Form { reads: profile.reads, format, nulls, is_prefixed });
    let range = profile.range(order);
    Judged { form, format: word, evidence, readable, unreadable, markers, range, trouble }
}

/// Whether so many of a table's rows have no key that it is not they who are wrong.
pub fn keys_are_unreadable(rows: u64, unreadable: u64) -> bool {
    unreadable > allowed(Reads::Whole, rows, &Declared::default())
}

/// How many of so many values may be unreadable without the column being so: one in twenty, or, of few, fewer than half of them
/// and at most ten; or the share that is declared. Of sexes half: a code that says none is one that the legacy has.
fn allowed(reads: Reads, given: u64, declared: &Declared) -> u64 {
    match (declared.unreadable, reads) {
        (Some(percent), _) => given * u64::from(percent) / 100,
        (None, Reads::Sex) => given.div_ceil(2),
        (None, _) if given < 4 => given.div_ceil(2),
        (None, _) => (given / 20).max(((given - 1) / 2).min(10)),
    }
}

/// What an export has taken from a column's texts, where it is more than may be, and from how many: letters of names, or digits.
/// Nearly no name has a question mark; where the column has no letter beyond ASCII left, three tell.
fn lost(profile: &Profile, given: u64, declared: &Declared) -> Option<(Trouble, u64)> {
    let Profile { question_marks, exponents, beyond_ascii, .. } = *profile;
    // more than one in `share`, or any
    let is_too_many = |values: u64, share: Option<u64>| match declared.unreadable {
        Some(percent) => 100 * values > given * u64::from(percent),
        None => share.is_none_or(|share| values * share > given),
    };
    let share = (beyond_ascii > 0).then_some(200);
    if profile.is_name && question_marks >= 3 && is_too_many(question_marks, share) {
        return Some((Trouble::Letters, question_marks));
    }
    (exponents > 0 && is_too_many(exponents, None)).then_some((Trouble::Exponents, exponents))
}

/// Whether a text that may mean that there is no value does so in this column.
fn means_nothing(profile: &Profile, text: &Text, count: u64, is_nothing: &dyn Fn(&Text) -> bool) -> bool {
    let is_said_elsewhere = is_nothing(text) || count >= 5 && count * 200 > profile.filled;
    match marker(text) {
        // rules know the word null in a text themselves
        _ if profile.reads.is_text() && text.eq_ignore_ascii_case("null") => false,
        Some(Marker::Unavailable) if profile.reads == Reads::Email => is_said_elsewhere,
        Some(Marker::Doubtful) if profile.reads.is_text() => is_said_elsewhere,
        _ => true,
    }
}

/// A format with what speaks for it.
pub(super) struct Chosen {
    pub(super) format: Format,
    pub(super) word: String,
    pub(super) evidence: String,
    pub(super) readable: u64,
    pub(super) order: Option<Order>,
    pub(super) trouble: Option<Trouble>,
}

impl Chosen {
    /// What rules read themselves.
    pub(super) fn plain(readable: u64) -> Self {
        Self {
            format: Format::Plain,
            word: "plain".to_owned(),
            evidence: String::new(),
            readable,
            order: None,
            trouble: None,
        }
    }
}

fn numbers(profile: &Profile, declared: &Declared) -> Chosen {
    let sign = declared.decimal.unwrap_or(if profile.commas >= profile.points && profile.commas > 0 {
        ','
    } else {
        '.'
    });
    let converted = if sign == ',' { profile.commas } else { profile.points };
    if converted == 0 {
        return Chosen::plain(profile.plain);
    }
    Chosen {
        format: Format::Decimal(sign),
        word: format!("decimal {sign}"),
        evidence: format!("{converted} with {sign}, {} plain", profile.plain),
        ..Chosen::plain(profile.plain + converted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entity::Holds;

    fn judged(reads: Reads, values: &[&str], declared: Declared) -> Judged {
        let mut profile = Profile::new(reads, &declared, 25);
        for value in values {
            profile.add(Some(value));
        }
        judge(&[&[(profile, declared)]], 25).remove(0).remove(0)
    }

    fn word(reads: Reads, values: &[&str]) -> String {
        let judged = judged(reads, values, Declared::default());
        let trouble = match judged.trouble {
            None => String::new(),
            Some(trouble) => format!(" {}", trouble.word()),
        };
        format!("{} {}/{}{trouble}", judged.format, judged.readable, judged.readable + judged.unreadable)
    }

    #[test]
    fn a_form_is_decided_from_all_values() {
        for (values, wanted) in [
            (&["1980-01-02", "1999-12-31"][..], "plain 2/2"),
            (&["2/1/1980", "31/12/1999"], "dmy 2/2"),
            (&["1/2/1980", "12/31/1999"], "mdy 2/2"),
            (&["1/2/1980", "2/1/1999"], "dmy 2/2 dmy or mdy"),
            (&["2/2/1980", "3/3/1999"], "ymd 2/2"),
            (&["80-01-02", "99-12-31"], "ymd 2/2"),
            (&["29222", "36525"], "excel 2/2"),
            (&["19800102", "19991231"], "ymd 2/2"),
            // half of a column as days of the month first and half the other way round is neither
            (&["31/12/1999", "12/31/1999"], "dmy 1/2 dmy and mdy mixed"),
            (&["soon", "later"], "plain 0/2 unreadable"),
            // the fewer ones are what is wrong with their records
            (&["1980-01-02", "1999-12-31", "31/12/1999"], "plain 2/3"),
            (&["1980-01-02", "1999-12-31", "2001-02-03", "spring", "then", "soon"], "plain 3/6 unreadable"),
            (&["1980-01-02", "1999-12-31", "2001-02-03", "1970-01-09", "then", "soon"], "plain 4/6"),
            (&["\\N", "None", "1980-01-02"], "plain 1/1"),
            // what a spreadsheet converted, beside what it left
            (&["31/12/1999", "13/11/1999", "1980-02-01"], "dmy 3/3 yyyy-mm-dd and dmy mixed"),
            (&["31/12/1999", "29222", "36525"], "excel 2/3 excel and dmy mixed"),
            (&["3/4/1980", "31/12/1999", "01.02.1980", "02.03.1980"], "dmy 4/4 dmy or mdy"),
            // years, ages, and postal codes of people who are not born yet
            (&["1953", "1961"], "plain 0/2 unreadable"),
            (&["61", "98"], "plain 0/2 unreadable"),
            (&["72001", "71234"], "plain 0/2 unreadable"),
            (&["2496-04-16", "2521-01-02"], "plain 0/2 unreadable"),
            (&["1980-01-01T23:00:00Z", "1999-12-30T23:00:00Z"], "plain 2/2 dates with a time"),
            (&["'2/1/1980", "'31/12/1999"], "dmy 2/2"),
        ] {
            let found = word(Reads::Day, values);
            // days that all orders read alike may be in any of them
            let found = if wanted == "ymd 2/2" { found.replace("dmy", "ymd") } else { found };
            assert_eq!(found, wanted, "{values:?}");
        }
    }

    #[test]
    fn the_configuration_has_the_last_word() {
        let declared = Declared { dates: Some(Order::Mdy), ..Declared::default() };
        let judged = judged(Reads::Day, &["1/2/1980", "2/1/1999"], declared);
        assert_eq!((judged.trouble, judged.readable), (None, 2));
        assert_eq!(judged.form.unwrap().read(Some("1/2/1980")).unwrap().value.as_deref(), Some("1980-01-02"));
    }

    #[test]
    fn flags_sexes_numbers_and_keys_have_forms_too() {
        for (reads, values, wanted) in [
            (Reads::Flag, &["t", "f"][..], "plain 2/2"),
            (Reads::Flag, &["1.0", "0.0"], "words 2/2"),
            (Reads::Flag, &["VRAI", "FAUX"], "words 2/2"),
            (Reads::Flag, &["x", ""], "words, nothing is no 1/1"),
            (Reads::Flag, &["X", "NULL"], "words, nothing is no 1/1"),
            (Reads::Flag, &["x", "ja", ""], "words 2/2 nothing or no"),
            (Reads::Flag, &["x", "f", ""], "words 2/2 nothing or no"),
            (Reads::Flag, &["T", "", "T"], "plain 2/2 nothing or no"),
            (Reads::Flag, &["1", "", "1"], "plain 2/2 nothing or no"),
            (Reads::Flag, &["J", "X"], "words 2/2 nothing or no"),
            (Reads::Flag, &["geschlossen"], "plain 0/1 unreadable"),
            (Reads::Sex, &["v", "m"], "words 2/2 words for the sexes unclear"),
            (
                Reads::Sex,
                &["0", "1", "0", "1", "0", "1", "0", "1", "0", "1"],
                "plain 10/10 words for the sexes unclear",
            ),
            (Reads::Flag, &["perhaps", "perhaps not"], "plain 0/2 unreadable"),
            (Reads::Sex, &[&["e"; 30][..], &["k"; 40]].concat(), "words 40/70 words for the sexes unclear"),
            (Reads::Sex, &[&["1"; 30][..], &["2"; 30], &["9"; 10]].concat(), "plain 60/70"),
            (Reads::Sex, &["1", "2", "0"], "plain 3/3"),
            (Reads::Sex, &["m", "w"], "words 2/2"),
            (Reads::Sex, &["h", "m"], "words 2/2"),
            (Reads::Sex, &["1.0", "2.0"], "plain 2/2"),
            (Reads::Number, &["10,25", "8,5"], "decimal , 2/2"),
            (Reads::Number, &["10.25", "8.5"], "plain 2/2"),
            (Reads::Whole, &["1.0", "2.0", "\\N"], "whole with decimals 2/2"),
            (Reads::Whole, &["a", "b"], "plain 0/2 unreadable"),
            (Reads::Text, &["a", "\\N"], "plain 1/1"),
        ] {
            assert_eq!(word(reads, values), wanted, "{values:?}");
        }
    }

    #[test]
    fn what_an_export_has_taken_from_texts_is_seen() {
        let judged = |is_name: bool, values: &[&str], declared: Declared| {
            let holds = if is_name { Holds::Name } else { Holds::FreeText };
            let mut profile = Profile::of(holds, &declared, 25);
            for value in values {
                profile.add(Some(value));
            }
            judge(&[&[(profile, declared)]], 25).remove(0).remove(0).trouble
        };
        let lost = ["Zo?", "M?ller", "Jos?", "Ann", "Bo"];
        assert_eq!(judged(true, &lost, Declared::default()), Some(Trouble::Letters));
        // questions are asked in other texts, and one odd name is one
        assert_eq!(judged(false, &lost, Declared::default()), None);
        assert_eq!(judged(true, &lost[1..], Declared { unreadable: Some(100), ..Declared::default() }), None);
        assert_eq!(judged(true, &["What?", "Ann", "Bo"], Declared::default()), None);
        let mut many = vec!["Ren\u{e9}"; 1000];
        many.extend(&lost[..3]);
        assert_eq!(judged(true, &many, Declared::default()), None, "three in a thousand are persons' own");
        many.extend(["\u{141}uk?"; 3]);
        assert_eq!(judged(true, &many, Declared::default()), Some(Trouble::Letters));
        let phones = ["1.55501E+10", "555-0101", "1,2E+03"];
        assert_eq!(judged(false, &phones, Declared::default()), Some(Trouble::Exponents));
        assert_eq!(judged(false, &["E+10", "1E10", "a 1.5E+10", "2E+"], Declared::default()), None);
    }

    #[test]
    fn a_word_that_may_be_a_name_needs_grounds() {
        let declared = Declared::default();
        let mut name = Profile::new(Reads::Text, &declared, 25);
        let mut doctor = Profile::new(Reads::Whole, &declared, 25);
        for (text, key) in [("Nan", "1"), ("None", "None"), ("Ann", "2")] {
            name.add(Some(text));
            doctor.add(Some(key));
        }
        name.add(Some("NONE"));
        let columns = [(name.clone(), declared.clone()), (doctor, declared.clone())];
        let elsewhere = [(name, declared)];
        let mut judged = judge(&[&columns, &elsewhere], 25);
        let form = judged[0].remove(0).form.unwrap();
        assert_eq!(form.read(Some("None")).unwrap().value, None);
        // what another spelling of a name is says nothing about the name
        for name in ["Nan", "NONE"] {
            assert_eq!(form.read(Some(name)), None, "{name}");
        }
        // one in another table may be a mistake
        assert!(judged[1].remove(0).form.is_none());
    }
}
