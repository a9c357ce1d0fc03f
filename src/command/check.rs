//! `walkback check`: names each fault of what was written by hand and of the archive, and its remedy.

mod online;

use crate::cli::{Exit, Global};
use crate::ground::Ground;
use anyhow::Context as _;
use archive::{Archive, OpenError};
use policy::declaration::Severity;
use serde_json::json;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// First write the archive's catalog again from its segments.
    #[arg(long)]
    rebuild: bool,
    /// List also what is only worth a look: unverified policies, two that read one page.
    #[arg(long)]
    notes: bool,
    /// Ask for every declared page, as politely as a crawl, and list those that do not answer or have moved;
    /// nothing is stored. Exit code 1 if some do not answer, 2 without a network.
    #[arg(long)]
    online: bool,
    /// With --online: only this service, by its name or its declaration's file name; may be repeated.
    #[arg(long, value_name = "NAME", requires = "online")]
    service: Vec<String>,
}

/// One thing that is wrong, or wants a person's eye.
struct Fault {
    part: &'static str,
    severity: Severity,
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
    // Notes on the archive are few and of the moment; those on declarations are many and stay.
    let at_leisure = |fault: &Fault| fault.severity == Severity::Note && fault.part != "archive";
    let notes = faults.iter().filter(|fault| at_leisure(fault)).count();
    if !args.notes {
        faults.retain(|fault| !at_leisure(fault));
    }
    for Fault { part, severity, fault, remedy } in &faults {
        if global.json {
            say!("{}", json!({ "part": part, "severity": severity, "fault": fault, "remedy": remedy }));
        } else {
            say!("{part}: {fault}");
            if let Some(remedy) = remedy {
                say!("    {remedy}");
            }
        }
    }
    if notes > 0 && !args.notes && !global.quiet && !global.json {
        eprintln!("{} to look at: add `--notes`", count(notes, "note"));
    }
    // What is not honoured is said each time, but nobody has to mend it.
    faults.retain(|fault| fault.severity == Severity::Fault);
    if !global.quiet && !global.json {
        eprintln!(
            "{}",
            if faults.is_empty() { "no faults".to_owned() } else { count(faults.len(), "fault") }
        );
    }
    let all_answer = !args.online || online::check(args.service, global)?;
    Ok(if faults.is_empty() && all_answer { Exit::Done } else { Exit::SomeFailed })
}

/// Declarations, promise rules and events.
fn hand_written(data: &Path) -> Vec<Fault> {
    let fault = |fault: String| Fault { part: "data", severity: Severity::Fault, fault, remedy: None };
    match Ground::read(data) {
        Ok(ground) => {
            let linted = policy::event::lint(&ground.events).into_iter().map(|found| Fault {
                part: "events",
                severity: Severity::Fault,
                fault: format!("{}, {}: {}", found.file, found.field, found.problem),
                remedy: Some(found.remedy),
            });
            let declared = ground.declarations.warnings().into_iter().map(|warning| Fault {
                part: "declarations",
                severity: warning.severity,
                fault: match warning.field.as_str() {
                    "" => format!("{}: {}", warning.file, warning.problem),
                    field => format!("{}, {field}: {}", warning.file, warning.problem),
                },
                remedy: Some(warning.remedy),
            });
            ground.faults.into_iter().map(fault).chain(declared).chain(linted).collect()
        }
        Err(error) => vec![fault(format!("{error:#}"))],
    }
}

/// Every digest and every reference. It may be done while another walkback writes.
fn archive_faults(dir: &Path, global: &Global) -> Vec<Fault> {
    let fault = |fault: String, remedy| Fault { part: "archive", severity: Severity::Fault, fault, remedy };
    let archive = match Archive::open_read_only(dir) {
        Ok(archive) => archive,
        Err(OpenError::Missing { .. }) => {
            if !global.quiet {
                eprintln!("no archive at {} yet", dir.display());
            }
            return Vec::new();
        }
        Err(error) => return vec![fault(format!("{:#}", anyhow::Error::from(error)), None)],
    };
    match archive.verify() {
        Ok(found) => found
            .into_iter()
            .map(|found| Fault {
                severity: if found.is_passing() { Severity::Note } else { Severity::Fault },
                ..fault(found.to_string(), Some(found.remedy().to_owned()))
            })
            .collect(),
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
