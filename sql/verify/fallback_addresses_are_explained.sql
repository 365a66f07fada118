-- every address that is not the person's own is a fallback address, and nobody's own fallback counts as kept
select 'profiles', legacy_id, 'email'
from profiles
where legacy_id is not null
  and case metadata -> 'legacy' ->> 'email_status'
          when 'kept' then email::text collate "C" like '%@migrated.local'
                           and email::text collate "C" ~ ('\.' || legacy_id || '(-[0-9]+)?@migrated\.local$')
          else email::text collate "C" not like '%@migrated.local'
      end
