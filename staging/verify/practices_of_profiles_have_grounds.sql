-- what the file says: a profile whose practice was inferred, is the configured default, or was chosen by a person
select 'profiles', a.legacy_id, 'practice_id'
from associations a
where a.entity = 'profiles' and a.practice_id is not null
  and (a.association_method <> 'direct_membership'
       or exists (select 1 from decisions d where d.entity = 'profiles' and d.legacy_id = a.legacy_id))
