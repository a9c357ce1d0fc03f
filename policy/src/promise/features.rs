//! What is telling about a changed statement: named traits, each with a number, which the weights weigh.

use super::align::{self, Link, Weigher};
use super::clause::{Actor, Frame, Promise};
use super::difference::{self, Weaker};
use super::document::{Document, Unit};
use super::number::Quantity;
use super::rules::{Encryption, Grammar, Rules, Slot};
use crate::finding::{Kind, Topic};
use crate::statement::Role;
use std::collections::HashMap;

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

/// Families whose numbers are words' hashes: a word of the statement, put into it, taken from it.
pub const OF_WORDS: [&str; 3] = ["word", "put", "taken"];

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

/// What the whole change looks like; the same for all its candidates.
#[derive(Debug, Clone)]
pub(super) struct Context {
    gone: usize,
    fresh: usize,
    before: usize,
    after: usize,
    /// Share of the old text's statements that speak of personal data, of what people must do, of money,
    /// of liability: what kind of document it is.
    about: [f32; 4],
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

impl<'a> Pair<'a> {
    pub fn new(rules: &'a Rules, old: &'a Document, new: &'a Document) -> Self {
        let changed = align::changed(old, new);
        let flags = |len: usize, list: &[usize]| {
            let mut flags = vec![false; len];
            list.iter().for_each(|n| flags[*n] = true);
            flags
        };
        let gone = flags(old.placed.len(), &changed.gone);
        let fresh = flags(new.placed.len(), &changed.fresh);
        Pair { rules, old, new, gone, fresh, changed }
    }

