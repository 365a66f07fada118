-- one row is one table with what the session's role may do to it: $1 schema, $2 table names
select c.relname::text, pg_get_userbyid(c.relowner)::text, pg_has_role(c.relowner, 'usage'),
       c.relrowsecurity, c.relforcerowsecurity,
       array(select right_name from unnest(array['select', 'insert', 'update', 'delete', 'truncate', 'references', 'trigger'])
             as right_name where has_table_privilege(c.oid, right_name)),
       (select count(*) from pg_policy p where p.polrelid = c.oid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by c.relname
