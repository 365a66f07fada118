-- one row is one table to be written and what stands between it and the session; $1 schema, $2 table names
select c.relname::text,
       has_table_privilege(c.oid, 'SELECT'), has_table_privilege(c.oid, 'INSERT'), has_table_privilege(c.oid, 'UPDATE'),
       row_security_active(c.oid),
       exists (select 1 from pg_rewrite w where w.ev_class = c.oid and w.ev_type in ('2', '3') and w.ev_enabled <> 'D'),
       array(select g.tgname::text from pg_trigger g
             where g.tgrelid = c.oid and not g.tgisinternal and g.tgenabled <> 'D' order by 1),
       -- a publication of updates or deletes needs to say which row it was; an undo deletes
       (c.relreplident = 'n' or c.relreplident = 'd' and not exists (select 1 from pg_index i where i.indrelid = c.oid and i.indisprimary))
       and exists (select 1 from pg_publication p
                   where (p.pubupdate or p.pubdelete) and (p.puballtables or exists (select 1 from pg_publication_tables t
                                                                    where t.pubname = p.pubname and t.schemaname = n.nspname
                                                                      and t.tablename = c.relname))),
       -- and its filter of rows may ask for nothing else, and its list of columns leave none of that out: the table itself, or its
       -- parts, published by themselves or with what they are parts of. Servers before 15 have neither, and no columns for them
       array(select distinct p.pubname::text
             from (select c.oid union select t.relid::oid from pg_partition_tree(c.oid) t) part (oid)
             join pg_class r on r.oid = part.oid and r.relkind = 'r'
             cross join lateral (
                 select array(select a.attname::text from pg_index i cross join unnest(i.indkey::int2[]) k (attnum)
                              join pg_attribute a on a.attrelid = r.oid and a.attnum = k.attnum
                              where i.indrelid = r.oid and (r.relreplident = 'd' and i.indisprimary
                                                            or r.relreplident = 'i' and i.indisreplident))
             ) identity (columns)
             cross join lateral (select r.oid union select u.relid::oid from pg_partition_ancestors(r.oid) u) whole (oid)
             join pg_publication_rel l on l.prrelid = whole.oid
             join pg_publication p on p.oid = l.prpubid and (p.pubupdate or p.pubdelete)
             cross join lateral (select to_jsonb(l)) said (line)
             where r.relreplident <> 'f' and exists (
                       select 1 from regexp_matches(said.line ->> 'prqual', ':varattno (\d+)', 'g') asked (attnum)
                       join pg_attribute a on a.attrelid = l.prrelid and a.attnum = asked.attnum[1]::int4
                       where a.attname::text <> all (identity.columns))
                or jsonb_typeof(said.line -> 'prattrs') = 'array' and (r.relreplident = 'f' or exists (
                       select 1 from unnest(identity.columns) wanted (name) where not exists (
                           select 1 from jsonb_array_elements_text(said.line -> 'prattrs') listed (attnum)
                           join pg_attribute a on a.attrelid = l.prrelid and a.attnum = listed.attnum::int4
                           where a.attname::text = wanted.name)))
             order by 1)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by 1
