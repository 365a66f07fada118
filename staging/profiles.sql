-- one row is one profile as it will be loaded; practice_id is written by phase 2C
create table ready_profiles (
    id          text not null,
    legacy_id   integer primary key,
    email       text,
    first_name  text not null,
    last_name   text not null,
    role        text not null,
    is_active   text not null,
    metadata    text not null,
    created_at  text not null,
    updated_at  text not null,
    practice_id text
);
