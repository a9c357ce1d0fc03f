//! `walkback findings`.

use crate::cli::{Exit, Global};
use crate::command::derive;
use archive::Archive;
use chrono::NaiveDate;
use policy::finding::{Finding, Kind};
use std::io::Write as _;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only this kind: reversal, expansion or strengthening.
    #[arg(long, value_parser = kind)]
    kind: Option<Kind>,
    /// Only this service; `*` and `?` stand for characters.
    #[arg(long)]
    service: Option<String>,
    /// Only findings first seen on this day or later: 2024-05-31.
    #[arg(long, value_name = "DATE")]
    since: Option<NaiveDate>,
    /// At most so many.
    #[arg(long)]
    limit: Option<usize>,
}

fn kind(name: &str) -> Result<Kind, String> {
    Kind::ALL
        .into_iter()
        .find(|kind| kind.key() == name)
        .ok_or_else(|| "one of reversal, expansion, strengthening".into())
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open_read_only(&global.data.join("archive"))?;
    let wanted = |finding: &Finding| {
        args.kind.is_none_or(|kind| finding.judgement.kind == kind)
            && args
                .service
                .as_deref()
                .is_none_or(|glob| crawler::import::matches(glob, &finding.policy.service))
            && args.since.is_none_or(|since| finding.first_seen_after.date_naive() >= since)
    };
    let mut out = std::io::stdout().lock();
    let limit = args.limit.unwrap_or(usize::MAX);
    let found = archive.findings()?;
    let all = found.len();
    let found: Vec<Finding> = found.into_iter().filter(wanted).take(limit).collect();
    if let Some(missing) = derive::missing(&archive)? {
        eprintln!("walkback: {missing}");
    }
    if found.is_empty() && !global.quiet && !global.json {
        eprintln!(
            "{}",
            match all {
                0 => "no findings yet: they need at least two versions of a policy, and `walkback derive`"
                    .to_owned(),
                all => format!("none of the {all} findings is of that kind, service and time"),
            }
        );
    }
    for finding in found {
        if global.json {
            writeln!(out, "{}", json(&finding))?;
        } else {
            write(&mut out, &finding)?;
        }
    }
    Ok(Exit::Done)
}

/// One finding as other programs read it.
pub fn json(finding: &Finding) -> serde_json::Value {
    let judgement = &finding.judgement;
    serde_json::json!({
        "id": finding.id,
        "kind": judgement.kind,
        "topic": judgement.topic,
        "severity": judgement.severity,
        "confidence": judgement.confidence,
        "status": finding.status,
        "service": finding.policy.service,
        "policy": finding.policy.name,
        "date": finding.first_seen_after.date_naive(),
        "effective": judgement.effective,
        "before": judgement.before,
        "after": judgement.after,
        "lead_in_before": judgement.lead_in_before,
        "lead_in_after": judgement.lead_in_after,
        "nearest": judgement.nearest,
        "reason": judgement.reason,
        "class": finding.class,
        "rule": judgement.rule,
        "weight": judgement.weight,
        "from": finding.from,
        "to": finding.to,
        "last_seen_before": finding.last_seen_before,
        "first_seen_after": finding.first_seen_after,
        "status_note": finding.status_note,
        "retracted_at": finding.retracted_at,
        "silent": judgement.silent,
        "state_before": judgement.state_before,
        "state_after": judgement.state_after,
    })
}

/// The sentence as a terminal shows it, after what it hangs under.
pub(super) fn under(lead_in: &Option<String>, sentence: &str) -> String {
    let lead = site::page::line::lead_in(lead_in.as_deref(), sentence, 120);
    let text = lead.map_or_else(|| sentence.to_owned(), |lead| format!("{lead} {sentence}"));
    super::search::plain(&text)
}

fn write(out: &mut impl std::io::Write, finding: &Finding) -> std::io::Result<()> {
    let judgement = &finding.judgement;
    writeln!(
        out,
        "{}  {} {} ({}, severity {}) {}  {}",
        finding.id,
        finding.first_seen_after.date_naive(),
        judgement.kind,
        judgement.topic.label(),
        judgement.severity,
        finding.policy,
        finding.status.key(),
    )?;
    for (mark, lead_in, sentence) in [
        ("-", &judgement.lead_in_before, &judgement.before),
        ("+", &judgement.lead_in_after, &judgement.after),
    ] {
        if !sentence.is_empty() {
            writeln!(out, "  {mark} {}", under(lead_in, sentence))?;
        }
    }
    writeln!(out, "  {}\n", judgement.reason)
}

#[cfg(test)]
mod tests {
    use super::under;

    #[test]
    fn an_item_is_told_after_what_it_hangs_under() {
        let lead = Some("We do not:".to_owned());
        assert_eq!(under(&lead, "sell\u{1b}[2J your data"), "We do not: sell [2J your data");
        assert_eq!(under(&None, "We do not sell it."), "We do not sell it.");
        assert_eq!(under(&lead, "We do not: sell it."), "We do not: sell it.");
    }
}
