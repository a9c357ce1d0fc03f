//! Is a promise said again elsewhere, in equal or wider words? Then nothing was taken back.

use super::align::{Link, Weigher};
use super::clause::{Actor, Promise};
use super::document::{Document, Placed, Unit};
use super::rules::{Encryption, Grammar, Rules, Slot};

/// Cues that take something from a promise where they are put in.
const WEAKENING: u64 = 1 << Grammar::May as u64
    | 1 << Grammar::Hedge as u64
    | 1 << Grammar::Exception as u64
    | 1 << Grammar::Law as u64
    | 1 << Grammar::Region as u64
    | 1 << Grammar::Business as u64
    | 1 << Grammar::OptOutNow as u64
    | 1 << Grammar::Ended as u64
    | 1 << Grammar::NoLonger as u64
    | 1 << Grammar::Quotation as u64
    | 1 << Grammar::OtherCompany as u64
    | 1 << Grammar::Hypothesis as u64
    | 1 << Grammar::Described as u64
    | 1 << Grammar::Condition as u64;

/// Cues that a promise loses something with.
const HOLDING: u64 = 1 << Grammar::Only as u64
    | 1 << Grammar::Universal as u64
    | 1 << Grammar::Consent as u64
    | 1 << Grammar::Default as u64
    | 1 << Grammar::Notice as u64;

/// Whether the other text says at least as much as `placed`, in one statement or in three neighbours.
pub(super) fn is_said_again(
    rules: &Rules,
    placed: &Placed,
    text: &Document,
    links: &[Link],
    weigher: Weigher<'_>,
) -> bool {
    let unit = &placed.unit;
    links.iter().any(|link| {
        let other = &text.placed[link.to];
        if other.scope & !placed.scope != 0 {
            return false;
        }
        // The same denial with a qualifier put in or taken out is the one that changed, not one that was kept.
        let edited = link.fresh
            && link.similarity >= 0.6
            && unit.promise & (Promise::Negative as u32 | Promise::EndToEnd as u32) != 0
            && other.unit.bag != unit.bag;
        // A short promise shares few words; its frames must then carry it.
        let by_words = link.contained >= 0.85 && !edited && holds(rules, unit, &[other]);
        let by_frames = link.contained >= 0.55 && !edited && denies_as_much(rules, unit, &other.unit);
        by_words || by_frames
    }) || links.iter().take(3).any(|link| {
        let from = link.to.saturating_sub(1);
        let to = (link.to + 3).min(text.placed.len());
        let near: Vec<&Placed> =
            text.placed[from..to].iter().filter(|other| other.scope & !placed.scope == 0).collect();
        let all: f32 = unit.bag.iter().map(|word| weigher.weight(*word)).sum();
        let said: f32 = unit
            .bag
            .iter()
            .filter(|word| near.iter().any(|other| other.unit.bag.binary_search(word).is_ok()))
            .map(|word| weigher.weight(*word))
            .sum();
        link.contained >= 0.4 && said >= 0.9 * all && holds(rules, unit, &near)
    })
}

fn all(units: &[&Placed], slot: Slot) -> u64 {
    units.iter().fold(0, |bits, placed| bits | placed.unit.mask(slot))
}

/// Nothing that matters is missing from the other statements, and nothing weakening was put in.
fn holds(rules: &Rules, unit: &Unit, others: &[&Placed]) -> bool {
    let grammar = all(others, Slot::Grammar);
    let mine = unit.mask(Slot::Grammar);
    let end_to_end = Encryption::EndToEnd.bit() | Encryption::KeyCustody.bit();
    let promises = others.iter().fold(0, |bits, placed| bits | placed.unit.promise);
    let negated = |unit: &Unit| {
        unit.frames.iter().filter(|f| f.negated && !f.conditional).fold(0u64, |bits, f| bits | 1 << f.verb)
    };
    let denied = others.iter().fold(0, |bits, placed| bits | negated(&placed.unit));
    let protective =
        rules.verbs.iter().enumerate().filter(|(_, v)| v.protective).fold(0u64, |b, (n, _)| b | 1 << n);
    let quantities: Vec<_> = others.iter().flat_map(|placed| placed.unit.quantities.iter()).collect();
    grammar & WEAKENING & !mine == 0
        && mine & HOLDING & !grammar == 0
        && unit.promise & !promises == 0
        && negated(unit) & !denied & !protective == 0
        && unit.mask(Slot::Data) & !all(others, Slot::Data) == 0
        && unit.mask(Slot::Recipient) & !all(others, Slot::Recipient) == 0
        && unit.mask(Slot::Purpose) & !all(others, Slot::Purpose) == 0
        && unit.mask(Slot::Encryption) & end_to_end & !all(others, Slot::Encryption) == 0
        && unit.quantities.iter().all(|q| quantities.contains(&q))
        // What a permission already allowed must not have grown: no new data, no new recipient.
        && (super::difference::is_protective(unit) || {
            all(others, Slot::Data) & !unit.mask(Slot::Data) == 0
                && all(others, Slot::Recipient) & !unit.mask(Slot::Recipient) == 0
                && all(others, Slot::Purpose) & !unit.mask(Slot::Purpose) == 0
        })
}

/// Every practice that the statement denies the other denies too, of the same data and to as many.
fn denies_as_much(rules: &Rules, unit: &Unit, other: &Unit) -> bool {
    if unit.promise & Promise::Negative as u32 == 0
        || other.mask(Slot::Grammar) & WEAKENING & !unit.mask(Slot::Grammar) != 0
    {
        return false;
    }
    let mut asked = 0;
    let met = unit
        .frames
        .iter()
        .filter(|f| f.negated && !f.conditional && !f.excepted && f.actor != Actor::User)
        .filter(|f| !rules.verbs[f.verb as usize].protective)
        .all(|f| {
            asked += 1;
            other.frames.iter().any(|g| {
                g.verb == f.verb
                    && g.negated
                    && !g.conditional
                    && g.actor != Actor::User
                    && f.data & !g.data == 0
                    && f.recipients & !g.recipients == 0
                    && f.purposes & !g.purposes == 0
            })
        });
    asked > 0 && met
}
