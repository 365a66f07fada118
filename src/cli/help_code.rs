//! `drydock help`: the help of the command line, of a verb, or the entry of a code.

use clap::Args;

use super::{Common, groups};
use crate::error::{Error, Kind, Result};
use crate::report::troubleshooting::{self, Entry};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A verb, the code of an issue (`email_shared`), an exit code, or a check of `verify`; `codes` lists the codes
    #[arg(value_name = "VERB|CODE")]
    topic: Vec<String>,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    let mut command = groups::command();
    // sub-verbs are found only in a built command, with the global flags in place
    command.build();
    let [topic, rest @ ..] = arguments.topic.as_slice() else {
        let help = command.render_help().to_string();
        return common.print(&serde_json::json!({ "help": help }), || help.clone()).map(|()| None);
    };
    if topic == "codes" {
        let codes: Vec<&str> = troubleshooting::codes().collect();
        return common.print(&serde_json::json!({ "codes": codes }), || codes.join("\n")).map(|()| None);
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
    Error::new(Kind::Usage, format!("there is no verb and no code {topic}"))
        .hint("`drydock help` lists the verbs, `drydock help codes` the codes")
}
