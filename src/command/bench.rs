//! `walkback bench`: measures a part of the work on this machine.

mod crawl;

use crate::cli::{Exit, Global};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Crawl, store, extract and derive made-up pages served on loopback.
    Crawl(crawl::Args),
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    match args.what {
        What::Crawl(args) => crawl::run(args, global),
    }
}
