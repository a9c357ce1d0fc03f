//! Which sentence of a short page stands in another's place, and what is telling about the exchange.

use super::wording::{Claim, Claims, SHIFTS, shift_name};
use crate::finding::Kind;
use crate::promise::align::Changed;
use crate::promise::clause::Promise;
use crate::promise::document::{Document, Unit};
use crate::promise::edit::{compare, edits};
use crate::promise::features::Pair;
use crate::promise::ladder::{self, Move, Views};
use crate::promise::rules::{Grammar, Rules};
use crate::promise::stake::Stake;
use crate::promise::traits::Traits;
use crate::statement::Role;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

/// A sentence that changed, with what stands in its place.
#[derive(Debug, Clone)]
pub struct Couple {
    /// Places in the old and the new text; one of them at least.
    pub before: Option<usize>,
    pub after: Option<usize>,
    /// Where only the new sentence is there: the old one most like it, and how like.
    pub related: Option<(usize, f32)>,
    /// By number: see [`TRAITS`].
    pub traits: Vec<f32>,
}

const CLAIMS: usize = Claim::ALL.len();

/// What is said of a couple, by name; five families of claims follow, see [`trait_name`].
const TRAITS: [&str; 53] = [
    "alike",
    "in_place",
    "said_in_text",
    "said_in_fresh",
    "said_in_other",
    "alike_kept",
    "gone",
    "fresh",
    "statements_before",
    "statements_after",
    "growth",
    "words_before",
    "words_after",
    "denials_before",
    "denials_after",
    "denials_more",
    "has_before",
    "has_after",
    "heading_before",
    "heading_after",
    "row_before",
    "protects_before",
    "permits_before",
    "protects_after",
    "permits_after",
    "protects_less",
    "permits_more",
    "ladder_lost",
    "ladder_gained",
    "page_said",
    "page_known",
    "gone_alone",
    "gone_share",
    "in_tail",
    "tail",
    "title_kept",
    "ends_open",
    "alike_promise",
    "names_promised",
    "about_encryption",
    "aside_before",
    "aside_after",
    "past_after",
    "promise_before",
    "promise_after",
    "negative_before",
    "negative_after",
    "turn_reversal",
    "turn_expansion",
    "turn_strengthening",
    "sensed_reversal",
    "sensed_expansion",
    "sensed_strengthening",
];

/// What the typed differences between the two sentences are, as the judge of long texts has them.
const DIFFERENCES: [&str; 23] = [
    "weaker_any",
    "weaker_only",
    "firmer_any",
    "decisive",
    "longer",
    "shorter",
    "keeps_longer",
    "limit_lost",
    "limit_gained",
    "age_lowered",
    "age_raised",
    "negation_lifted",
    "negation_put",
    "denial_qualified",
    "denial_shortened",
    "qualifiers_put",
    "qualifiers_taken",
    "edit_share",
    "one_word_edited",
    "few_words_edited",
    "edit_without_cue",
    "promise_kind_lost",
    "promise_kind_gained",
];

const FAMILIES: [&str; 6] = ["before", "after", "more", "page_before", "page_after", "kept"];

/// How many traits a couple has.
pub const COUNT: usize = TRAITS.len() + FAMILIES.len() * CLAIMS + DIFFERENCES.len();

/// How many sentences of the page went with nothing in their place: see [`TRAITS`].
const GONE_ALONE: usize = 31;

/// Of the exchange's words, where they come in [`TRAITS`].
pub const TURN: usize = TRAITS.len() - 6;

pub fn trait_name(n: usize) -> String {
    let claims = TRAITS.len() + FAMILIES.len() * CLAIMS;
    match n {
        n if n < TRAITS.len() => TRAITS[n].to_owned(),
        n if n < claims => {
            let n = n - TRAITS.len();
            format!("{}.{}", FAMILIES[n / CLAIMS], Claim::ALL[n % CLAIMS].1)
        }
        n => DIFFERENCES[n - claims].to_owned(),
    }
}

/// A page's sentences with what their words claim.
pub struct Page<'a> {
    pub text: &'a Document,
    pub claims: Vec<Claims>,
    words: Vec<BTreeSet<u32>>,
}

