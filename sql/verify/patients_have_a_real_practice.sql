-- every migrated patient belongs to a practice that exists
select 'patients', p.legacy_id, 'practice_id'
from patients p
left join practices o on o.id = p.practice_id
where p.legacy_id is not null and o.id is null
