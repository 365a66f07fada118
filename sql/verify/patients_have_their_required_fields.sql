-- every migrated patient has names and an address (which may be empty), a gender, metadata and moments
select 'patients', t.legacy_id, v.field
from patients t
cross join lateral (values ('first_name', t.first_name is null), ('last_name', t.last_name is null),
                           ('email', t.email is null), ('gender', t.gender is null),
                           ('metadata', t.metadata is null), ('created_at', t.created_at is null),
                           ('updated_at', t.updated_at is null)) v(field, is_wrong)
where t.legacy_id is not null
  and num_nulls(t.first_name, t.last_name, t.email, t.gender, t.metadata, t.created_at, t.updated_at) > 0 and v.is_wrong
