-- one row is one course as it will be loaded
create table ready_courses (
    id            text not null,
    legacy_id     integer primary key,
    name          text not null,
    type          text,
    customization text,
    metadata      text not null
);
