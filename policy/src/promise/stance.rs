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

/// The kinds of promise that a topic's sentences make: others ("we protect what we share") speak of it in passing.
fn kinds(topic: Topic) -> u32 {
    let bits = |kinds: &[Promise]| kinds.iter().fold(0, |bits, kind| bits | *kind as u32);
    match topic {
        Topic::Retention => bits(&[Promise::Deletes, Promise::Limit, Promise::Negative]),
        Topic::Security => bits(&[Promise::Protected, Promise::Negative]),
        Topic::UserControl => bits(&[Promise::Control, Promise::Notice, Promise::Negative]),
        Topic::Sharing => bits(&[Promise::Negative, Promise::Only, Promise::Consent, Promise::BindsOthers]),
        Topic::LawEnforcement => bits(&[Promise::Negative, Promise::Only, Promise::Notice]),
        Topic::Logging => bits(&[Promise::Negative, Promise::Only, Promise::Limit]),
        _ => bits(&[Promise::Negative, Promise::Only, Promise::Consent, Promise::Control]),
    }
}

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
    let said = unit.promise & kinds(topic);
    if topic == Topic::Encryption || said == 0 {
        return None;
    }
    // Of these, somebody has to do or allow something; a choice is what control consists of.
    let mut conditional = Promise::Only as u32 | Promise::Consent as u32 | Promise::Control as u32;
    if topic == Topic::UserControl {
        conditional &= !(Promise::Control as u32);
    }
    let plain = said & !conditional != 0;
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
