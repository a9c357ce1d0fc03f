//! What comes nearest in the other text to a sentence that nothing there stands for: so that a reader sees at a glance
//! what was looked at and held to say less.

use super::align;
use super::clause::Frame;
use super::document::{Document, Unit};
use super::features::Pair;
use super::judge::{lead_in_at, unit_topic};
use super::rules::{Rules, Slot};
use crate::finding::{Judgement, Nearest};
use crate::statement::Role;

/// How many are shown.
const MOST: usize = 3;
/// As many as this by words are asked whether they speak of the same.
const ASKED: usize = 12;
/// What has less in common says nothing to compare.
const LEAST: f32 = 0.35;
/// Added where both speak of one practice, where both deny it or both do not, and where both are about the same.
const SAME_PRACTICE: f32 = 0.2;
const SAME_STANCE: f32 = 0.1;
const SAME_TOPIC: f32 = 0.1;

/// Adds to findings of which one side is empty the sentences of that text that come nearest, best first.
pub(super) fn add(pair: &Pair<'_>, found: &mut [Judgement]) {
    for finding in found {
        let (sentence, lead_in, text, other, is_new) = if finding.after.is_empty() {
            (&finding.before, &finding.lead_in_before, pair.old, pair.new, &pair.fresh)
        } else if finding.before.is_empty() {
            (&finding.after, &finding.lead_in_after, pair.new, pair.old, &pair.gone)
        } else {
            continue;
        };
        let is_it = |unit: &Unit| *unit.text == **sentence && unit.lead_in.as_deref() == lead_in.as_deref();
        let Some(placed) = text.placed.iter().find(|placed| is_it(&placed.unit)) else { continue };
        finding.nearest = nearest(pair, &placed.unit, other, is_new);
    }
}

fn nearest(pair: &Pair<'_>, unit: &Unit, other: &Document, is_new: &[bool]) -> Vec<Nearest> {
    let links = align::links(unit, other, pair.weigher(), is_new, ASKED);
    let alike = |place: usize| {
        let words = links.iter().find(|link| link.to == place);
        let words = words.map_or(0.0, |link| link.similarity + 0.3 * link.contained);
        words + meaning(pair.rules, unit, &other.placed[place].unit)
    };
    let by_frame = (0..other.placed.len()).filter(|n| shares_practice(unit, &other.placed[*n].unit, false));
    let mut places: Vec<usize> = links.iter().map(|link| link.to).chain(by_frame).collect();
    places.sort_unstable();
    places.dedup();
    places.retain(|n| says_something(&other.placed[*n].unit));
    let mut ranked: Vec<(f32, usize)> =
        places.into_iter().map(|n| (alike(n), n)).filter(|(alike, _)| *alike >= LEAST).collect();
    ranked.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let mut told: Vec<Nearest> = Vec::new();
    for (_, n) in ranked {
        let text = other.placed[n].unit.text.to_string();
        if told.len() < MOST && told.iter().all(|one| one.text != text) {
            told.push(Nearest { text, lead_in: lead_in_at(other, Some(n)), in_both: !is_new[n] });
        }
    }
    told
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

/// A title, a link's name: nothing to compare with.
fn says_something(unit: &Unit) -> bool {
    unit.role != Role::Heading && (!unit.frames.is_empty() || unit.promise != 0) && unit.own_words().len() > 4
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
