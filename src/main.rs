//! The `drydock` binary: everything is in the library, from `cli` on.

use std::process::ExitCode;

/// Transform makes decisions in some threads and drops them in the one that writes.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    drydock::cli::main()
}
