//! A finding or event in one entry of a list, and the words both are told in.

use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::shown::{capitalised, clip_to_end, shown};
use crate::wording::{Run, excerpt, runs};
use policy::event::{Event, EventDate, Precision};
use policy::finding::{Finding, Judgement, Kind, Status, Topic};
use policy::id::FindingId;
use rayon::prelude::*;
use serde::Serialize;
use std::collections::HashMap;

/// How many characters of a sentence lists show.
const MOST_SHOWN: usize = 360;
/// How many characters lists show of what an item hangs under.
const LEAD: usize = 120;

/// A finding as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct FindingLine {
    pub id: String,
    pub href: String,
    pub kind: &'static str,
    pub kind_label: String,
    pub topic: &'static str,
    pub topic_label: String,
    pub topic_href: String,
    pub service: String,
    pub service_href: String,
    pub policy: String,
    pub policy_href: String,
    pub headline: String,
    pub day: Day,
    pub year: String,
    pub effective: Option<Day>,
    pub severity: u8,
    pub severity_label: &'static str,
    pub status: &'static str,
    /// Said beside the headline, where the finding does not simply stand.
    pub caveat: Option<&'static str>,
    pub silent: bool,
    /// What an item of a list hangs under: "We do not:".
    pub then_lead: Option<String>,
    pub now_lead: Option<String>,
    pub then: Vec<Run>,
    pub now: Vec<Run>,
}

/// Findings as lists show them, made once for the many pages and feeds that do.
#[derive(Debug, Default)]
pub struct Lines(HashMap<FindingId, FindingLine>);

impl Lines {
    pub fn of(context: &Context<'_>, findings: &[&Finding]) -> Self {
        let line = |finding: &&Finding| (finding.id.clone(), FindingLine::made(context, finding));
        Self(findings.par_iter().map(line).collect())
    }
}

impl FindingLine {
    pub fn of(context: &Context<'_>, finding: &Finding) -> Self {
        context.lines.0.get(&finding.id).cloned().unwrap_or_else(|| Self::made(context, finding))
    }

    fn made(context: &Context<'_>, finding: &Finding) -> Self {
        let judgement = &finding.judgement;
        let (then, now) = runs(&judgement.before, &judgement.after);
        let (then, now) = (excerpt(then, MOST_SHOWN), excerpt(now, MOST_SHOWN));
        Self {
            id: finding.id.to_string(),
            href: place::finding(&finding.id),
            kind: judgement.kind.key(),
            kind_label: capitalised(judgement.kind.key()),
            topic: judgement.topic.key(),
            topic_label: judgement.topic.label().to_owned(),
            topic_href: place::topic(judgement.topic),
            service: shown(context.input.service_name(&finding.policy.service)),
            service_href: place::service(&finding.policy.service),
            policy: shown(&finding.policy.name),
            policy_href: place::policy(&finding.policy),
            headline: headline(finding),
            day: Day::of(finding.first_seen_after),
            year: finding.first_seen_after.format("%Y").to_string(),
            effective: judgement.effective.map(Day::on),
            severity: judgement.severity,
            severity_label: weight(judgement),
            status: finding.status.key(),
            caveat: caveat(finding),
            silent: judgement.silent,
            then_lead: lead_in(judgement.lead_in_before.as_deref(), &judgement.before, LEAD),
            now_lead: lead_in(judgement.lead_in_after.as_deref(), &judgement.after, LEAD),
            then,
            now,
        }
    }
}

/// What an item hangs under, in at most `most` characters of its end; `None` where the sentence says it itself.
pub fn lead_in(lead_in: Option<&str>, sentence: &str, most: usize) -> Option<String> {
    lead_in.filter(|lead| !sentence.starts_with(*lead)).map(|lead| clip_to_end(lead, most))
}

/// An event as lists show it.
#[derive(Debug, Clone, Serialize)]
pub struct EventLine {
    pub id: String,
    pub href: String,
    pub title: String,
    pub kind_label: String,
    /// What it did to a promise: `reversal`, …; empty where nothing says.
    pub step: &'static str,
    pub day: Day,
    pub year: String,
    pub services: Vec<Link>,
    pub topics: Vec<String>,
    pub topic_keys: Vec<&'static str>,
    pub contested: bool,
    pub summary: String,
}

/// A name with the page behind it, where there is one.
#[derive(Debug, Clone, Serialize)]
pub struct Link {
    pub name: String,
    pub href: Option<String>,
}

