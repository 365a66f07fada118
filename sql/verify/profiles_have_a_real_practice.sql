-- every practice that a migrated profile names exists
-- Practices are few, and `not in` looks them up in memory. What the server knows of profiles may be from before their
-- practices were written: then it would go over all practices for each of them.
select 'profiles', f.legacy_id, 'practice_id'
from profiles f
where f.legacy_id is not null and f.practice_id is not null and f.practice_id not in (select id from practices)
