-- the provider of a migrated patient is not known as a patient, nor without a role
select 'patients', p.legacy_id, 'assigned_profile_id'
from patients p
join profiles f on f.id = p.assigned_profile_id
where p.legacy_id is not null
  and f.metadata -> 'legacy' ->> 'role' in ('patient', 'unknown')
