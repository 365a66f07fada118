-- every value that differs between the raw and the ready row is the end of a chain of recorded changes that begins with the raw one
-- A column that the source may lack is asked for in a subquery whose outer query offers null under the same name. The form
-- of a flag or a moment is not a change of its value. A pair of rows is read once, its fields are told apart by number.
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
), fields (entity, number, field, kind) as (
    values ('practices', 1, 'name', 'text'), ('practices', 2, 'address', 'text'), ('practices', 3, 'city', 'text'),
           ('practices', 4, 'state', 'text'), ('practices', 5, 'zip_code', 'text'), ('practices', 6, 'country', 'text'),
           ('practices', 7, 'phone', 'text'), ('practices', 8, 'tax_rate', 'text'), ('practices', 9, 'is_active', 'flag'),
           ('profiles', 1, 'first_name', 'text'), ('profiles', 2, 'last_name', 'text'), ('profiles', 3, 'email', 'text'),
           ('profiles', 4, 'is_active', 'flag'), ('profiles', 5, 'created_at', 'moment'),
           ('patients', 1, 'first_name', 'text'), ('patients', 2, 'last_name', 'text'),
           ('patients', 3, 'date_of_birth', 'text'), ('patients', 4, 'gender', 'label'),
           ('patients', 5, 'created_at', 'moment'), ('patients', 6, 'updated_at', 'moment')
), compared (entity, legacy_id, field, kind, raw, ready) as (
    select f.entity, y.legacy_id, f.field, f.kind,
           case f.number when 1 then o.name when 2 then o.address when 3 then o.city when 4 then o.state when 5 then o.zip
                         when 6 then o.country when 7 then o.phone when 8 then o.tax_rate else o.valid end,
           case f.number when 1 then y.name when 2 then y.address when 3 then y.city when 4 then y.state
                         when 5 then y.zip_code when 6 then y.country when 7 then y.phone when 8 then y.tax_rate
                         else y.is_active end
    from ready_practices y join offices o using (legacy_id)
    cross join fields f where f.entity = 'practices'
    union all
    select f.entity, y.legacy_id, f.field, f.kind,
           case f.number when 1 then u.first_name when 2 then u.last_name when 3 then u.email when 4 then u.is_active
                         else u.date_joined end,
           case f.number when 1 then y.first_name when 2 then y.last_name when 3 then y.email when 4 then y.is_active
                         else y.created_at end
    from ready_profiles y join users u using (legacy_id)
    cross join fields f where f.entity = 'profiles'
    union all
    select f.entity, y.legacy_id, f.field, f.kind,
           case f.number when 1 then u.first_name when 2 then u.last_name when 3 then t.birthdate when 4 then t.sex
                         when 5 then u.date_joined
                         else coalesce(nullif(t.updated_at, ''), nullif(u.last_login, ''), u.date_joined) end,
           case f.number when 1 then y.first_name when 2 then y.last_name when 3 then y.date_of_birth
                         when 4 then y.gender when 5 then y.created_at else y.updated_at end
    from ready_patients y join treated t using (legacy_id) join users u on u.legacy_id = t.user_id
    cross join fields f where f.entity = 'patients'
)
, suspects as (
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
