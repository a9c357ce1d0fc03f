//! `walkback build`.

use crate::cli::{Exit, Global};
use crate::command::derive;
use crate::ground::Ground;
use anyhow::Context as _;
use archive::Archive;
use policy::id::PolicyId;
use site::BuildInput;
use site::Url;
use site::input::Measured;
use std::path::{Path, PathBuf};

/// Build the static site from what the archive, the declarations and the events hold.
///
/// Plain files for any host. Only files whose content changed are written; the same archive gives the
/// same bytes.
// `run` takes these arguments too: without a group of their own, the names cannot clash.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Folder to build into.
    #[arg(long, value_name = "DIR", default_value = "public")]
    pub out: PathBuf,
    /// Where the site will be published, a path included: `https://example.org/walkback/`
    #[arg(long, value_name = "URL", env = "WALKBACK_BASE_URL")]
    pub base_url: Option<Url>,
    /// Where people write to contest a finding: a mail address or a link.
    #[arg(long, value_name = "TEXT", env = "WALKBACK_CONTACT")]
    pub contact: Option<String>,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let ground = Ground::read(&global.data)?;
    ground.warn();
    let dir = global.data.join("archive");
    let archive = Archive::open_read_only(&dir)?;
    let whole = derive_missing(&dir, &archive, &ground, global)?;
    let built = build(&args, global, &archive, &ground)?;
    Ok(if whole { built } else { Exit::SomeFailed })
}

/// Derives first where policies have no history: the site would be silent about them, and after an update
/// that writes histories otherwise it would be empty. False where some of them stay without.
fn derive_missing(dir: &Path, archive: &Archive, ground: &Ground, global: &Global) -> anyhow::Result<bool> {
    let Some(missing) = derive::missing(archive)? else { return Ok(true) };
    let writer = match Archive::open(dir) {
        Ok(writer) => writer,
        // While a crawl writes, the policies that it has just begun must not keep the others off the site.
        Err(error) if !archive.policies()?.is_empty() => {
            eprintln!("walkback: {missing}; the site is built without: {error}");
            return Ok(false);
        }
        Err(error) => return Err(error).context(missing),
    };
    if !global.quiet {
        eprintln!("{missing}; deriving first");
    }
    let report = derive::derive(&writer, ground, global, false, 0)?;
    for (policy, why) in &report.failed {
        eprintln!("walkback: {policy} could not be derived, the site is built without: {why}");
    }
    Ok(report.failed.is_empty())
}

/// Builds the site and its search from an open archive: what `walkback run` does last.
pub fn build(args: &Args, global: &Global, archive: &Archive, ground: &Ground) -> anyhow::Result<Exit> {
    if let Some(base) = &args.base_url
        && !matches!(base.scheme(), "http" | "https")
    {
        anyhow::bail!("`{base}` is not a web address: --base-url begins with https:// or http://");
    }
    let (services, policies) = site::archived::declared(&ground.declarations);
    let input = BuildInput {
        base_url: args.base_url.clone(),
        services,
        policies,
        events: ground.events.clone(),
        measured: measured(&global.data.join("measured.json"))?,
        contact: args.contact.clone(),
    };
    // The pages and the search need nothing of each other.
    let (report, records) = std::thread::scope(|scope| {
        let records = scope.spawn(|| search(&args.out, global, archive, ground));
        let report = site::build(archive, &input, &args.out).context("cannot build the site");
        let records = records.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
        report.and_then(|report| Ok((report, records?)))
    })?;
    for (policy, why) in &report.failed {
        eprintln!("walkback: {policy}: {why}");
    }
    if global.json {
        say!("{}", serde_json::json!({ "site": report, "search": records }));
    } else if !global.quiet {
        eprintln!(
            "{} pages of {} policies in {}; {} files written, {} removed",
            report.pages,
            report.policies,
            args.out.display(),
            report.written,
            report.removed
        );
        if args.base_url.is_none() {
            eprintln!("built without --base-url: feeds and citations name the local preview");
        }
    }
    Ok(if report.failed.is_empty() { Exit::Done } else { Exit::SomeFailed })
}

/// The detector's figures, where somebody measured them: `walkback eval` writes the file.
fn measured(path: &Path) -> anyhow::Result<Option<Measured>> {
    match std::fs::read(path) {
        Ok(bytes) => serde_json::from_slice(&bytes)
            .map(Some)
            .with_context(|| format!("cannot read the detector's figures in {}", path.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error).with_context(|| format!("cannot read {}", path.display())),
    }
}

/// Brings the native search index up to date and writes its export beside the pages.
fn search(
    out: &Path,
    global: &Global,
    archive: &Archive,
    ground: &Ground,
) -> anyhow::Result<site::search::export::Exported> {
    let reader = archive.histories()?;
    let stamps = reader.stamps()?.into_iter().map(|(id, stamp)| (id, stamp.to_string())).collect();
    let mut history = |id: &PolicyId| reader.history(id).map_err(Into::into);
    let folder = crate::command::serve::index_folder(global);
    site::search::index::update(&folder, &stamps, &mut history, &ground.events)
        .context("cannot bring the search index up to date")?;
    let index = site::search::Index::open(&folder)?;
    site::search::export::write(&index, out).context("cannot write the search of the site")
}
