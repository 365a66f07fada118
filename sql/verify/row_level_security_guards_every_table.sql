-- no table that the migration writes is open to the roles of Supabase's API without row level security
select c.relname::text, null::bigint, 'row_level_security'
from pg_class c
where c.relnamespace = current_schema()::regnamespace
  and c.relname in (:tables)
  and not c.relrowsecurity
  and exists (select 1 from pg_roles r
              where r.rolname in ('anon', 'authenticated') and has_table_privilege(r.oid, c.oid, 'select'))
order by 1
