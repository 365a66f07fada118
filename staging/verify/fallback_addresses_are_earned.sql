-- no profile with a valid address of its own got a fallback: each is missing, invalid, kept by another, taken, or of a form that a
-- constraint of the target refuses
with replaced as (
    select y.legacy_id, c.before as address,
           json_extract(y.metadata, '$.legacy.email_keeper_legacy_id') as keeper,
           json_extract(y.metadata, '$.legacy.email_holder_id') as holder,
           json_extract(y.metadata, '$.legacy.email_status') as status
    from ready_profiles y
    left join changes c on c.entity = 'profiles' and c.legacy_id = y.legacy_id and c.rule = 'email.fallback'
    where json_extract(y.metadata, '$.legacy.email_status') <> 'kept'
)
select 'profiles', r.legacy_id, 'email'
from replaced r
where not exists (select 1 from migration_errors m
                  where m.entity = 'profiles' and m.entity_id = r.legacy_id
                    and m.error_code in ('email_missing', 'email_invalid'))
  and not (r.status = 'refused_by_target'
           and exists (select 1 from target_keys c
                       where c.table_name = 'profiles' and c.kind = 'c' and c.definition like '%~%' and c.columns like '%email%'))
  and not exists (select 1 from ready_profiles k where k.legacy_id = r.keeper and k.email = r.address)
  and not exists (select 1 from target_rows t
                  where t.entity = 'profiles' and t.target_id = r.holder and lower(trim(t.email)) = r.address)
