//! `walkback completions SHELL`.

use crate::cli::{Cli, Exit, Global};
use clap::CommandFactory as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    shell: clap_complete::Shell,
}

pub fn run(args: Args, _global: &Global) -> anyhow::Result<Exit> {
    clap_complete::generate(args.shell, &mut Cli::command(), "walkback", &mut std::io::stdout());
    Ok(Exit::Done)
}
