//! `walkback bench noise PATH… [--labels FILE]`.

use crate::cli::{Exit, Global};
use crate::command::stats;
use anyhow::Context as _;
use archive::{Archive, Derivation};
use crawler::import::git::{Blob, Repository};
use crawler::import::ota_versions;
use policy::declaration::Declarations;
use policy::history::{History, Reading, Version};
use policy::id::{Digest, PolicyId};
use policy::noise::Tally;
use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Versions repositories.
    #[arg(required = true)]
    paths: Vec<String>,
    /// Labelled changes, a JSON object a line; `old` and `new` are blob ids of the repositories.
    #[arg(long, value_name = "FILE")]
    labels: Option<PathBuf>,
    /// Also the noisiest policies, so many.
    #[arg(long, default_value_t = 0, hide_default_value = true)]
    policies: usize,
}

#[derive(Debug, serde::Deserialize)]
struct Label {
    id: String,
    service: String,
    terms: String,
    old: String,
    new: String,
    artefact: bool,
    findings: Vec<serde_json::Value>,
}

#[derive(Debug, Default)]
struct Score {
    found: usize,
    with_findings: usize,
    folded: Vec<String>,
    artefacts: usize,
    /// The whole version is noise.
    artefacts_seen: usize,
    /// The version is real, but what sets it apart from the one before is not reported as a change.
    artefacts_aside: Vec<String>,
    missed: Vec<String>,
    /// Labels met: a change that two repositories hold counts once.
    ids: BTreeSet<String>,
}

/// Of the difference between a labelled pair no more than a fifth is reported as a change: the version was
/// compared with an earlier text of the document, or the block that came or went is no part of it.
const MOSTLY_ASIDE: usize = 5;

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let labels: Vec<Label> = match &args.labels {
        None => Vec::new(),
        Some(path) => std::fs::read_to_string(path)
            .with_context(|| format!("cannot read `{}`", path.display()))?
            .lines()
            .filter(|line| !line.trim().is_empty())
            .map(serde_json::from_str)
            .collect::<Result<_, _>>()
            .with_context(|| format!("a line of `{}` is no label", path.display()))?,
    };
    let crate::ground::Ground { rules, rules_digest, .. } = crate::ground::Ground::read(&global.data)?;
    let (declarations, _) = Declarations::parse([]);
    let mut score = Score::default();
    println!("{}", stats::heading());
    for path in &args.paths {
        let dir = tempfile::tempdir()?;
        let archive = Archive::open(dir.path())?;
        let repository = Repository::open(path)?;
        ota_versions::import(&repository, &archive, &Default::default(), &|_| {})?;
        let derivation =
            Derivation { rules: &rules, rules_digest, declarations: &declarations, all: true, threads: 0 };
        archive.derive(&derivation, &|_| {})?;
        let histories = archive.histories()?;
        let mut all = Tally::default();
        let mut by_policy = Vec::new();
        for policy in histories.policies()? {
            let Some(history) = histories.history(&policy)? else { continue };
            let tally = Tally::of(&history);
            all += tally;
            by_policy.push((policy, tally));
        }
        println!("{}", stats::row(&repository.name(), &all));
        by_policy.sort_by_key(|(policy, tally)| {
            (std::cmp::Reverse(tally.recorded - tally.substantive), policy.clone())
        });
        by_policy
            .iter()
            .take(args.policies)
            .for_each(|(policy, tally)| println!("{}", stats::row(&policy.to_string(), tally)));
        measure(&labels, &repository, |id| Ok(histories.history(id)?), &mut score)?;
    }
    if !labels.is_empty() {
        let kept = score.with_findings - score.folded.len();
        println!("\nlabels found in these repositories: {} of {}", score.found, labels.len());
        println!(
            "changes with a finding that are kept: {kept} of {} ({:.3})",
            score.with_findings,
            ratio(kept, score.with_findings)
        );
        println!(
            "artefacts that are classed as noise: {} of {} ({:.3}): {} versions, and {} real ones of whose difference less than a fifth is reported",
            score.artefacts_seen + score.artefacts_aside.len(),
            score.artefacts,
            ratio(score.artefacts_seen + score.artefacts_aside.len(), score.artefacts),
            score.artefacts_seen,
            score.artefacts_aside.len()
        );
        score.folded.iter().for_each(|line| println!("  folded: {line}"));
        score.artefacts_aside.iter().for_each(|line| println!("  difference aside: {line}"));
        score.missed.iter().for_each(|line| println!("  artefact kept: {line}"));
    }
    Ok(Exit::Done)
}

fn ratio(part: usize, whole: usize) -> f64 {
    part as f64 / whole.max(1) as f64
}

fn measure(
    labels: &[Label],
    repository: &Repository,
    history: impl Fn(&PolicyId) -> anyhow::Result<Option<History>>,
    score: &mut Score,
) -> anyhow::Result<()> {
    let ids: Vec<String> = labels.iter().flat_map(|label| [label.old.clone(), label.new.clone()]).collect();
    let mut digests: HashMap<usize, Digest> = HashMap::new();
    repository.blobs().read(&ids, 64 << 20, |place, blob| {
        if let Blob::Read(bytes) = blob {
            digests.insert(place, Digest::of(bytes));
        }
    })?;
    for (n, label) in labels.iter().enumerate() {
        let (Some(old), Some(new)) = (digests.get(&(2 * n)), digests.get(&(2 * n + 1))) else { continue };
        let Some(history) = history(&PolicyId::new(&label.service, &label.terms))? else { continue };
        let mut steps =
            history.versions.windows(2).filter(|pair| pair[0].digest == *old && pair[1].digest == *new);
        let Some(step) = steps.next() else { continue };
        if !score.ids.insert(label.id.clone()) {
            continue;
        }
        score.found += 1;
        let reading = step[1].reading;
        let noise = reading != Reading::Real;
        let line = || {
            format!(
                "{} {} / {} {} {:?}: {}",
                label.id, label.service, label.terms, step[1].id, reading, step[1].note
            )
        };
        // A cut page may hold a real finding beside the cut; it counts as an artefact.
        if !label.findings.is_empty() && !label.artefact {
            score.with_findings += 1;
            if noise {
                score.folded.push(line());
            }
        }
        if label.artefact {
            score.artefacts += 1;
            let (reported, differ) = (reported(&history, &step[1]), differ(&step[0], &step[1]));
            let line = format!("{} ({reported} of {differ} statements reported)", line());
            match noise {
                true => score.artefacts_seen += 1,
                false if reported * MOSTLY_ASIDE <= differ => score.artefacts_aside.push(line),
                false => score.missed.push(line),
            }
        }
    }
    Ok(())
}

/// How many statements the change to this version reports.
fn reported(history: &History, version: &Version) -> usize {
    let change = history.changes.iter().find(|change| change.to == version.id);
    change.map_or(0, |change| change.removed.len() + change.added.len() + 2 * change.reworded.len())
}

/// How many statements stand in one of two versions only, repetitions counted.
fn differ(before: &Version, after: &Version) -> usize {
    let mut times: HashMap<u32, i64> = HashMap::new();
    before.statements.iter().for_each(|number| *times.entry(*number).or_default() += 1);
    after.statements.iter().for_each(|number| *times.entry(*number).or_default() -= 1);
    times.values().map(|times| times.unsigned_abs() as usize).sum()
}
