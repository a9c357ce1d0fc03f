//! `walkback bench …`: measures Walkback, one subcommand a part.

mod crawl;
mod extraction;
mod history;
mod noise;
mod search;
mod site;

use crate::cli::{Exit, Global};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    part: Part,
}

#[derive(Debug, clap::Subcommand)]
enum Part {
    /// Crawl, store, extract and derive made-up pages served on loopback.
    Crawl(crawl::Args),
    /// Compare our texts of an Open Terms Archive snapshots repository with the versions it recorded from them.
    Extraction(extraction::Args),
    /// Import and derive a versions repository, against the time of `git log -p` on it.
    History(history::Args),
    /// Count what is noise in versions repositories, and measure it against labelled changes.
    Noise(noise::Args),
    /// Index the archive, export it, and measure both; in Chromium too, beside Pagefind.
    Search(search::Args),
    /// Build a site of Markdown documents, beside Zola, Hugo and mdBook where they are installed.
    Site(site::Args),
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    match args.part {
        Part::Crawl(args) => crawl::run(args, global),
        Part::Extraction(args) => extraction::run(args, global),
        Part::History(args) => history::run(args, global),
        Part::Noise(args) => noise::run(args, global),
        Part::Search(args) => search::run(args, global),
        Part::Site(args) => site::run(args, global),
    }
}
