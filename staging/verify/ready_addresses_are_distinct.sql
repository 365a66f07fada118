-- no two ready records have the same address, whatever its capitals
-- for each unique column
select ':entity', y.legacy_id, ':column'
from ready_:entity y
where lower(y.:column) in (select lower(:column) from ready_:entity where :column is not null
                           group by lower(:column) having count(*) > 1)
