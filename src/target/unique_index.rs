//! What a unique index asks of many rows at once, among themselves and beside those that stand there: one over expressions, over
//! some of the rows only, or over what the configuration fills. What rules can compare is settled when records are resolved.

/// A unique index: no two of the rows that it is about have the same keys.
#[derive(Debug, Clone)]
pub(super) struct UniqueIndex {
    /// Its keys, expressions over the table's columns.
    pub keys: Vec<String>,
    /// The condition of the rows that it is about, if not all.
    pub condition: Option<String>,
    /// Whether nulls are equal in it.
    pub are_nulls_equal: bool,
    /// The table, quoted.
    pub table: String,
    /// The column of its ids, quoted.
    pub id: String,
}

impl UniqueIndex {
    /// The rows of a query `rows` that break it, by `drydock legacy id`: whose keys one with a lower id has too, or a row that
    /// stands there. `is_among` is the condition that the row `u` there is about to become one of them. `singly` looks for each row
    /// by the index, which few rows want.
    pub(super) fn broken(&self, rows: &str, is_among: &str, singly: bool) -> String {
        let names: Vec<String> =
            (1..=self.keys.len()).map(|place| format!("\"drydock key {place}\"")).collect();
        let selected = self.keys.iter().zip(&names).map(|(key, name)| format!("({key}) as {name}"));
        let keys = selected.collect::<Vec<_>>().join(", ");
        let about = self.condition.as_deref().unwrap_or("true");
        let are_set: String = if self.are_nulls_equal {
            String::new()
        } else {
            self.keys.iter().map(|key| format!(" and ({key}) is not null")).collect()
        };
        let same = |theirs: &dyn Fn(usize) -> String| -> String {
            let pairs = names.iter().enumerate().map(|(place, name)| {
                let theirs = theirs(place);
                if self.are_nulls_equal {
                    // as texts, by which rows can be hashed
                    format!("(r.{name} is null) = ({theirs} is null) and coalesce(r.{name}::text, '') = coalesce({theirs}::text, '')")
                } else {
                    format!("{theirs} = r.{name}")
                }
            });
            pairs.collect::<Vec<_>>().join(" and ")
        };
        let (table, id) = (&self.table, &self.id);
        let is_held = if singly {
            let by_key = same(&|place| format!("({})", self.keys[place]));
            format!(
                "exists (select 1 from {table} u where {by_key} and ({about}) and u.{id} <> r.\"drydock id\" and not ({is_among}))"
            )
        } else {
            "exists (select 1 from held h where h.id = r.\"drydock id\")".to_owned()
        };
        let held = if singly {
            String::new()
        } else {
            format!(
                ", there as materialized (select {} from {table} u where ({about}){are_set} and not ({is_among})), \
                 held as materialized (select r.\"drydock id\" as id from r join there h on {})",
                keys,
                same(&|place| format!("h.{}", names[place]))
            )
        };
        format!(
            "with r as materialized (\
                 select v.\"drydock legacy id\", v.\"drydock id\", {} from ({rows}) v where ({about}){are_set}){held} \
             select x.\"drydock legacy id\" from (\
                 select r.\"drydock legacy id\", {is_held} as is_held, \
                     row_number() over (partition by {} order by r.\"drydock legacy id\") as place from r) x \
             where x.is_held or x.place > 1",
            keys,
            names.iter().map(|name| format!("r.{name}")).collect::<Vec<_>>().join(", "),
        )
    }
}
