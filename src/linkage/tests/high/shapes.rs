//! Two people in files of other columns, and several people of one name.

use drydock_linkage::Kind;

use super::town::{COLUMNS, Row, Said, Shape, cells, families, found, high, town, wrong};

/// Pairs of families who differ in the cells of one column, brought into another shape.
fn shaped(column: usize, table: &str, shape: Shape) -> Vec<(Row, Row)> {
    let said: Vec<(Said<'_>, Said<'_>)> =
        cells(table).into_iter().map(|(one, other)| (vec![(column, one)], vec![(column, other)])).collect();
    families(&said).iter().map(|(one, other)| (shape(one), shape(other))).collect()
}

#[test]
fn full_names_of_two_people_are_never_high() {
    const FULL: [(&str, Kind); 5] = [
        ("name", Kind::FullName),
        ("born", Kind::Date),
        ("phone", Kind::Phone),
        ("email", Kind::Email),
        ("city", Kind::Place),
    ];
    fn western(row: &Row) -> Row {
        vec![format!("{} {}", row[0], row[1]), row[2].clone(), row[5].clone(), row[4].clone(), row[7].clone()]
    }
    fn eastern(row: &Row) -> Row {
        vec![format!("{} {}", row[1], row[0]), row[2].clone(), row[5].clone(), row[4].clone(), row[7].clone()]
    }
    fn library(row: &Row) -> Row {
        vec![
            format!("{}, {}", row[1], row[0]),
            row[2].clone(),
            row[5].clone(),
            row[4].clone(),
            row[7].clone(),
        ]
    }
    let table = "De Shawn|La Shawn; Van Anh|Le Anh; Anna|Hanna; Jan|Ján; Anna|Anna Jr.; Otto Jr|Otto Sr; Mr Alex|Mrs Alex; \
        Anna Maria|Anna Luisa; Baby|Baby; Twin A|Twin B; |; J.|J.; Marie|Maria; Thị Hoa|Thị Hòa";
    for shape in [western as Shape, eastern, library] {
        assert_eq!(wrong(&FULL, shape, &shaped(0, table, shape)), 0);
    }
}

#[test]
fn nothing_stands_in_for_what_is_missing() {
    const MORE: [(&str, Kind); 7] = [
        ("first", Kind::GivenName),
        ("middle", Kind::GivenName),
        ("last", Kind::Surname),
        ("maiden", Kind::Surname),
        ("born", Kind::Date),
        ("registered", Kind::Date),
        ("street", Kind::Address),
    ];
    fn more(row: &Row) -> Row {
        let registered = format!("2015-{}", &row[2].get(5..).unwrap_or("07-19"));
        let (middle, maiden) = ("Charlotte".to_owned(), "Rosenbaum".to_owned());
        vec![row[0].clone(), middle, row[1].clone(), maiden, row[2].clone(), registered, row[6].clone()]
    }
    for column in [0, 1, 2] {
        assert_eq!(wrong(&MORE, more, &shaped(column, "|; |; |; |; |; |; |; |", more)), 0, "{column}");
    }
    // a second name that differs is another person's
    let mut pairs = shaped(0, "Anna|Anna; Otto|Otto; Ji|Ji; Maria|Maria", more);
    let middles = ["Luisa", "Helene", "Ho", "Hu", "Lan", "Lân", "Jo", "Eva"];
    for (at, (one, other)) in pairs.iter_mut().enumerate() {
        middles[2 * at].clone_into(&mut one[1]);
        middles[2 * at + 1].clone_into(&mut other[1]);
    }
    assert_eq!(wrong(&MORE, more, &pairs), 0);
}

