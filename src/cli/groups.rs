//! The verbs in the groups in which the help shows them, each with an example. A verb that is missing here fails a test.

use std::fmt::Write;

use clap::{Arg, Command, CommandFactory};

use super::Cli;
use crate::manual;

/// A verb, an example of it, and which of the options that every verb takes mean something to it.
type Listed = (&'static str, &'static str, &'static [&'static str]);

/// A group's title, and its verbs.
type Group = (&'static str, &'static [Listed]);

const STAGING: &str = "staging";
const CONFIG: &str = "config";
const JSON: &str = "json";
const QUIET: &str = "quiet";
const VERBOSE: &str = "verbose";

/// What a verb that works on the file has.
const ALL: &[&str] = &[STAGING, CONFIG, JSON, QUIET, VERBOSE];

/// What a verb that looks has.
const LOOKS: &[&str] = &[STAGING, JSON, VERBOSE];

/// The groups, in the order of a migration.
const GROUPS: [Group; 6] = [
    (
        "Steps",
        &[
            ("extract", "drydock extract --csv legacy/", ALL),
            ("survey", "drydock survey --target-url-file target.url", ALL),
            ("transform", "drydock transform", ALL),
            ("load", "drydock load --phase 2a", ALL),
            ("rehearse", "drydock rehearse --scratch-url-file scratch.url", ALL),
            ("verify", "drydock verify", ALL),
            ("run", "drydock run --csv legacy/ --config drydock.toml", ALL),
        ],
    ),
    (
        "Look",
        &[
            ("status", "drydock status --watch", &[STAGING, JSON]),
            ("report", "drydock report --out report.html", &[STAGING, JSON, QUIET, VERBOSE]),
            ("lessons", "drydock lessons", LOOKS),
            ("runs", "drydock runs", LOOKS),
            ("errors", "drydock errors --code email_shared", LOOKS),
            ("explain", "drydock explain patient 4711", LOOKS),
            ("analyze", "drydock analyze", LOOKS),
            ("columns", "drydock columns", ALL),
            ("diff", "drydock diff yesterday.drydock staging.drydock", &[JSON]),
            ("doctor", "drydock doctor --csv legacy/", &[CONFIG, JSON]),
            ("target", "drydock target draft --out drydock.toml", &[STAGING, CONFIG, JSON, VERBOSE]),
        ],
    ),
    (
        "Decide",
        &[
            ("review", "drydock review page --out review.html", LOOKS),
            ("gate", "drydock gate approve 3 --by 'Ada Berg'", LOOKS),
            (
                "duplicates",
                "drydock duplicates people.csv --id id --map name=surname,born=date",
                &[JSON, QUIET],
            ),
        ],
    ),
    (
        "Undo",
        &[
            ("checkpoint", "drydock checkpoint 1 --out checkpoints/after-2a", ALL),
            ("rollback", "drydock rollback --run 7 --dry-run", ALL),
        ],
    ),
    (
        "Ship",
        &[
            ("auth", "drydock auth --out accounts", LOOKS),
            ("audit", "drydock audit seal --out parcel", &[STAGING, JSON, QUIET]),
            ("shred", "drydock shred old.drydock", &[JSON]),
        ],
    ),
    (
        "Other",
        &[
            ("demo", "drydock demo", &[JSON, QUIET, VERBOSE]),
            ("help", "drydock help email_shared", &[STAGING, JSON]),
            ("completions", "drydock completions bash", &[]),
            ("man", "drydock man", &[]),
        ],
    ),
];

/// The command line, with its verbs in groups and an example behind the help of each.
pub(super) fn command() -> Command {
    let mut command = Cli::command();
    let mut listed = String::new();
    let of_every_verb: Vec<Arg> =
        command.get_arguments().filter(|arg| arg.is_global_set()).cloned().collect();
    for (title, verbs) in GROUPS {
        let _ = writeln!(listed, "{title}:");
        for (verb, example, meant) in verbs {
            let about = command.find_subcommand(verb).and_then(Command::get_about).map(ToString::to_string);
            let _ = writeln!(listed, "  {verb:<12} {}", about.unwrap_or_default());
            let more: String =
                manual::about(verb).map(|page| format!("\n  drydock help {}", page.name)).collect();
            let more = if more.is_empty() { more } else { format!("\n\nMore:{more}") };
            // taken by every verb, so that a script may give it to each, and shown where it does something
            let idle = of_every_verb.iter().filter(|arg| !meant.contains(&arg.get_id().as_str()));
            let idle: Vec<Arg> = idle.map(|arg| arg.clone().hide(true)).collect();
            command = command.mut_subcommand(*verb, |one| {
                one.after_help(format!("Example:\n  {example}{more}")).args(idle)
            });
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
            GROUPS.iter().flat_map(|(_, verbs)| verbs.iter().map(|(verb, ..)| *verb)).collect();
        listed.sort_unstable();
        let command = Cli::command();
        let mut verbs: Vec<&str> = command.get_subcommands().map(Command::get_name).collect();
        verbs.sort_unstable();
        assert_eq!(listed, verbs);
        for (verb, example, _) in GROUPS.iter().flat_map(|(_, verbs)| *verbs) {
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