impl<'a> Page<'a> {
    pub fn new(rules: &Rules, text: &'a Document) -> Page<'a> {
        let claims =
            text.placed.iter().map(|placed| rules.wording.claims(&rules.senses, &placed.unit)).collect();
        let words = text.placed.iter().map(|p| p.unit.own_words().map(|word| word.stem).collect()).collect();
        Page { text, claims, words }
    }

    pub fn unit(&self, place: usize) -> &Unit {
        &self.text.placed[place].unit
    }

    /// How strongly any of these sentences makes each claim.
    pub fn most(&self, places: impl Iterator<Item = usize>) -> Claims {
        let mut most = [0.0f32; CLAIMS];
        for place in places {
            most.iter_mut().zip(self.claims[place]).for_each(|(most, claim)| *most = most.max(claim));
        }
        most
    }

    pub fn all(&self) -> impl Iterator<Item = usize> + use<'_, 'a> {
        0..self.text.placed.len()
    }
}

/// Weighs stems by how rare they are on both pages; words of every text weigh little.
struct Weigher(BTreeMap<u32, f32>);

impl Weigher {
    fn new(old: &Page<'_>, new: &Page<'_>) -> Weigher {
        let mut counts: BTreeMap<u32, (f32, bool)> = BTreeMap::new();
        for page in [old, new] {
            for (place, words) in page.words.iter().enumerate() {
                for word in words {
                    let entry = counts.entry(*word).or_default();
                    entry.0 += 1.0;
                    entry.1 |= page.unit(place).bag.binary_search(word).is_ok();
                }
            }
        }
        let all = (old.words.len() + new.words.len()) as f32 + 2.0;
        let weight = |(count, telling): (f32, bool)| {
            ((all / (count + 0.5)).ln() * if telling { 1.0 } else { 0.3 }).max(0.05)
        };
        Weigher(counts.into_iter().map(|(word, entry)| (word, weight(entry))).collect())
    }

    fn sum<'a>(&self, words: impl Iterator<Item = &'a u32>) -> f32 {
        words.map(|word| self.0.get(word).copied().unwrap_or(0.0)).sum()
    }

    /// Shared weight over all weight.
    fn alike(&self, a: &BTreeSet<u32>, b: &BTreeSet<u32>) -> f32 {
        let all = self.sum(a.union(b));
        if all > 0.0 { self.sum(a.intersection(b)) / all } else { 0.0 }
    }

    /// The share of `a` that stands in `b`.
    fn contained(&self, a: &BTreeSet<u32>, b: &BTreeSet<u32>) -> f32 {
        let all = self.sum(a.iter());
        if all > 0.0 { self.sum(a.intersection(b)) / all } else { 0.0 }
    }
}

