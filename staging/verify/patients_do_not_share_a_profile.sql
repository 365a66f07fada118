-- what the legacy database says: several patient records of one user
select 'patients', p.legacy_id, 'user_id'
from ready_patients p
join (select user_id from ready_patients group by user_id having count(*) > 1) s on s.user_id = p.user_id
