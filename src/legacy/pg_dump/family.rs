//! Which COPY blocks are one table's: its own, and those of the tables that inherit from it or are its parts. A server shows
//! them all to whoever reads the table; a script keeps each apart. Pure.

use std::collections::{BTreeMap, BTreeSet};

use super::script::{Block, Named, Script};

/// A table and the blocks that hold its rows, its own first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Family {
    pub table: Named,
    pub columns: Vec<String>,
    pub blocks: Vec<Block>,
}

impl Family {
    /// The rows of all blocks.
    pub(super) fn rows(&self) -> u64 {
        self.blocks.iter().map(|block| block.rows).sum()
    }
}

/// The tables of a script, in its order. A table that has parts only comes with the first of them, and with its columns.
pub(super) fn families(script: &Script) -> Vec<Family> {
    let mut children: BTreeMap<&Named, Vec<&Named>> = BTreeMap::new();
    for (child, parent) in &script.children {
        children.entry(parent).or_default().push(child);
    }
    let named = |block: &Block| (block.schema.clone(), block.table.clone());
    let mut families: Vec<Family> = Vec::new();
    let mut tables: Vec<Named> = script.blocks.iter().map(named).collect();
    tables.extend(script.children.iter().map(|(_, parent)| parent.clone()));
    let mut seen = BTreeSet::new();
    tables.retain(|table| seen.insert(table.clone()));
    for table in tables {
        let mut waiting = vec![&table];
        let mut of_family: BTreeSet<&Named> = BTreeSet::new();
        while let Some(member) = waiting.pop() {
            if of_family.insert(member) {
                waiting.extend(children.get(member).into_iter().flatten());
            }
        }
        let is_own = |block: &&Block| named(block) == table;
        let is_child = |block: &&Block| named(block) != table && of_family.contains(&named(block));
        let own = script.blocks.iter().filter(is_own);
        let blocks: Vec<Block> = own.chain(script.blocks.iter().filter(is_child)).cloned().collect();
        if let Some(first) = blocks.first() {
            families.push(Family { columns: first.columns.clone(), table, blocks });
        }
    }
    families
}
