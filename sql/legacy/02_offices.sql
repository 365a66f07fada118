-- offices, who works there, and the settings of those who may be doctors; safe to run twice
-- no foreign keys on doctor_id, office_id and user_id here: the data holds owners and members that no longer exist

-- one row is one office; tax_rate is a percentage (10.2500), emails a notification switch; the application always
-- wrote a tax_rate, but dumps with nulls in it have been seen, so the column takes them
create table if not exists dispatch_office (
    id             integer primary key,
    doctor_id      integer not null,
    name           varchar(255),
    address        varchar(255),
    apt            varchar(64),
    city           varchar(128),
    state          varchar(128),
    zip            varchar(32),
    country        varchar(64),
    phone          varchar(64),
    tax_rate       numeric(7, 4),
    valid          boolean not null,
    sq_customer_id varchar(64),
    emails         boolean not null
);

-- one row says that a user works at an office; half of the offices have none, and one pair is there twice
create table if not exists dispatch_office_doctors (
    id        integer primary key,
    office_id integer not null,
    user_id   integer not null
);

-- one row holds a user's preferences and marks a potential doctor
create table if not exists dispatch_usersetting (
    id          integer primary key,
    user_id     integer not null unique references auth_user (id),
    emails      boolean not null,
    require_2fa boolean
);
