//! Where a file of patients' data must not lie: what others may write to, what is temporary, what goes over a network or into
//! somebody's cloud. Said once per command; only a folder that anybody may write to is refused, and only for a new file.

use std::env;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::error::{Error, Result};

/// File systems that other machines see.
const NETWORK: [&str; 13] = [
    "nfs",
    "nfs4",
    "cifs",
    "smb3",
    "smbfs",
    "afs",
    "ceph",
    "glusterfs",
    "9p",
    "vboxsf",
    "drvfs",
    "fuse.sshfs",
    "fuse.rclone",
];

/// Folders that programs copy elsewhere by themselves.
const SYNCED: [&str; 8] = [
    "dropbox",
    "onedrive",
    "google drive",
    "googledrive",
    "icloud drive",
    "nextcloud",
    "owncloud",
    "mobile documents",
];

/// What is not as it should be with the place of a file, one sentence each. That a place is temporary is only said of a new file:
/// whoever goes on with one has been told.
pub fn warnings(path: &Path, is_new: bool) -> Vec<String> {
    let path = absolute(path);
    let mut warnings = Vec::new();
    if let Ok(found) = fs::metadata(&path)
        && found.is_file()
        && open_to_others(found.mode())
    {
        warnings.push(format!(
            "others may read or write {} (mode {:04o}): chmod 600",
            path.display(),
            found.mode() & 0o7777
        ));
    }
    warnings.extend(writable_by_others(&path).into_iter().map(|(folder, mode)| {
        format!(
            "others may put other files in place of {}: {} has mode {mode:04o}",
            path.display(),
            folder.display()
        )
    }));
    if let Some(parent) = path.parent()
        && let Ok(found) = fs::metadata(parent)
        && ![user(), 0].contains(&found.uid())
        && user() != 0
    {
        warnings.push(format!("{} belongs to another user", parent.display()));
    }
    let temporary =
        [PathBuf::from("/tmp"), PathBuf::from("/var/tmp"), PathBuf::from("/dev/shm"), env::temp_dir()];
    if is_new
        && let Some(place) = temporary.iter().find(|place| path.starts_with(place))
        && !is_closed(&path, place)
    {
        warnings.push(format!(
            "{} lies in {}, a temporary and shared place",
            path.display(),
            place.display()
        ));
    }
    if let Some(kind) = file_system(&path).filter(|kind| NETWORK.contains(&kind.as_str())) {
        warnings.push(format!("{} lies on a network file system ({kind})", path.display()));
    }
    let synced = path.components().find(|part| {
        let name = part.as_os_str().to_string_lossy().to_lowercase();
        SYNCED.iter().any(|known| name.starts_with(known))
    });
    if let Some(part) = synced {
        warnings.push(format!(
            "{} lies in {}, which is copied elsewhere",
            path.display(),
            Path::new(&part).display()
        ));
    }
    warnings
}

/// Whether a folder between the place and the file lets nobody in but its owner.
fn is_closed(path: &Path, place: &Path) -> bool {
    let folders = path.ancestors().skip(1).take_while(|folder| *folder != place);
    folders
        .filter_map(|folder| fs::metadata(folder).ok())
        .any(|found| !open_to_others(found.mode()) && (found.uid() == user() || user() == 0))
}

/// Whether a mode lets anybody in but the owner.
const fn open_to_others(mode: u32) -> bool {
    mode & 0o077 != 0
}

/// Refuses a place where anybody may put another file under the name of a new one.
pub fn refuse_open_to_all(path: &Path) -> Result<()> {
    let path = absolute(path);
    match writable_by_others(&path).into_iter().find(|(_, mode)| mode & 0o002 != 0) {
        None => Ok(()),
        Some((folder, mode)) => Err(Error::precondition(format!(
            "no file is made at {}: anybody may write to {} (mode {mode:04o})",
            path.display(),
            folder.display()
        ))
        .hint("use a folder of your own, or take the right away: chmod o-w")),
    }
}

/// The folders above the file that others may write to without being held to their own files. A group that is one user's alone
/// has that user's number, and root's group is root.
fn writable_by_others(path: &Path) -> Vec<(PathBuf, u32)> {
    let others = |folder: &Path| -> Option<(PathBuf, u32)> {
        let found = fs::metadata(folder).ok()?;
        let mode = found.mode() & 0o7777;
        let is_sticky = mode & 0o1000 != 0;
        let by_group = mode & 0o020 != 0 && found.gid() != 0 && found.gid() != found.uid();
        (!is_sticky && (mode & 0o002 != 0 || by_group)).then(|| (folder.to_owned(), mode))
    };
    path.ancestors().skip(1).filter_map(others).collect()
}

/// The type of the file system that a path is on.
pub fn file_system(path: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    let (_, kind) = mounts
        .lines()
        .filter_map(|line| {
            let (before, after) = line.split_once(" - ")?;
            let place = before.split(' ').nth(4)?.replace("\\040", " ");
            let kind = after.split(' ').next()?.to_owned();
            path.starts_with(&place).then_some((place.len(), kind))
        })
        // a later mount on the same place covers the earlier one
        .max_by_key(|(length, _)| *length)?;
    Some(kind)
}

fn user() -> u32 {
    nix::unistd::getuid().as_raw()
}

/// The path with every link followed as far as it exists.
fn absolute(path: &Path) -> PathBuf {
    if let Ok(path) = fs::canonicalize(path) {
        return path;
    }
    let path = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    match (path.parent().map(fs::canonicalize), path.file_name()) {
        (Some(Ok(parent)), Some(name)) => parent.join(name),
        _ => path,
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn places_that_are_not_ones_own_are_named() {
        let folder = tempfile::tempdir().unwrap();
        // a folder of one's own, which the temporary place is not
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
        assert!(warnings(&folder.path().join("staging.drydock"), true).is_empty());
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        let open = folder.path().join("open");
        fs::create_dir(&open).unwrap();
        let file = open.join("staging.drydock");
        fs::set_permissions(&open, fs::Permissions::from_mode(0o755)).unwrap();
        assert!(warnings(&file, false).is_empty());
        let about = |what: &str| warnings(&file, true).iter().any(|warning| warning.contains(what));
        assert!(about("a temporary and shared place"));
        assert!(!about("in place of") && refuse_open_to_all(&file).is_ok());
        fs::set_permissions(&open, fs::Permissions::from_mode(0o777)).unwrap();
        assert!(about("in place of") && refuse_open_to_all(&file).is_err());
        fs::write(&file, "").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(about("chmod 600"));
        assert!(
            warnings(Path::new("/nowhere/Dropbox (Office)/x"), false)
                .iter()
                .any(|one| one.contains("copied elsewhere"))
        );
        assert!(file_system(Path::new("/proc/self")).is_some_and(|kind| kind == "proc"));
    }
}
