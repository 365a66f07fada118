-- one row is one ownership (role owner) as it will be loaded; legacy_id is the dispatch_office row
create table ready_practice_owners (
    id          text not null,
    legacy_id   integer primary key,
    practice_id text not null,
    profile_id  text not null,
    role        text not null,
    is_primary  text not null
);
