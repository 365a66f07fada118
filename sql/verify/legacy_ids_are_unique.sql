-- no two rows of a table stand for the same legacy record
select 'practices', legacy_id, 'legacy_id' from practices
where legacy_id is not null group by legacy_id having count(*) > 1
union all
select 'profiles', legacy_id, 'legacy_id' from profiles
where legacy_id is not null group by legacy_id having count(*) > 1
union all
select 'patients', legacy_id, 'legacy_id' from patients
where legacy_id is not null group by legacy_id having count(*) > 1
union all
select case when role::text = 'owner' then 'practice_owners' else 'practice_members' end, legacy_id, 'legacy_id'
from practice_members
where legacy_id is not null group by role, legacy_id having count(*) > 1
