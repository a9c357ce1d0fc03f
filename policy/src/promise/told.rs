//! Which candidates of a change are told: how sure the judge has to be of each, by itself and beside the others.

use super::difference::Weaker;
use super::features::{Candidate, Mode, Pair, Trait};
use super::weights::Ready;
use crate::finding::Kind;
use std::collections::BTreeSet;

/// A candidate that is likely enough.
pub(super) struct Kept {
    pub candidate: Candidate,
    /// Probability, 0 to 1.
    pub chance: f32,
    /// The probability that it had to reach.
    pub asked: f32,
}

/// Where a change holds one finding for sure, so much less sure has the judge to be of others: promises are oftener
/// taken back together than alone.
pub(super) const EASED: f32 = 0.07;
/// What is settled in another way is this much surer than it has to be.
const SETTLED: f32 = 0.05;
/// What is so much less likely than what is told is weighed as well, where the judge of short pages tells it, see
/// [`super::brief::opinion`].
pub(super) const ASKED: f32 = 0.135;
/// How much surer a second finding of one topic has to be: what else is gone or new on a topic is oftener another
/// sentence of the same than a second one.
const SURER: f32 = 0.08;
/// How much surer each further expansion has to be than the one before: a rewritten text has many new sentences.
const FURTHER: f32 = 0.03;

/// Candidates that are at most `eased` less likely than the threshold, best first.
pub(super) fn likely(ready: &Ready, threshold: f32, eased: f32, candidates: Vec<Candidate>) -> Vec<Kept> {
    let mut likely: Vec<Kept> = candidates
        .into_iter()
        .filter_map(|candidate| {
            let chance = if is_decisive(&candidate) {
                ready.weigh(candidate.mode, &candidate.traits).max(threshold + SETTLED)
            } else {
                ready.weigh_above(candidate.mode, &candidate.traits, threshold - eased)?
            };
            Some(Kept { candidate, chance, asked: threshold })
        })
        .collect();
    likely.sort_by(|a, b| {
        let places = |kept: &Kept| (kept.candidate.before, kept.candidate.after);
        b.chance.total_cmp(&a.chance).then(places(a).cmp(&places(b)))
    });
    likely
}

/// Whether one of them is a finding by itself.
pub(super) fn holds_one(threshold: f32, likely: &[Kept]) -> bool {
    likely.first().is_some_and(|kept| kept.chance >= threshold)
}

/// The reversals that are told, of those that are likely; whether the change `holds_one` finding for sure.
pub(super) fn reversals(threshold: f32, holds_one: bool, likely: Vec<Kept>) -> Vec<Kept> {
    let asked = if holds_one { threshold - EASED } else { threshold };
    told(likely, |_| asked)
}

/// The expansions that are told.
pub(super) fn expansions(threshold: f32, holds_one: bool, likely: Vec<Kept>) -> Vec<Kept> {
    let asked = if holds_one { threshold - EASED } else { threshold };
    told(likely, |n| asked + FURTHER * n as f32)
}

/// Best first: those that reach what is `asked` of the n-th, or, of a topic that was told or passed over, more. An edit
/// that can only be read one way is told all the same.
fn told(likely: Vec<Kept>, asked: impl Fn(usize) -> f32) -> Vec<Kept> {
    let mut topics = BTreeSet::new();
    likely
        .into_iter()
        .enumerate()
        .filter_map(|(n, kept)| {
            let is_first = topics.insert(kept.candidate.topic) || is_decisive(&kept.candidate);
            let asked = if is_first { asked(n) } else { asked(n) + SURER };
            (kept.chance >= asked).then_some(Kept { asked, ..kept })
        })
        .collect()
}

/// An edit that can only be read one way, see [`super::plain`].
pub(super) fn is_plain(candidate: &Candidate) -> bool {
    candidate.kind == Kind::Reversal
        && candidate.traits.iter().any(|((family, _), _)| *family == "plain_weaker")
}

/// An edit that took one of several things out of a promise: another sentence may say it.
pub(super) fn is_cut(candidate: &Candidate) -> bool {
    let cuts = [Weaker::ProtectionLost, Weaker::SlotLost].map(|way| way as u32);
    candidate.traits.iter().any(|((family, id), _)| *family == "plain_weaker" && cuts.contains(id))
}

/// The same sentence stands edited, and one of its words bounds now what it says: "all of our chats" became "our chats".
pub(super) fn is_bounded(candidate: &Candidate) -> bool {
    let ways = [
        Weaker::UniversalLost,
        Weaker::ScopePut,
        Weaker::ConditionPut,
        Weaker::ExceptionPut,
        Weaker::HedgePut,
        Weaker::ModalityLowered,
    ]
    .map(|way| way as u32);
    let narrows = |((family, id), _): &(Trait, f32)| *family == "weaker" && ways.contains(id);
    candidate.kind == Kind::Reversal && candidate.mode == Mode::Tight && candidate.traits.iter().any(narrows)
}

/// What has to be at stake for a short edit to speak for itself: some promise, not a house rule.
const DECISIVE: f32 = 0.2;

/// So many statements may have gone, and as many come, for such an edit to speak for itself: by its cues alone, and read
/// place by place.
const FEW: [f32; 2] = [10.0, 30.0];

/// Edits that leave one reading speak for themselves in this change.
pub(super) fn is_small(pair: &Pair<'_>) -> bool {
    [&pair.changed.gone, &pair.changed.fresh].iter().all(|changed| changed.len() as f32 <= FEW[1])
}

/// A short edit in a small change that can only be read one way needs no weighing; the weights, learned where
/// much changes at once, are too careful with it.
pub(super) fn is_decisive(candidate: &Candidate) -> bool {
    let value =
        |name: &str| candidate.traits.iter().find(|((family, _), _)| *family == name).map_or(0.0, |t| t.1);
    let is_within = |most: f32| {
        let most = (most + 1.0).ln() / 4.0;
        value("gone_log") <= most && value("fresh_log") <= most
    };
    let by_cues = candidate.mode == Mode::Tight && value("staked_decisive") >= DECISIVE && is_within(FEW[0]);
    candidate.kind == Kind::Reversal && (by_cues || (is_plain(candidate) && is_within(FEW[1])))
}
