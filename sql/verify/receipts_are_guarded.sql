-- nobody but their owner has a right to what Drydock keeps in the target, and row level security is on there
select t.tablename::text, null::bigint, 'row_level_security'
from pg_catalog.pg_tables t
where t.schemaname = 'drydock' and not t.rowsecurity
union
select g.table_name::text, null::bigint, 'rights'
from information_schema.table_privileges g
where g.table_schema = 'drydock' and g.grantee in ('PUBLIC', 'anon', 'authenticated')
union
select n.nspname::text, null::bigint, 'rights'
from pg_catalog.pg_namespace n
cross join pg_catalog.aclexplode(n.nspacl) a
left join pg_catalog.pg_roles r on r.oid = a.grantee
where n.nspname = 'drydock' and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
order by 1, 3
