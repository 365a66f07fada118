//! `drydock duplicates`: the record-linkage engine on any CSV file of people. Prints counts only; ids, levels and
//! probabilities go to the files that were asked for, values nowhere but to a page that was asked for in full.

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "a picture is as good as its pixels"
)]
mod page;
mod read;
#[expect(clippy::cast_precision_loss, reason = "shares of counts")]
mod truth;

use std::collections::{HashMap, HashSet};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use drydock_linkage::{Band, Error as Refusal, Findings, find};
use serde_json::{Value, json};

use self::page::Page;
use self::truth::Reliability;
use super::Common;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::output;
use crate::review::cell::protected;

const MAP_HELP: &str = "What the columns hold: COLUMN=KIND, several separated by commas. Kinds: given_name, surname, \
full_name, date, email, phone, category, place, address, identifier, text. Columns that are not named are not looked at. \
The first date is taken for the birthdate, the first given_name for the first name; others stand beside them and never in \
for them.";

const CLUSTERS_HELP: &str = "Write the people with more than one record. The column `cluster` joins records that are \
probably one person (0.85 and more): it is for counting and for review. Only `sure_cluster` is safe to merge by without a \
look: it holds what pairs of the band `high` join, and is empty for whoever is in none.";

/// Find the records of one person in a CSV file.
#[derive(Debug, clap::Args)]
pub(super) struct Arguments {
    /// CSV file with a header line.
    file: PathBuf,
    /// What the columns hold; columns that are not named are not looked at.
    #[arg(long, value_name = "COLUMN=KIND,…", required = true, value_delimiter = ',', long_help = MAP_HELP)]
    map: Vec<String>,
    /// Column with the id of each record.
    #[arg(long, value_name = "COLUMN")]
    id: String,
    /// Column with the register a record comes from, when records of one register are distinct people.
    #[arg(long, value_name = "COLUMN")]
    register: Option<String>,
    /// Column that says who each record is, to hold the findings against it.
    #[arg(long, value_name = "COLUMN")]
    truth: Option<String>,
    /// Write the scored pairs, best first, with what each field says.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the people with more than one record; `sure_cluster` alone is safe to merge by.
    #[arg(long, value_name = "FILE", long_help = CLUSTERS_HELP)]
    clusters: Option<PathBuf>,
    /// Write a page with the weights, the evidence of some pairs and, with --truth, how reliable the probabilities are.
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
    /// A pair to show on the page, by its two ids; several times for several.
    #[arg(long, value_name = "ID,ID", requires = "html")]
    pair: Vec<String>,
    /// Show the values of the page's pairs.
    #[arg(long, requires = "html")]
    full: bool,
    /// Replace files of these names.
    #[arg(long)]
    replace: bool,
}

/// Runs the verb: reads, finds, writes, prints the summary to standard output.
pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<ErrorKind>> {
    let outputs = [&arguments.out, &arguments.clusters, &arguments.html];
    let outputs: Vec<&Path> = outputs.into_iter().flatten().map(PathBuf::as_path).collect();
    refuse(arguments, &outputs)?;
    let asked = asked(&arguments.pair)?;
    let read::Read { records, truth, encoding } = read::read(arguments)?;
    let findings = match find(records) {
        Err(Refusal::RepeatedIds(count)) => return Err(read::repeated_ids(arguments, count)?),
        found => found?,
    };
    let reliability = arguments.truth.is_some().then(|| truth::reliability(&findings, &truth));
    // by whatever name: what was read or written already is not to be lost
    let mut others: Vec<&Path> = vec![&arguments.file];
    if let Some(path) = &arguments.out {
        write(path, &others, |file| table(file, |writer| pairs(&findings, writer)))?;
        others.push(path);
    }
    if let Some(path) = &arguments.clusters {
        write(path, &others, |file| table(file, |writer| clusters(&findings, writer)))?;
        others.push(path);
    }
    if let Some(path) = &arguments.html {
        let shown: HashSet<&str> = page::shown(&findings, &asked)
            .into_iter()
            .flat_map(|at| [findings.pairs[at].a, findings.pairs[at].b])
            .map(|record| findings.id(record))
            .collect();
        let values = if arguments.full { read::values(arguments, &shown)? } else { HashMap::new() };
        let page =
            Page { findings: &findings, reliability: reliability.as_ref(), asked: &asked, values: &values };
        write(path, &others, |mut file| file.write_all(page.html().as_bytes()))?;
    }
    common.print(&summary(&findings, &encoding, reliability.as_ref()), || {
        sentences(&findings, &encoding, reliability.as_ref())
    })?;
    Ok(None)
}

