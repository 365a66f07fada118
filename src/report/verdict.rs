//! How a migration stands in one sentence, and the one thing to do next with the command that does it.

use super::lookup::Lookup;

/// How the migration stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Everything holds, and no more is kept back than the configuration allows.
    Verified,
    /// Nothing is known, or no longer; or what is loaded holds, and more is kept back than may be.
    Open,
    /// Something does not hold, or there was nothing to migrate.
    Bad,
}

/// What a person does next.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Lead {
    /// Why.
    pub sentence: String,
    /// The command that does it; '' where there is nothing to do.
    pub command: String,
}

/// Whether the last verification was about a result that has changed since.
pub fn is_stale(figures: &Lookup) -> bool {
    figures.flag("/is_verification_stale") == Some(true)
}

/// Checks of the last verification that do not hold.
fn broken(figures: &Lookup) -> Vec<String> {
    let checks = figures.list("/checks").into_iter();
    checks.filter(|path| figures.count(&format!("{path}/wrong")) > 0).collect()
}

/// Whether some phases are not loaded yet, and nothing of the others was refused: what is missing explains what does not hold.
fn is_unfinished(figures: &Lookup) -> bool {
    figures.text("/file/load_completed_at").is_empty() && figures.count("/totals/failed") == 0
}

/// Required tables that came without a row, and that nobody expected to.
fn empty_tables(figures: &Lookup) -> Vec<&str> {
    figures.list("/attention/empty_tables").iter().map(|path| figures.text(path)).collect()
}

fn is_verified(figures: &Lookup) -> bool {
    !figures.text("/file/verify_completed_at").is_empty()
}

/// How it stands.
pub fn verdict(figures: &Lookup) -> Verdict {
    if (!broken(figures).is_empty() && !is_stale(figures) && !is_unfinished(figures))
        || !empty_tables(figures).is_empty()
    {
        Verdict::Bad
    } else if is_verified(figures) && figures.list("/attention/beyond_allowed").is_empty() {
        Verdict::Verified
    } else {
        Verdict::Open
    }
}

/// The verdict in words.
pub fn headline(figures: &Lookup) -> String {
    let broken = broken(figures).len() as u64;
    let empty = empty_tables(figures);
    let beyond = figures.list("/attention/beyond_allowed");
    let kept_back: u64 = beyond.iter().map(|path| figures.count(&format!("{path}/kept_back"))).sum();
    if !empty.is_empty() {
        let all = figures.count("/totals/extracted") == 0;
        let what = if all { "Nothing was migrated" } else { "Not complete" };
        return match empty.as_slice() {
            [table] => format!("{what}: {table} came without a row"),
            tables => format!("{what}: {} required tables came without a row", tables.len()),
        };
    }
    if broken > 0 && !is_stale(figures) && is_unfinished(figures) {
        return format!(
            "Not everything is loaded yet: {} in {} when it was verified",
            counted(figures.count("/differences"), "difference"),
            counted(broken, "check")
        );
    }
    if broken > 0 && !is_stale(figures) {
        return format!(
            "The target is not what was meant: {} in {}",
            counted(figures.count("/differences"), "difference"),
            counted(broken, "check")
        );
    }
    if is_verified(figures) && kept_back > 0 {
        return format!(
            "What was loaded is what was meant, but {} kept back, more than the configuration allows",
            if kept_back == 1 { "one record is".to_owned() } else { format!("{kept_back} records are") }
        );
    }
    if is_verified(figures) {
        return "Verified: the target is what was meant, record by record".to_owned();
    }
    let word = if figures.list("/checks").is_empty() {
        "Not verified yet"
    } else {
        "Not verified since the last change"
    };
    match figures.count("/decisions_waiting") {
        0 => word.to_owned(),
        1 => format!("{word}: one decision waits for a transform"),
        many => format!("{word}: {many} decisions wait for a transform"),
    }
}

fn counted(number: u64, word: &str) -> String {
    if number == 1 { format!("one {word}") } else { format!("{number} {word}s") }
}

