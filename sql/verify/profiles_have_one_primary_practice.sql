-- no migrated profile has two primary practices, and the primary one is the practice that it names
select case when m.role::text = 'owner' then 'practice_owners' else 'practice_members' end, m.legacy_id, 'is_primary'
from practice_members m
join profiles f on f.id = m.profile_id
where m.legacy_id is not null
  and f.legacy_id is not null
  and (m.is_primary and m.practice_id is distinct from f.practice_id
       or not m.is_primary and m.practice_id = f.practice_id)
