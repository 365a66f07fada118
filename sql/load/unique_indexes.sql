-- one row is one unique index of a table: $1 the table, quoted
-- its keys as expressions over the columns, the rows that it is about, the columns that either of them names, and whether nulls
-- are equal in it; a column that the database computes stands as what it is computed from
with keys as (
    select i.indexrelid, i.indrelid, x.place, a.attnum, a.attgenerated, d.oid as computed,
           case when a.attgenerated = 's' then '(' || pg_get_expr(d.adbin, d.adrelid) || ')'
                else pg_get_indexdef(i.indexrelid, x.place::int, false) end as key
    from pg_index i
    cross join generate_series(1, i.indnkeyatts) x (place)
    left join pg_attribute a on a.attrelid = i.indrelid and a.attnum = i.indkey[x.place - 1] and a.attnum > 0
    left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
    where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid
), named as (
    select k.indexrelid, k.attnum from keys k where k.attnum is not null and k.attgenerated <> 's'
    union
    select k.indexrelid, d.refobjsubid from keys k
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = k.indrelid and d.refobjsubid > 0
        and (k.attnum is null and d.classid = 'pg_class'::regclass and d.objid = k.indexrelid and d.objsubid = 0
             or k.attgenerated = 's' and d.refobjsubid <> k.attnum
                and (d.classid = 'pg_class'::regclass and d.objid = k.indrelid and d.objsubid = k.attnum
                     or d.classid = 'pg_attrdef'::regclass and d.objid = k.computed))
    union
    select i.indexrelid, d.refobjsubid from pg_index i
    join pg_depend d on d.refclassid = 'pg_class'::regclass and d.refobjid = i.indrelid and d.refobjsubid > 0
        and d.classid = 'pg_class'::regclass and d.objid = i.indexrelid and d.objsubid = 0
    where i.indrelid = to_regclass($1) and i.indpred is not null
)
select c.relname::text,
       array(select k.key from keys k where k.indexrelid = i.indexrelid order by k.place),
       pg_get_expr(i.indpred, i.indrelid),
       array(select a.attname::text from pg_attribute a
             where a.attrelid = i.indrelid and a.attgenerated <> 's'
               and a.attnum in (select n.attnum from named n where n.indexrelid = i.indexrelid) order by a.attnum),
       coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false)
from pg_index i
join pg_class c on c.oid = i.indexrelid
where i.indrelid = to_regclass($1) and i.indisunique and i.indisvalid
order by 1
