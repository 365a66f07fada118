-- no two ready profiles have the same address, whatever its capitals
select 'profiles', y.legacy_id, 'email'
from ready_profiles y
where lower(y.email) in (select lower(email) from ready_profiles where email is not null
                         group by lower(email) having count(*) > 1)
