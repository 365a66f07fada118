-- every migrated state is a step of a case that exists
select 'case_states', s.legacy_id, 'case_id'
from case_states s
left join cases c on c.id = s.case_id
where s.legacy_id is not null and c.id is null
