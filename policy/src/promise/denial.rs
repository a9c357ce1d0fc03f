//! What a statement denies: "We do not sell your data". Where the other text denies a practice flatly, of all
//! data and to everyone, each narrower denial of it still stands there, in whatever words it was made.

use super::clause::{self, Actor, Clause, Part};
use super::document::{Document, Hit, Placed, Unit};
use super::kept::WEAKENING;
use super::number::Quantity;
use super::rules::{Entry, Grammar, Rules, SLOTS, Slot};
use super::token::Tokens;
use crate::statement::Role;

/// One phrase of a main clause in which the service denies practices.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Denial {
    /// Which practices, as bits of the rules' verbs.
    verbs: u64,
    /// What else the phrase says, by slot.
    masks: [u64; SLOTS],
    /// An exception, a condition or "who …" stands beside its clause.
    is_fenced: bool,
    /// Said of the service itself and of no data in particular.
    is_plain: bool,
    /// Of "data" or "information", whatever they are about.
    is_bare: bool,
    /// Stems of what its cues do not cover, sorted: words that may narrow it.
    rest: Vec<u32>,
}

/// The denials of a statement under its lead-in; `masks` are the bits of its hits, by slot.
pub(super) fn denials(
    tokens: &Tokens,
    lead_words: usize,
    hits: &[Hit],
    masks: &[u64; SLOTS],
    bag: &[u32],
) -> Vec<Denial> {
    let negates = Grammar::Negation.bit() | Grammar::NoLonger.bit();
    if masks[Slot::Verb as usize] == 0 || masks[Slot::Grammar as usize] & negates == 0 {
        return Vec::new();
    }
    let clauses = clause::clauses(tokens, lead_words, hits);
    let mut found = Vec::new();
    for (n, clause) in clauses.iter().enumerate() {
        if clause.part != Part::Main {
            continue;
        }
        let within = clause.hits(hits);
        // "for marketing" and "data we collect" name a purpose and data, and deny no marketing and no collecting.
        let named = |hit: &Hit| {
            within.iter().any(|other| {
                matches!(other.cue.slot, Slot::Purpose | Slot::Recipient | Slot::Data)
                    && other.from <= hit.from
                    && hit.to <= other.to
            })
        };
        let verbs: Vec<&Hit> = within
            .iter()
            .filter(|hit| hit.cue.slot == Slot::Verb && !named(hit))
            .filter(|hit| clause::is_negated(tokens, within, hit))
            .filter(|hit| clause::actor(tokens, clause.from, hit.from as usize, within) == Actor::Service)
            .collect();
        let Some(first) = verbs.first() else { continue };
        let opening = clause.from..first.from as usize;
        let is_fence = |part: Part| part != Part::Main;
        let is_fenced = n.checked_sub(1).is_some_and(|n| is_fence(clauses[n].part))
            || clauses
                .get(n + 1)
                .is_some_and(|next| is_fence(next.part) || matches!(tokens.word(next.from), "who" | "which"));
        let is_plain = is_plain(tokens, clause, within, bag);
        let said_from = clause.from + aside(tokens, clause);
        let mut phrases = verbs.chunk_by(|a, b| !are_apart(tokens, within, bag, a, b)).peekable();
        while let Some(phrase) = phrases.next() {
            let from = phrase[0].from as usize;
            let to = phrases.peek().map_or(clause.to, |next| next[0].from as usize);
            // What is included narrows nothing.
            let to = (from..to).find(|n| tokens.word(*n) == "including").unwrap_or(to);
            let is_own = |n: usize| opening.contains(&n) || (from..to).contains(&n);
            let own = within.iter().filter(|hit| is_own(hit.from as usize));
            let mut masks = [0; SLOTS];
            own.clone().for_each(|hit| masks[hit.cue.slot as usize] |= 1u64 << hit.cue.id);
            // "Use your data to train": of all uses one is denied.
            let has_aim = own
                .clone()
                .any(|hit| hit.cue.slot == Slot::Verb && matches!(word_before(tokens, hit), "to" | "for"));
            found.push(Denial {
                // "For them to use as they like" is what a sale is for.
                verbs: phrase
                    .iter()
                    .enumerate()
                    .filter(|(n, hit)| *n == 0 || word_before(tokens, hit) != "to")
                    .fold(0u64, |bits, (_, hit)| bits | 1 << hit.cue.id),
                masks,
                is_fenced,
                is_plain: is_plain && !has_aim,
                is_bare: (from..to).any(|n| is_bare(tokens, within, bag, n)),
                rest: rest(tokens, (said_from..clause.to).filter(|n| is_own(*n)), within, bag),
            });
        }
    }
    found
}

