//! `walkback replay` (hidden): serves pages on loopback, for measurements and trials: pages made up, or pages as
//! somebody recorded them.
//!
//! Prints one JSON line with the ports it listens on, then obeys lines on standard input (`edition 1` for made-up
//! pages, `at 2024-05-01T00:00:00Z` for recorded ones), and ends when that closes, so that it never outlives
//! whoever started it.

use crate::cli::{Exit, Global};
use crate::ground::texts;
use anyhow::{Context as _, bail};
use chrono::{DateTime, Utc};
use crawler::replay::recorded::Recorded;
use crawler::replay::{made, server::Server};
use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    from: From,
    /// Listen on this many ports: to a polite crawler each is a host.
    #[arg(long, default_value_t = 1)]
    ports: usize,
    /// How much of a made-up page is its text, in percent (at most 90).
    #[arg(long, value_name = "PERCENT", default_value_t = made::TEXT_SHARE)]
    text_share: u32,
    /// Rewrite these declarations so that they lead here …
    #[arg(long, value_name = "DIR", requires = "into", conflicts_with = "made")]
    declarations: Option<PathBuf>,
    /// … and write them to this folder; what was not recorded is left out.
    #[arg(long, value_name = "DIR", requires = "declarations")]
    into: Option<PathBuf>,
}

#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct From {
    /// Serve this many made-up pages at `/policy/0`, `/policy/1`, …
    #[arg(long, value_name = "PAGES")]
    made: Option<u32>,
    /// Serve the pages of an Open Terms Archive snapshots repository.
    #[arg(long, value_name = "GIT")]
    snapshots: Option<String>,
    /// Serve the responses of a WARC file; may be given many times.
    #[arg(long, value_name = "FILE")]
    warc: Vec<PathBuf>,
}

pub fn run(args: Args, _global: &Global) -> anyhow::Result<Exit> {
    let edition = Arc::new(AtomicU32::new(0));
    let now = Arc::new(Mutex::new(DateTime::<Utc>::MAX_UTC));
    let mut told = serde_json::Map::new();
    let recorded = match &args.from {
        From { snapshots: Some(repository), .. } => Some(Recorded::git(repository)?),
        From { warc, .. } if !warc.is_empty() => Some(Recorded::warc(warc)?),
        _ => None,
    };
    let server = match recorded {
        None => {
            let pages = args.from.made.unwrap_or_default();
            Server::start(args.ports, made::script(pages, args.text_share, Arc::clone(&edition)))
        }
        Some(recorded) => {
            let (from, until) = recorded.span();
            told.insert("from".to_owned(), from.to_rfc3339().into());
            told.insert("until".to_owned(), until.to_rfc3339().into());
            told.insert("addresses".to_owned(), recorded.addresses().into());
            // A port must be known before the declarations can name it.
            let port = free_port()?;
            if let (Some(declarations), Some(into)) = (&args.declarations, &args.into) {
                let written = redirect(&recorded, declarations, into, port)?;
                told.insert("declarations".to_owned(), written.into());
            }
            Server::start_at(&[port], recorded.script(Arc::clone(&now)))
        }
    };
    let server = server.context("cannot listen on 127.0.0.1")?;
    let ports: Vec<u16> = server.addresses().iter().map(|address| address.port()).collect();
    told.insert("ports".to_owned(), ports.into());
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::Value::Object(told))?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.trim().split_once(' ') {
            Some(("edition", number)) => {
                edition.store(number.trim().parse().context("`edition` needs a number")?, Ordering::Relaxed);
            }
            Some(("at", instant)) => {
                let instant =
                    instant.trim().parse().context("`at` needs an instant like 2024-05-01T00:00:00Z")?;
                *now.lock().unwrap_or_else(PoisonError::into_inner) = instant;
            }
            _ => bail!("`{line}` is no order: write `edition NUMBER` or `at INSTANT`"),
        }
        writeln!(out, "ok")?;
        out.flush()?;
    }
    Ok(Exit::Done)
}

fn free_port() -> anyhow::Result<u16> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).context("cannot listen on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

/// Writes the declarations of `from` that the record can serve into the folder `into`; gives how many.
fn redirect(recorded: &Recorded, from: &Path, into: &Path, port: u16) -> anyhow::Result<usize> {
    std::fs::create_dir_all(into).with_context(|| format!("cannot make `{}`", into.display()))?;
    let mut faults = Vec::new();
    let mut written = 0;
    for (name, text) in texts(from, "json", &mut faults)? {
        if let Some(text) = recorded.declaration(&text, port) {
            let path = into.join(name);
            std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
            written += 1;
        }
    }
    faults.iter().for_each(|fault| tracing::warn!("{fault}"));
    Ok(written)
}
