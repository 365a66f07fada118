-- profiles of the same legacy role have the same label in the target
with known as not materialized (
    select legacy_id, role::text as label,
           coalesce(metadata -> 'legacy' ->> 'role_decided', metadata -> 'legacy' ->> 'role') as legacy_role
    from profiles where legacy_id is not null
), labels as materialized (
    select legacy_role, label, count(*) as people from known group by 1, 2
), usual as (
    select distinct on (legacy_role) legacy_role, label from labels order by legacy_role, people desc, label
)
select 'profiles', k.legacy_id, 'role'
from known k
join usual u using (legacy_role)
where k.label <> u.label
  -- asked once: mostly nothing has to be listed
  and exists (select 1 from labels group by legacy_role having count(*) > 1)
