//! The parts of the schema that follow from the list of entities.

use crate::entity::{self, Entity};

/// Every statement of the schema, in the order in which it is applied. A test holds it against the files in `staging/`.
pub fn schema() -> String {
    let tables: String = entity::ALL.iter().map(|entity| entity.staging_sql).collect();
    [
        include_str!("../../../staging/schema.sql"),
        &raw_tables(),
        &tables,
        include_str!("../../../staging/created.sql"),
        include_str!("../../../staging/gone.sql"),
        &indexes(),
        &views(),
        include_str!("../../../staging/views.sql"),
        include_str!("../../../staging/decisions.sql"),
        include_str!("../../../staging/gates.sql"),
        include_str!("../../../staging/journal.sql"),
    ]
    .concat()
}

/// The raw tables that rules read exist from the start, so that views over them work on every file.
fn raw_tables() -> String {
    let table = |name: &str| format!("create table legacy_{name} (legacy_id integer primary key);\n");
    entity::legacy_tables().into_iter().map(|known| table(known.name)).collect()
}

/// The indexes of what `transform` writes, which it makes again at its end: among them one for each entity whose rows others
/// refer to.
pub fn indexes() -> String {
    let is_referred_to = |entity: &Entity| {
        let mut columns = entity::ALL.iter().flat_map(|other| other.columns);
        columns.any(|column| column.references == Some(entity))
    };
    let ids = entity::ALL.iter().filter(|entity| is_referred_to(entity)).map(|entity| {
        let table = entity.ready_table();
        format!("create unique index if not exists {table}_id on {table} (id);\n")
    });
    std::iter::once(include_str!("../../../staging/indexes.sql").to_owned()).chain(ids).collect()
}

fn views() -> String {
    let extracted = |entity: &Entity| {
        let name = entity.name;
        let condition = if entity.is_optional() {
            format!(" where (select in_use from entities where entity = '{name}')")
        } else {
            String::new()
        };
        format!("select '{name}' as entity, legacy_id from legacy_{}{condition}", entity.legacy.name)
    };
    let ready = |entity: &Entity| {
        format!("select '{}' as entity, legacy_id, id from {}", entity.name, entity.ready_table())
    };
    format!(
        "\n-- one row is one legacy record of one entity, as extracted\ncreate view v_extracted as\n{};\n\n\
         -- one row is one resolved row that waits to be loaded or has been loaded\ncreate view v_ready as\n{};\n\n\
         -- one row is one entity: extracted = ready + merged + rejected + quarantined, and after a load ready = loaded +\n\
         -- failed. What the migration itself created is none of these\ncreate view v_accounting as\n\
         select a.* from (\n{}) a\njoin entities e on e.entity = a.entity and e.in_use\norder by e.position;\n\n",
        of_each(extracted),
        of_each(ready),
        of_each(accounting)
    )
}

/// One entity's line of the accounting, in one walk over its records.
fn accounting(entity: &Entity) -> String {
    let (name, legacy, phase) = (entity.name, entity.legacy.name, entity.phase.as_str());
    format!(
        "select '{name}' as entity, (select count(*) from legacy_{legacy}) + u.rows as extracted,\n\
                coalesce(sum(r.fate = 'ready'), 0) as ready, coalesce(sum(r.fate = 'merged'), 0) as merged,\n\
                coalesce(sum(r.fate = 'rejected'), 0) as rejected,\n\
                coalesce(sum(r.fate = 'quarantined'), 0) + u.rows as quarantined,\n\
                l.loaded - c.loaded as loaded, l.failed - c.failed as failed, c.rows as created\n\
         from (select count(*) as rows from legacy_unreadable where table_name = '{legacy}') u\n\
         join (select coalesce(sum(outcome <> 'failed'), 0) as loaded, coalesce(sum(outcome = 'failed'), 0) as failed\n\
               from loads where entity = '{name}' and phase = '{phase}') l\n\
         join (select count(*) as rows, coalesce(sum(outcome <> 'failed'), 0) as loaded,\n\
                      coalesce(sum(outcome = 'failed'), 0) as failed\n\
               from v_created where entity = '{name}') c\n\
         left join records r on r.entity = '{name}'"
    )
}

fn of_each(query: impl Fn(&Entity) -> String) -> String {
    entity::ALL.iter().map(|entity| query(entity)).collect::<Vec<_>>().join("\nunion all ")
}
