//! The result depends on what records say, and on nothing else: not on their order, and not on their ids.

use std::collections::BTreeSet;

use drydock_linkage::{Column, Kind, Records, find};

use super::town::{COLUMNS, Row, town};

/// Strangers, of whom a third are there twice with a slip.
fn repeated() -> Vec<Row> {
    let mut rows = town(1_500);
    for at in 0..500 {
        let mut row = rows[at * 3].clone();
        match at % 5 {
            0 => drop(row[1].pop()),
            1 => row[0].clear(),
            2 => row.swap(0, 1),
            3 => row[2] = row[2].replace("-0", "-1"),
            _ => row[5].clear(),
        }
        rows.push(row);
    }
    rows
}

/// What was found, with each record named by its place in `rows`; `ids` says what each place is called.
fn told(rows: &[Row], ids: &[usize]) -> BTreeSet<String> {
    let column = |&(name, kind): &(&str, Kind)| Column { name: name.to_owned(), kind };
    let mut records = Records::new(COLUMNS.iter().map(column).collect()).expect("eight columns");
    for (row, id) in rows.iter().zip(ids) {
        records.push(&id.to_string(), 0, row.iter().map(String::as_str)).expect("a small file");
    }
    let findings = find(records).expect("unique ids");
    let mut places = vec![0; ids.len()];
    ids.iter().enumerate().for_each(|(place, &id)| places[id] = place);
    let place = |record: u32| places[findings.id(record).parse::<usize>().expect("a number")];
    let group = |members: &Vec<u32>| {
        let places: BTreeSet<usize> = members.iter().map(|&record| place(record)).collect();
        format!("{places:?}")
    };
    let pairs = findings.pairs.iter().map(|pair| {
        let (one, other) = (place(pair.a), place(pair.b));
        let (low, high) = (one.min(other), one.max(other));
        format!("{low} {high} {:?} {:.4} {:.4}", pair.band, pair.weight, pair.probability)
    });
    pairs.chain(findings.clusters.iter().chain(&findings.sure).map(group)).collect()
}

#[test]
fn other_ids_give_the_same_result() {
    let rows = repeated();
    let count = rows.len();
    let once = told(&rows, &(0..count).collect::<Vec<_>>());
    assert!(once.len() > 400, "{}", once.len());
    for step in [7, 11, 13, 17, 19, 23, 29, 31, 37, 41] {
        let ids: Vec<usize> = (0..count).map(|at| (at * step + step * step) % count).collect();
        let other = told(&rows, &ids);
        let differing: Vec<&String> = once.symmetric_difference(&other).take(4).collect();
        assert!(differing.is_empty(), "{step}: {differing:?}");
    }
}