/// Where both texts differ between the same kept neighbours: places of the old and of the new text.
pub fn gaps(old: &Document, new: &Document) -> Vec<(Range<usize>, Range<usize>)> {
    // Where both begin and end alike there is nothing to line up.
    let (a, b) = (&old.in_order[..], &new.in_order[..]);
    let head = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count();
    let (a, b) = (&a[..a.len() - tail], &b[..b.len() - tail]);
    let mut longest = vec![vec![0u16; b.len() + 1]; a.len() + 1];
    for i in (0..a.len()).rev() {
        for j in (0..b.len()).rev() {
            longest[i][j] = if a[i] == b[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let mut gaps = Vec::new();
    let (mut i, mut j) = (0, 0);
    while i < a.len() || j < b.len() {
        let (from_i, from_j) = (i, j);
        while i < a.len() && j < b.len() && a[i] != b[j] {
            if longest[i + 1][j] >= longest[i][j + 1] {
                i += 1;
            } else {
                j += 1;
            }
        }
        if i == a.len() || j == b.len() {
            (i, j) = (a.len(), b.len());
        }
        if i > from_i || j > from_j {
            gaps.push((head + from_i..head + i, head + from_j..head + j));
        }
        i += 1;
        j += 1;
    }
    gaps
}

/// Less than this and two sentences have nothing to do with each other.
const LEAST: f32 = 0.15;

/// Each sentence that went with what came in its place, then each that came in nobody's.
pub fn couples(
    rules: &Rules,
    pair: &Pair<'_>,
    old: &Page<'_>,
    new: &Page<'_>,
    moves: &[Move],
) -> Vec<Couple> {
    let Changed { gone, fresh } = &pair.changed;
    let weigher = Weigher::new(old, new);
    let gaps = gaps(old.text, new.text);
    let in_place = |i: usize, j: usize| gaps.iter().any(|(a, b)| a.contains(&i) && b.contains(&j));
    let all = |page: &Page<'_>, places: &[usize]| -> BTreeSet<u32> {
        places.iter().flat_map(|place| &page.words[*place]).copied().collect()
    };
    let every = |page: &Page<'_>| page.words.iter().flatten().copied().collect::<BTreeSet<u32>>();
    let (all_old, all_new, all_fresh) = (every(old), every(new), all(new, fresh));
    let promises: Vec<usize> = old
        .all()
        .filter(|n| {
            [Claim::Default, Claim::OptIn, Claim::Limited, Claim::Announced]
                .iter()
                .any(|claim| old.claims[*n][*claim as usize] >= 0.3)
        })
        .collect();
    let page = Shape {
        rules,
        pair,
        old,
        new,
        moves,
        promised: promises.iter().flat_map(|n| &old.unit(*n).bag).copied().collect(),
        promises,
        weigher: &weigher,
        said: weigher.contained(&all_old, &all_new),
        known: weigher.contained(&all_new, &all_old),
    };
    let mut taken = BTreeSet::new();
    let mut couples = Vec::new();
    for i in gone.iter().copied() {
        let score = |j: usize| {
            let alike = weigher.alike(&old.words[i], &new.words[j]);
            let role = |page: &Page<'_>, n: usize| page.unit(n).role == Role::Heading;
            let place = if in_place(i, j) { 0.15 } else { 0.0 };
            (alike + place + if role(old, i) == role(new, j) { 0.05 } else { 0.0 }, alike)
        };
        let best = fresh
            .iter()
            .map(|j| (*j, score(*j)))
            .max_by(|(n, a), (m, b)| a.0.total_cmp(&b.0).then(m.cmp(n)))
            .filter(|(_, score)| score.0 >= LEAST);
        let after = best.map(|(j, _)| j);
        taken.extend(after);
        let mut told = page.told(Some(i), after);
        told[0] = best.map_or(0.0, |(_, score)| score.1);
        told[1] = f32::from(u8::from(after.is_some_and(|j| in_place(i, j))));
        told[2] = weigher.contained(&old.words[i], &all_new);
        told[3] = weigher.contained(&old.words[i], &all_fresh);
        told[4] = after.map_or(0.0, |j| weigher.contained(&old.words[i], &new.words[j]));
        told[5] = (0..new.words.len())
            .filter(|j| !pair.fresh[*j])
            .map(|j| weigher.alike(&old.words[i], &new.words[j]))
            .fold(0.0, f32::max);
        couples.push(Couple { before: Some(i), after, related: None, traits: told });
    }
    for j in fresh.iter().copied().filter(|j| !taken.contains(j)) {
        let related = (0..old.words.len())
            .filter(|i| old.unit(*i).role != Role::Heading)
            .map(|i| (i, weigher.alike(&old.words[i], &new.words[j])))
            .max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cmp(&a.0)));
        let mut told = page.told(None, Some(j));
        told[0] = related.map_or(0.0, |(_, alike)| alike);
        told[2] = weigher.contained(&new.words[j], &all_old);
        couples.push(Couple { before: None, after: Some(j), related, traits: told });
    }
    let alone = couples.iter().filter(|couple| couple.after.is_none()).count() as f32;
    couples.iter_mut().for_each(|couple| couple.traits[GONE_ALONE] = alone);
    couples
}

/// What all couples of two pages share.
struct Shape<'a> {
    rules: &'a Rules,
    pair: &'a Pair<'a>,
    old: &'a Page<'a>,
    new: &'a Page<'a>,
    moves: &'a [Move],
    /// Old sentences that promise something of encryption, and their telling words.
    promises: Vec<usize>,
    promised: BTreeSet<u32>,
    weigher: &'a Weigher,
    /// The share of the old page's words that the new one holds, and the other way round.
    said: f32,
    known: f32,
}