/// How many words before the comma only say where else it is said: "As mentioned elsewhere, we …", "Please note that we …".
fn aside(tokens: &Tokens, clause: &Clause) -> usize {
    let word = |n: usize| if clause.from + n < clause.to { tokens.word(clause.from + n) } else { "" };
    let says = |word: &str| {
        matches!(
            word,
            "mentioned" | "noted" | "stated" | "said" | "explained" | "described" | "discussed" | "outlined"
        )
    };
    match (word(0), word(1)) {
        ("please", "note") => 2,
        ("as", second) if says(second) => {
            (clause.from + 2..clause.to).find(|n| tokens.words[*n].after_break).map_or(0, |n| n - clause.from)
        }
        _ => 0,
    }
}

/// "Sell, rent or share your data for ads" is one phrase, "sell your data or share it for ads" are two.
fn are_apart(tokens: &Tokens, within: &[Hit], bag: &[u32], verb: &Hit, next: &Hit) -> bool {
    let mut data = within.iter().filter(|hit| hit.cue.slot == Slot::Data);
    let names_data = data.any(|hit| hit.from >= verb.to && hit.to <= next.from)
        || (verb.to as usize..next.from as usize).any(|n| is_bare(tokens, within, bag, n));
    names_data && matches!(word_before(tokens, next), "or" | "and" | "nor")
}

fn word_before<'a>(tokens: &'a Tokens, hit: &Hit) -> &'a str {
    (hit.from as usize).checked_sub(1).map_or("", |n| tokens.word(n))
}

/// "Data" or "information" with no word before it that says which: "we do not sell data", "your information".
fn is_bare(tokens: &Tokens, within: &[Hit], bag: &[u32], at: usize) -> bool {
    let covered = |n: usize, slots: &[Slot]| {
        within
            .iter()
            .any(|hit| slots.contains(&hit.cue.slot) && (hit.from as usize..hit.to as usize).contains(&n))
    };
    let is_data = matches!(tokens.word(at), "data" | "information") && !covered(at, &[Slot::Data]);
    is_data
        && at.checked_sub(1).is_some_and(|n| {
            let is_telling = bag.binary_search(&tokens.words[n].stem).is_ok();
            let points = matches!(tokens.word(n), "this" | "these" | "those" | "that" | "such" | "the");
            covered(n, &[Slot::Verb]) || (!is_telling && !points)
        })
}

/// Stems of the telling words at `places` that no cue covers.
fn rest(tokens: &Tokens, places: impl Iterator<Item = usize>, within: &[Hit], bag: &[u32]) -> Vec<u32> {
    let covered = |n: usize| {
        within.iter().any(|hit| (hit.from as usize..hit.to as usize).contains(&n))
            || is_bare(tokens, within, bag, n)
    };
    let mut rest: Vec<u32> = places
        .filter(|n| !covered(*n))
        .map(|n| tokens.words[n].stem)
        .filter(|stem| bag.binary_search(stem).is_ok())
        .collect();
    rest.sort_unstable();
    rest.dedup();
    rest
}

/// Not "the devices do not", "this information is not", "your customers' data", "without sharing".
fn is_plain(tokens: &Tokens, clause: &Clause, within: &[Hit], bag: &[u32]) -> bool {
    let is_pointing = |n: usize| matches!(tokens.word(n), "this" | "these" | "those" | "that" | "such");
    let is_other = (is_pointing(clause.from) || matches!(tokens.word(clause.from), "it" | "they" | "the"))
        && !within.iter().any(|hit| clause::grammar(hit, Grammar::We));
    let of_people = within
        .iter()
        .filter(|hit| clause::grammar(hit, Grammar::You) && hit.from as usize > clause.from)
        .any(|hit| tokens.word(hit.from as usize) != "your" && tokens.word(hit.from as usize - 1) == "your");
    let denies = within.iter().any(|hit| {
        clause::grammar(hit, Grammar::Negation)
            && !matches!(tokens.word(hit.from as usize), "without" | "ohne" | "sans")
    });
    let is_pointed_at = |hit: &Hit| {
        let first = hit.from as usize;
        is_pointing(first) || first.checked_sub(1).is_some_and(is_pointing)
    };
    let names_none = within.iter().filter(|hit| hit.cue.slot == Slot::Data).all(is_pointed_at)
        && !(clause.from..clause.to).any(|n| is_bare(tokens, within, bag, n));
    denies && !is_other && !of_people && !names_none
}

