-- every reference of a ready row leads to a ready row
select 'profiles', y.legacy_id, 'practice_id' from ready_profiles y
where y.practice_id is not null and not exists (select 1 from ready_practices o where o.id = y.practice_id)
union all
select 'patients', y.legacy_id, 'practice_id' from ready_patients y
where y.practice_id is not null and not exists (select 1 from ready_practices o where o.id = y.practice_id)
union all
select 'patients', y.legacy_id, 'user_id' from ready_patients y
where not exists (select 1 from ready_profiles f where f.id = y.user_id)
union all
select 'patients', y.legacy_id, 'assigned_profile_id' from ready_patients y
where y.assigned_profile_id is not null
  and not exists (select 1 from ready_profiles f where f.id = y.assigned_profile_id)
union all
select 'practice_owners', y.legacy_id, 'practice_id' from ready_practice_owners y
where not exists (select 1 from ready_practices o where o.id = y.practice_id)
union all
select 'practice_owners', y.legacy_id, 'profile_id' from ready_practice_owners y
where not exists (select 1 from ready_profiles f where f.id = y.profile_id)
union all
select 'practice_members', y.legacy_id, 'practice_id' from ready_practice_members y
where not exists (select 1 from ready_practices o where o.id = y.practice_id)
union all
select 'practice_members', y.legacy_id, 'profile_id' from ready_practice_members y
where not exists (select 1 from ready_profiles f where f.id = y.profile_id)
