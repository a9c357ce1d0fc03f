//! What is telling about a changed statement: named traits, each with a number, which the weights weigh.

use super::align::{self, Link, Weigher};
use super::answer;
use super::clause::{self, Actor, Frame, Promise};
use super::difference;
use super::difference::Weaker;
use super::document::{Document, Unit};
use super::edit::{Edit, compare, edited_words, edits};
use super::gist::Gist;
use super::plain;
use super::row;
use super::rules::{Encryption, Grammar, Rules, Slot};
use super::stake::Stake;
use super::told;
use super::traits::{
    Context, Traits, about, absent, context, gone_traits, links_traits, list_bits, own, surroundings, window,
};
use super::word::is_every;
use crate::finding::{Kind, Topic};
use crate::statement::Role;
use std::collections::{BTreeSet, HashMap};

/// How a statement that changed stands to the other text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// The same sentence with a few words edited.
    Tight,
    /// Something similar stands there.
    Loose,
    /// Nothing like it.
    Gone,
}

impl Mode {
    pub fn key(self) -> &'static str {
        match self {
            Mode::Tight => "tight",
            Mode::Loose => "loose",
            Mode::Gone => "gone",
        }
    }
}

/// A changed statement that may be a finding.
#[derive(Debug, Clone)]
pub struct Candidate {
    pub kind: Kind,
    pub mode: Mode,
    /// Places in the old and the new text.
    pub before: Option<usize>,
    pub after: Option<usize>,
    pub topic: Topic,
    /// Named traits, in a fixed order.
    pub traits: Vec<(Trait, f32)>,
}

/// A trait's name, in two parts so that making one costs nothing.
pub type Trait = (&'static str, u32);

/// Families whose numbers are words' hashes: a word of the statement, put into it, taken from it; the last two once
/// more by what is at stake.
pub const OF_WORDS: [&str; 5] = ["word", "put", "taken", "staked_put", "staked_taken"];

/// A trait's name as the weights' table has it; words are looked up in `words`.
pub fn name(rules: &Rules, words: &HashMap<u32, String>, (family, id): Trait) -> String {
    if OF_WORDS.contains(&family) {
        return format!("{family}.{}", words.get(&id).map_or("", String::as_str));
    }
    let entry = |list: &[super::rules::Entry]| list[id as usize].name.clone();
    let part = match family.rsplit('_').next().unwrap_or(family) {
        "grammar" => Grammar::ALL[id as usize].key().to_owned(),
        "verb" => entry(&rules.verbs),
        "data" => entry(&rules.data),
        "recipient" => entry(&rules.recipients),
        "purpose" => entry(&rules.purposes),
        "encryption" => Encryption::ALL[id as usize].key().to_owned(),
        "promise" => Promise::ALL[id as usize].1.to_owned(),
        "weaker" | "firmer" => Weaker::ALL[id as usize].1.to_owned(),
        "topic" => Topic::ALL[id as usize].key().to_owned(),
        _ => return family.to_owned(),
    };
    format!("{family}.{part}")
}

/// Both texts, and which statements of each stand in it alone.
pub(super) struct Pair<'a> {
    pub rules: &'a Rules,
    pub old: &'a Document,
    pub new: &'a Document,
    pub gone: Vec<bool>,
    pub fresh: Vec<bool>,
    pub changed: align::Changed,
}

fn flags(len: usize, places: &[usize]) -> Vec<bool> {
    let mut flags = vec![false; len];
    places.iter().for_each(|n| flags[*n] = true);
    flags
}

impl<'a> Pair<'a> {
    pub fn new(rules: &'a Rules, old: &'a Document, new: &'a Document) -> Self {
        let changed = align::changed(old, new);
        let gone = flags(old.placed.len(), &changed.gone);
        let fresh = flags(new.placed.len(), &changed.fresh);
        Pair { rules, old, new, gone, fresh, changed }
    }

