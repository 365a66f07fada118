-- the Django accounts of the legacy application, as observed on PostgreSQL 9.5; safe to run twice
-- one row of auth_user is one account: staff, doctors and patients alike; a missing email is '', and emails repeat
create table if not exists auth_user (
    id           integer primary key,
    username     varchar(150) not null unique,
    password     varchar(128) not null,
    first_name   varchar(150) not null,
    last_name    varchar(150) not null,
    email        varchar(254) not null,
    is_superuser boolean not null,
    is_staff     boolean not null,
    is_active    boolean not null,
    date_joined  timestamp with time zone not null,
    last_login   timestamp with time zone
);

-- one row is one role: 1 Patient, 2 Doctor, 4 Admin, 5 Master, 11 Technician
create table if not exists auth_group (
    id   integer primary key,
    name varchar(80) not null unique
);

-- one row puts a user into a group; a user may be in several
create table if not exists auth_user_groups (
    id       integer primary key,
    user_id  integer not null references auth_user (id),
    group_id integer not null references auth_group (id),
    unique (user_id, group_id)
);
