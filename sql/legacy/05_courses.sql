-- what orders are for; safe to run twice. An order's course_id names one, and nothing holds it

-- one row is one course. The codes of type are not its ids: 1 main, 2 refinement, 3 any, 4 replacement, 5 invoice, 6 merchandise
create table if not exists dispatch_course (
    id            integer primary key,
    name          varchar(255) not null,
    type          integer not null,
    customization text
);
