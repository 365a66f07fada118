-- no migrated patient is older than 110 years
select 'patients', legacy_id, 'date_of_birth'
from patients
where legacy_id is not null and date_of_birth < current_date - interval '111 years'
