//! The days of a column that rules do not read as they stand, counted by the orders that read them.

use chrono::{Datelike, NaiveDateTime};

use super::dates::{self, Order};
use super::profile::Reads;

/// Which orders read the days that rules do not read as they stand.
#[derive(Debug, Clone, Default)]
pub(super) struct Days {
    /// By the set of orders that read a value, as bits in the order of [`Order::ALL`].
    by_orders: [u64; 32],
    /// How many values two orders read differently.
    differ: [[u64; 5]; 5],
    pub(super) ranges: [Option<(NaiveDateTime, NaiveDateTime)>; 5],
}

impl Days {
    /// Counts a text that is to be a day or a moment.
    pub(super) fn add(&mut self, text: &str, reads: Reads, pivot: u32) {
        let mut read = [None; 5];
        let mut orders = 0;
        for (at, order) in Order::ALL.into_iter().enumerate() {
            if order == Order::Unix && reads == Reads::Day {
                continue;
            }
            // nobody is born after the snapshot, so that such a number is something else
            let is_possible = |written: &dates::Written| {
                reads != Reads::Day || order != Order::Excel || written.local().year() <= latest_year(pivot)
            };
            read[at] = dates::read(text, order, pivot).filter(is_possible).map(dates::Written::local);
            orders |= usize::from(read[at].is_some()) << at;
        }
        self.by_orders[orders] += 1;
        for (one, a) in read.iter().enumerate() {
            let Some(a) = a else { continue };
            let range = &mut self.ranges[one];
            *range = Some(range.map_or((*a, *a), |(low, high)| (low.min(*a), high.max(*a))));
            for (other, b) in read.iter().enumerate() {
                self.differ[one][other] += u64::from(b.is_some_and(|b| b != *a));
            }
        }
    }

    /// Counts what another has counted.
    pub(super) fn merge(&mut self, other: &Self) {
        for (mine, further) in self.by_orders.iter_mut().zip(other.by_orders) {
            *mine += further;
        }
        for (mine, further) in self.differ.iter_mut().flatten().zip(other.differ.iter().flatten()) {
            *mine += further;
        }
        for (mine, further) in self.ranges.iter_mut().zip(other.ranges) {
            let Some((low, high)) = further else { continue };
            *mine = Some(mine.map_or((low, high), |(a, b)| (a.min(low), b.max(high))));
        }
    }

    /// How many values an order reads, of those that another does not read where one is named.
    pub(super) fn read_by(&self, order: Order, unless: Option<Order>) -> u64 {
        let Some(order) = place(order) else { return 0 };
        let unless = unless.and_then(place);
        let has = |orders: usize, order: usize| orders >> order & 1 == 1;
        let counts = self.by_orders.iter().enumerate();
        counts
            .filter(|(orders, _)| has(*orders, order) && unless.is_none_or(|other| !has(*orders, other)))
            .map(|(_, count)| count)
            .sum()
    }

    /// How many values two orders read differently.
    pub(super) fn differ(&self, one: Order, other: Order) -> u64 {
        place(one).zip(place(other)).map_or(0, |(one, other)| self.differ[one][other])
    }

    /// How many values there are.
    pub(super) fn count(&self) -> u64 {
        self.by_orders.iter().sum()
    }
}

/// The place of an order among those that a column is tried with.
pub(super) fn place(order: Order) -> Option<usize> {
    Order::ALL.iter().position(|known| *known == order)
}

/// The last year in which somebody can be born, by the last one that two digits mean.
pub(super) fn latest_year(pivot: u32) -> i32 {
    i32::try_from(pivot).map_or(2_100, |pivot| 2_000 + pivot)
}
