-- every migrated practice has an owner among its members
select 'practices', o.legacy_id, ''
from practices o
where o.legacy_id is not null
  and not exists (select 1 from practice_members m where m.practice_id = o.id and m.role::text = 'owner')
