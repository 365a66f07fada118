//! Fields that depend on another: a postcode on its city, a doctor on a practice. Two strangers who agree on the one
//! agree on the other too, so that counting both in full would make one person of two neighbours.

use rayon::prelude::*;

use crate::Kind;
use crate::compare::{Comparer, Pattern};
use crate::model::{Bond, LEVELS, Model};
use crate::sample::{Tally, pairs_within, tally};
use crate::scale::name;

/// Pairs drawn for each field that others may depend on.
const PAIRS: usize = 4_000;
/// Strangers among them that are enough to tell.
const ENOUGH: f64 = 50.0;

/// Finds the fields that depend on another: among strangers, by name, who agree on a place, an address or a doctor,
/// which other such field agrees far more often than among all strangers?
pub(crate) fn find_parents(comparer: &Comparer<'_>, model: &mut Model) {
    let is_where = |at: &usize| {
        let field = &model.fields[*at];
        matches!(
            comparer.fields[*at].kind,
            Kind::Category | Kind::Place | Kind::Address | Kind::Text | Kind::Phone
        ) && field.bond == Bond::Shared
    };
    let fields: Vec<usize> = (0..comparer.fields.len()).filter(is_where).collect();
    let names: Vec<usize> = (0..comparer.fields.len())
        .filter(|&at| matches!(comparer.fields[at].kind, Kind::GivenName | Kind::Surname))
        .collect();
    if names.is_empty() {
        return;
    }
    let are_strangers = |pattern: Pattern| {
        let mut levels = names.iter().filter_map(|&at| pattern.level(at)).peekable();
        levels.peek().is_some() && levels.all(|level| level >= name::VAGUE)
    };
    let tallies: Vec<Tally> = fields
        .par_iter()
        .map(|&parent| {
            let (pairs, _) = pairs_within(comparer, &[parent], PAIRS);
            let mut tally = tally(comparer, &pairs);
            tally.retain(|&(pattern, _)| are_strangers(pattern));
            tally
        })
        .collect();
    // how much more often `child` agrees where `parent` does, with `u` there
    let mut links: Vec<(f64, usize, usize, [f64; LEVELS])> = Vec::new();
    for (&parent, tally) in fields.iter().zip(&tallies) {
        for &child in fields.iter().filter(|&&child| child != parent) {
            let mut counts = [0.0; LEVELS];
            for &(pattern, times) in tally {
                if let Some(level) = pattern.level(child) {
                    counts[usize::from(level)] += times;
                }
            }
            let total: f64 = counts.iter().sum();
            let before = &model.fields[child].u;
            let u: [f64; LEVELS] =
                std::array::from_fn(|level| (counts[level] + 10.0 * before[level]) / (total + 10.0));
            if total >= ENOUGH && counts[0] >= 5.0 && u[0] > 3.0 * before[0] {
                links.push((u[0] / before[0], child, parent, u));
            }
        }
    }
    // strongest first; a parent stays without one, so that the order of comparison is simple
    links.sort_by(|one, other| other.0.total_cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    for (_, child, parent, u) in links {
        let is_parent =
            |at: usize| model.fields.iter().any(|field| field.parent.is_some_and(|(of, _)| of == at));
        if model.fields[child].parent.is_none() && model.fields[parent].parent.is_none() && !is_parent(child)
        {
            model.fields[child].parent = Some((parent, u));
        }
    }
}
