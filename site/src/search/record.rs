//! What is searched: statements with their lifespans, findings and events, as plain records.

use super::query::{day_date, day_number};
use crate::page::line::{caveat, headline};
use crate::place;
use chrono::{DateTime, Utc};
use policy::event::{Event, EventDate};
use policy::finding::{Finding, Status, Topic};
use policy::history::{History, Interval, Statement};
use policy::id::PolicyId;
use serde::{Deserialize, Serialize};

/// What a record is. The order is the order within a day and source; [`Class::group`] orders answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    Reversal,
    Expansion,
    Strengthening,
    /// An event that took a promise back or changed what is encrypted.
    Turn,
    /// Any other event.
    Event,
    /// A statement that binds the service.
    Promise,
    Statement,
}

/// Answers come in groups: what was judged, what is known to have happened, then what was said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Group {
    Finding,
    Event,
    Statement,
}

impl Class {
    pub const ALL: [Class; 7] = [
        Class::Reversal,
        Class::Expansion,
        Class::Strengthening,
        Class::Turn,
        Class::Event,
        Class::Promise,
        Class::Statement,
    ];

    pub fn key(self) -> &'static str {
        match self {
            Class::Reversal => "reversal",
            Class::Expansion => "expansion",
            Class::Strengthening => "strengthening",
            Class::Turn => "turn",
            Class::Event => "event",
            Class::Promise => "promise",
            Class::Statement => "statement",
        }
    }

    pub fn group(self) -> Group {
        match self {
            Class::Reversal | Class::Expansion | Class::Strengthening => Group::Finding,
            Class::Turn | Class::Event => Group::Event,
            Class::Promise | Class::Statement => Group::Statement,
        }
    }

    /// Which answers come first: findings, events that turned something, other events,
    /// promises, other statements.
    pub fn rank(self) -> u8 {
        match self {
            Class::Reversal | Class::Expansion | Class::Strengthening => 0,
            Class::Turn => 1,
            Class::Event => 2,
            Class::Promise => 3,
            Class::Statement => 4,
        }
    }

    /// What people call it: each event is an event to them.
    pub fn told(self) -> &'static str {
        if self == Class::Turn { Class::Event.key() } else { self.key() }
    }

    /// What `kind:` means: a class by its name; `finding` for all three; `statement` for promises too.
    pub fn named(self, kind: &str) -> bool {
        kind == self.told()
            || match self.group() {
                Group::Finding => kind == "finding",
                Group::Event => kind == "event",
                Group::Statement => kind == "statement",
            }
    }
}

impl Group {
    pub const ALL: [Group; 3] = [Group::Finding, Group::Event, Group::Statement];
}

/// A span of days. `until` is the first day on which it was seen to be gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Span {
    pub from: u32,
    pub last_seen: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<u32>,
}

impl Span {
    pub fn stands_on(&self, day: u32) -> bool {
        self.from <= day && self.until.is_none_or(|until| day < until)
    }
}

/// One thing that can be found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Record {
    pub class: Class,
    /// What a link to it says, for findings and events; a statement is its own title.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub title: String,
    /// The texts that are searched and shown. Phrases do not reach across them.
    pub parts: Vec<String>,
    /// Searched, not shown: the date in words, names of topics and kinds.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub keywords: String,
    pub topics: Vec<Topic>,
    /// When it stood, in order, never empty.
    pub spans: Vec<Span>,
    pub current: bool,
    /// The way from the site's root; for a statement only its anchor, as its source's page is known.
    pub url: String,
}

impl Record {
    /// The day that orders it: first seen, or happened.
    pub fn day(&self) -> u32 {
        self.spans.first().map_or(0, |span| span.from)
    }

    /// Once stood and no longer does. Findings and events do not go.
    pub fn is_gone(&self) -> bool {
        self.class.group() == Group::Statement && self.spans.last().is_some_and(|span| span.until.is_some())
    }

    pub fn stands_on(&self, day: u32) -> bool {
        self.spans.iter().any(|span| span.stands_on(day))
    }
}

/// Where records come from: one policy, or the services an event concerns.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Source {
    pub services: Vec<String>,
    /// Empty for events.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub policy: String,
}

impl Source {
    pub fn of_policy(id: &PolicyId) -> Self {
        Self { services: vec![id.service.clone()], policy: id.name.clone() }
    }

    /// One text, in the index; names hold no control characters.
    pub fn key(&self) -> String {
        format!("{}\u{1f}{}", self.services.join("\u{1e}"), self.policy)
    }

    pub fn from_key(key: &str) -> Self {
        let (services, policy) = key.split_once('\u{1f}').unwrap_or((key, ""));
        let services = services.split('\u{1e}').filter(|name| !name.is_empty()).map(str::to_owned);
        Self { services: services.collect(), policy: policy.to_owned() }
    }

    /// Where its statements are read, from the site's root; empty for events.
    pub fn page(&self) -> String {
        match (self.policy.as_str(), self.services.as_slice()) {
            ("", _) => String::new(),
            (policy, [service]) => place::statements(&PolicyId::new(service, policy)),
            _ => String::new(),
        }
    }
}

