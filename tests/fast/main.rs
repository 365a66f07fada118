//! The tests that together take no more than a few minutes. Each module is a file beside this one; those that work with
//! whole plan-sized worlds, wait, or kill something again and again are in `tests/slow`.

#[path = "../harness/mod.rs"]
mod harness; // a real server, the real binary, and migrations up to a step

// the repository itself
mod architecture; // who imports whom, who writes where, and lists that must agree
mod cluster; // throw-away servers start side by side and never outlive their process
mod demo; // somebody new tries it, again, and works with the result; what brings the programs it needs
mod imports; // what a file of ours names, for the rules of who imports whom
mod manual; // the README and the pages of the manual: short, complete, true
mod world; // the invented world has its sizes, its quirks, and one form for a seed

// pure rules, no database
mod email_agreement; // our verdict on addresses beside that of well-known validators
mod legacy_archives; // compressed files, archives and folders of them, and what other programs wrote
mod legacy_csv; // CSV folders: what is a row, what is null, and where it stands
mod legacy_csv_programs; // what programs put around the fields, and encodings that nobody named
mod legacy_inserts; // scripts of INSERT statements, whoever wrote them
mod legacy_pg_dump; // pg_dump scripts: their tables, their rows, and what is refused

// connecting
mod command_line; // the command line explains itself
mod connect; // each way of being refused has its own words, and none shows a password
mod doctor; // what would stop a migration is found and explained

// extract
mod bad_rows; // no verb dies of a bad row, and each is listed
mod extract; // the staging file holds what the source held, whatever form it came in
mod extract_doors; // any text survives a server, a CSV file and a dump
mod extract_exports; // the same rows from what eleven programs export, or a refusal that names the way out
mod extract_selection; // what is taken along, what is left out, and under which name
mod same_system; // a source and a target that come under another name

// survey and transform
mod cases; // the hand-written cases of fixtures/cases
mod cases_decided; // what people decide about cases, projects and states
mod columns; // how columns are written is decided from all their values, or stops the transform
mod damaged_file; // a damaged staging file is refused before anything is decided on it
mod ladder; // the rules for a practice, against a naive second version of them
mod likely_rows; // who is probably there already is a question, and its answer is loaded
mod optional_entities; // what is optional takes part where both sides have its tables
mod other_systems; // the same legacy ids may be other people's, of another system
mod survey; // the target's catalog and rows come home, with the records they stand for
mod unique_indexes; // unique indexes that no rule compares are asked before the first write
mod unique_keys; // unique keys of the target, checked before anything is loaded

// load
mod altered_tables; // the application alters its tables between a load and its undoing
mod constraints; // what constraints, types and limits of the target do is known before the first write, or at once
mod copies; // two copies of one staging file, both loaded
mod gone; // what becomes of rows whose record is gone from the source
mod load; // refused records, differences, and trouble by name
mod load_claims; // rows that only migration_mappings ties to a record
mod load_live; // a target in use, and one that runs out of room
mod load_mapped; // other names of tables and columns; triggers off
mod load_preflight; // what is in the way is said before the first write
mod moving_addresses; // addresses that move between profiles
mod publications; // what a publication asks of updates and deletes is known before the first write
mod referred; // rows of the application that refer to what a load or an undo changes
mod rehearse; // the dress rehearsal says what the real load does, and leaves nothing behind
mod reload_differences; // a second load, from newer data
mod roles; // the grants of sql/roles are enough, and nothing in them is too much
mod row_triggers; // constraints are asked also where triggers fire
mod target_addresses; // what a row says better than the legacy system is not replaced by a stand-in
mod triggers; // targets whose triggers change or refuse what is loaded

// verify and rollback
mod checkpoint; // what a checkpoint's folder holds, and that it is worth something
mod guards; // what guards the rows, and what Drydock keeps in the target
mod rollback; // what a rollback undoes, and what it leaves
mod rollback_triggers; // a rollback in a target with triggers
mod verify; // every difference is found by record and field, and a load repairs it

// what people see and decide
mod attention; // what is no success is none for any command
mod error_life; // an error's life from pending to resolved or escalated
mod errors; // exit codes, messages with a hint, and nothing half-written
mod failures; // how real migrations failed, one test for each
mod one_reader; // three verbs read CSV by the same code
mod report_lead; // what a report says first is never more than holds
mod review_desk; // a page or a sheet to decide on: what it shows, and what it takes back
mod review_files; // review files as spreadsheets give them back
mod unfinished; // what was begun and not finished is said as that, and nothing of it is lost

// the file and its safety
mod audit_redact; // a redacted copy tells nobody's name
mod canary; // no record's value outside the staging file
mod clocks; // machines whose clocks differ
mod file_size_limit; // a limit on the size of files
mod hostile_file; // a file that comes from somebody else runs nothing and steers nothing
mod output; // no file that exists is written over, and no link is followed
mod secrets; // a secret given in the wrong place is not repeated
mod threat_model; // the threat model names tests that exist
