//! The timeline: what was found and what happened, as lanes and as a table that says the same.
//!
//! One page shows all years by topic and by service; each year has a page of its own with every
//! finding and event, so that one may look closer without a script.

use super::board::Tick;
use super::line::{EventLine, FindingLine, Link, service_link};
use crate::input::Context;
use crate::place;
use crate::render::Frame;
use crate::shown::{capitalised, count, shown};
use chrono::{Datelike as _, NaiveDate};
use policy::event::Event;
use policy::finding::{Finding, Kind, Topic};
use serde::Serialize;
use std::collections::BTreeMap;

const LEFT: i32 = 190;
const WIDTH: i32 = 1180;
const LANE: i32 = 22;

/// The timeline of all years.
#[derive(Serialize)]
pub struct IndexView {
    pub frame: Frame,
    pub years: Vec<YearLink>,
    pub topics: Drawing,
    pub services: Drawing,
    pub left_out: usize,
    pub latest: Vec<Entry>,
}

/// One year's page.
#[derive(Serialize)]
pub struct YearView {
    pub frame: Frame,
    pub year: i32,
    pub years: Vec<YearLink>,
    pub counted: String,
    pub drawing: Drawing,
    pub entries: Vec<Entry>,
    pub topics: Vec<Choice>,
    pub services: Vec<String>,
}

/// A year with its page.
#[derive(Debug, Clone, Serialize)]
pub struct YearLink {
    pub year: i32,
    pub href: String,
    pub here: bool,
}

/// A choice of the filter.
#[derive(Serialize)]
pub struct Choice {
    pub key: &'static str,
    pub label: String,
}

/// Lanes with marks.
#[derive(Serialize)]
pub struct Drawing {
    pub width: i32,
    pub height: i32,
    pub left: i32,
    pub ticks: Vec<Tick>,
    pub labels: Vec<Label>,
    pub lanes: Vec<Lane>,
}

/// A word under the axis: a month, where years are too coarse.
#[derive(Serialize)]
pub struct Label {
    pub x: i32,
    pub text: String,
}

/// One service or topic.
#[derive(Serialize)]
pub struct Lane {
    pub y: i32,
    pub name: String,
    pub href: Option<String>,
    pub marks: Vec<Mark>,
}

/// One finding, event, or several in one place.
#[derive(Debug, Serialize)]
pub struct Mark {
    pub x: i32,
    pub size: i32,
    /// `reversal`, `expansion`, `strengthening`, `event`.
    pub kind: &'static str,
    pub topic: &'static str,
    /// An event that took a promise back.
    pub took: bool,
    pub faded: bool,
    pub href: String,
    pub title: String,
}

/// A line of a table or list: a finding or an event.
#[derive(Debug, Serialize)]
pub struct Entry {
    pub finding: Option<FindingLine>,
    pub event: Option<EventLine>,
}

impl Entry {
    pub fn id(&self) -> &str {
        match (&self.finding, &self.event) {
            (Some(finding), _) => &finding.id,
            (_, Some(event)) => &event.id,
            (None, None) => "",
        }
    }

    /// The services it is about, by name.
    pub fn services(&self) -> Vec<&String> {
        let found = self.finding.iter().map(|finding| &finding.service);
        found
            .chain(self.event.iter().flat_map(|event| event.services.iter().map(|link| &link.name)))
            .collect()
    }
}

/// The years on record, oldest first.
pub fn years(context: &Context<'_>, findings: &[&Finding]) -> Vec<i32> {
    let found = findings.iter().map(|finding| finding.first_seen_after.year());
    let mut years: Vec<i32> =
        found.chain(context.input.events.iter().map(|event| event.date.year())).collect();
    years.sort_unstable();
    years.dedup();
    years
}

fn year_links(years: &[i32], here: Option<i32>) -> Vec<YearLink> {
    years
        .iter()
        .map(|year| YearLink { year: *year, href: year_place(*year), here: Some(*year) == here })
        .collect()
}

/// `timeline/2026/`
pub fn year_place(year: i32) -> String {
    format!("timeline/{year}/")
}

/// The year's page, showing the reversals about one topic.
pub fn reversals_of(year: i32, topic: Topic) -> String {
    format!("{}?kind=reversal&topic={}", year_place(year), topic.key())
}

/// An axis from one day to another.
struct Axis {
    from: NaiveDate,
    days: i64,
}

impl Axis {
    fn years(from: i32, to: i32) -> Self {
        let day = |year| NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default();
        Self { from: day(from), days: (day(to) - day(from)).num_days().max(1) }
    }

