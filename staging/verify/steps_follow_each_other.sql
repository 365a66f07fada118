-- the steps were completed in their order, and no command or receipt ends before it begins
-- What came first is what the journal has first: clocks of two machines differ, and a clock may be set back.
with done as (
    select json_extract(content, '$.step') || '_completed_at' as name, max(sequence) as sequence, at
    from journal
    where kind = 'step' and json_extract(content, '$.begins') is null
    group by 1),
ended as (
    select f.run_id, max(f.sequence) as sequence
    from journal s
    join journal f on f.run_id = s.run_id and f.kind = 'finished' and f.sequence > s.sequence
    where s.kind = 'started'
    group by 1)
-- a moment is the one at which the journal has the step
select 'facts', null, facts.name
from facts
left join done on done.name = facts.name
where facts.name in ('extract_completed_at', 'survey_completed_at', 'transform_completed_at', 'analyze_completed_at',
                     'load_completed_at', 'verify_completed_at')
  and facts.value is not done.at
union all
select 'facts', null, later.name
from done earlier
join done later
  on (earlier.name, later.name) in (values ('extract_completed_at', 'transform_completed_at'),
                                           ('survey_completed_at', 'transform_completed_at'),
                                           ('transform_completed_at', 'load_completed_at'))
where later.sequence < earlier.sequence
  -- a step that is to be done again is not complete
  and earlier.name in (select name from facts) and later.name in (select name from facts)
union all
select 'runs', run_id, 'finished_at'
from runs
where finished_at is not null and run_id not in (select run_id from ended)
union all
-- a receipt is of a command that was not over when the present records were decided
select 'receipts', r.receipt_id, 'loaded_at'
from receipts r
left join runs on runs.run_id = r.run_id
left join ended on ended.run_id = r.run_id
where runs.run_id is null
   or ended.sequence < (select sequence from done where name = 'transform_completed_at')
