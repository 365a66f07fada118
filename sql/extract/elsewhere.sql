-- One row per schema that has a table of this name ($1) which an unqualified name does not find, and which is no part of
-- another table. Only what PostgreSQL 9.5 knows.
select n.nspname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relname = $1
  and c.relkind in ('r', 'p')
  and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname not like 'pg\_%'
  and not pg_catalog.pg_table_is_visible(c.oid)
  and not exists (select 1 from pg_catalog.pg_inherits i where i.inhrelid = c.oid)
order by n.nspname
