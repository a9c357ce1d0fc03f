//! Questions and what is answered to them: "Do you sell my data?" was answered with "No.", and now with something
//! else. Such an answer says nothing by itself, and mostly stands in a text more than once.

use super::clause;
use super::difference::Weaker;
use super::document::{Document, Hit, Unit};
use super::features::Pair;
use super::rules::{Encryption, Grammar, Rules, Slot};
use crate::finding::Topic;
use crate::statement::Role;

/// What a question, or the name of a table's column, asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Question {
    /// Does the service do it?
    Practice,
    /// Are people protected, may they choose?
    Protection,
}

/// A question that both texts ask and the new one answers worse: where the answers stand.
#[derive(Debug, Clone, Copy)]
pub(super) struct Turned {
    pub before: usize,
    pub after: usize,
    pub way: Weaker,
    pub topic: Option<Topic>,
}

/// All questions that are answered worse.
pub(super) fn turned(pair: &Pair<'_>) -> Vec<Turned> {
    let answered = |text: &Document| -> Vec<(usize, usize)> {
        let is_question = |n: usize| text.placed[n].unit.text.ends_with('?');
        let is_answer = |n: usize| text.placed[n].unit.role != Role::Heading && !is_question(n);
        (1..text.placed.len()).filter(|n| is_question(n - 1) && is_answer(*n)).map(|n| (n - 1, n)).collect()
    };
    let now = answered(pair.new);
    let told = answered(pair.old).into_iter().filter_map(|(question, before)| {
        let asked = &pair.old.placed[question].unit;
        let is_same = |n: usize| pair.new.placed[n].unit.key == asked.key;
        let (_, after) = *now.iter().find(|(n, _)| is_same(*n))?;
        let (old, new) = (&pair.old.placed[before].unit, &pair.new.placed[after].unit);
        let way = worse(asks_of(pair.rules, asked)?, old, new)?;
        Some(Turned { before, after, way, topic: super::judge::unit_topic(pair.rules, asked) })
    });
    told.collect()
}

fn worse(asked: Question, old: &Unit, new: &Unit) -> Option<Weaker> {
    match (asked, denies(old), denies(new)) {
        (Question::Practice, true, false) => {
            let still = [Grammar::Negation, Grammar::Only, Grammar::NoLonger].iter().any(|cue| new.has(*cue));
            let says = affirms(new) || new.mask(Slot::Verb) | new.mask(Slot::Recipient) != 0;
            (says && !still).then_some(Weaker::NegationLifted)
        }
        (Question::Protection, false, true) if affirms(old) => Some(Weaker::ProtectionLost),
        _ => None,
    }
}

/// "No", "Never", "Nobody" comes first.
fn denies(unit: &Unit) -> bool {
    let first = unit.lead_words;
    let is_no = |hit: &Hit| usize::from(hit.from) == first && clause::grammar(hit, Grammar::Negation);
    let word = (first < unit.tokens.words.len()).then(|| unit.tokens.word(first));
    unit.hits.iter().any(is_no) || matches!(word, Some("nein" | "non"))
}

fn affirms(unit: &Unit) -> bool {
    let first = unit.lead_words;
    first < unit.tokens.words.len() && matches!(unit.tokens.word(first), "yes" | "ja" | "oui")
}

/// What a question asks, by who would do it: in "Can I delete my letters?" it is people, else the service.
fn asks_of(rules: &Rules, question: &Unit) -> Option<Question> {
    let by_people = question.own_words().enumerate().any(|(n, _)| {
        let word = question.tokens.word(question.lead_words + n);
        matches!(word, "i" | "ich" | "je")
    });
    if !by_people {
        return asks(rules, question.hits.iter());
    }
    let is_right = |hit: &Hit| match hit.cue.slot {
        Slot::Verb => rules.verbs[hit.cue.id as usize].protective,
        Slot::Data => true,
        Slot::Encryption => encrypts(hit),
        _ => clause::grammar(hit, Grammar::OptOutNow),
    };
    question.hits.iter().any(is_right).then_some(Question::Protection)
}

fn encrypts(hit: &Hit) -> bool {
    [Encryption::EndToEnd, Encryption::OnlyTransit, Encryption::KeyCustody]
        .iter()
        .any(|cue| hit.cue.id == *cue as u8)
}

/// What is asked, by the cues of the question.
pub(super) fn asks<'a>(rules: &Rules, hits: impl Iterator<Item = &'a Hit> + Clone) -> Option<Question> {
    let protects = |hit: &Hit| match hit.cue.slot {
        Slot::Encryption => encrypts(hit),
        Slot::Verb => rules.verbs[hit.cue.id as usize].protective,
        _ => clause::grammar(hit, Grammar::OptOutNow),
    };
    if hits.clone().any(protects) {
        return Some(Question::Protection);
    }
    let practises = |hit: &Hit| matches!(hit.cue.slot, Slot::Verb | Slot::Recipient);
    hits.clone().any(practises).then_some(Question::Practice)
}