impl EventLine {
    pub fn of(context: &Context<'_>, event: &Event) -> Self {
        Self {
            id: event.id.clone(),
            href: place::event(&event.id),
            title: shown(&event.title),
            kind_label: event.kind.label(),
            step: event.step.map_or("", Kind::key),
            day: approximate(event.date),
            year: event.date.year().to_string(),
            services: event.services.iter().map(|name| service_link(context, name)).collect(),
            topics: event.topics.iter().map(|topic| topic.label().to_owned()).collect(),
            topic_keys: event.topics.iter().map(|topic| topic.key()).collect(),
            contested: event.is_contested(),
            summary: shown(&event.summary),
        }
    }
}

/// The service an event names, by its id or by its name, with its page where it is declared.
pub fn service_link(context: &Context<'_>, name: &str) -> Link {
    let declared = &context.input.services;
    let id = declared
        .contains_key(name)
        .then_some(name)
        .or_else(|| declared.iter().find(|(_, service)| service.name == name).map(|(id, _)| id.as_str()));
    Link { name: shown(id.map_or(name, |id| context.input.service_name(id))), href: id.map(place::service) }
}

/// A date as precise as it is known: `8 May 2026`, `May 2026`, `2026`.
pub fn approximate(date: EventDate) -> Day {
    let first = date.first_day();
    let text = match date.precision() {
        Precision::Year => first.format("%Y").to_string(),
        Precision::Month => first.format("%B %Y").to_string(),
        Precision::Day => return Day::on(first),
    };
    Day { iso: date.to_string(), text }
}

/// What a finding says, in one line that is never surer than the evidence.
pub fn headline(finding: &Finding) -> String {
    let judgement = &finding.judgement;
    if let Some(step) = encryption_step(judgement) {
        return step;
    }
    let topic = judgement.topic.label();
    let maybe = if unsure(judgement) { "possibly " } else { "" };
    match judgement.kind {
        Kind::Reversal if judgement.after.is_empty() => format!("Promise about {topic} {maybe}removed"),
        Kind::Reversal => format!("Promise about {topic} {maybe}weakened"),
        Kind::Expansion => format!("More {maybe}allowed: {topic}"),
        Kind::Strengthening if !judgement.before.is_empty() => {
            format!("Promise about {topic} {maybe}strengthened")
        }
        Kind::Strengthening if maybe.is_empty() => format!("New promise about {topic}"),
        Kind::Strengthening => format!("Possibly a new promise about {topic}"),
    }
}

/// `End-to-end encryption of chats: by default → opt-in`, where both states are known.
fn encryption_step(judgement: &Judgement) -> Option<String> {
    if judgement.topic != Topic::Encryption {
        return None;
    }
    let (before, after) = (judgement.state_before.as_deref()?, judgement.state_after.as_deref()?);
    // Where the states do not move the way the finding says, they are not what it is about.
    let [from, to] = [before, after].map(|key| key.parse::<policy::event::State>().ok());
    let moves = match judgement.kind {
        Kind::Strengthening => to < from,
        Kind::Reversal | Kind::Expansion => to > from,
    };
    if !moves {
        return None;
    }
    let scope = if judgement.scope.is_empty() {
        String::new()
    } else {
        format!(" of {}", judgement.scope.join(", "))
    };
    let maybe = if unsure(judgement) { " (possibly)" } else { "" };
    Some(format!("End-to-end encryption{scope}: {} → {}{maybe}", state(before), state(after)))
}

/// An encryption state as people read it.
pub fn state(key: &str) -> String {
    key.parse::<policy::event::State>().map_or_else(|_| key.replace('_', " "), super::board::told)
}

/// Said only with "possibly".
pub fn unsure(judgement: &Judgement) -> bool {
    judgement.confidence < 0.6
}

/// How sure the detector is, in words, beside the number.
pub fn confidence(judgement: &Judgement) -> &'static str {
    match judgement.confidence {
        c if c >= 0.85 => "high",
        c if c >= 0.6 => "medium",
        _ => "low",
    }
}

pub fn severity(severity: u8) -> &'static str {
    match severity {
        0 | 1 => "minor",
        2 => "notable",
        _ => "severe",
    }
}

/// The severity in the word that fits: nobody suffers from a strengthening.
pub fn weight(judgement: &Judgement) -> &'static str {
    match (judgement.kind, judgement.severity) {
        (Kind::Strengthening, 3..) => "major",
        (_, level) => severity(level),
    }
}

/// What has to be said beside a finding that does not simply stand.
pub fn caveat(finding: &Finding) -> Option<&'static str> {
    match finding.status {
        Status::Confirmed => None,
        Status::Provisional => Some("provisional"),
        Status::Retracted => Some("retracted"),
    }
}
