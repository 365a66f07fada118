-- the plan's validation queries, over the rows of this migration; the file's v_expected_totals has the same names
select o.total_practices, f.total_profiles, p.total_patients, m.total_practice_members, e.distinct_emails,
       f.profiles_with_practices, p.patients_with_practices, p.patients_with_providers,
       p.valid_patient_practice_links, p.valid_patient_provider_links
from (select count(*) as total_practices from practices where legacy_id is not null) o,
     (select count(*) as total_practice_members from practice_members where legacy_id is not null) m,
     (select count(*) as distinct_emails
      from (select distinct lower(email::text collate "C") as email from profiles where legacy_id is not null) a
      where email is not null) e,
     (select count(*) as total_profiles, count(practice_id) as profiles_with_practices
      from profiles where legacy_id is not null) f,
     (select count(*) as total_patients,
             count(t.practice_id) as patients_with_practices,
             count(t.assigned_profile_id) as patients_with_providers,
             count(o.id) as valid_patient_practice_links,
             count(f.id) as valid_patient_provider_links
      from patients t
      left join practices o on o.id = t.practice_id
      left join profiles f on f.id = t.assigned_profile_id
      where t.legacy_id is not null) p
