//! `walkback import …`.

use crate::cli::{Exit, Global};
use crate::ground::{Ground, texts};
use archive::Archive;
use crawler::import::git::Repository;
use crawler::import::{Progress, Report, ota_snapshots, ota_versions, warc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use policy::declaration::Declarations;
use std::path::{Path, PathBuf};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    from: From,
}

#[derive(Debug, clap::Subcommand)]
enum From {
    /// An Open Terms Archive versions repository: a git directory, a bundle or a URL.
    OtaVersions {
        /// Git directory, bundle or URL.
        path: String,
        /// Only services whose name matches; `*` and `?` stand for characters. May be given many times.
        #[arg(long, value_name = "GLOB")]
        service: Vec<String>,
        /// The branch to read, where it is not the current one.
        #[arg(long)]
        branch: Option<String>,
    },
    /// An Open Terms Archive snapshots repository: each page it fetched becomes a capture of class B.
    OtaSnapshots {
        /// Git directory, bundle or URL.
        path: String,
        /// The collection's declarations, which say what page an old snapshot is of; those of the data folder
        /// where none is named.
        #[arg(long, value_name = "DIR")]
        declarations: Option<PathBuf>,
        /// Only services whose name matches; `*` and `?` stand for characters. May be given many times.
        #[arg(long, value_name = "GLOB")]
        service: Vec<String>,
        /// The branch to read, where it is not the current one.
        #[arg(long)]
        branch: Option<String>,
    },
    /// WARC files: each response from a declared URL becomes a capture of class B.
    Warc {
        /// The files, compressed or not.
        #[arg(required = true, value_name = "FILE")]
        files: Vec<PathBuf>,
    },
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open(&global.data.join("archive"))?;
    let bar = bar(global);
    match args.from {
        From::OtaVersions { path, service, branch } => {
            let repository = Repository::open(&path)?;
            let options = ota_versions::Options { services: service, branch, ..Default::default() };
            let report =
                ota_versions::import(&repository, &archive, &options, &|progress| show(&bar, progress))?;
            bar.finish_and_clear();
            tell(&report, global)
        }
        From::OtaSnapshots { path, declarations, service, branch } => {
            let ours = Ground::read(&global.data)?.declarations;
            let theirs = declarations.as_deref().map(folder).transpose()?;
            let repository = Repository::open(&path)?;
            let options = ota_snapshots::Options {
                services: &service,
                branch: branch.as_deref(),
                declarations: theirs.as_ref().unwrap_or(&ours),
            };
            let report =
                ota_snapshots::import(&repository, &archive, &options, &|progress| show(&bar, progress))?;
            bar.finish_and_clear();
            tell_snapshots(&report, &ours, declarations.as_deref(), global)
        }
        From::Warc { files } => {
            let ground = Ground::read(&global.data)?;
            ground.warn();
            warc_files(&archive, &files, &ground.declarations, global)
        }
    }
}

/// The declarations of another folder than ours; what is wrong with them is said.
fn folder(dir: &Path) -> anyhow::Result<Declarations> {
    let mut faults = Vec::new();
    anyhow::ensure!(dir.is_dir(), "`{}` is no folder: name the one that holds SERVICE.json", dir.display());
    let (declarations, errors) = Declarations::parse(texts(dir, "json", &mut faults)?);
    faults.extend(errors.iter().map(ToString::to_string));
    faults.iter().for_each(|fault| tracing::warn!("{fault}"));
    anyhow::ensure!(!declarations.is_empty(), "nothing is declared in `{}`", dir.display());
    Ok(declarations)
}

