//! `walkback derive`.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use archive::{Archive, Derivation};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use policy::declaration::Declarations;
use policy::id::Digest;
use policy::promise::Rules;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also what is up to date: everything from scratch.
    #[arg(long)]
    all: bool,
    /// Policies derived side by side; one a processor where none is given.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    threads: usize,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open(&global.data.join("archive"))?;
    let report = derive(&archive, global, args.all, args.threads)?;
    for (policy, why) in &report.failed {
        tracing::warn!("{policy} could not be derived, its old history stays: {why}");
    }
    if global.json {
        println!(
            "{}",
            serde_json::json!({
                "policies": report.policies,
                "derived": report.derived,
                "versions": report.versions,
                "findings": report.findings,
                "failed": report.failed.iter().map(|(policy, why)| format!("{policy}: {why}")).collect::<Vec<_>>(),
            })
        );
    } else {
        println!(
            "{} of {} policies derived: {} versions, {} findings",
            report.derived, report.policies, report.versions, report.findings
        );
    }
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

/// Derives with the rules and declarations of the data folder.
pub fn derive(
    archive: &Archive,
    global: &Global,
    all: bool,
    threads: usize,
) -> anyhow::Result<archive::derived::Report> {
    let (rules, rules_digest) = rules(&global.data)?;
    let declarations = declarations(&global.data)?;
    let derivation = Derivation { rules: &rules, rules_digest, declarations: &declarations, all, threads };
    let target = if global.quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let style =
        ProgressStyle::with_template("deriving {wide_bar} {pos}/{len} {eta}").expect("the template is valid");
    let bar = ProgressBar::with_draw_target(None, target).with_style(style);
    let report = archive.derive(&derivation, &|progress| {
        bar.set_length(progress.all);
        bar.set_position(progress.done);
    })?;
    bar.finish_and_clear();
    Ok(report)
}

/// The promise rules of the data folder, or those in the program where it has none; and their digest.
pub fn rules(data: &Path) -> anyhow::Result<(Rules, Digest)> {
    let files = files(&data.join("promises"), "toml")?;
    if files.is_empty() {
        return Ok((Rules::builtin(), Digest::of(concat!("builtin ", env!("CARGO_PKG_VERSION")))));
    }
    let digest = Digest::of(files.iter().map(|(name, text)| format!("{name}\0{text}\0")).collect::<String>());
    Ok((Rules::parse(&files)?, digest))
}

/// The declarations of the data folder; those with faults are named and left out.
pub fn declarations(data: &Path) -> anyhow::Result<Declarations> {
    let (declarations, faults) = Declarations::parse(files(&data.join("declarations"), "json")?);
    for fault in faults {
        tracing::warn!("{fault}");
    }
    Ok(declarations)
}

/// Names and texts of the files of one kind in a folder, sorted; none where there is no folder.
fn files(dir: &Path, extension: &str) -> anyhow::Result<Vec<(String, String)>> {
    let mut files = Vec::new();
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(files),
        entries => entries.with_context(|| format!("cannot read the folder `{}`", dir.display()))?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.extension().is_some_and(|found| found == extension) {
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            files.push((path.file_name().unwrap_or_default().to_string_lossy().into_owned(), text));
        }
    }
    files.sort();
    Ok(files)
}
