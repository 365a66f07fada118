-- every practice that a migrated profile names is one where it is a member or a patient, or has a patient of its own
select 'profiles', f.legacy_id, 'practice_id'
from profiles f
where f.legacy_id is not null and f.practice_id is not null
  and not exists (select 1 from practice_members m where m.profile_id = f.id and m.practice_id = f.practice_id)
  and not exists (select 1 from patients p where p.user_id = f.id and p.practice_id = f.practice_id)
  and not exists (select 1 from patients p where p.assigned_profile_id = f.id and p.practice_id = f.practice_id)
