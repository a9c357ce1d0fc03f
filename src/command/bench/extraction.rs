//! `walkback bench extraction`: our extractor against Open Terms Archive's, on the captures both read.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use policy::declaration::{Declarations, SourceDocument};
use policy::extract::{Agreement, decode, extract};
use policy::id::{Digest, PolicyId};
use std::collections::{BTreeMap, HashMap};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Snapshots repository of a collection, a git directory.
    #[arg(long, value_name = "GITDIR")]
    snapshots: PathBuf,
    /// Versions repository of the same collection.
    #[arg(long, value_name = "GITDIR")]
    versions: PathBuf,
    /// The collection's declarations, with their history files.
    #[arg(long, value_name = "DIR")]
    declarations: PathBuf,
    /// Only policies of which service or name contain this text.
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Write our texts of the captures that agree least into this folder, beside the collection's.
    #[arg(long, value_name = "DIR")]
    write_misses: Option<PathBuf>,
}

/// A file as one commit recorded it.
struct Recorded {
    commit: String,
    at: DateTime<Utc>,
    message: String,
    blob: String,
}

/// The two ways a page is read here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "snake_case")]
enum Way {
    WithSelectors,
    WithoutSelectors,
}

/// What one policy came to, read one way.
#[derive(Debug, Default, serde::Serialize)]
struct Score {
    /// One a version of the collection that we have the capture of.
    agreements: Vec<Agreement>,
    /// Texts that differ from the one before.
    versions: usize,
    /// Captures that gave no text.
    failed: usize,
    #[serde(skip)]
    last: Option<Digest>,
}

#[derive(Debug, Default, serde::Serialize)]
struct Line {
    captures: usize,
    /// Versions the collection recorded.
    theirs: usize,
    ours: BTreeMap<Way, Score>,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let mut faults = Vec::new();
    let (declarations, errors) =
        Declarations::parse(crate::ground::texts(&args.declarations, "json", &mut faults)?);
    faults.extend(errors.iter().map(ToString::to_string));
    if let Some(fault) = faults.first() {
        bail!("{fault}");
    }
    let wanted = |id: &PolicyId| args.only.as_ref().is_none_or(|text| id.to_string().contains(text.as_str()));
    let snapshots: Vec<_> = log(&args.snapshots, ".html")?.into_iter().filter(|(id, _)| wanted(id)).collect();
    let versions = log(&args.versions, ".md")?;
    let mut snapshot_blobs = Blobs::open(&args.snapshots)?;
    let mut version_blobs = Blobs::open(&args.versions)?;
    let total = snapshots.iter().map(|(_, captures)| captures.len()).sum::<usize>();
    let progress = ProgressBar::new(total as u64)
        .with_style(ProgressStyle::with_template("{bar:30} {pos}/{len} captures, {eta} left")?);
    if global.quiet {
        progress.set_draw_target(ProgressDrawTarget::hidden());
    }
    let mut lines = BTreeMap::new();
    let mut clock = Clock::default();
    for (id, captures) in snapshots {
        let theirs = versions.get(&id).map(Vec::as_slice).unwrap_or_default();
        let mut line = Line { captures: captures.len(), theirs: theirs.len(), ours: BTreeMap::new() };
        // Which versions were recorded from which capture.
        let mut from: HashMap<&str, Vec<&Recorded>> = HashMap::new();
        for version in theirs {
            if let Some(capture) = source_of(version, &captures) {
                from.entry(&capture.commit).or_default().push(version);
            }
        }
        for capture in &captures {
            let bytes = snapshot_blobs.read(&capture.blob)?;
            let html = decode(&bytes, None);
            let recorded = from.remove(capture.commit.as_str()).unwrap_or_default();
            read(
                &id,
                capture,
                &html,
                &recorded,
                &declarations,
                &mut line,
                &mut clock,
                &mut |version, ours, way| {
                    let theirs = String::from_utf8_lossy(&version_blobs.read(&version.blob)?).into_owned();
                    let agreement = Agreement::of(ours, &theirs);
                    if let Some(folder) = &args.write_misses
                        && (agreement.recall < 0.97 || agreement.precision < 0.97)
                    {
                        write_miss(folder, &id, version, way, agreement, ours, &theirs, &html)?;
                    }
                    Ok(agreement)
                },
            )?;
            progress.inc(1);
        }
        lines.insert(id, line);
    }
    progress.finish_and_clear();
    if global.json {
        print_json(&lines)?;
    } else {
        print_table(&lines, &clock);
    }
    Ok(Exit::Done)
}

/// How long extraction took, over how much.
#[derive(Default)]
struct Clock {
    spent: BTreeMap<Way, Duration>,
    pages: u64,
    bytes: u64,
}

