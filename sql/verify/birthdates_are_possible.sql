-- no birthdate of a migrated patient is before 1900 or in the future
select 'patients', legacy_id, 'date_of_birth'
from patients
where legacy_id is not null and (date_of_birth < date '1900-01-01' or date_of_birth > current_date + 1)
