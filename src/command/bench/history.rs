//! `walkback bench history PATH`: ratios of one run on one machine.

use crate::cli::{Exit, Global};
use crate::command::stats::bytes_in;
use anyhow::Context as _;
use archive::text::Imported;
use archive::{Archive, Derivation};
use crawler::import::git::Repository;
use crawler::import::ota_versions;
use policy::declaration::Declarations;
use policy::id::PolicyId;
use policy::noise::Tally;
use policy::promise::{Document, judge};
use site::search::{Index, index};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A versions repository: a git directory.
    path: String,
    /// Import up to this commit into this folder and print figures: how the benchmark calls itself.
    #[arg(long, hide = true, value_name = "COMMIT")]
    one: Option<String>,
    #[arg(long, hide = true, value_name = "DIR")]
    into: Option<PathBuf>,
    /// Also read policies as of a day in an archive of at least so many versions: what was imported, again
    /// and again under other services' names.
    #[arg(long, value_name = "VERSIONS")]
    as_of_versions: Option<u64>,
}

/// What one run took.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
struct Run {
    versions: u64,
    import_s: f64,
    derive_s: f64,
    peak_mb: f64,
    /// All versions' texts, and each different one once.
    text_mb: f64,
    distinct_mb: f64,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    if let (Some(commit), Some(into)) = (&args.one, &args.into) {
        println!("{}", serde_json::to_string(&one(&args.path, commit, into, global)?)?);
        return Ok(Exit::Done);
    }
    let repository = Repository::open(&args.path)?;
    let mut commits = Vec::new();
    repository.commits(&repository.head(None)?, None, |commit| commits.push(commit.id))?;
    let git = Instant::now();
    let status = Command::new("git").args(["-C", &args.path, "log", "-p"]).stdout(Stdio::null()).status()?;
    anyhow::ensure!(status.success(), "git log -p failed on `{}`", args.path);
    let git = git.elapsed().as_secs_f64();
    println!("git log -p > /dev/null: {git:.2} s");
    println!(
        "{:>9} {:>9} {:>9} {:>9} {:>9} {:>11} {:>9} {:>12} {:>8} {:>15}",
        "versions",
        "import s",
        "derive s",
        "both/git",
        "peak MB",
        "ms/version",
        "MB text",
        "MB distinct",
        "ms/MB",
        "ms/MB distinct"
    );
    let folder = tempfile::tempdir()?;
    let mut last = None;
    for quarter in [1, 2, 4] {
        let commit = &commits[(commits.len() * quarter / 4).max(1) - 1];
        let into = folder.path().join(format!("quarter-{quarter}"));
        let output = Command::new(std::env::current_exe()?)
            .arg("--data")
            .arg(&global.data)
            .args(["bench", "history", &args.path, "--one", commit, "--into"])
            .arg(&into)
            .stderr(Stdio::inherit())
            .output()?;
        anyhow::ensure!(output.status.success(), "a run of the benchmark failed");
        let run: Run =
            serde_json::from_slice(&output.stdout).context("a run of the benchmark gave no figures")?;
        let both = run.import_s + run.derive_s;
        println!(
            "{:>9} {:>9.2} {:>9.2} {:>9.2} {:>9.0} {:>11.3} {:>9.0} {:>12.0} {:>8.2} {:>15.2}",
            run.versions,
            run.import_s,
            run.derive_s,
            both / git,
            run.peak_mb,
            both * 1000.0 / run.versions.max(1) as f64,
            run.text_mb,
            run.distinct_mb,
            both * 1000.0 / run.text_mb.max(0.001),
            both * 1000.0 / run.distinct_mb.max(0.001)
        );
        last = Some(into);
    }
    let archive_dir = last.context("nothing was measured")?;
    let pack = bytes_in(&Path::new(&args.path).join("objects/pack")).max(1);
    let packs: u64 = std::fs::read_dir(Path::new(&args.path).join("objects/pack"))
        .map(|entries| {
            entries
                .flatten()
                .filter(|entry| entry.path().extension().is_some_and(|extension| extension == "pack"))
                .map(|entry| entry.metadata().map_or(0, |meta| meta.len()))
                .sum()
        })
        .unwrap_or(pack);
    let disk = bytes_in(&archive_dir);
    println!("on disk: {disk} bytes, the pack {packs}: {:.2}", disk as f64 / packs.max(1) as f64);
    let archive = Archive::open(&archive_dir)?;
    as_of(&archive)?;
    search(&archive, &folder.path().join("index"))?;
    judging(&archive, global)?;
    one_more(&archive, global)?;
    if let Some(enough) = args.as_of_versions {
        multiply(&archive, enough)?;
        derive(&archive, global)?;
        as_of(&archive)?;
    }
    Ok(Exit::Done)
}

