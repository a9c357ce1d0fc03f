//! `walkback check`: names each fault of what was written by hand and of the archive, and its remedy.

use crate::cli::{Exit, Global};
use crate::ground::Ground;
use anyhow::Context as _;
use archive::{Archive, OpenError};
use serde_json::json;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First write the archive's catalog again from its segments.
    #[arg(long)]
    rebuild: bool,
}

/// One thing that is wrong.
struct Fault {
    part: &'static str,
    fault: String,
    remedy: Option<String>,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let dir = global.data.join("archive");
    if args.rebuild {
        rebuild(&dir, global)?;
    }
    let mut faults = hand_written(&global.data);
    faults.extend(archive_faults(&dir, global));
    for Fault { part, fault, remedy } in &faults {
        if global.json {
            println!("{}", json!({ "part": part, "fault": fault, "remedy": remedy }));
        } else {
            println!("{part}: {fault}");
            remedy.iter().for_each(|remedy| println!("    {remedy}"));
        }
    }
    if !global.quiet && !global.json {
        eprintln!(
            "{}",
            if faults.is_empty() { "no faults".to_owned() } else { count(faults.len(), "fault") }
        );
    }
    Ok(if faults.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

/// Declarations, promise rules and events.
fn hand_written(data: &Path) -> Vec<Fault> {
    let fault = |fault: String| Fault { part: "data", fault, remedy: None };
    match Ground::read(data) {
        Ok(ground) => {
            let linted = policy::event::lint(&ground.events).into_iter().map(|found| Fault {
                part: "events",
                fault: format!("{}, {}: {}", found.file, found.field, found.problem),
                remedy: Some(found.remedy),
            });
            ground.faults.into_iter().map(fault).chain(linted).collect()
        }
        Err(error) => vec![fault(format!("{error:#}"))],
    }
}

/// Every digest and every reference. It may be done while another walkback writes.
fn archive_faults(dir: &Path, global: &Global) -> Vec<Fault> {
    let fault = |fault: String, remedy| Fault { part: "archive", fault, remedy };
    let archive = match Archive::open_read_only(dir) {
        Ok(archive) => archive,
        Err(OpenError::Missing { .. }) if !dir.exists() => {
            if !global.quiet {
                eprintln!("no archive at {} yet", dir.display());
            }
            return Vec::new();
        }
        Err(error) => return vec![fault(format!("{:#}", anyhow::Error::from(error)), None)],
    };
    match archive.verify() {
        Ok(found) => {
            found.into_iter().map(|found| fault(found.to_string(), Some(found.remedy().to_owned()))).collect()
        }
        Err(error) => vec![fault(
            format!("{:#}", anyhow::Error::from(error)),
            Some("write the catalog again from the segments: `walkback check --rebuild`".to_owned()),
        )],
    }
}

fn rebuild(dir: &Path, global: &Global) -> anyhow::Result<()> {
    let archive = Archive::open(dir).context("cannot rebuild the catalog")?;
    let rebuilt = archive.rebuild_catalog()?;
    if !global.quiet {
        eprintln!(
            "catalog rebuilt: {} in {}",
            count(rebuilt.captures, "capture"),
            count(rebuilt.segments, "segment")
        );
    }
    Ok(())
}

fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}
