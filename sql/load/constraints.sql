-- one row is one constraint that each row of a table has to meet by itself or by a row of another table: $1 the table, quoted
-- kind: c check, d check of a column's domain, f foreign key
-- of a foreign key: schema and name of the table that it refers to, the columns there, whether the role may look, and whether a
-- row that refers by some of its columns only breaks it
select k.conname::text, k.contype::text,
       array(select a.attname::text from unnest(k.conkey) with ordinality x (attnum, place)
             join pg_attribute a on a.attrelid = k.conrelid and a.attnum = x.attnum order by x.place),
       case when k.contype = 'c' then pg_get_expr(k.conbin, k.conrelid) end,
       n.nspname::text, p.relname::text,
       array(select a.attname::text from unnest(k.confkey) with ordinality x (attnum, place)
             join pg_attribute a on a.attrelid = k.confrelid and a.attnum = x.attnum order by x.place),
       coalesce(has_schema_privilege(p.relnamespace, 'usage') and has_table_privilege(p.oid, 'select')
                and not row_security_active(p.oid), false),
       k.convalidated, k.confmatchtype = 'f'
from pg_constraint k
left join pg_class p on p.oid = k.confrelid
left join pg_namespace n on n.oid = p.relnamespace
where k.conrelid = to_regclass($1) and k.conparentid = 0 and (k.contype = 'c' or k.contype = 'f' and k.confrelid <> k.conrelid)
union all
select k.conname::text, 'd', array[a.attname::text], pg_get_expr(k.conbin, 0), null, null, '{}', false, k.convalidated, false
from pg_attribute a
join lateral (
    with recursive domains (oid, base) as (
        select d.oid, d.typbasetype from pg_type d where d.oid = a.atttypid and d.typtype = 'd'
        union all
        select d.oid, d.typbasetype from domains x join pg_type d on d.oid = x.base and d.typtype = 'd'
    )
    select k.* from domains x join pg_constraint k on k.contypid = x.oid and k.contype = 'c'
) k on true
where a.attrelid = to_regclass($1) and a.attnum > 0 and not a.attisdropped
order by 1, 3
