//! `walkback export …`.

use crate::cli::{Exit, Global};
use archive::Archive;
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    to: To,
}

#[derive(Debug, clap::Subcommand)]
enum To {
    /// A git repository in the layout of Open Terms Archive: `SERVICE/POLICY.md`, a commit a version.
    OtaVersions {
        /// A folder that does not exist yet or is empty; a bare repository is made there.
        dir: PathBuf,
    },
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open_read_only(&global.data.join("archive"))?;
    let To::OtaVersions { dir } = args.to;
    let report = crawler::import::export::ota_versions(&archive, &dir)?;
    if global.json {
        say!("{}", serde_json::json!({ "policies": report.policies, "versions": report.versions }));
    } else {
        say!("{} versions of {} policies written to {}", report.versions, report.policies, dir.display());
    }
    Ok(Exit::Done)
}
