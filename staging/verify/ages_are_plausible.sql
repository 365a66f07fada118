-- what the legacy database says: a birthdate that was kept and flagged for confirmation
select 'patients', entity_id, 'date_of_birth'
from migration_errors
where entity = 'patients' and error_code = 'date_implausible'
