-- one row is one column of a table: $1 schema, $2 table names
select c.relname::text, a.attname::text, a.attnum::bigint, t.typname::text, t.typtype::text,
       case when t.typname in ('varchar', 'bpchar') and m.typmod > 4 then (m.typmod - 4)::bigint end,
       case when t.typname = 'numeric' and m.typmod > 4 then ((m.typmod - 4) >> 16 & 65535)::bigint end,
       case when t.typname = 'numeric' and m.typmod > 4 then ((m.typmod - 4) & 65535)::bigint end,
       format_type(a.atttypid, a.atttypmod),
       not (a.attnotnull or (d.typtype = 'd' and d.typnotnull)),
       a.atthasdef or a.attidentity <> '' or d.typdefault is not null,
       case when a.attidentity <> '' then 'identity' else coalesce(pg_get_expr(f.adbin, f.adrelid), d.typdefault) end,
       a.attgenerated <> '' or a.attidentity = 'a'
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type d on d.oid = a.atttypid
-- a domain holds what the type holds that it is made of in the end
join lateral (
    with recursive made_of (oid, typmod) as (
        select d.oid, a.atttypmod
        union all
        select b.typbasetype, case when m.typmod > 0 then m.typmod else b.typtypmod end
        from made_of m join pg_type b on b.oid = m.oid
        where b.typtype = 'd'
    )
    select m.oid, m.typmod from made_of m join pg_type b on b.oid = m.oid where b.typtype <> 'd'
) m on true
join pg_type t on t.oid = m.oid
left join pg_attrdef f on f.adrelid = c.oid and f.adnum = a.attnum
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by c.relname, a.attnum
