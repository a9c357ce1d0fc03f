//! The home page: what was taken back last, who encrypts what, what to do here.

use super::board::{self, BoardRow};
use super::line::{EventLine, FindingLine, unsure};
use super::timeline::{Entry, entries};
use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::render::Frame;
use crate::shown::thousands;
use crate::summary::{Summary, newest_first};
use policy::board::Board;
use policy::event::Event;
use policy::finding::{Finding, Kind, Status};
use policy::id::{PolicyId, VersionId};
use serde::Serialize;
use std::collections::BTreeSet;

/// How many of the latest reversals the page shows.
const LATEST: usize = 8;
/// How many that are less sure, in short.
const UNSURE: usize = 6;
/// How far ahead the page looks for what takes effect.
const AHEAD: chrono::Days = chrono::Days::new(90);

/// The home page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    /// What is sure: confirmed findings, and events told by their sources. One a service.
    pub reversals: Vec<Entry>,
    /// The newest of what the detector is less sure of.
    pub unsure: Vec<FindingLine>,
    pub heaviest: Vec<FindingLine>,
    pub upcoming: Vec<Upcoming>,
    /// The day the data end: what comes after it is to come.
    pub as_of: Day,
    pub events: Vec<EventLine>,
    pub columns: Vec<&'static str>,
    pub board: Vec<BoardRow>,
    pub numbers: Vec<Number>,
}

/// What takes effect on a day to come.
#[derive(Serialize)]
pub struct Upcoming {
    pub day: Day,
    pub title: String,
    pub href: String,
}

/// A figure with what it counts.
#[derive(Serialize)]
pub struct Number {
    pub value: String,
    pub what: &'static str,
    pub href: &'static str,
}

pub fn view(context: &Context<'_>, summaries: &[Summary], findings: &[&Finding], board: &Board) -> View {
    let frame = Frame::new(context, "", "home", "").described(
        "What platforms promise about privacy and encryption, every version on record, and what they took back.",
    );
    let stands =
        |finding: &&&Finding| finding.judgement.kind == Kind::Reversal && finding.status != Status::Retracted;
    let weighty = |finding: &&&Finding| finding.judgement.severity > 1;
    let sure = |finding: &&Finding| finding.status == Status::Confirmed && !unsure(&finding.judgement);
    let (told, less_sure): (Vec<&Finding>, Vec<&Finding>) =
        findings.iter().filter(stands).filter(weighty).copied().partition(sure);
    let happened =
        |event: &&Event| event.step == Some(Kind::Reversal) && event.date.first_day() <= context.as_of;
    let took: Vec<&Event> = context.input.events.iter().filter(happened).collect();
    // One entry a service: a policy rewritten whole, or an end announced and then come, would fill the page.
    let mut services: BTreeSet<String> = BTreeSet::new();
    let mut latest = entries(context, &told, &took);
    latest.retain(|entry| {
        let about: Vec<String> = entry.services().into_iter().cloned().collect();
        let first = about.iter().all(|name| !services.contains(name));
        services.extend(about);
        first
    });
    latest.truncate(LATEST);
    let front: BTreeSet<&str> = latest.iter().map(Entry::id).collect();
    // One entry a change, its heaviest.
    let mut changes: BTreeSet<(&PolicyId, &VersionId)> = BTreeSet::new();
    let less_sure: Vec<&Finding> =
        less_sure.into_iter().filter(|f| changes.insert((&f.policy, &f.to))).take(UNSURE).collect();
    let mut heaviest: Vec<&&Finding> =
        findings.iter().filter(stands).filter(|finding| finding.status == Status::Confirmed).collect();
    let weight = |finding: &Finding| finding.judgement.weight;
    heaviest.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| newest_first(a, b)));
    // One a service: what it took back often stands on several of its pages. None that heads the page already.
    let mut heavy: BTreeSet<&str> = latest.iter().flat_map(Entry::services).map(String::as_str).collect();
    heaviest.retain(|finding| heavy.insert(&finding.policy.service));
    let reversals = findings.iter().filter(stands).count();
    let mut events: Vec<_> = context.input.events.iter().filter(|event| event.step.is_some()).collect();
    events.retain(|event| !front.contains(event.id.as_str()));
    events.sort_by(|a, b| (b.date, &a.id).cmp(&(a.date, &b.id)));
    let line = |finding: &Finding| FindingLine::of(context, finding);
    View {
        upcoming: upcoming(context, findings),
        as_of: Day::on(context.as_of),
        unsure: less_sure.into_iter().map(line).collect(),
        heaviest: heaviest.into_iter().take(6).map(|finding| line(finding)).collect(),
        events: events
            .into_iter()
            .filter(|event| event.date.first_day() <= context.as_of)
            .take(6)
            .map(|event| EventLine::of(context, event))
            .collect(),
        columns: board::columns(),
        board: board::rows(context, board),
        numbers: vec![
            Number { value: thousands(summaries.len()), what: "policies on record", href: "services/" },
            Number {
                value: thousands(summaries.iter().map(|summary| summary.versions).sum()),
                what: "versions of them",
                href: "coverage/",
            },
            Number { value: thousands(reversals), what: "reversals found", href: "timeline/" },
            Number {
                value: thousands(context.input.events.len()),
                what: "events with sources",
                href: "events/",
            },
        ],
        reversals: latest,
        frame,
    }
}

/// What the findings and events say will take effect in the days after the data end, soonest first.
fn upcoming(context: &Context<'_>, findings: &[&Finding]) -> Vec<Upcoming> {
    let Some(first) = context.as_of.succ_opt() else { return Vec::new() };
    let Some(last) = context.as_of.checked_add_days(AHEAD) else { return Vec::new() };
    let found = findings.iter().filter(|finding| finding.status != Status::Retracted).filter_map(|finding| {
        let day = finding.judgement.effective.filter(|day| (first..=last).contains(day))?;
        let line = FindingLine::of(context, finding);
        Some((day, format!("{}: {}", line.service, line.headline), line.href))
    });
    let happening = policy::event::taking_effect(&context.input.events, first, last)
        .into_iter()
        .map(|(day, event)| (day, EventLine::of(context, event).title, place::event(&event.id)));
    let mut all: Vec<_> = found.chain(happening).collect();
    all.sort();
    all.into_iter().map(|(day, title, href)| Upcoming { day: Day::on(day), title, href }).collect()
}
