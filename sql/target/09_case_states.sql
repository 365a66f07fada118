-- one row says that a case went from one state to another: a dispatch_state of the legacy application, or a step taken since
create table if not exists case_states (
    id         uuid primary key default gen_random_uuid(),
    legacy_id  integer unique,
    case_id    uuid not null references cases (id),
    from_state case_state,
    to_state   case_state not null,
    changed_by uuid references profiles (id),
    changed_at timestamptz not null,
    metadata   jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create index if not exists case_states_case_id_idx on case_states (case_id);
create index if not exists case_states_changed_by_idx on case_states (changed_by);
-- nobody but the owner sees a row until the application's own policies say who may
alter table case_states enable row level security;
