-- what the legacy database says: a doctor who is a patient too, or whose role nothing tells
select 'patients', p.legacy_id, 'assigned_profile_id'
from ready_patients p
join ready_profiles f on f.id = p.assigned_profile_id
where json_extract(f.metadata, '$.legacy.role') in ('patient', 'unknown')
