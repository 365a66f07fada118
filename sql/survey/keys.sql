-- one row is one constraint of the tables, or a unique index that is not one: $1 schema, $2 table names
-- kind: p primary, u unique, f foreign, c check, x exclusion; i: a unique index over expressions or some of the rows only,
-- which no `on conflict (columns)` can use and whose columns are left out
select c.relname::text, k.conname::text, k.contype::text,
       array(select a.attname::text from unnest(k.conkey) with ordinality as x (attnum, place)
             join pg_attribute a on a.attrelid = c.oid and a.attnum = x.attnum order by x.place),
       (select rn.nspname || '.' || rc.relname from pg_class rc join pg_namespace rn on rn.oid = rc.relnamespace
        where rc.oid = k.confrelid),
       array(select a.attname::text from unnest(k.confkey) with ordinality as x (attnum, place)
             join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.attnum order by x.place),
       pg_get_constraintdef(k.oid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_constraint k on k.conrelid = c.oid and k.contype in ('p', 'u', 'f', 'c', 'x')
where n.nspname = $1 and c.relname = any($2)
union all
select c.relname::text, ic.relname::text,
       case when i.indpred is null and i.indexprs is null then 'u' else 'i' end,
       case when i.indpred is null and i.indexprs is null
            then array(select a.attname::text from unnest(i.indkey) with ordinality as x (attnum, place)
                       join pg_attribute a on a.attrelid = c.oid and a.attnum = x.attnum
                       where x.place <= i.indnkeyatts order by x.place)
            else '{}'::text[] end,
       null, '{}'::text[], pg_get_indexdef(i.indexrelid)
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_index i on i.indrelid = c.oid and i.indisunique and i.indisvalid
join pg_class ic on ic.oid = i.indexrelid
where n.nspname = $1 and c.relname = any($2)
  and not exists (select 1 from pg_constraint k where k.conindid = i.indexrelid and k.conrelid = c.oid)
order by 1, 2
