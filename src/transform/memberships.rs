//! Memberships that say what an earlier one says. Pure.

use super::facts::Post;
use super::index::Index;
use super::merges::Merges;
use crate::record::LegacyId;

/// The rows that say of a user, or of whoever it is merged into, what a lower row says, each with the lowest one. `members` are
/// the users with the rows that speak of them.
pub fn repeats(mut members: Vec<(LegacyId, Post)>, merges: &Merges) -> Index<LegacyId> {
    for (user, _) in &mut members {
        *user = merges.user(*user);
    }
    members.sort_unstable();
    let same = members.chunk_by(|(one, here), (other, there)| (one, here.office) == (other, there.office));
    let repeated = same.flat_map(|rows| rows[1..].iter().map(|(_, post)| (post.row, rows[0].1.row)));
    Index::new(repeated.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lowest_row_stays() {
        let post =
            |user, office, row| (LegacyId(user), Post { office: LegacyId(office), row: LegacyId(row) });
        let members = vec![post(1, 7, 30), post(2, 7, 10), post(1, 7, 20), post(1, 8, 5), post(1, 7, 40)];
        let repeats = repeats(members, &Merges::default());
        let found: Vec<_> = repeats.iter().map(|(row, first)| (row.0, first.0)).collect();
        assert_eq!(found, [(30, 20), (40, 20)]);
    }
}
