-- no two migrated patients have the same profile of their own
select 'patients', p.legacy_id, 'user_id'
from patients p
join (select user_id from patients where legacy_id is not null group by user_id having count(*) > 1) s
  on s.user_id = p.user_id
where p.legacy_id is not null
