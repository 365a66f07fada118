-- one row is one record that the migration itself made because the configuration says so: the practice "Unassigned". It is
-- no legacy record: nothing was extracted for it, and no line of the accounting counts it but its own. Its legacy_id is
-- below zero, where no legacy row is.
create table created_records (
    entity    text not null,
    legacy_id integer not null check (legacy_id < 0),
    reason    text not null,          -- the configuration's key
    primary key (entity, legacy_id)
) without rowid;

-- the same with its row and what the target did with it
create view v_created as
select c.entity, c.legacy_id, y.id, c.reason, l.outcome
from created_records c
join v_ready y on y.entity = c.entity and y.legacy_id = c.legacy_id
join entities e on e.entity = c.entity
left join loads l on l.entity = c.entity and l.legacy_id = c.legacy_id and l.phase = e.phase;
