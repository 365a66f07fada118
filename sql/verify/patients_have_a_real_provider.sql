-- every provider of a migrated patient is a profile that exists
select 'patients', p.legacy_id, 'assigned_profile_id'
from patients p
left join profiles f on f.id = p.assigned_profile_id
where p.legacy_id is not null and p.assigned_profile_id is not null and f.id is null
