-- one row is one change of a case's state as it will be loaded
create table ready_case_states (
    id         text not null,
    legacy_id  integer primary key,
    case_id    text not null,
    from_state text,
    to_state   text,
    changed_by text,
    changed_at text not null,
    metadata   text not null
);