    fn x(&self, day: NaiveDate) -> i32 {
        let room = i64::from(WIDTH - LEFT - 20);
        LEFT + 8 + i32::try_from((day - self.from).num_days() * room / self.days).unwrap_or(0)
    }
}

fn finding_mark(axis: &Axis, finding: &Finding) -> Mark {
    let judgement = &finding.judgement;
    let day = finding.first_seen_after.date_naive();
    Mark {
        x: axis.x(day),
        size: 3 + i32::from(judgement.severity),
        kind: judgement.kind.key(),
        topic: judgement.topic.key(),
        took: false,
        faded: super::line::caveat(finding).is_some(),
        href: place::finding(&finding.id),
        title: format!("{}: {}", crate::date::written(day), super::line::headline(finding)),
    }
}

fn event_mark(axis: &Axis, event: &Event) -> Mark {
    Mark {
        x: axis.x(event.date.first_day()),
        size: 5,
        kind: "event",
        topic: event.topics.first().map_or("", |topic| topic.key()),
        took: event.step == Some(Kind::Reversal),
        faded: false,
        href: place::event(&event.id),
        title: format!("{}: {}", super::line::approximate(event.date).text, shown(&event.title)),
    }
}

/// Lanes a service: its findings and the events that concern it.
fn service_lanes(
    context: &Context<'_>,
    axis: &Axis,
    findings: &[&Finding],
    events: &[&Event],
    most: usize,
) -> (Vec<Lane>, usize) {
    let mut by_service: BTreeMap<String, (Link, f32, Vec<Mark>)> = BTreeMap::new();
    for finding in findings {
        let link = service_link(context, &finding.policy.service);
        let lane = by_service.entry(link.name.clone()).or_insert_with(|| (link, 0.0, Vec::new()));
        lane.1 += finding.judgement.weight.max(0.1);
        lane.2.push(finding_mark(axis, finding));
    }
    for event in events {
        for service in &event.services {
            let link = service_link(context, service);
            let lane = by_service.entry(link.name.clone()).or_insert_with(|| (link, 0.0, Vec::new()));
            // Somebody wrote this entry by hand: such a service belongs among the first.
            lane.1 += 4.0;
            lane.2.push(event_mark(axis, event));
        }
    }
    let mut lanes: Vec<(Link, f32, Vec<Mark>)> = by_service.into_values().collect();
    lanes.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.name.cmp(&b.0.name)));
    let left_out = lanes.len().saturating_sub(most);
    lanes.truncate(most);
    lanes.sort_by_cached_key(|(link, _, _)| link.name.to_lowercase());
    let lanes = lanes.into_iter().enumerate().map(|(i, (link, _, mut marks))| {
        // Reversals are drawn last, on top.
        marks.sort_by_key(|mark| (mark.kind == "reversal" || mark.took, mark.x));
        Lane { y: lane_y(i), name: clip_name(&link.name), href: link.href, marks }
    });
    (lanes.collect(), left_out)
}

fn clip_name(name: &str) -> String {
    crate::shown::clip(name, 24)
}

fn lane_y(index: usize) -> i32 {
    44 + i32::try_from(index).unwrap_or(0) * LANE
}

fn drawing(lanes: Vec<Lane>, ticks: Vec<Tick>, labels: Vec<Label>) -> Drawing {
    let height = lane_y(lanes.len());
    Drawing { width: WIDTH, height, left: LEFT, ticks, labels, lanes }
}

pub fn index(context: &Context<'_>, findings: &[&Finding]) -> IndexView {
    let known = years(context, findings);
    let frame = Frame::new(context, "timeline/", "timeline", "Timeline")
        .described("Promises taken back, practices widened and events, by topic, by service and by year.")
        .script(context, "static/js/lanes.js");
    let (from, to) = (known.first().copied().unwrap_or(2020), known.last().copied().unwrap_or(2020) + 1);
    // One far year would press all others together; the lanes begin where there is something to see.
    let from = from.max(to - 16);
    let axis = Axis::years(from, to);
    let ticks = || {
        (from..=to)
            .map(|year| Tick { x: axis.x(NaiveDate::from_ymd_opt(year, 1, 1).unwrap_or_default()), year })
            .collect::<Vec<_>>()
    };
    let recent: Vec<&Finding> =
        findings.iter().copied().filter(|f| f.first_seen_after.year() >= from).collect();
    let reversals: Vec<&Finding> = recent
        .iter()
        .copied()
        .filter(|f| f.judgement.kind == Kind::Reversal && f.judgement.severity > 1)
        .collect();
    let events: Vec<&Event> = context
        .input
        .events
        .iter()
        .filter(|event| event.date.year() >= from && (event.step.is_some() || !event.effects.is_empty()))
        .collect();
    let (lanes, left_out) = service_lanes(context, &axis, &reversals, &events, 48);
    let topics = Topic::ALL
        .into_iter()
        .enumerate()
        .map(|(i, topic)| Lane {
            y: lane_y(i),
            name: capitalised(topic.label()),
            href: Some(place::topic(topic)),
            marks: quarters(&axis, topic, &recent),
        })
        .collect();
    let latest = entries(context, &recent, &[]).into_iter().take(25).collect();
    IndexView {
        years: year_links(&known, None),
        topics: drawing(topics, ticks(), Vec::new()),
        services: drawing(lanes, ticks(), Vec::new()),
        left_out,
        latest,
        frame,
    }
}

