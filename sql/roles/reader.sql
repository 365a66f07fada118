-- the least that a role needs to survey and to verify: psql -v role=NAME -v schema=public -f sql/roles/reader.sql, as the owner of
-- the tables, or a superuser once Drydock has loaded something; the role exists already. Safe to run twice
\set ON_ERROR_STOP on
grant connect, temporary on database :"DBNAME" to :"role";
grant usage on schema :"schema" to :"role";
select format('grant select on %I.%I to %I', :'schema', t.name, :'role')
from unnest(array['practices', 'profiles', 'patients', 'practice_members', 'courses', 'cases', 'projects',
                  'case_states']) t (name)
where to_regclass(format('%I.%I', :'schema', t.name)) is not null \gexec
-- a row that a policy hides would be told as missing
alter role :"role" bypassrls;
-- the receipts, and the rows as they were before, are compared with what the file has of them
select to_regnamespace('drydock') is not null as has_receipts \gset
\if :has_receipts
grant usage on schema drydock to :"role";
grant select on all tables in schema drydock to :"role";
\endif
