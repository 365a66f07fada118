//! `drydock demo`: the whole job on an invented world, against a real PostgreSQL.

use std::env;
use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::thread;

use clap::{Args, Subcommand};

use super::session::{SourceArguments, TargetArguments, journalled};
use super::{Common, run};
use crate::config::Config;
use crate::connect::Address;
use crate::demo::world::{self, PhaseThree, Scale, World};
use crate::demo::{seed_phase_one, start_target};
use crate::error::{Error, Kind, Result};
use crate::interrupt;
use crate::output;
use crate::status::Status;
use crate::target::Target;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true)]
pub(super) struct Arguments {
    /// The world's seed: the same seed is the same world, to the byte
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// An empty database to load into, its URL without a password (PGPASSWORD, PGPASSFILE); without it a private throw-away cluster
    #[arg(long, value_name = "URL")]
    to: Option<String>,
    /// A folder for the world, its configuration and the staging file: where it is there already, DIR-2 and so on is made; without
    /// it one in the temporary directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Keep the throw-away cluster up until Ctrl-C, to decide, load again and undo from another terminal
    #[arg(long, conflicts_with = "to")]
    stay: bool,
    /// With cases, projects and workflow states, as many as the plan has
    #[arg(long)]
    cases: bool,
    #[command(subcommand)]
    part: Option<Part>,
}

#[derive(Debug, Subcommand)]
enum Part {
    /// Write the world only: CSV folder, SQL for the two databases, configuration, and the truth about it
    World {
        /// A new folder
        #[arg(long, value_name = "DIR")]
        out: PathBuf,
        /// The world's seed
        #[arg(long, default_value_t = 1)]
        seed: u64,
        /// With cases, projects and workflow states, as many as the plan has
        #[arg(long)]
        cases: bool,
    },
}

/// The files of a world in its folder.
struct Files {
    legacy: PathBuf,
    config: PathBuf,
    staging: PathBuf,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if let Some(Part::World { out, seed, cases }) = &arguments.part {
        let files = write_world(&generated(*seed, *cases), out)?;
        return common
            .print(&serde_json::json!({ "legacy": files.legacy, "config": files.config }), || {
                format!("the world of seed {seed} is in {}", out.display())
            })
            .map(|()| None);
    }
    let to = arguments.to.as_deref().map(|url| Address::from_argument("--to", url)).transpose()?;
    let directory = match &arguments.dir {
        Some(wanted) => new_directory(wanted)?,
        None => own_directory()?,
    };
    let world = generated(arguments.seed, arguments.cases);
    let files = write_world(&world, &directory)?;

    // the server lives as long as this value
    let throwaway = to.is_none().then(start_target).transpose()?;
    let address = match (to, &throwaway) {
        (Some(address), _) => address,
        (None, Some(throwaway)) => Address::parse(&throwaway.url())?,
        (None, None) => return Err(Error::internal("the demonstration has no target")),
    };
    let config = Config::read(&files.config)?;
    Target::open(&address, &config.target)?.create_tables()?;
    seed_phase_one(&address, &world)?;

    let common =
        Common { staging: files.staging.clone(), config: Some(files.config.clone()), ..common.clone() };
    let job = run::Arguments {
        source: SourceArguments { csv: Some(files.legacy), ..SourceArguments::default() },
        target: TargetArguments { address: Some(address), ..TargetArguments::default() },
        how: super::load::How::default(),
        create_tables: false,
    };
    let ended = journalled(&common, "demo", true, |staging, run_id| {
        let config = staging.settle_config(Some(config), false)?;
        let ran = run::steps(&common, &job, &config, staging, run_id)?;
        let stays = throwaway.as_ref().map(|_| arguments.stay);
        common
            .print(&ran.status, || ran.text() + &try_these(&directory, &files.staging, stays, &ran.status))?;
        Ok(ran.ended)
    });
    super::say_head(&common.staging, common.verbose);
    if let (Some(throwaway), true, true) = (&throwaway, arguments.stay, ended.is_ok()) {
        stay_up(&throwaway.url(), &common.staging);
    }
    ended
}

/// The world of a seed, with cases where they are wanted.
fn generated(seed: u64, cases: bool) -> World {
    World::generate_with(seed, if cases { Scale::PLAN } else { Scale::NONE })
}

/// Keeps the server for whoever works in another terminal.
fn stay_up(url: &str, staging: &Path) {
    let file = shell_word(
        &std::path::absolute(staging).unwrap_or_else(|_| staging.to_owned()).display().to_string(),
    );
    tell!(
        "the target stays up until Ctrl-C; in another terminal:\n\
         \x20 export {}DRYDOCK_TARGET_URL={} DRYDOCK_STAGING={file}\n\
         \x20 drydock review page --out review.html               # decide in a browser, and save the decisions\n\
         \x20 drydock review import decisions.json --by 'Ada Berg'\n\
         \x20 drydock transform && drydock load && drydock verify\n\
         \x20 drydock runs --loads && drydock rollback --run 1 --dry-run",
        path(),
        shell_word(url)
    );
    // whoever ends it ends it well
    while interrupt::check().is_ok() {
        thread::sleep(interrupt::LOOK);
    }
}

