//! The home page: what was taken back last, who encrypts what, what to do here.

use super::board::{self, BoardRow};
use super::line::{EventLine, FindingLine};
use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::render::Frame;
use crate::shown::thousands;
use crate::summary::Summary;
use policy::board::Board;
use policy::finding::{Finding, Kind, Status};
use policy::id::{PolicyId, VersionId};
use serde::Serialize;

/// How many of the latest reversals the page shows.
const LATEST: usize = 8;
/// How far ahead the page looks for what takes effect.
const AHEAD: chrono::Days = chrono::Days::new(90);

/// The home page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub reversals: Vec<FindingLine>,
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
    // One entry a change, its heaviest: a policy rewritten whole would otherwise fill the page.
    let mut changes: Vec<(&PolicyId, &VersionId)> = Vec::new();
    let mut latest: Vec<&&Finding> = Vec::new();
    for finding in findings.iter().filter(stands).filter(|finding| finding.judgement.severity > 1) {
        let change = (&finding.policy, &finding.to);
        if latest.len() < LATEST && !changes.contains(&change) {
            changes.push(change);
            latest.push(finding);
        }
    }
    let mut heaviest: Vec<&&Finding> = findings
        .iter()
        .filter(stands)
        .filter(|finding| finding.status == Status::Confirmed && !latest.iter().any(|l| l.id == finding.id))
        .collect();
    heaviest.sort_by(|a, b| crate::summary::heaviest_first(a, b));
    let mut policies: Vec<&PolicyId> = Vec::new();
    heaviest.retain(|finding| {
        let first = !policies.contains(&&finding.policy);
        policies.push(&finding.policy);
        first
    });
    let reversals = findings.iter().filter(stands).count();
    let mut events: Vec<_> = context.input.events.iter().filter(|event| event.step.is_some()).collect();
    events.sort_by(|a, b| (b.date, &a.id).cmp(&(a.date, &b.id)));
    let line = |finding: &&Finding| FindingLine::of(context, finding);
    View {
        upcoming: upcoming(context, findings),
        as_of: Day::on(context.as_of),
        reversals: latest.into_iter().map(line).collect(),
        heaviest: heaviest.into_iter().take(6).map(line).collect(),
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
