//! What comes nearest in the other text to a sentence that nothing there stands for: so that a reader sees at a glance
//! what was looked at and held to say less.

use super::align::{self, Link};
use super::clause::Frame;
use super::document::{Document, Unit};
use super::edit;
use super::features::Pair;
use super::judge::{SIMILAR, lead_in_at, unit_topic};
use super::reason;
use super::rules::{Rules, Slot};
use crate::finding::{Judgement, Kind, Nearest};
use crate::statement::Role;

/// How many are shown.
const MOST: usize = 3;
/// As many as this by words are asked whether they speak of the same.
const ASKED: usize = 12;
/// What has less in common says nothing to compare.
const LEAST: f32 = 0.35;
/// What has less in common stands for nothing that was lost.
const COUNTERPART: f32 = 0.5;
/// With a smaller share of its words edited it is the same sentence.
const EDITED: f32 = 0.6;
/// So few words are a title or a link's name, whatever they say.
const TITLE: usize = 3;
/// As many without a full stop may be a title that is marked as none.
const LONGEST_TITLE: usize = 10;
/// Added where both speak of one practice, where both deny it or both do not, and where both are about the same.
const SAME_PRACTICE: f32 = 0.2;
const SAME_STANCE: f32 = 0.1;
const SAME_TOPIC: f32 = 0.1;

/// Adds to findings of which one side is empty the sentences of that text that come nearest, best first. A sentence
/// that was set beside what was lost, or came, for a few common words, and speaks of something else, is one of those.
pub(super) fn add(pair: &Pair<'_>, found: &mut [Judgement]) {
    let place = |text: &Document, sentence: &str, lead_in: &Option<String>| {
        text.placed.iter().position(|placed| {
            *placed.unit.text == *sentence && placed.unit.lead_in.as_deref() == lead_in.as_deref()
        })
    };
    for finding in found {
        let before = place(pair.old, &finding.before, &finding.lead_in_before);
        let after = place(pair.new, &finding.after, &finding.lead_in_after);
        let (is_lost, is_guessed) = (finding.kind == Kind::Reversal, is_guessed(finding));
        if let Some(n) = before
            && (finding.after.is_empty() || (is_lost && is_guessed))
        {
            let compared = Compared::new(pair, &pair.old.placed[n].unit, pair.new, &pair.fresh);
            if after.is_some_and(|to| !compared.is_counterpart(to)) {
                finding.after.clear();
                finding.lead_in_after = None;
                (finding.rule, finding.reason) = reason::alone(finding.kind, finding.topic);
            }
            if finding.after.is_empty() {
                finding.nearest = compared.nearest(after);
            }
        } else if let Some(n) = after
            && (finding.before.is_empty() || (!is_lost && is_guessed))
        {
            let compared = Compared::new(pair, &pair.new.placed[n].unit, pair.old, &pair.gone);
            if before.is_some_and(|from| !compared.is_counterpart(from)) {
                finding.before.clear();
                finding.lead_in_before = None;
                (finding.rule, finding.reason) = reason::alone(finding.kind, finding.topic);
            }
            if finding.before.is_empty() {
                finding.nearest = compared.nearest(before);
            }
        }
    }
}

/// Which sentences belong together was guessed by their words: not told by the ladder, a table's columns or a question.
fn is_guessed(finding: &Judgement) -> bool {
    finding.steps.first().is_some_and(|step| step == SIMILAR)
}

/// A sentence beside the other text.
struct Compared<'a> {
    rules: &'a Rules,
    unit: &'a Unit,
    other: &'a Document,
    is_new: &'a [bool],
    links: Vec<Link>,
}

impl<'a> Compared<'a> {
    fn new(pair: &'a Pair<'_>, unit: &'a Unit, other: &'a Document, is_new: &'a [bool]) -> Self {
        let links = align::links(unit, other, pair.weigher(), is_new, ASKED);
        Compared { rules: pair.rules, unit, other, is_new, links }
    }

    /// How near a statement of the other text comes, by words and by what it is about.
    fn alike(&self, place: usize) -> f32 {
        let words = self.links.iter().find(|link| link.to == place);
        let words = words.map_or(0.0, |link| link.similarity + 0.3 * link.contained);
        words + meaning(self.rules, self.unit, &self.other.placed[place].unit)
    }

    fn is_counterpart(&self, place: usize) -> bool {
        let unit = &*self.other.placed[place].unit;
        let is_sentence = unit.role != Role::Heading && unit.own_words().len() > TITLE;
        edit::edits(self.unit, unit).share < EDITED || (is_sentence && self.alike(place) >= COUNTERPART)
    }

    /// Best first; what was set `beside` it is among them where it says anything.
    fn nearest(&self, beside: Option<usize>) -> Vec<Nearest> {
        let unit = |place: usize| &*self.other.placed[place].unit;
        let by_words = self.links.iter().map(|link| link.to);
        let by_practice =
            (0..self.other.placed.len()).filter(|n| shares_practice(self.unit, unit(*n), false));
        let mut places: Vec<usize> =
            by_words.chain(by_practice).chain(beside).filter(|n| says_something(unit(*n))).collect();
        places.sort_unstable();
        places.dedup();
        let mut ranked: Vec<(f32, usize)> = places
            .into_iter()
            .map(|n| (self.alike(n), n))
            .filter(|(alike, n)| *alike >= LEAST || Some(*n) == beside)
            .collect();
        ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let mut told: Vec<Nearest> = Vec::new();
        for (_, n) in ranked {
            let text = unit(n).text.to_string();
            if told.len() < MOST && told.iter().all(|one| one.text != text) {
                told.push(Nearest {
                    text,
                    lead_in: lead_in_at(self.other, Some(n)),
                    in_both: !self.is_new[n],
                });
            }
        }
        told
    }
}

fn meaning(rules: &Rules, unit: &Unit, other: &Unit) -> f32 {
    let topic = unit_topic(rules, unit);
    let points = [
        (shares_practice(unit, other, false), SAME_PRACTICE),
        (shares_practice(unit, other, true), SAME_STANCE),
        (topic.is_some() && topic == unit_topic(rules, other), SAME_TOPIC),
    ];
    points.iter().filter(|(holds, _)| *holds).map(|(_, points)| points).sum()
}

/// No title and no link's name: there is something to compare with.
fn says_something(unit: &Unit) -> bool {
    let ends = unit.text.ends_with(['.', '!', '?', ';', ':', ',']);
    let is_title = unit.role == Role::Sentence && !ends && unit.own_words().len() <= LONGEST_TITLE;
    let speaks = !unit.frames.is_empty() || unit.promise != 0 || !unit.quantities.is_empty();
    unit.role != Role::Heading && speaks && !is_title && unit.own_words().len() > TITLE
}

/// Of one practice both speak, and of the same data where both name any; `alike` where both do it or both deny it.
fn shares_practice(unit: &Unit, other: &Unit, alike: bool) -> bool {
    let data = (unit.mask(Slot::Data), other.mask(Slot::Data));
    let same_data = data.0 & data.1 != 0 || data.0 == 0 || data.1 == 0;
    let is_it = |frame: &Frame, its: &Frame| {
        (frame.verb, frame.actor) == (its.verb, its.actor)
            && !its.conditional
            && (!alike || frame.negated == its.negated)
    };
    same_data && unit.frames.iter().any(|frame| other.frames.iter().any(|its| is_it(frame, its)))
}
