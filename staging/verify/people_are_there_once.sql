-- what the survey saw: an address that a row without a legacy id held before anything was loaded
select 'profiles', u.legacy_id, 'email'
from legacy_auth_user u
where lower(trim(u.email)) in (select lower(trim(t.email)) from target_rows t
                               where t.entity = 'profiles' and t.legacy_id is null and t.email like '%_@_%')
