-- One row per column that the role may read, of every table and view that an unqualified name finds: table, column.
-- Only what PostgreSQL 9.5 knows.
select c.relname, a.attname
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'p', 'v', 'm', 'f')
  and n.nspname not in ('pg_catalog', 'information_schema')
  and n.nspname not like 'pg\_%'
  and pg_catalog.pg_table_is_visible(c.oid)
  and a.attnum > 0
  and not a.attisdropped
  and pg_catalog.has_column_privilege(c.oid, a.attnum, 'select')
order by c.relname, a.attnum
