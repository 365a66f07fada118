//! Rows as a small SQLite database in memory, from which SQLite copies whole cells into a table of a file
//! (`insert into … select *` between tables of the same shape), or at least reads them without a value ever being bound:
//! binding is most of what a writer's thread does, and an image can be made by another. Pure: rows in, bytes out. The format
//! is <https://www.sqlite.org/fileformat2.html>.
//!
//! The database has one table with a row id, whose shape is given as SQL. Rows come in the order of their keys. A row that is
//! longer than a page goes on in pages of its own. Nothing is read back and no file is written: there are no indexes, no
//! fractions and no blobs, and what does the copying is the caller's SQLite.

mod field;
mod image;
mod number;

pub use field::Field;
pub use image::Image;
