-- one row is one column of a table: $1 schema, $2 table names
select c.relname::text, a.attname::text, a.attnum::bigint, t.typname::text, t.typtype::text,
       case when t.typname in ('varchar', 'bpchar') and a.atttypmod > 4 then (a.atttypmod - 4)::bigint end,
       not a.attnotnull, a.atthasdef or a.attidentity <> '', a.attgenerated <> '',
       case when t.typname = 'numeric' and a.atttypmod > 4
            then array[((a.atttypmod - 4) >> 16) - ((a.atttypmod - 4) & 65535), (a.atttypmod - 4) & 65535]::bigint[] end
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
where n.nspname = $1 and c.relname = any($2) and c.relkind in ('r', 'p')
order by c.relname, a.attnum
