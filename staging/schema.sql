-- The staging file's own tables. Raw rows are in legacy_<table> (made by extract with the columns of the source), resolved
-- rows in ready_<entity> (their own files here). Values of records stand in the raw, ready, changes, migration_errors and
-- associations tables, and nowhere else. Where a table has a row for every record, a check lists its words with `or`: for `in`
-- with more than two of them SQLite builds a table for each row, which takes longer than writing the row.

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
    phase        text not null,
    in_use       integer not null,   -- whether it takes part: an optional one only when source and target have its tables
    allowed_rejects integer not null default 0  -- the configuration's: records that may be kept back
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
    updated_at text not null,
    started_at text                  -- when this operation began
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
    digest           text not null,    -- SHA-256 of the readable rows in key order; '' while the table arrives
    file             text              -- the name of the file that its rows stand in; null for a server's
) without rowid;

-- one row is one column of the snapshot that rules read, counted as a whole before any of its values is judged
create table source_columns (
    table_name        text not null,
    position          integer not null,
    column_name       text not null,
    reads             text not null,     -- what rules read out of it: key, code, flag, sex, number, date, moment, text
    rows              integer not null,  -- = nulls + empty + markers + readable + unreadable
    nulls             integer not null,
    empty             integer not null,  -- values without a visible character
    markers           integer not null,  -- texts that mean that there is no value
    readable          integer not null,
    unreadable        integer not null,
    distinct_values   integer not null,
    distinct_is_exact integer not null,  -- 0 where it is an estimate
    format            text not null,     -- plain where rules read the values as they stand
    evidence          text not null,     -- what the format was decided by
    stated            text not null,     -- JSON array of the words that the configuration has for nothing and for no
    shapes            text not null,     -- JSON array of the most frequent ones: 9 a digit, a letters
    smallest          text,              -- value; of texts the shortest length
    largest           text,
    trouble           text,              -- why the column cannot be read, if it cannot
    primary key (table_name, column_name)
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
    digest    text,                   -- SHA-256 of the row as the database prints it; null when a load came upon it
    said_legacy_id text,              -- the legacy id that its metadata say, where it is another one
    first_name text,                  -- what it said of itself before a load of this migration wrote it; else null
    last_name text,
    date_of_birth text,
    name      text,
    city      text,
    primary key (entity, target_id)
) without rowid;
create index target_rows_legacy_id on target_rows (entity, legacy_id);

-- one row says what a row of the target held under a unique key when it was surveyed
create table target_unique_values (
    table_name text not null,
    key_name   text not null,
    digest     text not null,         -- MD5 of the values, so that none of them stands here
    target_id  text not null,
    primary key (table_name, key_name, digest)
) without rowid;

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
    fate        text not null check (fate = 'ready' or fate = 'merged' or fate = 'rejected' or fate = 'quarantined'),
    merged_into integer,
    batch_id    integer,              -- profiles: the phase 1 batch, 100 per batch in id order
    primary key (entity, legacy_id)
) without rowid;

-- one row says that a merged record is stood for by a record of another entity: a membership by the owner's row, where the target
-- has one row for a person at a practice
create table merged_across (
    entity      text not null,
    legacy_id   integer not null,
    into_entity text not null,
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
    phase               text not null check (
        phase = '2A' or phase = '2B' or phase = '2C' or phase = '3A' or phase = '3B' or phase = '3C'),
    severity            text not null check (
        severity = 'low' or severity = 'medium' or severity = 'high' or severity = 'critical'),
    entity_type         text not null check (
        entity_type = 'practice' or entity_type = 'course' or entity_type = 'profile' or entity_type = 'patient'
        or entity_type = 'association' or entity_type = 'case' or entity_type = 'project' or entity_type = 'state'),
    entity              text not null,
    entity_id           integer,           -- the record's legacy id; null for a row whose key cannot be told
    error_code          text not null,
    error_category      text not null check (
        error_category = 'email_conflict' or error_category = 'validation_failure'
        or error_category = 'constraint_violation' or error_category = 'schema_mismatch'),
    field               text not null,
    error_message       text not null,
    error_context       text,
    suggested_resolution text not null,
    resolution_strategy text not null check (resolution_strategy in ('automatic', 'manual')),
    resolution_status   text not null check (
        resolution_status = 'pending' or resolution_status = 'in_progress' or resolution_status = 'resolved'
        or resolution_status = 'escalated' or resolution_status = 'failed'),
    batch_id            integer,
    retry_count         integer not null default 0,
    created_at          text not null,
    resolved_at         text
);

