-- profiles of the same legacy role have the same label in the target
with labels as (
    select coalesce(metadata -> 'legacy' ->> 'role_decided', metadata -> 'legacy' ->> 'role') as legacy_role, role::text as label, count(*) as profiles
    from profiles where legacy_id is not null group by 1, 2
), usual as (
    select distinct on (legacy_role) legacy_role, label from labels order by legacy_role, profiles desc, label
)
select 'profiles', f.legacy_id, 'role'
from profiles f
join usual u on u.legacy_role = coalesce(f.metadata -> 'legacy' ->> 'role_decided', f.metadata -> 'legacy' ->> 'role')
where f.legacy_id is not null and f.role::text <> u.label
