-- One row per pair of tables of which the first has a foreign key to the second: from, to. Only tables that an unqualified
-- name finds. Only what PostgreSQL 9.5 knows.
select distinct c.relname, r.relname
from pg_catalog.pg_constraint k
join pg_catalog.pg_class c on c.oid = k.conrelid
join pg_catalog.pg_class r on r.oid = k.confrelid
where k.contype = 'f'
  and pg_catalog.pg_table_is_visible(c.oid)
  and pg_catalog.pg_table_is_visible(r.oid)
order by c.relname, r.relname
