-- the profile of every migrated patient is known as a patient's
select 'profiles', f.legacy_id, 'role'
from profiles f
where f.legacy_id is not null
  and f.metadata -> 'legacy' ->> 'role' <> 'patient'
  and exists (select 1 from patients p where p.user_id = f.id and p.legacy_id is not null)
