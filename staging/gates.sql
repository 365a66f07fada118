-- one row says that a load started a phase although its gate was not passed, and why
create table gate_overrides (
    override_id   integer primary key,
    gate          integer not null check (gate between 1 and 7),
    reason        text not null,
    missing       text not null,      -- the criterion that was not met, or 'approval'; '' when the gate was passed
    run_id        integer not null references runs,
    overridden_at text not null
);

-- one row is one record that fails what must hold before its phase is loaded. A record that is kept back is listed and
-- harms nobody; one that is ready must not be here with is_ready = 1.
create view v_dependency_failures as
-- before 2B
select '2B' as phase, 'profile_completeness' as dependency, 'profiles' as entity, r.legacy_id, 0 as is_ready
from records r
where r.entity = 'profiles' and r.fate in ('rejected', 'quarantined')
union all
select '2B', 'profile_completeness', 'profiles', y.legacy_id, 1
from ready_profiles y
where y.role = '' or y.created_at = '' or y.metadata = ''
union all
select '2B', 'practice_availability', 'patients', r.legacy_id, r.fate = 'ready'
from records r
where r.entity = 'patients' and r.fate in ('ready', 'quarantined')
  and not exists (
      select 1 from associations a
      join ready_practices o on o.legacy_id = a.practice_legacy_id
      where a.entity = 'patients' and a.legacy_id = r.legacy_id)
union all
select '2B', 'patient_user_links', 'patients', m.entity_id, 0
from migration_errors m
join records r on r.entity = 'patients' and r.legacy_id = m.entity_id and r.fate = 'quarantined'
where m.entity = 'patients' and m.field = 'user_id' and m.error_code like 'reference_%'
union all
select '2B', 'patient_user_links', 'patients', y.legacy_id, 1
from ready_patients y
where y.user_id not in (select id from ready_profiles)
union all
select '2B', 'foreign_keys', 'patients', y.legacy_id, 1
from ready_patients y
where y.practice_id is not null and y.practice_id not in (select id from ready_practices)
   or y.assigned_profile_id is not null
      and y.assigned_profile_id not in (select id from ready_profiles)
-- what the target refused in 2A is not there either
union all
select '2B', 'patient_user_links', 'patients', y.legacy_id, 1
from ready_patients y
where y.user_id in (
    select f.id from loads l join ready_profiles f on f.legacy_id = l.legacy_id
    where l.entity = 'profiles' and l.phase = '2A' and l.outcome = 'failed')
union all
select '2B', 'practice_availability', 'patients', y.legacy_id, 1
from ready_patients y
where y.practice_id in (
    select o.id from loads l join ready_practices o on o.legacy_id = l.legacy_id
    where l.entity = 'practices' and l.phase = '2A' and l.outcome = 'failed')
-- before 2C
union all
select '2C', 'practice_availability', 'profiles', y.legacy_id, 0
from ready_profiles y
where y.practice_id is null
union all
select '2C', 'patient_provider_links', 'patients', m.entity_id, 0
from migration_errors m
where m.entity = 'patients' and m.field = 'doctor_id' and m.error_code like 'reference_%'
  and m.resolution_status <> 'resolved'
union all
select '2C', 'foreign_keys', 'profiles', y.legacy_id, 1
from ready_profiles y
where y.practice_id is not null and y.practice_id not in (select id from ready_practices)
union all
select '2C', 'foreign_keys', 'practice_owners', y.legacy_id, 1
from ready_practice_owners y
where y.practice_id not in (select id from ready_practices)
   or y.profile_id not in (select id from ready_profiles)
union all
select '2C', 'foreign_keys', 'practice_members', y.legacy_id, 1
from ready_practice_members y
where y.practice_id not in (select id from ready_practices)
   or y.profile_id not in (select id from ready_profiles)
union all
select '2C', 'membership_ends', r.entity, r.legacy_id, 0
from records r
where r.entity in ('practice_owners', 'practice_members') and r.fate = 'quarantined'
-- before 3A
union all
select '3A', 'case_patients', 'cases', r.legacy_id, 0
from records r
where r.entity = 'cases' and r.fate = 'quarantined'
union all
select '3A', 'foreign_keys', 'cases', y.legacy_id, 1
from ready_cases y
where y.patient_id not in (select id from ready_patients) or y.practice_id not in (select id from ready_practices)
   or y.provider_id is not null and y.provider_id not in (select id from ready_profiles)
union all
select '3A', 'foreign_keys', 'cases', y.legacy_id, 1
from ready_cases y
where y.patient_id in (
    select p.id from loads l join ready_patients p on p.legacy_id = l.legacy_id
    where l.entity = 'patients' and l.phase = '2B' and l.outcome = 'failed')
-- before 3B
union all
select '3B', 'project_cases', 'projects', y.legacy_id, 0
from ready_projects y
where y.case_id is null
union all
select '3B', 'foreign_keys', 'projects', y.legacy_id, 1
from ready_projects y
where y.case_id is not null and y.case_id not in (select id from ready_cases)
   or y.practice_id is not null and y.practice_id not in (select id from ready_practices)
   or y.creator_id is not null and y.creator_id not in (select id from ready_profiles)
