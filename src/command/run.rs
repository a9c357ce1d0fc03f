//! `walkback run`: the main job, from the declared pages to the site.

use crate::cli::{Exit, Global};
use crate::command::{build, crawl, derive, serve};
use crate::ground::Ground;
use crawler::plan::Choice;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Crawl what is due, derive, index, build the site, and show it.
///
/// Without a network it says so and builds from what the archive, the events and the declarations hold.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(flatten)]
    build: build::Args,
    /// Show the site on this machine when it is built.
    #[arg(long)]
    serve: bool,
    /// Where to show it.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    #[command(flatten)]
    date: crawl::Date,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let ground = Ground::read(&global.data)?;
    ground.warn();
    let mut whole = ground.faults.is_empty();

    let choice = Choice { services: Vec::new(), due_only: true };
    let contact = args.build.contact.clone();
    let prepared = crawl::prepare(&ground.declarations, &choice, args.date, contact, global)?;
    whole &= crawl::carry_out(&prepared, global)?.all_seen();
    let archive = prepared.archive;

    let derived = derive::derive(&archive, &ground, global, false, 0)?;
    for (policy, why) in &derived.failed {
        eprintln!("walkback: {policy} could not be derived, its old history stays: {why}");
    }
    whole &= derived.failed.is_empty();

    whole &= build::build(&args.build, global, &archive, &ground)? == Exit::Done;
    // Readers come while the server runs: the writer's lock must not stand in their way.
    drop(archive);
    if args.serve {
        serve::serve(&args.build.out, args.listen, global)?;
    } else if !global.quiet {
        eprintln!("{} holds the site: walkback serve --out {0}", PathBuf::from(&args.build.out).display());
    }
    Ok(if whole { Exit::Done } else { Exit::SomeFailed })
}
