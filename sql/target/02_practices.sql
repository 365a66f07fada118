-- one row is one practice: a dispatch_office of the legacy application, or a practice founded since
create table if not exists practices (
    id         uuid primary key default gen_random_uuid(),
    legacy_id  integer unique,
    name       text not null,
    address    text,
    city       text,
    state      text,
    zip_code   text,
    country    text,
    phone      text,
    tax_rate   numeric(9, 6),
    is_active  boolean not null default true,
    metadata   jsonb not null default '{}',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
-- nobody but the owner sees a row until the application's own policies say who may
alter table practices enable row level security;