impl Shape<'_> {
    /// The traits that do not ask how alike the sentences are.
    fn told(&self, before: Option<usize>, after: Option<usize>) -> Vec<f32> {
        let Shape { rules, pair, old, new, moves, .. } = self;
        let flag = |holds: bool| f32::from(u8::from(holds));
        let (a, b) = (before.map(|n| old.unit(n)), after.map(|n| new.unit(n)));
        let stake = |unit: Option<&Unit>| unit.map(|unit| rules.stakes.of(unit)).unwrap_or_default();
        let (sa, sb): (Stake, Stake) = (stake(a), stake(b));
        let denials = |unit: Option<&Unit>| {
            unit.map_or(0.0, |unit| {
                let negates = unit.hits.iter().filter(|hit| {
                    crate::promise::clause::grammar(hit, Grammar::Negation)
                        || crate::promise::clause::grammar(hit, Grammar::NoLonger)
                });
                negates.count() as f32
            })
        };
        let words = |unit: Option<&Unit>| unit.map_or(0.0, |unit| unit.own_words().len() as f32);
        let is = |unit: Option<&Unit>, role: Role| flag(unit.is_some_and(|unit| unit.role == role));
        let (count_old, count_new) = (old.words.len() as f32, new.words.len() as f32);
        // Statements at the old page's end of which the new one has none.
        let tail = pair.gone.iter().rev().take_while(|gone| **gone).count();
        let title = |page: &Page<'_>| page.text.in_order.first().copied();
        let ends = |page: &Page<'_>| {
            page.text
                .placed
                .last()
                .is_some_and(|p| p.unit.text.ends_with(['.', '!', '?', ':', ')', '”', '"']))
        };
        let step = |kind: Kind| {
            flag(moves.iter().any(|step| {
                step.kind == kind
                    && ((before.is_some() && step.before == before)
                        || (after.is_some() && step.after == after))
            }))
        };
        let claims = |page: &Page<'_>, n: Option<usize>| n.map_or([0.0; CLAIMS], |n| page.claims[n]);
        let (ca, cb) = (claims(old, before), claims(new, after));
        let turn = rules.wording.turn(&rules.senses, a, b);
        let mut told = vec![
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            0.0,
            pair.changed.gone.len() as f32,
            pair.changed.fresh.len() as f32,
            count_old,
            count_new,
            count_new / count_old.max(1.0),
            words(a),
            words(b),
            denials(a),
            denials(b),
            denials(b) - denials(a),
            flag(a.is_some()),
            flag(b.is_some()),
            is(a, Role::Heading),
            is(b, Role::Heading),
            flag(a.is_some_and(|unit| unit.text.contains(" | "))),
            sa.protects,
            sa.permits,
            sb.protects,
            sb.permits,
            sa.protects - sb.protects,
            sb.permits - sa.permits,
            step(Kind::Reversal),
            step(Kind::Strengthening),
            self.said,
            self.known,
            0.0,
            pair.changed.gone.len() as f32 / count_old.max(1.0),
            flag(before.is_some_and(|n| n + tail >= old.words.len())),
            tail as f32,
            flag(title(old) == title(new)),
            flag(ends(old) && !ends(new)),
            after.map_or(0.0, |j| {
                let alike = self.promises.iter().map(|i| self.weigher.alike(&old.words[*i], &new.words[j]));
                alike.fold(0.0, f32::max)
            }),
            after.map_or(0.0, |j| {
                let telling: BTreeSet<u32> = new.unit(j).bag.iter().copied().collect();
                self.weigher.contained(&telling, &self.promised)
            }),
            rules.wording.about(
                &rules.senses,
                &a.into_iter().chain(b).collect::<Vec<_>>(),
                crate::finding::Topic::Encryption,
            ),
            flag(a.is_some_and(is_aside)),
            flag(b.is_some_and(is_aside)),
            flag(b.is_some_and(|unit| {
                let past = &rules.language("en").ladder.past;
                past.iter().any(|phrase| unit.tokens.form.contains(phrase.as_str()))
            })),
        ];
        let promises = |unit: Option<&Unit>| flag(unit.is_some_and(|unit| unit.promise != 0));
        let negative =
            |unit: Option<&Unit>| flag(unit.is_some_and(|unit| unit.promise & Promise::Negative as u32 != 0));
        told.extend([promises(a), promises(b), negative(a), negative(b)]);
        told.extend(turn);
        let (page_old, page_new) = (old.most(old.all()), new.most(new.all()));
        told.extend(ca);
        told.extend(cb);
        told.extend(cb.iter().zip(ca).map(|(b, a)| b - a));
        told.extend(page_old);
        told.extend(page_new);
        told.extend(new.most(new.all().filter(|n| !pair.fresh[*n])));
        let mut differences = Traits::default();
        if let (Some(a), Some(b)) = (a, b) {
            compare(rules, a, b, &edits(a, b), &mut differences);
        }
        told.extend(DIFFERENCES.map(|name| {
            differences.list.iter().find(|((family, _), _)| *family == name).map_or(0.0, |(_, value)| *value)
        }));
        told
    }
}

/// Said of others, of what might be, or by others.
fn is_aside(unit: &Unit) -> bool {
    [Grammar::OtherCompany, Grammar::Definition, Grammar::Hypothesis, Grammar::Quotation]
        .into_iter()
        .any(|cue| unit.has(cue))
}

