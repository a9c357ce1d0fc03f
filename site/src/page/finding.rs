//! A finding: then and now, how sure, the proof, how to cite it, what came before and after.

use super::Fact;
use super::line::{self, FindingLine};
use super::policy::Origin;
use super::statements::LEAD;
use crate::cite::{self, Citation};
use crate::date::{Day, minute};
use crate::input::Context;
use crate::place::{self, Channel};
use crate::render::{Frame, data_block};
use crate::shown::{clip, shown};
use crate::summary::newest_first;
use crate::wording::{Run, runs};
use policy::finding::{EvidenceClass, Finding, Kind, Nearest, Status};
use policy::history::{History, Version};
use policy::id::{StatementId, VersionId};
use serde::Serialize;

/// Characters of a nearest sentence: enough to see what it says.
const LONGEST: usize = 600;

/// A finding's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub line: FindingLine,
    pub then: Side,
    pub now: Side,
    /// What was read and not found, where one side is empty.
    pub absence: &'static str,
    /// What stands there instead: the sentences that come nearest.
    pub nearest: Vec<Near>,
    pub status: Standing,
    pub facts: Vec<Fact>,
    pub reason: String,
    pub rule: String,
    pub compare: String,
    pub evidence: Vec<Evidence>,
    pub citations: Vec<Citation>,
    pub related: Vec<FindingLine>,
    pub neighbours: Vec<FindingLine>,
    pub between: String,
}

/// One side of the comparison.
#[derive(Serialize)]
pub struct Side {
    /// What the sentence hangs under, where it is an item of a list: "We do not:".
    pub lead_in: Option<String>,
    pub runs: Vec<Run>,
    pub day: Day,
    pub href: Option<String>,
}

/// A sentence that comes nearest to one that has no counterpart.
#[derive(Serialize)]
pub struct Near {
    pub lead_in: Option<String>,
    pub text: String,
    /// "New", "stood there before, too", …
    pub standing: &'static str,
    pub href: Option<String>,
}

/// How firmly the finding stands, said in words.
#[derive(Serialize)]
pub struct Standing {
    pub key: &'static str,
    pub said: String,
}

/// One version as proof.
#[derive(Serialize)]
pub struct Evidence {
    pub side: &'static str,
    pub version: String,
    pub href: String,
    pub seen: String,
    pub class: &'static str,
    pub class_said: &'static str,
    /// Whose record it is, where it is not ours.
    pub recorder: String,
    pub digest: String,
    pub origins: Vec<Origin>,
}

pub fn view(context: &Context<'_>, history: &History, finding: &Finding) -> View {
    let judgement = &finding.judgement;
    let place = place::finding(&finding.id);
    let line = FindingLine::of(context, finding);
    let (then, now) = runs(&judgement.before, &judgement.after);
    let title = format!("{}: {}", line.service, line.headline);
    let mut frame = Frame::new(context, &place, "findings", &title).described(&description(finding, &line));
    frame = frame.script(context, "static/js/copy.js");
    frame.channel(Channel::Service(&finding.policy.service), &line.service);
    frame.image = context.way.canonical(&place::card(&finding.id));
    frame.facts = Some(data_block(&facts_for_machines(context, finding, &title)));
    let mut others: Vec<&Finding> = history.findings.iter().filter(|other| other.id != finding.id).collect();
    others.sort_by(|a, b| newest_first(a, b));
    let related: Vec<&Finding> = others.iter().copied().filter(|o| o.promise == finding.promise).collect();
    let neighbours =
        others.iter().copied().filter(|o| o.promise != finding.promise && o.to == finding.to).take(6);
    let citations = cite::citations(context, finding, &line);
    let lead_in = |lead: &Option<String>, sentence| line::lead_in(lead.as_deref(), sentence, LEAD);
    let under = (
        lead_in(&judgement.lead_in_before, &judgement.before),
        lead_in(&judgement.lead_in_after, &judgement.after),
    );
    View {
        then: side(finding, under.0, then, &finding.before_statement, finding.last_seen_before),
        now: side(finding, under.1, now, &finding.after_statement, finding.first_seen_after),
        absence: absence(judgement.kind, judgement.before.is_empty(), judgement.after.is_empty()),
        nearest: nearest(history, finding),
        status: standing(finding),
        facts: facts(finding),
        reason: shown(&judgement.reason),
        rule: shown(&judgement.rule),
        compare: place::compare(&finding.policy, &finding.from, &finding.to),
        evidence: [("Then", &finding.from), ("Now", &finding.to)]
            .into_iter()
            .filter_map(|(side, id)| evidence(history, finding, side, id))
            .collect(),
        citations,
        related: related.into_iter().map(|other| FindingLine::of(context, other)).collect(),
        neighbours: neighbours.map(|other| FindingLine::of(context, other)).collect(),
        between: between(finding),
        line,
        frame,
    }
}

