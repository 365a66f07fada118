-- one row is one case: a dispatch_project of the legacy application as its patient's, or a case opened since
create table if not exists cases (
    id            uuid primary key default gen_random_uuid(),
    legacy_id     integer unique,
    case_number   text not null unique,
    title         text not null,
    patient_id    uuid not null references patients (id),
    practice_id   uuid not null references practices (id),
    provider_id   uuid references profiles (id),
    case_type     case_type,
    current_state case_state default 'submitted',
    metadata      jsonb not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
create index if not exists cases_patient_id_idx on cases (patient_id);
create index if not exists cases_practice_id_idx on cases (practice_id);
create index if not exists cases_provider_id_idx on cases (provider_id);
-- nobody but the owner sees a row until the application's own policies say who may
alter table cases enable row level security;
