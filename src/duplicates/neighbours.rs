//! Pairs of records that stand next to each other when sorted by name and date: what no key brings together, such as a
//! slip that changes the sound, often still sorts closely.

use rayon::prelude::*;

use super::Kind;
use super::block::pair;
use super::date::Date;
use super::field::{Field, MISSING, Values};

/// So many records after each one are its neighbours.
const WINDOW: usize = 3;

/// The records by surname, given name and date, and by given name, surname and date.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    orders: Vec<Vec<u32>>,
}

impl Neighbours {
    pub(super) fn of(fields: &[Field], count: usize) -> Self {
        let first = |kind| fields.iter().position(|field| field.kind == kind);
        let (Some(given), Some(surname)) = (first(Kind::GivenName), first(Kind::Surname)) else {
            return Self::default();
        };
        let Values::Names(names) = &fields[surname].values else { return Self::default() };
        let mut by_text: Vec<u32> = (0..names.texts.len() as u32).collect();
        by_text.par_sort_unstable_by_key(|&code| names.texts.get(code as usize));
        let mut rank = vec![0u32; by_text.len()];
        for (position, &code) in (0u32..).zip(&by_text) {
            rank[code as usize] = position;
        }
        let date = first(Kind::Date).map(|at| &fields[at]);
        let day = |record: usize| match date.map(|field| (&field.values, field.codes[record])) {
            Some((Values::Dates(dates), code)) => dates[code as usize],
            _ => Date::default(),
        };
        let order = |(major, minor): (usize, usize)| {
            let place = |field: usize, record: usize| rank[fields[field].codes[record] as usize];
            let mut order: Vec<(u32, u32, Date, u32)> = (0..count)
                .filter(|&record| fields[major].codes[record] != MISSING)
                .map(|record| (place(major, record), place(minor, record), day(record), record as u32))
                .collect();
            order.par_sort_unstable();
            order.into_iter().map(|(_, _, _, record)| record).collect()
        };
        Self { orders: [(surname, given), (given, surname)].into_iter().map(order).collect() }
    }

    /// Pairs in all, with repetition.
    pub(super) fn total(&self) -> u64 {
        self.orders.iter().map(|order| (order.len() * WINDOW) as u64).sum()
    }

    /// Pairs whose lower record is in the range.
    pub(super) fn pairs(&self, from: u32, to: u32) -> impl Iterator<Item = u64> {
        self.orders.iter().flat_map(move |order| {
            order.iter().enumerate().flat_map(move |(at, &one)| {
                let after = order[at + 1..].iter().take(WINDOW);
                let in_range = move |&&other: &&u32| (from..to).contains(&one.min(other));
                after.filter(in_range).map(move |&other| pair(one, other))
            })
        })
    }
}
