-- orders, their treatment plans, the projects with the files, and the workflow states; safe to run twice
-- no foreign keys here: each of these references leads to rows that no longer exist in some dump

-- one row is one order for a patient
create table if not exists dispatch_instruction (
    id           integer primary key,
    patient_id   integer not null,
    course_id    integer,
    "order"      integer not null,
    status       integer not null,
    deleted      boolean not null,
    suffix       varchar(4),
    notes        text,
    complaint    text,
    objective    text,
    price        numeric(10, 2),
    submitted_at timestamp with time zone,
    updated_at   timestamp with time zone not null
);

-- one row is one project: files of a scan or a plan; it names neither patient nor office. The application made every uid once,
-- but dumps of two systems in one have some of them twice, so the column takes them
create table if not exists dispatch_project (
    id         integer primary key,
    uid        uuid not null,
    name       varchar(255) not null,
    size       bigint not null,
    type       integer not null,
    status     integer not null,
    "public"   boolean not null,
    creator_id integer,
    created_at timestamp with time zone not null
);

-- one row ties a project to an order, the only way from a project to its patient
create table if not exists dispatch_plan (
    id             integer primary key,
    instruction_id integer not null,
    project_id     integer not null,
    number         integer,
    name           varchar(255),
    notes          text,
    original       boolean not null
);

-- one row is one change of an order's workflow state: 11 or 12, switched on or off
create table if not exists dispatch_state (
    id             integer primary key,
    status         integer not null,
    "on"           boolean not null,
    changed_at     timestamp with time zone not null,
    actor_id       integer,
    instruction_id integer not null
);
