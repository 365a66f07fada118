-- one row is one constraint of the tables, or a unique index over plain columns that is not one: $1 schema, $2 table names
select c.relname::text, k.conname::text, k.contype::text,
       array(select a.attname::text from unnest(k.conkey) with ordinality as x (attnum, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = x.attnum order by x.place),
       (select rn.nspname || '.' || rc.relname from pg_class rc join pg_namespace rn on rn.oid = rc.relnamespace
        where rc.oid = k.confrelid),
       pg_get_constraintdef(k.oid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_constraint k on k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c')
where n.nspname = $1 and c.relname = any($2)
union all
select c.relname::text, ic.relname::text, 'u',
       array(select a.attname::text from unnest(i.indkey) with ordinality as x (attnum, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = x.attnum order by x.place),
       null, pg_get_indexdef(i.indexrelid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_index i on i.indrelid = c.oid and i.indisunique and i.indpred is null
join pg_class ic on ic.oid = i.indexrelid
where n.nspname = $1 and c.relname = any($2)
  and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = c.oid)
order by 1, 2
