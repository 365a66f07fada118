-- every migrated membership joins a profile that exists to a practice that exists
select case when m.role::text = 'owner' then 'practice_owners' else 'practice_members' end, m.legacy_id,
       case when f.id is null then 'profile_id' else 'practice_id' end
from practice_members m
left join profiles f on f.id = m.profile_id
left join practices o on o.id = m.practice_id
where m.legacy_id is not null and (f.id is null or o.id is null)
