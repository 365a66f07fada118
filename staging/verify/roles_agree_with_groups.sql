-- every role is the one that the legacy groups and flags say, first rule that applies
with members as (
    select cast(ltrim(g.user_id, '''="') as integer) as user_id,
           max(n.word = 'doctor') as doctor, max(n.word = 'technician') as technician,
           max(n.word = 'admin') as admin, max(n.word = 'master') as master, max(n.word = 'patient') as patient
    from legacy_auth_user_groups g
    join (select legacy_id, lower(trim(name)) as word from legacy_auth_group) n
      on n.legacy_id = cast(ltrim(g.group_id, '''="') as integer)
    group by 1
), known as (
    select legacy_id, metadata, json_extract(metadata, '$.legacy.role') as role,
           legacy_id in (select cast(ltrim(user_id, '''="') as integer) from legacy_dispatch_patient) as is_treated
    from ready_profiles
)
select 'profiles', k.legacy_id, 'role'
from known k
left join members m on m.user_id = k.legacy_id
where not (k.is_treated and k.role is 'patient')
  and k.role is not case
    when k.is_treated then 'patient'
    when m.doctor then 'doctor'
    when m.technician then 'technician'
    when m.admin then 'admin'
    when m.master then 'master'
    when lower(json_extract(k.metadata, '$.legacy.is_superuser')) in ('t', 'true', '1', 'yes', 'y', 'on') then 'master'
    when lower(json_extract(k.metadata, '$.legacy.is_staff')) in ('t', 'true', '1', 'yes', 'y', 'on') then 'admin'
    when m.patient then 'patient'
    else 'unknown' end
