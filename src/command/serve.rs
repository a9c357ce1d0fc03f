//! `walkback serve`: the built site on this machine, with the native search.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use site::search::{Index, SearchError};
use site::serve::Served;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Show the built site on this machine, with the native search at /api/search?q=….
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The folder `walkback build` wrote.
    #[arg(long, value_name = "DIR", default_value = "public")]
    out: PathBuf,
    /// Where to listen. Anything but a loopback address can be reached by others.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    serve(&args.out, args.listen, global)
}

/// Serves until interrupted. Also what `run --serve` and `demo` end with.
pub fn serve(out: &Path, listen: SocketAddr, global: &Global) -> anyhow::Result<Exit> {
    if !out.join("index.html").exists() {
        bail!("there is no site in `{}`: run `walkback build --out {}`", out.display(), out.display());
    }
    let index = match Index::open(&index_folder(global)) {
        Ok(index) => Some(index),
        // The pages and their own search need no native index.
        Err(SearchError::Missing { .. }) => None,
        Err(error) => return Err(error.into()),
    };
    let shown = |address: SocketAddr| {
        if !global.quiet {
            eprintln!("http://{address}/ shows {} (Ctrl-C ends it)", out.display());
        }
    };
    site::serve::run(listen, Served { site: out.to_owned(), index }, shown)
        .with_context(|| format!("cannot serve on {listen}; choose another address with --listen"))?;
    Ok(Exit::Done)
}

/// The native index's folder.
pub fn index_folder(global: &Global) -> PathBuf {
    archive::index_dir(&global.data.join("archive"))
}
