//! `drydock duplicates`: the record-linkage engine on any CSV file of people. Prints counts only; ids, levels and
//! probabilities go to the files that were asked for, values nowhere.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use drydock_linkage::{Band, Column, Findings, Kind, Records, find};
use serde_json::{Value, json};

use super::Common;
use crate::error::{Error, Kind as ErrorKind, Result};
use crate::legacy::{CsvFile, CsvOptions, Place, Shape, Sink, Unreadable};
use crate::output;
use crate::record::LegacyId;

const MAP_HELP: &str = "What the columns hold: COLUMN=KIND, several separated by commas. Kinds: given_name, surname, \
full_name, date, email, phone, category, place, address, identifier, text. Columns that are not named are not looked at.";

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
    /// Write the scored pairs, best first, with what each field says.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// Write the people with more than one record.
    #[arg(long, value_name = "FILE")]
    clusters: Option<PathBuf>,
}

/// Runs the verb: reads, finds, writes, prints the summary to standard output.
pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<ErrorKind>> {
    if arguments.out.is_some() && arguments.out == arguments.clusters {
        return Err(Error::new(ErrorKind::Usage, "--out and --clusters are one file")
            .hint("give each a name of its own"));
    }
    for path in [&arguments.out, &arguments.clusters].into_iter().flatten() {
        refuse_others(path)?;
    }
    let records = read(arguments)?;
    let findings = find(records)?;
    if let Some(path) = &arguments.out {
        write(path, &[&arguments.file], |writer| pairs(&findings, writer))?;
    }
    if let Some(path) = &arguments.clusters {
        // by whatever name: the list of pairs is not to be lost
        let others: Vec<&Path> = [Some(&arguments.file), arguments.out.as_ref()]
            .into_iter()
            .flatten()
            .map(PathBuf::as_path)
            .collect();
        write(path, &others, |writer| clusters(&findings, writer))?;
    }
    common.print(&summary(&findings), || sentences(&findings))?;
    Ok(None)
}

fn columns(map: &[String]) -> Result<Vec<Column>> {
    map.iter()
        .map(|part| {
            let (name, kind) = part.split_once('=').ok_or_else(|| {
                Error::new(ErrorKind::Usage, format!("`{part}` does not map a column to a kind"))
                    .hint("write COLUMN=KIND, several separated by commas")
            })?;
            Ok(Column { name: name.trim().to_owned(), kind: kind_named(kind.trim())? })
        })
        .collect()
}

fn kind_named(word: &str) -> Result<Kind> {
    Kind::named(word).ok_or_else(|| {
        let known: Vec<&str> = Kind::ALL.iter().map(|kind| kind.as_str()).collect();
        Error::new(ErrorKind::Usage, format!("unknown kind of column `{word}`"))
            .hint(format!("the kinds are {}", known.join(", ")))
    })
}

fn read(arguments: &Arguments) -> Result<Records> {
    let columns = columns(&arguments.map)?;
    let shown = arguments.file.display();
    // text in another encoding than UTF-8 is read as Western, so that no record is lost for a letter
    let options =
        CsvOptions { encoding: Some("windows-1252".to_owned()), is_loose: true, ..CsvOptions::default() };
    let file = CsvFile::open(&arguments.file, &options).map_err(Error::of_precondition)?;
    let headers = file.columns().to_vec();
    let position = |name: &str| {
        headers.iter().position(|header| header == name).ok_or_else(|| {
            Error::new(ErrorKind::Usage, format!("{shown} has no column `{name}`"))
                // not by their names: where the header is missing, these are values of the first record
                .hint(format!("its first line has {} names: `head -n 1` shows them", headers.len()))
        })
    };
    let positions = columns.iter().map(|column| position(&column.name)).collect::<Result<Vec<usize>>>()?;
    let id = position(&arguments.id)?;
    let register = arguments.register.as_deref().map(position).transpose()?;
    let mut filling = Filling {
        file: shown.to_string(),
        width: headers.len(),
        positions,
        id,
        register,
        registers: HashMap::new(),
        records: Records::new(columns)?,
    };
    let all = Shape { table: String::new(), columns: headers.clone() };
    file.read(&all, &mut filling).map_err(Error::of_precondition)?;
    Ok(filling.records)
}

/// The records of a file on their way to the engine.
struct Filling {
    file: String,
    width: usize,
    /// The columns that are looked at, the one with the id, and the one with the register.
    positions: Vec<usize>,
    id: usize,
    register: Option<usize>,
    registers: HashMap<Vec<u8>, u32>,
    records: Records,
}

