//! The threat model names tests, and each of them exists.

use std::fs;
use std::path::Path;

#[test]
fn the_threat_model_names_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(root.join(".github/SECURITY.md")).unwrap();
    let mut sources = String::new();
    for folder in ["tests/fast", "tests/slow", "src/connect"] {
        for entry in fs::read_dir(root.join(folder)).unwrap() {
            let path = entry.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                sources += &fs::read_to_string(path).unwrap();
            }
        }
    }
    let named: Vec<&str> = text
        .split('`')
        .skip(1)
        .step_by(2)
        .filter(|word| word.matches('_').count() > 2 && !word.contains(' '))
        .collect();
    assert!(named.len() > 9, "{named:?}");
    for name in named {
        assert!(sources.contains(&format!("fn {name}()")), "no test is called {name}");
    }
}
