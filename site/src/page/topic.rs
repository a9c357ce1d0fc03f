//! A topic: what was found about it across all services. And the list of all findings by topic.

use super::line::{EventLine, FindingLine};
use super::service::{Feed, feeds};
use crate::input::Context;
use crate::place::{self, Channel};
use crate::render::Frame;
use crate::shown::{capitalised, count};
use policy::finding::{Finding, Kind, Topic};
use serde::Serialize;

/// How many findings a topic's page lists; the timeline holds them all.
const LISTED: usize = 80;

/// A topic's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub label: String,
    pub counted: String,
    pub findings: Vec<FindingLine>,
    pub more: usize,
    pub events: Vec<EventLine>,
    pub feeds: Vec<Feed>,
}

/// The page of all topics: the way into the findings.
#[derive(Serialize)]
pub struct IndexView {
    pub frame: Frame,
    pub topics: Vec<TopicRow>,
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
    let found: Vec<&&Finding> = findings.iter().filter(|finding| finding.judgement.topic == topic).collect();
    let mut frame = Frame::new(context, &place::topic(topic), "findings", &label)
        .described(&format!("Promises about {} kept, weakened and taken back.", topic.label()));
    frame.channel(Channel::Topic(topic), &label);
    let mut events: Vec<EventLine> = context
        .input
        .events
        .iter()
        .filter(|event| event.topics.contains(&topic) && event.step.is_some())
        .map(|event| EventLine::of(context, event))
        .collect();
    events.reverse();
    events.truncate(LISTED);
    View {
        counted: count(found.len(), "finding", "findings"),
        more: found.len().saturating_sub(LISTED),
        findings: found.iter().take(LISTED).map(|finding| FindingLine::of(context, finding)).collect(),
        events,
        feeds: feeds(Channel::Topic(topic)),
        label,
        frame,
    }
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
        latest: findings.iter().take(40).map(|finding| FindingLine::of(context, finding)).collect(),
        frame,
    }
}
