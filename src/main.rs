//! The `drydock` binary: everything is in the library, from `cli` on.

use std::process::ExitCode;

fn main() -> ExitCode {
    drydock::cli::main()
}
