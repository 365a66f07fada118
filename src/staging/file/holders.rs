//! Who else has a file open, as far as this machine lets one see: of processes of other users nobody but root sees it.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The other processes that have the file open, such as `process 4711 (sqlite3)`; nothing where none can be seen.
pub(in crate::staging) fn holders(path: &Path) -> String {
    let Ok(file) = fs::metadata(path) else { return String::new() };
    let is_it = |link: &Path| {
        fs::metadata(link).is_ok_and(|open| (open.dev(), open.ino()) == (file.dev(), file.ino()))
    };
    let has_it = |process: &Path| {
        let opened = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
        opened.map(|entry| entry.path()).any(|link| is_it(&link))
    };
    let ours = std::process::id();
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten();
    let mut found: Vec<String> = processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let process = entry.path();
            (pid != ours && has_it(&process)).then(|| {
                let name = fs::read_to_string(process.join("comm")).unwrap_or_default();
                format!("process {pid} ({})", name.trim())
            })
        })
        .collect();
    found.sort();
    found.join(" and ")
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn who_has_a_file_open_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, "").unwrap();
        assert_eq!(holders(&path), "");
        let file = fs::File::open(&path).unwrap();
        let mut reader = Command::new("sleep").arg("60").stdin(Stdio::from(file)).spawn().unwrap();
        let found = holders(&path);
        reader.kill().unwrap();
        reader.wait().unwrap();
        assert_eq!(found, format!("process {} (sleep)", reader.id()));
        assert_eq!(holders(&folder.path().join("nowhere")), "");
    }
}
