//! What may be typed, and where it leads. Wiring only.

use clap::{Parser, Subcommand};
use std::path::PathBuf;

/// Watches what platforms promise about privacy and encryption, and catches them walking it back.
#[derive(Debug, Parser)]
#[command(name = "walkback", version, propagate_version = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Options that every command takes.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// Folder of declarations, promise rules, events and the archive.
    #[arg(long, global = true, value_name = "DIR", default_value = "data")]
    pub data: PathBuf,
    /// Print results only: no progress, no notes.
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// Print results as JSON.
    #[arg(long, global = true)]
    pub json: bool,
}

/// How a command ended, when it did what was asked. An error is exit code 2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    Done,
    /// Done, but some policies failed.
    SomeFailed,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// The main job: crawl what is due, derive, index, build the site, show it.
    Run(crate::command::run::Args),
    /// See the whole machine at work, offline, on services that do not exist.
    Demo(crate::command::demo::Args),
    /// Fetch the declared pages and store what came, whatever came.
    Crawl(crate::command::crawl::Args),
    /// Measure a part of Walkback on this machine.
    Bench(crate::command::bench::Args),
    /// Serve pages on loopback, for measurements.
    #[command(hide = true)]
    Replay(crate::command::replay::Args),
    /// Build the static site from what the archive, the declarations and the events hold.
    Build(crate::command::build::Args),
    /// Propose a declaration for a page, show what would be tracked, write it.
    Declare(crate::command::declare::Args),
    /// Bring everything derived up to date.
    Derive(crate::command::derive::Args),
    /// List findings, heaviest first.
    Findings(crate::command::findings::Args),
    /// Show why a finding was made.
    Explain(crate::command::explain::Args),
    /// Write the archive in another archive's layout.
    Export(crate::command::export::Args),
    /// Show a policy's versions, statements, changes or captures.
    Show(crate::command::show::Args),
    /// Count what the archive holds.
    Stats(crate::command::stats::Args),
    /// Bring in the history that others recorded.
    Import(crate::command::import::Args),
    /// Check declarations, rules, events and the archive: name each fault and its remedy.
    Check(crate::command::check::Args),
    Search(crate::command::search::Args),
    Serve(crate::command::serve::Args),
    /// Judge labelled changes and print how well, or fit the judge's weights.
    Eval(Box<crate::command::eval::Args>),
    /// Write or check events: dated, sourced entries made by hand.
    Event(crate::command::event::Args),
    /// Print a completion script for a shell.
    Completions(crate::command::completions::Args),
}

impl Cli {
    pub fn run(self) -> anyhow::Result<Exit> {
        let global = &self.global;
        match self.command {
            Command::Run(args) => crate::command::run::run(args, global),
            Command::Replay(args) => crate::command::replay::run(args, global),
            Command::Demo(args) => crate::command::demo::run(args, global),
            Command::Crawl(args) => crate::command::crawl::run(args, global),
            Command::Bench(args) => crate::command::bench::run(args, global),
            Command::Build(args) => crate::command::build::run(args, global),
            Command::Declare(args) => crate::command::declare::run(args, global),
            Command::Derive(args) => crate::command::derive::run(args, global),
            Command::Findings(args) => crate::command::findings::run(args, global),
            Command::Explain(args) => crate::command::explain::run(args, global),
            Command::Export(args) => crate::command::export::run(args, global),
            Command::Show(args) => crate::command::show::run(args, global),
            Command::Stats(args) => crate::command::stats::run(args, global),
            Command::Import(args) => crate::command::import::run(args, global),
            Command::Check(args) => crate::command::check::run(args, global),
            Command::Search(args) => crate::command::search::run(args, global),
            Command::Serve(args) => crate::command::serve::run(args, global),
            Command::Eval(args) => crate::command::eval::run(*args, global),
            Command::Event(args) => crate::command::event::run(args, global),
            Command::Completions(args) => crate::command::completions::run(args, global),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory as _;

    /// clap finds clashing names only when asked, or in the user's hands.
    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }
}
