-- Drydock's own schema in the target, made on the first load; one row of receipts is one committed transaction of a load,
-- written in that transaction, so that after a lost connection the receipt says whether it was committed
create schema if not exists drydock;
create table if not exists drydock.receipts (
    receipt_id bigint generated always as identity primary key,
    staging_id text not null,
    phase      text not null,
    entity     text not null,
    digest     text not null,
    rows       bigint not null,
    inserted   bigint not null,
    updated    bigint not null,
    unchanged  bigint not null,
    loaded_at  timestamptz not null default now()
);
create index if not exists receipts_staging_id_idx on drydock.receipts (staging_id, phase, entity);
