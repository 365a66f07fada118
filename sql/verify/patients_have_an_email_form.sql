-- every address of a migrated patient is empty, or lower-case with one @ and something on both sides
select 'patients', legacy_id, 'email'
from patients
where legacy_id is not null
  and email <> ''
  and (email::text collate "C" ~ '[A-Z]'
       or email::text collate "C" !~ '^[^[:space:]]+@[^[:space:]@]+$')
