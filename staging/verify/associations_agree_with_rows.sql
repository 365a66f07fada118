-- every ready profile and patient, and every project with one, has the practice that its association names, and no other
select 'profiles', y.legacy_id, 'practice_id'
from ready_profiles y
left join associations a on a.entity = 'profiles' and a.legacy_id = y.legacy_id
where a.practice_id is not y.practice_id
union all
select 'patients', y.legacy_id, 'practice_id'
from ready_patients y
left join associations a on a.entity = 'patients' and a.legacy_id = y.legacy_id
where a.practice_id is not y.practice_id
union all
select 'projects', y.legacy_id, 'practice_id'
from ready_projects y
join associations a on a.entity = 'projects' and a.legacy_id = y.legacy_id
where a.practice_id is not y.practice_id
