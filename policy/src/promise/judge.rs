//! The judgement: what two texts differ in, weighed.

use super::align::{self, Weigher};
use super::clause::Promise;
use super::document::{Document, Unit};
use super::gate;
use super::rules::{Rules, Slot};
use crate::finding::{Judgement, Kind, Topic};
use crate::statement::Segment;
use chrono::{DateTime, Utc};

/// Judges the step from one text to the next. Deterministic; nothing but the arguments counts.
pub fn judge(rules: &Rules, before: &Document, after: &Document, at: DateTime<Utc>) -> Vec<Judgement> {
    let _ = at;
    if gate(before, after).is_some() {
        return Vec::new();
    }
    let changed = align::changed(before, after);
    let mut fresh = vec![false; after.placed.len()];
    changed.fresh.iter().for_each(|n| fresh[*n] = true);
    let weigher = Weigher { before, after };
    let mut found = Vec::new();
    for n in changed.gone {
        let unit = &before.placed[n].unit;
        if unit.promise & (Promise::Negative as u32 | Promise::Only as u32) == 0 {
            continue;
        }
        let links = align::links(unit, after, weigher, &fresh, 1);
        if links.first().is_some_and(|link| link.similarity > 0.5 || link.contained > 0.7) {
            continue;
        }
        let Some(topic) = unit_topic(rules, unit) else { continue };
        found.push(Judgement {
            kind: Kind::Reversal,
            topic,
            before: unit.text.to_string(),
            after: String::new(),
            severity: 2,
            confidence: 0.5,
            weight: 1.0,
            rule: "gone".into(),
            reason: "The promise stands nowhere in the new text.".into(),
            steps: Vec::new(),
            effective: None,
            silent: false,
            state_before: None,
            state_after: None,
            scope: Vec::new(),
            promise_key: format!("{}:{:016x}", topic.key(), unit.key),
        });
    }
    found
}

/// The topic of a statement that binds the service; `None` where it makes no promise.
pub fn topic_of(rules: &Rules, segment: &Segment) -> Option<Topic> {
    let document = Document::read_with(rules, vec![segment.clone()], &mut super::document::Cache::default());
    let unit = &document.placed.first()?.unit;
    if unit.promise == 0 { None } else { unit_topic(rules, unit) }
}

/// The topic of a statement that was read before: see [`topic_of`].
pub fn promise_topic(rules: &Rules, unit: &Unit) -> Option<Topic> {
    if unit.promise == 0 { None } else { unit_topic(rules, unit) }
}

/// The topic by votes of the statement's verbs, data, recipients and purposes.
pub(super) fn unit_topic(rules: &Rules, unit: &Unit) -> Option<Topic> {
    let mut votes = [0i32; Topic::ALL.len()];
    for hit in &unit.hits {
        let weight = match hit.cue.slot {
            Slot::Topic => {
                votes[hit.cue.id as usize] += 2;
                continue;
            }
            Slot::Verb => 3,
            Slot::Data | Slot::Purpose => 2,
            Slot::Recipient => 2,
            Slot::Grammar | Slot::Encryption => continue,
        };
        if let Some(topic) = rules.entry(hit.cue).and_then(|entry| entry.topic) {
            votes[topic as usize] += weight;
        }
    }
    let best = (0..votes.len()).max_by_key(|n| (votes[*n], std::cmp::Reverse(*n)))?;
    (votes[best] > 0).then_some(Topic::ALL[best])
}
