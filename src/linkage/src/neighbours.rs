//! Pairs of records that stand next to each other when sorted by name and date: what no key brings together, such as a
//! slip that changes the sound, often still sorts closely.

use rayon::prelude::*;

use crate::Kind;
use crate::bucket::by_place;
use crate::codes::MISSING;
use crate::field::{Field, Values, names};
use crate::groups::pair;
use crate::names::Names;

/// So many records after each one are its neighbours.
const WINDOW: usize = 3;

/// The records by surname, given name and date, and by given name, surname and date.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    orders: Vec<Vec<u32>>,
}

impl Neighbours {
    pub(crate) fn of(fields: &[Field], count: usize) -> Self {
        let Some((given, surname)) = names(fields) else { return Self::default() };
        let Values::Names(names) = &fields[surname].values else { return Self::default() };
        let places = places(names);
        let dates = fields.iter().find(|field| field.kind == Kind::Date);
        let days = dates.and_then(|field| Some((&field.codes, days(field)?)));
        let order = |(major, minor): (usize, usize)| {
            let present = (0..count as u32).filter(|&record| fields[major].codes[record as usize] != MISSING);
            let mut order: Vec<u32> = present.collect();
            // the last one counts most
            if let Some((codes, days)) = &days {
                order = by_place(&order, |record| days[codes[record as usize] as usize] as usize, days.len());
            }
            for field in [minor, major] {
                let codes = &fields[field].codes;
                order =
                    by_place(&order, |record| places[codes[record as usize] as usize] as usize, places.len());
            }
            order
        };
        Self { orders: [(surname, given), (given, surname)].into_iter().map(order).collect() }
    }

    /// Pairs in all, with repetition.
    pub(crate) fn total(&self) -> u64 {
        self.orders.iter().map(|order| (order.len() * WINDOW) as u64).sum()
    }

    /// Pairs whose lower record is in the range.
    pub(crate) fn pairs(&self, from: u32, to: u32) -> impl Iterator<Item = u64> {
        self.orders.iter().flat_map(move |order| {
            order.iter().enumerate().flat_map(move |(at, &one)| {
                let after = order[at + 1..].iter().take(WINDOW);
                let in_range = move |&&other: &&u32| (from..to).contains(&one.min(other));
                after.filter(in_range).map(move |&other| pair(one, other))
            })
        })
    }
}

/// The place of each name among all, by its code; an accent does not move it.
fn places(names: &Names) -> Vec<u32> {
    // most texts differ in their first letters, which are at hand when they are beside the code
    let start = |code: usize| {
        let mut start = [0; 8];
        start.iter_mut().zip(names.plain(code as u32).bytes()).for_each(|(to, byte)| *to = byte);
        u64::from_be_bytes(start)
    };
    let mut order: Vec<(u64, u32)> = (0..names.texts.len()).map(|code| (start(code), code as u32)).collect();
    order.par_sort_unstable_by(|(x, one), (y, other)| {
        x.cmp(y).then_with(|| names.plain(*one).cmp(names.plain(*other)))
    });
    let mut places = vec![0; order.len()];
    for (place, (_, code)) in (0u32..).zip(order) {
        places[code as usize] = place;
    }
    places
}

/// The place of each date among all, by its code.
fn days(field: &Field) -> Option<Vec<u32>> {
    let Values::Dates(dates) = &field.values else { return None };
    let mut order: Vec<u32> = (0..dates.len() as u32).collect();
    order.sort_unstable_by_key(|&code| dates[code as usize]);
    let mut places = vec![0; order.len()];
    for (place, code) in (0u32..).zip(order) {
        places[code as usize] = place;
    }
    Some(places)
}
