-- every merged record names the ready record that stands for it
select r.entity, r.legacy_id, 'merged_into'
from records r
where r.fate = 'merged'
  and not exists (
    select 1 from records k
    where k.entity = coalesce((select a.into_entity from merged_across a where a.entity = r.entity and a.legacy_id = r.legacy_id),
                              r.entity)
      and k.legacy_id = r.merged_into and k.fate = 'ready')
