-- the least that a role needs to load, verify and roll back: psql -v role=NAME -v schema=public -f sql/roles/loader.sql, as the
-- owner of the tables; the role exists already. Safe to run twice
\set ON_ERROR_STOP on
grant connect, temporary on database :"DBNAME" to :"role";
grant usage on schema :"schema" to :"role";
-- delete is for a rollback alone: without it a load works, and what it inserted cannot be taken back
select format('grant select, insert, update, delete on %I.%I to %I', :'schema', t.name, :'role')
from unnest(array['practices', 'profiles', 'patients', 'practice_members', 'courses', 'cases', 'projects',
                  'case_states']) t (name)
where to_regclass(format('%I.%I', :'schema', t.name)) is not null \gexec
-- rows that a policy hid would be loaded twice; only a superuser, or on PostgreSQL 16 and newer a role that has it, can give this
alter role :"role" bypassrls;
-- receipts, and rows as they were before: the role owns them, and nobody else has a right in them
create schema if not exists drydock authorization :"role";
-- moments that a trigger of the target writes are set back with triggers off for that one statement
select current_setting('server_version_num')::int4 >= 150000 as has_parameters \gset
\if :has_parameters
grant set on parameter session_replication_role to :"role";
\endif
