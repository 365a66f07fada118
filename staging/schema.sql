-- The staging file's own tables. Raw rows are in legacy_<table> (made by extract with the columns of the source), resolved
-- rows in ready_<entity> (their own files here). Values of records stand in the raw, ready, changes, migration_errors and
-- associations tables, and nowhere else.

-- one row is one fact about the file: what it is, where it comes from, by which rules
create table facts (
    name  text primary key,
    value text not null
) without rowid;

-- one row is one entity, in load order; written from the program's own list
create table entities (
    entity       text primary key,
    position     integer not null,
    entity_type  text not null,      -- the plan's word: practice, profile, patient, association
    legacy_table text not null,
    target_table text not null,
    phase        text not null
) without rowid;

-- one row is one command that was run on the file
create table runs (
    run_id       integer primary key,
    verb         text not null,
    tool_version text not null,
    started_at   text not null,
    finished_at  text,
    outcome      text check (outcome in ('done', 'failed', 'interrupted')),
    exit_code    integer
);

-- one row, while a command works: what it is doing, for `status` in another shell
create table progress (
    only_row   integer primary key check (only_row = 1),
    operation  text not null,
    done       integer not null,
    total      integer,
    updated_at text not null
);

-- one row is one table of the snapshot: the manifest
create table legacy_tables (
    table_name       text primary key,
    position         integer not null,
    columns          text not null,    -- JSON array, in source order, without the excluded ones
    excluded_columns text not null,    -- JSON array
    missing_columns  text not null,    -- JSON array: columns that a rule would use and the source lacks
    rows             integer not null, -- readable and unreadable
    unreadable       integer not null,
    bytes            integer not null, -- of the values
    digest           text not null     -- SHA-256 of the readable rows in key order; '' while the table arrives
) without rowid;

-- one row is one row of the source that could not be placed by its key; it counts as extracted and as quarantined
create table legacy_unreadable (
    table_name text not null,
    number     integer not null,
    reason     text not null,
    legacy_id  integer,               -- the row's key, where it can be told
    file       text,
    line       integer,
    byte       integer,
    raw        blob not null,
    primary key (table_name, number)
) without rowid;

-- one row is one column of a table that the migration writes, as the target's catalog has it
create table target_columns (
    table_name   text not null,
    column_name  text not null,
    position     integer not null,
    type_name    text not null,
    type_kind    text not null,       -- pg_type.typtype: b base, e enum, d domain
    max_length   integer,
    precision    integer,             -- of a numeric
    scale        integer,
    type_text    text not null,       -- numeric(9,6)
    is_nullable  integer not null,
    has_default  integer not null,
    default_text text,                -- as the database writes it
    is_generated integer not null,
    primary key (table_name, column_name)
) without rowid;

-- one row is one label of an enum type that those columns use
create table target_enums (
    type_name text not null,
    position  integer not null,
    label     text not null,
    primary key (type_name, position)
) without rowid;

-- one row is one constraint or unique index of those tables
create table target_keys (
    table_name       text not null,
    key_name         text not null,
    kind             text not null,   -- p primary, u unique, f foreign, c check, x exclusion, i partial or expression index
    columns          text not null,   -- JSON array
    references_table text,            -- schema.table of a foreign key
    references_columns text not null, -- JSON array
    definition       text not null,
    primary key (table_name, key_name)
) without rowid;

-- one row is one of those tables
create table target_tables (
    table_name          text primary key,
    owner               text not null,
    is_owner            integer not null, -- whether the role has the owner's rights
    row_security        integer not null,
    forces_row_security integer not null,
    rights              text not null,    -- JSON array: what the role may do
    policies            integer not null
) without rowid;

-- one row is one trigger on those tables
create table target_triggers (
    table_name   text not null,
    trigger_name text not null,
    is_enabled   integer not null,
    definition   text not null,
    primary key (table_name, trigger_name)
) without rowid;

-- one row is one row that the target already held when it was surveyed
create table target_rows (
    entity    text not null,
    target_id text not null,
    legacy_id integer,                -- null: not of this migration
    legacy_id_from text,              -- column, metadata, migration_mappings, natural_key
    email     text,
    digest    text not null,          -- SHA-256 of the row as the database prints it
    primary key (entity, target_id)
) without rowid;
create index target_rows_legacy_id on target_rows (entity, legacy_id);

