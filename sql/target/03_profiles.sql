-- one row is one person who can sign in: an auth_user of the legacy application, or somebody who joined since
create table if not exists profiles (
    id          uuid primary key default gen_random_uuid(),
    legacy_id   integer unique,
    email       text not null unique,
    first_name  text not null default '',
    last_name   text not null default '',
    role        user_role not null default 'unknown',
    is_active   boolean not null default true,
    practice_id uuid references practices (id),
    metadata    jsonb not null default '{}',
    created_at  timestamptz not null default now(),
    updated_at  timestamptz not null default now()
);
create unique index if not exists profiles_email_lower_key on profiles (lower(email));
create index if not exists profiles_practice_id_idx on profiles (practice_id);
-- nobody but the owner sees a row until the application's own policies say who may
alter table profiles enable row level security;
