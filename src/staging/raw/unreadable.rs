//! Rows that could not be placed by their key have no record of their own, but they are issues like any other.

use crate::error::Result;
use crate::record::Code;
use crate::staging::file::open::Staging;
use crate::staging::now;

impl Staging {
    /// Notes every unreadable row as an issue of each entity that is made from its table.
    pub fn note_unreadable(&mut self) -> Result<()> {
        let code = Code::RowUnreadable;
        self.connection.execute(
            "insert into migration_errors (phase, severity, entity_type, entity, entity_id, error_code, error_category, \
             field, error_message, error_context, suggested_resolution, resolution_strategy, resolution_status, \
             created_at) \
             select e.phase, ?, e.entity_type, e.entity, u.legacy_id, ?, ?, '', ?, \
                    u.reason || coalesce(' in ' || u.file, '') || coalesce(' line ' || u.line, ''), ?, 'manual', \
                    'pending', ? \
             from legacy_unreadable u join entities e on e.legacy_table = u.table_name and e.in_use \
             order by e.position, u.number",
            (
                code.severity().as_str(),
                code.as_str(),
                code.category().as_str(),
                code.message(),
                code.resolution(),
                now(),
            ),
        )?;
        Ok(())
    }
}
