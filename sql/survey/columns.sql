-- one row is one column of a table: $1 schema, $2 table names
select c.relname::text, a.attname::text, a.attnum::bigint, t.typname::text, t.typtype::text,
       case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then (a.atttypmod - 4)::bigint end,
       case when t.typname = 'numeric' and a.atttypmod > 4 then ((a.atttypmod - 4) >> 16 & 65535)::bigint end,
       case when t.typname = 'numeric' and a.atttypmod > 4 then ((a.atttypmod - 4) & 65535)::bigint end,
       format_type(a.atttypid, a.atttypmod),
       not (a.attnotnull or (t.typtype = 'd' and t.typnotnull)),
       a.atthasdef or a.attidentity <> '' or t.typdefault is not null,
       case when a.attidentity <> '' then 'identity' else coalesce(pg_get_expr(d.adbin, d.adrelid), t.typdefault) end,
       a.attgenerated <> '' or a.attidentity = 'a'
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
left join pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by c.relname, a.attnum
