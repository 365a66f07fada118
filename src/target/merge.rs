//! What a merge is, and the statements that it is made of. Rows go by COPY into a temporary table `s` and from there, by
//! their legacy key, into the target's table `t`. Rows that already are as meant are not touched. Pure.

use std::ops::RangeInclusive;

use super::{quoted, quoted_text};
use crate::entity::{Column, Entity, Kind, Write as When, metadata};
use crate::record::{LegacyId, Phase};

/// One merge of a phase: which entity, and which of its columns.
#[derive(Debug, Clone)]
pub struct Merge {
    /// The entity.
    pub entity: &'static Entity,
    /// The phase.
    pub phase: Phase,
    /// The columns sent, `id` and `legacy_id` first.
    pub columns: Vec<&'static Column>,
}

/// The condition that a column of the target row `t` is not what `alias` has. Only our own key of the metadata counts; texts
/// are compared as they stand, whatever the type or the collation of the column calls equal.
pub(super) fn differs(column: &Column, alias: &str) -> String {
    let name = quoted(column.name);
    match column.kind {
        Kind::Metadata => {
            format!("t.{name} -> '{0}' is distinct from {alias}.{name} -> '{0}'", metadata::KEY)
        }
        Kind::Text => {
            format!("t.{name}::text collate \"C\" is distinct from {alias}.{name}::text collate \"C\"")
        }
        _ => format!("t.{name} is distinct from {alias}.{name}"),
    }
}

/// Whether an update sets a column of the entity: not what tells its rows apart, nor what people enter after the insert.
fn is_updated(entity: &Entity, column: &Column) -> bool {
    let key = entity.key();
    let is_there = column.name != "legacy_id" || entity.has_key_column();
    column.name != "id" && is_there && !key.contains(&column.name) && column.write != When::OnInsert
}

impl Merge {
    /// The merges of a phase, in the order of the entities: those whose phase it is, and the columns that it adds to earlier
    /// ones.
    pub fn of_phase(phase: Phase, entities: &[&'static Entity]) -> Vec<Merge> {
        let identity = |column: &&'static Column| matches!(column.name, "id" | "legacy_id");
        entities
            .iter()
            .copied()
            .filter_map(|entity| {
                let columns: Vec<_> = if entity.phase == phase {
                    entity.columns.iter().filter(|column| !matches!(column.write, When::In(_))).collect()
                } else {
                    let later = |column: &&'static Column| column.write == When::In(phase);
                    if !entity.columns.iter().any(|column| later(&column)) {
                        return None;
                    }
                    entity.columns.iter().filter(|column| identity(column) || later(column)).collect()
                };
                Some(Merge { entity, phase, columns })
            })
            .collect()
    }

    /// Whether it inserts rows, or only adds to rows of an earlier phase.
    pub fn inserts(&self) -> bool {
        self.entity.phase == self.phase && !self.entity.is_onto()
    }

    /// Whether a record may be about to get a value that another record's row still holds.
    pub fn has_moving_values(&self) -> bool {
        self.inserts() && self.unique_column().is_some()
    }

    /// The column whose values move between rows, if it sends one.
    pub(super) fn unique_column(&self) -> Option<&'static Column> {
        self.columns.iter().copied().find(|column| column.unique)
    }

    /// The table of the rows sent.
    pub(super) fn sent(&self) -> String {
        quoted(&format!("drydock_{}", self.entity.name))
    }

    /// The table of what other phases wrote into the rows that are about to be changed.
    pub(super) fn before(&self) -> String {
        quoted(&format!("drydock_before_{}", self.entity.name))
    }

    /// The table of those that the target already has.
    pub(super) fn known(&self) -> String {
        quoted(&format!("drydock_known_{}", self.entity.name))
    }

