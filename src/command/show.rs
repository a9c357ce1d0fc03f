//! `walkback show versions|statements|changes|ladder|captures|text`.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use archive::Archive;
use policy::history::{History, Version};
use policy::id::PolicyId;
use std::io::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    what: What,
    /// The service's name; `*` and `?` stand for characters.
    service: String,
    /// The policy's name; `*` and `?` stand for characters.
    policy: String,
    /// A version's id, or a day: the version that stood then. The newest where none is given.
    #[arg(id = "which", value_name = "VERSION|DAY")]
    version: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum What {
    /// All versions, how each reads, and why.
    Versions,
    /// The statements of a version.
    Statements,
    /// What changed, version by version; with a version only that one's change.
    Changes,
    /// What was promised on each topic, step by step over time, with the statement that proves each step.
    Ladder,
    /// Every attempt to fetch the policy's pages.
    Captures,
    /// The text of a version.
    Text,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open_read_only(&global.data.join("archive"))?;
    let mut out = std::io::stdout().lock();
    if args.what == What::Captures {
        let id = one(archive.captured_policies()?, &args)?;
        for capture in archive.captures(&id)? {
            if global.json {
                writeln!(out, "{}", serde_json::to_string(&capture)?)?;
            } else {
                let place =
                    capture.place.as_ref().map_or(String::new(), |p| format!("{}@{}", p.segment, p.offset));
                let status = capture.status.map_or(String::new(), |status| status.to_string());
                let (outcome, why) = (capture.outcome.key(), capture.outcome.why());
                writeln!(
                    out,
                    "{}  {outcome:9} {status:3} {}  {place} {why}",
                    capture.at.to_rfc3339(),
                    capture.source
                )?;
            }
        }
        return Ok(Exit::Done);
    }
    let histories = archive.histories()?;
    let mut policies = histories.policies()?;
    policies.extend(archive.underived()?);
    let id = one(policies, &args)?;
    let history =
        histories.history(&id)?.with_context(|| format!("{id} has no history: run `walkback derive`"))?;
    let line = |number: &u32| -> &str { &history.statements[*number as usize].text };
    match args.what {
        What::Versions if global.json => {
            for version in &history.versions {
                writeln!(out, "{}", serde_json::to_string(version)?)?;
            }
        }
        What::Versions => {
            for version in &history.versions {
                let reading = serde_json::to_value(version.reading)?;
                let lane = reading["lane"].as_u64().map_or(String::new(), |lane| format!(" {lane}"));
                let reading = format!("{}{lane}", reading["reading"].as_str().unwrap_or("?"));
                writeln!(
                    out,
                    "{:20} {reading:18} {:>8} bytes  {}",
                    version.id.0, version.bytes, version.note
                )?;
            }
        }
        What::Statements => {
            let version = version(&history, args.version.as_deref())?;
            for number in &version.statements {
                let statement = &history.statements[*number as usize];
                if global.json {
                    writeln!(out, "{}", serde_json::to_string(statement)?)?;
                    continue;
                }
                let first = statement
                    .lifespan
                    .first()
                    .map_or(String::new(), |span| span.first_seen.date_naive().to_string());
                let topic = statement.topic.map_or("", |topic| topic.key());
                writeln!(out, "{}  {first}  {topic:14} {}", statement.id, statement.text)?;
            }
        }
        What::Changes => {
            let only = args.version.as_deref().map(|wanted| version(&history, Some(wanted))).transpose()?;
            for change in history.changes.iter().filter(|change| only.is_none_or(|only| only.id == change.to))
            {
                if global.json {
                    writeln!(out, "{}", serde_json::to_string(change)?)?;
                    continue;
                }
                let touches = if change.touches_promises { "  touches promises" } else { "" };
                writeln!(out, "{} -> {}{touches}", change.from, change.to)?;
                change.removed.iter().try_for_each(|number| writeln!(out, "  - {}", line(number)))?;
                change.added.iter().try_for_each(|number| writeln!(out, "  + {}", line(number)))?;
                for (old, new) in &change.reworded {
                    writeln!(out, "  ~ {}\n  > {}", line(old), line(new))?;
                }
                if change.moved > 0 {
                    writeln!(out, "  {} statements moved", change.moved)?;
                }
            }
        }
        What::Ladder => ladder(&mut out, &history, global)?,
        What::Text => {
            out.write_all(&histories.bytes(&id, &version(&history, args.version.as_deref())?.id)?)?
        }
        What::Captures => unreachable!("answered above"),
    }
    Ok(Exit::Done)
}

/// Each topic's steps; of encryption each scope's.
fn ladder(out: &mut impl std::io::Write, history: &History, global: &Global) -> anyhow::Result<()> {
    for ladder in policy::ladder::ladders(history) {
        if global.json {
            writeln!(out, "{}", serde_json::to_string(&ladder)?)?;
            continue;
        }
        let scope = if ladder.scope.is_empty() { String::new() } else { format!(" of {}", ladder.scope) };
        writeln!(out, "{}{scope}", ladder.topic.label())?;
        for rung in &ladder.rungs {
            let day = rung.at.date_naive();
            let since = if rung.from_start { "since the record began, " } else { "" };
            writeln!(out, "  {day}  {}", rung.step.label())?;
            let what = if rung.stands { "says" } else { "gone" };
            writeln!(
                out,
                "      {since}{what} {} in version {}: {}",
                rung.statement,
                rung.version,
                super::search::plain(&rung.text)
            )?;
        }
    }
    Ok(())
}

/// The one policy that both patterns match.
fn one(policies: Vec<PolicyId>, args: &Args) -> anyhow::Result<PolicyId> {
    let matches = crawler::import::matches;
    let exact = |id: &&PolicyId| id.service == args.service && id.name == args.policy;
    if let Some(id) = policies.iter().find(exact) {
        return Ok(id.clone());
    }
    let found: Vec<PolicyId> = policies
        .into_iter()
        .filter(|id| matches(&args.service, &id.service) && matches(&args.policy, &id.name))
        .collect();
    match found.as_slice() {
        [only] => Ok(only.clone()),
        [] => bail!(
            "no policy is called {} / {}: `walkback stats --noise` lists them",
            args.service,
            args.policy
        ),
        many => {
            let names = many.iter().take(8).map(PolicyId::to_string).collect::<Vec<_>>().join(", ");
            bail!("{} policies match: {names}; name one", many.len())
        }
    }
}

fn version<'a>(history: &'a History, wanted: Option<&str>) -> anyhow::Result<&'a Version> {
    let Some(wanted) = wanted else {
        return history.current().context("the policy has no version that shows the document");
    };
    if let Some(version) = history.versions.iter().find(|version| version.id.0 == wanted) {
        return Ok(version);
    }
    let day: chrono::NaiveDate = wanted
        .parse()
        .with_context(|| format!("`{wanted}` is no version of this policy and no day like 2024-05-31"))?;
    let end = day.and_hms_opt(23, 59, 59).unwrap_or_default().and_utc();
    history.as_of(end).with_context(|| format!("nothing was recorded by {day}"))
}
