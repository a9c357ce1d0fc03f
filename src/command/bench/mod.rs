//! `walkback bench …`: measures Walkback on real input, one subcommand a part.

mod extraction;

use crate::cli::{Exit, Global};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// Compare our texts of an Open Terms Archive snapshots repository with the versions it recorded from them.
    Extraction(extraction::Args),
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    match args.part {
        Part::Extraction(args) => extraction::run(args, global),
    }
}