/// The pairs of ids that were asked for.
fn asked(pairs: &[String]) -> Result<Vec<(String, String)>> {
    let split = |pair: &String| {
        pair.split_once(',').map(|(one, other)| (one.trim().to_owned(), other.trim().to_owned())).ok_or_else(
            || {
                Error::new(ErrorKind::Usage, format!("`{pair}` names no two records"))
                    .hint("write two ids with a comma between them: --pair 17,4711")
            },
        )
    };
    pairs.iter().map(split).collect()
}

/// Refuses outputs that are the input, each other, or there already; before anything is read.
fn refuse(arguments: &Arguments, outputs: &[&Path]) -> Result<()> {
    let place = |path: &Path| {
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        fs::canonicalize(path).ok().or_else(|| Some(fs::canonicalize(folder).ok()?.join(path.file_name()?)))
    };
    for (at, path) in outputs.iter().enumerate() {
        if place(path).is_some() && outputs[..at].iter().any(|other| place(other) == place(path)) {
            return Err(Error::new(ErrorKind::Usage, format!("{} is named twice", path.display()))
                .hint("give each of --out, --clusters and --html a name of its own"));
        }
        if place(path) == place(&arguments.file) {
            return Err(Error::precondition(format!("{} is what is read", path.display()))
                .hint("give another name for what is written"));
        }
        // a link that leads nowhere is there as well
        if !arguments.replace && fs::symlink_metadata(path).is_ok() {
            return Err(Error::precondition(format!("{} is there already", path.display()))
                .hint("give another name, or --replace to write over it"));
        }
    }
    Ok(())
}

/// Writes a file that only its owner can read, and that is none of the others.
fn write(path: &Path, others: &[&Path], fill: impl FnOnce(File) -> std::io::Result<()>) -> Result<()> {
    output::replace(path, others, fill)
}

fn table(
    out: File,
    fill: impl FnOnce(&mut csv::Writer<BufWriter<File>>) -> csv::Result<()>,
) -> std::io::Result<()> {
    let mut writer = csv::Writer::from_writer(BufWriter::new(out));
    fill(&mut writer).map_err(std::io::Error::from)?;
    writer.flush()
}

fn pairs<W: Write>(findings: &Findings, writer: &mut csv::Writer<W>) -> csv::Result<()> {
    let looks: HashMap<usize, usize> =
        findings.review.iter().enumerate().map(|(at, look)| (look.pair, at + 1)).collect();
    let mut header: Vec<String> =
        ["id_a", "id_b", "weight", "probability", "band", "review"].into_iter().map(str::to_owned).collect();
    for field in &findings.fields {
        header.push(protected(&format!("{} level", field.name)));
        header.push(protected(&format!("{} bits", field.name)));
    }
    header.extend(["name order bits".to_owned(), "household bits".to_owned()]);
    writer.write_record(&header)?;
    for (at, pair) in findings.pairs.iter().enumerate() {
        let mut row = vec![
            protected(findings.id(pair.a)),
            protected(findings.id(pair.b)),
            format!("{:.2}", pair.weight),
            format!("{:.4}", pair.probability),
            pair.band.as_str().to_owned(),
            looks.get(&at).map_or_else(String::new, usize::to_string),
        ];
        for (field, evidence) in findings.evidence(at).enumerate() {
            if field < findings.fields.len() {
                row.push(evidence.level.to_owned());
            }
            row.push(format!("{:.2}", evidence.weight));
        }
        writer.write_record(&row)?;
    }
    Ok(())
}

