-- every state comes from the one before it in its order
-- Asked where all states of an order are ready: one that waits is a gap that only the raw rows explain.
with steps as (
    select y.legacy_id, y.from_state, json_extract(y.metadata, '$.legacy.instruction') as instruction,
           lag(y.to_state) over (partition by json_extract(y.metadata, '$.legacy.instruction')
                                 order by y.changed_at, y.legacy_id) as came_from
    from ready_case_states y
), waiting as materialized (
    select cast(ltrim(s.instruction_id, '''="') as integer) as instruction
    from (select k.legacy_id,
                 (select instruction_id from legacy_dispatch_state o where o.legacy_id = k.legacy_id) as instruction_id
          from (select legacy_id, null as instruction_id from legacy_dispatch_state) k) s
    where s.legacy_id not in (select legacy_id from ready_case_states)
)
select 'case_states', legacy_id, 'from_state'
from steps
where from_state is not came_from and instruction not in (select instruction from waiting where instruction is not null)
