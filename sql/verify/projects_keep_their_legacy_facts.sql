-- every migrated project keeps in its metadata the legacy facts that have no column of their own
select 'projects', legacy_id, 'metadata' from projects
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
