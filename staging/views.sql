-- The views that answer an operator's questions; staging/README.md lists them. Each is fast at any moment: none looks a row up by
-- what staging/indexes.sql is for, because those indexes are missing while a transform works and after one that was killed.
-- v_extracted, v_ready and v_accounting stand in no file: they are made from the program's own list of entities.

-- one row is one record without exactly one fate, or whose fate and rows disagree: empty, or something is wrong
create view v_unaccounted as
select x.entity, x.legacy_id, 'no fate' as problem
from v_extracted x
where not exists (select 1 from records r where r.entity = x.entity and r.legacy_id = x.legacy_id)
union all
select r.entity, r.legacy_id, 'no legacy row'
from records r
where not exists (select 1 from v_extracted x where x.entity = r.entity and x.legacy_id = r.legacy_id)
union all
select r.entity, r.legacy_id, 'ready without a row'
from records r
where r.fate = 'ready'
  and not exists (select 1 from v_ready y where y.entity = r.entity and y.legacy_id = r.legacy_id)
union all
select y.entity, y.legacy_id, 'a row without being ready'
from v_ready y
where not exists (
    select 1 from records r where r.entity = y.entity and r.legacy_id = y.legacy_id and r.fate = 'ready')
  and not exists (select 1 from created_records c where c.entity = y.entity and c.legacy_id = y.legacy_id)
union all
select r.entity, r.legacy_id, 'merged into a record that is not ready'
from records r
where r.fate = 'merged'
  and not exists (
    select 1 from records k
    where k.entity = coalesce((select a.into_entity from merged_across a where a.entity = r.entity and a.legacy_id = r.legacy_id),
                              r.entity)
      and k.legacy_id = r.merged_into and k.fate = 'ready')
union all
select l.entity, l.legacy_id, 'loaded without being ready'
from loads l
join entities e on e.entity = l.entity
where not exists (
    select 1 from records r where r.entity = l.entity and r.legacy_id = l.legacy_id and r.fate = 'ready')
  and not exists (select 1 from created_records c where c.entity = l.entity and c.legacy_id = l.legacy_id);

-- one row is one column of the snapshot: how its values are written, and how many of them can be read
create view v_columns as
select table_name || '.' || column_name as column_name, reads, rows, nulls + empty + markers as missing, readable, unreadable,
       round(100.0 * readable / nullif(readable + unreadable, 0), 1) as percent_readable, distinct_values, format, evidence,
       shapes, smallest, largest, trouble
from source_columns
order by table_name, position;

-- one row is one field: how many of the values that the source gave are in the target, those that lose most first
create view v_survival as
select entity, field, source, given, as_it_was, changed, replaced, emptied, left_out, differs,
       100.0 * (replaced + emptied + left_out + differs) / nullif(given, 0) as percent_lost, rules
from survival
order by percent_lost desc nulls last, position;

-- one row is one issue that the error analysis of phase 2A is about: those of profiles
create view v_analysed_errors as
select *
from migration_errors
where entity = 'profiles' and phase = '2A';

-- the same in the plan's words for the errors of profiles
create view v_profile_errors as
select m.entity_id as legacy_user_id,
       m.batch_id,
       m.error_category,
       m.error_message || coalesce(' (' || m.error_context || ')', '') as error_details,
       case m.field
           when 'email' then u.email
           when 'first_name' then u.first_name
           when 'last_name' then u.last_name
       end as original_data,
       m.suggested_resolution,
       m.retry_count,
       case m.resolution_status when 'resolved' then 'resolved' when 'failed' then 'failed' else 'pending' end
           as resolution_status
from v_analysed_errors m
left join legacy_auth_user u on u.legacy_id = m.entity_id;

-- the one row counts them, as the plan's error analysis of phase 2A
create view v_error_analysis as
select count(*) as total_errors,
       coalesce(sum(error_category = 'email_conflict'), 0) as email_conflicts,
       coalesce(sum(error_category = 'validation_failure'), 0) as validation_failures,
       coalesce(sum(error_category = 'constraint_violation'), 0) as constraint_violations,
       coalesce(sum(error_category = 'schema_mismatch'), 0) as schema_mismatches,
       coalesce(sum(resolution_strategy = 'automatic'), 0) as resolvable_errors,
       coalesce(sum(resolution_strategy = 'manual'), 0) as manual_intervention_required
