//! The duplicate finder against truths it never sees: precision, recall and F1 over the pairs of the final clusters, the
//! clusters, the review list, time and memory, with the one configuration there is.
//!
//! `cargo bench --bench duplicates` runs the generated files; `-- NAME…` some of them; `DRYDOCK_BENCH_ROWS` those of at most so many
//! records; `-- --file FILE --map COLUMN=KIND,… --id COLUMN --truth COLUMN [--register COLUMN] [--errors N]` a file from
//! outside.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "small invented numbers"
)]

#[path = "duplicates/measure.rs"]
mod measure;
#[path = "duplicates/nasty.rs"]
mod nasty;
#[path = "duplicates/people.rs"]
mod people;
mod rows;
#[path = "duplicates/worlds.rs"]
mod worlds;

use std::collections::HashMap;
use std::time::Instant;

use drydock_linkage::{Column, Findings, Kind, Records, find};
use measure::{Figures, measure};
use rows::rows;
use worlds::World;

type Truth = HashMap<String, u64>;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).filter(|argument| argument != "--bench").collect();
    let option = |name: &str| {
        arguments
            .iter()
            .position(|argument| argument == name)
            .and_then(|at| arguments.get(at + 1))
            .map(String::as_str)
    };
    println!("{HEAD}");
    if let Some(file) = option("--file") {
        let (map, id, truth) = (option("--map"), option("--id"), option("--truth"));
        let register = option("--register");
        let (Some(map), Some(id), Some(truth)) = (map, id, truth) else {
            return Err("--file needs --map, --id and --truth".into());
        };
        let start = Instant::now();
        let (records, truth) = read(file, map, id, truth, register)?;
        let findings = run(file.rsplit('/').next().unwrap_or(file), records, &truth, start)?;
        if let Some(errors) = option("--errors").filter(|&errors| errors != "0") {
            show_errors(&findings, &truth, errors.parse()?);
        }
        return Ok(());
    }
    let wanted = |name: &str, records: u64| {
        let is_any = arguments.iter().all(|argument| argument.starts_with('-'));
        if is_any { records <= rows() } else { arguments.iter().any(|argument| argument == name) }
    };
    for (name, records, build) in WORLDS {
        if wanted(name, *records) {
            let world = build();
            let findings = run(name, world.records, &world.truth, Instant::now())?;
            if let Some(errors) = option("--errors").filter(|&errors| errors != "0") {
                show_errors(&findings, &world.truth, errors.parse()?);
            }
        }
    }
    Ok(())
}

