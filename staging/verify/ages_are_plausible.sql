-- what the legacy database says: a birthdate that was kept, and flagged for confirmation when it was implausible already
select 'patients', legacy_id, 'date_of_birth'
from ready_patients
where date_of_birth < date('now', '-110 years')
