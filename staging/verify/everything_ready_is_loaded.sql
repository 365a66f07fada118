-- the target has confirmed every ready record in every phase that writes it
-- for each phase of an entity
select ':entity', y.legacy_id, ':phase'
from :rows
where y.legacy_id not in (select legacy_id from loads
                          where entity = ':entity' and phase = ':phase' and outcome <> 'failed')