/// Whether the other text denies flatly every practice that the statement denies. Of the same sentence, edited, as
/// `is_edited` has it by place, more is asked: nothing may have been put in that narrows it.
pub(super) fn is_denied_flatly(
    rules: &Rules,
    placed: &Placed,
    text: &Document,
    is_edited: impl Fn(usize) -> bool,
) -> bool {
    let unit = &placed.unit;
    let protective =
        rules.verbs.iter().enumerate().filter(|(_, v)| v.protective).fold(0u64, |b, (n, _)| b | 1 << n);
    let mut denies_any = false;
    for denial in &unit.denials {
        let mut open = denial.verbs & !protective;
        denies_any |= open != 0;
        for (place, other) in text.placed.iter().enumerate() {
            if open & other.unit.mask(Slot::Verb) == 0
                || other.scope & !placed.scope != 0
                || says_nothing(&other.unit)
            {
                continue;
            }
            let is_edited = is_edited(place);
            for flat in &other.unit.denials {
                if open & flat.verbs != 0
                    && !(is_edited && is_narrower(unit, &other.unit, flat))
                    && covers(rules, (flat, &other.unit), (denial, unit))
                {
                    open &= !flat.verbs;
                }
            }
        }
        if open != 0 {
            return false;
        }
    }
    denies_any
}

/// What was edited in may narrow what was denied: a word, a cue.
fn is_narrower(old: &Unit, new: &Unit, flat: &Denial) -> bool {
    let narrowing = WEAKENING | Grammar::Only.bit();
    let [was, is] = [old, new].map(|unit| unit.mask(Slot::Grammar) & narrowing);
    // "Have not and will not": of what is to come nothing is said any more.
    let lost_future = old.has(Grammar::Will) && !new.has(Grammar::Will);
    is & !was != 0 || lost_future || flat.rest.iter().any(|stem| old.bag.binary_search(stem).is_err())
}

/// A question, a quotation, what others do, a menu's entry.
fn says_nothing(unit: &Unit) -> bool {
    unit.text.ends_with('?')
        || unit.has(Grammar::Quotation)
        || unit.has(Grammar::Hypothesis)
        || unit.has(Grammar::OtherCompany)
        || (unit.role == Role::Heading && !unit.has(Grammar::We))
}

