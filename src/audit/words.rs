//! The words and phrases that the program itself writes, as its types and its schema have them, each as a whole. A text is one of
//! these, or a phrase of ours with ids and numbers in it, or it is somebody's value.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::analyze::Cause;
use crate::clean::Reason;
use crate::entity::association::{Confidence, Method};
use crate::entity::profiles::Role;
use crate::entity::{self, Kind};
use crate::record::{Category, Code, Fate, Phase, Severity};
use crate::staging;
use crate::verify;

/// Whether the whole text is one that the program writes.
pub fn is_ours(text: &str) -> bool {
    OURS.contains(text)
}

/// Whether the whole text is the name of a table, column or type, or what a database makes of such names.
pub fn is_schema(text: &str) -> bool {
    !text.is_empty()
        && text.len() < 100
        && text
            .split(|letter: char| !letter.is_ascii_alphanumeric())
            .filter(|part| !part.is_empty())
            .all(|part| NAMES.contains(part) || part.len() <= 3 && is_number(part))
        && text
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_ .,():".contains(&byte))
}

/// Whether the text is a group that has a meaning here.
pub fn is_group(text: &str) -> bool {
    // what somebody wrote in another way is somebody's
    ["Patient", "Doctor", "Technician", "Admin", "Master"].contains(&text)
}

/// Whether a label is one that the domain has a word for.
pub fn is_label(text: &str) -> bool {
    LABELS.contains(text)
        || entity::ALL.iter().filter_map(|entity| entity.discriminator).any(|(_, label)| label == text)
}

/// Whether the text is a word or a code for a sex.
pub fn is_sex(text: &str) -> bool {
    ["m", "f", "o", "male", "female", "other", "unknown"].contains(&text.to_ascii_lowercase().as_str())
        || text.len() <= 2 && is_number(text)
}

/// Whether there is nothing but digits.
pub fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Rules that changed a value; a test finds one that is not here.
const RULES: &str = "\
    boolean.empty boolean.invalid case.submitted case.untitled code.assumed code.mapped code.missing code.unmapped country.empty country.name country.nul country.trim course.unnamed date.empty \
    date.format date.future date.invalid date.too_early decision email.empty email.fallback email.in_target email.invalid \
    email.invisible email.literal_null email.lowercase email.nfc email.trim format.decimal format.dmy format.excel \
    format.flag format.mdy format.nothing format.prefix format.sex format.unix format.whole format.ymd format.zone \
    gender.code gender.unknown json.empty json.nul name.control name.invisible name.literal_null name.nfc name.null \
    name.spaces name.trim number.canonical number.invalid practice.unnamed project.untitled tax_rate.canonical tax_rate.empty \
    tax_rate.invalid tax_rate.percentage tax_rate.round text.empty text.literal_null text.nul text.trim \
    timestamp.assumed_utc timestamp.empty timestamp.invalid uid.canonical uid.invalid";

/// Words of columns whose types are another module's own: verbs, outcomes, how columns are written, why an address is none.
const WORDS: &str = "\
    extract survey transform columns gate shred analyze load verify run demo rollback checkpoint done failed interrupted inserted updated \
    unchanged proved column metadata migration_mappings natural_key plain none key code flag sex number date moment \
    address text ymd dmy mdy excel unix excel1904 whole missing invalid shared kept refused_by_target taken_in_target \
    ragged encoding nul unclosed_quote too_long swallowed_lines record duplicate approval policy.default_practice \
    unreadable fallback_address b e d p u f c x i raw ready source staging receipts target unexpected differs drydock \
    household alternative practice doctor birthdate exact form slip nickname part close vague other swapped one_part near \
    generation partial same_local select insert update delete truncate references trigger maintain configuration \
    configuration_sha256 configuration_commitment created_at extract_started_at extract_completed_at survey_completed_at \
    transform_completed_at analyze_completed_at load_completed_at verify_completed_at source_identity source_snapshot \
    source_version source_system staging_id target_identity target_system target_version undo_digest journal_key \
    boolean removed deactivated already others changed referenced person";

