//! The verbs in the groups in which the help shows them, each with an example. A verb that is missing here fails a test.

use std::fmt::Write;

use clap::{Command, CommandFactory};

use super::Cli;
use crate::manual;

/// A group's title, and its verbs with an example each.
type Group = (&'static str, &'static [(&'static str, &'static str)]);

/// The groups, in the order of a migration.
const GROUPS: [Group; 6] = [
    (
        "Steps",
        &[
            ("extract", "drydock extract --csv legacy/"),
            ("survey", "drydock survey --target-url-file target.url"),
            ("transform", "drydock transform"),
            ("load", "drydock load --phase 2a"),
            ("verify", "drydock verify"),
            ("run", "drydock run --csv legacy/ --config drydock.toml"),
        ],
    ),
    (
        "Look",
        &[
            ("status", "drydock status --watch"),
            ("report", "drydock report --out report.html"),
            ("lessons", "drydock lessons"),
            ("runs", "drydock runs"),
            ("errors", "drydock errors --code email_shared"),
            ("explain", "drydock explain patient 4711"),
            ("analyze", "drydock analyze"),
            ("columns", "drydock columns"),
            ("diff", "drydock diff yesterday.drydock staging.drydock"),
            ("doctor", "drydock doctor --csv legacy/"),
            ("target", "drydock target draft --out drydock.toml"),
        ],
    ),
    (
        "Decide",
        &[
            ("review", "drydock review page --out review.html"),
            ("gate", "drydock gate approve 3 --by 'Ada Berg'"),
            ("duplicates", "drydock duplicates people.csv --id id --map name=surname,born=date"),
        ],
    ),
    (
        "Undo",
        &[
            ("checkpoint", "drydock checkpoint 1 --out checkpoints/after-2a"),
            ("rollback", "drydock rollback --run 7 --dry-run"),
        ],
    ),
    (
        "Ship",
        &[
            ("auth", "drydock auth --out accounts"),
            ("audit", "drydock audit seal --out parcel"),
            ("shred", "drydock shred old.drydock"),
        ],
    ),
    (
        "Other",
        &[
            ("demo", "drydock demo"),
            ("help", "drydock help email_shared"),
            ("completions", "drydock completions bash"),
            ("man", "drydock man"),
        ],
    ),
];

/// The command line, with its verbs in groups and an example behind the help of each.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    let mut listed = String::new();
    for (title, verbs) in GROUPS {
        let _ = writeln!(listed, "{title}:");
        for (verb, example) in verbs {
            let about = command.find_subcommand(verb).and_then(Command::get_about).map(ToString::to_string);
            let _ = writeln!(listed, "  {verb:<12} {}", about.unwrap_or_default());
            let more: String =
                manual::about(verb).map(|page| format!("\n  drydock help {}", page.name)).collect();
            let more = if more.is_empty() { more } else { format!("\n\nMore:{more}") };
            command =
                command.mut_subcommand(*verb, |one| one.after_help(format!("Example:\n  {example}{more}")));
        }
        listed.push('\n');
    }
    let pages: String =
        manual::PAGES.iter().map(|page| format!("  {:<16} {}\n", page.name, page.title())).collect();
    command.help_template(format!(
        "{{about-with-newline}}\n{{usage-heading}} {{usage}}\n\n{listed}Options:\n{{options}}\n\nPages (drydock help PAGE):\n{pages}{{after-help}}"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_verb_is_in_one_group_and_its_example_is_a_command() {
        let mut listed: Vec<&str> =
            GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().map(|(verb, _)| *verb)).collect();
        listed.sort_unstable();
        let command = Cli::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        verbs.sort_unstable();
        assert_eq!(listed, verbs);
        for (verb, example) in GROUPS.iter().flat_map(|(_, verbs)| *verbs) {
            let words: Vec<String> = example.split(' ').map(|word| word.replace('\'', "")).collect();
            // a quoted name is one word
            let words = match words.iter().position(|word| word == "--by") {
                Some(by) => [&words[..=by], &[words[by + 1..].join(" ")]].concat(),
                None => words,
            };
            let parsed = super::command().try_get_matches_from(&words);
            assert!(parsed.is_ok_and(|found| found.subcommand_name() == Some(*verb)), "{example}");
        }
    }
}
