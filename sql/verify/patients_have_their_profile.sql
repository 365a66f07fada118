-- every migrated patient has a profile of its own that came from the legacy database too
select 'patients', p.legacy_id, 'user_id'
from patients p
left join profiles f on f.id = p.user_id
where p.legacy_id is not null and (f.id is null or f.legacy_id is null)
