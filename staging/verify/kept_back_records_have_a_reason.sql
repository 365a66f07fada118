-- every record that was rejected or quarantined has an issue that says why
select r.entity, r.legacy_id, ''
from records r
where r.fate in ('rejected', 'quarantined')
  and not exists (select 1 from migration_errors m where m.entity = r.entity and m.entity_id = r.legacy_id)
