//! The report in a real browser: nothing on its console, and an accessibility check that finds nothing, in light and dark,
//! wide and narrow.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::harness::{Drydock, database};
use serde_json::Value;

/// The accessibility checker, as an npm package.
const AXE: &str = "axe-core@4.10.3";

/// Runs the checker over the page and leaves its findings in the document.
const CHECK: &str = "axe.run(document, { resultTypes: ['violations', 'incomplete'] }).then(result => { \
     const found = result.violations.map(one => ({ rule: one.id, at: one.nodes.map(node => node.html.slice(0, 120)) })); \
     document.documentElement.innerHTML = '<pre id=\"axe\">' + JSON.stringify({ found, passed: result.passes.length }) \
     .replace(/</g, '&lt;') + '</pre>'; })";

fn browser() -> Command {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let is_there = |name: &&&str| Command::new(name).arg("--version").output().is_ok();
    let name = names.iter().find(is_there).expect("chromium; `apt-get install chromium`");
    let mut command = Command::new(name);
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--enable-logging=stderr",
        "--virtual-time-budget=20000",
        "--dump-dom",
    ]);
    command
}

/// What the document is in the end, and what was said on the console.
fn open(directory: &Path, page: &Path, (is_dark, width): (bool, u32)) -> (String, Vec<String>) {
    let profile = tempfile::tempdir_in(directory).unwrap();
    let output = browser()
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .arg(format!("--blink-settings=preferredColorScheme={}", u8::from(!is_dark)))
        .arg(format!("--window-size={width},900"))
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("the browser");
    let errors = String::from_utf8_lossy(&output.stderr);
    let console = errors.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect();
    (String::from_utf8_lossy(&output.stdout).into_owned(), console)
}

/// The page without what keeps scripts from running in it.
fn without_policy(page: &str) -> String {
    const POLICY: &str = "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; ";
    let (before, rest) = page.split_once(POLICY).expect("a policy that lets no script run");
    let (_, after) = rest.split_once("\">").expect("its end");
    format!("{before}{after}")
}

/// The checker's script.
fn axe(directory: &Path) -> String {
    let run = |program: &str, arguments: &[&str]| {
        let status = Command::new(program).args(arguments).current_dir(directory).status();
        assert!(
            status.is_ok_and(|status| status.success()),
            "{program} {arguments:?}: needs npm and its registry"
        );
    };
    run("npm", &["pack", "--silent", AXE]);
    let archive = format!("{}.tgz", AXE.replace('@', "-"));
    run("tar", &["xzf", &archive, "package/axe.min.js"]);
    fs::read_to_string(directory.join("package/axe.min.js")).unwrap()
}

#[test]
#[ignore = "needs chromium, and npm with its registry for axe-core; .ci/run runs this"]
fn the_page_is_quiet_and_accessible() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path();
    let database = database();
    let folder = directory.join("world");
    Drydock::new(directory)
        .args(["demo", "--quiet", "--to", &database.url(), "--dir", folder.to_str().unwrap()])
        .run()
        .expect(0);
    let staging = folder.join("demo.drydock");
    let report = |name: &str| {
        let page = directory.join(name);
        let out = ["report", "--staging", staging.to_str().unwrap(), "--out", page.to_str().unwrap()];
        Drydock::new(directory).args(out).run().expect(0);
        page
    };
    let verified = report("verified.html");
    // a page about what went wrong shows what the other one does not
    database.execute("update patients set last_name = last_name || 'x' where legacy_id % 500 = 7");
    let verify = ["verify", "--quiet", "--staging", staging.to_str().unwrap()];
    Drydock::new(directory).env("DRYDOCK_TARGET_URL", database.url()).args(verify).run().expect(7);
    let failed = report("failed.html");
    let axe = axe(directory);

    let wide_and_narrow = [(false, 1280), (true, 1280), (false, 500), (true, 500)];
    for (page, modes) in [(&verified, &wide_and_narrow[..]), (&failed, &wide_and_narrow[1..3])] {
        let text = fs::read_to_string(page).unwrap();
        // what is folded is looked at too, by a script, which the page itself lets nobody run
        let unfolded = without_policy(&text).replace("<details>", "<details open>");
        let checked = directory.join("checked.html");
        let script = format!("<script>{axe}</script><script>{CHECK}</script></body>");
        fs::write(&checked, unfolded.replace("</body>", &script)).unwrap();
        let (document, console) = open(directory, page, modes[0]);
        assert!(document.contains("</footer>"), "{}: the page did not load", page.display());
        assert!(console.is_empty(), "{console:?}");
        for mode in modes {
            let (document, console) = open(directory, &checked, *mode);
            assert!(console.is_empty(), "{mode:?}: {console:?}");
            let (_, found) = document.split_once("<pre id=\"axe\">").expect("the checker's result");
            let found = found.split("</pre>").next().unwrap();
            let found = found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&");
            let result: Value = serde_json::from_str(&found).unwrap();
            assert!(result["passed"].as_u64() > Some(20), "{result}");
            assert_eq!(result["found"], serde_json::json!([]), "{} {mode:?}", page.display());
        }
    }
}