#[test]
fn a_column_of_generations_tells_two_apart() {
    fn plain(row: &Row) -> Row {
        vec![row[0].clone(), row[1].clone(), String::new(), row[2].clone(), row[6].clone()]
    }
    for kind in [Kind::Category, Kind::Text] {
        let suffixed = [
            ("first", Kind::GivenName),
            ("last", Kind::Surname),
            ("suffix", kind),
            ("born", Kind::Date),
            ("street", Kind::Address),
        ];
        let mut pairs = shaped(0, "Otto|Otto; Emil|Emil; Karl|Karl; Hans|Hans", plain);
        let generations = ["Jr", "Sr", "", "Jr.", "II", "III", "III", ""];
        for (at, (one, other)) in pairs.iter_mut().enumerate() {
            generations[2 * at].clone_into(&mut one[2]);
            generations[2 * at + 1].clone_into(&mut other[2]);
        }
        assert_eq!(wrong(&suffixed, plain, &pairs), 0, "{kind}");
    }
}

#[test]
fn a_household_without_birthdates_is_never_high() {
    const UNDATED: [(&str, Kind); 6] = [
        ("first", Kind::GivenName),
        ("last", Kind::Surname),
        ("email", Kind::Email),
        ("phone", Kind::Phone),
        ("street", Kind::Address),
        ("house", Kind::Address),
    ];
    fn undated(row: &Row) -> Row {
        let house = row[6].split(' ').next().unwrap_or_default().to_owned();
        vec![row[0].clone(), row[1].clone(), row[4].clone(), row[5].clone(), row[6].clone(), house]
    }
    assert_eq!(
        wrong(&UNDATED, undated, &shaped(0, "Otto|Otto; Emil|Emil; Karl|Karl; Anna|Jana", undated)),
        0
    );
}

/// A birthdate that stands for none in this file alone, however plain a day it is: twenty fathers and sons have it.
#[test]
fn a_day_on_which_everybody_is_born_is_nobodys() {
    for day in ["1985-06-15", "1950-05-05", "2001-07-01", "1980-01-01", "15/06/1985"] {
        for first in ["Otto Emil Karl Hans Ernst Fritz Anton", "Otto"] {
            let firsts: Vec<&str> = first.split(' ').collect();
            let said = (0..20).map(|at| vec![(0, firsts[at % firsts.len()]), (2, day)]);
            let said: Vec<(Said<'_>, Said<'_>)> = said.map(|said| (said.clone(), said)).collect();
            let mut pairs = families(&said);
            // a slip of the clerk's tells that they are no copies
            for (_, other) in &mut pairs {
                other[5].clear();
            }
            assert_eq!(wrong(&COLUMNS, Clone::clone, &pairs), 0, "{day} {first}");
        }
    }
}

#[test]
fn namesakes_born_on_one_day_are_never_high() {
    let said: Vec<(Said<'_>, Said<'_>)> = ["Anna", "Otto", "Emil", "Karl"]
        .map(|first| {
            let one = vec![(0, first), (4, "wolke7@example.net"), (5, "0911 778899"), (6, "7 Forststrasse")];
            let other = vec![
                (0, first),
                (4, "regenbogen@example.com"),
                (5, "0341 112233"),
                (6, "91 Seeweg"),
                (7, "Elbing"),
            ];
            (one, other)
        })
        .to_vec();
    let mut pairs = families(&said);
    assert_eq!(wrong(&COLUMNS, Clone::clone, &pairs), 0);
    // a third record that says too little to be told from either joins none of them
    let thin: Vec<(Row, Row)> = pairs
        .iter()
        .map(|(one, _)| {
            let mut row = one.clone();
            (4..8).for_each(|column| row[column].clear());
            (row.clone(), row)
        })
        .collect();
    pairs.extend(thin);
    // the four thin ones are there twice, word for word
    assert_eq!(wrong(&COLUMNS, Clone::clone, &pairs), 4);
}

/// Two of one name and one birthdate of whom nothing else agrees, whatever else the file has.
#[test]
fn namesakes_who_share_nothing_else_are_never_high() {
    let said: Vec<(Said<'_>, Said<'_>)> = ["Anna", "Otto", "Emil", "Karl"]
        .map(|first| {
            let other = vec![(0, first), (4, "regenbogen@example.com"), (5, "0341 112233"), (6, "91 Seeweg")];
            (vec![(0, first)], other)
        })
        .to_vec();
    let shapes: [Shape; 3] = [|row| with(row, 4), |row| with(row, 5), |row| with(row, 6)];
    for shape in shapes {
        let pairs: Vec<(Row, Row)> =
            families(&said).iter().map(|(one, other)| (shape(one), shape(other))).collect();
        assert_eq!(wrong(&COLUMNS, shape, &pairs), 0);
    }
}

