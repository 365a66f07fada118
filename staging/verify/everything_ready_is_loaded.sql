-- the target has confirmed every ready record in every phase that writes it
select 'practices', legacy_id, '2A' from ready_practices
where legacy_id not in (select legacy_id from loads
                        where entity = 'practices' and phase = '2A' and outcome <> 'failed')
union all
select 'profiles', legacy_id, '2A' from ready_profiles
where legacy_id not in (select legacy_id from loads
                        where entity = 'profiles' and phase = '2A' and outcome <> 'failed')
union all
select 'patients', legacy_id, '2B' from ready_patients
where legacy_id not in (select legacy_id from loads
                        where entity = 'patients' and phase = '2B' and outcome <> 'failed')
union all
select 'practice_owners', legacy_id, '2C' from ready_practice_owners
where legacy_id not in (select legacy_id from loads
                        where entity = 'practice_owners' and phase = '2C' and outcome <> 'failed')
union all
select 'practice_members', legacy_id, '2C' from ready_practice_members
where legacy_id not in (select legacy_id from loads
                        where entity = 'practice_members' and phase = '2C' and outcome <> 'failed')
union all
select 'profiles', legacy_id, '2C' from ready_profiles
where legacy_id not in (select legacy_id from loads
                        where entity = 'profiles' and phase = '2C' and outcome <> 'failed')
