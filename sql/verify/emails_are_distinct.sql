-- no two profiles share an address, whatever its capitals, where one of them was migrated
with shared as (
    select lower(email::text collate "C") as address
    from profiles where email is not null
    group by 1 having count(*) > 1
)
select 'profiles', t.legacy_id, 'email'
from profiles t
join shared s on s.address = lower(t.email::text collate "C")
where t.legacy_id is not null