impl Sink for Filling {
    fn row(&mut self, fields: &[Option<&[u8]>], place: &Place) -> Result<()> {
        let (wanted, found) = (self.width, fields.len());
        if found != wanted {
            return self.unreadable(Unreadable::Ragged { wanted, found }, None, &[], place);
        }
        let text = |at: usize| String::from_utf8_lossy(fields[at].unwrap_or_default());
        let of = self.register.map_or(0, |at| {
            let next = u32::try_from(self.registers.len() + 1).unwrap_or(u32::MAX);
            *self.registers.entry(fields[at].unwrap_or_default().to_vec()).or_insert(next)
        });
        let values: Vec<_> = self.positions.iter().map(|&at| text(at)).collect();
        self.records.push(text(self.id).trim(), of, values.iter().map(AsRef::as_ref))?;
        Ok(())
    }

    fn unreadable(
        &mut self,
        reason: Unreadable,
        _key: Option<LegacyId>,
        _raw: &[u8],
        place: &Place,
    ) -> Result<()> {
        let line = place.line.unwrap_or_default();
        Err(Error::precondition(format!(
            "{} is not a CSV file with equal records: line {line}: {reason}",
            self.file
        ))
        .hint("check the quotes and the number of fields there"))
    }
}

/// What the files begin with that this verb writes.
const WRITTEN: [&str; 2] = ["id_a,id_b,weight,", "cluster,id,size,"];

/// Refuses a name that somebody else's file has: only what this verb wrote before is replaced.
fn refuse_others(path: &Path) -> Result<()> {
    let Ok(found) = fs::metadata(path) else { return Ok(()) };
    let mut begins = [0; 16];
    // what is no file is not read: a pipe would keep us for ever
    let is_ours = found.is_file()
        && (found.len() == 0
            || File::open(path).is_ok_and(|mut file| file.read_exact(&mut begins).is_ok())
                && WRITTEN.iter().any(|written| written.as_bytes()[..16] == begins));
    if is_ours {
        return Ok(());
    }
    Err(Error::precondition(format!("{} is there already, and not what this verb wrote", path.display()))
        .hint("give another name, or remove the file"))
}

/// Writes a file that only its owner can read, and that is none of the others.
fn write(
    path: &Path,
    others: &[&Path],
    fill: impl FnOnce(&mut csv::Writer<BufWriter<File>>) -> csv::Result<()>,
) -> Result<()> {
    output::replace(path, others, |file| {
        let mut writer = csv::Writer::from_writer(BufWriter::new(file));
        fill(&mut writer).map_err(std::io::Error::from)?;
        writer.flush()
    })
}

fn pairs<W: Write>(findings: &Findings, writer: &mut csv::Writer<W>) -> csv::Result<()> {
    let looks: HashMap<usize, usize> =
        findings.review.iter().enumerate().map(|(at, look)| (look.pair, at + 1)).collect();
    let mut header: Vec<String> =
        ["id_a", "id_b", "weight", "probability", "band", "review"].into_iter().map(str::to_owned).collect();
    for field in &findings.fields {
        header.push(format!("{} level", field.name));
        header.push(format!("{} bits", field.name));
    }
    header.extend(["name order bits".to_owned(), "household bits".to_owned()]);
    writer.write_record(&header)?;
    for (at, pair) in findings.pairs.iter().enumerate() {
        let mut row = vec![
            findings.id(pair.a).to_owned(),
            findings.id(pair.b).to_owned(),
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
            let surely = sure.get(&member).map_or("", |&first| findings.id(first));
            writer.write_record([findings.id(members[0]), findings.id(member), &size, surely])?;
        }
    }
    Ok(())
}

fn summary(findings: &Findings) -> Value {
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
            "expected_share_high": findings.expected_share.0,
            "expected_share_high_and_medium": findings.expected_share.1,
        },
        "fields": fields,
        "largest_block": findings.largest_block,
        "left_out": left_out,
    })
}

fn sentences(findings: &Findings) -> String {
    let (high, both) = findings.expected_share;
    let left_out = findings.passes.iter().filter(|pass| pass.blocks_left_out > 0);
    let (blocks, passes) =
        left_out.fold((0, 0), |(blocks, passes), pass| (blocks + pass.blocks_left_out, passes + 1));
    format!(
        "{} records, {} pairs compared\n\
         pairs: {} high, {} medium, {} low\n\
         people with several records: {}, of which {} by high pairs alone\n\
         to review: {} looks; high pairs are expected to hold {:.1}% of all true ones, with medium {:.1}%\n\
         left out: {blocks} blocks of more than {} records, in {passes} of {} passes\n",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mapping_needs_a_column_and_a_known_kind() {
        assert!(columns(&["name=surname".to_owned()]).is_ok());
        assert!(columns(&["name".to_owned()]).is_err());
        assert!(columns(&["name=nom".to_owned()]).is_err());
    }
}