/// A generated file: its name, how many records it has, and how to make it.
type Named = (&'static str, u64, fn() -> World);

/// The generated files; the largest last, because the peak of memory never falls.
const WORLDS: &[Named] = &[
    ("thin_1000", 1_000, || worlds::thin(1)),
    ("names_and_dates_10000", 10_000, || worlds::names_and_dates(2)),
    ("practice_9101", 9_101, || worlds::practice(3)),
    ("historical", 8_084, || worlds::historical(4)),
    ("two_formats", 5_678, || worlds::two_formats(5)),
    ("families", 9_124, || nasty::families(9)),
    ("scanned", 8_025, || nasty::scanned(10)),
    ("mixed", 7_960, || nasty::mixed(11)),
    ("gaps", 4_461, || nasty::gaps(12)),
    ("twenty", 20, || nasty::twenty(13)),
    ("crowd", 205_496, || nasty::crowd(14, 200_000)),
    ("register_20000", 20_002, || worlds::register(6, 20_000)),
    ("register_200000", 200_000, || worlds::register(7, 200_000)),
    ("million_100000", 100_000, || worlds::million(8, 100_000)),
    ("million", 1_000_000, || worlds::million(8, 1_000_000)),
];

const HEAD: &str = "file                      records      P       R       F1      cF1   over  high wrong   review right  found    wall s   cpu s  peak MB";

fn run(
    name: &str,
    records: Records,
    truth: &Truth,
    start: Instant,
) -> Result<Findings, Box<dyn std::error::Error>> {
    let count = records.len();
    let before = process().0;
    let findings = find(records)?;
    let wall = start.elapsed().as_secs_f64();
    let (cpu, peak) = process();
    let figures: Figures = measure(&findings, truth);
    println!(
        "{name:<24} {count:>8} {:>7.4} {:>7.4} {:>7.4}  {:>6.4} {:>5} {:>6} {:>4}  {:>6} {:>5}  {:>6.4} {wall:>8.2} {:>7.2} {peak:>8.0}",
        figures.pairs.precision,
        figures.pairs.recall,
        figures.pairs.f1,
        figures.clusters.f1,
        figures.over_merged,
        figures.high.1,
        figures.high.0,
        figures.review.1,
        figures.review.0,
        figures.found,
        cpu - before,
    );
    Ok(findings)
}

/// Reads a file; only the mapped columns reach the engine.
fn read(
    file: &str,
    map: &str,
    id: &str,
    truth: &str,
    register: Option<&str>,
) -> Result<(Records, Truth), Box<dyn std::error::Error>> {
    let mut reader = csv::Reader::from_path(file)?;
    let headers = reader.headers()?.clone();
    let position = |name: &str| {
        headers.iter().position(|header| header == name).ok_or_else(|| format!("no column `{name}`"))
    };
    let mut columns = Vec::new();
    let mut positions = Vec::new();
    for part in map.split(',') {
        let (name, kind) = part.split_once('=').ok_or("--map needs COLUMN=KIND")?;
        positions.push(position(name)?);
        let kind = Kind::named(kind).ok_or("--map names an unknown kind")?;
        columns.push(Column { name: name.to_owned(), kind });
    }
    let (id, truth) = (position(id)?, position(truth)?);
    let register = register.map(position).transpose()?;
    let mut registers = HashMap::new();
    let mut records = Records::new(columns)?;
    let mut persons = HashMap::new();
    let mut truths = Truth::new();
    let mut row = csv::StringRecord::new();
    while reader.read_record(&mut row)? {
        let next = persons.len() as u64;
        let person = *persons.entry(row[truth].to_owned()).or_insert(next);
        truths.insert(row[id].to_owned(), person);
        let of = register.map_or(0, |at| {
            let next = registers.len() as u32 + 1;
            *registers.entry(row[at].to_owned()).or_insert(next)
        });
        records.push(&row[id], of, positions.iter().map(|&at| &row[at]))?;
    }
    Ok((records, truths))
}

/// Shows how the model stands and which pairs went wrong, by id and level: never by value.
fn show_errors(findings: &Findings, truth: &Truth, count: usize) {
    for field in &findings.fields {
        println!("{} {} present {}", field.name, field.kind, field.present);
        for (level, m, u) in &field.levels {
            println!("    {level:<9} m {m:.5} u {u:.6} {:>7.2} bits", (m / u).log2());
        }
    }
    for pass in findings.passes.iter().filter(|pass| pass.blocks_left_out > 0) {
        println!("left out: {} {} blocks {} pairs", pass.key, pass.blocks_left_out, pass.pairs_left_out);
    }
    println!(
        "compared {}, blocks to {}, expected {:?}",
        findings.compared, findings.largest_block, findings.expected_share
    );
    let mut group = HashMap::new();
    for (at, cluster) in findings.clusters.iter().enumerate() {
        for &record in cluster {
            group.insert(record, at);
        }
    }
    let mut shown = [0; 2];
    for (at, pair) in findings.pairs.iter().enumerate() {
        let same = truth[findings.id(pair.a)] == truth[findings.id(pair.b)];
        let together = group.get(&pair.a).is_some_and(|one| Some(one) == group.get(&pair.b));
        let wrong = usize::from(same);
        if same != together && shown[wrong] < count {
            shown[wrong] += 1;
            let levels: Vec<String> = findings
                .evidence(at)
                .filter(|evidence| evidence.weight != 0.0)
                .map(|evidence| format!("{}={}{:+.1}", evidence.field, evidence.level, evidence.weight))
                .collect();
            let what = if same { "missed" } else { "false " };
            println!(
                "{what} {} {} w {:.1} p {:.3} {} | {}",
                findings.id(pair.a),
                findings.id(pair.b),
                pair.weight,
                pair.probability,
                pair.band.as_str(),
                levels.join(" ")
            );
        }
    }
}

/// CPU seconds of this process and its peak memory in megabytes, where the system tells.
fn process() -> (f64, f64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    // after the name in parentheses: user and system time are the 12th and 13th fields, in hundredths of a second
    let times = stat.rsplit(')').next().unwrap_or_default().split_whitespace().skip(11).take(2);
    let ticks: f64 = times.filter_map(|ticks| ticks.parse::<f64>().ok()).sum();
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    let kilobytes: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap_or(0.0);
    (ticks / 100.0, kilobytes / 1024.0)
}