/// Reads one capture both ways, counts a version where its text differs from the one before, and compares it
/// with the versions that were recorded from it.
#[allow(clippy::too_many_arguments)]
fn read(
    id: &PolicyId,
    capture: &Recorded,
    html: &str,
    recorded: &[&Recorded],
    declarations: &Declarations,
    line: &mut Line,
    clock: &mut Clock,
    compare: &mut dyn FnMut(&Recorded, &str, Way) -> anyhow::Result<Agreement>,
) -> anyhow::Result<()> {
    let Some(today) = document(declarations, id, capture, capture.at) else { return Ok(()) };
    clock.pages += 1;
    clock.bytes += html.len() as u64;
    for way in [Way::WithSelectors, Way::WithoutSelectors] {
        let reading = match way {
            Way::WithSelectors => today.clone(),
            Way::WithoutSelectors => SourceDocument::at(today.location.clone()),
        };
        let begun = Instant::now();
        let text = extract(html, &today.location, &reading);
        *clock.spent.entry(way).or_default() += begun.elapsed();
        let score = line.ours.entry(way).or_default();
        let text = match text {
            Ok(text) => {
                let digest = Digest::of(&text);
                if score.last != Some(digest) {
                    score.versions += 1;
                    score.last = Some(digest);
                }
                Some(text)
            }
            Err(_) => {
                score.failed += 1;
                None
            }
        };
        for version in recorded {
            // A version that re-reads an old capture was made with the declaration of the version's own day.
            let anew = way == Way::WithSelectors && is_reread(version);
            let after = anew
                .then(|| document(declarations, id, capture, version.at + TimeDelta::seconds(1)))
                .flatten()
                .and_then(|document| extract(html, &document.location, &document).ok());
            let ours = after.as_deref().or(text.as_deref()).unwrap_or_default();
            score.agreements.push(compare(version, ours, way)?);
        }
    }
    Ok(())
}

fn is_reread(version: &Recorded) -> bool {
    version.message.starts_with("Apply technical") || version.message.starts_with("Refilter")
}

/// The declared source document that a capture is of, by the declaration of `at`.
fn document(
    declarations: &Declarations,
    id: &PolicyId,
    capture: &Recorded,
    at: DateTime<Utc>,
) -> Option<SourceDocument> {
    let documents = declarations.policy(id)?.documents_at(at);
    let location = capture.message.lines().find_map(|line| line.strip_prefix("X-source-document-location: "));
    let named = documents.iter().find(|document| Some(document.location.as_str()) == location);
    // Locations were moved without a history entry: where there is one page, it is the one.
    named.or(documents.first()).cloned()
}

/// The capture that a version was recorded from: the one its message names, else the last before it.
fn source_of<'a>(version: &Recorded, captures: &'a [Recorded]) -> Option<&'a Recorded> {
    let named = captures.iter().find(|capture| version.message.contains(&capture.commit));
    named.or_else(|| captures.iter().rev().find(|capture| capture.at <= version.at))
}

/// Every recording of every file with that extension, by policy, oldest first.
fn log(repository: &Path, extension: &str) -> anyhow::Result<BTreeMap<PolicyId, Vec<Recorded>>> {
    let output = git(repository)
        .args(["log", "--reverse", "--raw", "--no-abbrev", "--no-renames", "--format=%x01%H %at%n%B%x02"])
        .output()
        .context("cannot run git: install it")?;
    if !output.status.success() {
        bail!("git cannot read {}: {}", repository.display(), String::from_utf8_lossy(&output.stderr).trim());
    }
    let mut files: BTreeMap<PolicyId, Vec<Recorded>> = BTreeMap::new();
    for entry in String::from_utf8_lossy(&output.stdout).split('\u{1}').skip(1) {
        let Some((head, changes)) = entry.split_once('\u{2}') else { continue };
        let (first, message) = head.split_once('\n').unwrap_or((head, ""));
        let Some((commit, seconds)) = first.split_once(' ') else { continue };
        let at = seconds.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
        for change in changes.lines() {
            // `:100644 100644 OLD NEW M<tab>Service/Terms of Service.html`
            let Some((meta, path)) = change.split_once('\t') else { continue };
            let Some(blob) = meta.split(' ').nth(3).filter(|blob| blob.bytes().any(|byte| byte != b'0'))
            else {
                continue;
            };
            let Some((service, name)) = path.strip_suffix(extension).and_then(|path| path.split_once('/'))
            else {
                continue;
            };
            let name = name.split_once(" #").map_or(name, |(name, _)| name);
            let recorded = Recorded {
                commit: commit.to_owned(),
                at: at.with_context(|| format!("commit {commit} has no date"))?,
                message: message.to_owned(),
                blob: blob.to_owned(),
            };
            files.entry(PolicyId::new(service, name)).or_default().push(recorded);
        }
    }
    for recorded in files.values_mut() {
        recorded.sort_by_key(|recorded| recorded.at);
    }
    Ok(files)
}

fn git(repository: &Path) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(repository).args(["-c", "core.quotePath=false", "-c", "protocol.allow=never"]);
    command
}

