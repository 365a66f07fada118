//! Whether newer data are those of the system that the file belongs to, whatever name they come under: a newer dump, a folder that
//! moved or was filled again, another host of the same database. The users that both have show it.

use crate::entity::{Entity, patients, practices, profiles};
use crate::error::{Error, Result};
use crate::staging::Staging;

use super::Replace;
use super::reader::Reader;
use super::selection::Selection;

/// Ids that a message names.
const NAMED: usize = 10;

/// One id in so many may be somebody else's, as a question: with more it is another system.
const FEW: u64 = 20;

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
    /// Users, patients and offices whose id is somebody else's now.
    pub somebody_else: u64,
}

/// Ids that are somebody else's now, by entity.
pub(super) type Others = Vec<(&'static Entity, Vec<i64>)>;

/// The entities whose ids may be given again.
const REUSED: [&Entity; 3] = [&profiles::ENTITY, &patients::ENTITY, &practices::ENTITY];

impl Newer {
    /// Compares the records, and refuses what is another system unless the operator says that it is the same. Returns whose ids
    /// are somebody else's now: a question each, unless the operator says that they are not.
    pub(super) fn judge(
        staging: &Staging,
        reader: &mut Reader,
        selection: &Selection,
        renamed_from: Option<String>,
        to: &str,
        replace: Replace,
    ) -> Result<(Self, Others)> {
        let manifest = staging.manifest()?;
        let mut newer = Self { renamed_from, users: 0, changed: 0, gone: 0, added: 0, somebody_else: 0 };
        let (mut others, mut are_too_many) = (Others::new(), None);
        for entity in REUSED {
            let table = entity.legacy.name;
            let known = manifest.iter().find(|known| known.table == table);
            let now = selection.tables.iter().find(|wanted| wanted.shape.table == table);
            let Some((known, now)) = known.zip(now) else { continue };
            let mut comparing = staging.comparing(known, &now.shape.columns)?;
            reader.read(&now.shape, |batch| comparing.push(batch))?;
            let compared = comparing.finish()?;
            let records = compared.rows - compared.unreadable;
            if *entity == profiles::ENTITY {
                newer.users = records;
                newer.changed = compared.changed.count;
                newer.gone = compared.gone.count;
                newer.added = compared.added.count;
            }
            let other = compared.somebody_else;
            newer.somebody_else += other.count;
            if other.count * FEW > records || other.count > other.first.len() as u64 {
                are_too_many.get_or_insert((table, other.clone()));
            }
            if other.count > 0 {
                others.push((entity, other.first));
            }
        }
        if matches!(replace, Replace::Newer { as_said: true, .. }) {
            return Ok((newer, Others::new()));
        }
        if are_too_many.is_none() && newer.has_the_users() {
            return Ok((newer, others));
        }
        let ids = are_too_many.map_or_else(String::new, |(table, other)| {
            let ids: Vec<String> = other.first.iter().take(NAMED).map(ToString::to_string).collect();
            match other.count {
                1 => format!("; the id {} of {table} is somebody else's now", ids.join(", ")),
                count => {
                    format!("; {count} ids of {table} are somebody else's now, such as {}", ids.join(", "))
                }
            }
        });
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

    /// Nine in ten users are still there.
    fn has_the_users(&self) -> bool {
        self.users.saturating_sub(self.gone) * 10 >= self.users * 9
    }
}

#[cfg(test)]
mod tests {
    use super::Newer;

    #[test]
    fn a_system_is_known_by_its_users() {
        for (users, gone, is_same) in [(9_101, 3, true), (9_101, 2_000, false), (4, 0, true), (0, 0, true)] {
            let newer = Newer { renamed_from: None, users, changed: users, gone, added: 7, somebody_else: 0 };
            assert_eq!(newer.has_the_users(), is_same, "{newer:?}");
        }
    }
}
