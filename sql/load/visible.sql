-- one row is one table and one role of the platform's API, with what the role sees of it: $1 schema, $2 table names
-- without row level security whoever has the right sees every row; with it, those that some policy lets through
select c.relname::text, r.rolname::text, c.relrowsecurity,
       has_schema_privilege(r.oid, n.oid, 'usage') and has_any_column_privilege(r.oid, c.oid, 'select'),
       (select count(*) from pg_policy p
        where p.polrelid = c.oid and p.polcmd in ('r', '*') and p.polpermissive
          and (0 = any(p.polroles) or exists (select 1 from unnest(p.polroles) o where o <> 0 and pg_has_role(r.oid, o, 'usage'))))
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
cross join pg_roles r
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p') and r.rolname in ('anon', 'authenticated')
order by array_position($2, c.relname::text), 2
