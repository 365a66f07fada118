-- every migrated case is a patient's who exists, and at the patient's practice
select 'cases', c.legacy_id, case when p.id is null then 'patient_id' else 'practice_id' end
from cases c
left join patients p on p.id = c.patient_id
where c.legacy_id is not null and (p.id is null or c.practice_id is distinct from p.practice_id)
