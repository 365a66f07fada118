//! How files and folders are made: whatever stands at a name already, or at the name that something has while it is made, is
//! not written to, and no link is followed.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::harness::{Drydock, Job, Size};

const VICTIM: &str = "somebody's only copy\n";

/// Every way in which a verb makes a file or a folder, and the name that it makes.
const WRITING: &[(&[&str], &str)] = &[
    (&["extract", "--csv", "legacy", "--staging", "made"], "made"),
    (&["report", "--out", "made"], "made"),
    (&["report", "--replace", "--out", "made"], "made"),
    (&["review", "export", "--out", "made"], "made"),
    (
        &[
            "duplicates",
            "legacy/auth_user.csv",
            "--id",
            "id",
            "--map",
            "first_name=given_name,last_name=surname",
            "--out",
            "made",
        ],
        "made",
    ),
    (
        &[
            "duplicates",
            "legacy/auth_user.csv",
            "--id",
            "id",
            "--map",
            "first_name=given_name,last_name=surname",
            "--clusters",
            "made",
        ],
        "made",
    ),
    (&["checkpoint", "3", "--out", "made"], "made"),
    (&["audit", "seal", "--out", "made"], "made"),
    (&["audit", "seal", "--redact", "--token-key", "made", "--out", "sealed"], "made"),
];

/// A migration that is loaded, and files of somebody else beside it.
struct Beside(Job);

impl Beside {
    fn path(&self, name: &str) -> PathBuf {
        self.0.path(name)
    }

    fn file(&self) -> PathBuf {
        self.0.file()
    }

    fn drydock(&self, arguments: &[&str]) -> Drydock {
        self.0.drydock(arguments.iter().copied())
    }
}

fn loaded() -> Beside {
    let migration = Job::of_size(Size { offices: 2, users: 20 }).at("transform");
    migration.run(["load", "--quiet"]);
    let job = Beside(migration);
    fs::write(job.path("victim"), VICTIM).unwrap();
    fs::create_dir(job.path("others")).unwrap();
    fs::write(job.path("others/staging.drydock"), VICTIM).unwrap();
    fs::write(job.path("others/manifest.json"), VICTIM).unwrap();
    job
}

#[test]
fn every_way_to_write_works_where_nothing_is_in_the_way() {
    let job = loaded();
    for (arguments, made) in WRITING {
        job.drydock(arguments).run().expect(0);
        assert!(job.path(made).exists(), "{arguments:?}");
        remove(&job.path(made));
        remove(&job.path("sealed"));
        let left: Vec<_> = fs::read_dir(job.0.folder())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name.contains("unfinished"))
            .collect();
        assert!(left.is_empty(), "{arguments:?} left {left:?}");
    }
}

#[track_caller]
fn nothing_was_touched(job: &Beside, arguments: &[&str]) {
    for name in ["victim", "others/staging.drydock", "others/manifest.json"] {
        assert_eq!(fs::read_to_string(job.path(name)).unwrap(), VICTIM, "{arguments:?} wrote to {name}");
    }
    assert_eq!(fs::read_dir(job.path("others")).unwrap().count(), 2, "{arguments:?}");
}

fn remove(path: &Path) {
    let _ = fs::remove_file(path);
    let _ = fs::remove_dir_all(path);
}

#[test]
fn no_verb_writes_through_a_link() {
    let job = loaded();
    for (arguments, made) in WRITING {
        for (name, leads_to) in [
            ((*made).to_owned(), "victim"),
            ((*made).to_owned(), "others"),
            ((*made).to_owned(), "nowhere"),
            (format!("{made}.unfinished"), "victim"),
            (format!("{made}.unfinished"), "others"),
            (format!("{made}.unfinished"), "nowhere"),
        ] {
            let link = job.path(&name);
            symlink(job.path(leads_to), &link).unwrap();
            let ended = job.drydock(arguments).run();
            nothing_was_touched(&job, arguments);
            assert!(fs::symlink_metadata(job.path("nowhere")).is_err(), "{arguments:?} {name}");
            assert!(fs::symlink_metadata(&link).unwrap().is_symlink(), "{arguments:?} replaced {name}");
            if name == *made {
                assert_ne!(ended.code, Some(0), "{arguments:?} {name} -> {leads_to}: {}", ended.stdout);
            }
            remove(&link);
            remove(&job.path(made));
            remove(&job.path("sealed"));
        }
    }
}

#[test]
fn what_somebody_put_in_the_way_does_not_become_ours() {
    let job = loaded();
    for (arguments, made) in WRITING {
        for name in [(*made).to_owned(), format!("{made}.unfinished")] {
            // a file that everybody may read and write, and a folder with files of the names that a sealed copy has
            let path = job.path(&name);
            fs::write(&path, VICTIM).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
            let ended = job.drydock(arguments).run();
            if ended.code == Some(0) && name == *made {
                assert!(arguments.contains(&"--replace"), "{arguments:?}");
            } else {
                assert_eq!(fs::read_to_string(&path).unwrap(), VICTIM, "{arguments:?} {name}");
            }
            if let Ok(found) = fs::metadata(job.path(made))
                && ended.code == Some(0)
                && found.is_file()
            {
                assert_eq!(found.permissions().mode() & 0o777, 0o600, "{arguments:?} {name}");
            }
            remove(&path);
            remove(&job.path(made));
            remove(&job.path("sealed"));

            fs::create_dir(&path).unwrap();
            fs::write(path.join("staging.drydock"), VICTIM).unwrap();
            job.drydock(arguments).run().expect_one_of(&[0, 3, 8]);
            assert_eq!(
                fs::read_to_string(path.join("staging.drydock")).unwrap(),
                VICTIM,
                "{arguments:?} {name}"
            );
            remove(&path);
            remove(&job.path(made));
            remove(&job.path("sealed"));
        }
    }
}

