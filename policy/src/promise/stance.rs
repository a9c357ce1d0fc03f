//! What statements say for the ladders over time: encryption by scope, other topics plain or under a condition.

use super::clause::{Actor, Promise};
use super::document::{Document, Placed};
use super::encryption::{self, scope};
use super::rules::{Grammar, Rules};
use crate::finding::Topic;
use crate::ladder::{Said, Step};

/// Cues that make a promise less than plain.
const QUALIFYING: u64 = 1 << Grammar::May as u64
    | 1 << Grammar::Hedge as u64
    | 1 << Grammar::Exception as u64
    | 1 << Grammar::Condition as u64
    | 1 << Grammar::Consent as u64
    | 1 << Grammar::Law as u64
    | 1 << Grammar::OptOutNow as u64
    | 1 << Grammar::Region as u64
    | 1 << Grammar::Minor as u64
    | 1 << Grammar::Business as u64
    | 1 << Grammar::Described as u64
    | 1 << Grammar::Announced as u64;

/// What a text's statements say of encryption, by place.
pub fn encryption_said(rules: &Rules, document: &Document) -> Vec<(usize, Vec<Said>)> {
    encryption::said(rules, document)
        .into_iter()
        .map(|said| {
            let mut list: Vec<Said> = Vec::new();
            for claim in said.claims {
                let mut scopes = scope::names(claim.scopes);
                if claim.scopes == 0 {
                    scopes.push(String::new());
                    // "Everything": the copy in a cloud too.
                    scopes.extend(claim.whole.then(|| "backups".to_owned()));
                }
                // What is taken from some regions or ages leaves the rest with less, not with nothing.
                let step = match claim.step.state() {
                    crate::event::State::None if claim.fenced => crate::event::State::Limited,
                    state => state,
                };
                list.extend(scopes.into_iter().map(|scope| Said {
                    topic: Topic::Encryption,
                    scope,
                    step: Step::State(step),
                }));
            }
            list.sort();
            list.dedup();
            (said.place, list)
        })
        .collect()
}

/// Of sixty statements read by eye hardly one below this was a promise.
const PROMISED: f32 = 0.6;

/// What a statement that binds the service says of its topic; nothing of encryption, which has a ladder of its own.
///
/// Only denials say it plainly enough: the service does not do to people's data what the topic is about. Limits,
/// choices and protections come in so many sentences that the firmest of them tells nothing of the topic.
pub fn stance(rules: &Rules, placed: &Placed, topic: Topic) -> Option<Said> {
    let unit = &placed.unit;
    if topic == Topic::Encryption || unit.promise & Promise::Negative as u32 == 0 {
        return None;
    }
    let about = |frame: &super::clause::Frame| {
        let verb = &rules.verbs[frame.verb as usize];
        let data = || {
            rules
                .data
                .iter()
                .enumerate()
                .any(|(n, data)| frame.data >> n & 1 == 1 && data.topic == Some(topic))
        };
        !verb.protective
            && (verb.topic == Some(topic) || data())
            && frame.negated
            && !frame.conditional
            && !frame.excepted
            && frame.actor == Actor::Service
    };
    if !unit.frames.iter().any(about) || unit.has(Grammar::Liability) {
        return None;
    }
    // A rule for people or a word on what a service is denies things too, with nothing at stake for anyone.
    if rules.stakes.is_known() && rules.stakes.of(unit).protects < PROMISED {
        return None;
    }
    let qualifying = if topic == Topic::Children { QUALIFYING & !Grammar::Minor.bit() } else { QUALIFYING };
    let plain = unit.mask(super::rules::Slot::Grammar) & qualifying == 0 && placed.scope == 0;
    let step = if plain { Step::Promised } else { Step::Conditional };
    Some(Said { topic, scope: String::new(), step })
}
