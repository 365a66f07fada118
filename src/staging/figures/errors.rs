//! Issues out: filtered, in order, and without what a person may not see in a list: values and contexts stay in the file.

use rusqlite::types::Value;

use crate::error::Result;
use crate::record::{Code, LegacyId};
use crate::staging::file::open::Reader;
use crate::staging::file::row::{OfRow, row_struct};

/// Which issues: each filter that is given must hold.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ErrorFilter {
    /// The plan's category.
    pub category: Option<String>,
    /// The plan's severity.
    pub severity: Option<String>,
    /// The plan's phase.
    pub phase: Option<String>,
    /// The entity.
    pub entity: Option<String>,
    /// The plan's resolution status.
    pub status: Option<String>,
    /// The code.
    pub code: Option<String>,
    /// One record.
    pub legacy_id: Option<LegacyId>,
}

row_struct! {
    /// One issue without values.
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    #[expect(missing_docs, reason = "the names are the plan's own")]
    pub struct ErrorRow {
        pub error_id: i64,
        pub phase: String,
        pub severity: String,
        pub entity_type: String,
        pub entity: String,
        /// The record; none for a row whose key cannot be told.
        pub entity_id: Option<LegacyId>,
        pub error_code: String,
        pub error_category: String,
        pub field: String,
        pub error_message: String,
        pub suggested_resolution: String,
        pub resolution_strategy: String,
        pub resolution_status: String,
        pub batch_id: Option<u64>,
        pub retry_count: u64,
        pub created_at: String,
        pub resolved_at: Option<String>,
        /// The table and column of the target that would refuse the record, or where in the source an unreadable row stands.
        pub place: Option<String>,
    }
}

impl Reader {
    /// Hands over every issue that the filter lets through, most severe first, then in the order of the records.
    pub fn for_errors(
        &self,
        filter: &ErrorFilter,
        mut each: impl FnMut(ErrorRow) -> Result<()>,
    ) -> Result<()> {
        let mut conditions = String::new();
        // other contexts may hold values
        let placing: Vec<&str> =
            Code::ALL.iter().filter(|code| code.names_a_place()).map(|code| code.as_str()).collect();
        let mut parameters = vec![Value::Text(serde_json::json!(placing).to_string())];
        for (column, wanted) in [
            ("error_category", &filter.category),
            ("severity", &filter.severity),
            ("phase", &filter.phase),
            ("entity", &filter.entity),
            ("resolution_status", &filter.status),
            ("error_code", &filter.code),
        ] {
            if let Some(wanted) = wanted {
                conditions.extend([" and ", column, " = ?"]);
                parameters.push(Value::Text(wanted.clone()));
            }
        }
        if let Some(legacy_id) = filter.legacy_id {
            conditions += " and entity_id = ?";
            parameters.push(Value::Integer(legacy_id.0));
        }
        let mut statement = self.connection.prepare(&format!(
            "select error_id, phase, severity, entity_type, entity, entity_id, error_code, error_category, field, \
                    error_message, suggested_resolution, resolution_strategy, resolution_status, batch_id, \
                    retry_count, created_at, resolved_at, \
                    case when error_code in (select value from json_each(?)) \
                           or error_code = 'row_unreadable' and error_context in ( \
                               select reason || coalesce(' in ' || file, '') || coalesce(' line ' || line, '') \
                               from legacy_unreadable) \
                         then error_context end as place \
             from migration_errors where 1 = 1{conditions} \
             order by case severity when 'critical' then 0 when 'high' then 1 when 'medium' then 2 else 3 end, \
                      phase, entity, entity_id, error_id"
        ))?;
        let mut rows = statement.query(rusqlite::params_from_iter(parameters))?;
        while let Some(row) = rows.next()? {
            each(ErrorRow::of_row(row)?)?;
        }
        Ok(())
    }
}
