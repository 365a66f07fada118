-- no table that inherits from a written table has rows, which would count as the written table's and obey none of its keys
-- A partition is a part of its table; another child is a table of its own, which `only` leaves out.
with recursive children as (
    select c.relname as parent, i.inhrelid as child
    from pg_class c
    join pg_inherits i on i.inhparent = c.oid
    where c.relnamespace = current_schema()::regnamespace
      and c.relname in (:tables)
    union
    select k.parent, i.inhrelid from children k join pg_inherits i on i.inhparent = k.child
)
select k.parent::text, null::bigint, c.relname::text
from children k
join pg_class c on c.oid = k.child
where not c.relispartition
  -- asked of the children alone: a condition on `c` might be tried on every table there is. What cannot be read counts as rows
  and case when not has_table_privilege(k.child, 'select') then true
           else (xpath('//found/text()',
                       query_to_xml(format('select exists (select from only %s) as found', k.child::regclass),
                                    false, true, '')))[1]::text = 'true' end
order by 1, 3
