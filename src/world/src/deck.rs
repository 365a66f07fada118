//! Deals patients to those who plant something on them: nobody is dealt twice.

use std::collections::BTreeMap;

use crate::id::LegacyId;
use crate::random::Random;
use crate::rows::Patient;

/// Positions among the patients, each dealt once.
pub(crate) struct Deck {
    /// Small groups of patients of the same doctor and office.
    together: Vec<Vec<usize>>,
    apart: Vec<usize>,
}

/// How many patients of one doctor and office lie together.
const GROUP: usize = 4;

impl Deck {
    pub(crate) fn new(seed: u64, patients: &[Patient]) -> Self {
        let mut random = Random::stream(seed, "deck");
        let mut order: Vec<usize> = (0..patients.len()).collect();
        random.shuffle(&mut order);
        let mut by_place: BTreeMap<(Option<LegacyId>, Option<LegacyId>), Vec<usize>> = BTreeMap::new();
        for at in order {
            by_place.entry((patients[at].doctor_id, patients[at].office_id)).or_default().push(at);
        }
        let (mut together, mut apart) = (Vec::new(), Vec::new());
        for group in by_place.into_values() {
            for (nth, chunk) in group.chunks(GROUP).enumerate() {
                if nth < 4 && chunk.len() == GROUP {
                    together.push(chunk.to_vec());
                } else {
                    apart.extend(chunk);
                }
            }
        }
        random.shuffle(&mut together);
        random.shuffle(&mut apart);
        Self { together, apart }
    }

    /// Patients who have nothing to do with each other; fewer when the deck is nearly empty.
    pub(crate) fn take(&mut self, count: usize) -> Vec<usize> {
        self.apart.split_off(self.apart.len().saturating_sub(count))
    }

    /// At most four patients of one doctor and office.
    pub(crate) fn take_together(&mut self, count: usize) -> Vec<usize> {
        let mut group = self.together.pop().unwrap_or_default();
        let rest = group.split_off(count.min(group.len()));
        self.apart.splice(0..0, rest);
        group
    }
}
