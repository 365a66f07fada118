//! What shares a key comes together without sorting everything at once: digests go into buckets by their upper bits first,
//! so that whatever is done with one bucket stays in the fastest memory.

/// How many digests each bucket gets. It has to be known before the first one is put, so that nothing is moved twice.
#[derive(Debug)]
pub(crate) struct Layout {
    /// Upper bits of a digest that name its bucket.
    bits: u32,
    /// Lower bits of an entry that hold the record.
    width: u32,
    sizes: Vec<u32>,
}

impl Layout {
    /// Digests in a bucket, roughly.
    const BUCKET: usize = 512;
    /// Beyond so many buckets, the place where each one grows is no longer at hand.
    const MOST: usize = 1 << 12;

    /// No digests yet, of so many records.
    pub(crate) fn of(records: usize) -> Self {
        let buckets = (records / Self::BUCKET).next_power_of_two().min(Self::MOST);
        let width = usize::BITS - records.leading_zeros();
        Self { bits: buckets.trailing_zeros(), width, sizes: vec![0; buckets] }
    }

    /// Counts a digest that will be put.
    #[inline]
    pub(crate) fn add(&mut self, digest: u64) {
        self.sizes[upper(digest, self.bits)] += 1;
    }

    /// Upper bits of a digest that name a slot: hardly two keys of so many records have them in common.
    pub(crate) fn slots(&self, records: usize) -> u32 {
        slots(records).max(self.bits)
    }

    /// The record of an entry.
    pub(crate) fn record(&self, entry: u64) -> u32 {
        (entry & ((1 << self.width) - 1)) as u32
    }

    /// Room for all that were counted.
    pub(crate) fn buckets(&self) -> Buckets {
        let mut end = 0;
        let mut ends = Vec::with_capacity(self.sizes.len() + 1);
        ends.push(0);
        for &size in &self.sizes {
            end += size as usize;
            ends.push(end);
        }
        let next = ends[..self.sizes.len()].to_vec();
        Buckets { entries: vec![0; end], ends, next, bits: self.bits, width: self.width }
    }
}

/// The `bits` upper bits of a digest, as a place.
#[inline]
pub(crate) fn upper(digest: u64, bits: u32) -> usize {
    // a shift by all 64 bits is none
    ((digest >> 1) >> (63 - bits)) as usize
}

/// The upper bits of a digest that hardly two keys of so many records have in common.
pub(crate) fn slots(records: usize) -> u32 {
    (4 * records).next_power_of_two().max(1024).trailing_zeros()
}

