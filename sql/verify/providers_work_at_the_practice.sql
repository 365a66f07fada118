-- the provider of a migrated patient works at the patient's practice, or is a member of it
select 'patients', p.legacy_id, 'assigned_profile_id'
from patients p
join profiles f on f.id = p.assigned_profile_id
where p.legacy_id is not null
  and f.practice_id is distinct from p.practice_id
  and not exists (select 1 from practice_members m where m.profile_id = f.id and m.practice_id = p.practice_id)