/// The same of several words.
const SAYINGS: &[&str] = &[
    "extract --check",
    "target clean",
    "audit seal",
    "review import",
    "nothing to undo",
    "and no legacy id says so",
    "stated in the configuration",
    "dates with a time",
    "nothing or no",
    "words for the sexes unclear",
    "keys unreadable",
    "letters lost",
    "digits lost",
    "one row for each",
    "does not allow null",
    "takes no text with a NUL character",
    "the target holds no profile with a legacy id",
    "nothing is wrong with the record or its batch",
    "name order",
    "a name",
    "birthdate day",
    "birthdate year",
    "both names",
    "email local part",
    "username rare word",
];

/// Rules with how often each was applied: `name.trim 19, name.spaces 2`.
pub fn is_tally(text: &str) -> bool {
    text.split(", ")
        .all(|one| one.rsplit_once(' ').is_some_and(|(rule, count)| is_ours(rule) && is_number(count)))
}

/// The labels of roles, genders and memberships, as an empty target has them.
static LABELS: LazyLock<HashSet<&str>> =
    LazyLock::new(|| include_str!("../../sql/target/01_types.sql").split('\'').skip(1).step_by(2).collect());

static OURS: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut ours: HashSet<String> = RULES
        .split_whitespace()
        .chain(WORDS.split_whitespace())
        .chain(SAYINGS.iter().copied())
        .map(str::to_owned)
        .collect();
    let mut take = |text: &str| {
        ours.insert(text.to_owned());
    };
    for code in Code::ALL {
        [code.as_str(), code.message(), code.resolution()].into_iter().for_each(&mut take);
    }
    let words = (Category::ALL.iter().map(|one| one.as_str()))
        .chain(Severity::ALL.iter().map(|one| one.as_str()))
        .chain(Phase::ALL.iter().map(|one| one.as_str()))
        .chain(Cause::ALL.iter().flat_map(|one| [one.as_str(), one.remedy()]))
        .chain(Role::ALL.iter().map(|one| one.as_str()))
        .chain(Reason::ALL.iter().map(|one| one.as_str()))
        .chain([Confidence::High, Confidence::Medium, Confidence::Low].into_iter().map(Confidence::as_str));
    words.for_each(&mut take);
    for fate in [Fate::Ready, Fate::Merged, Fate::Rejected, Fate::Quarantined] {
        take(fate.as_str());
    }
    for method in [Method::DirectMembership, Method::Geographic, Method::Organizational, Method::Default] {
        take(method.as_str());
    }
    for (name, sentence) in verify::sentences() {
        take(name);
        take(&sentence);
    }
    for entity in entity::ALL {
        [entity.name, entity.singular, entity.entity_type(), entity.target_table]
            .into_iter()
            .for_each(&mut take);
        entity.columns.iter().for_each(|column| take(column.name));
    }
    for table in entity::legacy_tables() {
        take(table.name);
        table.columns().for_each(|(column, _)| take(column));
    }
    // whatever the schema itself compares a column with is a word of ours
    let schema = staging::schema_text();
    let literals = schema.lines().map(|line| line.split("--").next().unwrap_or_default());
    literals.for_each(|line| line.split('\'').skip(1).step_by(2).for_each(&mut take));
    ours.remove("");
    ours
});

