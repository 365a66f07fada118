-- one row is one label of an enum type that a column of the tables uses: $1 schema, $2 table names
select distinct t.typname::text, e.enumsortorder, e.enumlabel::text
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
join pg_type t on t.oid = a.atttypid
join pg_enum e on e.enumtypid = t.oid
where n.nspname = $1 and c.relname = any($2)
order by 1, 2
