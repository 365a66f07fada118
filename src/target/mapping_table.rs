//! The target's own table of which row stands for which record: read where the configuration says so, and written when rows are
//! made, so that whatever the application looks up there goes on to be found.

use std::collections::BTreeMap;

use super::failure::Failure;
use super::merge::Merge;
use super::referred::Reference;
use super::{Target, quoted, quoted_text};
use crate::config;
use crate::entity::Entity;
use crate::error::{Error, Result};

/// The name that it usually has.
const USUAL: &str = "migration_mappings";

/// The names that its column with the new id is known by.
const NEW_ID: &[&str] = &["new_id", "modern_id", "target_id", "supabase_id", "new_uuid", "uuid"];

/// What it is called, and its columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mappings {
    pub table: String,
    pub entity_type: String,
    pub legacy_id: String,
    pub new_id: String,
    words: BTreeMap<String, String>,
    /// Whether rows that are made are noted in it.
    pub is_written: bool,
}

impl Mappings {
    pub(super) fn new(config: &config::MappingTable) -> Self {
        let or = |name: &String, usual: &str| if name.is_empty() { usual.to_owned() } else { name.clone() };
        Self {
            table: or(&config.table, USUAL),
            entity_type: or(&config.entity_type, "entity_type"),
            legacy_id: or(&config.legacy_id, "legacy_id"),
            new_id: config.new_id.clone(),
            words: config.words.clone(),
            is_written: !config.table.is_empty(),
        }
    }

    /// The word by which it knows an entity.
    pub(super) fn word(&self, entity: &Entity) -> String {
        self.words.get(entity.name).cloned().unwrap_or_else(|| entity.singular.to_owned())
    }
}

impl Target {
    /// The join that finds a row's legacy id in the table, as `m.legacy_id`. Of several for one row none counts.
    pub(super) fn mapping_join(&mut self, entity: &Entity) -> Result<String> {
        let mappings = self.mappings()?;
        let theirs = self.names.table(entity.target_table);
        let word = mappings.word(entity);
        let words =
            [entity.name, entity.singular, entity.legacy.name, entity.target_table, theirs, word.as_str()];
        let words: Vec<String> = words.iter().map(|word| quoted_text(&word.to_lowercase())).collect();
        Ok(format!(
            " left join (select m.{0}::text as new_id, min(m.{3}::text) as legacy_id from {1}.{4} m \
             where lower(m.{5}::text) in ({2}) group by m.{0}::text \
             having count(distinct m.{3}::text) = 1) m on m.new_id = t.id::text",
            quoted(&mappings.new_id),
            quoted(&self.schema),
            words.join(", "),
            quoted(&mappings.legacy_id),
            quoted(&mappings.table),
            quoted(&mappings.entity_type),
        ))
    }

    /// The table with the columns that it has.
    fn mappings(&mut self) -> Result<Mappings, Failure> {
        let mut mappings = self.mappings.clone();
        let what = format!("reading {}", mappings.table);
        let schema = self.schema.clone();
        let rows = self
            .client
            .query(
                "select a.attname::text from pg_attribute a join pg_class c on c.oid = a.attrelid \
                 join pg_namespace n on n.oid = c.relnamespace \
                 where n.nspname = $1 and c.relname = $2 and a.attnum > 0 and not a.attisdropped",
                &[&schema, &mappings.table],
            )
            .map_err(|cause| Failure::of(&what, &cause))?;
        let columns: Vec<String> = rows.iter().map(|row| row.get(0)).collect();
        let has = |name: &str| columns.iter().any(|column| column == name);
        let known = [mappings.new_id.as_str()].into_iter().chain(NEW_ID.iter().copied());
        let new_id = known.filter(|name| !name.is_empty()).find(|name| has(name)).map(str::to_owned);
        match new_id.filter(|_| has(&mappings.entity_type) && has(&mappings.legacy_id)) {
            Some(new_id) => {
                mappings.new_id = new_id;
                Ok(mappings)
            }
            None => Err(Error::precondition(format!(
                "the configuration names the table {0}, and the target has no table {0} with {1}, {2} and a new id",
                mappings.table, mappings.entity_type, mappings.legacy_id
            ))
            .hint(format!(
                "[target.mapping_table] says what the table and its columns are called; without it the new id's column may be \
                 called {}",
                NEW_ID.join(", ")
            ))
            .into()),
        }
    }

