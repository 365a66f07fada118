//! Whether newer data are those of the system that the file belongs to, whatever name they come under: a newer dump, a folder that
//! moved or was filled again, another host of the same database. The users that both have show it.

use crate::entity::profiles;
use crate::error::{Error, Result};
use crate::staging::{Comparison, Staging};

use super::Replace;
use super::reader::Reader;
use super::selection::Selection;

/// Ids that a message names.
const NAMED: usize = 10;

/// The users of newer data against those in the file.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Newer {
    /// The name that the system had in the file, where it comes under another one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub renamed_from: Option<String>,
    /// Users in the file.
    pub users: u64,
    /// Of these, those that say something else now.
    pub changed: u64,
    /// Of these, those that are no longer there.
    pub gone: u64,
    /// Users that came.
    pub added: u64,
    /// Users whose id is another person's now.
    pub somebody_else: u64,
}

impl Newer {
    /// Compares the users, and refuses what is another system unless the operator says that it is the same.
    pub(super) fn judge(
        staging: &Staging,
        reader: &mut Reader,
        selection: &Selection,
        renamed_from: Option<String>,
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
        let newer = Self {
            renamed_from,
            users: compared.rows - compared.unreadable,
            changed: compared.changed.count,
            gone: compared.gone.count,
            added: compared.added.count,
            somebody_else: compared.somebody_else.count,
        };
        if replace == Replace::AsSaid || newer.is_same_system() {
            return Ok(newer);
        }
        let ids: Vec<String> =
            compared.somebody_else.first.iter().take(NAMED).map(ToString::to_string).collect();
        let ids = match newer.somebody_else {
            0 => String::new(),
            1 => format!("; the id {} is another person's now", ids.join(", ")),
            count => format!("; {count} ids are other people's now, such as {}", ids.join(", ")),
        };
        Err(Error::precondition(format!(
            "{to} does not look like the system that {} belongs to, {}: of {} users {} are not there{ids}",
            staging.path().display(),
            staging.fact("source_identity")?.unwrap_or_default(),
            newer.users,
            newer.gone
        ))
        .hint(
            "what was decided and loaded stays with the legacy ids, so that another system needs a new file (--staging); give \
             --same-source if you know that it is the same one and that these people may take the others' rows",
        ))
    }

    /// Nine in ten users are still there, and nobody has become somebody else.
    fn is_same_system(&self) -> bool {
        self.somebody_else == 0 && self.users.saturating_sub(self.gone) * 10 >= self.users * 9
    }
}

#[cfg(test)]
mod tests {
    use super::Newer;

    #[test]
    fn a_system_is_known_by_its_users() {
        for (users, gone, somebody_else, is_same) in [
            (9_101, 3, 0, true),
            (9_101, 3, 1, false),
            (9_101, 2_000, 0, false),
            (4, 0, 0, true),
            (0, 0, 0, true),
        ] {
            let newer = Newer { renamed_from: None, users, changed: users, gone, added: 7, somebody_else };
            assert_eq!(newer.is_same_system(), is_same, "{newer:?}");
        }
    }
}