/// The row with nothing after the birthdate but one column.
fn with(row: &Row, column: usize) -> Row {
    let mut row = row.clone();
    (3..row.len()).filter(|&at| at != column).for_each(|at| row[at].clear());
    row
}

#[test]
fn a_sex_that_is_mapped_as_a_text_is_one() {
    let mut columns = COLUMNS;
    columns[3].1 = Kind::Text;
    let pairs = shaped(3, "m|f; F|M; male|female; W|M", Clone::clone);
    assert_eq!(wrong(&columns, Clone::clone, &pairs), 0);
}

/// A first of January is a birthday like any other where all else is the same, and a year where it is not.
#[test]
fn the_ends_of_a_year_are_birthdays_of_copies_only() {
    let said: Vec<(Said<'_>, Said<'_>)> = ["1984-01-01", "1975-12-31", "1968-01-01", "1991-12-31"]
        .map(|day| (vec![(2, day)], vec![(2, day), (5, ""), (4, "")]))
        .to_vec();
    assert_eq!(wrong(&COLUMNS, Clone::clone, &families(&said)), 0);
    let copies: Vec<(Said<'_>, Said<'_>)> = said.iter().map(|(one, _)| (one.clone(), one.clone())).collect();
    assert_eq!(wrong(&COLUMNS, Clone::clone, &families(&copies)), copies.len());
}

#[test]
fn test_accounts_are_nobody() {
    let table = [
        "Test|Patient",
        "Test|Test",
        "Demo|User",
        "John|Doe",
        "Max|Mustermann",
        "Patient|New",
        "asdf|asdf",
        "Jane|Doe",
        "Otto|Otto",
        "Müller|Mueller",
    ];
    let said: Vec<(Said<'_>, Said<'_>)> = table
        .iter()
        .map(|names| names.split_once('|').expect("two names"))
        .map(|(first, last)| (vec![(0, first), (1, last)], vec![(0, first), (1, last)]))
        .collect();
    assert_eq!(wrong(&COLUMNS, Clone::clone, &families(&said)), 0);
}

/// People of eight scripts who are there twice are `high`, each of them.
#[test]
fn copies_are_high_in_every_script() {
    let names = "Hưng|Nguyễn; 健太郎|田中; Иван|Ёлкин; محمد|الهاشمي; สมชาย|ใจดี; 서연|김; अनिल|शर्मा; Γιάννης|Παπαδόπουλος; דוד|כהן; \
        José|García Márquez; Þórdís|Jónsdóttir; 小明|王; Do-yun|Park; Zoë|van der Berg; Jo|Ng; Łukasz|Żółć; İpek|Yılmaz; O'Brien|Seán";
    let said: Vec<(Said<'_>, Said<'_>)> = cells(names)
        .into_iter()
        .map(|(first, last)| vec![(0, first), (1, last)])
        .map(|said| (said.clone(), said))
        .collect();
    let mut rows = town(600);
    rows.extend(families(&said).into_iter().flat_map(|(one, other)| [one, other]));
    let high = high(&found(&COLUMNS, &rows));
    for (at, (one, _)) in said.iter().enumerate() {
        assert!(high.contains(&(600 + 2 * at, 601 + 2 * at)), "{one:?}");
    }
    assert_eq!(high.len(), said.len());
}

/// One person ten thousand times over is one person, and no reason to take anybody else for another.
#[test]
fn one_who_is_there_again_and_again_is_one() {
    let mut rows = town(600);
    let one = families(&[(vec![], vec![])]).remove(0).0;
    rows.extend(std::iter::repeat_n(one, 3_000));
    let findings = found(&COLUMNS, &rows);
    assert_eq!(findings.repeated, 2_999);
    assert_eq!((findings.sure.len(), findings.sure.first().map(Vec::len)), (1, Some(3_000)));
}
