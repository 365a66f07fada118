//! Whether what the records refer to beside this migration's own tables is there, before the first write.

use crate::entity::Entity;
use crate::entity::catalog::Catalog;
use crate::error::Result;
use crate::staging::Staging;
use crate::target::{ACCOUNTS, Elsewhere, Orphans, Target};

/// What is in the way, and what is not but good to know: each a sentence.
pub(super) fn look(
    staging: &Staging,
    target: &mut Target,
    catalog: &Catalog,
) -> Result<(Vec<String>, Vec<String>)> {
    let (mut problems, mut notes) = (Vec::new(), Vec::new());
    for entity in staging.sent_entities()? {
        for elsewhere in target.elsewhere(catalog, entity) {
            let parent = elsewhere.key.references.as_deref().unwrap_or_default();
            let is_account = parent == ACCOUNTS;
            let orphans = orphans(staging, target, entity, &elsewhere)?;
            let place = format!("{}.{}", entity.target_table, elsewhere.key.columns.join(", "));
            let key = &elsewhere.key.name;
            match orphans {
                None if is_account => problems.push(format!(
                    "{place} references {parent} ({key}), which the role may not read: grant select on it, so that it can be \
                     seen whether the accounts are there"
                )),
                None | Some(Orphans { records: 0, .. }) => {}
                Some(Orphans { records, first }) => {
                    let such = first.map(|id| format!(", such as legacy id {id}")).unwrap_or_default();
                    let all = staging.count_ready(entity)?;
                    if is_account {
                        problems.push(format!(
                            "{place} references {parent} ({key}), and {records} of {all} {} have no account there{such}: every \
                             one would be refused until its account exists; `drydock auth` writes what makes them",
                            entity.name
                        ));
                    } else {
                        notes.push(format!(
                            "{records} of {all} {} refer to rows that {parent} does not have ({key}){such}: they will be refused",
                            entity.name
                        ));
                    }
                }
            }
        }
    }
    Ok((problems, notes))
}

fn orphans(
    staging: &Staging,
    target: &mut Target,
    entity: &'static Entity,
    elsewhere: &Elsewhere,
) -> Result<Option<Orphans>> {
    staging.with_ready(entity, &elsewhere.columns, |rows| {
        target.orphans(entity, elsewhere, |sender| {
            while rows
                .next(|legacy_id, values| {
                    if values.iter().all(Option::is_some) {
                        let key = legacy_id.to_string();
                        sender.send([Some(key.as_str())].into_iter().chain(values.iter().copied()));
                    }
                    Ok(())
                })?
                .is_some()
            {}
            Ok(())
        })
    })
}
