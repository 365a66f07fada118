-- one row is one practice as it will be loaded; every value is text in the form in which PostgreSQL prints the column
create table ready_practices (
    id        text not null,
    legacy_id integer primary key,
    name      text not null,
    address   text,
    city      text,
    state     text,
    zip_code  text,
    country   text,
    phone     text,
    tax_rate  text,
    is_active text not null,
    metadata  text not null
);
