//! `walkback derive`.

use crate::cli::{Exit, Global};
use crate::ground::Ground;
use archive::{Archive, Derivation};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
    let ground = Ground::read(&global.data)?;
    ground.warn();
    let report = derive(&archive, &ground, global, args.all, args.threads)?;
    for (policy, why) in &report.failed {
        tracing::warn!("{policy} could not be derived, its old history stays: {why}");
    }
    if global.json {
        say!(
            "{}",
            serde_json::json!({
                "policies": report.policies,
                "derived": report.derived,
                "versions": report.versions,
                "findings": report.findings,
                "failed": report.failed.iter().map(|(policy, why)| format!("{policy}: {why}")).collect::<Vec<_>>(),
            })
        );
    } else if report.policies == 0 {
        say!("nothing to derive: `walkback crawl` or `walkback import` brings pages in first");
    } else {
        say!(
            "{} of {} policies derived: {} versions, {} findings",
            report.derived,
            report.policies,
            report.versions,
            report.findings
        );
    }
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

/// The line that says that histories are missing, and how they come; `None` where none is.
pub fn missing(archive: &Archive) -> anyhow::Result<Option<String>> {
    let policies = match archive.underived()?.len() {
        0 => return Ok(None),
        1 => "1 policy has".to_owned(),
        many => format!("{many} policies have"),
    };
    Ok(Some(format!(
        "{policies} no history yet, being new or from before an update: `walkback derive` makes it"
    )))
}

/// Derives with the rules and declarations of the data folder.
pub fn derive(
    archive: &Archive,
    ground: &Ground,
    global: &Global,
    all: bool,
    threads: usize,
) -> anyhow::Result<archive::derived::Report> {
    let Ground { rules, rules_digest, declarations, .. } = ground;
    let derivation = Derivation { rules, rules_digest: *rules_digest, declarations, all, threads };
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