from v_analysed_errors;

-- one row is one kind of issue with the number of records that have it, and of those where nobody has settled it
create view v_errors_by_code as
select phase, entity, error_code, error_category, severity, resolution_strategy,
       count(distinct coalesce(entity_id, -error_id)) as records,
       count(distinct iif(resolution_status in ('pending', 'in_progress', 'escalated'), coalesce(entity_id, -error_id), null))
           as pending,
       min(error_message) as error_message, min(suggested_resolution) as suggested_resolution
from migration_errors
group by phase, entity, error_code, error_category, severity, resolution_strategy
order by phase, entity, records desc, error_code;

-- one row is one way of finding a practice with its number of records
create view v_associations_by_method as
select entity, association_method, confidence_level, requires_manual_review, count(*) as records
from associations
group by entity, association_method, confidence_level, requires_manual_review
order by entity, confidence_level = 'low', confidence_level = 'medium', association_method;

-- one row is one association that a person has to confirm
create view v_review as
select entity, legacy_id, practice_legacy_id, association_method, confidence_level, evidence, other_practices
from associations
where requires_manual_review = 1
order by entity, legacy_id;

-- one row is one record that is not ready, with the issues for a person that keep it back. The issues are brought together once
-- for all records: while a transform works, they have no index
create view v_waiting as
select r.entity, r.legacy_id, r.fate, r.merged_into, m.error_codes
from records r
left join (
    select entity, entity_id, group_concat(distinct error_code) as error_codes
    from (select entity, entity_id, error_code from migration_errors
          where resolution_strategy = 'manual' and entity_id is not null
          order by entity, entity_id, error_id)
    group by entity, entity_id) m on m.entity = r.entity and m.entity_id = r.legacy_id
where r.fate <> 'ready'
union all
select e.entity, u.legacy_id, 'quarantined', null, 'row_unreadable: ' || u.reason
from legacy_unreadable u
join entities e on e.legacy_table = u.table_name and e.in_use
order by 1, 2;

-- one row is one reason why cases have no patient, with how many they are and the first of them
create view v_cases_without_patient as
select cause, count(*) as cases, min(legacy_id) as first_legacy_id
from (
    select m.entity_id as legacy_id,
           case when sum(m.error_code = 'patient_ambiguous') > 0 then 'plans that lead to different patients'
                when sum(m.error_code = 'reference_not_ready') > 0 then 'a patient who waits'
                when sum(m.error_context like 'plan=%patient=%') > 0 then 'a patient who does not exist'
                when sum(m.error_context like 'plan=%instruction=%') > 0 then 'an order that does not exist'
                else 'no plan' end as cause
    from migration_errors m
    join records r on r.entity = 'cases' and r.legacy_id = m.entity_id and r.fate = 'quarantined'
    where m.entity = 'cases' and m.field = 'patient_id'
    group by m.entity_id)
group by cause
order by cases desc, cause;

-- one row is one legacy record that the target did not hold when it was surveyed, found by id and not by count
create view v_missing_in_target as
select x.entity, x.legacy_id
from v_extracted x
where not exists (select 1 from target_rows t where t.entity = x.entity and t.legacy_id = x.legacy_id);

-- one row is one legacy id that the target holds and the snapshot does not: gone from the source, or never in it
create view v_gone_from_source as
select t.entity, t.legacy_id, t.target_id
from target_rows t
where t.legacy_id is not null
  and not exists (select 1 from v_extracted x where x.entity = t.entity and x.legacy_id = t.legacy_id)
  and not exists (select 1 from created_records c where c.entity = t.entity and c.legacy_id = t.legacy_id);

-- one row is one rule with the number of values that it changed
create view v_changes_by_rule as
select entity, field, rule, count(*) as changes
from changes
group by entity, field, rule
order by entity, field, rule;

