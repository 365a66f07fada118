-- what the survey saw: a row without a legacy id that had the address, or the names, before anything was loaded
select 'profiles', u.legacy_id, 'email'
from legacy_auth_user u
where lower(trim(u.email)) in (select lower(trim(t.email)) from target_rows t
                               where t.entity = 'profiles' and t.legacy_id is null and t.email like '%_@_%')
union all
select 'profiles', u.legacy_id, 'first_name'
from legacy_auth_user u
where (lower(trim(u.first_name)), lower(trim(u.last_name))) in (
    select lower(trim(t.first_name)), lower(trim(t.last_name)) from target_rows t
    where t.entity = 'profiles' and t.legacy_id is null and t.first_name <> '' and t.last_name <> '')
union all
select 'patients', p.legacy_id, 'user_id'
from legacy_dispatch_patient p
join legacy_auth_user u on u.legacy_id = cast(ltrim(p.user_id, '''="') as integer)
where (lower(trim(u.first_name)), lower(trim(u.last_name))) in (
    select lower(trim(t.first_name)), lower(trim(t.last_name)) from target_rows t
    where t.entity = 'patients' and t.legacy_id is null and t.first_name <> '' and t.last_name <> '')
