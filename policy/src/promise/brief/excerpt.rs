//! Long texts as short pages: the places that changed, with what stands around them.
//!
//! Pages and sentences written for it taught more about single sentences that were said anew, and about all that is said of
//! encryption, than the long texts on record hold, most of which changed in many places at once (decision 0016). So
//! where little changed in a long text the judge of short pages is asked as well.

use super::{MOST, Told, couple, finding};
use crate::finding::{Judgement, Kind, Topic};
use crate::promise::document::{self, Document, Unit};
use crate::promise::edit;
use crate::promise::features::Pair;
use crate::promise::judge::Dates;
use crate::promise::rules::Rules;
use crate::promise::severity;
use std::collections::BTreeSet;
use std::ops::Range;

/// Kept statements on either side of a changed place that an excerpt shows.
const AROUND: usize = 5;
/// Texts of more statements are not excerpted: to line them up takes too long.
const LONG: usize = 1_500;

/// A place where a text changed, of the old text and of the new, with the texts' statements around it.
pub(super) struct Excerpt {
    pub place: (Range<usize>, Range<usize>),
    /// Where the excerpt begins in either text.
    pub from: [usize; 2],
    pub before: Document,
    pub after: Document,
}

/// Those of both texts that are short enough to be read as pages.
pub(super) fn excerpts(before: &Document, after: &Document) -> impl Iterator<Item = Excerpt> {
    let is_read = |text: &Document| text.placed.len() <= LONG && text.language == document::LEARNED;
    let gaps = if is_read(before) && is_read(after) { couple::gaps(before, after) } else { Vec::new() };
    let around = |gap: &Range<usize>, text: &Document| {
        gap.start.saturating_sub(AROUND)..(gap.end + AROUND).min(text.placed.len())
    };
    gaps.into_iter()
        .map(move |place| (around(&place.0, before), around(&place.1, after), place))
        .filter(|(old, new, _)| [old, new].iter().all(|part| (1..=MOST).contains(&part.len())))
        .map(|(old, new, place)| Excerpt {
            place,
            from: [old.start, new.start],
            before: before.part(old),
            after: after.part(new),
        })
}

/// What the judge of short pages makes of a long text in which little changed.
#[derive(Debug, Default)]
pub(in crate::promise) struct Opinion {
    /// What it finds, with the places in the old and the new text.
    pub found: Vec<([Option<usize>; 2], Judgement)>,
    /// Statements of the old and of the new text that are its own to judge.
    decided: [BTreeSet<usize>; 2],
}

impl Opinion {
    /// The statements of either text are judged here alone.
    pub fn decides(&self, before: Option<usize>, after: Option<usize>) -> bool {
        before.is_some_and(|n| self.decided[0].contains(&n))
            || after.is_some_and(|n| self.decided[1].contains(&n))
    }
}

/// The first step of what is told from here.
const READ: &str = "where the text changed it was read by itself, like a short page";
/// So many statements may have gone, and as many come, for all of them to be judged here.
const FEWEST: usize = 3;
/// And for private ones to be.
const FEW: usize = 30;

fn keys<'a>(text: &Document, places: impl Iterator<Item = &'a usize>) -> BTreeSet<u64> {
    places.map(|n| text.placed[*n].unit.key).collect()
}

/// Asks the judge of short pages, where little changed. `lost` are the places of old statements that the new text may
/// hold nowhere.
pub(in crate::promise) fn opinion(pair: &Pair<'_>, dates: &Dates, lost: &BTreeSet<usize>) -> Opinion {
    let (rules, changed) = (pair.rules, &pair.changed);
    let mut opinion = Opinion::default();
    let size = changed.gone.len().max(changed.fresh.len());
    if size > FEW || !super::is_learned(rules) {
        return opinion;
    }
    let is_own = |unit: &Unit| size <= FEWEST || is_private(rules, unit);
    let own = |text: &Document, places: &[usize]| -> BTreeSet<usize> {
        places.iter().copied().filter(|n| is_own(&text.placed[*n].unit)).collect()
    };
    let own = [own(pair.old, &changed.gone), own(pair.new, &changed.fresh)];
    if own.iter().all(BTreeSet::is_empty) {
        return opinion;
    }
    // What stood elsewhere and moved here is neither gone nor new, whatever the excerpt shows.
    let (gone, fresh) = (keys(pair.old, changed.gone.iter()), keys(pair.new, changed.fresh.iter()));
    for Excerpt { place, from, before, after } in excerpts(pair.old, pair.new) {
        let here = [own[0].range(place.0.clone()), own[1].range(place.1.clone())];
        let here = here.map(|places| places.copied().collect::<Vec<_>>());
        if here.iter().all(Vec::is_empty) {
            continue;
        }
        // Where nothing stood or came in its place there is nothing to compare it with.
        if !(place.0.is_empty() || place.1.is_empty()) {
            here.into_iter().zip(&mut opinion.decided).for_each(|(here, decided)| decided.extend(here));
        }
        let part = Pair::new(rules, &before, &after).within(&gone, &fresh);
        let units = |told: &Told| {
            [told.before.map(|n| &*before.placed[n].unit), told.after.map(|n| &*after.placed[n].unit)]
        };
        // What a page gains may be told in any words; a policy that encrypts more says so.
        let is_named = [&before, &after]
            .iter()
            .any(|text| text.placed.iter().any(|placed| is_private(rules, &placed.unit)));
        let mut told = super::told(rules, &part);
        told.retain(|told| {
            let is_lost = || told.before.is_some_and(|n| lost.contains(&(n + from[0])));
            let is_gain = told.kind != Kind::Strengthening || is_gained(&part, told);
            (told.after.is_some() || is_lost()) && units(told).into_iter().flatten().any(is_own) && is_gain
        });
        if !is_named {
            let is_step =
                |told: &&mut Told| told.kind == Kind::Strengthening && told.topic == Topic::Encryption;
            told.iter_mut().filter(is_step).for_each(|told| {
                told.topic =
                    super::other_topic(rules, &units(told).into_iter().flatten().collect::<Vec<_>>());
                told.states = None;
                told.scopes = 0;
            });
        }
        for (told, mut finding) in finding::judgements(rules, &part, told, dates) {
            finding.steps.insert(0, READ.to_owned());
            let places = [told.before.map(|n| n + from[0]), told.after.map(|n| n + from[1])];
            opinion.found.push((places, finding));
        }
    }
    opinion
}

/// So likely a gain has to be where nothing in the edit of a sentence says that it got firmer.
const GAINED: f32 = 0.7;

/// A long text is full of sentences that are edited and mean what they meant: without a typed difference the trees have
/// to be surer.
fn is_gained(pair: &Pair<'_>, told: &Told) -> bool {
    let (Some(before), Some(after)) = (told.before, told.after) else { return true };
    let (old, new) = (&pair.old.placed[before].unit, &pair.new.placed[after].unit);
    told.chance >= GAINED || edit::is_firmer(pair.rules, old, new) != Some(false)
}

/// It speaks of encryption, or denies that anybody else reads what people write to each other.
fn is_private(rules: &Rules, unit: &Unit) -> bool {
    super::names_encryption(unit) || severity::denies_reading(rules, unit)
}