fn tell_snapshots(
    report: &ota_snapshots::Report,
    ours: &Declarations,
    theirs: Option<&Path>,
    global: &Global,
) -> anyhow::Result<Exit> {
    report.problems.iter().for_each(|problem| tracing::warn!("{problem}"));
    let undeclared: Vec<String> =
        report.policies.iter().filter(|id| ours.policy(id).is_none()).map(ToString::to_string).collect();
    if !undeclared.is_empty() {
        let from = theirs.map_or("the collection's declarations".to_owned(), |dir| dir.display().to_string());
        tracing::warn!(
            "not declared, so `walkback derive` reads their pages whole: {}; copy their files from {from} to {}",
            undeclared.join(", "),
            global.data.join("declarations").display()
        );
    }
    if global.json {
        let value = serde_json::json!({
            "collection": report.collection,
            "snapshots": report.snapshots,
            "stored": report.stored,
            "not_the_document": report.not_the_document,
            "known": report.known,
            "of_other_pages": report.of_other_pages,
            "undeclared": undeclared,
            "problems": report.problems,
        });
        say!("{value}");
    } else {
        say!(
            "{}: {} new captures of {} policies ({} snapshots listed, {} known, {} new ones not the document, {} of pages not declared for their day)",
            report.collection,
            report.stored,
            report.policies.len(),
            report.snapshots,
            report.known,
            report.not_the_document,
            report.of_other_pages
        );
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

fn warc_files(
    archive: &Archive,
    files: &[PathBuf],
    declarations: &Declarations,
    global: &Global,
) -> anyhow::Result<Exit> {
    anyhow::ensure!(
        !declarations.is_empty(),
        "nothing is declared in `{}`, and only declared pages are imported: is `--data` the right folder?",
        global.data.join("declarations").display()
    );
    let mut whole = true;
    for file in files {
        let name = file.display();
        let imported = match warc::import(archive, file, declarations) {
            Ok(imported) => imported,
            // One file that cannot be read does not stop the others; an archive that cannot be written does.
            Err(error @ archive::ImportError::Read { .. }) => {
                tracing::warn!("{:#}", anyhow::Error::from(error));
                whole = false;
                continue;
            }
            Err(error) => return Err(error.into()),
        };
        for (offset, why) in &imported.unusable {
            tracing::warn!("{name} at byte {offset}: {why}; this record is left out");
        }
        if let Some(error) = &imported.ended {
            tracing::warn!("{name} is not whole: {error}; what came before is stored");
        }
        whole &= imported.ended.is_none();
        if global.json {
            let value = serde_json::json!({
                "file": file,
                "stored": imported.stored,
                "known": imported.known,
                "elsewhere": imported.elsewhere,
                "unusable": imported.unusable.len(),
                "whole": imported.ended.is_none(),
            });
            say!("{value}");
        } else {
            say!(
                "{name}: {} new captures ({} known, {} records of pages not declared, {} unusable)",
                imported.stored,
                imported.known,
                imported.elsewhere,
                imported.unusable.len()
            );
        }
    }
    Ok(if whole { Exit::Done } else { Exit::SomeFailed })
}

fn bar(global: &Global) -> ProgressBar {
    // indicatif draws nothing where standard error is no terminal.
    let target = if global.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style =
        ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {eta}").expect("the template is valid");
    ProgressBar::with_draw_target(None, target).with_style(style)
}

fn show(bar: &ProgressBar, progress: Progress) {
    match progress {
        Progress::Listing => bar.set_message("listing commits"),
        Progress::Reading { done, all } => {
            bar.set_message("reading");
            bar.set_length(all);
            bar.set_position(done);
        }
    }
}

fn tell(report: &Report, global: &Global) -> anyhow::Result<Exit> {
    for problem in &report.problems {
        tracing::warn!("{problem}");
    }
    if global.json {
        let value = serde_json::json!({
            "collection": report.collection,
            "commits": report.commits,
            "versions": report.versions,
            "policies": report.policies,
            "known": report.known,
            "problems": report.problems,
        });
        say!("{value}");
    } else {
        say!(
            "{}: {} new versions of {} policies ({} commits listed, {} versions known)",
            report.collection,
            report.versions,
            report.policies,
            report.commits,
            report.known
        );
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::SomeFailed })
}
