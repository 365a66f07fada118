-- the one row is what matters of a target server before anything is written: $1 schema
select current_setting('server_version'), current_setting('server_version_num')::int,
       current_setting('statement_timeout'), pg_is_in_recovery(),
       current_setting('default_transaction_read_only') = 'on',
       coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false),
       (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user),
       exists (select 1 from pg_namespace n where n.nspname = $1),
       exists (select 1 from pg_namespace n where n.nspname = 'drydock')
           or has_database_privilege(current_database(), 'create'),
       current_user::text