fn one(path: &str, commit: &str, into: &Path, global: &Global) -> anyhow::Result<Run> {
    let archive = Archive::open(into)?;
    let repository = Repository::open(path)?;
    let started = Instant::now();
    let options = ota_versions::Options { head: Some(commit.to_owned()), ..Default::default() };
    let report = ota_versions::import(&repository, &archive, &options, &|_| {})?;
    let import_s = started.elapsed().as_secs_f64();
    let started = Instant::now();
    derive(&archive, global)?;
    let derive_s = started.elapsed().as_secs_f64();
    let peak_mb = peak_mb();
    let (mut text, mut distinct) = (0, 0);
    let histories = archive.histories()?;
    for policy in histories.policies()? {
        let Some(history) = histories.history(&policy)? else { continue };
        let texts: BTreeMap<_, _> =
            history.versions.iter().map(|version| (version.digest, version.bytes)).collect();
        text += history.versions.iter().map(|version| version.bytes).sum::<u64>();
        distinct += texts.values().sum::<u64>();
    }
    let (text_mb, distinct_mb) = (text as f64 / 1e6, distinct as f64 / 1e6);
    Ok(Run { versions: report.versions, import_s, derive_s, peak_mb, text_mb, distinct_mb })
}

/// Indexes all statements and asks the mixed queries of `walkback bench search`.
fn search(archive: &Archive, folder: &Path) -> anyhow::Result<()> {
    let histories = archive.histories()?;
    let stamps: BTreeMap<PolicyId, String> =
        histories.policies()?.into_iter().map(|policy| (policy, String::new())).collect();
    let mut read = |policy: &PolicyId| histories.history(policy).map_err(Into::into);
    let started = Instant::now();
    let updated = index::update(folder, &stamps, &mut read, &[])?;
    let took = started.elapsed().as_secs_f64();
    println!("index: {} records in {took:.2} s, {} bytes", updated.records, bytes_in(folder));
    let times = super::search::native(&Index::open(folder)?)?;
    println!(
        "native search, {} queries (words, phrases, as-of, service): p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms ({})",
        times["queries"],
        times["p50"].as_f64().unwrap_or_default(),
        times["p99"].as_f64().unwrap_or_default(),
        times["worst"].as_f64().unwrap_or_default(),
        times["worst_query"].as_str().unwrap_or_default()
    );
    Ok(())
}

/// Adds what was imported again under other services' names, until there are so many versions.
fn multiply(archive: &Archive, enough: u64) -> anyhow::Result<()> {
    let mut imported = Imported::open(archive.dir())?;
    let policies = imported.policies()?;
    let mut versions = 0;
    for (_, row) in &policies {
        versions += imported.recorded(*row)?.len() as u64;
    }
    let (once, mut copy) = (versions, 1);
    while once > 0 && versions < enough {
        copy += 1;
        for (policy, row) in &policies {
            let (recorded, texts) = (imported.recorded(*row)?, imported.texts(*row)?);
            let id = PolicyId::new(format!("{} {copy}", policy.service), &policy.name);
            let mut another = imported.load(&id)?;
            for mut version in recorded {
                version.text = version.text.map(|text| another.texts.push(&texts.bytes(text)));
                another.recorded.push(version);
            }
            imported.add(&[another.pack(id)])?;
        }
        versions += once;
    }
    Ok(())
}

fn derive(archive: &Archive, global: &Global) -> anyhow::Result<archive::derived::Report> {
    let crate::ground::Ground { rules, rules_digest, .. } = crate::ground::Ground::read(&global.data)?;
    let (declarations, _) = Declarations::parse([]);
    let derivation =
        Derivation { rules: &rules, rules_digest, declarations: &declarations, all: false, threads: 0 };
    Ok(archive.derive(&derivation, &|_| {})?)
}