/// The items in the order of their places, which are fewer than `places`; those of one place stay in their order.
pub(crate) fn by_place<T: Copy + Default>(items: &[T], place: impl Fn(T) -> usize, places: usize) -> Vec<T> {
    let mut next = vec![0u32; places + 1];
    for &item in items {
        next[place(item) + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let mut sorted = vec![T::default(); items.len()];
    for &item in items {
        let next = &mut next[place(item)];
        sorted[*next as usize] = item;
        *next += 1;
    }
    sorted
}

/// What came together.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Gathered<'e> {
    /// The entries of one digest, in the order of records.
    Group(&'e [u64]),
    /// So many in one slot.
    Crowd { slot: usize, size: usize },
}

/// Digests by bucket, each with its record in place of its lower bits.
#[derive(Debug)]
pub(crate) struct Buckets {
    entries: Vec<u64>,
    ends: Vec<usize>,
    next: Vec<usize>,
    bits: u32,
    width: u32,
}

impl Buckets {
    /// Puts a digest and its record, as often as it was counted.
    #[inline]
    pub(crate) fn put(&mut self, digest: u64, record: u32) {
        let next = &mut self.next[upper(digest, self.bits)];
        self.entries[*next] = (digest >> self.width << self.width) | u64::from(record);
        *next += 1;
    }

    /// Hands out what shares a digest, in the order of digests. A slot is named by so many upper bits of a digest; of one
    /// that holds more than `most` records only the size is told.
    pub(crate) fn gather(mut self, slots: u32, most: usize, mut each: impl FnMut(Gathered<'_>)) {
        let slots = slots.max(self.bits);
        let mask = (1usize << (slots - self.bits)) - 1;
        let mut sizes = vec![0u32; mask + 1];
        let width = self.width;
        let mut rest = self.entries.as_mut_slice();
        for (nth, ends) in self.ends.windows(2).enumerate() {
            let (bucket, after) = rest.split_at_mut(ends[1] - ends[0]);
            rest = after;
            let slot = |entry: u64| upper(entry, slots) & mask;
            sizes.fill(0);
            for &entry in bucket.iter() {
                sizes[slot(entry)] += 1;
            }
            let crowds = sizes.iter().enumerate().filter(|(_, size)| **size as usize > most);
            crowds.for_each(|(slot, &size)| {
                each(Gathered::Crowd { slot: nth * sizes.len() + slot, size: size as usize });
            });
            let mut kept = 0;
            for at in 0..bucket.len() {
                let size = sizes[slot(bucket[at])] as usize;
                bucket[kept] = bucket[at];
                kept += usize::from(size > 1 && size <= most);
            }
            bucket[..kept].sort_unstable();
            let same = |one: &u64, other: &u64| one >> width == other >> width;
            let groups = bucket[..kept].chunk_by(same).filter(|group| group.len() > 1);
            groups.for_each(|group| each(Gathered::Group(group)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The groups and crowds of digests, the record being the position.
    fn gathered(digests: &[u64], slots: u32, most: usize) -> (Vec<Vec<u32>>, Vec<usize>) {
        let mut layout = Layout::of(digests.len());
        for &digest in digests {
            layout.add(digest);
        }
        let mut buckets = layout.buckets();
        (0u32..).zip(digests).for_each(|(record, &digest)| buckets.put(digest, record));
        let (mut groups, mut crowds) = (Vec::new(), Vec::new());
        buckets.gather(slots, most, |gathered| match gathered {
            Gathered::Group(group) => groups.push(group.iter().map(|&entry| layout.record(entry)).collect()),
            Gathered::Crowd { slot, size } => {
                let digest = digests.iter().filter(|&&digest| upper(digest, slots.max(layout.bits)) == slot);
                assert_eq!(digest.count(), size);
                crowds.push(size);
            }
        });
        (groups, crowds)
    }

    #[test]
    fn what_shares_a_digest_comes_together() {
        let digests: Vec<u64> =
            (0..5000u64).map(|at| (at % 1700).wrapping_mul(drydock_random::GOLDEN)).collect();
        for slots in [0, 10, 20] {
            let (groups, crowds) = gathered(&digests, slots, usize::MAX);
            assert_eq!((groups.len(), crowds.len()), (1700, 0));
            assert!(groups.iter().all(|group| group.iter().all(|at| at % 1700 == group[0])));
            assert_eq!(groups.iter().map(Vec::len).sum::<usize>(), 5000);
        }
        assert_eq!(gathered(&[1 << 40, 2 << 40, 3 << 40], 10, 9), (vec![], vec![]));
    }

    #[test]
    fn items_of_one_place_stay_in_their_order() {
        assert_eq!(by_place(&[31u32, 12, 11, 32, 13], |item| (item / 10) as usize, 4), [12, 11, 13, 31, 32]);
    }

    #[test]
    fn a_crowd_keeps_its_size() {
        let sizes = [(1u64, 2), (2, 255), (3, 1000), (4, 1), (5, 30)];
        let digests: Vec<u64> = sizes.iter().flat_map(|&(key, times)| vec![key << 54; times]).collect();
        let (groups, crowds) = gathered(&digests, 10, 20);
        assert_eq!(crowds, [255, 1000, 30]);
        assert_eq!(groups, [[0, 1]]);
    }
}
