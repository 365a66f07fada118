-- one row is one case as it will be loaded
create table ready_cases (
    id            text not null,
    legacy_id     integer primary key,
    case_number   text not null,
    title         text not null,
    patient_id    text not null,
    practice_id   text not null,
    provider_id   text,
    case_type     text,
    current_state text,
    metadata      text not null,
    created_at    text not null
);
