//! Is a promise said again elsewhere, in equal or wider words? Then nothing was taken back.

use super::align::{Link, Weigher};
use super::clause::{Actor, Promise};
use super::document::{Document, Placed, Unit};
use super::edit;
use super::rules::{Encryption, Grammar, Rules, Slot};

/// Cues that take something from a promise where they are put in.
pub(super) const WEAKENING: u64 = 1 << Grammar::May as u64
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
        // The same sentence with a word put in or taken out is the one that changed, not one that was kept.
        let edited = link.fresh && link.similarity >= 0.6 && other.unit.bag != unit.bag;
        // A short promise shares few words; its frames must then carry it.
        let by_words = link.contained >= 0.85 && !edited && holds(rules, unit, &[other]);
        // Where the purpose alone says what it is about ("for ads"), the words around it matter less.
        let named = unit.mask(Slot::Data) | unit.mask(Slot::Recipient);
        let enough = if unit.mask(Slot::Purpose) != 0 && named == 0 { 0.4 } else { 0.55 };
        let by_frames = link.contained >= enough && !edited && denies_as_much(rules, unit, &other.unit);
        // Turned to the passive or said of all who may: other words carry the same denial.
        let by_telling = (edited || link.contained < 0.55)
            && says_no_more(unit, &other.unit)
            && unit.quantities.iter().all(|q| other.unit.quantities.contains(q))
            && unit.mask(Slot::Grammar) & HOLDING & !other.unit.mask(Slot::Grammar) == 0
            && denies_as_much(rules, unit, &other.unit);
        // "Nobody can" covers "we cannot", whoever else it names.
        let by_all =
            denies_to_all(&other.unit) && !denies_to_all(unit) && denies_as_much(rules, unit, &other.unit);
        by_words || by_frames || by_telling || by_all
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
    }) || is_denied_otherwise(rules, placed, text)
        || is_denied_flatly(rules, placed, text, links)
        || (!unit.quantities.is_empty()
            && text
                .placed
                .iter()
                .any(|other| is_limit_again(unit, &other.unit) && other.scope & !placed.scope == 0))
}

/// Endings differ more in other languages, and stems are those of English: on a short page any denial of as much counts.
/// Of the same sentence edited, where it has the same words in whatever form.
fn is_denied_otherwise(rules: &Rules, placed: &Placed, text: &Document) -> bool {
    let unit = &placed.unit;
    let is_edited = |other: &Unit| edit::edits(unit, other).share < 0.5 && !has_same_words(unit, other);
    !placed.unit.is_learned
        && text.placed.len() <= super::brief::MOST
        && text
            .placed
            .iter()
            .filter(|other| other.scope & !placed.scope == 0 && !is_edited(&other.unit))
            .any(|other| denies_as_much(rules, &placed.unit, &other.unit))
}

/// All of its telling words are in the other, in this form or another, and the cues that hold something.
fn has_same_words(unit: &Unit, other: &Unit) -> bool {
    let own = |unit: &Unit| unit.lead_words..unit.tokens.words.len();
    let is_telling = |n: &usize| unit.bag.binary_search(&unit.tokens.words[*n].stem).is_ok();
    let begins = |unit: &Unit, n: usize| unit.tokens.word(n).chars().take(BEGINNING).collect::<String>();
    let is_there = |n: usize| own(other).any(|m| begins(other, m) == begins(unit, n));
    let holding = unit.mask(Slot::Grammar) & HOLDING & !other.mask(Slot::Grammar) == 0;
    holding && unit.quantities == other.quantities && own(unit).filter(is_telling).all(is_there)
}

/// Words that begin alike for so many letters are forms of one.
const BEGINNING: usize = 4;

/// "We do not sell your data" holds every narrower denial of it, however different its words. The same sentence edited
/// is no such denial: what was edited is the question.
fn is_denied_flatly(rules: &Rules, placed: &Placed, text: &Document, links: &[Link]) -> bool {
    let only_denies = placed.unit.promise & !(Promise::Negative as u32 | Promise::Only as u32) == 0;
    let is_edited =
        |place| links.iter().any(|link| link.to == place && link.fresh && link.similarity >= 0.45);
    only_denies && super::denial::is_denied_flatly(rules, placed, text, is_edited)
}

/// "Nobody", "no one": whoever there is.
fn denies_to_all(unit: &Unit) -> bool {
    unit.hits.iter().any(|hit| {
        hit.cue.slot == Slot::Grammar
            && hit.cue.id == Grammar::Negation as u8
            && (unit.tokens.word(hit.from as usize) == "nobody" || hit.to == hit.from + 2)
            && matches!(unit.tokens.word(hit.from as usize), "nobody" | "no")
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

/// "It is gone within 14 days", "This takes no more than two weeks": both go on about the sentence before, and
/// only their limit says something.
fn is_limit_again(unit: &Unit, other: &Unit) -> bool {
    let goes_on = |unit: &Unit| {
        unit.tokens.words.get(unit.lead_words).is_some_and(|_| {
            matches!(unit.tokens.word(unit.lead_words), "it" | "this" | "that" | "these" | "they")
        })
    };
    !unit.quantities.is_empty()
        && unit.quantities == other.quantities
        && goes_on(unit)
        && goes_on(other)
        && other.mask(Slot::Grammar) & WEAKENING & !unit.mask(Slot::Grammar) == 0
}

/// Its telling words, grammar left out, stand in the other, which adds none: a word put into a denial narrows it.
fn says_no_more(unit: &Unit, other: &Unit) -> bool {
    let telling = |unit: &Unit| -> Vec<u32> {
        let grammar = |n: usize| {
            unit.hits.iter().any(|hit| {
                hit.cue.slot == Slot::Grammar && (usize::from(hit.from)..usize::from(hit.to)).contains(&n)
            })
        };
        let mut words: Vec<u32> = unit
            .own_words()
            .enumerate()
            .filter(|(n, word)| !grammar(n + unit.lead_words) && unit.bag.binary_search(&word.stem).is_ok())
            .map(|(_, word)| word.stem)
            .collect();
        words.sort_unstable();
        words.dedup();
        words
    };
    let (mine, theirs) = (telling(unit), telling(other));
    !mine.is_empty() && mine == theirs
}

/// Every practice that the statement denies the other denies too, of the same data and to as many.
fn denies_as_much(rules: &Rules, unit: &Unit, other: &Unit) -> bool {
    // "can be read by nobody" is as firm as "cannot be read": where all is denied, "can" allows nothing.
    let denied = denies_to_all(other)
        && other.frames.iter().filter(|f| !f.conditional && !f.excepted).all(|f| f.negated);
    let weakening = if denied { WEAKENING & !Grammar::May.bit() } else { WEAKENING };
    if unit.promise & Promise::Negative as u32 == 0
        || other.mask(Slot::Grammar) & weakening & !unit.mask(Slot::Grammar) != 0
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
                // To use for a purpose says no more than to do something for it.
                let same =
                    g.verb == f.verb || (f.purposes != 0 && rules.verbs[f.verb as usize].name == "use");
                same && g.negated
                    && !g.conditional
                    && g.actor != Actor::User
                    && f.data & !g.data == 0
                    && f.recipients & !g.recipients == 0
                    && f.purposes & !g.purposes == 0
            })
        });
    asked > 0 && met
}
