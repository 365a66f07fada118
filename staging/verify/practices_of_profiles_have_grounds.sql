-- what the file says: a practice that was inferred, defaulted or chosen, or whose patient or membership is not in the target
with kept_back as materialized (
    select cast(ltrim(user_id, '''="') as integer) as legacy_id
    from legacy_dispatch_patient
    where legacy_id not in (select legacy_id from loads where entity = 'patients' and phase = '2B' and outcome <> 'failed')
    union
    select cast(ltrim(user_id, '''="') as integer)
    from legacy_dispatch_office_doctors
    where legacy_id not in (select legacy_id from loads
                            where entity = 'practice_members' and phase = '2C' and outcome <> 'failed')
)
select 'profiles', a.legacy_id, 'practice_id'
from associations a
where a.entity = 'profiles' and a.practice_id is not null
  and (a.association_method <> 'direct_membership' or a.legacy_id in (select legacy_id from kept_back)
       or exists (select 1 from decisions d where d.entity = 'profiles' and d.legacy_id = a.legacy_id))
