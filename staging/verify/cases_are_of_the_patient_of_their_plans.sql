-- every case is the one patient's to whom its plans lead, by the raw rows, unless a person said whose it is
-- The way is walked here once more, without the rules: plan, instruction, patient, and whoever stands for that patient.
with decided as materialized (
    select entity, legacy_id from decisions where superseded_by is null
), standing as not materialized (
    select p.legacy_id, coalesce(r.merged_into, p.legacy_id) as stands
    from legacy_dispatch_patient p
    left join records r on r.entity = 'patients' and r.legacy_id = p.legacy_id and r.fate = 'merged'
), led as materialized (
    select cast(ltrim(l.project_id, '''="') as integer) as legacy_id, min(s.stands) as first, max(s.stands) as last
    from (select k.legacy_id,
                 (select project_id from legacy_dispatch_plan o where o.legacy_id = k.legacy_id) as project_id,
                 (select instruction_id from legacy_dispatch_plan o where o.legacy_id = k.legacy_id) as instruction_id
          from (select legacy_id, null as project_id, null as instruction_id from legacy_dispatch_plan) k) l
    join (select k.legacy_id,
                 (select patient_id from legacy_dispatch_instruction o where o.legacy_id = k.legacy_id) as patient_id
          from (select legacy_id, null as patient_id from legacy_dispatch_instruction) k) i
      on i.legacy_id = cast(ltrim(l.instruction_id, '''="') as integer)
    join standing s on s.legacy_id = cast(ltrim(i.patient_id, '''="') as integer)
    group by 1
)
select 'cases', y.legacy_id, 'patient_id'
from ready_cases y
left join led on led.legacy_id = y.legacy_id
left join ready_patients p on p.id = y.patient_id
where (led.first is not p.legacy_id or led.last is not p.legacy_id)
  and ('cases', y.legacy_id) not in (select entity, legacy_id from decided)
  and ('patients', p.legacy_id) not in (select entity, legacy_id from decided)
