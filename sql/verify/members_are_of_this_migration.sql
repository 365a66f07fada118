-- both ends of every migrated membership are migrated rows themselves
select case when m.role::text = 'owner' then 'practice_owners' else 'practice_members' end, m.legacy_id,
       case when f.legacy_id is null then 'profile_id' else 'practice_id' end
from practice_members m
join profiles f on f.id = m.profile_id
join practices o on o.id = m.practice_id
where m.legacy_id is not null and (f.legacy_id is null or o.legacy_id is null)
