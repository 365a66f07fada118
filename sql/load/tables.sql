-- one row is one table to be written and what stands between it and the session; $1 schema, $2 table names
select c.relname::text,
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'),
       row_security_active(c.oid),
       exists (select 1 from pg_rewrite w where w.ev_class = c.oid and w.ev_type in ('2', '3') and w.ev_enabled <> 'D'),
       array(select g.tgname::text from pg_trigger g
             where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D' order by 1),
       -- a publication of updates needs to say which row was updated
       (c.relreplident = 'n' or c.relreplident = 'd' and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary))
       and exists (select 1 from pg_publication p
                   where p.pubupdate and (p.puballtables or exists (select 1 from pg_publication_tables t
                                                                    where t.pubname = p.pubname and t.schemaname = n.nspname
                                                                      and t.tablename = c.relname)))
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by 1
