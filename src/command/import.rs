//! `walkback import …`.

use crate::cli::{Exit, Global};
use archive::Archive;
use crawler::import::git::Repository;
use crawler::import::{Progress, Report, ota_versions};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

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
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open(&global.data.join("archive"))?;
    let bar = bar(global);
    let report = match args.from {
        From::OtaVersions { path, service, branch } => {
            let repository = Repository::open(&path)?;
            let options = ota_versions::Options { services: service, branch, ..Default::default() };
            ota_versions::import(&repository, &archive, &options, &|progress| show(&bar, progress))?
        }
    };
    bar.finish_and_clear();
    tell(&report, global)
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
        println!("{value}");
    } else {
        println!(
            "{}: {} new versions of {} policies ({} commits listed, {} versions known)",
            report.collection, report.versions, report.policies, report.commits, report.known
        );
    }
    Ok(if report.problems.is_empty() { Exit::Done } else { Exit::SomeFailed })
}
