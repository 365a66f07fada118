//! `drydock audit`: seal a copy for somebody who checks it, and check one.

use std::fmt::Write;
use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Common;
use super::session::journalled;
use crate::audit::{
    self, Anonymity, CheckOptions, Checked, Identities, KeyOfExport, Recipients, SealOptions, Signer,
    Summary, Verdict, Verifier,
};
use crate::error::{Kind, Result};
use crate::record::on_one_line;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Make a folder to ship: a copy of the staging file, and a manifest of it
    Seal(Seal),
    /// Check a sealed folder, or any staging file, with nothing but itself
    Check(Check),
}

#[derive(Debug, Args)]
struct Seal {
    /// A new folder
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Make people unrecognisable: random tokens for names and texts, years for dates
    #[arg(long)]
    redact: bool,
    /// Write what each token stands for to this new file, which names everybody and must not be shipped
    #[arg(long, value_name = "FILE", requires = "redact")]
    token_key: Option<PathBuf>,
    /// Give a value one token in every record: who says the same can be told then, and whoever knows a part of the people
    /// reads the names of others
    #[arg(long, requires = "redact")]
    linkable: bool,
    /// Put values together until every patient says the same as N - 1 others: years in bands, practices by country
    #[arg(long, value_name = "N", requires = "redact", value_parser = clap::value_parser!(u64).range(2..))]
    k: Option<u64>,
    /// Sign the manifest with this Ed25519 private key (PEM)
    #[arg(long, value_name = "FILE")]
    sign: Option<PathBuf>,
    /// Encrypt the copy to the holder of this age public key; may be given several times
    #[arg(long, value_name = "AGE1…")]
    recipient: Vec<String>,
}

#[derive(Debug, Args)]
struct Check {
    /// The folder, or a staging file; without it the one of --staging
    path: Option<PathBuf>,
    /// A head that some command printed: the journal must go through it
    #[arg(long, value_name = "HASH", value_parser = head)]
    expect_head: Option<String>,
    /// The Ed25519 public key (PEM) that must have signed the manifest
    #[arg(long, value_name = "FILE")]
    public_key: Option<PathBuf>,
    /// An age private key that opens an encrypted copy
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// The token key of a redacted copy: whether it is the key of this one, and which configuration the copy speaks of
    #[arg(long, value_name = "FILE")]
    token_key: Option<PathBuf>,
}

fn head(text: &str) -> std::result::Result<String, String> {
    let text = text.trim();
    if text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        Ok(text.to_ascii_lowercase())
    } else {
        Err("a head is 64 hexadecimal digits: `audit seal`, `status` and --verbose print it whole".to_owned())
    }
}

impl Arguments {
    /// Whether the verb writes to the staging file of `--staging`.
    pub const fn seals(&self) -> bool {
        matches!(self.action, Action::Seal(_))
    }
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    match &arguments.action {
        Action::Seal(seal) => self::seal(common, seal),
        Action::Check(check) => self::check(common, check),
    }
}

fn seal(common: &Common, arguments: &Seal) -> Result<Option<Kind>> {
    // keys first: a wrong one is no reason to start
    let options = SealOptions {
        out: arguments.out.clone(),
        redact: arguments.redact,
        token_key: arguments.token_key.clone(),
        linkable: arguments.linkable,
        k: arguments.k,
        signer: arguments.sign.as_deref().map(Signer::read).transpose()?,
        recipients: (!arguments.recipient.is_empty())
            .then(|| Recipients::parse(&arguments.recipient))
            .transpose()?,
    };
    journalled(common, "audit seal", false, |staging, run_id| {
        let summary = audit::seal(staging, &options, run_id, common.progress())?;
        for warning in &summary.warnings {
            tell!("warning: {warning}");
        }
        common.print(&summary, || sealed(&summary, arguments))?;
        Ok(None)
    })
}

fn sealed(summary: &Summary, arguments: &Seal) -> String {
    let manifest = &summary.manifest;
    let shipped = manifest.encrypted.as_ref().unwrap_or(&manifest.file);
    let mut text = format!("sealed in {}\n", summary.folder.display());
    let _ = writeln!(text, "  {} {} bytes, SHA-256 {}", shipped.name, shipped.bytes, shipped.sha256);
    let rows: u64 = manifest.tables.iter().map(|table| table.rows).sum();
    let _ = writeln!(text, "  {} tables with {rows} rows", manifest.tables.len());
    match &manifest.signed_by {
        Some(key) => _ = writeln!(text, "  signed with the key {key}"),
        None => _ = writeln!(text, "  not signed (--sign)"),
    }
    if let Some(redacted) = &manifest.redacted {
        let across = if redacted.linkable {
            "the same value has the same one in every record: whoever knows some people may read the names of others"
        } else {
            "another one in every record"
        };
        let _ = writeln!(text, "  redacted: {} tokens, {across}", redacted.tokens);
        text += "  ids are others; years, sexes, roles, countries and relations stay\n";
        text += &alike(&redacted.anonymity);
        for (table, columns) in &redacted.dropped_columns {
            let _ = writeln!(text, "  left out: {}", on_one_line(&format!("{table} {}", columns.join(", "))));
        }
        for table in &redacted.dropped_tables {
            let _ = writeln!(text, "  left out: the table {}", on_one_line(table));
        }
    } else if manifest.encrypted.is_none() {
        text += "  it holds every value, readable for whoever gets it (--redact, --recipient)\n";
    }
    if let Some(key) = &arguments.token_key {
        let _ = writeln!(text, "  {} says what the tokens stand for: keep it apart", key.display());
    }
    text
}

