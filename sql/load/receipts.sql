-- Drydock's own schema in the target, made when a load first writes; what a run of a staging file did, so that after a
-- lost connection the receipt says whether a transaction was committed, and so that exactly that can be undone
-- (a role that owns the schema need not have the right to make one, which "if not exists" asks for first)
do $$
begin
    if pg_catalog.to_regnamespace('drydock') is null then
        create schema drydock;
    end if;
end
$$;

-- one row is one phase of one run that wrote something
create table if not exists drydock.runs (
    staging_id    text not null,
    run_id        bigint not null,        -- of the staging file's runs
    phase         text not null,
    digest_before text not null,          -- of every table of the migration, before the phase wrote its first row
    started_at    timestamptz not null default pg_catalog.now(),
    primary key (staging_id, run_id, phase)
);

-- one row is one committed transaction of a load that changed something, written in that transaction
create table if not exists drydock.receipts (
    staging_id      text not null,
    run_id          bigint not null,
    number          bigint not null,      -- within the run
    phase           text not null,
    entity          text not null,
    table_name      text not null,
    first_legacy_id bigint,               -- null: addresses were moved out of the way
    last_legacy_id  bigint,
    digest          text not null,        -- SHA-256 of the rows as they were sent
    rows            bigint not null,
    inserted        bigint not null,
    updated         bigint not null,
    unchanged       bigint not null,
    inserted_ids    uuid[] not null,
    completed_ids   uuid[] not null,      -- rows of the same run to which a later phase added; before, they had the defaults
    xids            bigint[] not null,    -- the transaction's own number and those of its savepoints, as in xmin
    written_at      timestamptz not null default pg_catalog.now(),
    undone_at       timestamptz,
    primary key (staging_id, run_id, number)
);

-- one row is one row of the target as it was before a phase of a run changed it: the columns that the phase writes
create table if not exists drydock.pre_images (
    staging_id text not null,
    run_id     bigint not null,
    phase      text not null,
    entity     text not null,
    table_name text not null,
    id         uuid not null,
    image      jsonb not null,
    written_by bigint not null,           -- the transaction that had made the row what the image shows
    primary key (staging_id, run_id, phase, table_name, id)
);

-- one row says that an undo made a row again what an earlier transaction had made of it
create table if not exists drydock.restorations (
    table_name text not null,
    id         uuid not null,
    xid        bigint not null,           -- the transaction of the undo, as in the row's xmin
    written_by bigint not null,           -- the earlier one
    primary key (table_name, id, xid)
);

-- one row is where the journal of the staging file stood when a run began to write: a copy of the file from before does not
-- go through it
create table if not exists drydock.heads (
    staging_id text not null,
    run_id     bigint not null,
    entries    bigint not null,           -- of the journal
    head       text not null,             -- the hash of the last of them
    primary key (staging_id, run_id)
);

-- one row is a run of another copy of the staging file that somebody loaded over, knowing of it
create table if not exists drydock.superseded (
    staging_id    text not null,
    run_id        bigint not null,
    by_run_id     bigint not null,
    superseded_at timestamptz not null default pg_catalog.now(),
    primary key (staging_id, run_id)
);

-- one row says which legacy record a row of the target stands for, where its table has no column that does
create table if not exists drydock.keys (
    table_name text not null,             -- ours
    id         uuid not null,
    legacy_id  bigint not null,
    primary key (table_name, id)
);
create index if not exists keys_legacy_id on drydock.keys (table_name, legacy_id);

-- what a run of a staging file cleaned away: it cannot be undone any more
create table if not exists drydock.cleaned (
    staging_id text not null,
    run_id     bigint not null,
    cleaned_at timestamptz not null default pg_catalog.now(),
    primary key (staging_id, run_id)
);

-- the rows in these tables are patients': nobody of the application's API reads them, whatever the default privileges of the
-- database say; their owner is not held to the policies that there are none of
do $$
declare
    relation record;
    other record;
begin
    for relation in
        select c.relname from pg_catalog.pg_class c
        where c.relnamespace = 'drydock'::pg_catalog.regnamespace and c.relkind = 'r'
    loop
        execute pg_catalog.format('alter table drydock.%I enable row level security', relation.relname);
        execute pg_catalog.format('revoke all on drydock.%I from public', relation.relname);
    end loop;
    revoke all on schema drydock from public;
    for other in
        select r.rolname from pg_catalog.pg_roles r where r.rolname in ('anon', 'authenticated')
    loop
        execute pg_catalog.format('revoke all on schema drydock from %I', other.rolname);
        execute pg_catalog.format('revoke all on all tables in schema drydock from %I', other.rolname);
    end loop;
end
$$;
