-- no name of a migrated person begins or ends with a space, has two in a row, or is the word null
-- Both names between spaces show most of that at once; only rows that do, or have a name of four letters, are looked at.
with names as (
    select 'profiles' as entity, t.legacy_id, v.field, v.name::text collate "C" as name
    from profiles t
    cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
    where t.legacy_id is not null
      and (strpos(' ' || coalesce(t.first_name, '') || ' ' || coalesce(t.last_name, '') || ' ' collate "C", '  ') > 0
           or octet_length(t.first_name) = 4 or octet_length(t.last_name) = 4)
    union all
    select 'patients', t.legacy_id, v.field, v.name::text collate "C"
    from patients t
    cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
    where t.legacy_id is not null
      and (strpos(' ' || coalesce(t.first_name, '') || ' ' || coalesce(t.last_name, '') || ' ' collate "C", '  ') > 0
           or octet_length(t.first_name) = 4 or octet_length(t.last_name) = 4)
)
select entity, legacy_id, field
from names
where name like ' %' or name like '% ' or name like '%  %' or octet_length(name) = 4 and lower(name) = 'null'