/// The most memory this process ever had, as Linux counts it; 0 elsewhere.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).map_or(0.0, |kb| kb / 1024.0)
}

/// Reads policies as of a day, spread over all policies and their time.
fn as_of(archive: &Archive) -> anyhow::Result<()> {
    let histories = archive.histories()?;
    let mut all = Tally::default();
    let mut days = Vec::new();
    for policy in histories.policies()? {
        let Some(history) = histories.history(&policy)? else { continue };
        all += Tally::of(&history);
        let versions = &history.versions;
        for version in
            [versions.first(), versions.get(versions.len() / 2), versions.last()].into_iter().flatten()
        {
            days.push((policy.clone(), version.at));
        }
    }
    let mut took: Vec<f64> = Vec::new();
    for (policy, day) in &days {
        let started = Instant::now();
        histories.as_of(policy, *day)?;
        took.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    took.sort_by(f64::total_cmp);
    let at = |share: f64| {
        took.get(((took.len() as f64 * share) as usize).min(took.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0.0)
    };
    println!(
        "reading a policy as of a day, {} reads among {} versions: p50 {:.2} ms, p99 {:.2} ms, worst {:.2} ms",
        took.len(),
        all.recorded,
        at(0.5),
        at(0.99),
        at(1.0)
    );
    println!("{} statements", all.statements);
    Ok(())
}

/// Judges each change from one text of a policy to the next, with both texts read beforehand.
fn judging(archive: &Archive, global: &Global) -> anyhow::Result<()> {
    let rules = crate::ground::Ground::read(&global.data)?.rules;
    let imported = Imported::open(archive.dir())?;
    let (mut changes, mut findings, mut took) = (0, 0, Duration::ZERO);
    for (policy, _) in imported.policies()? {
        let stored = imported.load(&policy)?;
        let texts: Vec<_> =
            stored.recorded.iter().filter_map(|version| Some((version.text?, version.at))).collect();
        let mut judged = BTreeSet::new();
        let mut old: Option<(_, Document)> = None;
        for (text, at) in texts {
            if old.as_ref().is_some_and(|(before, _)| *before == text) {
                continue;
            }
            let new = Document::read(&rules, &stored.texts.text(text));
            if let Some((before, old)) = &old
                && judged.insert((*before, text))
            {
                let started = Instant::now();
                findings += judge(&rules, old, &new, at).len();
                took += started.elapsed();
                changes += 1;
            }
            old = Some((text, new));
        }
    }
    println!(
        "judging: {changes} changes from one text to another, {findings} findings, {:.0} a second on one thread",
        f64::from(changes) / took.as_secs_f64().max(1e-9)
    );
    Ok(())
}

/// Adds a version to the longest history and derives.
fn one_more(archive: &Archive, global: &Global) -> anyhow::Result<()> {
    let mut imported = Imported::open(archive.dir())?;
    let mut longest = None;
    for (policy, row) in imported.policies()? {
        let versions = imported.recorded(row)?.len();
        if longest.as_ref().is_none_or(|(most, _)| *most < versions) {
            longest = Some((versions, policy));
        }
    }
    let (versions, policy) = longest.context("nothing was imported")?;
    let mut stored = imported.load(&policy)?;
    let mut version = stored.recorded.last().context("nothing was imported")?.clone();
    let text = stored.texts.text(version.text.unwrap_or(0));
    version.text =
        Some(stored.texts.push(format!("{text}\nWe never sell the data of this benchmark.\n").as_bytes()));
    version.at += chrono::TimeDelta::days(1);
    version.commit = "00".repeat(20);
    stored.recorded.push(version);
    imported.add(&[stored.pack(policy.clone())])?;
    let started = Instant::now();
    let report = derive(archive, global)?;
    anyhow::ensure!(report.derived == 1, "{} policies were derived instead of one", report.derived);
    println!(
        "derive after one new version of the longest history ({versions} versions): {:.2} s",
        started.elapsed().as_secs_f64()
    );
    Ok(())
}