-- one row says which practice a profile or a patient belongs to, how that was found and how sure it is
create table associations (
    entity                 text not null,
    legacy_id              integer not null,
    legacy_user_id         integer,
    profile_id             text,
    practice_legacy_id     integer not null,
    practice_id            text not null,
    association_method     text not null check (
        association_method = 'direct_membership' or association_method = 'geographic'
        or association_method = 'organizational' or association_method = 'default'),
    confidence_level       text not null check (confidence_level = 'high' or confidence_level = 'medium' or confidence_level = 'low'),
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
    outcome   text not null check (
        outcome = 'inserted' or outcome = 'updated' or outcome = 'unchanged' or outcome = 'failed'),
    run_id    integer not null references runs,
    primary key (entity, phase, legacy_id)
) without rowid;

-- one row is one committed transaction of a load; the target has the same row in drydock.receipts when it wrote anything
create table receipts (
    receipt_id      integer primary key,
    run_id          integer not null references runs,
    number          integer not null, -- within the run, as in the target
    phase           text not null,
    entity          text not null,
    first_legacy_id integer not null,
    last_legacy_id  integer not null,
    rows            integer not null,
    inserted        integer not null,
    updated         integer not null,
    unchanged       integer not null,
    digest          text not null,    -- SHA-256 of the rows as they were sent
    loaded_at       text not null
);

-- one row is one unit of a load that was tried again, and why
create table retries (
    retry_id   integer primary key,
    run_id     integer not null references runs,
    phase      text not null,
    entity     text not null,
    attempt    integer not null,
    reason     text not null,         -- the error's message, which holds no value
    waited_ms  integer not null,
    retried_at text not null
);

-- one row is one checkpoint that was taken
create table checkpoints (
    checkpoint_id integer primary key,
    checkpoint    integer not null check (checkpoint between 1 and 6),
    run_id        integer not null,   -- the run that wrote the phase, by the target's receipts
    folder        text not null,
    rollback      text not null,      -- proved, or why not
    taken_at      text not null
);

-- one row is one check of the last verification
create table checks (
    position   integer primary key,
    level      text not null check (level in ('entity', 'relationship', 'business', 'system')),
    name       text not null unique,
    sentence   text not null,
    expected   integer,
    found      integer,
    wrong      integer not null,
    exceptions integer not null default 0  -- rows that the legacy database itself explains: listed, not failures
);

-- one row is one record, or one table, that a check of the last verification found, without the values
create table findings (
    name         text not null,       -- the check
    entity       text not null,       -- or the table, where no record is meant
    legacy_id    integer,
    field        text not null,       -- '' when the whole record is concerned
    is_exception integer not null check (is_exception in (0, 1))
);
create index findings_name on findings (name);

-- one row is one side of the three-way proof for one part of it, as the last verification computed it
create table proofs (
    part     text not null check (part in ('raw', 'ready')),
    name     text not null,           -- the legacy table, or the entity
    side     text not null check (side in ('source', 'staging', 'receipts', 'target')),
    rows     integer not null,
    digest   text not null,           -- SHA-256; '' where this side kept none
    is_equal integer not null check (is_equal in (0, 1)),
    primary key (part, name, side)
) without rowid;

-- one row is one difference between the file and the target that the last verification found, without the values
create table differences (
    entity    text not null,
    legacy_id integer not null,
    field     text not null,          -- '' when the whole row is concerned
    kind      text not null check (kind in ('missing', 'unexpected', 'differs')),
    primary key (entity, legacy_id, field)
) without rowid;

-- one row is one field: what became of the values that the source gave, as the last verification counted it from the raw rows
-- and the rows that it proved to be in the target
create table survival (
    position  integer primary key,
    entity    text not null,
    field     text not null,
    source    text not null,          -- the columns of the legacy tables that it comes from
    given     integer not null,       -- = as_it_was + changed + replaced + emptied + left_out
    as_it_was integer not null,
    changed   integer not null,       -- in another form
    replaced  integer not null,       -- something else is in its place
    emptied   integer not null,       -- nothing is in its place
    left_out  integer not null,       -- of records that are not loaded
    differs   integer not null,       -- the target shows something else than was sent
    rules     text not null default '' -- the rules that changed values of the field, with how many
);

