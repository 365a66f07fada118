-- no trigger of a foreign key of a written table is switched off, and no unique index is invalid
select c.relname::text, null::bigint, coalesce(k.conname, t.tgname)::text
from pg_trigger t
join pg_class c on c.oid = t.tgrelid
left join pg_constraint k on k.oid = t.tgconstraint
where t.tgisinternal and t.tgenabled = 'D'
  and c.relnamespace = current_schema()::regnamespace
  and c.relname in (:tables)
union
select c.relname::text, null::bigint, i.relname::text
from pg_index x
join pg_class c on c.oid = x.indrelid
join pg_class i on i.oid = x.indexrelid
where x.indisunique and not x.indisvalid
  and c.relnamespace = current_schema()::regnamespace
  and c.relname in (:tables)
order by 1, 3