/// What tells how far encryption is promised on the side that promises more, and on the one that promises less.
/// For each: the sentence's claims, the page's, what came with the change and what was there before; the heading's
/// above; dates and fences; what the exchange says; the ladder's steps.
pub fn state_traits(
    rules: &Rules,
    pages: [&Page<'_>; 2],
    places: [Option<usize>; 2],
    fresh: &[usize],
    views: &Views,
) -> Vec<f32> {
    let claims = |side: usize| places[side].map_or([0.0; CLAIMS], |n| pages[side].claims[n]);
    let kept = (0..pages[1].claims.len()).filter(|n| !fresh.contains(n));
    let heading = |side: usize| {
        let mut above = pages[side].text.placed[..places[side].unwrap_or(0)].iter();
        let nearest = above.rposition(|placed| placed.unit.role == Role::Heading);
        nearest.map_or([0.0; CLAIMS], |n| pages[side].claims[n])
    };
    let mut told: Vec<f32> = Vec::with_capacity(STATE_COUNT);
    told.extend(claims(0));
    told.extend(claims(1));
    told.extend(pages[0].most(pages[0].all()));
    told.extend(pages[1].most(pages[1].all()));
    told.extend(pages[1].most(fresh.iter().copied()));
    told.extend(pages[1].most(kept));
    told.extend(heading(0));
    told.extend(heading(1));
    let flag = |holds: bool| f32::from(u8::from(holds));
    let fenced = |side: usize| {
        flag(places[side].is_some_and(|n| {
            let unit = pages[side].unit(n);
            unit.has(Grammar::Region) || unit.has(Grammar::Minor) || unit.has(Grammar::Business)
        }))
    };
    let has = |side: usize, cue: Grammar| flag(places[side].is_some_and(|n| pages[side].unit(n).has(cue)));
    told.push(flag(places[0].is_some()));
    told.push(flag(places[1].is_some()));
    told.push(flag(places[1].is_some_and(|n| !dates(rules, pages[1], n).is_empty())));
    told.push(flag(ending(rules, pages[1], fresh).is_some()));
    told.push(fenced(0));
    told.push(fenced(1));
    told.push(has(1, Grammar::Exception));
    told.push(has(1, Grammar::Condition));
    let unit = |side: usize| places[side].map(|n| pages[side].unit(n));
    told.extend(rules.wording.shift(&rules.senses, unit(0), unit(1)));
    let steps = views.step_of(places[0], places[1]);
    for side in 0..2 {
        let rank = steps.map(|(from, to)| if side == 0 { from } else { to }.rank());
        told.extend((0..5).map(|n| flag(rank == Some(n))));
    }
    told
}

const STATE_FAMILIES: [&str; 8] =
    ["promised", "now", "page_promised", "page_now", "came", "kept", "heading_promised", "heading_now"];

const STATE_FLAGS: [&str; 8] = [
    "has_promised",
    "has_now",
    "dated",
    "end_dated",
    "fenced_promised",
    "fenced_now",
    "exception",
    "condition",
];

pub const STATE_COUNT: usize = STATE_FAMILIES.len() * CLAIMS + STATE_FLAGS.len() + SHIFTS + 10;

pub fn state_trait_name(n: usize) -> String {
    const STEPS: [&str; 5] = ["none", "announced", "limited", "opt_in", "default"];
    let claims = STATE_FAMILIES.len() * CLAIMS;
    let flags = claims + STATE_FLAGS.len();
    let shifts = flags + SHIFTS;
    match n {
        n if n < claims => format!("{}.{}", STATE_FAMILIES[n / CLAIMS], Claim::ALL[n % CLAIMS].1),
        n if n < flags => STATE_FLAGS[n - claims].to_owned(),
        n if n < shifts => shift_name(n - flags).to_owned(),
        n => format!("{}.{}", ["ladder_from", "ladder_to"][(n - shifts) / 5], STEPS[(n - shifts) % 5]),
    }
}

/// The sentence that came and is likeliest to say that something ends, of those that name a date.
pub fn ending(rules: &Rules, page: &Page<'_>, fresh: &[usize]) -> Option<(usize, chrono::NaiveDate)> {
    let ended = |n: usize| page.claims[n][Claim::Ended as usize];
    fresh
        .iter()
        // "Updated 8 May 2026" ends nothing.
        .filter(|n| ended(**n) >= 0.2 && page.unit(**n).own_words().len() > 6)
        .filter_map(|n| Some((*n, *dates(rules, page, *n).first()?)))
        .max_by(|a, b| ended(a.0).total_cmp(&ended(b.0)).then(b.0.cmp(&a.0)))
}

/// The dates that a sentence names.
pub fn dates(rules: &Rules, page: &Page<'_>, place: usize) -> Vec<chrono::NaiveDate> {
    crate::promise::date::dates(rules.language(&page.text.language), &page.unit(place).tokens)
}

/// The ladder's steps between two pages, and its views of them.
pub fn ladder(rules: &Rules, pair: &Pair<'_>) -> (Vec<Move>, Views) {
    let views = Views::new(rules, pair);
    (ladder::moved(pair, &views), views)
}
