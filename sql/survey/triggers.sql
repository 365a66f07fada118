-- one row is one trigger that somebody made on a table: $1 schema, $2 table names
select c.relname::text, t.tgname::text, t.tgenabled <> 'D', pg_get_triggerdef(t.oid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_trigger t on t.tgrelid = c.oid and not t.tgisinternal
where n.nspname = $1 and c.relname = any($2)
order by 1, 2
