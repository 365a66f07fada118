-- the one row is what the session may do and is bound by; $1 schema
select current_user::text,
       current_setting('server_version_num')::int4,
       current_setting('statement_timeout'),
       current_setting('lock_timeout'),
       pg_is_in_recovery() or current_setting('transaction_read_only') = 'on',
       has_database_privilege(current_database(), 'TEMP'),
       coalesce(to_regnamespace('drydock') is not null
                and has_schema_privilege(to_regnamespace('drydock'), 'USAGE, CREATE'),
                false) or (to_regnamespace('drydock') is null and has_database_privilege(current_database(), 'CREATE')),
       coalesce(has_schema_privilege(to_regnamespace(quote_ident($1)), 'USAGE'), true)