fn side(
    finding: &Finding,
    lead_in: Option<String>,
    runs: Vec<Run>,
    statement: &Option<StatementId>,
    at: chrono::DateTime<chrono::Utc>,
) -> Side {
    Side {
        lead_in,
        runs: runs.into_iter().filter(|run| !run.text.is_empty()).collect(),
        day: Day::of(at),
        href: statement.as_ref().map(|statement| place::statement(&finding.policy, statement)),
    }
}

fn nearest(history: &History, finding: &Finding) -> Vec<Near> {
    let judgement = &finding.judgement;
    let known = |text: &str| history.statements.iter().find(|statement| statement.text == text);
    let near = |one: &Nearest| Near {
        lead_in: line::lead_in(one.lead_in.as_deref(), &one.text, LEAD),
        text: clip(&one.text, LONGEST),
        standing: one.standing(judgement.after.is_empty()),
        href: known(&one.text).map(|statement| place::statement(&finding.policy, &statement.id)),
    };
    judgement.nearest.iter().map(near).collect()
}

/// What an empty side means. It says what was looked for, not what the service thinks.
fn absence(kind: Kind, nothing_before: bool, nothing_after: bool) -> &'static str {
    match (nothing_before, nothing_after, kind) {
        (_, true, Kind::Reversal) => "We found no sentence in the later version that says the same.",
        (_, true, _) => "We found no such sentence in the later version.",
        (true, _, _) => "We found no such sentence in the earlier version.",
        _ => "",
    }
}

fn between(finding: &Finding) -> String {
    let (before, after) = (finding.last_seen_before, finding.first_seen_after);
    if before.date_naive() == after.date_naive() {
        format!(
            "Changed on {}, between {} and {} UTC.",
            Day::of(after).text,
            before.format("%H:%M"),
            after.format("%H:%M")
        )
    } else {
        format!("Changed between {} and {}.", minute(before), minute(after))
    }
}

fn standing(finding: &Finding) -> Standing {
    let note = dates_in_words(&shown(&finding.status_note));
    let said = match finding.status {
        Status::Confirmed => {
            "Confirmed: the change was still there when the page was next recorded.".to_owned()
        }
        Status::Provisional => {
            "Provisional: seen once so far. The sentence may come back, and this finding with it fall."
                .to_owned()
        }
        Status::Retracted => {
            "Retracted: later evidence undid this finding. It is kept so that nothing is silently deleted."
                .to_owned()
        }
    };
    Standing {
        key: finding.status.key(),
        said: if note.is_empty() { said } else { format!("{said} {}", full_stop(&note)) },
    }
}

