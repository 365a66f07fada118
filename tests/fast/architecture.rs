//! The import rules of the architecture page, the top level, and the lists that must agree.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::imports::{EVERYTHING, code};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file of a module, whether it is `name.rs` or a folder or both.
fn files_of(module: &str) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let single = root().join("src").join(format!("{module}.rs"));
    if single.exists() {
        files.push(single);
    }
    let mut folders = vec![root().join("src").join(module)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    assert!(!files.is_empty(), "there is no module {module}");
    files
}

fn modules() -> Vec<String> {
    let page = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    page.lines()
        .filter_map(|line| line.strip_prefix("pub mod ")?.strip_suffix(';'))
        .map(str::to_owned)
        .collect()
}

/// The crates of the workspace that lie under src/: the folders of `src` with a manifest of their own.
fn crates() -> Vec<String> {
    let folders = fs::read_dir(root().join("src")).unwrap().map(|entry| entry.unwrap().path());
    let crates = folders.filter(|folder| folder.join("Cargo.toml").exists());
    crates.map(|folder| folder.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

/// The modules of ours that a module names.
fn imports(module: &str) -> BTreeSet<String> {
    let known = modules();
    let mut found = BTreeSet::new();
    for file in files_of(module) {
        let place = file.strip_prefix(root().join("src")).unwrap().with_extension("");
        let mut place: Vec<&str> = place.iter().map(|name| name.to_str().unwrap()).collect();
        if place.last() == Some(&"mod") {
            place.pop();
        }
        found.extend(crate::imports::imports(&place, &fs::read_to_string(&file).unwrap()));
    }
    assert!(!found.contains(EVERYTHING), "{module} imports the root of the crate; name the modules");
    found.retain(|name| known.contains(name) && name != module);
    found
}

/// The code of each file of a module, up to its tests.
fn code_of(module: &str) -> Vec<(PathBuf, String)> {
    let read = |file: PathBuf| {
        let text = code(&fs::read_to_string(&file).unwrap());
        let own = text.split("#[cfg(test)]").next().unwrap_or_default().to_owned();
        (file, own)
    };
    files_of(module).into_iter().map(read).collect()
}

#[test]
fn modules_import_only_what_they_may() {
    let only = |module: &str, allowed: &[&str]| {
        let forbidden: Vec<_> =
            imports(module).into_iter().filter(|name| !allowed.contains(&name.as_str())).collect();
        assert!(forbidden.is_empty(), "{module} imports {forbidden:?}");
    };
    only("record", &[]);
    only("error", &[]);
    only("clean", &["record"]);
    only("entity", &["record", "clean"]);
    // whoever waits for a server ends when the command is asked to
    only("connect", &["error", "interrupt"]);
    only("output", &["error"]);
    only("columns", &["record", "clean", "entity"]);
    // raw values that a mapping sends are given the form of their type
    only("staging", &["record", "clean", "entity", "columns", "error", "config", "interrupt", "output"]);
    only("legacy", &["record", "entity", "error", "connect", "interrupt"]);
    only("target", &["record", "entity", "error", "connect", "config", "interrupt", "failpoint"]);
    // an auditor has the file and nothing else
    only(
        "audit",
        &[
            "record",
            "entity",
            "clean",
            "config",
            "staging",
            "analyze",
            "verify",
            "error",
            "progress",
            "interrupt",
            "failpoint",
            "output",
        ],
    );
}

#[test]
fn files_and_folders_are_made_in_one_place() {
    assert!(crates().len() > 3, "{:?}", crates());
    for module in modules().into_iter().chain(crates()) {
        // the demonstration writes an invented world and its own server's files
        if ["output", "demo", "world"].contains(&module.as_str()) {
            continue;
        }
        for (file, code) in code_of(&module) {
            for word in
                [".create(", "create_new(true", "File::create", "fs::write(", "create_dir", "DirBuilder::"]
            {
                assert!(
                    !code.contains(word) || (module == "cli" && file.ends_with("demo.rs")),
                    "{}: {word}; output makes files and folders",
                    file.display()
                );
            }
        }
    }
}

#[test]
fn transform_is_offline_by_construction() {
    let imported = imports("transform");
    for online in ["legacy", "target", "connect", "demo", "cli"] {
        assert!(!imported.contains(online), "transform imports {online}");
    }
    for file in files_of("transform") {
        let code = code(&fs::read_to_string(&file).unwrap());
        for word in ["postgres", "std::net", "TcpStream", "UnixStream"] {
            assert!(!code.contains(word), "{}: {word}", file.display());
        }
    }
}

#[test]
fn each_database_has_its_own_users() {
    let users = |word: &str| -> BTreeSet<String> {
        let names = |module: &String| {
            files_of(module).iter().any(|file| code(&fs::read_to_string(file).unwrap()).contains(word))
        };
        modules().into_iter().filter(names).collect()
    };
    assert_eq!(users("rusqlite::"), BTreeSet::from(["error".to_owned(), "staging".to_owned()]));
    let allowed = ["connect", "demo", "legacy", "target"].map(str::to_owned);
    let found = users("postgres::");
    assert!(found.is_subset(&BTreeSet::from(allowed)), "{found:?}");
}

#[test]
fn only_the_command_line_prints() {
    for module in modules().into_iter().chain(crates()) {
        if ["cli", "progress"].contains(&module.as_str()) {
            continue;
        }
        for file in files_of(&module) {
            let code = code(&fs::read_to_string(&file).unwrap());
            for word in ["println!", "print!", "dbg!"] {
                assert!(!code.contains(word), "{} prints", file.display());
            }
        }
    }
}

/// The modules of a test binary, each with what stands beside it.
fn test_modules(binary: &str) -> BTreeMap<String, String> {
    let main = fs::read_to_string(root().join("tests").join(binary).join("main.rs")).unwrap();
    main.lines()
        .filter_map(|line| line.strip_prefix("mod ")?.split_once(';'))
        .map(|(name, purpose)| (name.to_owned(), purpose.to_owned()))
        .collect()
}

#[test]
fn no_test_is_forgotten_and_each_module_has_its_purpose_beside_it() {
    for binary in ["fast", "slow"] {
        let mut modules = test_modules(binary);
        for (name, purpose) in &modules {
            let purpose = purpose.strip_prefix(" // ").unwrap_or_default();
            assert!(!purpose.is_empty(), "tests/{binary}/main.rs does not say what {name} is for");
        }
        assert!(modules.remove("harness").is_some());
        let files: BTreeSet<String> = fs::read_dir(root().join("tests").join(binary))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "main.rs")
            .map(|name| name.trim_end_matches(".rs").to_owned())
            .collect();
        let modules: BTreeSet<String> = modules.into_keys().collect();
        assert_eq!(files, modules, "tests/{binary}: each file is a line of its main.rs");
    }
    let beside: Vec<String> = fs::read_dir(root().join("tests"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| !["fast", "slow", "harness", "bench"].contains(&name.as_str()))
        .collect();
    assert!(
        beside.is_empty(),
        "{beside:?} would be a test binary of its own, or none: it belongs into tests/fast or tests/slow"
    );
}

#[test]
fn the_top_level_holds_just_these_names() {
    let known =
        ["Cargo.toml", "Cargo.lock", "src", "staging", "sql", "tests", "fixtures", "README.md", "target"];
    for entry in fs::read_dir(root()).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(name.starts_with('.') || known.contains(&name.as_str()), "{name} does not belong here");
    }
}

#[test]
fn every_view_is_listed_for_operators() {
    let views = fs::read_to_string(root().join("staging/views.sql")).unwrap();
    let page = fs::read_to_string(root().join("staging/README.md")).unwrap();
    for line in views.lines() {
        if let Some(view) = line.strip_prefix("create view ") {
            let view = view.split_whitespace().next().unwrap();
            assert!(page.contains(view), "staging/README.md does not mention {view}");
        }
    }
}
