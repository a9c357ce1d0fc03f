//! `walkback stats`.

use crate::cli::{Exit, Global};
use crate::command::derive;
use archive::Archive;
use policy::noise::Tally;
use std::collections::BTreeSet;
use std::path::Path;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Also the noise of each policy, the noisiest first.
    #[arg(long)]
    noise: bool,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let dir = global.data.join("archive");
    let archive = Archive::open_read_only(&dir)?;
    let (mut captures, mut snapshots) = (0u64, BTreeSet::new());
    for policy in archive.captured_policies()? {
        for capture in archive.captures(&policy)? {
            captures += 1;
            snapshots.extend(capture.digest);
        }
    }
    let histories = archive.histories()?;
    let mut all = Tally::default();
    let mut by_policy = Vec::new();
    for policy in histories.policies()? {
        if let Some(history) = histories.history(&policy)? {
            let tally = Tally::of(&history);
            all += tally;
            by_policy.push((policy, tally));
        }
    }
    let bytes = bytes_in(&dir);
    let missing = derive::missing(&archive)?;
    if global.json {
        let mut value = serde_json::json!({
            "captures": captures,
            "snapshots": snapshots.len(),
            "versions": all.recorded,
            "variants_folded": all.variants_folded,
            "changes": all.substantive,
            "findings": all.findings,
            "statements": all.statements,
            "bytes_on_disk": bytes,
            "policies": all.policies,
            "policies_without_history": archive.underived()?.len(),
            "noise": all,
        });
        if args.noise {
            value["by_policy"] = by_policy
                .iter()
                .map(|(policy, tally)| serde_json::json!({"service": policy.service, "policy": policy.name, "noise": tally}))
                .collect();
        }
        say!("{value}");
        if let Some(missing) = missing {
            eprintln!("walkback: {missing}");
        }
        return Ok(Exit::Done);
    }
    say!("captures        {captures:>9}\nsnapshots       {:>9}", snapshots.len());
    say!("policies        {:>9}\nversions        {:>9}", all.policies, all.recorded);
    say!("variants folded {:>9}\nchanges         {:>9}", all.variants_folded, all.substantive);
    say!("findings        {:>9}\nstatements      {:>9}", all.findings, all.statements);
    say!("bytes on disk   {bytes:>9}");
    if let Some(missing) = missing {
        say!("{missing}");
    }
    if args.noise {
        say!("\n{}", heading());
        by_policy.sort_by_key(|(policy, tally)| {
            (std::cmp::Reverse(tally.recorded - tally.substantive), policy.clone())
        });
        for (policy, tally) in &by_policy {
            say!("{}", row(&policy.to_string(), tally));
        }
    }
    Ok(Exit::Done)
}

/// The heading over [`row`].
pub fn heading() -> String {
    format!(
        "{:>9} {:>8} {:>8} {:>9} {:>8} {:>8} {:>11} {:>8} {:>8}  policy",
        "recorded",
        "distinct",
        "variants",
        "artefacts",
        "cosmetic",
        "reread",
        "substantive",
        "promises",
        "findings"
    )
}

/// A line of the noise table.
pub fn row(name: &str, tally: &Tally) -> String {
    format!(
        "{:>9} {:>8} {:>8} {:>9} {:>8} {:>8} {:>11} {:>8} {:>8}  {name}",
        tally.recorded,
        tally.distinct,
        tally.variants_folded,
        tally.artefacts,
        tally.cosmetic,
        tally.reextracted,
        tally.substantive,
        tally.touching_promises,
        tally.findings
    )
}

/// Bytes of all files in a folder and below.
pub fn bytes_in(dir: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries
        .flatten()
        .map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => bytes_in(&entry.path()),
            Ok(kind) if kind.is_file() => entry.metadata().map_or(0, |meta| meta.len()),
            _ => 0,
        })
        .sum()
}