-- the one row is the plan's totals as the file expects them in the target; verification compares them by name
create view v_expected_totals as
select (select count(*) from ready_practices) as total_practices,
       f.total_profiles, p.total_patients,
       (select count(*) from ready_practice_members) + (select count(*) from ready_practice_owners)
           as total_practice_members,
       (select count(distinct lower(email)) from ready_profiles) as distinct_emails,
       f.profiles_with_practices, p.patients_with_practices, p.patients_with_providers,
       p.valid_patient_practice_links, p.valid_patient_provider_links
from (select count(*) as total_profiles, count(practice_id) as profiles_with_practices from ready_profiles) f,
     (select count(*) as total_patients,
             count(y.practice_id) as patients_with_practices,
             count(y.assigned_profile_id) as patients_with_providers,
             coalesce(sum(y.practice_id in (select id from ready_practices)), 0) as valid_patient_practice_links,
             coalesce(sum(y.assigned_profile_id in (select id from ready_profiles)), 0)
                 as valid_patient_provider_links
      from ready_patients y) p;

-- the one row is what the plan's progress object is computed from, every number counted from records
create view v_progress as
select (select count(*) from v_missing_in_target where entity = 'profiles') as profiles_remaining,
       (select count(*) from v_missing_in_target m join records r using (entity, legacy_id)
        where m.entity = 'profiles') as profiles_analyzed,
       (select count(*) from v_missing_in_target m join loads l using (entity, legacy_id)
        where m.entity = 'profiles' and l.phase = '2A' and l.outcome <> 'failed') as profiles_resolved,
       (select count(*) from v_missing_in_target m join records r using (entity, legacy_id)
        where m.entity = 'profiles' and r.fate in ('rejected', 'quarantined'))
           + (select count(*) from v_missing_in_target m join loads l using (entity, legacy_id)
              where m.entity = 'profiles' and l.phase = '2A' and l.outcome = 'failed') as profiles_failed,
       (select extracted from v_accounting where entity = 'patients') as patients_total,
       (select ready + merged + rejected + quarantined from v_accounting where entity = 'patients')
           as patients_processed,
       (select count(*) from associations where entity = 'patients') as patients_associated,
       (select rejected + quarantined + failed from v_accounting where entity = 'patients') as patients_failed,
       (select loaded from v_accounting where entity = 'patients') as patients_loaded,
       (select count(*) from associations where entity = 'profiles') as profile_associations,
       (select count(*) from v_ready where entity in ('profiles', 'practice_owners', 'practice_members'))
           as integration_total,
       (select count(*) from loads where phase = '2C' and outcome <> 'failed') as integration_loaded,
       (select count(*) from checks where wrong = 0 and sentence not like '%(not asked: %') as validations_passed,
       (select count(*) from migration_errors where phase = '2C') as issues_identified;

-- one row is one record and another one that looks like the same person, from either side
create view v_duplicates as
select entity, legacy_id, other_legacy_id, score, weight, band, look_value, evidence, verdict from duplicate_pairs
union all
select entity, other_legacy_id, legacy_id, score, weight, band, look_value, evidence, verdict from duplicate_pairs;

-- one row is what one field says about one pair, in bits; `name order` and `household` are what swapped names and shared
-- households say
create view v_duplicate_evidence as
select p.entity, p.legacy_id, p.other_legacy_id, e.key as field, json_extract(e.value, '$[0]') as level,
       json_extract(e.value, '$[1]') as bits
from duplicate_pairs p, json_each(iif(json_valid(p.evidence), p.evidence, '{}')) e;

-- one row is one look at two users that is worth taking, best first; `expected_share` is the part of all true pairs that
-- is expected among the merged ones and the looks down to this one
create view v_duplicate_looks as
select legacy_id, other_legacy_id, band, score, look_value,
       min(1.0, ((select total(score) from duplicate_pairs where entity = 'profiles' and verdict = 'merged')
                 + sum(look_value) over (order by look_value desc, legacy_id, other_legacy_id))
                / (select max(expected_pairs, 1e-9) from duplicate_search)) as expected_share
from duplicate_pairs
where entity = 'profiles' and look_value is not null and verdict = 'linked'
order by look_value desc, legacy_id, other_legacy_id;
