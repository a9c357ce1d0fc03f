//! An event: what happened, who says so, and where they disagree.

use super::line::{EventLine, Link, approximate, service_link};
use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::render::{Frame, data_block};
use crate::shown::{capitalised, count, shown};
use policy::event::{Claim, Event, Source};
use serde::Serialize;

/// An event's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub line: EventLine,
    pub until: Option<Day>,
    pub effective: Option<Day>,
    pub actors: Vec<String>,
    pub confidence: &'static str,
    pub effects: Vec<EffectRow>,
    pub disputes: Vec<Dispute>,
    pub claims: Vec<ClaimRow>,
    pub sources: Vec<SourceRow>,
    pub related: Vec<EventLine>,
}

/// What it did to one cell of the board.
#[derive(Serialize)]
pub struct EffectRow {
    pub service: Link,
    pub scope: &'static str,
    pub before: Option<String>,
    pub after: String,
    pub from: Day,
    pub area: Option<String>,
    pub note: String,
}

/// Something on which sources differ.
#[derive(Serialize)]
pub struct Dispute {
    pub about: String,
    pub claims: Vec<ClaimRow>,
}

/// What one or more sources say.
#[derive(Serialize)]
pub struct ClaimRow {
    pub about: String,
    pub says: String,
    pub date: Option<Day>,
    pub followed: bool,
    pub why: String,
    pub sources: Vec<SourceRef>,
}

/// A source named in a claim, by its place in the list.
#[derive(Serialize)]
pub struct SourceRef {
    pub id: String,
    pub publisher: String,
}

/// A source.
#[derive(Serialize)]
pub struct SourceRow {
    pub id: String,
    pub publisher: String,
    pub title: String,
    pub href: Option<String>,
    pub day: Option<Day>,
    pub primary: bool,
    pub verified: bool,
    pub cited: bool,
    pub note: String,
}

/// The list of all events.
#[derive(Serialize)]
pub struct IndexView {
    pub frame: Frame,
    pub counted: String,
    pub years: Vec<Year>,
}

/// The events of one year, newest first.
#[derive(Serialize)]
pub struct Year {
    pub year: String,
    pub events: Vec<EventLine>,
}

pub fn view(context: &Context<'_>, event: &Event) -> View {
    let line = EventLine::of(context, event);
    let mut frame =
        Frame::new(context, &place::event(&event.id), "events", &line.title).described(&line.summary);
    frame.facts = Some(data_block(&serde_json::json!({
        "@context": "https://schema.org",
        "@type": "Report",
        "identifier": event.id,
        "name": line.title,
        "description": line.summary,
        "url": context.way.canonical(&place::event(&event.id)),
        "temporalCoverage": event.date.to_string(),
        "citation": event.sources.iter().filter_map(|source| source.url.clone()).collect::<Vec<_>>(),
        "publisher": { "@type": "Organization", "name": "Walkback" },
    })));
    let disagreements = event.disagreements();
    let disputed: Vec<_> = disagreements.iter().map(|(about, _)| *about).collect();
    let related = |id: &String| context.input.events.iter().find(|other| other.id == *id);
    // The link goes both ways: an event is related to those that name it, too.
    let mut others: Vec<&Event> = event.related.iter().filter_map(related).collect();
    others.extend(context.input.events.iter().filter(|other| other.related.contains(&event.id)));
    others.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
    others.dedup_by(|a, b| a.id == b.id);
    View {
        until: event.until.map(approximate),
        effective: event.effective.map(approximate),
        actors: event.actors.iter().map(|actor| shown(actor)).collect(),
        confidence: event.confidence.key(),
        effects: event
            .effects
            .iter()
            .map(|effect| EffectRow {
                service: service_link(context, &effect.service),
                scope: effect.scope.key(),
                before: effect.before.map(super::board::told),
                after: super::board::told(effect.after),
                from: approximate(effect.from.unwrap_or(event.holds_from())),
                area: effect.area.as_deref().map(shown),
                note: shown(&effect.note),
            })
            .collect(),
        disputes: disagreements
            .iter()
            .map(|(about, claims)| Dispute {
                about: about.label(),
                claims: claims.iter().map(|claim| ClaimRow::of(event, claim)).collect(),
            })
            .collect(),
        claims: event
            .claims
            .iter()
            .filter(|claim| !disputed.contains(&claim.about))
            .map(|claim| ClaimRow::of(event, claim))
            .collect(),
        sources: event.sources.iter().map(SourceRow::of).collect(),
        related: others.into_iter().map(|other| EventLine::of(context, other)).collect(),
        line,
        frame,
    }
}

impl ClaimRow {
    fn of(event: &Event, claim: &Claim) -> Self {
        let source = |id: &String| SourceRef {
            id: shown(id),
            publisher: event.source(id).map_or_else(|| shown(id), |source| shown(&source.publisher)),
        };
        Self {
            about: capitalised(&claim.about.label()),
            says: shown(&claim.says),
            date: claim.date.map(approximate),
            followed: claim.followed,
            why: shown(&claim.why),
            sources: claim.sources.iter().map(source).collect(),
        }
    }
}

impl SourceRow {
    fn of(source: &Source) -> Self {
        let web = |url: &&String| url.starts_with("https://") || url.starts_with("http://");
        Self {
            id: shown(&source.id),
            publisher: shown(&source.publisher),
            title: shown(&source.title),
            href: source.url.as_ref().filter(web).cloned(),
            day: source.date.map(approximate),
            primary: source.primary,
            verified: source.verified,
            cited: source.cited,
            note: shown(&source.note),
        }
    }
}

pub fn index(context: &Context<'_>) -> IndexView {
    let mut frame = Frame::new(context, "events/", "events", "Events");
    frame = frame
        .described("Announcements, laws, court cases and incidents, each with its sources, newest first.");
    let mut events: Vec<&Event> = context.input.events.iter().collect();
    events.sort_by(|a, b| (b.date, &a.id).cmp(&(a.date, &b.id)));
    let mut years: Vec<Year> = Vec::new();
    for event in events {
        let line = EventLine::of(context, event);
        if years.last().is_none_or(|last| last.year != line.year) {
            years.push(Year { year: line.year.clone(), events: Vec::new() });
        }
        years.last_mut().expect("just pushed").events.push(line);
    }
    IndexView { counted: count(context.input.events.len(), "event", "events"), years, frame }
}