    /// The same with fewer changes: only statements with these keys count as gone, or as fresh.
    pub(super) fn within(mut self, gone: &BTreeSet<u64>, fresh: &BTreeSet<u64>) -> Self {
        self.changed.gone.retain(|n| gone.contains(&self.old.placed[*n].unit.key));
        self.changed.fresh.retain(|n| fresh.contains(&self.new.placed[*n].unit.key));
        self.gone = flags(self.old.placed.len(), &self.changed.gone);
        self.fresh = flags(self.new.placed.len(), &self.changed.fresh);
        self
    }

    pub(super) fn weigher(&self) -> Weigher<'a> {
        Weigher { before: self.old, after: self.new }
    }

    fn context(&self) -> Context {
        Context {
            gone: self.changed.gone.len(),
            fresh: self.changed.fresh.len(),
            before: self.old.placed.len(),
            after: self.new.placed.len(),
            about: about(self.old),
        }
    }
}

/// All candidates for reversals: old statements that changed and may have bound the service.
pub(super) fn reversals(pair: &Pair<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let about_change = pair.context();
    for n in &pair.changed.gone {
        let placed = &pair.old.placed[*n];
        let unit = &placed.unit;
        if unit.role == Role::Heading || unit.own_words().len() < 3 || unit.own_words().len() > 160 {
            continue;
        }
        let stake = pair.rules.stakes.of(unit);
        if let Some((to, way, topic)) = row::answered(pair, unit) {
            found.push(answer_candidate(pair, [*n, to], way, topic, &about_change));
            continue;
        }
        if pair.rules.stakes.is_known() && unit.is_learned && stake.protects < AT_STAKE {
            continue;
        }
        if unit.promise == 0
            && unit.mask(Slot::Verb) == 0
            && !unit.has(Grammar::Notice)
            && !unit.has(Grammar::Answer)
            && stake.protects < PROMISING
            && !difference::denies_in_its_words(unit)
        {
            continue;
        }
        // "You agree not to", "Imagine a service that": nobody's promise.
        let is_duty = unit.has(Grammar::YouDuty) && !unit.has(Grammar::We) && unit.promise == 0;
        if is_duty || unit.has(Grammar::Hypothesis) {
            continue;
        }
        // "We do not sell gift cards": of other languages hardly more than the verb is known.
        let names_data = unit.mask(Slot::Data) | unit.mask(Slot::Recipient) != 0;
        if !unit.is_learned
            && unit.has(Grammar::Commerce)
            && !names_data
            && super::judge::unit_topic(pair.rules, unit) == Some(Topic::DataSale)
        {
            continue;
        }
        // A promise without a topic word is about people's say: notice, answers, help.
        let topic = super::judge::unit_topic(pair.rules, unit).unwrap_or(Topic::UserControl);
        if is_navigation(unit) || unit.text.ends_with('?') || unit.has(Grammar::Quotation) {
            continue;
        }
        let links = align::links(unit, pair.new, pair.weigher(), &pair.fresh, 6);
        if super::kept::is_said_again(pair.rules, placed, pair.new, &links, pair.weigher())
            && !is_broken(pair, unit, &links)
        {
            continue;
        }
        let best_fresh = links.iter().filter(|link| link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let best_kept = links.iter().filter(|link| !link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let counterpart =
            best_fresh.filter(|link| score(link) > 0.25).or(best_kept.filter(|link| score(link) > 0.6));
        let mut t = Traits::default();
        let mut topic = topic;
        let mode = match counterpart {
            Some(link) => {
                let other = &pair.new.placed[link.to].unit;
                let edit = edits(unit, other);
                let mode = if is_tight(link, &edit) { Mode::Tight } else { Mode::Loose };
                let way = broken(pair, unit, link.to, &edit);
                t.bits("plain_weaker", way.map_or(0, |way| u64::from(way.bit())));
                topic = way.and_then(|way| plain::topic(pair.rules, unit, other, way)).unwrap_or(topic);
                if way.is_none() && is_editorial(unit, other) {
                    continue;
                }
                if compare(pair.rules, unit, other, &edit, &mut t) && mode == Mode::Tight && way.is_none() {
                    // A few words edited, and all of them for the better.
                    continue;
                }
                edited_words(unit, other, &edit, mode, &mut t);
                mode
            }
            None => Mode::Gone,
        };
        own(pair.rules, unit, placed.scope, topic, &mut t);
        links_traits(&links, best_fresh, best_kept, &mut t);
        t.add("absent_share", absent(unit, pair.new, pair.weigher()));
        t.add("window_contained", window(unit, &links, pair.new, pair.weigher()));
        gone_traits(pair.rules, unit, mode, &mut t);
        let other = counterpart.map(|link| pair.rules.stakes.of(&pair.new.placed[link.to].unit));
        stakes(stake, other.unwrap_or_default(), &mut t);
        let gist =
            gists(pair.rules, Some(unit), counterpart.map(|link| &*pair.new.placed[link.to].unit), &mut t);
        frames_kept(pair, *n, &mut t);
        surroundings(&pair.old.placed, &pair.gone, *n, &mut t);
        context(&about_change, &mut t);
        staked(gist.map_or(stake, |gist| gist.stake).protects, mode, &mut t);
        found.push(Candidate {
            kind: Kind::Reversal,
            mode,
            before: Some(*n),
            after: counterpart.map(|link| link.to),
            topic,
            traits: t.list,
        });
    }
    found
}

/// Questions that are answered worse, in a change so small that they need no weighing.
pub(super) fn answers(pair: &Pair<'_>) -> Vec<Candidate> {
    if !told::is_small(pair) {
        return Vec::new();
    }
    let about_change = pair.context();
    let turned = answer::turned(pair).into_iter();
    turned
        .map(|turned| {
            let places = [turned.before, turned.after];
            answer_candidate(pair, places, turned.way, turned.topic, &about_change)
        })
        .collect()
}

/// An answer, in a table or to a question, that became worse; `topic` is what was asked.
fn answer_candidate(
    pair: &Pair<'_>,
    [before, after]: [usize; 2],
    way: Weaker,
    topic: Option<Topic>,
    about_change: &Context,
) -> Candidate {
    let unit = &pair.old.placed[before].unit;
    let mut t = Traits::default();
    t.bits("plain_weaker", u64::from(way.bit()));
    t.add("protects_before", pair.rules.stakes.of(unit).protects);
    context(about_change, &mut t);
    Candidate {
        kind: Kind::Reversal,
        mode: Mode::Tight,
        before: Some(before),
        after: Some(after),
        topic: topic.or_else(|| super::judge::unit_topic(pair.rules, unit)).unwrap_or(Topic::UserControl),
        traits: t.list,
    }
}

/// All candidates for expansions: new statements in which the service may do more.
pub(super) fn expansions(pair: &Pair<'_>) -> Vec<Candidate> {
    let mut found = Vec::new();
    let about_change = pair.context();
    for n in &pair.changed.fresh {
        let placed = &pair.new.placed[*n];
        let unit = &placed.unit;
        if unit.role == Role::Heading || unit.own_words().len() < 3 || unit.own_words().len() > 200 {
            continue;
        }
        if is_navigation(unit) || unit.text.ends_with('?') || unit.has(Grammar::Quotation) {
            continue;
        }
        let Some(topic) = super::judge::unit_topic(pair.rules, unit) else { continue };
        let links = align::links(unit, pair.old, pair.weigher(), &pair.gone, 6);
        let best_gone = links.iter().filter(|link| link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let best_kept = links.iter().filter(|link| !link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let counterpart = best_gone.filter(|link| score(link) > 0.25);
        let mut t = Traits::default();
        let mode = match counterpart {
            Some(link) => {
                let other = &pair.old.placed[link.to].unit;
                let edit = edits(other, unit);
                let mode = if is_tight(link, &edit) { Mode::Tight } else { Mode::Loose };
                let _firmer_only = compare(pair.rules, other, unit, &edit, &mut t);
                edited_words(other, unit, &edit, mode, &mut t);
                mode
            }
            None => Mode::Gone,
        };
        own(pair.rules, unit, placed.scope, topic, &mut t);
        links_traits(&links, best_gone, best_kept, &mut t);
        t.add("absent_share", absent(unit, pair.old, pair.weigher()));
        t.add("window_contained", window(unit, &links, pair.old, pair.weigher()));
        novelty(pair, *n, &mut t);
        let other = counterpart.map(|link| pair.rules.stakes.of(&pair.old.placed[link.to].unit));
        stakes(other.unwrap_or_default(), pair.rules.stakes.of(unit), &mut t);
        gists(pair.rules, counterpart.map(|link| &*pair.old.placed[link.to].unit), Some(unit), &mut t);
        surroundings(&pair.new.placed, &pair.fresh, *n, &mut t);
        context(&about_change, &mut t);
        found.push(Candidate {
            kind: Kind::Expansion,
            mode,
            before: counterpart.map(|link| link.to),
            after: Some(*n),
            topic,
            traits: t.list,
        });
    }
    found
}

/// How the edit broke the sentence's promise, where it can only be read one way and what was cut from it is not said
/// by itself beside it.
fn broken(pair: &Pair<'_>, unit: &Unit, to: usize, edit: &Edit) -> Option<Weaker> {
    let way = plain::broken(pair.rules, unit, &pair.new.placed[to].unit, edit)?;
    let cut: Vec<u32> = edit
        .removed
        .iter()
        .map(|n| unit.tokens.words[*n].stem)
        .filter(|stem| unit.bag.binary_search(stem).is_ok())
        .collect();
    let says_it = |n: usize| {
        let other = &pair.new.placed[n].unit;
        unit.promise & !other.promise == 0 && cut.iter().all(|stem| other.bag.binary_search(stem).is_ok())
    };
    let is_parted = !cut.is_empty() && pair.changed.fresh.iter().any(|n| *n != to && says_it(*n));
    (!is_parted).then_some(way)
}

/// The sentence stands there still, with an edit that breaks its promise, and nothing else says it.
fn is_broken(pair: &Pair<'_>, unit: &Unit, links: &[Link]) -> bool {
    let best = links.iter().filter(|link| link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
    let Some(link) = best else { return false };
    let edit = edits(unit, &pair.new.placed[link.to].unit);
    is_tight(link, &edit)
        && broken(pair, unit, link.to, &edit).is_some()
        && !links.iter().any(|other| other.to != link.to && other.contained >= 0.85)
}

/// One sentence edited: most words are kept, or most of their weight.
fn is_tight(link: &Link, edit: &Edit) -> bool {
    (link.similarity >= 0.45 && edit.share < 0.6) || edit.share <= 0.35
}

/// The same telling words, cues and numbers, in whatever order: "that data" for "this data", "disclose no data"
/// for "do not disclose data".
pub(super) fn is_editorial(old: &Unit, new: &Unit) -> bool {
    let masks = |unit: &Unit| {
        let mut masks = unit.masks;
        // "Do not disclose" is an order to people only where nobody else is the subject.
        if unit.has(Grammar::We) {
            masks[Slot::Grammar as usize] &= !Grammar::YouDuty.bit();
        }
        masks
    };
    old.quantities == new.quantities
        && old.promise == new.promise
        && masks(old) == masks(new)
        && (old.frames == new.frames || old.bag.len() >= 4)
        && (old.bag == new.bag || telling(old) == telling(new))
}

/// Stems of the telling words that are part of no negation, sorted, each once. "All" stands for "each", but not where something
/// is denied: "not any" is more than "not each".
fn telling(unit: &Unit) -> Vec<u32> {
    let negates = |n: usize| {
        let mut negations = unit.hits.iter().filter(|hit| clause::grammar(hit, Grammar::Negation));
        negations.any(|hit| (usize::from(hit.from)..usize::from(hit.to)).contains(&n))
    };
    let denies = unit.has(Grammar::Negation);
    let is_cue = |n: usize| negates(n) || (!denies && is_every(unit.tokens.word(n)));
    let words = unit
        .own_words()
        .enumerate()
        .filter(|(n, word)| unit.bag.binary_search(&word.stem).is_ok() && !is_cue(n + unit.lead_words));
    let mut stems: Vec<u32> = words.map(|(_, word)| word.stem).collect();
    stems.sort_unstable();
    stems.dedup();
    stems
}

/// A bar of links: "Home | Chats | Privacy".
fn is_navigation(unit: &Unit) -> bool {
    let bars =
        unit.text.bytes().filter(|b| matches!(b, b'|' | b'>')).count() + unit.text.matches(" · ").count();
    bars >= 3 && bars * 4 >= unit.own_words().len()
}

fn score(link: &Link) -> f32 {
    link.similarity * 0.7 + link.contained * 0.3
}

/// Does the other text still hold an equal or wider frame?
fn frames_kept(pair: &Pair<'_>, n: usize, t: &mut Traits) {
    let unit = &pair.old.placed[n].unit;
    let scope = pair.old.placed[n].scope;
    let practice: Vec<&Frame> = unit
        .frames
        .iter()
        .filter(|f| !f.conditional && !f.excepted && f.actor != Actor::User)
        .filter(|f| f.negated && !pair.rules.verbs[f.verb as usize].protective)
        .collect();
    let wide = |f: &Frame, g: &Frame| {
        f.verb == g.verb
            && g.negated
            && !g.conditional
            && g.actor != Actor::User
            && (f.recipients & !g.recipients == 0 || g.recipients == 0)
            && (f.data == 0 || g.data == 0 || f.data & g.data != 0)
    };
    let mut kept = 0.0f32;
    let mut kept_in_scope = 0.0f32;
    let mut denied = false;
    let mut same_promise = 0u32;
    let mut same_promise_fresh = 0u32;
    for (m, placed) in pair.new.placed.iter().enumerate() {
        let other = &placed.unit;
        if other.promise & unit.promise == 0 && practice.is_empty() {
            continue;
        }
        if !practice.is_empty() && other.mask(Slot::Verb) & unit.mask(Slot::Verb) != 0 {
            let covered = practice.iter().filter(|f| other.frames.iter().any(|g| wide(f, g))).count();
            let share = covered as f32 / practice.len() as f32;
            let overlap = shared(unit, other);
            let value = share * if overlap > 0.3 { 1.0 } else { 0.5 };
            if placed.scope & !scope == 0 {
                kept_in_scope = kept_in_scope.max(value);
            }
            kept = kept.max(value);
            if pair.fresh[m] {
                denied |= practice.iter().any(|f| {
                    other.frames.iter().any(|g| {
                        g.verb == f.verb
                            && !g.negated
                            && !g.conditional
                            && g.actor != Actor::User
                            && f.data & g.data != 0
                            && (f.recipients & g.recipients != 0 || f.recipients == 0)
                    })
                });
            }
        }
        if other.promise & unit.promise != 0 {
            let telling = unit.mask(Slot::Verb) & other.mask(Slot::Verb) != 0
                && (unit.mask(Slot::Data) & other.mask(Slot::Data) != 0
                    || unit.mask(Slot::Recipient) & other.mask(Slot::Recipient) != 0
                    || unit.mask(Slot::Purpose) & other.mask(Slot::Purpose) != 0);
            if telling {
                same_promise += 1;
                same_promise_fresh += u32::from(pair.fresh[m]);
            }
        }
    }
    t.add("frame_kept", kept);
    t.add("frame_kept_in_scope", kept_in_scope);
    t.flag("frame_gone", !practice.is_empty() && kept == 0.0);
    t.flag("now_done", denied);
    t.flag("like_promises_none", same_promise == 0);
    t.add("like_promises", (same_promise as f32 + 1.0).ln() / 3.0);
    t.flag("like_promise_new", same_promise_fresh > 0);
}

/// So much at stake makes a promise of words that no list knows.
const PROMISING: f32 = 0.4;

/// Less than this and nobody loses by it: not worth a look at the other text.
const AT_STAKE: f32 = 0.05;

/// What was at stake in the old statement, and what is in the new one.
fn stakes(old: Stake, new: Stake, t: &mut Traits) {
    t.add("protects_before", old.protects);
    t.add("protects_after", new.protects);
    t.add("protects_less", old.protects - new.protects);
    t.add("permits_before", old.permits);
    t.add("permits_after", new.permits);
    t.add("permits_more", new.permits - old.permits);
}

/// The same as the network has it, and how likely readers list what was lost or is new. What it says of the old statement.
fn gists(rules: &Rules, old: Option<&Unit>, new: Option<&Unit>, t: &mut Traits) -> Option<Gist> {
    let network = rules.gists.as_deref()?;
    let read = |unit: Option<&Unit>| unit.map_or(Some(Gist::NOTHING), |unit| network.of(unit));
    let (Some(before), Some(after)) = (read(old), read(new)) else {
        t.flag("gist_unknown", true);
        return None;
    };
    t.add("gist_protects_before", before.stake.protects);
    t.add("gist_protects_after", after.stake.protects);
    t.add("gist_protects_less", before.stake.protects - after.stake.protects);
    t.add("gist_permits_before", before.stake.permits);
    t.add("gist_permits_after", after.stake.permits);
    t.add("gist_permits_more", after.stake.permits - before.stake.permits);
    t.add("gist_lost_before", before.lost);
    t.add("gist_lost_after", after.lost);
    t.add("gist_lost_less", before.lost - after.lost);
    t.add("gist_new_before", before.new);
    t.add("gist_new_after", after.new);
    t.add("gist_new_more", after.new - before.new);
    // What a promise of some weight adds to a house rule is not in proportion.
    t.add("gist_protects_half", (before.stake.protects - 0.5).max(0.0));
    t.add("gist_protects_one", (before.stake.protects - 1.0).max(0.0));
    t.add("gist_protects_most", (before.stake.protects - 1.5).max(0.0));
    Some(before)
}

/// Traits once more, times what is at stake: "may" put into a promise is another thing than into a house rule.
fn staked(stake: f32, mode: Mode, t: &mut Traits) {
    let stake = stake.clamp(0.0, 2.0);
    if stake == 0.0 {
        return;
    }
    for n in 0..t.list.len() {
        let ((family, id), value) = t.list[n];
        let staked = match family {
            "absent_share" => "staked_absent_share",
            "fresh_contained" => "staked_fresh_contained",
            "fresh_similarity" => "staked_fresh_similarity",
            "kept_contained" => "staked_kept_contained",
            "kept_similarity" => "staked_kept_similarity",
            "window_contained" => "staked_window_contained",
            "frame_gone" => "staked_frame_gone",
            "frame_kept" => "staked_frame_kept",
            "like_promises" => "staked_like_promises",
            "like_promises_none" => "staked_like_promises_none",
            "now_done" => "staked_now_done",
            "alone" => "staked_alone",
            "in_block" => "staked_in_block",
            "in_big_block" => "staked_in_big_block",
            "gone_share" => "staked_gone_share",
            "fresh_share" => "staked_fresh_share",
            "small_change" => "staked_small_change",
            "rewritten" => "staked_rewritten",
            "one_sided_loss" => "staked_one_sided_loss",
            "under_region" => "staked_under_region",
            "heading_changed" => "staked_heading_changed",
            _ if mode != Mode::Tight => continue,
            "weaker" => "staked_weaker",
            "firmer" => "staked_firmer",
            "weaker_any" => "staked_weaker_any",
            "weaker_only" => "staked_weaker_only",
            "decisive" => "staked_decisive",
            "lost_grammar" => "staked_lost_grammar",
            "gained_grammar" => "staked_gained_grammar",
            "lost_promise" => "staked_lost_promise",
            "lost_verb" => "staked_lost_verb",
            "lost_data" => "staked_lost_data",
            "gained_data" => "staked_gained_data",
            "lost_recipient" => "staked_lost_recipient",
            "gained_recipient" => "staked_gained_recipient",
            "gained_purpose" => "staked_gained_purpose",
            "put" => "staked_put",
            "taken" => "staked_taken",
            "keeps_longer" => "staked_keeps_longer",
            "longer" => "staked_longer",
            "limit_lost" => "staked_limit_lost",
            "denial_qualified" => "staked_denial_qualified",
            "promise_qualified" => "staked_promise_qualified",
            "qualifiers_put" => "staked_qualifiers_put",
            "negation_lifted" => "staked_negation_lifted",
            "edit_share" => "staked_edit_share",
            "few_words_edited" => "staked_few_words_edited",
            "only_words_added" => "staked_only_words_added",
            _ => continue,
        };
        t.list.push(((staked, id), value * stake));
    }
}

/// Share of the smaller bag.
fn shared(a: &Unit, b: &Unit) -> f32 {
    let mut n = 0;
    let mut count = 0;
    for word in &a.bag {
        while n < b.bag.len() && b.bag[n] < *word {
            n += 1;
        }
        count += usize::from(n < b.bag.len() && b.bag[n] == *word);
    }
    count as f32 / a.bag.len().min(b.bag.len()).max(1) as f32
}

/// What a new statement lets the service do that nothing in the old text did.
fn novelty(pair: &Pair<'_>, n: usize, t: &mut Traits) {
    let unit = &pair.new.placed[n].unit;
    let done: u64 = unit
        .frames
        .iter()
        .filter(|f| !f.negated && !f.conditional && f.actor != Actor::User)
        .fold(0, |bits, f| bits | 1 << f.verb);
    let protective = list_bits(&pair.rules.verbs, |entry| entry.protective);
    let done = done & !protective;
    t.flag("does_practice", done != 0);
    if done == 0 {
        return;
    }
    let mut data = unit.mask(Slot::Data);
    let mut recipients = unit.mask(Slot::Recipient);
    let mut purposes = unit.mask(Slot::Purpose);
    let total = (data.count_ones() + recipients.count_ones() + purposes.count_ones()).max(1);
    let mut pairs_kept = false;
    for placed in &pair.old.placed {
        let other = &placed.unit;
        if other.mask(Slot::Verb) & done == 0 {
            continue;
        }
        data &= !other.mask(Slot::Data);
        recipients &= !other.mask(Slot::Recipient);
        purposes &= !other.mask(Slot::Purpose);
        pairs_kept |= unit.mask(Slot::Data) & !other.mask(Slot::Data) == 0
            && unit.mask(Slot::Recipient) & !other.mask(Slot::Recipient) == 0
            && unit.mask(Slot::Purpose) & !other.mask(Slot::Purpose) == 0;
    }
    t.bits("novel_data", data);
    t.bits("novel_recipient", recipients);
    t.bits("novel_purpose", purposes);
    let novel = data.count_ones() + recipients.count_ones() + purposes.count_ones();
    t.add("novel_share", novel as f32 / total as f32);
    t.flag("novel_any", novel > 0);
    t.flag("slots_known_together", pairs_kept);
}
