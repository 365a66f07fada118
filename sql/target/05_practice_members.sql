-- one row says that a profile belongs to a practice in one role; legacy_id is the dispatch_office_doctors row of a
-- doctor, and the dispatch_office row of an owner, so the role is part of the key
create table if not exists practice_members (
    id          uuid primary key default gen_random_uuid(),
    legacy_id   integer,
    practice_id uuid not null references practices (id),
    profile_id  uuid not null references profiles (id),
    role        practice_role not null,
    is_primary  boolean not null default false,
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now(),
    unique (role, legacy_id),
    unique (practice_id, profile_id, role)
);
create index if not exists practice_members_profile_id_idx on practice_members (profile_id);
-- nobody but the owner sees a row until the application's own policies say who may
alter table practice_members enable row level security;
