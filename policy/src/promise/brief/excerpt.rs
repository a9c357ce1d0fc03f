//! Long texts as short pages: the places that changed, with what stands around them.
//!
//! Pages and sentences written for it taught more about single sentences that were said anew, and about all that is said of
//! encryption, than the long texts on record hold, most of which changed in many places at once (decision 0016). So
//! where little changed in a long text the judge of short pages is asked as well.

use super::{MOST, Told, couple, finding};
use crate::finding::{Judgement, Kind, Topic};
use crate::promise::document::{self, Document, Unit};
use crate::promise::features::Pair;
use crate::promise::judge::Dates;
use crate::promise::rules::{Encryption, Rules};
use crate::promise::severity;
use crate::promise::told::{self, Kept};
use std::collections::BTreeSet;
use std::ops::Range;

/// Kept statements on either side of a changed place that an excerpt shows.
const AROUND: usize = 5;
/// Texts of more statements are not excerpted: to line them up takes too long.
const LONG: usize = 1_500;

/// A place where a text changed, of the old text and of the new, with the texts' statements around it.
pub(super) struct Excerpt {
    pub place: (Range<usize>, Range<usize>),
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
        .map(|(old, new, place)| Excerpt { place, before: before.part(old), after: after.part(new) })
}

/// What the judge of short pages makes of a long text in which little changed.
#[derive(Debug, Default)]
pub(in crate::promise) struct Opinion {
    /// What it finds of private statements.
    pub found: Vec<Judgement>,
    /// Private statements of the old and of the new text, where one took another's place: those are its own to judge.
    private: [BTreeSet<usize>; 2],
    /// Statements of the old text that it read beside what came in their place and holds not to be broken.
    doubted: BTreeSet<usize>,
    /// Those that it holds to be broken or lost.
    confirmed: BTreeSet<usize>,
}

impl Opinion {
    /// The statements of either text are judged here alone.
    pub fn decides(&self, before: Option<usize>, after: Option<usize>) -> bool {
        before.is_some_and(|n| self.private[0].contains(&n))
            || after.is_some_and(|n| self.private[1].contains(&n))
    }

    /// What is judged to be a loss of this statement is none.
    pub fn doubts(&self, before: Option<usize>) -> bool {
        before.is_some_and(|n| self.doubted.contains(&n))
    }

    /// What may be a loss of this statement is one.
    pub fn confirms(&self, before: Option<usize>) -> bool {
        before.is_some_and(|n| self.confirmed.contains(&n))
    }
}

/// The first step of what is told from here, and the last of what is confirmed.
const READ: &str = "where the text changed it was read by itself, like a short page";
pub(in crate::promise) const CONFIRMED: &str = "read by itself, like a short page, it is a loss as well";
/// So many statements may have gone, and as many come, for private ones to be judged here, and for others to be confirmed.
const FEW: usize = 30;
/// And for what is told of others to be doubted.
const FEWEST: usize = 3;
/// So sure of a loss, and it is confirmed.
const SURE: f32 = 0.6;
/// Less sure than this of a loss, and it is doubted.
const DOUBTED: f32 = 0.2;

/// How many statements went, or came.
fn size(pair: &Pair<'_>) -> usize {
    pair.changed.gone.len().max(pair.changed.fresh.len())
}

fn keys<'a>(text: &Document, places: impl Iterator<Item = &'a usize>) -> BTreeSet<u64> {
    places.map(|n| text.placed[*n].unit.key).collect()
}

/// Asks the judge of short pages, where it is worth it. `lost` are the places of old statements that the new text may hold
/// nowhere; `likely` is what the judge of long texts would tell, or is not sure enough to tell.
pub(in crate::promise) fn opinion(
    pair: &Pair<'_>,
    dates: &Dates,
    lost: &BTreeSet<usize>,
    likely: &[Kept],
) -> Opinion {
    let (rules, changed) = (pair.rules, &pair.changed);
    let mut opinion = Opinion::default();
    if size(pair) > FEW || !super::is_learned(rules) {
        return opinion;
    }
    let private = |text: &Document, places: &[usize]| -> BTreeSet<usize> {
        places.iter().copied().filter(|n| is_private(rules, &text.placed[*n].unit)).collect()
    };
    let (old, new) = (private(pair.old, &changed.gone), private(pair.new, &changed.fresh));
    // An edit that can only be read one way leaves nothing to ask.
    let is_open = |kept: &&Kept| !told::is_plain(&kept.candidate);
    let open: BTreeSet<usize> =
        likely.iter().filter(is_open).filter_map(|kept| kept.candidate.before).collect();
    if [&old, &new, &open].iter().all(|places| places.is_empty()) {
        return opinion;
    }
    // What stood elsewhere and moved here is neither gone nor new, whatever the excerpt shows.
    let (gone, fresh) = (keys(pair.old, changed.gone.iter()), keys(pair.new, changed.fresh.iter()));
    let lost = keys(pair.old, lost.iter());
    for Excerpt { place, before, after } in excerpts(pair.old, pair.new) {
        let within = |places: &BTreeSet<usize>, place: &Range<usize>| -> Vec<usize> {
            places.range(place.clone()).copied().collect()
        };
        let (old, new, open) = (within(&old, &place.0), within(&new, &place.1), within(&open, &place.0));
        if [&old, &new, &open].iter().all(|places| places.is_empty()) {
            continue;
        }
        let part = Pair::new(rules, &before, &after).within(&gone, &fresh);
        let units = |told: &Told| {
            [told.before.map(|n| &*before.placed[n].unit), told.after.map(|n| &*after.placed[n].unit)]
        };
        let mut told = super::told_from(rules, &part, DOUBTED);
        // Where nothing came in its place there is nothing to compare it with.
        if !place.0.is_empty() && !place.1.is_empty() {
            let losses = told.iter().filter(|told| told.kind == Kind::Reversal);
            let losses: BTreeSet<u64> = losses.flat_map(units).flatten().map(|unit| unit.key).collect();
            let is_loss = |n: &usize| losses.contains(&pair.old.placed[*n].unit.key);
            opinion.private[0].extend(old);
            opinion.private[1].extend(new);
            let doubted = open.iter().filter(|n| size(pair) <= FEWEST && !is_loss(n));
            opinion.doubted.extend(doubted);
        }
        // Where no word of it stands there, it is not about encryption, whatever the trees make of it.
        let is_sure = |told: &&Told| {
            told.kind == Kind::Reversal && told.chance >= SURE && told.topic != Topic::Encryption
        };
        let sure: BTreeSet<u64> =
            told.iter().filter(is_sure).filter_map(|told| units(told)[0]).map(|unit| unit.key).collect();
        opinion.confirmed.extend(open.iter().filter(|n| sure.contains(&pair.old.placed[**n].unit.key)));
        told.retain(|told| {
            let [before, after] = units(told);
            let is_lost = after.is_some() || before.is_some_and(|unit| lost.contains(&unit.key));
            let is_private = || before.into_iter().chain(after).any(|unit| is_private(rules, unit));
            told.chance >= told.asked && is_lost && is_private()
        });
        let mut found = finding::judgements(rules, &part, told, dates);
        found.iter_mut().for_each(|finding| finding.steps.insert(0, READ.to_owned()));
        opinion.found.extend(found);
    }
    opinion
}

/// It speaks of encryption, or denies that anybody else reads what people write to each other.
fn is_private(rules: &Rules, unit: &Unit) -> bool {
    unit.encryption(Encryption::EndToEnd)
        || unit.encryption(Encryption::KeyCustody)
        || unit.tokens.form.contains("crypt")
        || severity::denies_reading(rules, unit)
}
