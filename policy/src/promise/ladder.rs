//! The ladder of encryption: default, opt-in, limited, announced, none, ended.

use super::date;
use super::document::{Document, Unit};
use super::features::Pair;
use super::rules::{Encryption, Grammar, Language, Rules, Slot};
use crate::finding::Kind;
use chrono::NaiveDate;

/// How far end-to-end encryption is promised. Higher is better for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    Ended(Option<NaiveDate>),
    None,
    Announced,
    Limited,
    OptIn,
    Default,
}

impl Step {
    pub fn key(self) -> String {
        match self {
            Step::Ended(Some(date)) => format!("ended_on:{date}"),
            Step::Ended(None) | Step::None => "none".into(),
            Step::Announced => "announced".into(),
            Step::Limited => "limited".into(),
            Step::OptIn => "opt_in".into(),
            Step::Default => "default".into(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Step::Ended(_) | Step::None => 0,
            Step::Announced => 1,
            Step::Limited => 2,
            Step::OptIn => 3,
            Step::Default => 4,
        }
    }
}

const SCOPES: [(Encryption, &str); 8] = [
    (Encryption::Chats, "chats"),
    (Encryption::Groups, "groups"),
    (Encryption::Calls, "calls"),
    (Encryption::Backups, "backups"),
    (Encryption::Files, "files"),
    (Encryption::Regions, "regions"),
    (Encryption::Minors, "minors"),
    (Encryption::Business, "business"),
];

/// What of chats, groups, calls, backups and files a statement speaks of.
pub(super) fn scopes(unit: &Unit) -> Vec<String> {
    SCOPES.iter().filter(|(cue, _)| unit.encryption(*cue)).map(|(_, key)| (*key).to_owned()).collect()
}

/// What one statement says about the service's own end-to-end encryption; `None` if it says nothing.
pub(super) fn step(language: &Language, unit: &Unit) -> Option<Step> {
    let end_to_end = unit.encryption(Encryption::EndToEnd);
    let keys = unit.encryption(Encryption::KeyCustody);
    if !(end_to_end || keys) || unit.role == crate::statement::Role::Heading || unit.text.ends_with('?') {
        return None;
    }
    for other in [
        Grammar::Navigation,
        Grammar::OtherCompany,
        Grammar::Definition,
        Grammar::Hypothesis,
        Grammar::Quotation,
    ] {
        if unit.has(other) {
            return None;
        }
    }
    if keys && !end_to_end {
        let ours = ["copy is kept", "we hold", "keys we", "key we", "manages", "are kept on"];
        let lost =
            ours.iter().any(|phrase| unit.tokens.form.contains(phrase)) && !unit.has(Grammar::Negation);
        return Some(if lost { Step::None } else { Step::Default });
    }
    // "not" within a few words before "end-to-end": the denial is about it.
    let place = unit
        .hits
        .iter()
        .find(|hit| hit.cue.slot == Slot::Encryption && hit.cue.id == Encryption::EndToEnd as u8)?;
    let denied = unit.hits.iter().any(|hit| {
        hit.cue.slot == Slot::Grammar
            && (hit.cue.id == Grammar::Negation as u8 || hit.cue.id == Grammar::NoLonger as u8)
            && hit.from <= place.from
            && place.from - hit.from <= 8
            && !unit.tokens.word(hit.from as usize).starts_with("without")
            && !unit.tokens.word(hit.from as usize).starts_with("nothing")
    });
    let effortless = [" dont have to ", " do not have to ", " no need to ", " dont need to ", " nothing to "];
    if effortless.iter().any(|phrase| unit.tokens.form.contains(phrase)) {
        return Some(Step::Default);
    }
    let past = [" used to ", " were not ", " was not ", " until last ", " before "].iter();
    if past.clone().any(|phrase| unit.tokens.form.contains(*phrase)) && !unit.has(Grammar::NoLonger) {
        return None;
    }
    if unit.has(Grammar::Ended)
        || unit.has(Grammar::NoLonger)
        || (denied && unit.tokens.form.contains(" after "))
    {
        let date = date::dates(language, &unit.tokens).into_iter().next();
        return Some(Step::Ended(date));
    }
    if denied {
        return Some(Step::None);
    }
    if unit.has(Grammar::Announced) {
        return Some(Step::Announced);
    }
    let limits =
        [" but not ", " but backups are not ", " except ", " does not cover ", " while ", " only for "];
    let partly = unit.has(Grammar::Exception)
        || limits.iter().any(|phrase| unit.tokens.form.contains(phrase))
        || unit.encryption(Encryption::OnlyTransit);
    if partly {
        return Some(Step::Limited);
    }
    if unit.encryption(Encryption::OptIn) && !unit.encryption(Encryption::Default) {
        return Some(Step::OptIn);
    }
    Some(Step::Default)
}

/// A step on the ladder between two texts.
pub(super) struct Move {
    pub kind: Kind,
    pub before: Option<usize>,
    pub after: Option<usize>,
    pub from: Step,
    pub to: Step,
    pub scope: Vec<String>,
}

struct Said {
    place: usize,
    step: Step,
    scope: u64,
    changed: bool,
}

fn said(language: &Language, text: &Document, alone: &[bool]) -> Vec<Said> {
    let scopes = SCOPES.iter().fold(0u64, |bits, (cue, _)| bits | cue.bit());
    text.placed
        .iter()
        .enumerate()
        .filter_map(|(place, placed)| {
            let step = step(language, &placed.unit)?;
            Some(Said {
                place,
                step,
                scope: placed.unit.mask(Slot::Encryption) & scopes,
                changed: alone[place],
            })
        })
        .collect()
}

/// The step that the text as a whole takes, if the statements that changed take one.
pub(super) fn moved(rules: &Rules, pair: &Pair<'_>) -> Option<Move> {
    let language = rules.language(&pair.old.language);
    let old = said(language, pair.old, &pair.gone);
    let new = said(language, pair.new, &pair.fresh);
    if !old.iter().chain(&new).any(|said| said.changed) {
        return None;
    }
    let best = |list: &[Said]| {
        list.iter().map(|said| said.step).max_by_key(|step| step.rank()).unwrap_or(Step::None)
    };
    let ended = new.iter().find(|said| said.changed && matches!(said.step, Step::Ended(_)));
    let from = best(&old);
    let mut to = best(&new);
    let mut lost_scope = 0;
    if let Some(end) = ended {
        if from.rank() >= Step::Announced.rank() {
            to = end.step;
        }
    } else if from.rank() == to.rank() || (from == Step::Default && to == Step::OptIn) {
        // Still the same step: does it cover less, or more?
        let cover = |list: &[Said]| {
            list.iter()
                .filter(|said| said.step.rank() >= Step::OptIn.rank())
                .fold(0u64, |bits, said| bits | said.scope)
        };
        let narrower = Encryption::Minors.bit() | Encryption::Regions.bit();
        let (was, is) = (cover(&old), cover(&new));
        if from == to && from.rank() >= Step::OptIn.rank() {
            lost_scope = was & !is & !narrower;
            let lost = lost_scope != 0;
            let fenced = is & narrower & !was != 0;
            if lost || fenced {
                to = Step::Limited;
            } else {
                return None;
            }
        } else if from == to {
            return None;
        }
    }
    if from.rank() == to.rank() {
        return None;
    }
    let kind = if to.rank() < from.rank() { Kind::Reversal } else { Kind::Strengthening };
    // The sentence that proves the step: one that changed, of the better step on its side.
    let lost_of = |said: &Said| said.scope & lost_scope != 0;
    let before = old
        .iter()
        .filter(|said| said.step == from && (lost_scope == 0 || lost_of(said)))
        .max_by_key(|said| (said.changed, std::cmp::Reverse(said.place)))
        .or_else(|| old.iter().find(|said| said.changed))
        .map(|said| said.place);
    // What is now said of the scope that lost it, though it may not name encryption.
    let of_lost = (lost_scope != 0)
        .then(|| {
            pair.changed.fresh.iter().copied().find(|n| {
                let unit = &pair.new.placed[*n].unit;
                unit.mask(Slot::Encryption) & lost_scope != 0 && unit.role != crate::statement::Role::Heading
            })
        })
        .flatten();
    let after = ended.map(|said| said.place).or(of_lost).or_else(|| {
        new.iter()
            .filter(|said| said.changed)
            .max_by_key(|said| (said.step == to, std::cmp::Reverse(said.place)))
            .map(|said| said.place)
    });
    if kind == Kind::Reversal && ended.is_none() && !before.is_some_and(|n| pair.gone[n]) {
        // The promise still stands word for word, and nothing says that it ends.
        return None;
    }
    let scope = before.map(|n| scopes(&pair.old.placed[n].unit)).unwrap_or_default();
    Some(Move { kind, before, after, from, to, scope })
}
