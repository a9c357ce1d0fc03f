//! Named numbers that tell something about a statement: by itself, beside the other text, among its neighbours.

use super::align::{Link, Weigher};
use super::clause::{Actor, Promise};
use super::difference;
use super::document::{Document, Placed, Unit, scope};
use super::features::{Mode, Trait};
use super::rules::{Entry, Grammar, Rules, Slot};
use crate::finding::Topic;
use crate::statement::Role;

#[derive(Default)]
pub(super) struct Traits {
    pub list: Vec<(Trait, f32)>,
}

impl Traits {
    pub fn add(&mut self, name: &'static str, value: f32) {
        if value != 0.0 {
            self.list.push(((name, 0), value));
        }
    }
    pub fn flag(&mut self, name: &'static str, value: bool) {
        self.add(name, f32::from(u8::from(value)));
    }
    pub fn words(&mut self, family: &'static str, words: impl Iterator<Item = u32>, value: f32) {
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
    pub fn bits(&mut self, family: &'static str, mut bits: u64) {
        while bits != 0 {
            let id = bits.trailing_zeros();
            self.list.push(((family, id), 1.0));
            bits &= bits - 1;
        }
    }
}

/// What the whole change looks like; the same for all its candidates.
#[derive(Debug, Clone)]
pub(super) struct Context {
    pub gone: usize,
    pub fresh: usize,
    pub before: usize,
    pub after: usize,
    /// Share of the old text's statements that speak of personal data, of what people must do, of money,
    /// of liability: what kind of document it is.
    pub about: [f32; 4],
}

/// What a statement says by itself.
pub(super) fn own(rules: &Rules, unit: &Unit, scope: u8, topic: Topic, t: &mut Traits) {
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
    t.flag("under_region", scope & scope::REGION != 0);
    t.flag("under_minor", scope & scope::MINOR != 0);
    t.flag("under_business", scope & scope::BUSINESS != 0);
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

pub(super) fn list_bits(list: &[Entry], keep: impl Fn(&Entry) -> bool) -> u64 {
    list.iter().enumerate().filter(|(_, entry)| keep(entry)).fold(0, |bits, (n, _)| bits | 1 << n)
}

/// How far the other text still says it.
pub(super) fn links_traits(links: &[Link], fresh: Option<&Link>, kept: Option<&Link>, t: &mut Traits) {
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
pub(super) fn absent(unit: &Unit, text: &Document, weigher: Weigher<'_>) -> f32 {
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
pub(super) fn window(unit: &Unit, links: &[Link], text: &Document, weigher: Weigher<'_>) -> f32 {
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
pub(super) fn gone_traits(rules: &Rules, unit: &Unit, mode: Mode, t: &mut Traits) {
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

/// Whether its neighbours changed too: a lost block reads otherwise than a lost sentence.
pub(super) fn surroundings(placed: &[Placed], alone: &[bool], n: usize, t: &mut Traits) {
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

pub(super) fn about(text: &Document) -> [f32; 4] {
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

pub(super) fn context(c: &Context, t: &mut Traits) {
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