    /// Notes the rows that a merge is about to make.
    pub(super) fn note_mappings(&mut self, merge: &Merge) -> Result<(), Failure> {
        if !self.mappings.is_written || merge.entity.is_part() {
            return Ok(());
        }
        let mappings = self.mappings()?;
        self.execute(
            &format!("noting the rows of {}", merge.entity.name),
            &format!(
                "insert into {}.{} ({}, {}, {}) select {}, s.legacy_id, s.id from {} s \
                 where not exists (select 1 from {} k where k.id = s.id) on conflict do nothing",
                quoted(&self.schema),
                quoted(&mappings.table),
                quoted(&mappings.entity_type),
                quoted(&mappings.legacy_id),
                quoted(&mappings.new_id),
                quoted_text(&mappings.word(merge.entity)),
                merge.sent(),
                merge.known()
            ),
        )
    }

    /// The table, where rows that are made are noted in it, and the id of the row `m` as text where it speaks of the entity.
    pub(super) fn noted_mappings(&mut self, entity: &Entity) -> Result<Option<(String, String)>, Failure> {
        if !self.mappings.is_written || entity.is_part() {
            return Ok(None);
        }
        let mappings = self.mappings()?;
        Ok(Some((
            format!("{}.{}", quoted(&self.schema), quoted(&mappings.table)),
            format!(
                "m.{}::text = {} and m.{}::text",
                quoted(&mappings.entity_type),
                quoted_text(&mappings.word(entity)),
                quoted(&mappings.new_id)
            ),
        )))
    }

    /// Foreign keys that refer to the table.
    pub(super) fn references_to_mappings(&mut self) -> Result<Vec<Reference>, Failure> {
        let table = self.mappings.table.clone();
        self.references_to(&table)
    }

    /// Takes out what says whose the rows were that an undo removes from a table: those in `drydock_undo`.
    pub(super) fn forget_mappings(&mut self, table: &str) -> Result<(), Failure> {
        match self.mapped_of_undo(table)? {
            Some((mappings, is_its)) => self.execute(
                &format!("removing rows of {table}"),
                &format!("delete from {mappings} m using drydock_undo u where {is_its}"),
            ),
            None => Ok(()),
        }
    }

    /// Leaves rows that an undo would remove from a table where somebody refers to the line that says whose they are.
    pub(super) fn leave_what_is_mapped_for_others(&mut self, table: &str) -> Result<(), Failure> {
        let Some((mappings, is_its)) = self.mapped_of_undo(table)? else { return Ok(()) };
        for reference in self.references_to_mappings()? {
            self.execute(
                &format!("looking for references to {}", self.mappings.table),
                &format!(
                    "update drydock_undo u set state = 'referenced', by_whom = {} from {mappings} m \
                     where {is_its} and exists (select 1 from {} c where {})",
                    quoted_text(&reference.shown),
                    reference.child,
                    reference.refers("m")
                ),
            )?;
        }
        Ok(())
    }

    /// The table, and the condition that its row `m` says whose the row of `drydock_undo` is that an undo removes from a table.
    fn mapped_of_undo(&mut self, table: &str) -> Result<Option<(String, String)>, Failure> {
        if !self.mappings.is_written {
            return Ok(None);
        }
        let mappings = self.mappings()?;
        let of_table = |entity: &&&'static Entity| entity.target_table == table && !entity.is_part();
        let words: Vec<String> = self
            .names
            .entities()
            .iter()
            .filter(of_table)
            .map(|entity| quoted_text(&mappings.word(entity)))
            .collect();
        if words.is_empty() {
            return Ok(None);
        }
        Ok(Some((
            format!("{}.{}", quoted(&self.schema), quoted(&mappings.table)),
            format!(
                "m.{}::text in ({}) and m.{}::text = u.id::text and u.table_name = {} \
                 and u.how = 'inserted' and u.state is null",
                quoted(&mappings.entity_type),
                words.join(", "),
                quoted(&mappings.new_id),
                quoted_text(table)
            ),
        )))
    }
}
