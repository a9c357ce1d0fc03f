//! `walkback demo`: the whole machine offline, on a bundled replay of three services that do not exist.

use crate::cli::{Exit, Global};
use crate::ground::Ground;
use anyhow::{Context as _, bail};
use archive::Archive;
use crawler::demo::Demo;
use std::io::Write as _;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// See the whole machine at work, offline: a bundled replay is crawled, derived and built into a site.
///
/// The services and their pages are made up, in our own words; nothing leaves this machine.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the demonstration's data and site go. What an earlier demonstration left there is replaced.
    #[arg(long, value_name = "DIR", default_value = "demo")]
    out: PathBuf,
    /// Build the site, but do not serve it.
    #[arg(long)]
    no_serve: bool,
    /// Where to listen.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

/// Marks a folder as a demonstration's, so that no other folder is ever emptied.
const MARK: &str = ".walkback-demo";

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    clear(&args.out)?;
    let within = Global { data: args.out.join("data"), ..global.clone() };
    let archive = Archive::open(&within.data.join("archive"))?;
    let tell = |line: String| {
        if !global.quiet && !global.json {
            eprintln!("{line}");
        }
    };
    tell("Three services that do not exist, seen on nine days:".to_owned());
    let files =
        Demo::bundled()?.play(&archive, |day, summary| tell(format!("  {}  {summary}", day.date_naive())))?;
    let declarations = within.data.join("declarations");
    std::fs::create_dir_all(&declarations)
        .with_context(|| format!("cannot make `{}`", declarations.display()))?;
    for (name, text) in files {
        let path = declarations.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }

    let ground = Ground::read(&within.data)?;
    ground.warn();
    let report = super::derive::derive(&archive, &ground, &within, false, 0)?;
    let site = args.out.join("site");
    let build = super::build::Args { out: site.clone(), base_url: None, contact: None };
    let built = super::build::build(
        &build,
        &Global { quiet: true, json: false, ..within.clone() },
        &archive,
        &ground,
    )?;
    findings(&archive, global)?;
    let whole = report.failed.is_empty() && built == Exit::Done && ground.faults.is_empty();
    if args.no_serve {
        tell(format!("The site is in {}.", site.display()));
        return Ok(if whole { Exit::Done } else { Exit::SomeFailed });
    }
    super::serve::serve(&site, args.listen, &within)
}

/// Makes the folder, without what an earlier demonstration left in it.
fn clear(out: &Path) -> anyhow::Result<()> {
    let mark = out.join(MARK);
    if mark.exists() {
        for part in ["data", "site"] {
            match std::fs::remove_dir_all(out.join(part)) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(error)
                        .with_context(|| format!("cannot remove `{}`", out.join(part).display()));
                }
                _ => {}
            }
        }
        return Ok(());
    }
    if std::fs::read_dir(out).is_ok_and(|mut entries| entries.next().is_some()) {
        bail!("`{}` holds something else: choose another folder with --out", out.display());
    }
    std::fs::create_dir_all(out).with_context(|| format!("cannot make `{}`", out.display()))?;
    std::fs::write(&mark, "Made by `walkback demo`, which may replace what lies here.\n")
        .with_context(|| format!("cannot write `{}`", mark.display()))
}

/// What was found, oldest first.
fn findings(archive: &Archive, global: &Global) -> anyhow::Result<()> {
    let mut found = archive.findings()?;
    found.sort_by(|a, b| (a.first_seen_after, &a.id).cmp(&(b.first_seen_after, &b.id)));
    let mut out = std::io::stdout().lock();
    for finding in found {
        let day = finding.first_seen_after.date_naive();
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&finding)?)?;
        } else {
            let judged = &finding.judgement;
            writeln!(
                out,
                "{day}  {} of {}, {} ({})",
                judged.kind,
                judged.topic,
                finding.policy,
                finding.status.key()
            )?;
            writeln!(out, "    then: {}", judged.before)?;
            writeln!(out, "    now:  {}", judged.after)?;
        }
    }
    Ok(())
}
