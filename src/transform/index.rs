//! Compact sorted indexes: what the rules must know of the whole set at once, in a few bytes per record.

use crate::record::LegacyId;

/// A legacy id or none, in the room of an id: there is no record with the least number of all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reference(i64);

impl Reference {
    /// The id.
    pub fn get(self) -> Option<LegacyId> {
        (self.0 != i64::MIN).then_some(LegacyId(self.0))
    }
}

impl From<Option<LegacyId>> for Reference {
    fn from(id: Option<LegacyId>) -> Self {
        Self(id.map_or(i64::MIN, |id| id.0))
    }
}

/// One value per key.
#[derive(Debug)]
pub struct Index<V> {
    entries: Vec<(LegacyId, V)>,
}

impl<V> Index<V> {
    /// From entries in any order; of several with one key the first in the order of arrival stays.
    pub fn new(mut entries: Vec<(LegacyId, V)>) -> Self {
        entries.sort_by_key(|(key, _)| *key);
        entries.dedup_by_key(|(key, _)| *key);
        entries.shrink_to_fit();
        Self { entries }
    }

    /// The value of a key.
    pub fn get(&self, key: LegacyId) -> Option<&V> {
        Some(&self.entries[self.rank(key)?].1)
    }

    /// The place of a key among all keys, from 0.
    pub fn rank(&self, key: LegacyId) -> Option<usize> {
        place(self.entries.len(), key, |position| self.entries[position].0)
    }

    /// The same as `get`, to change the value.
    pub fn get_mut(&mut self, key: LegacyId) -> Option<&mut V> {
        let position = self.rank(key)?;
        Some(&mut self.entries[position].1)
    }

    /// Whether the key is there.
    pub fn contains(&self, key: LegacyId) -> bool {
        self.get(key).is_some()
    }

    /// Every entry, in key order.
    pub fn iter(&self) -> impl Iterator<Item = &(LegacyId, V)> {
        self.entries.iter()
    }
}

/// Several values per key, in order.
#[derive(Debug)]
pub struct Lists<V> {
    keys: Vec<LegacyId>,
    /// Where the values of each key begin.
    starts: Vec<u32>,
    values: Vec<V>,
}

impl<V: Ord> Lists<V> {
    /// From entries in any order; fewer than four thousand million.
    pub fn new(mut entries: Vec<(LegacyId, V)>) -> Self {
        entries.sort_unstable();
        let mut lists =
            Self { keys: Vec::new(), starts: Vec::new(), values: Vec::with_capacity(entries.len()) };
        for (key, value) in entries {
            if lists.keys.last() != Some(&key) {
                lists.keys.push(key);
                lists.starts.push(u32::try_from(lists.values.len()).unwrap_or(u32::MAX));
            }
            lists.values.push(value);
        }
        lists
    }

    /// The values of a key, in order.
    pub fn of(&self, key: LegacyId) -> std::slice::Iter<'_, V> {
        let position = place(self.keys.len(), key, |position| self.keys[position]);
        let values = position.map_or(&[][..], |position| {
            let start = self.starts[position] as usize;
            let end = self.starts.get(position + 1).map_or(self.values.len(), |end| *end as usize);
            &self.values[start..end]
        });
        values.iter()
    }

    /// Every key that has a value, once, in order.
    pub fn keys(&self) -> impl Iterator<Item = LegacyId> {
        self.keys.iter().copied()
    }
}

/// The place of a key among sorted ones that differ. No key is further from the first than their distance says, and that is
/// where it is when the numbers have no gaps.
fn place(length: usize, key: LegacyId, at: impl Fn(usize) -> LegacyId) -> Option<usize> {
    let last = length.checked_sub(1)?;
    let first = at(0);
    if key < first {
        return None;
    }
    let mut high = usize::try_from(key.0.abs_diff(first.0)).unwrap_or(last).min(last);
    if at(high) == key {
        return Some(high);
    }
    let mut low = 0;
    while low < high {
        let middle = low.midpoint(high);
        match at(middle).cmp(&key) {
            std::cmp::Ordering::Equal => return Some(middle),
            std::cmp::Ordering::Less => low = middle + 1,
            std::cmp::Ordering::Greater => high = middle,
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_found_and_no_other() {
        for keys in [
            vec![],
            vec![7],
            vec![1, 2, 3, 4],
            vec![-5, -4, 0, 9, 10, 500_001, 500_002],
            vec![i64::MIN, -1, 0, 1, i64::MAX],
        ] {
            let entries: Vec<_> = keys.iter().map(|key| (LegacyId(*key), *key)).collect();
            let (index, lists) = (Index::new(entries.clone()), Lists::new(entries));
            for key in keys.iter().flat_map(|key| [key.saturating_sub(1), *key, key.saturating_add(1)]) {
                let found = keys.contains(&key).then_some(&key);
                assert_eq!(index.get(LegacyId(key)), found, "{key} in {keys:?}");
                assert_eq!(lists.of(LegacyId(key)).next(), found, "{key} in {keys:?}");
            }
        }
    }

    #[test]
    fn values_stand_in_order_under_their_key() {
        let lists =
            Lists::new([(3, 2), (1, 9), (3, 1), (3, 2)].map(|(key, value)| (LegacyId(key), value)).into());
        assert_eq!(lists.of(LegacyId(3)).copied().collect::<Vec<_>>(), [1, 2, 2]);
        assert_eq!(lists.of(LegacyId(1)).copied().collect::<Vec<_>>(), [9]);
        assert_eq!(lists.of(LegacyId(2)).len(), 0);
    }
}