    /// The columns that an update sets.
    pub(super) fn updated(&self) -> impl Iterator<Item = &&'static Column> {
        let entity = self.entity;
        self.columns.iter().filter(move |column| is_updated(entity, column))
    }

    /// The columns that an insert gives.
    fn inserted(&self) -> String {
        let has_key = self.entity.has_key_column();
        let given = self.columns.iter().filter(|column| has_key || column.name != "legacy_id");
        given.map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
    }

    pub(super) fn listed(&self) -> String {
        self.columns.iter().map(|column| quoted(column.name)).collect::<Vec<_>>().join(", ")
    }

    /// The condition that a target row `t` stands for the same record as `s`.
    pub(super) fn same_record(&self) -> String {
        let same = |column: &str| format!("t.{0} = s.{0}", quoted(column));
        self.entity.key().into_iter().map(same).collect::<Vec<_>>().join(" and ")
    }

    /// The condition that the target row `t` has a legacy id in the range: it keeps every look into the table as small
    /// as the chunk, whatever else the table holds.
    pub(super) fn within(&self, range: &RangeInclusive<LegacyId>) -> String {
        // rows that are found by their id are looked up one by one
        if self.entity.key() == ["id"] {
            return "true".to_owned();
        }
        let between = format!("t.\"legacy_id\" between {} and {}", range.start(), range.end());
        match self.entity.discriminator {
            Some((column, value)) => format!("t.{} = {} and {between}", quoted(column), quoted_text(value)),
            None => between,
        }
    }

    /// The condition that the target row `t` is not as `sent` means it. Null is a value like any other: a profile that loses
    /// its practice loses it in the target too.
    pub(super) fn differs(&self, sent: &str) -> String {
        format!("({})", self.updated().map(|column| differs(column, sent)).collect::<Vec<_>>().join(" or "))
    }

    fn assignments(&self, sent: &str) -> String {
        let assigned = |column: &&Column| {
            let name = quoted(column.name);
            match column.kind {
                Kind::Metadata => format!("{name} = coalesce(t.{name}, '{{}}') || {sent}.{name}"),
                _ => format!("{name} = {sent}.{name}"),
            }
        };
        self.updated().map(assigned).collect::<Vec<_>>().join(", ")
    }

    /// The entity's columns that any phase updates.
    pub(super) fn written(&self) -> impl Iterator<Item = &'static Column> {
        let entity = self.entity;
        entity.columns.iter().filter(move |column| is_updated(entity, column))
    }

    /// The entity's columns that other phases write: what this merge must leave as it is, whatever a trigger does when it
    /// writes. What people enter after the insert is theirs.
    pub(super) fn of_other_phases(&self) -> impl Iterator<Item = &'static Column> {
        self.written().filter(|column| !self.columns.iter().any(|sent| sent.name == column.name))
    }

    /// The columns that an update sets, of the target row `t`, as one JSON object.
    pub(super) fn image(&self) -> String {
        let pairs: Vec<String> = self
            .updated()
            .map(|column| format!("{}, t.{}", quoted_text(column.name), quoted(column.name)))
            .collect();
        format!("jsonb_build_object({})", pairs.join(", "))
    }

    /// Compares what was sent with what is there.
    pub(super) fn compare_statement(&self, table: &str, range: &RangeInclusive<LegacyId>) -> String {
        format!(
            "create temporary table {} on commit drop as \
             select s.legacy_id, t.id, t.id <> s.id as is_stale, {} as is_different \
             from {} s join {table} t on {} and {}",
            self.known(),
            self.differs("s"),
            self.sent(),
            self.same_record(),
            self.within(range)
        )
    }

    /// The statement that writes, returning legacy id, whether the row is new, and the transaction that wrote it, which
    /// `written_in` gives. The
    /// rows were sent in key order and are read in it, so nothing has to be sorted.
    pub(super) fn write_statement(
        &self,
        table: &str,
        some_known: bool,
        range: &RangeInclusive<LegacyId>,
        written_in: &str,
    ) -> String {
        let (sent, known) = (self.sent(), self.known());
        // a row of a parted table does not say it itself; that somebody else made it meanwhile is not seen there
        let is_new = if written_in.starts_with("t.") {
            "t.xmax = 0".to_owned()
        } else {
            format!("not exists (select 1 from {known} k where k.legacy_id = t.legacy_id)")
        };
        if self.inserts() {
            let unless_right = if some_known {
                format!(
                    "where not exists (select 1 from {known} k where k.legacy_id = s.legacy_id and not k.is_different)"
                )
            } else {
                String::new()
            };
            format!(
                "insert into {table} as t ({0}) select {0} from {sent} s {unless_right} \
                 on conflict ({1}) do update set {2} where {3} returning t.legacy_id::bigint, {is_new}, {written_in}",
                self.inserted(),
                self.entity.key().into_iter().map(quoted).collect::<Vec<_>>().join(", "),
                self.assignments("excluded"),
                self.differs("excluded"),
            )
        } else {
            format!(
                "update {table} t set {} from {sent} s, {known} k \
                 where k.is_different and k.legacy_id = s.legacy_id and t.id = k.id and {} and {} \
                 returning t.legacy_id::bigint, false, {written_in}",
                self.assignments("s"),
                self.within(range),
                self.differs("s"),
            )
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_column_is_written_by_exactly_one_merge() {
        for entity in crate::entity::ALL {
            for column in entity.columns.iter().filter(|column| !matches!(column.name, "id" | "legacy_id")) {
                let merges = Phase::ALL
                    .into_iter()
                    .flat_map(|phase| Merge::of_phase(phase, crate::entity::ALL))
                    .filter(|merge| merge.entity.name == entity.name && merge.columns.contains(&column));
                assert_eq!(merges.count(), 1, "{}.{}", entity.name, column.name);
            }
        }
    }

    #[test]
    fn what_the_legacy_never_had_is_never_updated() {
        for merge in Phase::ALL.into_iter().flat_map(|phase| Merge::of_phase(phase, crate::entity::ALL)) {
            assert!(merge.updated().all(|column| column.write != When::OnInsert), "{}", merge.entity.name);
        }
    }
}
