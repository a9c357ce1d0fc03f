//! What statements say for the ladders over time: encryption by scope, other topics plain or under a condition.

use super::clause::Promise;
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

/// Kinds of promise that are plain without more: of others, somebody has to do or allow something.
const PLAIN: u32 = Promise::Negative as u32
    | Promise::Protected as u32
    | Promise::Deletes as u32
    | Promise::Limit as u32
    | Promise::Notice as u32
    | Promise::BindsOthers as u32;

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

/// What a statement that binds the service says of its topic; nothing of encryption, which has a ladder of its own.
pub fn stance(placed: &Placed, topic: Topic) -> Option<Said> {
    let unit = &placed.unit;
    if topic == Topic::Encryption || unit.promise == 0 {
        return None;
    }
    let plain = unit.promise & PLAIN != 0
        || (topic == Topic::UserControl && unit.promise & Promise::Control as u32 != 0);
    let grammar = unit.mask(super::rules::Slot::Grammar);
    // "You can opt out" is what a promise of control consists of; "cannot" is what denials do.
    let qualifying = if topic == Topic::Children { QUALIFYING & !Grammar::Minor.bit() } else { QUALIFYING };
    let qualifying = if topic == Topic::UserControl {
        qualifying & !(Grammar::May.bit() | Grammar::Consent.bit())
    } else {
        qualifying
    };
    let step = if plain && grammar & qualifying == 0 && placed.scope == 0 {
        Step::Promised
    } else {
        Step::Conditional
    };
    Some(Said { topic, scope: String::new(), step })
}
