-- every fallback address stands where the migration says that there was no address to keep, and nowhere else
select 'profiles', legacy_id, 'email'
from profiles
where legacy_id is not null
  and (email like '%@migrated.local') = (metadata -> 'legacy' ->> 'email_status' = 'kept')
  and (email is not null or metadata -> 'legacy' ->> 'email_status' = 'kept')
