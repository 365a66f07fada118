//! The manual: Markdown files beside this one, which a repository's host shows and `drydock help PAGE` prints. One list; a test
//! walks it, its links and its commands. No page has the name of a verb or a code, which `help` knows as well.

/// One page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page {
    /// What `drydock help` takes.
    pub name: &'static str,
    /// The file it stands in, seen from the root of the repository.
    pub file: &'static str,
    /// The verbs that it is about: their help names it.
    pub verbs: &'static [&'static str],
    /// The page, in Markdown.
    pub text: &'static str,
}

/// A page of this folder.
macro_rules! page {
    ($name:literal, $verbs:expr) => {
        Page {
            name: $name,
            file: concat!("src/manual/", $name, ".md"),
            verbs: &$verbs,
            text: include_str!(concat!($name, ".md")),
        }
    };
}

/// Every page, in the order in which somebody new reads them.
pub const PAGES: &[Page] = &[
    page!("start", ["demo", "help", "completions", "man"]),
    page!(
        "steps",
        [
            "extract",
            "survey",
            "transform",
            "load",
            "verify",
            "run",
            "rehearse",
            "rollback",
            "checkpoint",
            "runs"
        ]
    ),
    page!("sources", ["extract", "columns", "doctor"]),
    page!("targets", ["target", "survey", "auth", "doctor"]),
    page!("configuration", ["doctor"]),
    page!("ids", ["explain"]),
    page!("cases", []),
    page!("decisions", ["review", "gate", "errors"]),
    page!("same-person", ["duplicates"]),
    page!("proof", ["verify", "diff"]),
    page!("progress", ["status", "report", "lessons", "analyze"]),
    page!("files", ["shred"]),
    Page {
        name: "views",
        file: "staging/README.md",
        verbs: &[],
        text: include_str!("../../staging/README.md"),
    },
    page!("auditing", ["audit", "shred"]),
    page!("exit-codes", []),
    page!("troubleshooting", ["doctor"]),
    page!("best-practices", []),
    page!("upgrading", []),
    page!("security", []),
    page!("new-table", []),
];

/// The page of a name.
pub fn find(name: &str) -> Option<&'static Page> {
    PAGES.iter().find(|page| page.name == name)
}

/// The pages that are about a verb.
pub fn about(verb: &str) -> impl Iterator<Item = &'static Page> {
    PAGES.iter().filter(move |page| page.verbs.contains(&verb))
}

impl Page {
    /// Its heading.
    pub fn title(&self) -> &'static str {
        self.text.lines().next().unwrap_or_default().trim_start_matches("# ")
    }

    /// The targets of its links, as they stand.
    pub fn links(&self) -> impl Iterator<Item = &'static str> {
        self.text.split("](").skip(1).filter_map(|rest| rest.split(')').next())
    }

    /// As a terminal shows it: a link says what to type, or which file of the repository it leads to.
    pub fn for_terminal(&self) -> String {
        let mut shown = String::with_capacity(self.text.len());
        let mut rest = self.text;
        while let Some((before, after)) = rest.split_once("](") {
            let (Some(open), Some((target, behind))) = (before.rfind('['), after.split_once(')')) else {
                break;
            };
            let (before, words) = (&before[..open], &before[open + 1..]);
            let file = target.split('#').next().unwrap_or_default().trim_start_matches("../");
            let is_it =
                |page: &&Page| page.file == file || page.file.strip_prefix("src/manual/") == Some(file);
            let page = PAGES.iter().find(is_it);
            let way = page.map_or_else(
                || format!("{file} in the repository"),
                |page| format!("`drydock help {}`", page.name),
            );
            shown.push_str(before);
            shown.push_str(&match page {
                Some(page) if words.replace(' ', "-") == page.name => way,
                // within brackets, no second ones
                _ if before.ends_with('(') => format!("{words}, {way}"),
                _ => format!("{words} ({way})"),
            });
            rest = behind;
        }
        shown + rest
    }
}
