//! Compact sorted indexes: what the rules must know of the whole set at once, in a few bytes per record.

use crate::record::LegacyId;

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
        Self { entries }
    }

    /// The value of a key.
    pub fn get(&self, key: LegacyId) -> Option<&V> {
        let position = self.entries.binary_search_by_key(&key, |(key, _)| *key).ok()?;
        Some(&self.entries[position].1)
    }

    /// The place of a key among all keys, from 0.
    pub fn rank(&self, key: LegacyId) -> Option<usize> {
        self.entries.binary_search_by_key(&key, |(key, _)| *key).ok()
    }

    /// The same as `get`, to change the value.
    pub fn get_mut(&mut self, key: LegacyId) -> Option<&mut V> {
        let position = self.entries.binary_search_by_key(&key, |(key, _)| *key).ok()?;
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
    entries: Vec<(LegacyId, V)>,
}

impl<V: Ord> Lists<V> {
    /// From entries in any order.
    pub fn new(mut entries: Vec<(LegacyId, V)>) -> Self {
        entries.sort_unstable();
        Self { entries }
    }

    /// The values of a key, in order.
    pub fn of(&self, key: LegacyId) -> impl ExactSizeIterator<Item = &V> + Clone {
        let start = self.entries.partition_point(|(known, _)| *known < key);
        let length = self.entries[start..].partition_point(|(known, _)| *known == key);
        self.entries[start..start + length].iter().map(|(_, value)| value)
    }

    /// Every key that has a value, once, in order.
    pub fn keys(&self) -> impl Iterator<Item = LegacyId> {
        self.entries.chunk_by(|(one, _), (other, _)| one == other).map(|of_key| of_key[0].0)
    }
}
