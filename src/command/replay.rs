//! `walkback replay` (hidden): serves pages on loopback, for measurements and trials.
//!
//! Prints one JSON line with the ports it listens on, then obeys lines on standard input
//! (`edition 1`), and ends when that closes, so that it never outlives whoever started it.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use crawler::replay::{made, server::Server};
use std::io::{BufRead as _, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Serve this many made-up pages at `/policy/0`, `/policy/1`, …
    #[arg(long, value_name = "PAGES")]
    made: u32,
    /// Listen on this many ports: to a polite crawler each is a host.
    #[arg(long, default_value_t = 1)]
    ports: usize,
}

pub fn run(args: Args, _global: &Global) -> anyhow::Result<Exit> {
    let edition = Arc::new(AtomicU32::new(0));
    let script = made::script(args.made, Arc::clone(&edition));
    let server = Server::start(args.ports, script).context("cannot listen on 127.0.0.1")?;
    let ports: Vec<u16> = server.addresses().iter().map(|address| address.port()).collect();
    let mut out = std::io::stdout();
    writeln!(out, "{}", serde_json::json!({ "ports": ports }))?;
    out.flush()?;
    for line in std::io::stdin().lock().lines() {
        if let Some(number) = line?.strip_prefix("edition ") {
            edition.store(number.trim().parse().context("`edition` needs a number")?, Ordering::Relaxed);
            writeln!(out, "ok")?;
            out.flush()?;
        }
    }
    Ok(Exit::Done)
}