-- one row is a row of the target without a legacy id that may stand for a legacy record, by what both say of themselves
create table target_matches (
    entity           text not null,
    legacy_id        integer not null,
    target_id        text not null,
    confidence_level text not null check (confidence_level in ('high', 'medium', 'low')),
    evidence         text not null,   -- the fields in which both agree
    is_applied       integer not null, -- 1: the row counts as the record's; 0: for review
    reason           text not null,   -- why it waits for review, else ''
    primary key (entity, legacy_id, target_id)
) without rowid;

-- one row is one legacy record's fate
create table records (
    entity      text not null,
    legacy_id   integer not null,
    fate        text not null check (fate in ('ready', 'merged', 'rejected', 'quarantined')),
    merged_into integer,
    batch_id    integer,              -- profiles: the phase 1 batch, 100 per batch in id order
    primary key (entity, legacy_id)
) without rowid;

-- one row is one change that one rule made to one field
create table changes (
    entity    text not null,
    legacy_id integer not null,
    position  integer not null,
    field     text not null,
    rule      text not null,
    before    text,
    after     text,
    primary key (entity, legacy_id, position)
) without rowid;

-- one row is one issue of one record, in the plan's words
create table migration_errors (
    error_id            integer primary key,
    phase               text not null check (phase in ('2A', '2B', '2C')),
    severity            text not null check (severity in ('critical', 'high', 'medium', 'low')),
    entity_type         text not null check (entity_type in ('practice', 'profile', 'patient', 'association')),
    entity              text not null,
    entity_id           integer not null,  -- the record's legacy id
    error_code          text not null,
    error_category      text not null check (
        error_category in ('email_conflict', 'validation_failure', 'constraint_violation', 'schema_mismatch')),
    field               text not null,
    error_message       text not null,
    error_context       text,
    suggested_resolution text not null,
    resolution_strategy text not null check (resolution_strategy in ('automatic', 'manual')),
    resolution_status   text not null check (
        resolution_status in ('pending', 'in_progress', 'resolved', 'escalated', 'failed')),
    batch_id            integer,
    retry_count         integer not null default 0,
    created_at          text not null,
    resolved_at         text
);
create index migration_errors_entity on migration_errors (entity, entity_id);

-- one row says which practice a profile or a patient belongs to, how that was found and how sure it is
create table associations (
    entity                 text not null,
    legacy_id              integer not null,
    legacy_user_id         integer,
    profile_id             text,
    practice_legacy_id     integer not null,
    practice_id            text not null,
    association_method     text not null check (
        association_method in ('direct_membership', 'geographic', 'organizational', 'default')),
    confidence_level       text not null check (confidence_level in ('high', 'medium', 'low')),
    requires_manual_review integer not null check (requires_manual_review in (0, 1)),
    evidence               text not null,
    other_practices        text not null,  -- JSON array of legacy office ids, in id order
    primary key (entity, legacy_id)
) without rowid;

-- one row says that the target has confirmed one ready record, in the transaction of its receipt
create table loads (
    entity    text not null,
    phase     text not null,
    legacy_id integer not null,
    outcome   text not null check (outcome in ('inserted', 'updated', 'unchanged', 'failed')),
    run_id    integer not null references runs,
    primary key (entity, phase, legacy_id)
) without rowid;

-- one row is one committed transaction of a load; the target has the same row in drydock.receipts when it wrote anything
create table receipts (
    receipt_id integer primary key,
    run_id     integer not null references runs,
    phase      text not null,
    entity     text not null,
    rows       integer not null,
    inserted   integer not null,
    updated    integer not null,
    unchanged  integer not null,
    digest     text not null,         -- SHA-256 of the rows as they were sent
    loaded_at  text not null
);

-- one row is one check of the last verification
create table checks (
    position integer primary key,
    level    text not null,           -- contents, entity, relationship, validation
    name     text not null unique,
    sentence text not null,
    expected integer,
    found    integer,
    wrong    integer not null
);

-- one row is one difference between the file and the target that the last verification found, without the values
create table differences (
    entity    text not null,
    legacy_id integer not null,
    field     text not null,          -- '' when the whole row is concerned
    kind      text not null check (kind in ('missing', 'unexpected', 'differs')),
    primary key (entity, legacy_id, field)
) without rowid;

-- the next entities' raw tables exist from the start, so that views over them work on every file
create table legacy_auth_user (legacy_id integer primary key);
create table legacy_auth_group (legacy_id integer primary key);
create table legacy_auth_user_groups (legacy_id integer primary key);
create table legacy_dispatch_office (legacy_id integer primary key);
create table legacy_dispatch_office_doctors (legacy_id integer primary key);
create table legacy_dispatch_usersetting (legacy_id integer primary key);
create table legacy_dispatch_patient (legacy_id integer primary key);