fn clusters<W: Write>(findings: &Findings, writer: &mut csv::Writer<W>) -> csv::Result<()> {
    let mut sure: HashMap<u32, u32> = HashMap::new();
    for members in &findings.sure {
        sure.extend(members.iter().map(|&member| (member, members[0])));
    }
    writer.write_record(["cluster", "id", "size", "sure_cluster"])?;
    for members in &findings.clusters {
        let size = members.len().to_string();
        for &member in members {
            let id = |record: u32| protected(findings.id(record));
            let surely = sure.get(&member).map_or_else(String::new, |&first| id(first));
            writer.write_record([id(members[0]), id(member), size.clone(), surely])?;
        }
    }
    Ok(())
}

fn summary(findings: &Findings, encoding: &str, reliability: Option<&Reliability>) -> Value {
    let records_in = |clusters: &[Vec<u32>]| clusters.iter().map(Vec::len).sum::<usize>();
    let left_out: Vec<Value> = findings
        .passes
        .iter()
        .filter(|pass| pass.blocks_left_out > 0)
        .map(|pass| json!({"key": pass.key, "blocks": pass.blocks_left_out, "pairs": pass.pairs_left_out}))
        .collect();
    let fields: Vec<Value> = findings
        .fields
        .iter()
        .map(|field| {
            let levels: Vec<Value> = field
                .levels
                .iter()
                .map(|&(level, m, u)| json!({"level": level, "m": m, "u": u, "bits": (m / u).log2()}))
                .collect();
            json!({"name": field.name, "kind": field.kind.as_str(), "present": field.present, "levels": levels})
        })
        .collect();
    json!({
        "records": findings.len(),
        "encoding": encoding,
        "repeated_records": findings.repeated,
        "doubt": findings.doubt,
        "compared_pairs": findings.compared,
        "pairs": {
            "high": findings.count(Band::High),
            "medium": findings.count(Band::Medium),
            "low": findings.count(Band::Low),
            "unreported": findings.unreported,
        },
        "clusters": findings.clusters.len(),
        "clustered_records": records_in(&findings.clusters),
        "sure_clusters": findings.sure.len(),
        "sure_records": records_in(&findings.sure),
        "review": {
            "looks": findings.review.len(),
            "expected_share_of_compared_high": findings.expected_share.0,
            "expected_share_of_compared_high_and_medium": findings.expected_share.1,
        },
        "fields": fields,
        "largest_block": findings.largest_block,
        "left_out": left_out,
        "reliability": reliability.map(Reliability::json),
    })
}

fn sentences(findings: &Findings, encoding: &str, reliability: Option<&Reliability>) -> String {
    let (high, both) = findings.expected_share;
    let left_out = findings.passes.iter().filter(|pass| pass.blocks_left_out > 0);
    let (blocks, passes) =
        left_out.fold((0, 0), |(blocks, passes), pass| (blocks + pass.blocks_left_out, passes + 1));
    let repeated = match findings.repeated {
        0 => String::new(),
        1 => "1 record repeats another word for word in these columns\n".to_owned(),
        count => format!("{count} records repeat another word for word in these columns\n"),
    };
    let doubt = findings
        .doubt
        .map_or_else(String::new, |doubt| format!("nothing but copies word for word is high: {doubt}\n"));
    let reliability = reliability.map_or_else(String::new, Reliability::sentence);
    format!(
        "read as {encoding}\n\
         {} records, {} pairs compared\n\
         {repeated}{doubt}\
         pairs: {} high, {} medium, {} low\n\
         people with several records: {}, of which {} by high pairs alone\n\
         to review: {} looks; of the true pairs among those compared, high is expected to hold {:.1}%, with medium {:.1}%\n\
         left out: {blocks} blocks of more than {} records, in {passes} of {} passes\n{reliability}",
        findings.len(),
        findings.compared,
        findings.count(Band::High),
        findings.count(Band::Medium),
        findings.count(Band::Low),
        findings.clusters.len(),
        findings.sure.len(),
        findings.review.len(),
        100.0 * high,
        100.0 * both,
        findings.largest_block,
        findings.passes.len(),
    )
}
