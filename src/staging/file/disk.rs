//! A disk that is full or refuses a write, said with the path that it holds.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::error::Error;

/// What SQLite refused, in words that name the disk when it is the disk.
pub(in crate::staging) fn refused(path: &Path, cause: rusqlite::Error) -> Error {
    let shown = path.display();
    match cause.sqlite_error_code() {
        Some(ErrorCode::DiskFull) => Error::staging(format!("the disk that holds {shown} is full"))
            .hint("make room there, or give a path on another disk with --staging; then run the same command again"),
        Some(ErrorCode::SystemIoFailure) => {
            Error::staging(format!("the disk that holds {shown} refused a read or a write")).cause(cause).hint(
                "it may be full, or a limit on the size of files may be reached (ulimit -f); then run the same command \
                 again",
            )
        }
        _ => cause.into(),
    }
}
