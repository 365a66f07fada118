-- one row is one course: a dispatch_course of the legacy application, or one offered since
create table if not exists courses (
    id            uuid primary key default gen_random_uuid(),
    legacy_id     integer unique,
    name          text not null,
    type          integer,
    customization text,
    metadata      jsonb not null default '{}',
    created_at    timestamptz not null default now(),
    updated_at    timestamptz not null default now()
);
-- nobody but the owner sees a row until the application's own policies say who may
alter table courses enable row level security;
