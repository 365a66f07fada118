-- what the legacy database says: an office whose owner does not exist or is not ready
select 'practices', legacy_id, ''
from ready_practices
where id not in (select practice_id from ready_practice_owners)
