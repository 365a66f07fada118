//! Constraints of a table asked of each chunk before it is written, once some of its rows are known to break one: what they refuse
//! is set apart together, and none is tried.

use std::collections::BTreeMap;

use super::constraints::{Constraint, Unsent, in_base_type};
use super::failure::{Failure, Refusal};
use super::merge::Merge;
use super::{Target, quoted};
use crate::entity::{Entity, Kind, Write};
use crate::error::Result;
use crate::record::LegacyId;

/// What a session knows of the constraints of an entity's table, once one of them has refused something.
#[derive(Debug, Clone)]
pub(super) struct Judged {
    entity: &'static str,
    constraints: Vec<Constraint>,
    /// The columns whose type is a domain, with the type that it is made of.
    base_types: Vec<(String, String)>,
    /// What a column of the table gets that is not sent.
    others: BTreeMap<String, Unsent>,
}

impl Target {
    /// From now on asks the constraints of the entity's table of every chunk before it is written, so that what they refuse is
    /// known at once. Returns whether that is new, and there is something to ask.
    pub fn judge_chunks(&mut self, merge: &Merge, refusal: &Refusal) -> Result<bool> {
        let is_about_a_row = matches!(refusal.sqlstate.as_str(), "23503" | "23505" | "23514");
        if !is_about_a_row || self.judged_of(merge.entity).is_some() {
            return Ok(false);
        }
        self.judge(merge.entity)?;
        let judged = self.judged_of(merge.entity).map_or(&[][..], |judged| &judged.constraints);
        Ok(judged.iter().any(|known| refusal.constraint.as_ref() == Some(&known.name)))
    }

    /// From now on asks the constraints of the entity's table of every chunk before it is written.
    pub fn judge(&mut self, entity: &Entity) -> Result<()> {
        let mut constraints = self.constraints(entity)?;
        // what a trigger makes of a column before it is inserted cannot be known
        let made_over = self.made_over(entity)?;
        constraints.retain(|constraint| constraint.can_be_asked && !made_over.touches(&constraint.columns));
        let catalog = self.catalog()?;
        let of_table = catalog.columns.into_iter().filter(|column| column.table == entity.target_table);
        let others = of_table.map(|column| (column.name.clone(), Unsent::of(&column))).collect();
        self.judged.retain(|judged| judged.entity != entity.name);
        let base_types = self.base_types(entity, "looking at domains")?;
        self.judged.push(Judged { entity: entity.name, constraints, base_types, others });
        Ok(())
    }

    fn judged_of(&self, entity: &Entity) -> Option<&Judged> {
        self.judged.iter().find(|judged| judged.entity == entity.name)
    }

    /// What the constraints refuse of the rows sent, which are compared already; the rows are taken out of what will be
    /// written. Nothing unless [`Target::judge_chunks`] said so.
    pub(super) fn refuse_judged(
        &mut self,
        merge: &Merge,
        table: &str,
    ) -> Result<Vec<(LegacyId, Refusal)>, Failure> {
        let Some(judged) = self.judged_of(merge.entity) else { return Ok(Vec::new()) };
        let asked = judged.constraints.iter().filter_map(|constraint| {
            let refusal = Refusal {
                sqlstate: constraint.sqlstate.to_owned(),
                table: Some(self.names.table(merge.entity.target_table).to_owned()),
                constraint: Some(constraint.name.clone()),
                ..Refusal::default()
            };
            Some((question(merge, table, constraint, &judged.others)?, refusal))
        });
        let asked: Vec<(String, Refusal)> = asked.collect();
        let mut refused: Vec<(LegacyId, Refusal)> = Vec::new();
        for (sql, refusal) in asked {
            let ids = self.legacy_ids("asking constraints", &sql)?;
            // one that is refused is in nobody's way any more
            self.set_apart(merge, &ids)?;
            refused.extend(ids.into_iter().map(|id| (id, refusal.clone())));
        }
        refused.sort_by_key(|(id, _)| *id);
        Ok(refused)
    }

    /// Takes rows out of what will be written.
    fn set_apart(&mut self, merge: &Merge, ids: &[LegacyId]) -> Result<(), Failure> {
        if ids.is_empty() {
            return Ok(());
        }
        let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
        for from in [merge.sent(), merge.known()] {
            self.client
                .execute(&format!("delete from {from} where legacy_id::bigint = any($1)"), &[&ids])
                .map_err(|cause| Failure::of("setting refused rows apart", &cause))?;
        }
        Ok(())
    }

    /// The columns sent, as a table has them that takes the rows: once constraints are asked, without what domains ask.
    pub(super) fn sent_columns(&self, merge: &Merge) -> String {
        let types = self.judged_of(merge.entity).map_or(&[][..], |judged| &judged.base_types);
        let taken = merge.columns.iter().map(|column| in_base_type("t", column, types));
        taken.collect::<Vec<_>>().join(", ")
    }
}

/// The query for the rows sent that a constraint refuses when they are written: those that are new or become others. None where
/// it asks for what is not known before.
fn question(
    merge: &Merge,
    table: &str,
    constraint: &Constraint,
    others: &BTreeMap<String, Unsent>,
) -> Option<String> {
    let mut only_known = !merge.inserts();
    let mut values = String::new();
    for (ours, name) in constraint.columns.iter().zip(&constraint.known_as) {
        let sent = merge.columns.iter().find(|column| column.name == ours.as_str());
        let column = quoted(ours);
        let value = match sent {
            // only our part of it is sent
            Some(column) if column.kind == Kind::Metadata => return None,
            Some(sent) if sent.write == Write::OnInsert => {
                format!("case when t.id is null then s.{column} else t.{column} end")
            }
            Some(_) => format!("s.{column}"),
            None => {
                // what a later phase fills is null until then
                let is_later =
                    merge.entity.column(ours).is_some_and(|column| matches!(column.write, Write::In(_)));
                let unsent = others.get(ours).unwrap_or(&Unsent::Unknown);
                let value = unsent.value(&column).filter(|_| !is_later);
                only_known |= value.is_none() && !is_later;
                value.unwrap_or_else(|| format!("t.{column}"))
            }
        };
        values += &format!(", {value} as {}", quoted(name));
    }
    let is_written = if only_known { "k.is_different" } else { "k.legacy_id is null or k.is_different" };
    let rows = format!(
        "select s.legacy_id::bigint as \"drydock legacy id\", s.id as \"drydock id\"{values} from {} s \
         left join {} k on k.legacy_id = s.legacy_id left join {table} t on t.id = k.id where {is_written}",
        merge.sent(),
        merge.known(),
    );
    let is_among = format!(
        "exists (select 1 from {} k where k.id = u.{} and k.is_different)",
        merge.known(),
        constraint.id().unwrap_or("id")
    );
    Some(constraint.broken(&rows, &is_among, true))
}
