-- every table that is verified is a table of the configured schema, and the one that a session of the same role finds first
-- A view or a foreign table may show what was never written, an unlogged table forgets, and a table of the same name in a
-- schema that comes earlier in the role's own path is the one that the application reads.
with path as (
    select e.number, case btrim(e.entry, ' "') when '$user' then current_user::text else btrim(e.entry, ' "') end as name
    from pg_settings s, regexp_split_to_table(s.reset_val, ',') with ordinality e(entry, number)
    where s.name = 'search_path'
), written as (
    select c.relname, c.relkind, c.relpersistence, c.relnamespace
    from pg_class c
    where c.relnamespace = current_schema()::regnamespace
      and c.relname in (:tables)
)
select w.relname::text, null::bigint,
       case when w.relkind in ('r', 'p') then 'unlogged' when w.relkind = 'f' then 'foreign table' else 'view' end
from written w
where w.relkind not in ('r', 'p') or w.relpersistence <> 'p'
union all
select w.relname::text, null::bigint, 'search_path'
from written w
join pg_namespace n on n.oid = w.relnamespace
join path own on own.name = n.nspname
where exists (select 1
              from path earlier
              join pg_namespace e on e.nspname = earlier.name
              join pg_class c on c.relnamespace = e.oid and c.relname = w.relname and c.relkind in ('r', 'p', 'v', 'm', 'f')
              where earlier.number < own.number and e.oid <> n.oid)
order by 1, 3
