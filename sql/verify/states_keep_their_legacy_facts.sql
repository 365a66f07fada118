-- every migrated state keeps in its metadata the legacy facts that have no column of their own
select 'case_states', legacy_id, 'metadata' from case_states
where legacy_id is not null and not coalesce(jsonb_typeof(metadata -> 'legacy') = 'object', false)
