-- one row is one digital asset: a dispatch_project of the legacy application, or one made since. Without a case, a practice or a
-- creator it is one of which the legacy application did not say more
create table if not exists projects (
    id          uuid primary key default gen_random_uuid(),
    legacy_id   integer unique,
    case_id     uuid references cases (id),
    practice_id uuid references practices (id),
    creator_id  uuid references profiles (id),
    name        text not null,
    type        project_type not null default 'other',
    status      project_status default 'draft',
    uid         uuid unique,
    size        bigint,
    is_public   boolean,
    metadata    jsonb not null default '{}',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create index if not exists projects_case_id_idx on projects (case_id);
create index if not exists projects_practice_id_idx on projects (practice_id);
create index if not exists projects_creator_id_idx on projects (creator_id);
-- nobody but the owner sees a row until the application's own policies say who may
alter table projects enable row level security;
