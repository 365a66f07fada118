-- the steps were completed in their order, and no command or receipt ends before it begins
select 'facts', null, later.name
from facts earlier
join facts later
  on (earlier.name, later.name) in (values ('extract_completed_at', 'transform_completed_at'),
                                           ('survey_completed_at', 'transform_completed_at'),
                                           ('transform_completed_at', 'load_completed_at'))
where later.value < earlier.value
union all
select 'runs', run_id, 'finished_at' from runs where finished_at < started_at
union all
select 'receipts', r.receipt_id, 'loaded_at'
from receipts r
left join runs on runs.run_id = r.run_id
where runs.run_id is null or r.loaded_at < runs.started_at or r.loaded_at > runs.finished_at
