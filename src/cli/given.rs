//! The command line as the journal keeps it: which flags were given, without what may be a name, a reason or a path.

/// Flags whose value is a number or a word of ours.
const PLAIN: [&str; 11] = [
    "--phase",
    "--on-error",
    "--max-rejects",
    "--chunk-rows",
    "--threads",
    "--run",
    "--to-checkpoint",
    "--override-gate",
    "--severity",
    "--format",
    "--seed",
];

/// Words that choose what a verb does.
const WORDS: [&str; 9] = ["approve", "export", "import", "seal", "check", "world", "1", "2", "3"];

/// The arguments after the verb.
pub(super) fn arguments() -> Vec<String> {
    shown(std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned()))
}

fn shown(arguments: impl Iterator<Item = String>) -> Vec<String> {
    let mut shown: Vec<String> = Vec::new();
    let mut verb = None;
    for argument in arguments {
        let is_plain_value = shown.last().is_some_and(|flag| PLAIN.contains(&flag.as_str()));
        if let Some((flag, value)) = argument.split_once('=').filter(|(flag, _)| flag.starts_with("--")) {
            shown.push(flag.to_owned());
            shown.push(if PLAIN.contains(&flag) && is_short(value) {
                value.to_owned()
            } else {
                HIDDEN.to_owned()
            });
        } else if argument.starts_with("--") && is_word(&argument)
            || is_plain_value && is_short(&argument)
            || WORDS.contains(&argument.as_str())
        {
            shown.push(argument);
        } else if verb.is_none() && shown.is_empty() {
            // the entry names the verb itself
            verb = Some(argument);
        } else {
            shown.push(HIDDEN.to_owned());
        }
    }
    shown
}

const HIDDEN: &str = "…";

fn is_word(flag: &str) -> bool {
    flag.len() < 32 && flag.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-')
}

fn is_short(value: &str) -> bool {
    value.len() < 12 && value.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_stay_and_what_they_were_given_goes() {
        let of = |line: &str| shown(line.split(' ').map(str::to_owned)).join(" ");
        assert_eq!(of("load --phase 2a --max-rejects=3 --dry-run"), "--phase 2a --max-rejects 3 --dry-run");
        assert_eq!(of("gate approve 1 --by Ada --note=fine"), "approve 1 --by … --note …");
        assert_eq!(of("--staging /home/ada/x.drydock explain profile 4711"), "--staging … … … …");
        assert_eq!(of("review import ada.csv --by Ada"), "import … --by …");
        assert_eq!(of("load --override-gate 2 --reason because"), "--override-gate 2 --reason …");
    }
}