-- before 3C
union all
select '3C', 'state_cases', 'case_states', r.legacy_id, 0
from records r
where r.entity = 'case_states' and r.fate = 'quarantined'
union all
select '3C', 'foreign_keys', 'case_states', y.legacy_id, 1
from ready_case_states y
where y.case_id not in (select id from ready_cases)
   or y.changed_by is not null and y.changed_by not in (select id from ready_profiles);

-- one row is one thing that must hold before a phase
create view v_dependency_names as
select column1 as position, column2 as phase, column3 as dependency, column4 as sentence
from (values
    (1, '2B', 'profile_completeness', 'every profile is complete enough to be loaded'),
    (2, '2B', 'patient_user_links', 'every patient leads to its own user''s profile'),
    (3, '2B', 'practice_availability', 'every patient has a practice that will be loaded'),
    (4, '2B', 'foreign_keys', 'whatever a patient refers to will be loaded'),
    (5, '2C', 'practice_availability', 'every profile has a practice'),
    (6, '2C', 'patient_provider_links', 'every treating doctor that is named exists'),
    (7, '2C', 'membership_ends', 'every owner and member leads to a practice and a profile'),
    (8, '2C', 'foreign_keys', 'whatever a profile, an owner or a member refers to will be loaded'),
    (9, '3A', 'case_patients', 'every case leads to a patient who will be loaded'),
    (10, '3A', 'foreign_keys', 'whatever a case refers to will be loaded'),
    (11, '3B', 'project_cases', 'every project has a case that will be loaded'),
    (12, '3B', 'foreign_keys', 'whatever a project refers to will be loaded'),
    (13, '3C', 'state_cases', 'every state leads to a case that will be loaded'),
    (14, '3C', 'foreign_keys', 'whatever a state refers to will be loaded'))
-- of a phase that takes part
where exists (select 1 from entities e where e.phase = column2 and e.in_use);

-- the same with the number of records that fail each
create view v_dependencies as
select k.position, k.phase, k.dependency, k.sentence,
       coalesce(f.records, 0) as failing, coalesce(f.ready, 0) as failing_ready
from v_dependency_names k
left join (
    select phase, dependency, count(distinct entity || ' ' || legacy_id) as records,
           count(distinct iif(is_ready, entity || ' ' || legacy_id, null)) as ready
    from v_dependency_failures
    group by phase, dependency) f on f.phase = k.phase and f.dependency = k.dependency
order by k.position;

-- one row is one record that is rejected or quarantined, unless a person rejected it
create view v_kept_back_records as
select r.entity, r.legacy_id
from records r
where r.fate in ('rejected', 'quarantined')
  and not (r.fate = 'rejected' and exists (
      select 1 from decisions d
      where d.entity = r.entity and d.legacy_id = r.legacy_id and d.superseded_by is null
        and d.action = 'reject' and d.state = 'applied'))
union all
select e.entity, u.legacy_id
from legacy_unreadable u
join entities e on e.legacy_table = u.table_name and e.in_use;

-- one row is one entity with the number of these records, and the number that the configuration allows
create view v_kept_back as
select e.entity, coalesce(k.records, 0) as kept_back, e.allowed_rejects as allowed
from entities e
left join (select entity, count(*) as records from v_kept_back_records group by entity) k on k.entity = e.entity
where e.in_use
order by e.position;

-- one row is one record that stops a load or keeps a gate from being passed, and why. A record may have several rows; one
-- whose key cannot be told has a number below zero in `record`. Whoever depends on one is stopped by it and does not stop
-- anything: v_dependency_failures lists those
create view v_blocking as
select m.entity, m.entity_id as legacy_id, coalesce(m.entity_id, -m.error_id) as record,
       'a critical issue is open: ' || m.error_code as reason
from migration_errors m
where m.severity = 'critical' and m.resolution_status <> 'resolved'
union all
select w.entity, w.legacy_id, w.legacy_id, 'more records are kept back than the configuration allows'
from v_kept_back_records w
where w.legacy_id is not null and w.entity in (select entity from v_kept_back where kept_back > allowed)
union all
select l.entity, l.legacy_id, l.legacy_id, 'the target refused it in phase ' || l.phase
from loads l
where l.outcome = 'failed';

-- the one row says what is open: records that wait for a person, issues that a rule settled, records that block, and what
-- these are made of (issues = settled by a rule + for a person + decided)
create view v_open as
select r.records_for_a_person,
       m.issues_settled_by_a_rule,
       (select count(distinct entity || ' ' || record) from v_blocking) as records_blocking,
       m.issues,
       m.issues_for_a_person,
       m.issues_decided,
       r.possible_duplicates,
       (select count(*) from schema_findings) as target_obstacles
from (select count(*) as issues,
             coalesce(sum(resolution_strategy = 'automatic'), 0) as issues_settled_by_a_rule,
             coalesce(sum(resolution_strategy = 'manual' and resolution_status in ('pending', 'escalated')), 0)
                 as issues_for_a_person,
             coalesce(sum(resolution_strategy = 'manual' and resolution_status not in ('pending', 'escalated')), 0)
                 as issues_decided
      from migration_errors) m,
     (select count(distinct entity || ' ' || record) as records_for_a_person,
             coalesce(sum(question like 'duplicate_of_%'), 0) as possible_duplicates
      from v_review_items
      where status <> 'in_progress') r;
