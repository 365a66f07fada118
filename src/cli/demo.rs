//! `drydock demo`: the whole job on an invented world, against a real PostgreSQL.

use std::fs::DirBuilder;
use std::io::Write;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use clap::{Args, Subcommand};

use super::session::{SourceArguments, TargetArguments, journalled};
use super::{Common, run};
use crate::config::Config;
use crate::connect::Address;
use crate::demo::world::{self, World};
use crate::demo::{seed_phase_one, start_target};
use crate::error::{Error, Kind, Result};
use crate::output;
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
    /// A new folder for the world, its configuration and the staging file; without it one in the temporary directory
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
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
    },
}

/// The files of a world in its folder.
struct Files {
    legacy: PathBuf,
    config: PathBuf,
    staging: PathBuf,
}

pub(super) fn run(common: &Common, arguments: &Arguments) -> Result<Option<Kind>> {
    if let Some(Part::World { out, seed }) = &arguments.part {
        let files = write_world(&World::generate(*seed), out)?;
        return common
            .print(&serde_json::json!({ "legacy": files.legacy, "config": files.config }), || {
                format!("the world of seed {seed} is in {}", out.display())
            })
            .map(|()| None);
    }
    let to = arguments.to.as_deref().map(|url| Address::from_argument("--to", url)).transpose()?;
    let directory = arguments.dir.clone().map_or_else(own_directory, Ok)?;
    let world = World::generate(arguments.seed);
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
        common.print(&ran.status, || ran.text() + &try_these(&files.staging))?;
        Ok(ran.ended)
    });
    super::say_head(&common.staging, common.verbose);
    ended
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
        output::new_file(&files.config)?.write_all(configuration().as_bytes())?;
        Ok(files)
    };
    written().map_err(|cause| {
        Error::precondition(format!("the world cannot be written to {}", directory.display()))
            .cause(cause)
            .hint("give a folder that does not exist yet; nothing is ever overwritten")
    })
}

/// The configuration that the world is migrated by.
fn configuration() -> String {
    let domains: Vec<String> = world::COMPANY_DOMAINS.iter().map(|domain| format!("{domain:?}")).collect();
    format!(
        "# the configuration of the demonstration; the README lists every key\n\
         [policy]\n\
         default_practice = {}\n\
         company_domains = [{}]\n\
         # the world has offices without a real owner and memberships of nobody\n\
         allowed_rejects = {{ practice_owners = 3, practice_members = 2 }}\n",
        world::DEFAULT_PRACTICE,
        domains.join(", ")
    )
}

fn try_these(staging: &Path) -> String {
    let file = staging.display();
    format!(
        "\nthe staging file is {file}; try:\n\
         \x20 sqlite3 {file} 'select * from v_errors_by_code'\n\
         \x20 sqlite3 {file} 'select * from v_review limit 10'\n\
         \x20 sqlite3 {file} \"select * from changes where entity = 'profiles' limit 10\"\n"
    )
}