/// How many patients say the same of themselves.
fn alike(found: &Anonymity) -> String {
    let share = |part: u64, of: u64| (100 * part).checked_div(of).unwrap_or_default();
    let Anonymity { before, after, .. } = found;
    let mut text = format!(
        "  by {} {} of {} patients are alone ({} %), {} among fewer than five ({} %); in the file itself {}\n",
        found.quasi_identifiers.join(", "),
        after.unique,
        after.people,
        share(after.unique, after.people),
        after.under_5,
        share(after.under_5, after.people),
        before.unique
    );
    if let Some(k) = found.k {
        let _ = writeln!(
            text,
            "  each says the same as {} others (k = {k}): birth {}, other years {}, practice {}, sex {}; of {} all of it is hidden",
            after.smallest.saturating_sub(1),
            found.birth,
            found.moments,
            found.practice,
            found.sex,
            found.suppressed
        );
    }
    text
}

fn check(common: &Common, arguments: &Check) -> Result<Option<Kind>> {
    let options = CheckOptions {
        expect_head: arguments.expect_head.clone(),
        verifier: arguments.public_key.as_deref().map(Verifier::read).transpose()?,
        identities: arguments.identity.as_deref().map(Identities::read).transpose()?,
        token_key: arguments.token_key.as_deref().map(KeyOfExport::read).transpose()?,
    };
    let working = common.progress().spin("audit check: reading the copy");
    let checked = audit::check(arguments.path.as_deref().unwrap_or(&common.staging), &options)?;
    drop(working);
    common.print(&checked, || page(&checked))?;
    Ok(match (checked.integrity, checked.completeness) {
        (true, Some(true)) => None,
        (true, None) => Some(Kind::Precondition),
        _ => Some(Kind::Verification),
    })
}

/// One page.
fn page(checked: &Checked) -> String {
    /// Lines of one part that are shown; `--json` has them all.
    const LINES: usize = 5;
    let word = |holds: bool| if holds { "holds" } else { "BROKEN" };
    let path = checked.path.display().to_string();
    let mut text = format!("{} ({})\n\n", on_one_line(&path), checked.what);
    let _ = writeln!(text, "integrity     {}", word(checked.integrity));
    let _ = writeln!(text, "completeness  {}", checked.completeness.map_or("not looked at", word));
    for (verdict, title) in [(Verdict::Integrity, "integrity"), (Verdict::Completeness, "completeness")] {
        let parts: Vec<_> = checked.parts.iter().filter(|part| part.verdict == verdict).collect();
        if !parts.is_empty() {
            let _ = writeln!(text, "\n{title}");
        }
        for part in parts {
            let _ = writeln!(
                text,
                "  {:<7}{}: {}",
                if part.found.is_empty() { "ok" } else { "WRONG" },
                part.name,
                part.sentence
            );
            for line in part.found.iter().take(LINES) {
                let _ = writeln!(text, "         {}", on_one_line(line));
            }
            if part.found.len() > LINES {
                let _ = writeln!(text, "         and {} more", part.found.len() - LINES);
            }
        }
    }
    if !checked.accounting.is_empty() {
        text += "\naccounting\n";
        for line in &checked.accounting {
            let _ = writeln!(
                text,
                "  {} {} = {} ready + {} merged + {} rejected + {} quarantined; {} loaded, {} failed",
                line.entity,
                line.extracted,
                line.ready,
                line.merged,
                line.rejected,
                line.quarantined,
                line.loaded,
                line.failed
            );
        }
    }
    if let Some(journal) = &checked.journal {
        let _ = writeln!(text, "\njournal: {} entries, head {}", journal.entries, journal.head);
    }
    if let Some(key) = &checked.signed_by {
        let _ = writeln!(text, "signed with the key {key}");
    }
    for run in &checked.unfinished {
        let _ = writeln!(text, "never finished: {}", on_one_line(run));
    }
    if !checked.unchecked.is_empty() {
        text += "\nnot checked\n";
        for line in &checked.unchecked {
            let _ = writeln!(text, "  {line}");
        }
    }
    text
}
