//! What needs no weighing, or can only be read one way, on pages so short that one sentence is all that changed.

use super::clause::Promise;
use super::difference::{self, Weaker};
use super::document::{Document, Placed, Unit};
use super::features::{self, Candidate, Mode, Pair};
use super::judge::{self, Dates};
use super::ladder::Views;
use super::rules::{Grammar, Slot};
use super::told::{self, Kept};
use crate::finding::{Judgement, Kind, Topic};
use crate::statement::Role;
use std::collections::BTreeSet;

/// Where no more than so many statements went, each that is gone speaks for itself.
const FEW: usize = 3;

/// Reversals on a short page that need no weighing and were not told yet: limits and ages that moved in short edits,
/// list items whose lead-in was turned round, and a plain denial that is gone where nothing else changed but for a sentence
/// about something else.
pub(super) fn lost(pair: &Pair<'_>, dates: &Dates, told: &[Judgement]) -> Vec<Judgement> {
    let rules = pair.rules;
    let views = Views::new(rules, pair);
    // What is told as a gain and can only be read as a loss is none.
    let told: BTreeSet<&str> = told
        .iter()
        .filter(|finding| finding.kind != Kind::Strengthening)
        .flat_map(|finding| [&finding.before, &finding.after])
        .map(String::as_str)
        .filter(|text| !text.is_empty())
        .collect();
    let is_turned = |candidate: &Candidate| {
        let text = |document: &Document, place: Option<usize>| {
            place.map(|n| document.placed[n].unit.text.clone()).filter(|text| !text.is_empty())
        };
        let before = text(pair.old, candidate.before);
        before.is_some() && before == text(pair.new, candidate.after)
    };
    let is_number = |candidate: &Candidate| {
        candidate.traits.iter().any(|((family, id), _)| {
            *family == "weaker" && [Weaker::LimitLonger as u32, Weaker::AgeLowered as u32].contains(id)
        })
    };
    let mut candidates = features::reversals(pair);
    candidates.extend(opened(pair));
    told::likely(&rules.reversal, rules.reversal.threshold, 0.0, candidates)
        .iter()
        .filter(|Kept { candidate, .. }| {
            let is_cut = told::is_cut(candidate) && is_cut_said(pair, &views, candidate);
            let is_said = |n| views.is_mention(pair, n) || (is_cut && views.is_kept(n));
            candidate.topic != Topic::Encryption || !candidate.before.is_some_and(is_said)
        })
        .filter(|kept| {
            (told::is_decisive(&kept.candidate) && is_number(&kept.candidate))
                || (told::is_decisive(&kept.candidate) && told::is_plain(&kept.candidate))
                || is_turned(&kept.candidate)
                || is_alone(pair, &kept.candidate)
        })
        .map(|kept| judge::judgement(rules, pair, kept, Kind::Reversal, dates, &views))
        .filter(|finding| !told.contains(&*finding.before) && !told.contains(&*finding.after))
        .collect()
}

/// Plain denials that a short page gained, see [`is_alone`]; `back` are the two texts exchanged.
pub(super) fn gained(back: &Pair<'_>, dates: &Dates, told: &[Judgement]) -> Vec<Judgement> {
    let views = Views::new(back.rules, back);
    let candidates =
        features::reversals(back).into_iter().filter(|candidate| is_alone(back, candidate)).collect();
    told::likely(&back.rules.reversal, back.rules.reversal.threshold, 0.0, candidates)
        .iter()
        .filter(|kept| {
            kept.candidate.topic != Topic::Encryption
                || !kept.candidate.before.is_some_and(|n| views.is_mention(back, n))
        })
        .map(|kept| judge::gain(back, kept, dates, &views))
        .filter(|finding| !told.iter().any(|other| other.after == finding.after))
        .collect()
}

/// A plain denial for which nothing stands in the other text, where hardly anything went with it, and at most one
/// sentence came instead, which has none of its telling words.
fn is_alone(pair: &Pair<'_>, candidate: &Candidate) -> bool {
    let is_firm = |unit: &Unit| {
        let protects = Promise::Protected as u32 | Promise::EndToEnd as u32;
        let firm = Promise::Negative as u32 | if unit.is_learned { 0 } else { protects };
        unit.promise & firm != 0 || difference::denies_in_its_words(unit)
    };
    let is_other = |gone: &Unit| {
        let mut fresh = pair.changed.fresh.iter().map(|n| &pair.new.placed[*n].unit.bag);
        fresh.len() <= 1 && fresh.all(|bag| !gone.bag.iter().any(|stem| bag.binary_search(stem).is_ok()))
    };
    let gone = candidate.before.map(|n| &*pair.old.placed[n].unit);
    candidate.after.is_none()
        && pair.changed.gone.len() <= FEW
        && gone.is_some_and(|unit| is_firm(unit) && is_other(unit))
}

/// Items put into a list that "only" closes: "We share your data only with:". None was taken from it.
fn opened(pair: &Pair<'_>) -> Vec<Candidate> {
    let closes = |unit: &Unit| {
        let lead = unit.masks[Slot::Grammar as usize] & !unit.own_masks[Slot::Grammar as usize];
        lead & Grammar::Only.bit() != 0 && !unit.has(Grammar::Negation)
    };
    let added = pair.changed.fresh.iter().filter_map(|n| {
        let unit = &pair.new.placed[*n].unit;
        let lead_in = unit.lead_in.as_ref().filter(|_| unit.role == Role::Item && closes(unit))?;
        let is_lead_in = |placed: &Placed| placed.unit.text == *lead_in;
        let before = pair.old.placed.iter().position(is_lead_in)?;
        let hangs_there = |n: &usize| pair.old.placed[*n].unit.lead_in.as_ref() == Some(lead_in);
        if pair.changed.gone.iter().any(hangs_there) {
            return None;
        }
        let closing = &pair.old.placed[before].unit;
        let topic = [closing, unit].iter().find_map(|unit| super::judge::unit_topic(pair.rules, unit))?;
        Some(Candidate {
            kind: Kind::Reversal,
            mode: Mode::Tight,
            before: Some(before),
            after: Some(*n),
            topic,
            traits: vec![
                (("plain_weaker", Weaker::ListLonger as u32), 1.0),
                (("protects_before", 0), pair.rules.stakes.of(closing).protects),
            ],
        })
    });
    added.collect()
}

/// What was cut out of a sentence about encryption is named elsewhere in the new text, where it speaks of that.
fn is_cut_said(pair: &Pair<'_>, views: &Views, candidate: &Candidate) -> bool {
    let (Some(before), Some(after)) = (candidate.before, candidate.after) else { return true };
    let (old, new) = (&pair.old.placed[before].unit, &pair.new.placed[after].unit);
    let mut cut = old.bag.iter().filter(|stem| new.bag.binary_search(stem).is_err());
    let is_said =
        |stem: &u32| views.new.places().any(|n| pair.new.placed[n].unit.bag.binary_search(stem).is_ok());
    cut.all(is_said)
}
