-- what the legacy database says: a patient whose doctor is the patient's own user
select 'patients', legacy_id, 'assigned_profile_id'
from ready_patients
where assigned_profile_id = user_id
