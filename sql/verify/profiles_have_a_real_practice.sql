-- every practice that a migrated profile names exists
select 'profiles', f.legacy_id, 'practice_id'
from profiles f
left join practices o on o.id = f.practice_id
where f.legacy_id is not null and f.practice_id is not null and o.id is null
