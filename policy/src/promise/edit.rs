//! One sentence edited: which words were taken from it and put into it, and what that does to its promise.

use super::clause::{Actor, Promise};
use super::difference::{self, Weaker};
use super::document::Unit;
use super::features::Mode;
use super::number::Quantity;
use super::rules::{Grammar, Rules, SLOTS, Slot};
use super::traits::Traits;
use std::ops::Range;

/// Which words differ between two statements that are one sentence edited.
pub(super) struct Edit {
    /// Places of words that only the old, only the new one has.
    pub removed: Vec<usize>,
    pub added: Vec<usize>,
    /// Each place where it was edited: the words taken out there, and those put in.
    pub hunks: Vec<(Range<usize>, Range<usize>)>,
    /// Edited words over all words.
    pub share: f32,
}

/// Longest common subsequence of the statements' own words.
pub(super) fn edits(old: &Unit, new: &Unit) -> Edit {
    let a: Vec<u32> = old.own_words().map(|word| word.hash).collect();
    let b: Vec<u32> = new.own_words().map(|word| word.hash).collect();
    let head = a.iter().zip(&b).take_while(|(x, y)| x == y).count();
    let tail = a[head..].iter().rev().zip(b[head..].iter().rev()).take_while(|(x, y)| x == y).count();
    let (ma, mb) = (&a[head..a.len() - tail], &b[head..b.len() - tail]);
    let width = mb.len() + 1;
    let mut table = vec![0u16; (ma.len() + 1) * width];
    for i in (0..ma.len()).rev() {
        for j in (0..mb.len()).rev() {
            table[i * width + j] = if ma[i] == mb[j] {
                table[(i + 1) * width + j + 1] + 1
            } else {
                table[(i + 1) * width + j].max(table[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let (mut removed, mut added, mut hunks) = (Vec::new(), Vec::new(), Vec::new());
    let (mut from_old, mut from_new) = (0, 0);
    let mut close = |i: usize, j: usize, from_old: usize, from_new: usize| {
        if i > from_old || j > from_new {
            let (a, b) = (old.lead_words + head, new.lead_words + head);
            hunks.push((a + from_old..a + i, b + from_new..b + j));
        }
    };
    while i < ma.len() || j < mb.len() {
        if i < ma.len() && j < mb.len() && ma[i] == mb[j] {
            close(i, j, from_old, from_new);
            i += 1;
            j += 1;
            (from_old, from_new) = (i, j);
        } else if j >= mb.len() || (i < ma.len() && table[(i + 1) * width + j] >= table[i * width + j + 1]) {
            removed.push(old.lead_words + head + i);
            i += 1;
        } else {
            added.push(new.lead_words + head + j);
            j += 1;
        }
    }
    close(i, j, from_old, from_new);
    let share = (removed.len() + added.len()) as f32 / (a.len() + b.len()).max(1) as f32;
    Edit { removed, added, hunks, share }
}

/// The cues among edited words, by slot.
fn touched(unit: &Unit, edited: &[usize]) -> [u64; SLOTS] {
    let mut masks = [0; SLOTS];
    for hit in &unit.hits {
        if (hit.from..hit.to.max(hit.from + 1)).any(|n| edited.binary_search(&(n as usize)).is_ok()) {
            masks[hit.cue.slot as usize] |= 1u64 << hit.cue.id;
        }
    }
    masks
}

/// What was taken from a sentence and put into it.
pub(super) fn compare(rules: &Rules, old: &Unit, new: &Unit, edit: &Edit, t: &mut Traits) -> bool {
    // Where the words are the same, the lead-in above them is what changed.
    let same = edit.removed.is_empty() && edit.added.is_empty();
    let lost = if same { old.masks } else { touched(old, &edit.removed) };
    let gained = if same { new.masks } else { touched(new, &edit.added) };
    let families: [(Slot, &'static str, &'static str); 6] = [
        (Slot::Grammar, "lost_grammar", "gained_grammar"),
        (Slot::Verb, "lost_verb", "gained_verb"),
        (Slot::Data, "lost_data", "gained_data"),
        (Slot::Recipient, "lost_recipient", "gained_recipient"),
        (Slot::Purpose, "lost_purpose", "gained_purpose"),
        (Slot::Encryption, "lost_encryption", "gained_encryption"),
    ];
    for (slot, lost_name, gained_name) in families {
        let s = slot as usize;
        t.bits(lost_name, lost[s] & !new.masks[s]);
        t.bits(gained_name, gained[s] & !old.masks[s]);
    }
    let alone = |mine: &[u64; SLOTS], other: &Unit| {
        let mut masks = *mine;
        masks.iter_mut().zip(&other.masks).for_each(|(mask, theirs)| *mask &= !theirs);
        masks
    };
    let (lost_alone, gained_alone) = (alone(&lost, new), alone(&gained, old));
    let weaker = difference::weaker(rules, old, new, &lost_alone, &gained_alone);
    let firmer = difference::weaker(rules, new, old, &gained_alone, &lost_alone);
    t.bits("weaker", u64::from(weaker));
    t.bits("firmer", u64::from(firmer));
    let breaking = weaker & Weaker::BREAKING;
    let words = edit.removed.len() + edit.added.len();
    t.flag("decisive", weaker & Weaker::DECISIVE != 0 && firmer == 0 && words <= 12 && edit.share < 0.6);
    t.flag("weaker_any", breaking != 0);
    t.flag("weaker_only", breaking != 0 && firmer == 0);
    t.flag("weaker_many", breaking.count_ones() > 1);
    t.flag("wider_only", weaker & !Weaker::BREAKING != 0 && firmer == 0);
    t.flag("firmer_any", firmer != 0);
    t.add("edit_share", edit.share);
    t.flag("one_word_edited", words <= 2);
    t.flag("few_words_edited", words > 2 && words <= 8);
    t.flag("only_words_removed", edit.added.is_empty());
    t.flag("only_words_added", edit.removed.is_empty());
    let telling = lost.iter().chain(&gained).any(|mask| *mask != 0);
    t.flag("edit_without_cue", !telling);
    if difference::is_protective(old) {
        // A qualifier put into a denial narrows it, whatever the qualifier is: "directly identifies".
        let negative = old.promise & Promise::Negative as u32 != 0;
        let (put, taken) = (content(new, old, &edit.added), content(old, new, &edit.removed));
        t.add("qualifiers_put", (put as f32 + 1.0).ln() / 2.0);
        t.add("qualifiers_taken", (taken as f32 + 1.0).ln() / 2.0);
        t.flag("denial_qualified", negative && put > 0 && taken == 0);
        t.flag("denial_shortened", negative && put == 0 && taken > 0);
        t.flag("promise_qualified", !negative && put > 0 && taken == 0);
        t.flag("promise_shortened", !negative && put == 0 && taken > 0);
    }
    // A practice that was denied is now done, or the reverse.
    let flip = |from: &Unit, to: &Unit| {
        from.frames.iter().any(|f| {
            f.negated
                && !f.conditional
                && f.actor != Actor::User
                && to
                    .frames
                    .iter()
                    .any(|g| g.verb == f.verb && !g.negated && !g.conditional && g.actor != Actor::User)
                && !to.frames.iter().any(|g| g.verb == f.verb && g.negated)
        })
    };
    t.flag("negation_lifted", flip(old, new));
    t.flag("negation_put", flip(new, old));
    t.flag("promise_kind_lost", old.promise & !new.promise != 0);
    t.flag("promise_kind_gained", new.promise & !old.promise != 0);
    t.bits("lost_promise", u64::from(old.promise & !new.promise));
    t.bits("gained_promise", u64::from(new.promise & !old.promise));
    quantities(rules, old, new, t);
    (weaker == 0 && firmer != 0 && words <= 8) || (firmer & OUTWEIGHING != 0 && weaker & !OUTWEIGHED == 0)
}

/// Whether the sentence got firmer in any of the typed ways; `None` where it is no edit of the other.
pub(super) fn is_firmer(rules: &Rules, old: &Unit, new: &Unit) -> Option<bool> {
    let edit = edits(old, new);
    let mut traits = Traits::default();
    compare(rules, old, new, &edit, &mut traits);
    let is_any = traits.list.iter().any(|((family, _), value)| *family == "firmer_any" && *value > 0.0);
    (edit.share < 0.6).then_some(is_any)
}

/// A shorter time and a higher age outweigh a hedge or a word that was dropped …
const OUTWEIGHING: u32 = 1 << Weaker::LimitLonger as u8 | 1 << Weaker::AgeLowered as u8;
/// … but of what else got weaker this only.
const OUTWEIGHED: u32 = 1 << Weaker::HedgePut as u8
    | 1 << Weaker::LawPut as u8
    | 1 << Weaker::OnlyLost as u8
    | 1 << Weaker::UniversalLost as u8
    | 1 << Weaker::LimitLost as u8
    | 1 << Weaker::SlotLost as u8
    | 1 << Weaker::ListOpened as u8
    | 1 << Weaker::FenceLost as u8
    | !Weaker::BREAKING;

/// The words that one edited sentence lost and got.
pub(super) fn edited_words(old: &Unit, new: &Unit, edit: &Edit, mode: Mode, t: &mut Traits) {
    if mode == Mode::Tight {
        t.words("taken", edit.removed.iter().map(|n| old.tokens.words[*n].hash), 1.0);
        t.words("put", edit.added.iter().map(|n| new.tokens.words[*n].hash), 1.0);
    }
}

/// How many telling words stand at `edited` that the other wording has nowhere.
fn content(unit: &Unit, other: &Unit, edited: &[usize]) -> usize {
    edited
        .iter()
        .map(|n| &unit.tokens.words[*n])
        .filter(|word| {
            unit.bag.binary_search(&word.stem).is_ok() && other.bag.binary_search(&word.stem).is_err()
        })
        .count()
}

fn quantities(rules: &Rules, old: &Unit, new: &Unit, t: &mut Traits) {
    let hours = |unit: &Unit| {
        unit.quantities.iter().filter_map(|q| if let Quantity::Hours(h) = q { Some(*h) } else { None }).max()
    };
    let age = |unit: &Unit| {
        unit.quantities.iter().filter_map(|q| if let Quantity::Age(a) = q { Some(*a) } else { None }).max()
    };
    let names: Vec<&str> = old.frames.iter().map(|f| rules.verbs[f.verb as usize].name.as_str()).collect();
    let keeps = names.iter().any(|name| matches!(*name, "retain" | "delete" | "log"));
    let answers = old.has(Grammar::Answer) || old.has(Grammar::Notice);
    if let (Some(a), Some(b)) = (hours(old), hours(new)) {
        t.flag("keeps_longer", difference::is_longer(b, a) && keeps);
        t.flag("answers_later", difference::is_longer(b, a) && answers && !keeps);
        t.flag("longer", difference::is_longer(b, a));
        t.flag("shorter", difference::is_longer(a, b));
    }
    t.flag("limit_lost", hours(old).is_some() && hours(new).is_none());
    t.flag("limit_gained", hours(old).is_none() && hours(new).is_some());
    if let (Some(a), Some(b)) = (age(old), age(new)) {
        t.flag("age_lowered", b < a);
        t.flag("age_raised", b > a);
    }
}
