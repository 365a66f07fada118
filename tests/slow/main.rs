//! The tests that take long: whole plan-sized worlds, waits for servers that do not answer, loads killed everywhere. The
//! others are in `tests/fast`.

#[path = "../harness/mod.rs"]
mod harness; // a real server, the real binary, and migrations up to a step

// pure rules, no database
mod duplicates; // the record-linkage engine: what must be found, what must not be merged
mod duplicates_merge; // nobody is merged with another person, from end to end
mod duplicates_verb; // the verb on files: what it writes, says and refuses

// connecting
mod silent_servers; // a server that does not answer is named, and never waited for endlessly

// extract
mod extract_interrupted; // a snapshot is complete or says that it is not
mod extract_servers; // servers of several versions give the same digests

// survey and transform
mod associations; // who belongs to which practice, against the world's truth
mod transform; // what is decided about the plan-sized world, record by record

// load
mod growth; // what is asked of the target grows with the records and no faster
mod kill; // a load killed anywhere ends, when run again, like one left alone
mod load_at_scale; // loads of the plan's size into a target that refuses some records
mod reruns; // a live system that went on, loaded again as its differences

// verify and rollback
mod verify_damage; // each kind of damage is found; no false alarm
mod verify_servers; // no false alarm on other versions, collations and time zones
mod verify_survives; // what load and transform got wrong alike is found all the same

// what people see and decide
mod accounting; // every number shown, against the records and the world's truth
mod analyze; // every missing profile by id, with a cause
mod explain; // one record's whole story
mod figures; // every surface is asked for every figure, and all say the same
mod gates; // the gates: conditions, approvals, and what they hold up
mod phase_three; // cases, projects and states, by the truth of a whole world
mod report; // the report's figures are the status's, and no value is in it
mod report_page; // the report in a real browser
mod review; // questions go to a person and come back as decisions
mod review_browsers; // the page in two browsers: how long it takes, and how much it bears
mod review_page; // the same on a page, in a real browser
mod schemas; // every document that --json prints is what fixtures/schemas says
mod status; // the progress object, also while a command writes
mod steps; // the steps as an operator runs them, on the plan-sized world
mod surfaces; // what status, report, gate and the others say, read from what they print
mod target_worlds; // whole worlds into tables of others, by the worlds' own truth
mod targets; // the schemas that exist, each by its mapping alone

// the file and its safety
mod audit; // a sealed copy is what was sealed, or the check says so
mod audit_anonymity; // nobody is found in a redacted copy by whom one knows
mod audit_edits; // whoever knows the algorithm is found by a kept head and by a signature
mod interrupted; // Ctrl-C ends a command within a second
mod looking; // looking at the file while a command writes
