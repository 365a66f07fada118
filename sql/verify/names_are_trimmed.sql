-- no name of a migrated person begins or ends with a space, has two in a row, or is the word null
with names as (
    select 'profiles' as entity, t.legacy_id, v.field, v.name::text collate "C" as name
    from profiles t
    cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
    where t.legacy_id is not null
    union all
    select 'patients', t.legacy_id, v.field, v.name::text collate "C"
    from patients t
    cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
    where t.legacy_id is not null
)
select entity, legacy_id, field
from names
where name like ' %' or name like '% ' or name like '%  %' or octet_length(name) = 4 and lower(name) = 'null'
