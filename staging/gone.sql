-- one row is one record that was gone from the source when a load came upon its row in the target, where the configuration says
-- what becomes of such rows; a record that comes back is no longer here
create table gone_records (
    entity     text not null,
    legacy_id  integer not null,
    target_id  text not null,
    outcome    text not null,    -- removed, deactivated, already, others, changed, referenced, kept
    by_whom    text,             -- what refers to the row, as table.column, or keeps it
    phase      text not null,
    run_id     integer not null,
    settled_at text not null,
    primary key (entity, legacy_id)
) without rowid;

-- one row is one outcome of one entity, with the number of its records
create view v_gone_records as
select entity, outcome, count(*) as records
from gone_records
group by entity, outcome;

-- one row is one record whose id belonged to another person or another place in the snapshot before: a question until somebody says
-- after that moment that it is the same one
create table other_records (
    entity    text not null,
    legacy_id integer not null,
    noted_at  text not null,
    was_id    text,              -- the row of the target that the record had until then
    primary key (entity, legacy_id)
) without rowid;
