-- every address of a migrated profile is lower-case and has one @ with something on both sides
select 'profiles', legacy_id, 'email'
from profiles
where legacy_id is not null
  and email is not null
  and (email::text collate "C" ~ '[A-Z]'
       or email::text collate "C" !~ '^[^[:space:]]+@[^[:space:]@]+$')