-- one row is one profile that the target lacked when it was surveyed, with the cause as far as the data show it
create table missing_profiles (
    legacy_user_id integer primary key,
    batch_id       integer,           -- the phase 1 batch
    cause          text not null,     -- analyze::Cause
    error_category text,              -- null where nothing is wrong with the record itself
    evidence       text not null,     -- facts, never a value
    fate           text               -- what transform made of it; null when the row could not be read
);

-- one row is one batch of phase 1: 100 users in id order
create table phase_one_batches (
    batch_id        integer primary key,
    first_legacy_id integer not null,
    last_legacy_id  integer not null,
    users           integer not null,
    missing         integer not null, -- users that the target lacks: the batch failed where this is not 0
    without_address integer not null  -- users whose address is ''
);

-- one row is one line of the remediation plan of phase 2A
create table remediation (
    position            integer primary key,
    resolution_strategy text not null check (resolution_strategy in ('automatic', 'manual')),
    error_category      text not null,
    error_code          text not null,
    records             integer not null,
    missing             integer not null, -- how many of them the target lacks
    action              text not null
);

-- one row is one approval of a gate; it holds for the result that it was given for
create table gate_approvals (
    approval_id integer primary key,
    gate        integer not null check (gate between 1 and 7),
    approved_by text not null,
    approved_at text not null,
    subject     text not null,        -- digest of what was approved
    note        text
);

-- one row is one pair of records that look like one person, the lower id first; linked and listed, merged only where
-- the policy or a decision says so. Patients are paired as their users are
create table duplicate_pairs (
    entity          text not null,
    legacy_id       integer not null,
    other_legacy_id integer not null,
    score           real not null,        -- the probability that the two are one person, 0 to 1
    weight          real not null,        -- all evidence in bits: each doubles the odds
    band            text not null check (band in ('high', 'medium', 'low')),
    look_value      real,                 -- records that a look is expected to bring together; null: no look of its own
    evidence        text not null,        -- JSON: field to [level, bits], without values; v_duplicate_evidence has it by row
    verdict         text not null check (verdict in ('linked', 'merged', 'not_a_duplicate')),
    primary key (entity, legacy_id, other_legacy_id)
) without rowid;

-- one row is one member of a cluster of such records; the cluster is named by the record that would stand for it
create table duplicate_clusters (
    entity     text not null,
    cluster_id integer not null,
    legacy_id  integer not null,
    primary key (entity, cluster_id, legacy_id)
) without rowid;

-- one row is one pass of the search for duplicates: what its records shared, and what the bound on a block left out
create table duplicate_passes (
    key              text primary key,
    blocks           integer not null,
    pairs            integer not null,
    blocks_left_out  integer not null,
    pairs_left_out   integer not null      -- many of them come together in another pass
) without rowid;

-- one row is one level of agreement of one field, with its share among pairs of one person and of two
create table duplicate_levels (
    field     text not null,
    position  integer not null,
    level     text not null,
    same      real not null,
    different real not null,
    bits      real not null,
    primary key (field, position)
) without rowid;

-- the one row is the account of the search for duplicates among the users
create table duplicate_search (
    records               integer not null,
    compared_pairs        integer not null,
    largest_block         integer not null,  -- records of the largest block that was compared in full
    high                  integer not null,
    medium                integer not null,
    low                   integer not null,
    unreported            integer not null,  -- the weakest pairs, beyond what is kept of a file of this size
    looks                 integer not null,
    expected_pairs        real not null,     -- pairs of one person among all that were compared
    expected_share_high   real not null,     -- of all true pairs that were compared
    expected_share_review real not null,     -- the same for high and medium together
    clusters              integer not null,
    sure_clusters         integer not null   -- by pairs of the band high alone
);

-- one row is one thing in the target that concerns every record of a table: no load starts while there is one
create table schema_findings (
    position       integer primary key,
    table_name     text not null,
    column_name    text,
    error_category text not null check (error_category in ('schema_mismatch', 'constraint_violation')),
    sentence       text not null
);
