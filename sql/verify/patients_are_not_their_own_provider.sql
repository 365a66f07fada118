-- no migrated patient is its own provider
select 'patients', legacy_id, 'assigned_profile_id'
from patients
where legacy_id is not null and assigned_profile_id = user_id
