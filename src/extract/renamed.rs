//! A system that comes under another name: a newer dump, a folder that moved, another host of the same database. Its contents show
//! whether it is the one that the file belongs to, by the users that both have.

use crate::entity::profiles;
use crate::error::{Error, Result};
use crate::staging::{Comparison, Staging};

use super::Replace;
use super::reader::Reader;
use super::selection::Selection;

/// The users of a system that came under another name, against those in the file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Renamed {
    /// The name in the file before.
    pub from: String,
    /// Users in the file.
    pub users: u64,
    /// Of these, those that say something else now.
    pub changed: u64,
    /// Of these, those that are no longer there.
    pub gone: u64,
    /// Users that came.
    pub added: u64,
}

impl Renamed {
    /// Compares the users, and refuses what is another system unless the operator says that it is the same.
    pub(super) fn judge(
        staging: &Staging,
        reader: &mut Reader,
        selection: &Selection,
        from: String,
        to: &str,
        replace: Replace,
    ) -> Result<Self> {
        let users = profiles::USERS.name;
        let known = staging.manifest()?.into_iter().find(|table| table.table == users);
        let now = selection.tables.iter().find(|wanted| wanted.shape.table == users);
        let compared = match known.zip(now) {
            None => Comparison::default(),
            Some((known, now)) => {
                let mut comparing = staging.comparing(&known, &now.shape.columns)?;
                reader.read(&now.shape, |batch| comparing.push(batch))?;
                comparing.finish()?
            }
        };
        let (rows, gone, changed) =
            (compared.rows - compared.unreadable, compared.gone.count, compared.changed.count);
        let renamed = Self { from, users: rows, changed, gone, added: compared.added.count };
        if replace == Replace::AsSaid || renamed.is_same_system() {
            return Ok(renamed);
        }
        Err(Error::precondition(format!(
            "{} belongs to the source {}, and {to} does not look like the same system: of {rows} users {gone} are not there and \
             {changed} say something else",
            staging.path().display(),
            renamed.from
        ))
        .hint(
            "give --same-source if you know that it is; what was decided and loaded stays with the legacy ids, so that another \
             system needs a new file (--staging)",
        ))
    }

    /// Nine in ten users are still there, and most of them say what they said.
    fn is_same_system(&self) -> bool {
        let there = self.users.saturating_sub(self.gone);
        there * 10 >= self.users * 9 && (there - self.changed.min(there)) * 2 >= there
    }
}

#[cfg(test)]
mod tests {
    use super::Renamed;

    #[test]
    fn a_system_is_known_by_its_users() {
        for (users, changed, gone, is_same) in [
            (9_101, 40, 3, true),
            (9_101, 9_000, 3, false),
            (9_101, 0, 2_000, false),
            (4, 2, 0, true),
            (4, 3, 0, false),
            (0, 0, 0, true),
        ] {
            let renamed = Renamed { from: String::new(), users, changed, gone, added: 7 };
            assert_eq!(renamed.is_same_system(), is_same, "{renamed:?}");
        }
    }
}