/// One mark a quarter of a year: how many promises about the topic were taken back in it.
fn quarters(axis: &Axis, topic: Topic, findings: &[&Finding]) -> Vec<Mark> {
    let mut quarters: BTreeMap<(i32, u32), usize> = BTreeMap::new();
    for finding in
        findings.iter().filter(|f| f.judgement.topic == topic && f.judgement.kind == Kind::Reversal)
    {
        let day = finding.first_seen_after.date_naive();
        *quarters.entry((day.year(), day.month0() / 3)).or_default() += 1;
    }
    let mark = |((year, quarter), number): ((i32, u32), usize)| Mark {
        x: axis.x(NaiveDate::from_ymd_opt(year, quarter * 3 + 2, 15).unwrap_or_default()),
        size: 2
            + i32::try_from(number.min(12)).unwrap_or(12).min(4)
            + i32::from(number > 6)
            + i32::from(number > 11),
        kind: "reversal",
        topic: topic.key(),
        took: false,
        faded: false,
        href: reversals_of(year, topic),
        title: format!("{}, quarter {} of {year}", count(number, "reversal", "reversals"), quarter + 1),
    };
    quarters.into_iter().map(mark).collect()
}

/// Findings and events together, newest first.
pub fn entries(context: &Context<'_>, findings: &[&Finding], events: &[&Event]) -> Vec<Entry> {
    let mut entries: Vec<(NaiveDate, String, Entry)> = Vec::new();
    for finding in findings {
        let line = FindingLine::of(context, finding);
        let day = finding.first_seen_after.date_naive();
        entries.push((day, line.id.clone(), Entry { finding: Some(line), event: None }));
    }
    for event in events {
        let line = EventLine::of(context, event);
        entries.push((event.date.first_day(), line.id.clone(), Entry { finding: None, event: Some(line) }));
    }
    entries.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    entries.into_iter().map(|(_, _, entry)| entry).collect()
}

pub fn year(context: &Context<'_>, findings: &[&Finding], year: i32) -> YearView {
    let known = years(context, findings);
    let findings: Vec<&Finding> =
        findings.iter().copied().filter(|finding| finding.first_seen_after.year() == year).collect();
    let events: Vec<&Event> = context.input.events.iter().filter(|event| event.date.year() == year).collect();
    let axis = Axis::years(year, year + 1);
    let (lanes, _) = service_lanes(context, &axis, &findings, &events, usize::MAX);
    let month = |month: u32| NaiveDate::from_ymd_opt(year, month, 1).unwrap_or_default();
    let ticks = (1..=12).map(|m| Tick { x: axis.x(month(m)), year: 0 }).collect();
    let labels =
        (1..=12).map(|m| Label { x: axis.x(month(m)), text: month(m).format("%b").to_string() }).collect();
    let mut topics: Vec<Topic> = findings.iter().map(|f| f.judgement.topic).collect();
    topics.extend(events.iter().flat_map(|event| event.topics.iter().copied()));
    topics.sort_unstable();
    topics.dedup();
    let mut services: Vec<String> =
        findings.iter().map(|f| shown(context.input.service_name(&f.policy.service))).collect();
    services.sort();
    services.dedup();
    YearView {
        frame: Frame::new(context, &year_place(year), "timeline", &format!("Timeline of {year}"))
            .described(&format!("Every finding and event of {year}, by service."))
            .script(context, "static/js/timeline.js")
            .script(context, "static/js/lanes.js"),
        years: year_links(&known, Some(year)),
        counted: format!(
            "{}, {}",
            count(findings.len(), "finding", "findings"),
            count(events.len(), "event", "events")
        ),
        drawing: drawing(lanes, ticks, labels),
        entries: entries(context, &findings, &events),
        topics: topics.into_iter().map(|t| Choice { key: t.key(), label: capitalised(t.label()) }).collect(),
        services,
        year,
    }
}
