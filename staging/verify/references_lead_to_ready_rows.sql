-- every reference of a ready row leads to a ready row
-- for each reference
select ':entity', y.legacy_id, ':column'
from ready_:entity y
where y.:column is not null and not exists (select 1 from ready_:referred o where o.id = y.:column)