/// `2024-08-05` as `5 August 2024`, as everywhere on the page.
fn dates_in_words(text: &str) -> String {
    let words = text.split(' ').map(|word| {
        let end = word.trim_end_matches(['.', ',', ';', ')']);
        match end.parse::<chrono::NaiveDate>() {
            Ok(day) if end.len() == 10 => format!("{}{}", Day::on(day).text, &word[end.len()..]),
            _ => word.to_owned(),
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

fn full_stop(text: &str) -> String {
    let text = crate::shown::capitalised(text);
    if text.ends_with(['.', '!', '?']) { text } else { format!("{text}.") }
}

fn facts(finding: &Finding) -> Vec<Fact> {
    let judgement = &finding.judgement;
    let mut facts = Vec::new();
    let mut fact = |name, value: String, note: &str| facts.push(Fact { name, value, note: note.to_owned() });
    fact(
        if judgement.kind == Kind::Strengthening { "Weight" } else { "Severity" },
        crate::shown::capitalised(line::weight(judgement)),
        match judgement.severity {
            0 | 1 => "real but small",
            2 => "a privacy journalist would report it",
            _ => "front-page news for the people affected",
        },
    );
    fact(
        "How sure",
        format!(
            "{} ({:.0} %)",
            crate::shown::capitalised(line::confidence(judgement)),
            judgement.confidence * 100.0
        ),
        "the detector’s own estimate; see Method for how often it is right",
    );
    if let Some(day) = judgement.effective {
        fact("In effect from", Day::on(day).text, "as the text says");
    }
    if let (Some(before), Some(after)) = (&judgement.state_before, &judgement.state_after) {
        fact("Encryption", format!("{} → {}", line::state(before), line::state(after)), "");
    }
    if !judgement.scope.is_empty() {
        fact("Covers", shown(&judgement.scope.join(", ")), "");
    }
    if judgement.silent {
        fact(
            "Announced",
            "No sign of it".into(),
            "the page kept its date, or nothing in it tells of the change",
        );
    }
    facts
}

fn evidence(history: &History, finding: &Finding, side: &'static str, id: &VersionId) -> Option<Evidence> {
    let version: &Version = history.versions.iter().find(|version| version.id == *id)?;
    let seen = if version.seen_until > version.at {
        format!("First seen {}, last seen {}", minute(version.at), minute(version.seen_until))
    } else {
        format!("Seen {}", minute(version.at))
    };
    Some(Evidence {
        side,
        version: id.to_string(),
        href: place::version(&finding.policy, id),
        seen,
        class: class(version.class).0,
        class_said: class(version.class).1,
        recorder: shown(&version.recorder),
        digest: version.digest.to_string(),
        origins: version.origins.iter().map(|origin| Origin::of(origin)).collect(),
    })
}

/// An evidence class and what it means.
pub fn class(class: EvidenceClass) -> (&'static str, &'static str) {
    match class {
        EvidenceClass::A => ("A", "our own capture, with its bytes and headers"),
        EvidenceClass::B => ("B", "a third party’s snapshot of the page"),
        EvidenceClass::C => ("C", "a third party’s text of the page"),
    }
}

fn description(finding: &Finding, line: &FindingLine) -> String {
    let judgement = &finding.judgement;
    match (judgement.before.is_empty(), judgement.after.is_empty()) {
        (false, false) => {
            format!("Then: “{}” Now: “{}”", clip(&judgement.before, 130), clip(&judgement.after, 130))
        }
        (false, true) => format!("No longer found in {}: “{}”", line.policy, clip(&judgement.before, 200)),
        _ => format!("New in {}: “{}”", line.policy, clip(&judgement.after, 200)),
    }
}

/// schema.org facts about the finding.
fn facts_for_machines(context: &Context<'_>, finding: &Finding, title: &str) -> serde_json::Value {
    serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Report",
        "identifier": finding.id,
        "name": title,
        "url": context.way.canonical(&place::finding(&finding.id)),
        "datePublished": finding.first_seen_after.date_naive().to_string(),
        "dateModified": finding.retracted_at.unwrap_or(finding.first_seen_after).date_naive().to_string(),
        "about": [finding.judgement.topic.label(), context.input.service_name(&finding.policy.service)],
        "creativeWorkStatus": finding.status.key(),
        "isBasedOn": context.input.policies.get(&finding.policy).map(|declared| declared.sources.clone()),
        "publisher": { "@type": "Organization", "name": "Walkback" },
    })
}
