//! `walkback check --online`: asks for every declared page and says which answer.

use crate::cli::Global;
use crate::command::crawl::{choice, progress_bar, settings};
use crate::ground::Ground;
use anyhow::bail;
use crawler::crawl::Clock;
use crawler::probe::{Probe, Probed, State, pages, probe};
use serde_json::json;
use std::io::Write as _;

/// Whether every declared page answers. Without a network nothing can be said, and that is an error.
pub fn check(services: Vec<String>, global: &Global) -> anyhow::Result<bool> {
    let ground = Ground::read(&global.data)?;
    let choice = choice(&ground.declarations, services, global)?;
    let settings = settings(None, global)?;
    let asked = pages(&ground.declarations, &choice, &settings, Clock::System);
    let bar = progress_bar("asking", asked as u64, global);
    let Probed { probes, offline } =
        probe(&ground.declarations, &choice, &settings, Clock::System, |capture| {
            bar.inc(1);
            bar.set_message(capture.policy.service.clone());
        })?;
    bar.finish_and_clear();
    if offline {
        bail!("no network: not one of the declared hosts could be reached, so nothing is known of them");
    }
    let mut out = std::io::stdout().lock();
    if global.json {
        for probe in &probes {
            writeln!(out, "{}", line(probe))?;
        }
        writeln!(out, "{}", json!({ "part": "online", "summary": counts(&probes), "pages": asked }))?;
    } else {
        write!(out, "{}", table(&probes))?;
    }
    Ok(probes.iter().all(|probe| probe.state.is_well()))
}

fn line(probe: &Probe) -> serde_json::Value {
    json!({
        "part": "online",
        "state": probe.state.key(),
        "service": probe.policy.service,
        "policy": probe.policy.name,
        "source": probe.source,
        "url": probe.url,
        "status": probe.status,
        "why": probe.why,
    })
}

/// How many addresses are in which state, states that none is in left out.
fn counts(probes: &[Probe]) -> serde_json::Map<String, serde_json::Value> {
    State::ALL
        .iter()
        .map(|state| (state.key(), probes.iter().filter(|probe| probe.state == *state).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(key, count)| (key.to_owned(), json!(count)))
        .collect()
}

/// What needs a hand, a line each, in columns; then the counts.
fn table(probes: &[Probe]) -> String {
    let shown: Vec<[String; 3]> = probes
        .iter()
        .filter(|probe| probe.state != State::Answers)
        .map(|probe| {
            let what = match probe.state {
                State::Redirected => format!("{} -> {}", probe.source, probe.url),
                _ => format!("{}: {}", probe.source, probe.why),
            };
            [probe.state.key().to_owned(), probe.policy.to_string(), what]
        })
        .collect();
    let width = |column: usize| shown.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let (state, policy) = (width(0), width(1));
    let mut table: String =
        shown.iter().map(|row| format!("{:state$}  {:policy$}  {}\n", row[0], row[1], row[2])).collect();
    let counts: Vec<String> = State::ALL
        .iter()
        .rev()
        .map(|state| (state, probes.iter().filter(|probe| probe.state == *state).count()))
        .filter(|(_, count)| *count > 0)
        .map(|(state, count)| match state {
            State::Answers => format!("{count} answer"),
            state => format!("{count} {}", state.key()),
        })
        .collect();
    let plural = if probes.len() == 1 { "address" } else { "addresses" };
    let counts = if counts.is_empty() { "nothing declared".to_owned() } else { counts.join(", ") };
    table.push_str(&format!("{} declared {plural}: {counts}\n", probes.len()));
    table
}
