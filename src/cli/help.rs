//! `drydock help`: the help of the command line or of a verb, a page of the manual, or the entry of a code.

use clap::Args;

use super::{Common, groups};
use crate::error::{Error, Kind, Result};
use crate::manual;
use crate::report::troubleshooting::{self, Entry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A verb, a page of the manual (`configuration`), the code of an issue (`email_shared`), an exit code, or a check of
    /// `verify`; `codes` lists the codes, and without anything the verbs and the pages are listed
    #[arg(value_name = "VERB|PAGE|CODE")]
    topic: Vec<String>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let mut command = groups::command();
    // sub-verbs are found only in a built command, with the global flags in place
    command.build();
    let [topic, rest @ ..] = arguments.topic.as_slice() else {
        let pages: Vec<_> = manual::PAGES.iter().map(page_line).collect();
        let help = command.render_help().to_string();
        let json = serde_json::json!({ "help": help, "pages": pages });
        return common.print(&json, || help.clone()).map(|()| None);
    };
    if topic == "codes" {
        let codes: Vec<&str> = troubleshooting::codes().collect();
        return common.print(&serde_json::json!({ "codes": codes }), || codes.join("\n")).map(|()| None);
    }
    if let Some(page) = manual::find(topic).filter(|_| rest.is_empty()) {
        let mut json = page_line(page);
        json["text"] = page.text.into();
        return common.print(&json, || page.for_terminal()).map(|()| None);
    }
    // a word that is both is meant as the code: `--help` shows the verb
    let is_code = rest.is_empty() && troubleshooting::codes().any(|code| code == topic);
    if let Some(mut found) = command.find_subcommand(topic).filter(|_| !is_code) {
        for part in rest {
            found = found.find_subcommand(part).ok_or_else(|| unknown(part))?;
        }
        let help = found.clone().render_long_help().to_string();
        return common.print(&serde_json::json!({ "help": help }), || help.clone()).map(|()| None);
    }
    let entry = troubleshooting::find(topic).ok_or_else(|| unknown(topic))?;
    let file = common.staging.display().to_string();
    let json = serde_json::json!({
        "code": entry.code, "means": entry.means, "look": entry.look, "todo": entry.todo, "command": entry.command,
    });
    common.print(&json, || text(&entry, &file)).map(|()| None)
}

fn page_line(page: &manual::Page) -> serde_json::Value {
    serde_json::json!({ "page": page.name, "title": page.title() })
}

fn text(entry: &Entry, file: &str) -> String {
    let Entry { code, means, look, todo, command } = entry;
    let look = if look.is_empty() {
        String::new()
    } else {
        format!("\nthe records, in the staging file\n  sqlite3 -readonly {file} \"{look}\"\n")
    };
    format!("{code}\n\nwhat it means\n  {means}\n{look}\nwhat to do\n  {todo}\n\nwhat to type\n  {command}\n")
}

fn unknown(topic: &str) -> Error {
    Error::new(Kind::Usage, format!("there is no verb, no page and no code {topic}"))
        .hint("`drydock help` lists the verbs and the pages, `drydock help codes` the codes")
}

#[cfg(test)]
mod tests {
    use clap::error::ErrorKind;

    use super::*;

    /// The words of a command as a shell takes them.
    fn words(command: &str) -> Vec<String> {
        let (mut words, mut quote, mut is_word) = (vec![String::new()], None, false);
        for letter in command.chars() {
            match (letter, quote) {
                ('\'' | '"', None) => quote = Some(letter),
                (letter, Some(open)) if letter == open => quote = None,
                (' ', None) if is_word => words.push(String::new()),
                (' ', None) => {}
                (letter, _) => words.last_mut().unwrap().push(letter),
            }
            is_word = letter != ' ' || quote.is_some();
        }
        words.retain(|word| !word.is_empty());
        words
    }

    /// The commands of the blocks for a shell, and those within sentences, of a page.
    fn commands(text: &str) -> (Vec<&str>, Vec<&str>) {
        let (mut whole, mut mentioned, mut block) = (Vec::new(), Vec::new(), None);
        for line in text.lines() {
            if let Some(language) = line.trim_start().strip_prefix("```") {
                block = if block.is_some() { None } else { Some(language) };
            } else if block == Some("sh") {
                let code = line.split(" #").next().unwrap_or_default();
                let parts = code.split("&&").map(str::trim);
                whole.extend(parts.filter_map(|part| {
                    part.strip_prefix("drydock ").or_else(|| part.strip_prefix("cargo run --locked -- "))
                }));
            } else if block.is_none() {
                let spans = line.split('`').skip(1).step_by(2);
                mentioned.extend(spans.filter_map(|span| span.strip_prefix("drydock ")));
            }
        }
        (whole, mentioned)
    }

    #[test]
    fn every_command_in_the_manual_is_one() {
        let readme = include_str!("../../README.md");
        let (mut of_blocks, mut of_sentences) = (0, 0);
        for (name, text) in
            manual::PAGES.iter().map(|page| (page.name, page.text)).chain([("README.md", readme)])
        {
            let parse = |command: &str| {
                let words = [vec!["drydock".to_owned()], words(command)].concat();
                groups::command().try_get_matches_from(words).map_err(|error| error.kind())
            };
            let (whole, mentioned) = commands(text);
            of_blocks += whole.len();
            of_sentences += mentioned.len();
            for command in whole {
                // where a hash belongs, a word in capitals stands for it
                let is_one = match parse(command) {
                    Ok(_) => true,
                    Err(kind) => kind == ErrorKind::ValueValidation && command.ends_with(" HASH"),
                };
                assert!(is_one, "{name}: drydock {command}: {:?}", parse(command).err());
            }
            for command in mentioned {
                // a sentence may leave out what the verb needs
                let is_one = match parse(command) {
                    Ok(_) => true,
                    Err(kind) => [
                        ErrorKind::MissingRequiredArgument,
                        ErrorKind::MissingSubcommand,
                        ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand,
                    ]
                    .contains(&kind),
                };
                assert!(is_one, "{name}: drydock {command}: {:?}", parse(command).err());
            }
        }
        assert!(of_blocks > 40 && of_sentences > 40, "{of_blocks} {of_sentences}");
    }

    #[test]
    fn a_terminal_is_told_what_to_type_instead_of_a_link() {
        let page = manual::find("start").unwrap();
        assert!(page.text.contains("[decisions](decisions.md)"));
        let shown = page.for_terminal();
        assert!(
            shown.contains("save the decisions (`drydock help decisions`)") && !shown.contains("]("),
            "{shown}"
        );
        let security = manual::find("security").unwrap().for_terminal();
        assert!(security.contains("The threat model (.github/SECURITY.md in the repository)"), "{security}");
        let files = manual::find("files").unwrap().for_terminal();
        assert!(files.contains("The page of the views (`drydock help views`)"), "{files}");
    }
}
