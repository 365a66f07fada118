-- one row is one table to be written and what stands between it and the session; $1 schema, $2 table names
select c.relname::text,
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'),
       row_security_active(c.oid),
       c.relhasrules,
       array(select g.tgname::text from pg_trigger g
             where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D' order by 1)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by 1
