-- what the legacy database says: a doctor who is a patient too, or whose role nothing tells
with providers as (
    select f.id
    from (select distinct assigned_profile_id as id from ready_patients) p
    join ready_profiles f on f.id = p.id
    where json_extract(f.metadata, '$.legacy.role') in ('patient', 'unknown')
)
select 'patients', p.legacy_id, 'assigned_profile_id'
from ready_patients p
where p.assigned_profile_id in (select id from providers)
