-- a migrated patient has the name of its own profile
select 'patients', p.legacy_id, case when p.first_name::text collate "C" <> f.first_name then 'first_name' else 'last_name' end
from patients p
join profiles f on f.id = p.user_id
where p.legacy_id is not null and (p.first_name::text collate "C" <> f.first_name or p.last_name::text collate "C" <> f.last_name)