/// The blobs of a repository, read through one `git cat-file`.
struct Blobs {
    // Closed before `child` is waited for, by the order of fields.
    requests: ChildStdin,
    answers: BufReader<ChildStdout>,
    child: Child,
}

impl Blobs {
    fn open(repository: &Path) -> anyhow::Result<Self> {
        let mut child = git(repository)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run git: install it")?;
        let requests = child.stdin.take().context("git gave no input")?;
        let answers = BufReader::new(child.stdout.take().context("git gave no output")?);
        Ok(Self { requests, answers, child })
    }

    fn read(&mut self, blob: &str) -> anyhow::Result<Vec<u8>> {
        writeln!(self.requests, "{blob}")?;
        self.requests.flush()?;
        let mut head = String::new();
        self.answers.read_line(&mut head)?;
        let size: usize = head
            .split_whitespace()
            .nth(2)
            .and_then(|size| size.parse().ok())
            .with_context(|| format!("git has no blob {blob}"))?;
        // The content and the line break after it.
        let mut content = vec![0; size + 1];
        self.answers.read_exact(&mut content)?;
        content.pop();
        Ok(content)
    }
}

impl Drop for Blobs {
    fn drop(&mut self) {
        // It has nothing to lose: it only reads.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[allow(clippy::too_many_arguments)]
fn write_miss(
    folder: &Path,
    id: &PolicyId,
    version: &Recorded,
    way: Way,
    agreement: Agreement,
    ours: &str,
    theirs: &str,
    html: &str,
) -> anyhow::Result<()> {
    let way = if way == Way::WithSelectors { "a" } else { "b" };
    let name = format!(
        "{way} {:.3} {:.3} {} {}",
        agreement.recall,
        agreement.precision,
        id.slug().replace('/', " "),
        version.at.format("%Y%m%dT%H%M%SZ")
    );
    std::fs::create_dir_all(folder)?;
    std::fs::write(folder.join(format!("{name}.ours.md")), ours)?;
    std::fs::write(folder.join(format!("{name}.theirs.md")), theirs)?;
    std::fs::write(folder.join(format!("{name}.html")), html)?;
    Ok(())
}

fn print_json(lines: &BTreeMap<PolicyId, Line>) -> anyhow::Result<()> {
    for (id, line) in lines {
        println!("{}", serde_json::json!({ "service": id.service, "policy": id.name, "score": line }));
    }
    Ok(())
}

/// Lowest and mean of a measure.
fn spread(values: impl Iterator<Item = f64> + Clone) -> String {
    let count = values.clone().count();
    if count == 0 {
        return "      –      ".to_owned();
    }
    let mean = values.clone().sum::<f64>() / count as f64;
    format!("{:.3} / {mean:.3}", values.fold(1.0, f64::min))
}

fn print_table(lines: &BTreeMap<PolicyId, Line>, clock: &Clock) {
    println!(
        "Recall and precision: shares of the 5-word shingles that their version and our text of the same capture have in common,"
    );
    println!(
        "lowest / mean over their versions. Versions: texts that differ from the one before. failed: captures without text."
    );
    for (way, title) in [
        (Way::WithSelectors, "(a) with their selectors"),
        (Way::WithoutSelectors, "(b) by URL alone, without selectors"),
    ] {
        println!("\n{title}");
        println!(
            "{:44} {:>8} {:>13} {:>13} {:>7} {:>7} {:>6} {:>7}",
            "policy", "captures", "recall", "precision", "theirs", "ours", "ratio", "failed"
        );
        let mut all = Score::default();
        let (mut captures, mut theirs) = (0, 0);
        for (id, line) in lines {
            let Some(score) = line.ours.get(&way) else { continue };
            print_line(&id.to_string(), line.captures, line.theirs, score);
            all.agreements.extend(&score.agreements);
            all.versions += score.versions;
            all.failed += score.failed;
            captures += line.captures;
            theirs += line.theirs;
        }
        print_line("all", captures, theirs, &all);
        let spent = clock.spent.get(&way).copied().unwrap_or_default().as_secs_f64();
        println!(
            "{:.2} ms a page of {:.0} KB, {:.0} MB/s",
            spent * 1e3 / clock.pages.max(1) as f64,
            clock.bytes as f64 / 1024.0 / clock.pages.max(1) as f64,
            clock.bytes as f64 / 1e6 / spent.max(1e-9)
        );
    }
}

fn print_line(name: &str, captures: usize, theirs: usize, score: &Score) {
    println!(
        "{name:44} {captures:>8} {:>13} {:>13} {theirs:>7} {:>7} {:>6.2} {:>7}",
        spread(score.agreements.iter().map(|agreement| agreement.recall)),
        spread(score.agreements.iter().map(|agreement| agreement.precision)),
        score.versions,
        score.versions as f64 / theirs.max(1) as f64,
        score.failed
    );
}
