-- one row is one decision of a person about one question; it is never changed or deleted, a later one supersedes it.
-- Keyed by legacy id, so that it outlives every snapshot and every transform.
create table decisions (
    decision_id   integer primary key,
    entity        text not null,
    legacy_id     integer not null,
    question      text not null,      -- the field asked about, 'record', or 'duplicate_of_<legacy id>'
    action        text not null check (
        action in ('accept', 'choose', 'set', 'merge', 'not_a_duplicate', 'reject', 'escalate')),
    value         text,               -- the value set, or the legacy id chosen
    refers_to     text,               -- the entity of that legacy id
    reason        text not null,
    decided_by    text not null,
    decided_at    text not null,
    run_id        integer references runs,
    said          text not null default '',  -- digest of what the record said then; '' where it was not known
    state         text not null check (state in ('waiting', 'applied', 'stale', 'changed')),
    superseded_by integer references decisions
);
create unique index decisions_current on decisions (entity, legacy_id, question) where superseded_by is null;

-- one row is one error that waited for a person or for the target, or was decided, and that a later transform did not find
-- again: nothing that was open is forgotten without its reason
create table closed_errors (
    entity            text not null,
    entity_id         integer,        -- null for a row whose key could not be told
    field             text not null,
    error_code        text not null,
    severity          text not null,
    resolution_status text not null check (resolution_status = 'resolved'),
    closed_because    text not null check (
        closed_because in ('resolved before', 'no longer found', 'record gone', 'not to be loaded any more')),
    created_at        text not null,
    resolved_at       text not null
);

-- one row, while a transform works, is one error of the earlier one that waited or was decided, with the columns of
-- migration_errors; it outlives a transform that is stopped
create table earlier_errors (
    phase                text not null,
    severity             text not null,
    entity_type          text not null,
    entity               text not null,
    entity_id            integer,
    error_code           text not null,
    error_category       text not null,
    field                text not null,
    error_message        text not null,
    error_context        text,
    suggested_resolution text not null,
    resolution_status    text not null,
    created_at           text not null,
    resolved_at          text,
    retry_count          integer not null
);
create index earlier_errors_record on earlier_errors (entity, entity_id);

-- one row is one question that a person has to answer: the open errors of one field of one record, or a pair of profiles
-- that look like one person
create view v_review_items as
select m.entity,
       m.entity_id as legacy_id,
       coalesce(m.entity_id, -m.error_id) as record,      -- which tells rows without a key apart
       case m.field when '' then 'record' else m.field end as question,
       group_concat(distinct m.error_code) as issues,
       min(case m.severity when 'critical' then 1 when 'high' then 2 when 'medium' then 3 else 4 end) as priority,
       case max(case m.resolution_status when 'escalated' then 2 when 'in_progress' then 1 else 0 end)
           when 2 then 'escalated' when 1 then 'in_progress' else 'pending' end as status,
       group_concat(distinct m.error_context) as context,
       null as look_value
from migration_errors m
where m.resolution_strategy = 'manual'
  and m.resolution_status in ('pending', 'in_progress', 'escalated')
  -- whoever answers for the code answers for every record that waits for it
  and m.error_code <> 'code_waits'
group by m.entity, coalesce(m.entity_id, -m.error_id), case m.field when '' then 'record' else m.field end
union all
select p.entity, p.other_legacy_id, p.other_legacy_id, 'duplicate_of_' || p.legacy_id, 'possible_duplicate', 3,
       case d.action when 'escalate' then 'escalated' else iif(d.decision_id is null, 'pending', 'in_progress') end,
       (select 'band=' || p.band || printf(' probability=%.3f weight=%+.1f:', p.score, p.weight)
               || group_concat(' ' || e.key || ' ' || json_extract(e.value, '$[0]')
                               || printf(' %+.1f', json_extract(e.value, '$[1]')))
        from json_each(iif(json_valid(p.evidence), p.evidence, '{}')) e),
       p.look_value
from duplicate_pairs p
left join decisions d on d.entity = p.entity and d.legacy_id = p.other_legacy_id
    and d.question = 'duplicate_of_' || p.legacy_id and d.superseded_by is null
where p.entity = 'profiles' and p.verdict = 'linked' and p.band <> 'low'
  and (d.decision_id is null or d.action = 'escalate' or d.state in ('waiting', 'changed'))
  -- a pair may be answered from the side of the other record as well
  and not exists (select 1 from decisions m
                  where m.entity = p.entity and m.legacy_id = p.legacy_id and m.superseded_by is null
                    and m.question = 'duplicate_of_' || p.other_legacy_id and m.action <> 'escalate')
union all
-- a decision that holds, about a record that says something else since
select d.entity, d.legacy_id, d.legacy_id, d.question, 'record_changed', 2, 'pending', null, null
from decisions d
where d.superseded_by is null and d.state = 'changed'
  and not exists (select 1 from migration_errors m
                  where m.entity = d.entity and m.entity_id = d.legacy_id and m.resolution_strategy = 'manual'
                    and m.resolution_status in ('pending', 'in_progress', 'escalated')
                    and case m.field when '' then 'record' else m.field end = d.question)
  and not exists (select 1 from duplicate_pairs p
                  where p.entity = d.entity and p.other_legacy_id = d.legacy_id and p.verdict = 'linked' and p.band <> 'low'
                    and 'duplicate_of_' || p.legacy_id = d.question);

-- one row is one decision that holds, with what became of it
create view v_decisions as
select d.decision_id, d.entity, d.legacy_id, d.question, d.action, d.reason, d.decided_by, d.decided_at, d.state,
       r.fate
from decisions d
left join records r on r.entity = d.entity and r.legacy_id = d.legacy_id
where d.superseded_by is null
order by d.decision_id;