/// Parts of names of the schemas of both sides, and what PostgreSQL adds to them.
static NAMES: LazyLock<HashSet<String>> = LazyLock::new(|| {
    let mut names: HashSet<String> = [
        "public",
        "contents",
        "password",
        "pkey",
        "key",
        "fkey",
        "check",
        "idx",
        "lower",
        "text",
        "uuid",
        "timestamp",
        "timestamptz",
        "with",
        "without",
        "time",
        "zone",
        "int2",
        "int4",
        "int8",
        "integer",
        "bigint",
        "smallint",
        "numeric",
        "boolean",
        "bool",
        "jsonb",
        "json",
        "character",
        "varying",
        "varchar",
        "date",
        "double",
        "precision",
        "float8",
        "bytea",
        "array",
        "auth",
        "users",
        "not",
        "null",
    ]
    .map(str::to_owned)
    .into();
    let mut take = |name: &str| names.extend(name.split(['_', '.']).map(str::to_owned));
    // the names of our own schema, of which checks are called
    let schema = staging::schema_text();
    let code = schema.lines().map(|line| line.split("--").next().unwrap_or_default());
    code.for_each(|line| {
        line.split(|letter: char| !letter.is_ascii_lowercase() && letter != '_').for_each(&mut take);
    });
    for entity in entity::ALL {
        take(entity.target_table);
        for column in entity.columns {
            take(column.name);
            if let Kind::Enum(name) = column.kind {
                take(name);
            }
        }
    }
    for table in entity::legacy_tables() {
        take(table.name);
        table.columns().for_each(|(column, _)| take(column));
    }
    names
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_ours_as_a_whole_and_nobody_elses() {
        for ours in [
            "email_shared",
            "email.fallback",
            "email.in_target",
            "direct_membership",
            "rejected",
            "exact",
            "last_name",
        ] {
            assert!(is_ours(ours), "{ours}");
        }
        for theirs in [
            "Mark Page",
            "May Field",
            "page",
            "Ada",
            "email_kanari",
            "12345",
            "",
            "shared Ada",
            "Doctor Page",
        ] {
            assert!(!is_ours(theirs) && !is_group(theirs), "{theirs}");
        }
        for code in Code::ALL {
            assert!(is_ours(code.as_str()) && is_ours(code.message()) && is_ours(code.resolution()));
        }
        assert!(
            is_schema("profiles_practice_id_fkey") && is_schema("numeric(9,6)") && !is_schema("harbour_pkey")
        );
        assert!(is_tally("name.trim 19, name.spaces 2") && !is_tally("Ada 19"));
    }

    /// A rule that is added is added here, or its name would be hidden.
    #[test]
    fn every_rule_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut folders: Vec<_> =
            ["clean", "entity", "transform", "columns"].map(|folder| root.join(folder)).into();
        let mut found = 0;
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(&path).unwrap();
                let code = text.split("#[cfg(test)]").next().unwrap_or_default();
                let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
                for word in lines.flat_map(|line| line.split('"').skip(1).step_by(2)) {
                    let is_rule = word.split_once('.').is_some_and(|(what, rule)| {
                        let plain = |part: &str| {
                            part.len() > 1
                                && part.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
                        };
                        // domains of providers and names of files stand there too
                        plain(what)
                            && plain(rule)
                            && !["com", "users", "local", "rs", "sql", "test", "org", "net"].contains(&rule)
                    });
                    assert!(!is_rule || is_ours(word), "{word} of {} is not known", path.display());
                    found += usize::from(is_rule);
                }
            }
        }
        assert!(found > 40, "{found}");
    }

    /// The journal says each command's verb, so one that is hidden in the table of commands is none of the journal's.
    #[test]
    fn every_verb_that_the_journal_notes_is_known() {
        let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/cli");
        let mut found = 0;
        for entry in std::fs::read_dir(root).unwrap() {
            let path = entry.unwrap().path();
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            let starts = ["journalled(common, \"", "journalled(&common, \""];
            for after in starts.iter().flat_map(|start| text.split(start).skip(1)) {
                let verb = after.split('"').next().unwrap_or_default();
                let is_verb = verb.len() < 20
                    && verb.bytes().all(|byte| byte.is_ascii_lowercase() || b" -".contains(&byte));
                assert!(!is_verb || is_ours(verb), "{verb} of {} is not known", path.display());
                found += usize::from(is_verb);
            }
        }
        assert!(found > 12, "{found}");
    }
}
