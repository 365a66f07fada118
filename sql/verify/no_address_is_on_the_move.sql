-- no profile was left with the address that stands in only while a load runs
select 'profiles', legacy_id, 'email'
from profiles
where legacy_id is not null and email::text collate "C" like 'moving.%@migrated.local'
  and email::text collate "C" = 'moving.' || id || '@migrated.local'
