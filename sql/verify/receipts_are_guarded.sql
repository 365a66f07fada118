-- nobody but their owner has a right to what Drydock keeps in the target, and row level security is on there
select c.relname::text, null::bigint, 'row_level_security'
from pg_catalog.pg_class c
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind = 'r' and not c.relrowsecurity
union
select c.relname::text, null::bigint, 'rights'
from pg_catalog.pg_class c
cross join pg_catalog.aclexplode(c.relacl) a
left join pg_catalog.pg_roles r on r.oid = a.grantee
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind = 'r'
  and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
union
select n.nspname::text, null::bigint, 'rights'
from pg_catalog.pg_namespace n
cross join pg_catalog.aclexplode(n.nspacl) a
left join pg_catalog.pg_roles r on r.oid = a.grantee
where n.nspname = 'drydock' and (a.grantee = 0 or r.rolname in ('anon', 'authenticated'))
order by 1, 3
