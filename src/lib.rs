//! Drydock: an offline staging migrator. Legacy tables are snapshotted into one SQLite file, cleansed and resolved there
//! with no connection to anything, and the resolved set is bulk-loaded into Supabase and compared with what was meant.
//!
//! # Reading order
//!
//! 1. [`record`]: the shared words. Ids, fates, issues. [`entity`]: what is migrated, one list, one file each. [`columns`]: how
//!    the columns of the legacy tables are written, judged as wholes.
//! 2. [`staging`]: the file that is the whole state; the only user of SQLite.
//! 3. The phases, each a verb, a module and a test: [`extract`] (through [`legacy`]), [`survey`] (through [`target`]),
//!    [`transform`] (with [`clean`]), [`load`], [`verify`].
//! 4. What looks at a result: [`analyze`]; [`gate`] (what must hold before a phase); [`status`] (all figures and the gates, as
//!    one object); [`review`] (what a person decides); [`report`] (one page about that object, and an entry for every code);
//!    [`lessons`] (what it teaches for the next one).
//! 5. What goes beyond a load: [`rehearse`] before it, [`accounts`] to sign in with, [`checkpoint`], [`rollback`], and [`audit`], which ships the file to somebody who checks it with
//!    nothing but the file, or with nobody recognisable in it.
//! 6. [`cli`]: the only part that touches the terminal; `cli/run.rs` shows all phases in a row. [`demo`]: an invented
//!    world and a throw-away server, so that everything can be tried. [`manual`]: the pages that `drydock help` prints.
//!
//! What is a product of its own is a crate of its own beside these modules, and can name none of them: [`drydock_linkage`]
//! (which records are one person's), [`drydock_world`] (an invented legacy system and the truth about it), [`drydock_image`]
//! (rows as SQLite databases in memory), and `drydock_random`, by which the first draws samples and the second everything.
//!
//! Beside these: [`config`] (`drydock.toml`), [`connect`] (sessions to PostgreSQL, whether their servers still answer, and errors
//! without values), [`error`] (what can go wrong with a run, and its exit code), [`progress`] and [`style`] (colours), [`interrupt`], [`output`] (the one
//! way to make a file or a folder), [`doctor`], [`failpoint`] (where tests kill a debug build).
//!
//! # Who imports whom
//!
//! `tests/fast/architecture.rs` holds these; absences matter most.
//!
//! - `record` and `error` import nothing of ours; `connect` only `error` and `interrupt`; `clean` only `record`; `entity` only `record` and
//!   `clean`; `columns` only these three.
//! - `staging`, `legacy` and `target` never import each other, only the above, `config` and `interrupt`. What two of them must
//!   both know is in `entity` (the surveyed catalog) or `record`.
//! - `transform` imports neither `legacy`, `target` nor `connect`: it is offline by construction.
//! - `audit` opens no session: an auditor has the file and nothing else.
//! - Only `staging` names rusqlite, only `connect`, `legacy`, `target` and `demo` name postgres, and nothing but `cli`,
//!   `progress` and the panic hook prints.
//!
//! # Invariants
//!
//! - **Conservation.** extracted = ready + merged + rejected + quarantined, after a load ready = loaded + failed, each
//!   counted from records. `v_unaccounted` lists what breaks it; `transform` fails unless it is empty. Rows that could not
//!   be placed by their key count as extracted and as quarantined.
//! - **A column is judged before its values.** Which form they are written in is decided from all of them; a column that cannot be
//!   read, or can be read in two ways, stops the transform before anything is decided.
//! - **One fate, decided purely, applied once.** Rules return an [`entity::Decision`]; it is quarantined until a row is
//!   ready, so nothing is ready by omission. [`staging::Staging`] is the one writer and decides nothing.
//! - **Deterministic.** Raw rows are keyed by their legacy id, so the order of arrival leaves no trace. Ids are UUIDv5 of
//!   entity and legacy id; rows that the target has keep theirs. Ages are judged by the day of the snapshot.
//! - **Idempotent.** A load writes only what differs, by legacy id, in one transaction with its receipt, and counts a
//!   record as loaded only after the database shows it as it was sent.
//! - **One newest copy.** The target knows where the journal of a staging file stood when it was loaded; a copy whose journal
//!   does not go through there is refused (`load::copies`).
//! - **Bounded harm.** The legacy session is read only. In the target only rows with this migration's legacy ids are
//!   written; metadata only under its own key; fields that the legacy never had only on insert.
//! - **What was done is in the file.** Every command is an entry of a hash chain, in the transaction of what it speaks of, and
//!   no entry holds a value ([`audit`] says what that proves).
//! - **No value leaves the file.** Messages are built from SQLSTATE, table, column, constraint and legacy id; the server's
//!   own text is never passed on, and a panic prints its place only.
//!
//! # Where this departs from the first design, and why
//!
//! - `practice_owners` is an entity of its own beside `practice_members`: both load into one target table, but an owner is
//!   a row of `dispatch_office` and a member a row of `dispatch_office_doctors`, and each legacy row needs one fate. The
//!   role is part of their key.
//! - `connect` is apart from `legacy` and `target`: both open sessions, and neither may import the other.
//! - A snapshot's batches and a transform's decisions become small SQLite databases in memory whose rows SQLite copies
//!   ([`drydock_image`]), made by whoever reads or decides: binding values took most of the one writer's time.
//! - A server on this machine is read over a COPY session of our own (`connect::Wire`): the client's event loop took a third
//!   of an extract's time.
//! - Merge statements are built from the list of entities instead of being files: no column list is written twice.
//! - `verify` compares digests of text with digests of text, and where they differ text with text, instead of asking the
//!   server to compare typed values: one that the column's type silently changed would look equal to itself there.
//! - What a target has that is not ours is a mapping ([`entity::mapping`]): it gives entities as they are sent, whose columns are
//!   expressions over the resolved rows, so that load, verification and rollback know no second kind of entity.
//! - Other names of tables and columns are temporary views with our columns, under names that no application has: no
//!   statement knows that there are others, and only what asks the catalog translates (`target::names`).
//! - A verification believes nothing that transform and load believed: `columns_survive` and its like count raw rows,
//!   `existing_rows_are_the_records_own` asks what rows of the target had said before, and the target's catalog says which tables these are.
//! - Addresses that move between profiles get to their new owners in one transaction of their own: uniqueness is checked row
//!   by row, and two profiles may hold each other's address (`target::room`).
//! - What the target's triggers write into our columns is set back within the transaction, with triggers off for that one
//!   statement (`target::watched`): `updated_at` triggers are on every table of the platform, and later phases fire them.
//! - Whoever waits for a server is looked after on another session (`connect::watch`): no timeout of a socket ends when
//!   something between acknowledges what it does not pass on, and a statement may rightly take hours.

pub mod accounts;
pub mod analyze;
pub mod audit;
pub mod checkpoint;
pub mod clean;
pub mod cli;
pub mod columns;
pub mod config;
pub mod connect;
pub mod demo;
pub mod doctor;
pub mod entity;
pub mod error;
pub mod extract;
pub mod failpoint;
pub mod gate;
pub mod interrupt;
pub mod legacy;
pub mod lessons;
pub mod load;
pub mod manual;
pub mod output;
pub mod progress;
pub mod record;
pub mod rehearse;
pub mod report;
pub mod review;
pub mod rollback;
pub mod staging;
pub mod status;
pub mod style;
pub mod survey;
pub mod target;
pub mod transform;
pub mod verify;
