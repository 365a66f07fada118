//! Records in groups, one after another in one piece of memory, and two of them as one word.

/// The members of all groups, and where each group ends.
#[derive(Debug, Default)]
pub(crate) struct Groups {
    members: Vec<u32>,
    ends: Vec<u32>,
}

impl Groups {
    /// Adds a group.
    pub(crate) fn push(&mut self, members: impl Iterator<Item = u32>) {
        self.members.extend(members);
        self.ends.push(self.members.len() as u32);
    }

    /// The members of a group.
    pub(crate) fn get(&self, group: usize) -> &[u32] {
        let start = if group == 0 { 0 } else { self.ends[group - 1] as usize };
        &self.members[start..self.ends[group] as usize]
    }

    /// Every group.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &[u32]> {
        (0..self.ends.len()).map(|group| self.get(group))
    }

    /// Gives back the memory that no group needs.
    pub(crate) fn shrink_to_fit(&mut self) {
        self.members.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

/// Two records as one word: the lower one above, the higher one below.
pub(crate) fn pair(a: u32, b: u32) -> u64 {
    (u64::from(a.min(b)) << 32) | u64::from(a.max(b))
}