/// What a person does next: the first thing that holds everything else up.
pub fn lead(figures: &Lookup) -> Lead {
    let lead = |sentence: String, command: &str| Lead { sentence, command: command.to_owned() };
    let is_done = |step: &str| !figures.text(&format!("/file/{step}_completed_at")).is_empty();
    let waiting = figures.count("/decisions_waiting");
    let questions = figures.count("/questions");
    if !is_done("extract") {
        return lead(
            "the snapshot of the legacy data comes first".to_owned(),
            "drydock extract --csv FOLDER",
        );
    }
    if !empty_tables(figures).is_empty() {
        let sentence = format!(
            "look at the dump or the export ({}), and take a fresh snapshot; what is empty in the legacy system too goes into \
             source.allow_empty",
            empty_tables(figures).join(", ")
        );
        return lead(sentence, "drydock extract --replace --csv FOLDER");
    }
    if !is_done("survey") {
        return lead("what the target holds has not been looked at".to_owned(), "drydock survey");
    }
    if !is_done("transform") {
        let sentence = if waiting > 0 {
            format!("{} for a transform, then for a load and a verification", waits(waiting))
        } else {
            "the records have no fates yet".to_owned()
        };
        return lead(sentence, "drydock transform");
    }
    let refused = figures.count("/totals/failed");
    if refused > 0 {
        let sentence = "look at why (drydock errors --status pending), correct it in the target or the source, and load them again";
        let who = if refused == 1 { "one record is".to_owned() } else { format!("{refused} records are") };
        return lead(format!("{who} refused by the target: {sentence}"), "drydock load --retry-failed");
    }
    if let Some(check) = broken(figures).first().filter(|_| !is_stale(figures) && !is_unfinished(figures)) {
        let name = figures.text(&format!("{check}/name"));
        return lead(
            "look at the first check that does not hold, and at the rows it names".to_owned(),
            &format!("drydock help {name}"),
        );
    }
    if !figures.list("/attention/beyond_allowed").is_empty() {
        let sentence = "decide about what is kept back, or allow it in policy.allowed_rejects";
        return lead(sentence.to_owned(), "drydock review page --out review.html");
    }
    for (step, sentence) in
        [("load", "what is ready has not been loaded"), ("verify", "what was loaded has not been verified")]
    {
        if !is_done(step) {
            return lead(sentence.to_owned(), &format!("drydock {step}"));
        }
    }
    if questions > 0 {
        return lead(
            format!("{} for an answer; none holds up what is loaded", asked(questions)),
            "drydock review page --out review.html",
        );
    }
    let is_open = |path: &String| figures.flag(&format!("{path}/passed")) == Some(false);
    if figures.list("/gates").iter().any(is_open) {
        return lead("gates of the plan wait for an approval".to_owned(), "drydock gate");
    }
    lead("nothing waits for a person".to_owned(), "")
}

fn waits(number: u64) -> String {
    if number == 1 { "one decision waits".to_owned() } else { format!("{number} decisions wait") }
}

fn asked(number: u64) -> String {
    if number == 1 { "one question waits".to_owned() } else { format!("{number} questions wait") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A migration with everything done and nothing wrong, but for what is given.
    fn figures(change: &serde_json::Value) -> Lookup {
        let mut status = json!({
            "file": { "extract_completed_at": "t", "survey_completed_at": "t", "transform_completed_at": "t",
                      "load_completed_at": "t", "verify_completed_at": "t" },
            "checks": [{ "name": "contents_patients", "wrong": 0 }], "differences": 0, "is_verification_stale": false,
            "attention": { "beyond_allowed": [], "empty_tables": [] }, "totals": { "extracted": 9, "failed": 0 },
            "decisions_waiting": 0, "questions": 0, "gates": [],
        });
        for (path, value) in change.as_object().unwrap() {
            *status.pointer_mut(path).unwrap_or_else(|| panic!("{path}")) = value.clone();
        }
        Lookup::new(status)
    }

    #[test]
    fn a_verdict_never_says_more_than_holds() {
        let stale = json!({ "/file/verify_completed_at": null, "/file/load_completed_at": null,
                            "/file/transform_completed_at": null, "/is_verification_stale": true, "/decisions_waiting": 2 });
        let beyond = json!({ "/attention/beyond_allowed": [{ "entity": "patients", "kept_back": 6274, "allowed": 0 }] });
        let empty = json!({ "/attention/empty_tables": ["auth_user"], "/totals/extracted": 0 });
        let wrong = json!({ "/checks/0/wrong": 3, "/differences": 3, "/file/verify_completed_at": null });
        for (change, expected, word, command) in [
            (json!({}), Verdict::Verified, "what was meant", ""),
            (
                json!({ "/questions": 649 }),
                Verdict::Verified,
                "what was meant",
                "drydock review page --out review.html",
            ),
            (beyond, Verdict::Open, "6274 records are kept back", "drydock review page --out review.html"),
            (empty, Verdict::Bad, "auth_user came without a row", "drydock extract --replace --csv FOLDER"),
            (wrong, Verdict::Bad, "3 differences in one check", "drydock help contents_patients"),
            (
                json!({ "/totals/failed": 2, "/checks/0/wrong": 2, "/differences": 2, "/file/load_completed_at": null }),
                Verdict::Bad,
                "2 differences in one check",
                "drydock load --retry-failed",
            ),
            (stale, Verdict::Open, "2 decisions wait for a transform", "drydock transform"),
        ] {
            let figures = figures(&change);
            assert_eq!(verdict(&figures), expected, "{}", headline(&figures));
            assert!(headline(&figures).contains(word), "{}", headline(&figures));
            assert_eq!(lead(&figures).command, command);
        }
    }
}
