-- no migrated person has a second profile, or is a patient twice, by a row that stands for no legacy record
-- Such a twin has the address that the person's row has, or was given, or the same two names and no address of its own; or it
-- is a copy of a migrated row, with the metadata that only this migration writes. A row whose id was given to somebody else says so.
with others as materialized (
    select lower(btrim(email::text) collate "C") as address, lower(btrim(first_name::text)) as first_name,
           lower(btrim(last_name::text)) as last_name, metadata -> 'legacy' ? 'email_status'
               and not metadata -> 'legacy' ? 'released_legacy_id' as is_copy,
           coalesce(metadata -> 'legacy' ? 'released_legacy_id', false) as is_released
    from profiles where legacy_id is null
), known as (
    select legacy_id, lower(email::text collate "C") as address,
           lower(btrim(metadata -> 'legacy' ->> 'email') collate "C") as given,
           lower(btrim(first_name::text)) as first_name, lower(btrim(last_name::text)) as last_name
    from profiles
    -- asked once: mostly nobody else is there
    where legacy_id is not null and exists (select 1 from others)
)
select 'profiles', k.legacy_id, 'email'
from known k join others o on o.address = k.address
where o.address like '%_@_%'
union
select 'profiles', k.legacy_id, 'email'
from known k join others o on o.address = k.given
where o.address like '%_@_%'
union
select 'profiles', k.legacy_id, 'first_name'
from known k
join others o on o.first_name = k.first_name and o.last_name = k.last_name
where not o.is_released and k.first_name <> '' and k.last_name <> '' and (coalesce(o.address, '') = '' or o.address like '%@migrated.local')
union all
select 'profiles', null::bigint, 'metadata' from others where is_copy
union
select 'patients', p.legacy_id, 'user_id'
from patients p
where p.legacy_id is not null and p.user_id in (
    select twin.user_id from patients twin
    where twin.legacy_id is null and not coalesce(twin.metadata -> 'legacy' ? 'released_legacy_id', false))
order by 1, 2, 3
