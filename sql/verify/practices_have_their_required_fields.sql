-- every migrated practice has a name, a flag that says whether it is active, and metadata
select 'practices', t.legacy_id, v.field
from practices t
cross join lateral (values ('name', coalesce(btrim(t.name), '') = ''), ('is_active', t.is_active is null),
                           ('metadata', t.metadata is null)) v(field, is_wrong)
where t.legacy_id is not null and v.is_wrong
