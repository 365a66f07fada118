//! Checks whose query is the same for every entity, table, phase or reference: the second line of the file says for each of
//! what it is asked, and the list of entities says of which there are. Pure.

use crate::entity::{self, Column, Entity, From, Kind, LegacyTable};
use crate::record::{Phase, key_of, quoted};

/// What stands for a name in a query.
type Name = (&'static str, String);

/// The query of a check, asked for each of what its second line names: of the target's tables those that there are.
/// `entities` are those that are sent.
pub fn expanded(sql: &str, entities: &[&'static Entity], tables: &[&'static str]) -> String {
    let Some((sentence, query)) = sql.split_once('\n') else { return sql.to_owned() };
    let Some((what, query)) = query.strip_prefix("-- for each ").and_then(|rest| rest.split_once('\n'))
    else {
        return explained(sql);
    };
    let each: Vec<Vec<Name>> = match what {
        "table" => tables.iter().copied().map(|table| of_table(entities, table)).collect(),
        "phase of an entity" => of_entities(entities, |entity| {
            let of_phase =
                |phase: Phase| vec![(":phase", phase.as_str().to_owned()), (":rows", entity.ready_rows())];
            entity.phases().into_iter().map(of_phase).collect()
        }),
        "reference" => of_columns(|column| {
            column.references.map(|referred| vec![(":referred", referred.name.to_owned())])
        }),
        "unique column" => of_columns(|column| column.unique.then(Vec::new)),
        _ => panic!("nobody knows what a check is asked for each of: {what}"),
    };
    let filled = |names: &Vec<Name>| {
        names.iter().fold(query.to_owned(), |query, (name, value)| query.replace(name, value))
    };
    let queries: Vec<String> = each.iter().map(filled).collect();
    format!("{sentence}\n{}", queries.join("union all\n"))
}

fn of_entities(entities: &[&'static Entity], names_of: impl Fn(&Entity) -> Vec<Vec<Name>>) -> Vec<Vec<Name>> {
    let with_own = |entity: &&'static Entity| {
        let own = (":entity", entity.name.to_owned());
        names_of(entity).into_iter().map(move |mut names| {
            names.push(own.clone());
            names
        })
    };
    entities.iter().flat_map(with_own).collect()
}

fn of_columns(names_of: impl Fn(&Column) -> Option<Vec<Name>>) -> Vec<Vec<Name>> {
    of_entities(entity::ALL, |entity| {
        let with_own = |column: &Column| {
            let mut names = names_of(column)?;
            names.push((":column", column.name.to_owned()));
            Some(names)
        };
        entity.columns.iter().filter_map(with_own).collect()
    })
}

/// A target table, what the entity of a row is called, and by what its rows are told apart.
fn of_table(entities: &[&'static Entity], table: &'static str) -> Vec<Name> {
    let of_table: Vec<&Entity> =
        entities.iter().copied().filter(|entity| entity.target_table == table).collect();
    let literal = |entity: &Entity| format!("'{}'", entity.name);
    let others = of_table.iter().rev().skip(1).rev().filter_map(|entity| {
        let (column, value) = entity.discriminator?;
        Some(format!("when {column}::text = '{value}' then {}", literal(entity)))
    });
    let others: Vec<String> = others.collect();
    let last = of_table.last().map(|entity| literal(entity)).unwrap_or_default();
    let named = if others.is_empty() { last } else { format!("case {} else {last} end", others.join(" ")) };
    let key = of_table.first().map(|entity| entity.legacy_key().join(", ")).unwrap_or_default();
    vec![(":table", table.to_owned()), (":named", named), (":key", key)]
}

/// Fills in what `every_change_is_explained` compares: each column that comes from a raw row, with that row.
fn explained(sql: &str) -> String {
    if !sql.contains(":raw_rows") {
        return sql.to_owned();
    }
    let (mut raw_rows, mut fields, mut compared) = (Vec::new(), Vec::new(), Vec::new());
    for entity in entity::ALL {
        let columns: Vec<&Column> = entity.columns.iter().filter(|column| !column.from.is_empty()).collect();
        if columns.is_empty() {
            continue;
        }
        let (name, with) = (entity.name, entity.named());
        raw_rows.push(raw_table(&format!("own_{name}"), entity.legacy));
        let mut joined = format!("join own_{name} t using (legacy_id)");
        if let Some((table, column)) = with {
            raw_rows.push(raw_table(&format!("with_{name}"), table));
            joined += &format!(" join with_{name} u on u.legacy_id = {}", key_of(&format!("t.{column}")));
        }
        let (mut raw, mut ready) = (String::new(), String::new());
        for (number, column) in (1..).zip(&columns) {
            fields.push(format!("('{name}', {number}, '{}', '{}')", column.name, form(column)));
            raw += &format!(" when {number} then {}", source(column.from));
            ready += &format!(" when {number} then y.{}", quoted(column.name));
        }
        compared.push(format!(
            "select f.entity, y.legacy_id, f.field, f.kind, case f.number{raw} end, case f.number{ready} end \
             from ready_{name} y {joined} cross join fields f where f.entity = '{name}'"
        ));
    }
    sql.replace(":raw_rows", &raw_rows.join(", "))
        .replace(":fields", &fields.join(", "))
        .replace(":compared", &compared.join("\nunion all "))
}

/// The rows of a raw table as `name`, null where the source may lack a column and does.
fn raw_table(name: &str, table: &LegacyTable) -> String {
    let raw = format!("legacy_{}", table.name);
    let required: String =
        table.required_columns.iter().map(|column| format!(", {}", quoted(column))).collect();
    let absent: String =
        table.optional_columns.iter().map(|column| format!(", null as {}", quoted(column))).collect();
    let optional = |column: &&str| {
        let column = quoted(column);
        format!(", (select {column} from {raw} o where o.legacy_id = k.legacy_id) as {column}")
    };
    let optional: String = table.optional_columns.iter().map(optional).collect();
    format!(
        "{name} as not materialized (select k.legacy_id{required}{optional} \
         from (select legacy_id{required}{absent} from {raw}) k)"
    )
}

/// The raw value: of several columns the first that has one.
fn source(from: &[From]) -> String {
    let value = |from: &From| match from {
        From::Own(column) => format!("t.{}", quoted(column)),
        From::With(column) => format!("u.{}", quoted(column)),
    };
    match from {
        [only] => value(only),
        [others @ .., last] => {
            let others: Vec<String> =
                others.iter().map(|from| format!("nullif({}, '')", value(from))).collect();
            format!("coalesce({}, {})", others.join(", "), value(last))
        }
        [] => "null".to_owned(),
    }
}

/// What may differ without a change: the form of a flag or a moment, and the target's label for a word.
fn form(column: &Column) -> &'static str {
    match column.kind {
        Kind::Boolean => "flag",
        Kind::Timestamp => "moment",
        Kind::Enum(_) => "label",
        _ => "text",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_is_asked_for_each_of_what_its_second_line_names() {
        let each = expanded(
            "-- a sentence\n-- for each reference\nselect ':entity.:column > :referred'\n",
            entity::ALL,
            &[],
        );
        assert!(each.starts_with("-- a sentence\nselect 'profiles.practice_id > practices'\nunion all\n"));
        assert_eq!(each.matches("union all").count(), 15, "{each}");
        let tables = expanded(
            "-- a sentence\n-- for each table\nselect :named, :key from :table\n",
            entity::ALL,
            &["practices", "practice_members"],
        );
        assert!(tables.ends_with(
            "select case when role::text = 'owner' then 'practice_owners' else 'practice_members' end, role, legacy_id \
             from practice_members\n"
        ));
        assert_eq!(expanded("-- a sentence\nselect 1\n", entity::ALL, &[]), "-- a sentence\nselect 1\n");
    }

    #[test]
    fn of_several_sources_the_first_that_has_a_value_counts() {
        assert_eq!(source(&[From::Own("a")]), "t.\"a\"");
        assert_eq!(
            source(&[From::Own("a"), From::With("b"), From::With("c")]),
            r#"coalesce(nullif(t."a", ''), nullif(u."b", ''), u."c")"#
        );
    }
}
