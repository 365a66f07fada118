-- the one row is what matters of a legacy server before anything is read; only what PostgreSQL 9.5 knows
select current_setting('server_version'), current_setting('server_version_num')::int,
       current_setting('server_encoding'), current_setting('statement_timeout'), pg_is_in_recovery(),
       coalesce((select s.ssl from pg_stat_ssl s where s.pid = pg_backend_pid()), false),
       (select r.rolsuper or r.rolbypassrls from pg_roles r where r.rolname = current_user),
       (select count(*) from pg_class c where c.relname = any($1) and c.relkind in ('r', 'p')
            and pg_table_is_visible(c.oid) and has_table_privilege(c.oid, 'insert, update, delete')),
       array(select c.relname::text from pg_class c where c.relname = any($1) and c.relkind in ('r', 'p')
            and pg_table_is_visible(c.oid) and c.relrowsecurity
            and (c.relforcerowsecurity or not pg_has_role(c.relowner, 'usage')) order by 1)
