-- one row is one unique index of a table: $1 the table, quoted
-- its keys as expressions over the columns, the rows that it is about, the columns that either of them names, and whether nulls
-- are equal in it
select ic.relname::text,
       array(select pg_get_indexdef(i.indexrelid, x.place::int, false)
             from generate_series(1, i.indnkeyatts) x (place) order by x.place),
       pg_get_expr(i.indpred, i.indrelid),
       array(select a.attname::text from pg_attribute a
             where a.attrelid = i.indrelid and a.attnum > 0
               and (a.attnum = any((i.indkey::int2[])[0:i.indnkeyatts - 1])
                    or exists (select 1 from pg_depend d
                               where d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.objsubid = 0
                                 and d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid
                                 and d.refobjsubid = a.attnum
                                 and not a.attnum = any(i.indkey::int2[])))
             order by a.attnum),
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
from pg_index i
join pg_class ic on ic.oid = i.indexrelid
where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid
order by 1
