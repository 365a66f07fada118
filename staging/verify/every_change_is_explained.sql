-- every value that differs between the raw and the ready row is the end of a chain of recorded changes that begins with the raw one
-- A column that the source may lack is asked for in a subquery whose outer query offers null under the same name. The form
-- of a flag or a moment is not a change of its value.
with offices as not materialized (
    select k.legacy_id, k.name,
           (select address from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as address,
           (select city from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as city,
           (select state from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as state,
           (select zip from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as zip,
           (select country from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as country,
           (select phone from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as phone,
           (select tax_rate from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as tax_rate,
           (select valid from legacy_dispatch_office o where o.legacy_id = k.legacy_id) as valid
    from (select legacy_id, name, null as address, null as city, null as state, null as zip, null as country,
                 null as phone, null as tax_rate, null as valid from legacy_dispatch_office) k
), users as not materialized (
    select k.legacy_id, k.first_name, k.last_name, k.email, k.date_joined,
           (select is_active from legacy_auth_user u where u.legacy_id = k.legacy_id) as is_active,
           (select last_login from legacy_auth_user u where u.legacy_id = k.legacy_id) as last_login
    from (select legacy_id, first_name, last_name, email, date_joined, null as is_active, null as last_login
          from legacy_auth_user) k
), treated as not materialized (
    select k.legacy_id, cast(k.user_id as integer) as user_id, k.birthdate, k.sex,
           (select updated_at from legacy_dispatch_patient p where p.legacy_id = k.legacy_id) as updated_at
    from (select legacy_id, user_id, birthdate, sex, null as updated_at from legacy_dispatch_patient) k
), compared (entity, legacy_id, field, kind, raw, ready) as (
    select 'practices', y.legacy_id, 'name', 'text', o.name, y.name from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'address', 'text', o.address, y.address
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'city', 'text', o.city, y.city
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'state', 'text', o.state, y.state
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'zip_code', 'text', o.zip, y.zip_code
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'country', 'text', o.country, y.country
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'phone', 'text', o.phone, y.phone
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'tax_rate', 'text', o.tax_rate, y.tax_rate
    from ready_practices y join offices o using (legacy_id)
    union all select 'practices', y.legacy_id, 'is_active', 'flag', o.valid, y.is_active
    from ready_practices y join offices o using (legacy_id)
    union all select 'profiles', y.legacy_id, 'first_name', 'text', u.first_name, y.first_name
    from ready_profiles y join users u using (legacy_id)
    union all select 'profiles', y.legacy_id, 'last_name', 'text', u.last_name, y.last_name
    from ready_profiles y join users u using (legacy_id)
    union all select 'profiles', y.legacy_id, 'email', 'text', u.email, y.email
    from ready_profiles y join users u using (legacy_id)
    union all select 'profiles', y.legacy_id, 'is_active', 'flag', u.is_active, y.is_active
    from ready_profiles y join users u using (legacy_id)
    union all select 'profiles', y.legacy_id, 'created_at', 'moment', u.date_joined, y.created_at
    from ready_profiles y join users u using (legacy_id)
    union all select 'patients', y.legacy_id, 'first_name', 'text', u.first_name, y.first_name
    from ready_patients y join treated t using (legacy_id) join users u on u.legacy_id = t.user_id
    union all select 'patients', y.legacy_id, 'last_name', 'text', u.last_name, y.last_name
    from ready_patients y join treated t using (legacy_id) join users u on u.legacy_id = t.user_id
    union all select 'patients', y.legacy_id, 'date_of_birth', 'text', t.birthdate, y.date_of_birth
    from ready_patients y join treated t using (legacy_id)
    union all select 'patients', y.legacy_id, 'gender', 'label', t.sex, y.gender
    from ready_patients y join treated t using (legacy_id)
    union all select 'patients', y.legacy_id, 'created_at', 'moment', u.date_joined, y.created_at
    from ready_patients y join treated t using (legacy_id) join users u on u.legacy_id = t.user_id
    union all select 'patients', y.legacy_id, 'updated_at', 'moment', 
                     coalesce(nullif(t.updated_at, ''), nullif(u.last_login, ''), u.date_joined),
                     y.updated_at
    from ready_patients y join treated t using (legacy_id) join users u on u.legacy_id = t.user_id
), suspects as (
    select *
    from compared
    where raw is not ready
      and not (kind = 'moment' and (raw is null or trim(raw) = ''))
      and not (kind = 'flag' and (raw = 't' and ready = 'true' or raw = 'f' and ready = 'false'
                                  or raw is null and ready = 'true'
                                  or lower(trim(raw)) in ('t', 'true', '1', 'yes', 'y', 'on') and ready = 'true'
                                  or lower(trim(raw)) in ('f', 'false', '0', 'no', 'n', 'off') and ready = 'false'))
      -- in UTC the text is the same but for zeros at its end; in another zone, or without one, the moment is the same
      and not (kind = 'moment' and raw glob '*.*+00'
               and rtrim(rtrim(substr(replace(raw, 'T', ' '), 1, length(raw) - 3), '0'), '.') || '+00' = ready)
      and not (kind = 'moment' and raw not glob '????-??-?? *+00'
               and abs(julianday(raw || iif(raw glob '*[+-][0-9][0-9]', ':00', ''))
                       - julianday(ready || ':00')) < 0.0000001)
)
select s.entity, s.legacy_id, s.field
from suspects s
-- nearly every chain is a single change; only the others are followed link by link
where coalesce((select sum(iif(only.before is s.raw and only.after is s.ready, 1, 2))
                from changes only
                where only.entity = s.entity and only.legacy_id = s.legacy_id and only.field = s.field), 0) <> 1
  and not exists (
    select 1
    from changes last
    where last.entity = s.entity and last.legacy_id = s.legacy_id and last.field = s.field
      and (last.after is s.ready
           -- nothing usable was there: a flag counts as not set, a moment gives way to the next of its rule
           or last.after is null and (s.kind = 'flag' and s.ready = 'false' or s.kind = 'moment')
           or s.kind = 'label' and exists (select 1 from facts f where f.name = 'configuration'
                                           and instr(f.value, last.after || ' = "' || s.ready || '"') > 0))
      and not exists (select 1 from changes later
                      where later.entity = s.entity and later.legacy_id = s.legacy_id and later.field = s.field
                        and later.position > last.position)
      and exists (select 1 from changes first
                  where first.entity = s.entity and first.legacy_id = s.legacy_id and first.field = s.field
                    and first.before is s.raw))
  and not exists (select 1 from migration_errors m
                  where m.entity in (s.entity, 'profiles', 'patients') and m.entity_id = s.legacy_id
                    and (s.kind = 'moment' and m.error_code = 'timestamp_invalid'
                         or s.kind = 'flag' and m.error_code = 'boolean_invalid'))
