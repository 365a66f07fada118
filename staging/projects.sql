-- one row is one project as it will be loaded
create table ready_projects (
    id          text not null,
    legacy_id   integer primary key,
    case_id     text,
    practice_id text,
    creator_id  text,
    name        text not null,
    type        text not null,
    status      text,
    uid         text,
    size        text,
    is_public   text,
    metadata    text not null,
    created_at  text not null
);
