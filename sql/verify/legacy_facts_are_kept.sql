-- every migrated row keeps the legacy facts that have no column of their own in its metadata
select 'practices', legacy_id, 'metadata' from practices
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
union all
select 'profiles', legacy_id, 'metadata' from profiles
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
union all
select 'patients', legacy_id, 'metadata' from patients
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
