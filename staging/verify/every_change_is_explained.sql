-- every value that differs between the raw and the ready row is the end of a chain of recorded changes that begins with the raw one
-- A column that the source may lack is asked for in a subquery whose outer query offers null under the same name. The form
-- of a flag or a moment is not a change of its value. A pair of rows is read once, its fields are told apart by number.
-- What comes from where is said by the columns of the entities: the program fills in the rows of the raw tables, the fields, and
-- a comparison for each entity.
with :raw_rows,
fields (entity, number, field, kind) as (values :fields),
compared (entity, legacy_id, field, kind, raw, ready) as (:compared)
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
           -- nothing usable was there: nobody is switched off by it, and a moment gives way to the next of its rule
           or last.after is null and (s.kind = 'flag' and s.ready = 'true' or s.kind = 'moment')
           -- the form of the column was read as t or f
           or s.kind = 'flag' and last.after = substr(s.ready, 1, 1)
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
