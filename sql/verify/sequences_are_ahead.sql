-- no sequence of a written table will hand out a number that a row already has
select n.table_name, null::bigint, n.column_name
from (select c.relname::text as table_name, a.attname::text as column_name, s.seqstart, s.seqincrement,
             pg_sequence_last_value(s.seqrelid) as last_value,
             (xpath('//highest/text()',
                    query_to_xml(format('select max(%I)::bigint as highest from %s', a.attname, c.oid::regclass),
                                 false, true, '')))[1]::text::bigint as highest
      from pg_class c
      join pg_depend d on d.refobjid = c.oid and d.refclassid = 'pg_class'::regclass
                      and d.classid = 'pg_class'::regclass and d.deptype in ('a', 'i')
      join pg_sequence s on s.seqrelid = d.objid
      join pg_attribute a on a.attrelid = c.oid and a.attnum = d.refobjsubid
      where c.relnamespace = current_schema()::regnamespace
        and c.relname in (:tables)) n
where n.seqincrement > 0 and n.highest > coalesce(n.last_value, n.seqstart - 1)
order by 1, 3
