-- the plan's validation queries, over the rows of this migration; the file's v_expected_totals has the same names
select (select count(*) from practices where legacy_id is not null) as total_practices,
       (select count(*) from profiles where legacy_id is not null) as total_profiles,
       (select count(*) from patients where legacy_id is not null) as total_patients,
       (select count(*) from practice_members where legacy_id is not null) as total_practice_members,
       (select count(distinct lower(email)) from profiles where legacy_id is not null) as distinct_emails,
       (select count(*) from profiles where legacy_id is not null and practice_id is not null)
           as profiles_with_practices,
       (select count(*) from patients where legacy_id is not null and practice_id is not null)
           as patients_with_practices,
       (select count(*) from patients where legacy_id is not null and assigned_profile_id is not null)
           as patients_with_providers,
       (select count(*) from patients p join practices o on o.id = p.practice_id where p.legacy_id is not null)
           as valid_patient_practice_links,
       (select count(*) from patients p join profiles f on f.id = p.assigned_profile_id
        where p.legacy_id is not null) as valid_patient_provider_links
