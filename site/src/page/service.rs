//! A service: its line of the encryption board, what was found, its policies, its events.

use super::board::{self, BoardRow};
use super::line::{EventLine, FindingLine};
use crate::date::Day;
use crate::input::Context;
use crate::place::{self, Channel, Form};
use crate::render::Frame;
use crate::shown::{count, shown};
use crate::summary::{Summary, newest_first};
use policy::board::Board;
use policy::finding::Kind;
use serde::Serialize;
use std::collections::BTreeMap;

/// A service's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub name: String,
    pub operator: Option<String>,
    pub jumps: Vec<Jump>,
    pub columns: Vec<&'static str>,
    pub board: Option<BoardRow>,
    pub findings: Vec<FindingLine>,
    pub more: usize,
    pub policies: Vec<PolicyRow>,
    pub events: Vec<EventLine>,
    pub feeds: Vec<Feed>,
}

/// A part of the page, with how much it holds.
#[derive(Debug, Clone, Serialize)]
pub struct Jump {
    pub to: &'static str,
    pub said: String,
}

/// The parts that hold something.
pub fn jumps(parts: &[(&'static str, usize, &str, &str)]) -> Vec<Jump> {
    let held = parts.iter().filter(|(_, number, ..)| *number > 0);
    held.map(|(to, number, one, many)| Jump { to, said: count(*number, one, many) }).collect()
}

/// A policy in its service's list.
#[derive(Debug, Clone, Serialize)]
pub struct PolicyRow {
    pub name: String,
    pub href: Option<String>,
    pub kind: String,
    pub versions: String,
    pub findings: usize,
    pub reversals: usize,
    pub changed: Option<Day>,
    pub seen: Option<Day>,
}

/// One of a channel's feeds.
#[derive(Debug, Clone, Serialize)]
pub struct Feed {
    pub name: &'static str,
    pub href: String,
}

/// The list of all services.
#[derive(Serialize)]
pub struct IndexView {
    pub frame: Frame,
    pub counted: String,
    pub letters: Vec<Letter>,
}

/// Services under one initial.
#[derive(Serialize)]
pub struct Letter {
    pub letter: String,
    pub services: Vec<ServiceRow>,
}

/// A service in the list.
#[derive(Serialize)]
pub struct ServiceRow {
    pub name: String,
    pub href: String,
    pub operator: Option<String>,
    pub policies: String,
    pub reversals: usize,
    pub findings: usize,
}

pub fn view(context: &Context<'_>, id: &str, summaries: &[&Summary], board: &Board) -> View {
    let input = context.input;
    let name = shown(input.service_name(id));
    let mut found: Vec<_> = summaries.iter().flat_map(|summary| &summary.findings).collect();
    found.sort_by(|a, b| newest_first(a, b));
    let mut frame = Frame::new(context, &place::service(id), "services", &name).described(&format!(
        "What {name} promised about privacy and encryption, and what is left of it: {}, {}.",
        count(summaries.len(), "policy", "policies"),
        count(found.len(), "finding", "findings")
    ));
    frame.channel(Channel::Service(id), &name);
    let concerned =
        |event: &&policy::event::Event| event.concerns(id) || event.concerns(input.service_name(id));
    let mut events: Vec<EventLine> =
        input.events.iter().filter(concerned).map(|event| EventLine::of(context, event)).collect();
    events.reverse();
    let shown_findings = 60;
    let policies = policy_rows(context, id, summaries);
    let reversals = found.iter().filter(|finding| finding.judgement.kind == Kind::Reversal).count();
    let mut jumps = jumps(&[
        ("policies", policies.len(), "policy", "policies"),
        ("findings", found.len(), "finding", "findings"),
        ("events", events.len(), "event", "events"),
    ]);
    if let Some(jump) = jumps.iter_mut().find(|jump| jump.to == "findings" && reversals > 0) {
        jump.said = format!(
            "{}, {} of them {}",
            jump.said,
            reversals,
            if reversals == 1 { "a reversal" } else { "reversals" }
        );
    }
    View {
        jumps,
        operator: input.services.get(id).and_then(|service| service.operator.as_deref()).map(shown),
        columns: board::columns(),
        board: board
            .rows
            .iter()
            .find(|row| row.service == id || row.service == input.service_name(id))
            .map(|row| BoardRow::of(context, row)),
        more: found.len().saturating_sub(shown_findings),
        findings: found
            .iter()
            .take(shown_findings)
            .map(|finding| FindingLine::of(context, finding))
            .collect(),
        policies,
        events,
        feeds: feeds(Channel::Service(id)),
        name,
        frame,
    }
}

/// Archived and declared policies, by name: one that was never captured is listed too.
fn policy_rows(context: &Context<'_>, id: &str, summaries: &[&Summary]) -> Vec<PolicyRow> {
    let mut rows: BTreeMap<String, PolicyRow> = BTreeMap::new();
    for (policy, declared) in context.input.policies.iter().filter(|(policy, _)| policy.service == id) {
        rows.insert(
            policy.name.clone(),
            PolicyRow {
                name: shown(&policy.name),
                href: None,
                kind: shown(&declared.kind),
                versions: "never captured".into(),
                findings: 0,
                reversals: 0,
                changed: None,
                seen: None,
            },
        );
    }
    for summary in summaries {
        let kind = rows.get(&summary.policy.name).map(|row| row.kind.clone()).unwrap_or_default();
        rows.insert(
            summary.policy.name.clone(),
            PolicyRow {
                name: shown(&summary.policy.name),
                href: Some(place::policy(&summary.policy)),
                kind,
                versions: count(summary.versions, "version", "versions"),
                findings: summary.findings.len(),
                reversals: reversals(summary),
                changed: summary.changed.map(Day::of),
                seen: summary.seen_until.map(Day::of),
            },
        );
    }
    rows.into_values().collect()
}

fn reversals(summary: &Summary) -> usize {
    summary.findings.iter().filter(|finding| finding.judgement.kind == Kind::Reversal).count()
}

pub fn feeds(channel: Channel<'_>) -> Vec<Feed> {
    [("Atom", Form::Atom), ("JSON Feed", Form::Json), ("Calendar", Form::Calendar)]
        .map(|(name, form)| Feed { name, href: place::feed(channel, form) })
        .into()
}

pub fn index(context: &Context<'_>, services: &BTreeMap<&str, Vec<&Summary>>) -> IndexView {
    let frame = Frame::new(context, "services/", "services", "Services")
        .described("Every service whose policies, help and security pages are on record.");
    let mut rows: Vec<ServiceRow> = services
        .iter()
        .map(|(id, summaries)| ServiceRow {
            name: shown(context.input.service_name(id)),
            href: place::service(id),
            operator: context
                .input
                .services
                .get(*id)
                .and_then(|service| service.operator.as_deref())
                .map(shown),
            policies: match summaries.len() {
                0 => "nothing captured yet".to_owned(),
                many => count(many, "policy", "policies"),
            },
            reversals: summaries.iter().map(|summary| reversals(summary)).sum(),
            findings: summaries.iter().map(|summary| summary.findings.len()).sum(),
        })
        .collect();
    rows.sort_by_cached_key(|row| (row.name.to_lowercase(), row.href.clone()));
    let mut letters: Vec<Letter> = Vec::new();
    for row in rows {
        let first = row.name.chars().next().filter(|c| c.is_alphabetic());
        let letter = first.map_or("#".to_owned(), |c| c.to_uppercase().collect());
        if letters.last().is_none_or(|last| last.letter != letter) {
            letters.push(Letter { letter, services: Vec::new() });
        }
        letters.last_mut().expect("just pushed").services.push(row);
    }
    IndexView { counted: count(services.len(), "service", "services"), letters, frame }
}
