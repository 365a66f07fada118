-- every migrated case keeps in its metadata the legacy facts that have no column of their own
select 'cases', legacy_id, 'metadata' from cases
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
