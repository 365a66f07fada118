-- no view or foreign table stands in a written table's place, and no rule rewrites what is asked of one
select c.relname::text, null::bigint, 'kind'
from pg_class c
where c.relnamespace = current_schema()::regnamespace
  and c.relname in (:tables)
  and c.relkind not in ('r', 'p', 'i', 'I', 'S', 'c')
union
select c.relname::text, null::bigint, r.rulename::text
from pg_rewrite r
join pg_class c on c.oid = r.ev_class
where c.relnamespace = current_schema()::regnamespace
  and c.relname in (:tables)
  and c.relkind in ('r', 'p')
order by 1, 3
