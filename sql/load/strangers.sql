-- one row is something in the schema drydock that somebody else than the session's role may have put there, so that a statement
-- of ours would run it: of another owner, a table that is none, a trigger, a rule, a policy; or that hides rows from the role.
-- A superuser and the owner of the database may do everything anyway; a role that only reads runs nothing of a plain table's
with trusted as (
    select r.oid from pg_catalog.pg_roles r where r.rolname = current_user
    union
    select r.oid from pg_catalog.pg_roles r where r.rolsuper
    union
    select d.datdba from pg_catalog.pg_database d
    where d.datname = pg_catalog.current_database()
      -- who owns the database is no superuser, and must not act as one
      and not exists (select 1 from pg_catalog.pg_roles r where r.rolname = current_user and r.rolsuper)
)
select 'the schema belongs to ' || pg_catalog.pg_get_userbyid(n.nspowner)
from pg_catalog.pg_namespace n
where n.nspname = 'drydock' and n.nspowner not in (select oid from trusted)
  and pg_catalog.has_schema_privilege(n.oid, 'create')
union all
select c.relname || ' belongs to ' || pg_catalog.pg_get_userbyid(c.relowner)
from pg_catalog.pg_class c
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind <> 'i'
  and c.relowner not in (select oid from trusted)
  and pg_catalog.has_table_privilege(c.oid, 'insert, update, delete')
union all
select c.relname || ' is no plain table'
from pg_catalog.pg_class c
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind not in ('r', 'i')
union all
select c.relname || ' has the trigger ' || t.tgname
from pg_catalog.pg_trigger t
join pg_catalog.pg_class c on c.oid = t.tgrelid
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and not t.tgisinternal
union all
select c.relname || ' has the rule ' || r.rulename
from pg_catalog.pg_rewrite r
join pg_catalog.pg_class c on c.oid = r.ev_class
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind = 'r'
union all
select c.relname || ' has the policy ' || p.polname
from pg_catalog.pg_policy p
join pg_catalog.pg_class c on c.oid = p.polrelid
where c.relnamespace = pg_catalog.to_regnamespace('drydock')
union all
select 'row level security of ' || c.relname || ' hides its rows from this role'
from pg_catalog.pg_class c
where c.relnamespace = pg_catalog.to_regnamespace('drydock') and c.relkind = 'r'
  and pg_catalog.has_table_privilege(c.oid, 'select') and pg_catalog.row_security_active(c.oid)
order by 1