/// The folder that was asked for, or, where it is there already and holds anything, the first free one that is numbered: what
/// an earlier try left stays as it is.
fn new_directory(wanted: &Path) -> Result<PathBuf> {
    // without a slash at its end
    let wanted: &Path = &wanted.components().collect::<PathBuf>();
    let is_empty = |path: &Path| std::fs::read_dir(path).is_ok_and(|mut entries| entries.next().is_none());
    let cannot = |cause: std::io::Error| {
        Error::precondition(format!("the folder {} cannot be made", wanted.display()))
            .cause(cause)
            .hint("give another one with --dir")
    };
    if let Some(parent) = wanted.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        DirBuilder::new().recursive(true).mode(0o700).create(parent).map_err(cannot)?;
    }
    for number in 1.. {
        let mut name = wanted.as_os_str().to_owned();
        if number > 1 {
            name.push(format!("-{number}"));
        }
        let directory = PathBuf::from(name);
        match DirBuilder::new().mode(0o700).create(&directory) {
            Ok(()) => {}
            Err(cause) if cause.kind() != std::io::ErrorKind::AlreadyExists => return Err(cannot(cause)),
            Err(_) if number == 1 && is_empty(&directory) => {}
            Err(_) => continue,
        }
        if number > 1 {
            tell!(
                "note: {} is there already and stays as it is; this try is in {}",
                wanted.display(),
                directory.display()
            );
        }
        return Ok(directory);
    }
    Err(cannot(std::io::ErrorKind::AlreadyExists.into()))
}

/// A new folder that nobody else can look into.
fn own_directory() -> Result<PathBuf> {
    tempfile::Builder::new().prefix("drydock-demo-").tempdir().map(tempfile::TempDir::keep).map_err(|cause| {
        Error::precondition("no temporary directory can be made").cause(cause).hint("give --dir")
    })
}

fn write_world(world: &World, directory: &Path) -> Result<Files> {
    let written = || -> std::io::Result<Files> {
        if !directory.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(directory)?;
        }
        let files = Files {
            legacy: directory.join("legacy"),
            config: directory.join("drydock.toml"),
            staging: directory.join("demo.drydock"),
        };
        world.write_csv(&files.legacy)?;
        world.write_truth_csv(&directory.join("truth"))?;
        world::write_legacy_sql(world, output::new_file(&directory.join("legacy.sql"))?)?;
        world::write_target_sql(world, output::new_file(&directory.join("target.sql"))?)?;
        output::new_file(&files.config)?.write_all(configuration(&world.phase_three).as_bytes())?;
        Ok(files)
    };
    written().map_err(|cause| {
        Error::precondition(format!("the world cannot be written to {}", directory.display()))
            .cause(cause)
            .hint("give a folder that does not exist yet; nothing is ever overwritten")
    })
}

/// The configuration that the world is migrated by.
fn configuration(phase_three: &PhaseThree) -> String {
    let domains: Vec<String> = world::COMPANY_DOMAINS.iter().map(|domain| format!("{domain:?}")).collect();
    let waiting = [
        ("cases", phase_three.cases.iter().filter(|case| case.outcome != "ready").count()),
        ("projects", phase_three.projects.iter().filter(|project| project.outcome != "ready").count()),
        ("case_states", phase_three.states.iter().filter(|state| state.case.is_none()).count()),
    ];
    let waiting = waiting.iter().filter(|(_, records)| *records > 0);
    let waiting: String = waiting.map(|(entity, records)| format!(", {entity} = {records}")).collect();
    format!(
        "# the configuration of the demonstration; `drydock help configuration` has every key\n\
         [policy]\n\
         default_practice = {}\n\
         company_domains = [{}]\n\
         # the world has offices without a real owner and memberships of nobody\n\
         allowed_rejects = {{ practice_owners = 3, practice_members = 2{waiting} }}\n",
        world::DEFAULT_PRACTICE,
        domains.join(", ")
    )
}

/// What to look at next. `stays` says whether the throw-away server stays up, where there is one.
fn try_these(directory: &Path, staging: &Path, stays: Option<bool>, status: &Status) -> String {
    // whoever tries it may be in another folder by then
    let absolute = std::path::absolute(staging);
    let staging = absolute.as_deref().unwrap_or(staging);
    let examples = &status.figures.examples;
    let patient = examples.iter().find(|one| one.entity == "patients");
    let patient = patient.and_then(|one| one.legacy_ids.split(',').next()).unwrap_or("1");
    let target = match stays {
        Some(false) => {
            "\nThe target was a throw-away server and is gone. `drydock demo --stay` keeps it up, to decide, load again\n\
             and undo; `drydock demo --to URL` loads into an empty database of yours.\n"
        }
        _ => "",
    };
    format!(
        "\nThe world, its configuration and the staging file are in {}. Look at them:\n\
         \x20 export {}DRYDOCK_STAGING={}\n\
         \x20 drydock report --out report.html        # one page: how it stands, and what to do next\n\
         \x20 drydock review page --out review.html   # the questions for a person\n\
         \x20 drydock explain patient {patient:<15} # everything about one record\n\
         \x20 drydock lessons                         # the commonest causes and remedies\n\
         \x20 drydock help                            # every verb, and the pages of the manual\n\
         {target}",
        directory.display(),
        path(),
        shell_word(&staging.display().to_string()),
    )
}

/// What a shell has to know to find this program by its name; nothing where it does.
fn path() -> String {
    let own = env::current_exe().ok().and_then(|program| program.parent().map(Path::to_owned));
    let is_known = |own: &PathBuf| {
        env::var_os("PATH").is_some_and(|path| env::split_paths(&path).any(|place| place == *own))
    };
    own.filter(|own| !is_known(own))
        .map_or_else(String::new, |own| format!("PATH={}:\"$PATH\" ", shell_word(&own.display().to_string())))
}

/// A word as a shell takes it.
fn shell_word(word: &str) -> String {
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "/._-:@%+".contains(letter);
    if word.chars().all(is_plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}
