//! Which order the days of a column are written in.

use chrono_tz::Tz;

use super::dates::Order;
use super::days::Days;
use super::declared::Declared;
use super::form::Format;
use super::judge::Chosen;
use super::profile::{Profile, Reads};
use super::trouble::Trouble;

/// The order that explains the days which rules do not read themselves. Where these are the fewer ones, they are what is wrong
/// with their records, and no form.
pub(super) fn dates(profile: &Profile, declared: &Declared, pivot: u32) -> Chosen {
    let zone = declared.zone;
    let form = |order: Option<Order>| match (order, zone) {
        (None, None) => Format::Plain,
        _ => Format::Dates { order, pivot, zone },
    };
    let in_zone = |word: &str| {
        zone.filter(|zone| *zone != Tz::UTC).map_or(word.to_owned(), |zone| format!("{word} in {zone}"))
    };
    let days = &profile.days;
    let (count, is_timed) = (days.count(), 20 * profile.timed > profile.plain + days.count());
    let timed = (profile.reads == Reads::Day && zone.is_none() && is_timed).then_some(Trouble::Timed);
    if let Some(order) = declared.dates {
        return Chosen {
            format: form(Some(order)),
            word: in_zone(order.as_str()),
            evidence: format!("stated in the configuration; two digits up to {pivot} are 20xx"),
            order: Some(order),
            trouble: timed,
            // what counts from 1904 reads the same numbers
            ..Chosen::plain(
                profile.plain
                    + days.read_by(if order == Order::Excel1904 { Order::Excel } else { order }, None),
            )
        };
    }
    let most = most(days);
    if days.read_by(most, None) <= profile.plain {
        return Chosen {
            format: form(None),
            word: in_zone("plain"),
            trouble: timed,
            // most of them in years to come are days of another calendar, and none of this one
            ..Chosen::plain(if 2 * profile.later > profile.plain {
                profile.plain - profile.later
            } else {
                profile.plain
            })
        };
    }
    let readers: Vec<String> = Order::ALL
        .into_iter()
        .filter(|order| days.read_by(*order, None) > 0)
        .map(|order| format!("{} {}", order.as_str(), days.read_by(order, None)))
        .collect();
    // a program that converts some dates and leaves others has converted them by an order of its own
    let mixed = (profile.plain * 20 > count).then_some(Trouble::Mixed("yyyy-mm-dd", most.as_str()));
    Chosen {
        format: form(Some(most)),
        word: in_zone(most.as_str()),
        evidence: format!(
            "read as {}; {} plain; two digits up to {pivot} are 20xx",
            readers.join(", "),
            profile.plain
        ),
        order: Some(most),
        trouble: rival(days, most).or_else(|| rival_by_sign(profile, most)).or(mixed).or(timed),
        ..Chosen::plain(profile.plain + days.read_by(most, None))
    }
}

/// The order that reads most; of several the first.
fn most(days: &Days) -> Order {
    Order::ALL.into_iter().rev().max_by_key(|order| days.read_by(*order, None)).unwrap_or(Order::Ymd)
}

/// What stands against an order: another one that explains values just as well, or values that only the other explains.
fn rival(days: &Days, most: Order) -> Option<Trouble> {
    let count = days.count();
    let against = |other: Order| {
        let (for_most, for_other) = (days.read_by(most, Some(other)), days.read_by(other, Some(most)));
        let differ = days.differ(most, other);
        // one in twenty that only it can read, and a hundred for each that only the other can
        let is_beaten = differ == 0 && for_other == 0
            || for_most >= count.div_ceil(20) && for_most >= 100 * for_other && for_most > 0;
        match (is_beaten, differ) {
            (true, _) => None,
            // no value is read by both, so that they are two forms side by side
            (false, 0) if days.read_by(other, None) == for_other => {
                Some(Trouble::Mixed(most.as_str(), other.as_str()))
            }
            (false, _) => Some(Trouble::Ambiguous(most, other)),
        }
    };
    let mut others = Order::ALL.into_iter().filter(|other| *other != most && days.read_by(*other, None) > 0);
    others.find_map(against)
}

/// The same for the values with each sign between their parts: `3/4/1980` and `04.03.1980` may stand in one column.
fn rival_by_sign(profile: &Profile, order: Order) -> Option<Trouble> {
    let count = profile.days.count();
    let mut signs = profile.signs.values().filter(|days| 20 * days.count() > count);
    signs.find_map(|days| {
        let own = most(days);
        let is_other = days.read_by(own, None) > days.read_by(order, None);
        if is_other { Some(Trouble::Ambiguous(order, own)) } else { rival(days, order) }
    })
}
