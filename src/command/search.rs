//! `walkback search QUERY`.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use site::search::{Answer, Index, Query};
use std::io::Write as _;

/// Find what was said, what changed and what happened.
///
/// QUERY: words, "phrases", prefix*, -not, service:NAME, policy:NAME, topic:NAME, kind:KIND, as-of:DATE,
/// year:YEAR, gone: (no longer stands), gone:no. Findings come first, then events, then statements,
/// promises before others, the newest first.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Write `-- -word` where the query begins with a minus.
    #[arg(required = true, num_args = 1..)]
    query: Vec<String>,
    /// Only what stood on this day: 2024-05-31, 2024-05 or 2024.
    #[arg(long, value_name = "DATE")]
    as_of: Option<String>,
    /// Only of this service.
    #[arg(long, value_name = "NAME")]
    service: Option<String>,
    #[arg(long, value_name = "N", default_value_t = 20)]
    limit: usize,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let mut typed = args.query.join(" ");
    for (field, value) in [("service", &args.service), ("as-of", &args.as_of)] {
        if let Some(value) = value {
            typed.push_str(&format!(" {field}:\"{}\"", value.replace('"', " ")));
        }
    }
    let query = Query::parse(&typed);
    if let Some(problem) = query.problems.first() {
        bail!("{problem}");
    }
    if query.is_empty() {
        bail!("`{typed}` holds nothing to look for: write words, or a filter such as service:signal");
    }
    let index = Index::open(&crate::command::serve::index_folder(global)).context("cannot search")?;
    let answer = index.search(&query, args.limit)?;
    if let Some(problem) = answer.problems.first() {
        bail!("{problem}");
    }
    let mut out = std::io::stdout().lock();
    if global.json {
        serde_json::to_writer(&mut out, &answer)?;
        writeln!(out)?;
    } else {
        print(&mut out, &answer)?;
    }
    Ok(Exit::Done)
}

fn print(out: &mut impl std::io::Write, answer: &Answer) -> std::io::Result<()> {
    for hit in &answer.hits {
        let text = if hit.title.is_empty() { plain(&hit.text) } else { plain(&hit.title) };
        let place = [hit.service.as_str(), hit.policy.as_str()];
        let place = place.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" / ");
        let when = match (hit.first_seen == hit.last_seen, hit.current) {
            (true, _) => hit.first_seen.clone(),
            (_, true) => format!("since {}", hit.first_seen),
            (_, false) => format!("{} to {}, gone", hit.first_seen, hit.last_seen),
        };
        writeln!(out, "{text}\n    {} · {} · {when}\n    {}", hit.kind, plain(&place), hit.url)?;
    }
    let shown = answer.hits.len() as u64;
    let more = if answer.total > shown { format!(", {shown} shown") } else { String::new() };
    writeln!(
        out,
        "{} found{more}: {} findings, {} events, {} statements",
        answer.total, answer.findings, answer.events, answer.statements
    )?;
    if !answer.one_word_short.is_empty() {
        writeln!(out, "(no {} have all the words; these lack one)", answer.one_word_short.join(" or "))?;
    }
    if let Some(matched) = answer.matched {
        writeln!(out, "(no record has all the words; these have {matched} of them)")?;
    }
    Ok(())
}

/// Archived text must not steer the terminal: control characters become spaces.
pub fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