/// The records of one policy: its statements and findings, in the index's order.
pub fn of_history(history: &History) -> Vec<Record> {
    let statements = history.statements.iter().filter_map(of_statement);
    let findings = history.findings.iter().map(of_finding);
    in_order(statements.chain(findings).collect())
}

/// By day, then class, then as they came: the order of a source's records everywhere.
pub fn in_order(mut records: Vec<Record>) -> Vec<Record> {
    records.sort_by_key(|record| (record.day(), record.class));
    records
}

fn of_statement(statement: &Statement) -> Option<Record> {
    let spans: Vec<Span> = statement.lifespan.iter().map(span).collect();
    if spans.is_empty() || statement.text.trim().is_empty() {
        return None;
    }
    let text = under(&statement.lead_in, &statement.text);
    Some(Record {
        class: if statement.topic.is_some() { Class::Promise } else { Class::Statement },
        title: String::new(),
        parts: vec![text],
        keywords: String::new(),
        topics: statement.topic.into_iter().collect(),
        spans,
        current: statement.current,
        url: format!("#{}", place::statement_anchor(&statement.id)),
    })
}

fn span(interval: &Interval) -> Span {
    Span {
        from: day(interval.first_seen),
        last_seen: day(interval.last_seen),
        until: interval.gone_by.map(day),
    }
}

fn day(at: DateTime<Utc>) -> u32 {
    day_number(at.date_naive())
}

/// An item says little without its lead-in: "We do not:" … "sell your data".
fn under(lead_in: &Option<String>, text: &str) -> String {
    match lead_in {
        Some(lead) if !text.is_empty() && !text.starts_with(lead.as_str()) => {
            format!("{} {text}", lead.trim())
        }
        _ => text.to_owned(),
    }
}

fn of_finding(finding: &Finding) -> Record {
    let judgement = &finding.judgement;
    let at = day(finding.first_seen_after);
    let mut keywords = format!(
        "{} {} {} {}",
        judgement.kind.key(),
        judgement.topic.label(),
        judgement.scope.join(" "),
        day_date(at).format("%-d %B %Y")
    );
    if let Some(effective) = judgement.effective {
        keywords.push_str(&format!(" effective {}", effective.format("%-d %B %Y")));
    }
    let parts = [
        judgement.reason.clone(),
        under(&judgement.lead_in_before, &judgement.before),
        under(&judgement.lead_in_after, &judgement.after),
    ];
    Record {
        class: match judgement.kind {
            policy::finding::Kind::Reversal => Class::Reversal,
            policy::finding::Kind::Expansion => Class::Expansion,
            policy::finding::Kind::Strengthening => Class::Strengthening,
        },
        title: match caveat(finding) {
            Some(caveat) => format!("{} ({caveat})", headline(finding)),
            None => headline(finding),
        },
        parts: parts.into_iter().filter(|part| !part.is_empty()).collect(),
        keywords,
        topics: vec![judgement.topic],
        spans: vec![Span { from: at, last_seen: at, until: None }],
        current: finding.status != Status::Retracted,
        url: place::finding(&finding.id),
    }
}

/// It took a promise back, or changed what is encrypted.
fn turns(event: &Event) -> bool {
    event.step == Some(policy::finding::Kind::Reversal) || !event.effects.is_empty()
}

/// An event's source and record.
pub fn of_event(event: &Event) -> (Source, Record) {
    let at = day_number(event.date.first_day());
    let mut parts = vec![event.summary.clone()];
    for claim in &event.claims {
        parts.push(claim.says.clone());
        parts.push(claim.why.clone());
    }
    let dates = [Some(event.date), event.until, event.effective];
    let mut keywords: Vec<String> = dates.into_iter().flatten().map(in_words).collect();
    keywords.extend([event.kind.label(), event.actors.join(" "), event.services.join(" ")]);
    keywords.extend(event.topics.iter().map(|topic| topic.label().to_owned()));
    keywords.extend(event.step.map(|step| step.key().to_owned()));
    keywords.extend(event.effects.iter().map(|effect| effect.scope.to_string()));
    keywords.extend(event.sources.iter().map(|source| source.publisher.clone()));
    let source = Source { services: event.services.clone(), policy: String::new() };
    let record = Record {
        class: if turns(event) { Class::Turn } else { Class::Event },
        title: event.title.clone(),
        parts: parts.into_iter().filter(|part| !part.is_empty()).collect(),
        keywords: keywords.join(" "),
        topics: event.topics.clone(),
        spans: vec![Span { from: at, last_seen: at, until: None }],
        current: true,
        url: place::event(&event.id),
    };
    (source, record)
}

/// `8 May 2026`, `May 2026` or `2026`, so that a date is found as people write it.
fn in_words(date: EventDate) -> String {
    use policy::event::Precision;
    let format = match date.precision() {
        Precision::Day => "%-d %B %Y",
        Precision::Month => "%B %Y",
        Precision::Year => "%Y",
    };
    date.first_day().format(format).to_string()
}
