//! Which rows are one table's: its own, and those of the tables that inherit from it or are its parts. A server shows them
//! all to whoever reads the table; a script keeps each apart. And which columns the table has, from whatever says so. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Block, Column, Form, Named, Script};
use super::statement::Default;

/// A table and the rows of it, its own first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Family {
    pub table: Named,
    /// The columns; none where nothing names them.
    pub columns: Vec<String>,
    pub parts: Vec<Part>,
    /// The table and all whose rows are its own.
    pub members: BTreeSet<Named>,
}

/// Rows that stand together, with what is known of their columns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    pub block: Block,
    /// One for each value of a row; none where nothing names them.
    pub columns: Vec<String>,
    /// What the table's definition says of its columns, where there is one.
    pub defined: Vec<Column>,
}

impl Part {
    /// What stands in a column of which a row says DEFAULT, or that it does not name; `None` where only a server knows.
    pub(super) fn default(&self, column: &str) -> Option<&Option<Vec<u8>>> {
        match self.defined.iter().find(|defined| defined.name == column)?.default {
            Default::Constant(ref value) => Some(value),
            Default::Computed | Default::Generated => None,
        }
    }
}

impl Family {
    /// The rows of all blocks, where each says how many it has.
    pub(super) fn rows(&self) -> Option<u64> {
        self.parts.iter().map(|part| part.block.rows).sum()
    }
}

/// The tables of the scripts, in their order.
pub(super) fn families(script: &Script) -> Vec<Family> {
    let mut children: BTreeMap<&Named, Vec<&Named>> = BTreeMap::new();
    for (child, parent) in &script.children {
        children.entry(parent).or_default().push(child);
    }
    let mut tables: Vec<&Named> = script.blocks.iter().map(|block| &block.table).collect();
    tables.extend(script.children.iter().map(|(_, parent)| parent));
    tables.extend(script.created.keys());
    tables.extend(&script.announced);
    let mut seen = BTreeSet::new();
    tables.retain(|table| seen.insert(*table));
    tables.into_iter().filter_map(|table| family(script, &children, table)).collect()
}

/// A table with its family. `None` for one of which the scripts have no row, and not because there is none.
fn family(script: &Script, children: &BTreeMap<&Named, Vec<&Named>>, table: &Named) -> Option<Family> {
    let mut members: BTreeSet<Named> = BTreeSet::new();
    let mut waiting = vec![table];
    while let Some(member) = waiting.pop() {
        if members.insert(member.clone()) {
            waiting.extend(children.get(member).into_iter().flatten());
        }
    }
    let own = script.blocks.iter().filter(|block| block.table == *table);
    let others = script.blocks.iter().filter(|block| block.table != *table && members.contains(&block.table));
    let parts: Vec<Part> = own.chain(others).map(|block| part(script, block)).collect();
    // where rows are inserted, nothing is said of a table without any
    let is_known_empty = script.announced.contains(table)
        || script.announced.is_empty()
            && script.blocks.iter().any(|block| matches!(block.form, Form::Insert { .. }));
    if parts.is_empty() && !is_known_empty {
        return None;
    }
    let columns = columns(table, &parts, &defined(script, table));
    Some(Family { table: table.clone(), columns, parts, members })
}

fn part(script: &Script, block: &Block) -> Part {
    // a part whose rows are inserted into the whole has them in the order of its own columns
    let is_part = |table: &&Named| block.columns.is_none() && is_part_of(script, table, &block.table);
    let defined = defined(script, block.data_of.as_ref().filter(is_part).unwrap_or(&block.table));
    let is_inserted = matches!(block.form, Form::Insert { .. });
    // a COPY statement leaves out what is computed from other columns, an INSERT statement says DEFAULT there
    let named = defined.iter().filter(|column| is_inserted || column.default != Default::Generated);
    let columns = block.columns.clone().unwrap_or_else(|| named.map(|column| column.name.clone()).collect());
    Part { block: block.clone(), columns, defined }
}

/// Whether the rows of a table count as another one's.
fn is_part_of(script: &Script, table: &Named, whole: &Named) -> bool {
    let (mut waiting, mut seen) = (vec![table], BTreeSet::new());
    while let Some(table) = waiting.pop() {
        let parents = script.children.iter().filter(|(child, _)| child == table).map(|(_, parent)| parent);
        waiting.extend(parents.filter(|parent| seen.insert(*parent)));
    }
    seen.contains(whole)
}

/// The columns of a table by its definition, those that it inherits first.
fn defined(script: &Script, table: &Named) -> Vec<Column> {
    let mut columns: Vec<Column> = Vec::new();
    let mut waiting = vec![table];
    let mut order: Vec<&Named> = Vec::new();
    while let Some(table) = waiting.pop() {
        // a table cannot inherit from itself, whatever a script says
        if order.contains(&table) {
            continue;
        }
        order.push(table);
        waiting.extend(script.created.get(table).into_iter().flat_map(|created| &created.parents));
    }
    for table in order.into_iter().rev() {
        for column in
            script.created.get(table).and_then(|created| created.columns.as_ref()).into_iter().flatten()
        {
            match columns.iter_mut().find(|known| known.name == column.name) {
                Some(known) => *known = column.clone(),
                None => columns.push(column.clone()),
            }
        }
    }
    columns
}

/// The columns that the table's own rows have; without any, those of its definition, or else of its parts.
fn columns(table: &Named, parts: &[Part], defined: &[Column]) -> Vec<String> {
    let is_generated = |column: &String| {
        defined.iter().any(|known| known.name == *column && known.default == Default::Generated)
    };
    let is_defined =
        |column: &String| defined.is_empty() || defined.iter().any(|known| known.name == *column);
    let has_own = parts.iter().any(|part| part.block.table == *table);
    let mut columns: Vec<String> = Vec::new();
    for part in parts.iter().filter(|part| !has_own || part.block.table == *table) {
        for column in
            part.columns.iter().filter(|column| !is_generated(column) && (has_own || is_defined(column)))
        {
            if !columns.contains(column) {
                columns.push(column.clone());
            }
        }
        // parts have no column of their own, and what inherits has more
        if !has_own && !columns.is_empty() {
            break;
        }
    }
    if columns.is_empty() {
        columns =
            defined.iter().map(|column| column.name.clone()).filter(|column| !is_generated(column)).collect();
    }
    columns
}