    fn weigher(&self) -> Weigher<'a> {
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
        if unit.promise == 0
            && unit.mask(Slot::Verb) == 0
            && !unit.has(Grammar::Notice)
            && !unit.has(Grammar::Answer)
        {
            continue;
        }
        // A promise without a topic word is about people's say: notice, answers, help.
        let topic = super::judge::unit_topic(pair.rules, unit).unwrap_or(Topic::UserControl);
        if is_navigation(unit) || unit.text.ends_with('?') || unit.has(Grammar::Quotation) {
            continue;
        }
        let links = align::links(unit, pair.new, pair.weigher(), &pair.fresh, 6);
        if super::kept::is_said_again(pair.rules, placed, pair.new, &links, pair.weigher()) {
            continue;
        }
        let best_fresh = links.iter().filter(|link| link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let best_kept = links.iter().filter(|link| !link.fresh).max_by(|a, b| score(a).total_cmp(&score(b)));
        let counterpart =
            best_fresh.filter(|link| score(link) > 0.25).or(best_kept.filter(|link| score(link) > 0.6));
        let mut t = Traits::default();
        let mode = match counterpart {
            Some(link) => {
                let other = &pair.new.placed[link.to].unit;
                let edit = edits(unit, other);
                let mode = if is_tight(link, &edit) { Mode::Tight } else { Mode::Loose };
                if compare(pair.rules, unit, other, &edit, &mut t) && mode == Mode::Tight {
                    // A few words edited, and all of them for the better.
                    continue;
                }
                edited_words(unit, other, &edit, mode, &mut t);
                mode
            }
            None => Mode::Gone,
        };
        own(pair.rules, unit, placed.scope, "old", topic, &mut t);
        links_traits(&links, best_fresh, best_kept, &mut t);
        t.add("absent_share", absent(unit, pair.new, pair.weigher()));
        t.add("window_contained", window(unit, &links, pair.new, pair.weigher()));
        gone_traits(pair.rules, unit, mode, &mut t);
        frames_kept(pair, *n, counterpart.map(|link| link.to), &mut t);
        surroundings(&pair.old.placed, &pair.gone, *n, &mut t);
        context(&about_change, &mut t);
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
        own(pair.rules, unit, placed.scope, "new", topic, &mut t);
        links_traits(&links, best_gone, best_kept, &mut t);
        t.add("absent_share", absent(unit, pair.old, pair.weigher()));
        t.add("window_contained", window(unit, &links, pair.old, pair.weigher()));
        novelty(pair, *n, &mut t);
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

/// One sentence edited: most words are kept, or most of their weight.
fn is_tight(link: &Link, edit: &Edit) -> bool {
    (link.similarity >= 0.45 && edit.share < 0.6) || edit.share <= 0.35
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

#[derive(Default)]
struct Traits {
    list: Vec<(Trait, f32)>,
}

impl Traits {
    fn add(&mut self, name: &'static str, value: f32) {
        if value != 0.0 {
            self.list.push(((name, 0), value));
        }
    }
    fn flag(&mut self, name: &'static str, value: bool) {
        self.add(name, f32::from(u8::from(value)));
    }
    fn words(&mut self, family: &'static str, words: impl Iterator<Item = u32>, value: f32) {
        let from = self.list.len();
        self.list.extend(words.map(|hash| ((family, hash), value)));
        self.list[from..].sort_unstable_by_key(|((_, hash), _)| *hash);
        let mut at = from;
        for n in from..self.list.len() {
            if n == from || self.list[n].0 != self.list[at - 1].0 {
                self.list[at] = self.list[n];
                at += 1;
            }
        }
        self.list.truncate(at);
    }
    fn bits(&mut self, family: &'static str, mut bits: u64) {
        while bits != 0 {
            let id = bits.trailing_zeros();
            self.list.push(((family, id), 1.0));
            bits &= bits - 1;
        }
    }
}

/// What a statement says by itself.
fn own(rules: &Rules, unit: &Unit, scope: u8, _side: &str, topic: Topic, t: &mut Traits) {
    t.add("always", 1.0);
    t.bits("has_promise", u64::from(unit.promise));
    t.add("promise_kinds", unit.promise.count_ones() as f32 / 3.0);
    t.flag("no_promise", unit.promise == 0);
    t.bits("has_grammar", unit.mask(Slot::Grammar));
    t.bits("has_verb", unit.mask(Slot::Verb));
    t.bits("has_data", unit.mask(Slot::Data));
    t.bits("has_recipient", unit.mask(Slot::Recipient));
    t.bits("has_purpose", unit.mask(Slot::Purpose));
    t.bits("is_topic", 1 << topic as u8);
    let words = unit.own_words().len();
    t.flag("short", words < 7);
    t.flag("long", words > 40);
    t.flag("is_item", unit.role == Role::Item);
    t.flag("is_cell", unit.role == Role::Cell);
    t.flag("has_lead_in", unit.lead_words > 0);
    t.flag("under_region", scope & super::document::scope::REGION != 0);
    t.flag("under_minor", scope & super::document::scope::MINOR != 0);
    t.flag("under_business", scope & super::document::scope::BUSINESS != 0);
    t.flag("is_question", unit.text.ends_with('?'));
    t.flag("ends_in_colon", unit.text.ends_with(':'));
    let mut negated = 0u64;
    let mut only = 0u64;
    let mut allowed = 0u64;
    let mut user = 0u64;
    let mut on_data = false;
    for frame in &unit.frames {
        if frame.conditional {
            continue;
        }
        let bit = 1u64 << frame.verb;
        match (frame.actor, frame.negated) {
            (Actor::User, _) => user |= bit,
            (_, true) => {
                negated |= bit;
                on_data |= frame.data | frame.recipients | frame.purposes != 0;
            }
            (_, false) => {
                if frame.only {
                    only |= bit;
                }
                allowed |= bit;
            }
        }
    }
    t.bits("not_verb", negated);
    t.bits("only_verb", only);
    t.bits("does_verb", allowed);
    t.bits("user_verb", user);
    t.flag("negated_on_data", on_data);
    let sensitive = list_bits(&rules.data, |entry| entry.sensitive) & unit.mask(Slot::Data) != 0;
    t.flag("sensitive_data", sensitive);
    let reach = rules
        .recipients
        .iter()
        .enumerate()
        .filter(|(n, _)| unit.mask(Slot::Recipient) >> n & 1 == 1)
        .map(|(_, entry)| entry.reach)
        .max()
        .unwrap_or(0);
    t.flag("wide_recipient", reach >= 3);
    t.words("word", unit.own_words().map(|word| word.hash), 0.5);
}

fn list_bits(list: &[super::rules::Entry], keep: impl Fn(&super::rules::Entry) -> bool) -> u64 {
    list.iter().enumerate().filter(|(_, entry)| keep(entry)).fold(0, |bits, (n, _)| bits | 1 << n)
}

/// How far the other text still says it.
fn links_traits(links: &[Link], fresh: Option<&Link>, kept: Option<&Link>, t: &mut Traits) {
    t.add("fresh_similarity", fresh.map_or(0.0, |link| link.similarity));
    t.add("fresh_contained", fresh.map_or(0.0, |link| link.contained));
    t.add("kept_similarity", kept.map_or(0.0, |link| link.similarity));
    t.add("kept_contained", kept.map_or(0.0, |link| link.contained));
    let best = links.iter().map(|link| link.contained).fold(0.0, f32::max);
    t.flag("contained_80", best >= 0.8);
    t.flag("contained_60", best >= 0.6);
    t.flag("contained_40", best >= 0.4);
}

/// The share of the statement's weight whose words the other text does not hold at all.
fn absent(unit: &Unit, text: &Document, weigher: Weigher<'_>) -> f32 {
    let (mut gone, mut all) = (0.0, 0.0);
    for word in &unit.bag {
        let weight = weigher.weight(*word);
        all += weight;
        if !text.postings().contains_key(word) {
            gone += weight;
        }
    }
    if all > 0.0 { gone / all } else { 0.0 }
}

/// The share of the statement's weight that stands in three neighbours of the other text: a sentence that
/// was split.
fn window(unit: &Unit, links: &[Link], text: &Document, weigher: Weigher<'_>) -> f32 {
    let all: f32 = unit.bag.iter().map(|word| weigher.weight(*word)).sum();
    let mut best = 0.0f32;
    for link in links.iter().take(3) {
        let from = link.to.saturating_sub(2);
        let to = (link.to + 3).min(text.placed.len());
        let near = &text.placed[from..to];
        let said: f32 = unit
            .bag
            .iter()
            .filter(|word| near.iter().any(|placed| placed.unit.bag.binary_search(word).is_ok()))
            .map(|word| weigher.weight(*word))
            .sum();
        best = best.max(said / all.max(0.001));
    }
    best
}

/// How plain a promise is that no longer stands as it stood.
fn gone_traits(rules: &Rules, unit: &Unit, mode: Mode, t: &mut Traits) {
    let fence = Promise::Negative as u32 | Promise::Only as u32;
    let plain = !unit.has(Grammar::Hedge)
        && !unit.has(Grammar::Exception)
        && !unit.has(Grammar::YouDuty)
        && !unit.has(Grammar::Liability)
        && !unit.has(Grammar::Commerce);
    let about = unit.mask(Slot::Data) | unit.mask(Slot::Recipient) | unit.mask(Slot::Purpose) != 0;
    t.flag("plain_fence", unit.promise & fence != 0 && plain && about);
    t.flag("plain_fence_by_us", unit.promise & fence != 0 && plain && about && unit.has(Grammar::We));
    t.flag("plain_control", unit.promise & Promise::Control as u32 != 0 && plain && unit.has(Grammar::You));
    t.flag("plain_notice", unit.promise & Promise::Notice as u32 != 0 && plain);
    t.flag("protective", difference::is_protective(unit));
    t.flag("permissive", difference::is_permissive(rules, unit));
    t.flag("permissive_only", difference::is_permissive(rules, unit) && !difference::is_protective(unit));
    let not_tight = mode != Mode::Tight;
    t.flag("plain_fence_not_tight", unit.promise & fence != 0 && plain && about && not_tight);
}

/// Which words differ between two statements that are one sentence edited.
pub(super) struct Edit {
    /// Places of words that only the old, only the new one has.
    pub removed: Vec<usize>,
    pub added: Vec<usize>,
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
    let (mut removed, mut added) = (Vec::new(), Vec::new());
    while i < ma.len() || j < mb.len() {
        if i < ma.len() && j < mb.len() && ma[i] == mb[j] {
            i += 1;
            j += 1;
        } else if j >= mb.len() || (i < ma.len() && table[(i + 1) * width + j] >= table[i * width + j + 1]) {
            removed.push(old.lead_words + head + i);
            i += 1;
        } else {
            added.push(new.lead_words + head + j);
            j += 1;
        }
    }
    let share = (removed.len() + added.len()) as f32 / (a.len() + b.len()).max(1) as f32;
    Edit { removed, added, share }
}

/// The cues among edited words, by slot.
fn touched(unit: &Unit, edited: &[usize]) -> [u64; super::rules::SLOTS] {
    let mut masks = [0; super::rules::SLOTS];
    for hit in &unit.hits {
        if (hit.from..hit.to.max(hit.from + 1)).any(|n| edited.binary_search(&(n as usize)).is_ok()) {
            masks[hit.cue.slot as usize] |= 1u64 << hit.cue.id;
        }
    }
    masks
}

/// What was taken from a sentence and put into it.
fn compare(rules: &Rules, old: &Unit, new: &Unit, edit: &Edit, t: &mut Traits) -> bool {
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
    let alone = |mine: &[u64; super::rules::SLOTS], other: &Unit| {
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
    weaker == 0 && firmer != 0 && edit.removed.len() + edit.added.len() <= 8
}

/// The words that one edited sentence lost and got.
fn edited_words(old: &Unit, new: &Unit, edit: &Edit, mode: Mode, t: &mut Traits) {
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

/// Does the other text still hold an equal or wider frame?
fn frames_kept(pair: &Pair<'_>, n: usize, counterpart: Option<usize>, t: &mut Traits) {
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
    let _ = counterpart;
    t.add("frame_kept", kept);
    t.add("frame_kept_in_scope", kept_in_scope);
    t.flag("frame_gone", !practice.is_empty() && kept == 0.0);
    t.flag("now_done", denied);
    t.flag("like_promises_none", same_promise == 0);
    t.add("like_promises", (same_promise as f32 + 1.0).ln() / 3.0);
    t.flag("like_promise_new", same_promise_fresh > 0);
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

/// Whether its neighbours changed too: a lost block reads otherwise than a lost sentence.
fn surroundings(placed: &[super::document::Placed], alone: &[bool], n: usize, t: &mut Traits) {
    let side = |step: isize| {
        let mut at = n as isize + step;
        let mut run = 0;
        while at >= 0 && (at as usize) < alone.len() && alone[at as usize] && run < 40 {
            run += 1;
            at += step;
        }
        run
    };
    let run = side(-1) + side(1) + 1;
    t.flag("alone", run == 1);
    t.flag("in_block", run > 8);
    t.flag("in_big_block", run > 25);
    let heading = placed[..n].iter().rposition(|p| p.unit.role == Role::Heading);
    t.flag("heading_changed", heading.is_some_and(|h| alone[h]));
}

fn about(text: &Document) -> [f32; 4] {
    let share = |holds: &dyn Fn(&Unit) -> bool| {
        text.placed.iter().filter(|placed| holds(&placed.unit)).count() as f32
            / text.placed.len().max(1) as f32
    };
    [
        share(&|unit| unit.mask(Slot::Data) != 0),
        share(&|unit| unit.has(Grammar::YouDuty)),
        share(&|unit| unit.has(Grammar::Commerce)),
        share(&|unit| unit.has(Grammar::Liability)),
    ]
}

fn context(c: &Context, t: &mut Traits) {
    let share = |part: usize, all: usize| part as f32 / all.max(1) as f32;
    t.add("gone_log", (c.gone as f32 + 1.0).ln() / 4.0);
    t.add("fresh_log", (c.fresh as f32 + 1.0).ln() / 4.0);
    t.add("gone_share", share(c.gone, c.before));
    t.add("fresh_share", share(c.fresh, c.after));
    t.flag("rewritten", share(c.gone, c.before) > 0.5);
    t.flag("mostly_rewritten", share(c.gone, c.before) > 0.8);
    t.flag("one_sided_loss", c.gone > 2 * c.fresh + 1);
    t.flag("one_sided_gain", c.fresh > 2 * c.gone + 1);
    t.flag("small_change", c.gone + c.fresh <= 4);
    t.add("about_data", c.about[0] * 3.0);
    t.add("about_duties", c.about[1] * 3.0);
    t.add("about_money", c.about[2] * 3.0);
    t.add("about_liability", c.about[3] * 3.0);
}
