//! `high` from outside: two people who look like one person in every way that families, clerks and programs can think of are
//! never `high`, whatever the data; records that repeat each other word for word always are.

mod kinds;
mod order;
mod shapes;
mod town;