#[test]
fn nothing_is_written_over_what_is_read() {
    let job = loaded();
    let staging = job.file();
    let users = fs::read(job.path("legacy/auth_user.csv")).unwrap();
    let name = staging.file_name().unwrap().to_str().unwrap().to_owned();
    let refused = job.drydock(&["report", "--replace", "--out", &name]).run().expect(3);
    assert!(refused.stderr.contains("is what is read"), "{}", refused.stderr);
    job.drydock(&["status"]).run().expect(0);
    fs::hard_link(job.path("legacy/auth_user.csv"), job.path("same.csv")).unwrap();
    for out in ["legacy/auth_user.csv", "same.csv"] {
        let map = "first_name=given_name,last_name=surname";
        job.drydock(&["duplicates", "legacy/auth_user.csv", "--id", "id", "--map", map, "--out", out])
            .run()
            .expect(3);
        assert_eq!(fs::read(job.path("legacy/auth_user.csv")).unwrap(), users);
    }
}

#[test]
fn a_checkpoint_that_was_cut_off_is_taken_again() {
    let job = loaded();
    // what is left of one that was killed: a folder of ours with a piece of the backup in it
    let left = job.path("made.unfinished");
    fs::create_dir(&left).unwrap();
    fs::write(left.join(".made-by-drydock"), "").unwrap();
    fs::write(left.join("target.sql"), "begin;").unwrap();
    job.drydock(&["checkpoint", "3", "--out", "made"]).run().expect(0);
    assert!(!left.exists() && job.path("made/README.txt").exists());
}

#[test]
fn a_failing_extract_removes_only_the_file_that_it_made() {
    let job = loaded();
    let kept = fs::read(job.file()).unwrap();
    // a source that fails late, and long enough for somebody to put another file in the place of the new one
    let legacy = job.path("broken");
    fs::create_dir(&legacy).unwrap();
    for entry in fs::read_dir(job.path("legacy")).unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, legacy.join(path.file_name().unwrap())).unwrap();
    }
    let fifo = legacy.join("dispatch_usersetting.csv");
    let _ = fs::remove_file(&fifo);
    assert!(std::process::Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let mut child = job.drydock(&["extract", "--csv", "broken", "--staging", "new.drydock"]).spawn();
    let new = job.path("new.drydock");
    for _ in 0..100 {
        if new.exists() || child.try_wait().unwrap().is_some() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    if new.exists() {
        fs::rename(&new, job.path("moved.drydock")).unwrap();
        fs::copy(job.file(), &new).unwrap();
        std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130));
        assert_eq!(fs::read(&new).unwrap(), kept, "another file was removed");
    } else {
        // the pipe was waited for before the file was made: nothing to lose
        let _ = child.kill();
        let _ = child.wait();
    }
}

#[test]
fn the_search_for_duplicates_replaces_only_what_it_is_told_to() {
    let job = loaded();
    let search = |outputs: &[&str]| {
        let map = "first_name=given_name,last_name=surname";
        let run = job.drydock(&["duplicates", "legacy/auth_user.csv", "--id", "id", "--map", map]);
        run.args(outputs).run()
    };
    let both = ["--out", "pairs.csv", "--clusters", "clusters.csv"];
    search(&both).expect(0);
    let refused = search(&both).expect(3);
    assert!(refused.stderr.contains("--replace"), "{}", refused.stderr);
    search(&[&both[..], &["--replace"]].concat()).expect(0);
    let staging = job.file();
    let name = staging.file_name().unwrap().to_str().unwrap();
    fs::write(job.path("notes.txt"), VICTIM).unwrap();
    for victim in [name, "notes.txt", "legacy/auth_group.csv"] {
        let before = fs::read(job.path(victim)).unwrap();
        for flag in ["--out", "--clusters", "--html"] {
            let refused = search(&[flag, victim]).expect(3);
            assert!(refused.stderr.contains("is there already"), "{}", refused.stderr);
        }
        assert_eq!(fs::read(job.path(victim)).unwrap(), before);
    }
    search(&["--out", "both.csv", "--clusters", "both.csv"]).expect(2);
    search(&["--out", "both.csv", "--clusters", "./both.csv"]).expect(2);
    search(&["--out", "legacy/auth_user.csv", "--replace"]).expect(3);
    assert!(!job.path("both.csv").exists());
    let status = std::process::Command::new("mkfifo").arg(job.path("pipe")).status().unwrap();
    assert!(status.success());
    for flags in
        [&["--out", "pipe"][..], &["--out", "pipe", "--replace"], &["--clusters", "/dev/stdout", "--replace"]]
    {
        search(flags).expect(3);
    }
}

#[test]
fn what_lies_beside_a_new_staging_file_is_left_alone() {
    let job = loaded();
    for suffix in ["-wal", "-journal", "-shm"] {
        let beside = job.path(&format!("new.drydock{suffix}"));
        fs::write(&beside, VICTIM).unwrap();
        let refused =
            job.drydock(&["extract", "--csv", "legacy", "--staging", "new.drydock"]).run().expect(8);
        assert!(refused.stderr.contains("is in the way"), "{}", refused.stderr);
        assert_eq!(fs::read_to_string(&beside).unwrap(), VICTIM);
        fs::remove_file(&beside).unwrap();
    }
    let status = std::process::Command::new("mkfifo").arg(job.path("pipe")).status().unwrap();
    assert!(status.success());
    for verb in [&["status"][..], &["transform"], &["extract", "--csv", "legacy"]] {
        job.drydock(verb).args(["--staging", "pipe"]).run().expect(8);
    }
}
