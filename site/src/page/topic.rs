//! A topic: what was found about it across all services. And the list of all findings by topic.

use super::line::{EventLine, FindingLine};
use super::service::{Feed, Jump, feeds, jumps};
use super::timeline::{Entry, entries, reversals_of};
use crate::input::Context;
use crate::place::{self, Channel};
use crate::render::Frame;
use crate::shown::capitalised;
use chrono::Datelike as _;
use policy::event::Event;
use policy::finding::{Finding, Kind, Status, Topic};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// How many reversals a topic's page lists; the timeline holds them all.
const LISTED: usize = 80;
/// How many of the heaviest reversals head the page of all findings.
const HEAVIEST: usize = 20;
/// How many of what took nothing back.
const OTHERS: usize = 30;

/// A topic's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub label: String,
    pub jumps: Vec<Jump>,
    /// Reversals found, and events that took a promise back.
    pub reversals: Vec<Entry>,
    pub years: Vec<YearRow>,
    pub expansions: Vec<FindingLine>,
    pub strengthenings: Vec<FindingLine>,
    /// Findings that are not listed here.
    pub more: usize,
    pub events: Vec<EventLine>,
    pub feeds: Vec<Feed>,
}

/// How many reversals a year brought, with the page that lists them.
#[derive(Serialize)]
pub struct YearRow {
    pub year: i32,
    pub href: String,
    pub number: usize,
}

/// The page of all topics: the way into the findings.
#[derive(Serialize)]
pub struct IndexView {
    pub frame: Frame,
    pub topics: Vec<TopicRow>,
    /// Reversals that stand, heaviest first: what a journalist would report comes first.
    pub heaviest: Vec<FindingLine>,
    pub latest: Vec<FindingLine>,
}

/// A topic with how often what was found.
#[derive(Serialize)]
pub struct TopicRow {
    pub label: String,
    pub href: String,
    pub reversals: usize,
    pub expansions: usize,
    pub strengthenings: usize,
}

pub fn view(context: &Context<'_>, topic: Topic, findings: &[&Finding]) -> View {
    let label = capitalised(topic.label());
    let found = |kind: Kind| -> Vec<&Finding> {
        let about = findings.iter().copied().filter(|finding| finding.judgement.topic == topic);
        about.filter(|finding| finding.judgement.kind == kind).collect()
    };
    let [reversals, expansions, strengthenings] =
        [Kind::Reversal, Kind::Expansion, Kind::Strengthening].map(found);
    let lines = |list: &[&Finding]| -> Vec<FindingLine> {
        list.iter().take(OTHERS).map(|finding| FindingLine::of(context, finding)).collect()
    };
    let mut frame = Frame::new(context, &place::topic(topic), "findings", &label)
        .described(&format!("Promises about {} kept, weakened and taken back.", topic.label()));
    frame.channel(Channel::Topic(topic), &label);
    let (took, others): (Vec<&Event>, Vec<&Event>) = context
        .input
        .events
        .iter()
        .filter(|event| event.topics.contains(&topic) && event.step.is_some())
        .partition(|event| event.step == Some(Kind::Reversal));
    let mut taken = entries(context, &reversals, &took);
    let mut years: BTreeMap<i32, usize> = BTreeMap::new();
    let found = reversals.iter().map(|finding| finding.first_seen_after.year());
    for year in found.chain(took.iter().map(|event| event.date.year())) {
        *years.entry(year).or_default() += 1;
    }
    let jumps = jumps(&[
        ("reversals", taken.len(), "reversal", "reversals"),
        ("expansions", expansions.len(), "expansion", "expansions"),
        ("strengthenings", strengthenings.len(), "strengthening", "strengthenings"),
        ("events", others.len(), "other event", "other events"),
    ]);
    let more = taken.len().saturating_sub(LISTED)
        + expansions.len().saturating_sub(OTHERS)
        + strengthenings.len().saturating_sub(OTHERS);
    taken.truncate(LISTED);
    View {
        jumps,
        more,
        reversals: taken,
        years: years
            .into_iter()
            .rev()
            .map(|(year, number)| YearRow { year, href: reversals_of(year, topic), number })
            .collect(),
        expansions: lines(&expansions),
        strengthenings: lines(&strengthenings),
        events: others.iter().rev().take(LISTED).map(|event| EventLine::of(context, event)).collect(),
        feeds: feeds(Channel::Topic(topic)),
        label,
        frame,
    }
}

/// Settled reversals, heaviest first; what one service took back with one sentence on several pages comes once.
fn heaviest<'a>(findings: &[&'a Finding]) -> impl Iterator<Item = &'a Finding> {
    let stands =
        |finding: &&Finding| finding.judgement.kind == Kind::Reversal && finding.status == Status::Confirmed;
    let mut found: Vec<&Finding> = findings.iter().copied().filter(stands).collect();
    found.sort_by(|a, b| b.judgement.weight.total_cmp(&a.judgement.weight).then_with(|| a.id.0.cmp(&b.id.0)));
    let mut told = BTreeSet::new();
    found.retain(|finding| told.insert((&finding.policy.service, &finding.judgement.before)));
    found.into_iter().take(HEAVIEST)
}

pub fn index(context: &Context<'_>, findings: &[&Finding]) -> IndexView {
    let frame = Frame::new(context, "findings/", "findings", "Findings")
        .described("Every change judged: promises taken back, practices widened, protections gained.");
    let topics = Topic::ALL.into_iter().map(|topic| {
        let number = |kind: Kind| {
            findings.iter().filter(|f| f.judgement.topic == topic && f.judgement.kind == kind).count()
        };
        TopicRow {
            label: capitalised(topic.label()),
            href: place::topic(topic),
            reversals: number(Kind::Reversal),
            expansions: number(Kind::Expansion),
            strengthenings: number(Kind::Strengthening),
        }
    });
    IndexView {
        topics: topics.collect(),
        heaviest: heaviest(findings).map(|finding| FindingLine::of(context, finding)).collect(),
        latest: findings.iter().take(40).map(|finding| FindingLine::of(context, finding)).collect(),
        frame,
    }
}