/// The `flat` denial rules out all that the `narrow` one rules out; each with the statement it stands in.
fn covers(rules: &Rules, (flat, of): (&Denial, &Unit), (narrow, unit): (&Denial, &Unit)) -> bool {
    let said = |denial: &Denial, slot: Slot| denial.masks[slot as usize];
    let bit = |list: &[Entry], name: &str| {
        list.iter().position(|entry| entry.name == name).map_or(0, |n| 1u64 << n)
    };
    let data = |name| bit(&rules.data, name);
    let narrowing = WEAKENING | Grammar::Only.bit();
    if flat.is_fenced
        || !flat.is_plain
        || said(flat, Slot::Grammar) & narrowing & !unit.mask(Slot::Grammar) != 0
    {
        return false;
    }
    // Who is meant: everybody, or everybody under at least that age.
    // "Collect information or market to children" denies both of children.
    let of_minors = of.has(Grammar::Minor) || of.mask(Slot::Data) & data("child") != 0;
    let age = |unit: &Unit| {
        unit.quantities
            .iter()
            .filter_map(|q| if let Quantity::Age(age) = q { Some(*age) } else { None })
            .max()
    };
    let as_many = match (age(unit), age(of)) {
        (Some(mine), Some(theirs)) => theirs >= mine,
        (None, None) => unit.has(Grammar::Minor),
        _ => false,
    };
    if of_minors && !as_many {
        return false;
    }
    // Recipients that it names narrow it, unless the other names as few.
    let (mine, theirs) = (said(narrow, Slot::Recipient), said(flat, Slot::Recipient));
    let as_wide = theirs == 0 || (mine != 0 && mine & !theirs == 0);
    // Personal data are all but what people write and the keys to it.
    let all = said(flat, Slot::Data) | !(data("content") | data("keys"));
    // A sale is to third parties whether they are named or not; what is shared may go to the service's own group.
    let sells = flat.verbs & bit(&rules.verbs, "sell") != 0;
    let outside = theirs & bit(&rules.recipients, "third_parties") != 0
        && (sells || (mine != 0 && mine & bit(&rules.recipients, "group") == 0));
    // "As a business model": one word more leaves a sale denied, and other practices hardly.
    let more = flat.rest.iter().filter(|stem| unit.bag.binary_search(stem).is_err()).count();
    (said(flat, Slot::Data) & data("personal") != 0 || (said(flat, Slot::Data) == 0 && flat.is_bare))
        && said(narrow, Slot::Data) & !all == 0
        && (said(narrow, Slot::Data) != 0 || said(flat, Slot::Data) == data("personal"))
        // One purpose is no other, even of one kind: "for money", "for valuable consideration".
        && said(flat, Slot::Purpose) == 0
        && (as_wide || outside)
        && more <= usize::from(sells)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(narrow: &str, other: &str) -> bool {
        let rules = Rules::builtin();
        let [old, new] = [narrow, other].map(|text| Document::read(&rules, text));
        is_denied_flatly(&rules, &old.placed[0], &new, |_| false)
    }

    #[test]
    fn a_flat_denial_holds_the_narrower_ones() {
        let narrow = "We will not sell your personal information to grow our marketing or our profits.";
        for flat in [
            "WE DO NOT AND WILL NOT SELL YOUR PERSONAL INFORMATION.",
            "Your personal data is never sold by us.",
            "We never sell your data to anyone, and we ask nobody to pay for it.",
            "We do not sell your data or share it for advertising.",
            "We do not sell your data, including as the law of California has it.",
            "We do not monetize data or use what people write for advertising.",
            "As mentioned in our other notices, we don't sell your personal information, but laws ask us to say more.",
            "Please note that we never sell information to anyone.",
        ] {
            assert!(holds(narrow, flat), "{flat}");
        }
        for near_miss in [
            "We do not sell your customers' personal information.",
            "We do not sell your personal information for money.",
            "We do not sell your personal information if you live in California.",
            "We do not sell your personal information, except to partners.",
            "We do not sell personal information of children under 13.",
            "We do not sell this information.",
            "We do not sell location data.",
            "As a reseller of phones, we do not sell such data.",
            "We do not sell your data as the law of California has it.",
            "Do we not sell your personal information?",
            "We do not share your personal information.",
            "Without selling your personal information we could not live.",
            "The devices do not sell your personal information.",
            "We may sell your personal information.",
            "# California\n\nWe do not sell your personal information.",
            "We do not sell any information or market to children or anyone under 18.",
        ] {
            assert!(!holds(narrow, near_miss), "{near_miss}");
        }
    }

    #[test]
    fn every_practice_has_to_be_denied() {
        let plain = "We do not sell your personal data.";
        assert!(holds(plain, "We do not sell your data or share it for advertising."));
        assert!(!holds(plain, "We do not sell or share your data for advertising."));
        assert!(!holds(
            "We do not sell your data for any consideration.",
            "We do not sell your data for money."
        ));
        let narrow = "We do not sell or share your personal data with advertisers.";
        assert!(!holds(narrow, "We do not sell your personal data."));
        assert!(holds(
            narrow,
            "We do not sell your personal data.\n\nWe never share your personal data with anyone."
        ));
    }

    #[test]
    fn what_goes_to_nobody_outside_may_go_to_the_group() {
        let outside = "We do not share your personal data with third parties.";
        assert!(holds("We do not share your personal data with advertisers.", outside));
        assert!(!holds("We do not share your personal data with our affiliates.", outside));
        assert!(!holds("We do not share your personal data.", outside));
        assert!(holds("We do not sell your data.", "We do not sell your personal data to third parties."));
    }

    #[test]
    fn a_higher_age_holds_a_lower_one() {
        let narrow = "We do not sell personal information of children under 16.";
        assert!(holds(narrow, "We do not sell personal information of people under 18."));
        assert!(!holds(narrow, "We do not sell personal information of people under 13."));
        assert!(holds(narrow, "We do not sell personal information."));
        let narrow = "We do not sell your data to other companies for them to use as they like.";
        assert!(holds(narrow, "We do not sell personal information about you."));
        assert!(!holds("We do not sell personal information about you.", narrow));
    }
}
