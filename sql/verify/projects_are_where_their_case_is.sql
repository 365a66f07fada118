-- every migrated project with a case has that case's own legacy row, and its practice
select 'projects', j.legacy_id, case when c.legacy_id is distinct from j.legacy_id then 'case_id' else 'practice_id' end
from projects j
left join cases c on c.id = j.case_id
where j.legacy_id is not null and j.case_id is not null
  and (c.legacy_id is distinct from j.legacy_id or c.practice_id is distinct from j.practice_id)
