-- every migrated profile has names (which may be empty), a role, a flag that says whether it is active, metadata and moments
select 'profiles', t.legacy_id, v.field
from profiles t
cross join lateral (values ('first_name', t.first_name is null), ('last_name', t.last_name is null),
                           ('role', t.role is null), ('is_active', t.is_active is null),
                           ('metadata', t.metadata is null), ('created_at', t.created_at is null),
                           ('updated_at', t.updated_at is null)) v(field, is_wrong)
where t.legacy_id is not null
  and num_nulls(t.first_name, t.last_name, t.role, t.is_active, t.metadata, t.created_at, t.updated_at) > 0 and v.is_wrong
