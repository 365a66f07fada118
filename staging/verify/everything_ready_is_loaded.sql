-- the target has confirmed every ready record in every phase that writes it
select y.entity, y.legacy_id, e.phase
from v_ready y
join entities e using (entity)
where not exists (select 1 from loads l where l.entity = y.entity and l.phase = e.phase and l.legacy_id = y.legacy_id
                  and l.outcome <> 'failed')
union all
select 'profiles', y.legacy_id, '2C'
from ready_profiles y
where not exists (select 1 from loads l where l.entity = 'profiles' and l.phase = '2C'
                  and l.legacy_id = y.legacy_id and l.outcome <> 'failed')
