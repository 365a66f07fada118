-- no name of a migrated person begins or ends with a space, has two in a row, or is the word null
select 'profiles', t.legacy_id, v.field
from profiles t
cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
where t.legacy_id is not null and (v.name <> btrim(v.name) or v.name like '%  %' or lower(v.name) = 'null')
union all
select 'patients', t.legacy_id, v.field
from patients t
cross join lateral (values ('first_name', t.first_name), ('last_name', t.last_name)) v(field, name)
where t.legacy_id is not null and (v.name <> btrim(v.name) or v.name like '%  %' or lower(v.name) = 'null')
