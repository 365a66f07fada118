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

/// Finds the fields that depend on another: among strangers, by name, who agree on a place, an address or a doctor, which
/// other such field agrees far more often than among all strangers? The same of what is a person's own: a sex depends on the
/// first name, an initial on the second one.
pub(crate) fn find_parents(comparer: &Comparer<'_>, model: &mut Model) {
    let kind = |at: usize| comparer.fields[at].kind;
    let is_shared = |at: usize| model.fields[at].bond == Bond::Shared;
    let is_where = |at: usize| {
        is_shared(at)
            && matches!(kind(at), Kind::Category | Kind::Place | Kind::Address | Kind::Text | Kind::Phone)
    };
    let is_owned = |at: usize| {
        !comparer.is_paired_name(at) && matches!(kind(at), Kind::GivenName | Kind::Text | Kind::Category)
    };
    let all = 0..comparer.fields.len();
    let parents: Vec<usize> = all.clone().filter(|&at| is_where(at) || kind(at) == Kind::GivenName).collect();
    // a field, what it may depend on, and how far that has to lift it: a sex cannot be lifted far
    let lift = |child: usize, parent: usize| match (is_where(child) && is_where(parent), kind(parent)) {
        _ if child == parent => None,
        (true, _) => Some(3.0),
        (false, Kind::GivenName) => is_owned(child).then_some(1.4),
        _ => None,
    };
    let names: Vec<usize> =
        all.clone().filter(|&at| matches!(kind(at), Kind::GivenName | Kind::Surname)).collect();
    if names.is_empty() {
        return;
    }
    // who agrees on no name but these two is a stranger
    let are_strangers = |pattern: Pattern, of: [usize; 2]| {
        let others = names.iter().filter(|at| !of.contains(at));
        let mut levels = others.filter_map(|&at| pattern.level(at)).peekable();
        levels.peek().is_some() && levels.all(|level| level >= name::VAGUE)
    };
    let tallies: Vec<Tally> = parents
        .par_iter()
        .map(|&parent| tally(comparer, &pairs_within(comparer, &[parent], PAIRS).0))
        .collect();
    // how much more often `child` agrees where `parent` does, with `u` there
    let mut links: Vec<(f64, usize, usize, [f64; LEVELS])> = Vec::new();
    for (&parent, tally) in parents.iter().zip(&tallies) {
        for (child, lift) in all.clone().filter_map(|child| Some((child, lift(child, parent)?))) {
            let mut counts = [0.0; LEVELS];
            for &(pattern, times) in
                tally.iter().filter(|(pattern, _)| are_strangers(*pattern, [parent, child]))
            {
                if let Some(level) = pattern.level(child) {
                    counts[usize::from(level)] += times;
                }
            }
            let total: f64 = counts.iter().sum();
            let before = &model.fields[child].u;
            let u: [f64; LEVELS] =
                std::array::from_fn(|level| (counts[level] + 10.0 * before[level]) / (total + 10.0));
            // beyond what chance brings
            let expected = total * before[0];
            let is_clear = counts[0] > expected + 4.0 * expected.sqrt();
            if total >= ENOUGH && counts[0] >= 5.0 && is_clear && u[0] > lift * before[0] {
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
            // what goes with a first name is a person's own, however many values it has
            if kind(parent) == Kind::GivenName {
                model.fields[child].bond = Bond::Own;
            }
        }
    }
}
