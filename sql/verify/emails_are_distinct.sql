-- no two profiles share an address, whatever its capitals, where one of them was migrated
select 'profiles', t.legacy_id, 'email'
from profiles t
where t.legacy_id is not null
  and lower(t.email) in (select lower(email) from profiles where email is not null
                         group by lower(email) having count(*) > 1)
