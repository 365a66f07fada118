-- what the legacy database says: a patient whose own office is not one of its doctor's
select 'patients', p.legacy_id, 'assigned_profile_id'
from ready_patients p
join ready_profiles f on f.id = p.assigned_profile_id
where f.practice_id is not p.practice_id
  and (f.id, p.practice_id) not in (select profile_id, practice_id from ready_practice_members
                                    union all
                                    select profile_id, practice_id from ready_practice_owners)
