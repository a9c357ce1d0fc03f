//! `walkback explain FINDING`.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use archive::Archive;
use policy::finding::EvidenceClass;
use policy::id::{FindingId, VersionId};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The finding's id: `wb-` and twelve digits.
    finding: String,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let archive = Archive::open_read_only(&global.data.join("archive"))?;
    let histories = archive.histories()?;
    let finding = histories
        .finding(&FindingId(args.finding.clone()))?
        .with_context(|| format!("there is no finding `{}`: `walkback findings` lists them", args.finding))?;
    let history =
        histories.history(&finding.policy)?.context("its policy has no history: run `walkback derive`")?;
    let origins = |id: &VersionId| -> Vec<String> {
        history
            .versions
            .iter()
            .find(|version| version.id == *id)
            .map_or(Vec::new(), |version| version.origins.clone())
    };
    let (before, after) = (origins(&finding.from), origins(&finding.to));
    let judgement = &finding.judgement;
    if global.json {
        let mut value = super::findings::json(&finding);
        value["steps"] = judgement.steps.clone().into();
        value["origins_before"] = before.into();
        value["origins_after"] = after.into();
        say!("{value}");
        return Ok(Exit::Done);
    }
    say!("{}  {}: {} ({})", finding.id, finding.policy, judgement.kind, judgement.topic.label());
    say!("{}\n", judgement.reason);
    let told = |lead_in: &Option<String>, sentence: &str| {
        if sentence.is_empty() { "(nothing)".to_owned() } else { super::findings::under(lead_in, sentence) }
    };
    say!("then  {}", told(&judgement.lead_in_before, &judgement.before));
    say!("now   {}\n", told(&judgement.lead_in_after, &judgement.after));
    for (n, one) in judgement.nearest.iter().enumerate() {
        let name = if n == 0 { "nearest" } else { "" };
        let sentence = super::findings::under(&one.lead_in, &one.text);
        say!("{name:<11} {sentence} ({})", one.standing(judgement.after.is_empty()));
    }
    if !judgement.nearest.is_empty() {
        say!("");
    }
    say!("rule        {}", judgement.rule);
    for step in &judgement.steps {
        say!("            {step}");
    }
    say!(
        "severity    {} of 3, confidence {:.2}, weight {:.2}",
        judgement.severity,
        judgement.confidence,
        judgement.weight
    );
    say!("status      {}: {}", finding.status.key(), finding.status_note);
    let class = match finding.class {
        EvidenceClass::A => "A: our own capture, with its bytes and headers",
        EvidenceClass::B => "B: a page that somebody else captured",
        EvidenceClass::C => "C: a text that somebody else extracted",
    };
    say!("evidence    class {class}");
    say!("last seen   {} in version {}", finding.last_seen_before.to_rfc3339(), finding.from);
    for origin in &before {
        say!("            {origin}");
    }
    say!("first gone  {} in version {}", finding.first_seen_after.to_rfc3339(), finding.to);
    for origin in &after {
        say!("            {origin}");
    }
    if let Some(effective) = judgement.effective {
        say!("effective   {effective}");
    }
    Ok(Exit::Done)
}
