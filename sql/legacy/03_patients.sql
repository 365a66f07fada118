-- one row is one patient; user_id is the patient's own account; safe to run twice
-- no foreign keys on doctor_id and office_id: doctors and offices were deleted under their patients
create table if not exists dispatch_patient (
    id           integer primary key,
    user_id      integer not null unique references auth_user (id),
    doctor_id    integer,
    office_id    integer,
    birthdate    date,
    sex          integer,
    status       integer not null,
    archived     boolean not null,
    suspended    boolean not null,
    schemes      text,
    suffix       varchar(4),
    submitted_at timestamp with time zone,
    updated_at   timestamp with time zone
);
