-- what the legacy database says: a membership that is gone from it, which stays in the target until a rollback
select entity, legacy_id, 'is_primary'
from v_gone_from_source
where entity in ('practice_members', 'practice_owners')
