-- one row is one patient; user_id is the patient's own profile, assigned_profile_id the treating doctor's
create table if not exists patients (
    id                      uuid primary key default gen_random_uuid(),
    legacy_id               integer unique,
    user_id                 uuid not null references profiles (id),
    first_name              text not null default '',
    last_name               text not null default '',
    email                   text not null default '',
    date_of_birth           date,
    gender                  gender not null default 'unknown',
    practice_id             uuid references practices (id),
    assigned_profile_id     uuid references profiles (id),
    phone                   text not null default '',
    address                 text not null default '',
    city                    text not null default '',
    state                   text not null default '',
    zip_code                text not null default '',
    insurance_provider      text not null default '',
    insurance_id            text not null default '',
    emergency_contact_name  text not null default '',
    emergency_contact_phone text not null default '',
    medical_history         text not null default '',
    allergies               text not null default '',
    medications             text not null default '',
    metadata                jsonb not null default '{}',
    created_at              timestamptz not null default now(),
    updated_at              timestamptz not null default now()
);
create index if not exists patients_user_id_idx on patients (user_id);
create index if not exists patients_practice_id_idx on patients (practice_id);
create index if not exists patients_assigned_profile_id_idx on patients (assigned_profile_id);
-- nobody but the owner sees a row until the application's own policies say who may
alter table patients enable row level security;
