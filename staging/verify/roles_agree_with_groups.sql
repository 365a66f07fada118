-- every role is the one that the legacy groups and flags say, first rule that applies
with members as (
    select cast(g.user_id as integer) as user_id,
           max(lower(trim(n.name)) = 'doctor') as doctor, max(lower(trim(n.name)) = 'technician') as technician,
           max(lower(trim(n.name)) = 'admin') as admin, max(lower(trim(n.name)) = 'master') as master,
           max(lower(trim(n.name)) = 'patient') as patient
    from legacy_auth_user_groups g
    join legacy_auth_group n on n.legacy_id = cast(g.group_id as integer)
    group by 1
), treated as (
    select distinct cast(user_id as integer) as user_id from legacy_dispatch_patient
)
select 'profiles', y.legacy_id, 'role'
from ready_profiles y
left join members m on m.user_id = y.legacy_id
left join treated t on t.user_id = y.legacy_id
where json_extract(y.metadata, '$.legacy.role') is not case
    when t.user_id is not null then 'patient'
    when m.doctor then 'doctor'
    when m.technician then 'technician'
    when m.admin then 'admin'
    when m.master then 'master'
    when lower(json_extract(y.metadata, '$.legacy.is_superuser')) in ('t', 'true', '1', 'yes', 'y', 'on') then 'master'
    when lower(json_extract(y.metadata, '$.legacy.is_staff')) in ('t', 'true', '1', 'yes', 'y', 'on') then 'admin'
    when m.patient then 'patient'
    else 'unknown' end
