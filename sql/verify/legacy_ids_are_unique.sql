-- no two rows of a table stand for the same legacy record
-- for each table
select :named, legacy_id, 'legacy_id'
from :table
where legacy_id is not null
group by :key
having count(*) > 1
