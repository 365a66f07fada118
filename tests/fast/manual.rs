//! The README and the manual: short enough to be read, complete, and true of the program that is built here. What their
//! commands look like is held beside `drydock help`.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use drydock::manual::{self, PAGES};
use serde_json::Value;

use crate::harness::{Drydock, Job, Size};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn file(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|cause| panic!("{path}: {cause}"))
}

/// Every page, as one text.
fn all_pages() -> String {
    PAGES.iter().map(|page| page.text).collect()
}

fn help(arguments: &[&str]) -> String {
    let home = tempfile::tempdir().unwrap();
    Drydock::new(home.path()).args(["help"]).args(arguments).run().expect(0).stdout
}

/// Where the links of a Markdown file lead to, seen from it.
fn links(text: &str) -> Vec<&str> {
    text.split("](").skip(1).map(|rest| rest.split([')', '#']).next().unwrap()).collect()
}

#[test]
fn every_page_is_listed_and_printed() {
    let list = help(&[]);
    let in_json: Value = serde_json::from_str(&help(&["--json"])).unwrap();
    let listed: Vec<&str> =
        in_json["pages"].as_array().unwrap().iter().map(|page| page["page"].as_str().unwrap()).collect();
    assert_eq!(listed, PAGES.iter().map(|page| page.name).collect::<Vec<_>>());
    for page in PAGES {
        assert!(list.contains(&format!("  {:<16} {}", page.name, page.title())), "{}", page.name);
        let printed = help(&[page.name]);
        assert!(printed.starts_with("# ") && printed.lines().count() > 8, "{printed}");
        assert!(!printed.contains("]("), "{} shows a link as it is written", page.name);
        let as_json: Value = serde_json::from_str(&help(&[page.name, "--json"])).unwrap();
        assert_eq!(as_json["text"], page.text, "the binary is older than {}", page.file);
        assert_eq!(file(page.file), page.text);
    }
    // no file is left over
    let files: BTreeSet<String> = fs::read_dir(root().join("src/manual"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter_map(|name| name.strip_suffix(".md").map(str::to_owned))
        .collect();
    let own = PAGES.iter().filter(|page| page.file.starts_with("src/manual/"));
    assert_eq!(files, own.map(|page| page.name.to_owned()).collect());
}

#[test]
fn a_page_has_no_name_that_help_knows_already() {
    let home = tempfile::tempdir().unwrap();
    let codes = help(&["codes"]);
    for page in PAGES {
        assert!(codes.lines().all(|code| code != page.name), "{} is a code", page.name);
        // as a verb it would be help for something else
        Drydock::new(home.path()).args([page.name, "--help"]).run().expect(2);
        for verb in page.verbs {
            assert!(
                help(&[verb, "--json"]).contains(&format!("drydock help {}", page.name))
                    || codes.lines().any(|code| code == *verb),
                "the help of {verb} does not name {}",
                page.name
            );
        }
    }
    let unknown = Drydock::new(home.path()).args(["help", "no-such-page"]).run().expect(2);
    assert!(unknown.stderr.contains("drydock help"), "{}", unknown.stderr);
}

#[test]
fn every_link_leads_somewhere() {
    let mut documents = vec!["README.md", "fixtures/README.md"];
    documents.extend([".github/CONTRIBUTING.md", ".github/SECURITY.md", ".github/CHANGELOG.md"]);
    documents.extend(PAGES.iter().map(|page| page.file));
    let mut followed = 0;
    for document in documents {
        let text = file(document);
        let folder = root().join(document);
        for link in links(&text) {
            assert!(!link.contains("://"), "{document}: {link} leads out of the repository");
            assert!(folder.parent().unwrap().join(link).exists(), "{document}: {link} leads nowhere");
            followed += 1;
        }
    }
    assert!(followed > 40, "{followed}");
    // and every page is found from the README
    let readme = file("README.md");
    for page in PAGES {
        assert!(readme.contains(&format!("]({})", page.file)), "README.md does not lead to {}", page.file);
    }
}

#[test]
fn the_readme_is_short_and_its_pictures_are_small() {
    let readme = file("README.md");
    assert!(readme.lines().count() <= 130, "{} lines", readme.lines().count());
    let pictures: Vec<&str> = links(&readme).into_iter().filter(|link| link.contains(".png")).collect();
    assert_eq!(pictures.len(), 2);
    for picture in pictures {
        let size = fs::metadata(root().join(picture)).unwrap().len();
        assert!(size > 10_000 && size < 300_000, "{picture}: {size} bytes");
    }
}

#[test]
fn every_verb_and_key_and_exit_code_stands_in_a_page() {
    let pages = all_pages();
    let list = help(&[]);
    let verbs: Vec<&str> = list
        .split("Options:")
        .next()
        .unwrap()
        .lines()
        .filter_map(|line| line.strip_prefix("  ")?.split_whitespace().next())
        .collect();
    assert!(verbs.len() > 25, "{verbs:?}");
    for verb in verbs {
        assert!(pages.contains(&format!("drydock {verb}")), "no page names `drydock {verb}`");
    }
    let codes = manual::find("exit-codes").unwrap().text;
    for kind in drydock::error::Kind::ALL {
        assert!(codes.contains(&format!("| {} |", kind.code())), "no exit code {}", kind.code());
    }
    let keys = manual::find("configuration").unwrap().text;
    let config = drydock::config::Config::parse("[policy]\ndefault_practice = 1").unwrap();
    let config = serde_json::to_value(config).unwrap();
    for (section, known) in config.as_object().unwrap() {
        for (key, value) in known.as_object().unwrap() {
            let key = format!("`{section}.{key}");
            assert!(keys.contains(&key), "no page explains {key}`");
            for inner in value.as_object().filter(|_| key == "`source.csv").into_iter().flatten() {
                assert!(keys.contains(&format!("{key}.{}`", inner.0)), "no page explains {key}.{}`", inner.0);
            }
        }
    }
}

#[test]
fn the_readmes_commands_are_those_that_are_checked() {
    let (readme, ci) = (file("README.md"), file(".ci/run"));
    assert!(readme.contains(".ci/setup demo && cargo run --locked -- demo"));
    assert!(readme.contains(".ci/setup tests && cargo test --locked"));
    assert!(ci.contains("\n.ci/setup ci") && ci.contains(" cargo test --locked\n"));
    // the bounds are the benchmarks' own
    for (bench, bound, shown) in [
        ("extract", "MOST_RATIO: f64 = 1.15", "| 1.15 | 150 MB |"),
        ("extract", "MOST_MEGABYTES: f64 = 150.0", "| 1.15 | 150 MB |"),
        ("transform", "RATIO: f64 = 2.5", "| 2.5 | 512 MB |"),
        ("transform", "MEGABYTES: u64 = 512", "| 2.5 | 512 MB |"),
        ("load", "(bound 1.00)  {memory} MB (bound 150)", "| 1.0 | 150 MB |"),
        ("load", "(bound 0.55)", "| 0.55 | 150 MB |"),
        ("verify", "RATIO: f64 = 0.5", "| 0.5 | |"),
        ("audit", "(bound 2.00)", "| 2.0 | |"),
    ] {
        assert!(file(&format!("tests/bench/{bench}.rs")).contains(bound), "{bench}: {bound}");
        assert!(readme.contains(shown), "README.md: {shown}");
    }
}

#[test]
fn the_change_log_knows_this_version_and_its_file() {
    let log = file(".github/CHANGELOG.md");
    let schema = file("src/staging/file/open.rs");
    let version =
        schema.split("SCHEMA_VERSION: i32 = ").nth(1).and_then(|rest| rest.split(';').next()).unwrap();
    let heading = format!("## {} ", env!("CARGO_PKG_VERSION"));
    let line = log.lines().find(|line| line.starts_with(&heading)).expect("this version");
    assert!(line.ends_with(&format!("file version {version}")), "{line}");
    assert!(manual::find("upgrading").unwrap().text.contains(&format!("the present one is {version}.")));
}

#[test]
fn the_form_for_problems_asks_for_what_the_doctor_says() {
    let form = file(".github/ISSUE_TEMPLATE/problem.yml");
    assert!(form.contains("drydock doctor --json") && form.contains("drydock --version"));
    assert!(file(".github/workflows/ci.yml").contains("- run: .ci/run"));
    assert!(file(".github/LICENSE").contains("Apache License"));
    for manifest in ["Cargo.toml", "src/image/Cargo.toml", "src/linkage/Cargo.toml", "src/world/Cargo.toml"] {
        assert!(file(manifest).contains("license.workspace = true"), "{manifest}");
    }
}

#[test]
fn lessons_are_the_commonest_causes_with_their_remedies_and_no_value() {
    let job = Job::migrated();
    let lessons: Value = serde_json::from_str(&job.run(["lessons", "--json"]).stdout).unwrap();
    let causes = lessons["causes"].as_array().unwrap();
    let commonest = job.staged(
        "select error_code from v_errors_by_code group by error_code order by sum(records) desc limit 1",
    );
    assert_eq!(causes[0]["code"], commonest.as_str(), "{causes:?}");
    let records: Vec<u64> = causes.iter().map(|cause| cause["records"].as_u64().unwrap()).collect();
    assert!(records.len() == 10 && records.is_sorted_by(|a, b| a >= b), "{records:?}");
    let kept: u64 =
        lessons["kept_back"].as_array().unwrap().iter().map(|one| one["records"].as_u64().unwrap()).sum();
    let waiting = job.staged("select count(*) from v_waiting where fate <> 'merged'");
    assert_eq!(kept.to_string(), waiting);
    let lost = lessons["lost"].as_array().unwrap();
    assert!(lost.iter().any(|field| field["field"] == "email"), "{lost:?}");

    let page = job.run(["lessons", "--most", "3"]).stdout;
    assert!(page.starts_with("# Lessons") && page.contains(&format!("`drydock help {commonest}`")), "{page}");
    assert_eq!(page.matches("  - remedy: ").count(), 3, "{page}");
    let surnames = job.staged("select distinct last_name from legacy_auth_user where length(last_name) > 5");
    let shown = surnames.lines().find(|name| page.contains(*name));
    assert_eq!(shown, None);

    // before anything was decided there is nothing to learn, and it says so
    let young = Job::of_size(Size { offices: 2, users: 12 }).at("extract");
    assert!(young.run(["lessons"]).stdout.contains("nothing was transformed yet"));
}
