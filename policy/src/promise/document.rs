//! A text read for its promises: each statement with its words, cues, frames and numbers.

use super::clause::{self, Frame};
use super::denial::{self, Denial};
use super::gist::Gist;
use super::number::{self, Quantity};
use super::rules::{Cue, Encryption, Grammar, Language, Rules, SLOTS, Slot};
use super::token::{self, Tokens};
use crate::noise::sheet::Seeded;
use crate::statement::{self, Role, Segment};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

/// A cue found in a statement: words `from..to`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    pub cue: Cue,
    pub from: u16,
    pub to: u16,
}

/// A statement read. Shared between the versions of a policy through [`Cache`].
#[derive(Debug)]
pub struct Unit {
    pub text: Arc<str>,
    pub lead_in: Option<Arc<str>>,
    pub role: Role,
    /// Two statements with one key say the same under the same lead-in stance.
    pub key: u64,
    /// The words of the statement and, before them, of its lead-in.
    pub tokens: Tokens,
    /// How many of the words are the lead-in's.
    pub lead_words: usize,
    pub hits: Vec<Hit>,
    /// Which cues occur, by slot, as bits: in lead-in or statement, and in the statement alone.
    pub masks: [u64; SLOTS],
    pub own_masks: [u64; SLOTS],
    /// Stems of the statement's own telling words, sorted, each once.
    pub bag: Vec<u32>,
    /// A fingerprint of the bag, to see at once that two statements share little.
    pub print: [u64; 4],
    pub print_ones: u32,
    pub frames: Vec<Frame>,
    pub(super) denials: Vec<Denial>,
    pub quantities: Vec<Quantity>,
    /// At which words its quantities stand.
    pub(super) quantities_at: Vec<std::ops::Range<usize>>,
    /// Is in the language in which marked statements were learned from: English.
    pub(super) is_learned: bool,
    /// What kinds of promise it makes: see [`clause::Promise`].
    pub promise: u32,
    /// What it comes to, and by which network: read when first asked for.
    pub(super) gist: OnceLock<(u64, Option<Gist>)>,
}

impl Unit {
    pub fn has(&self, cue: Grammar) -> bool {
        self.masks[Slot::Grammar as usize] & cue.bit() != 0
    }

    pub fn encryption(&self, cue: Encryption) -> bool {
        self.masks[Slot::Encryption as usize] & cue.bit() != 0
    }

    pub fn mask(&self, slot: Slot) -> u64 {
        self.masks[slot as usize]
    }

    /// The hashes of its own words in order.
    pub fn own_words(&self) -> impl ExactSizeIterator<Item = &token::Token> {
        self.tokens.words[self.lead_words..].iter()
    }
}

/// Headings and place that narrow what a statement covers, as bits.
pub mod scope {
    pub const REGION: u8 = 1;
    pub const MINOR: u8 = 2;
    pub const BUSINESS: u8 = 4;
}

/// A statement in its place in one text.
#[derive(Debug, Clone)]
pub struct Placed {
    pub unit: Arc<Unit>,
    pub section: Arc<[Arc<str>]>,
    /// See [`scope`].
    pub scope: u8,
}

/// A text read. See [`Document::read_with`].
#[derive(Debug, Clone)]
pub struct Document {
    pub placed: Vec<Placed>,
    /// Code of the language most of it is in, as far as the rules know; else empty.
    pub language: String,
    /// Bytes of all statements.
    pub size: usize,
    /// Keys of its statements, sorted.
    keys: Vec<u64>,
    /// Keys of its statements in reading order: beside each other, so that comparing two texts need not
    /// look every statement up.
    pub(super) in_order: Vec<u64>,
    /// In which statements each telling word stands; gathered when first asked for, as most texts are
    /// only looked at by their keys.
    postings: OnceLock<Postings>,
}

/// In which statements of a text each telling word stands.
#[derive(Debug, Clone, Default)]
pub(super) struct Postings {
    /// Where a word's places begin and how many there are.
    runs: HashMap<u32, (u32, u32), WordHasher>,
    places: Vec<u32>,
}

impl Postings {
    fn of(placed: &[Placed]) -> Postings {
        let mut runs: HashMap<u32, (u32, u32), WordHasher> = HashMap::default();
        for word in placed.iter().flat_map(|placed| &placed.unit.bag) {
            runs.entry(*word).or_default().1 += 1;
        }
        let mut all = 0;
        for (start, len) in runs.values_mut() {
            *start = all;
            all += std::mem::take(len);
        }
        let mut places = vec![0; all as usize];
        for (place, placed) in placed.iter().enumerate() {
            for word in &placed.unit.bag {
                if let Some((start, len)) = runs.get_mut(word) {
                    places[(*start + *len) as usize] = place as u32;
                    *len += 1;
                }
            }
        }
        Postings { runs, places }
    }

    /// The statements that hold `word`, in reading order.
    pub fn places(&self, word: u32) -> &[u32] {
        let (start, len) = self.runs.get(&word).copied().unwrap_or_default();
        &self.places[start as usize..(start + len) as usize]
    }

    pub fn contains_key(&self, word: &u32) -> bool {
        self.runs.contains_key(word)
    }

    pub fn keys(&self) -> impl Iterator<Item = &u32> {
        self.runs.keys()
    }

    /// How many different words there are.
    pub fn len(&self) -> usize {
        self.runs.len()
    }
}

/// Word numbers are hashes already.
#[derive(Debug, Clone, Copy, Default)]
pub struct WordHasher(u64);

impl std::hash::Hasher for WordHasher {
    fn finish(&self) -> u64 {
        self.0
    }
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }
    fn write_u8(&mut self, byte: u8) {
        self.0 ^= u64::from(byte) << 56;
    }
    fn write_u64(&mut self, words: u64) {
        self.0 ^= words.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    fn write_u32(&mut self, word: u32) {
        self.0 ^= u64::from(word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

impl std::hash::BuildHasher for WordHasher {
    type Hasher = WordHasher;
    fn build_hasher(&self) -> WordHasher {
        WordHasher(0)
    }
}

/// Every word of the texts by its hash.
pub(super) fn words<'a>(documents: impl IntoIterator<Item = &'a Document>) -> HashMap<u32, String> {
    let mut words = HashMap::new();
    for unit in documents.into_iter().flat_map(|document| &document.placed).map(|placed| &placed.unit) {
        for (n, word) in unit.tokens.words.iter().enumerate() {
            words.entry(word.hash).or_insert_with(|| unit.tokens.word(n).to_owned());
        }
    }
    words
}

/// What was read before, so that statements which stand in many versions are read once.
/// One a policy; holds every statement ever met.
#[derive(Debug, Default)]
pub struct Cache {
    units: HashMap<UnitKey, Arc<Unit>, Seeded>,
    scopes: HashMap<ScopeKey, u8, Seeded>,
    /// The same by where the words lie: blocks that stand in many versions share their sentences, and
    /// comparing addresses spares hashing every text of every version.
    placed: HashMap<Address, Lying, Seeded>,
}

/// Addresses of text and lead-in, role and number of the language.
type Address = (usize, usize, Role, usize);

/// A unit read from words at an [`Address`]; it holds on to them, so that no others come to lie there.
#[derive(Debug)]
struct Lying {
    unit: Arc<Unit>,
    _words: (Arc<str>, Option<Arc<str>>),
}

impl Cache {
    fn unit(&mut self, rules: &Rules, index: usize, segment: &Segment) -> Arc<Unit> {
        let at = |text: &Arc<str>| Arc::as_ptr(text).cast::<u8>() as usize;
        let lead_in = segment.lead_in.as_ref().map_or(0, at);
        let address = (at(&segment.text), lead_in, segment.role, index);
        if let Some(lying) = self.placed.get(&address) {
            return lying.unit.clone();
        }
        let key = (segment.text.clone(), segment.lead_in.clone(), segment.role, index);
        let unit =
            self.units.entry(key).or_insert_with(|| Arc::new(read_unit(rules, index, segment))).clone();
        let _words = (segment.text.clone(), segment.lead_in.clone());
        self.placed.insert(address, Lying { unit: unit.clone(), _words });
        unit
    }

    fn scope(&mut self, rules: &Rules, index: usize, section: &Arc<[Arc<str>]>) -> u8 {
        *self
            .scopes
            .entry((section.clone(), index))
            .or_insert_with(|| section_scope(&rules.languages[index], section))
    }
}

/// Text, lead-in, role and number of the language: what a unit's reading depends on.
type UnitKey = (Arc<str>, Option<Arc<str>>, Role, usize);
/// Headings and number of the language.
type ScopeKey = (Arc<[Arc<str>]>, usize);

impl Document {
    /// Reads a text by itself.
    pub fn read(rules: &Rules, markdown: &str) -> Document {
        Self::read_with(rules, statement::segment(markdown), &mut Cache::default())
    }

    /// Reads statements, taking from `cache` what was read before.
    pub fn read_with(rules: &Rules, segments: Vec<Segment>, cache: &mut Cache) -> Document {
        let language = language_of(rules, &segments);
        Self::read_as(rules, language, segments, cache)
    }

    /// Reads those statements that are the document's own; in which language it is, and how large the page is,
    /// the whole text tells.
    pub(crate) fn read_own(
        rules: &Rules,
        whole: &[Segment],
        is_own: impl Fn(usize) -> bool,
        cache: &mut Cache,
    ) -> Document {
        let own = whole.iter().enumerate().filter(|(n, _)| is_own(*n)).map(|(_, segment)| segment.clone());
        let mut document = Self::read_as(rules, language_of(rules, whole), own.collect(), cache);
        document.size = whole.iter().map(|segment| segment.text.len()).sum();
        document
    }

    fn read_as(
        rules: &Rules,
        language: Option<usize>,
        segments: Vec<Segment>,
        cache: &mut Cache,
    ) -> Document {
        // A language without rules is read with the first one's: its words will not be found.
        let index = language.unwrap_or(0);
        if cache.units.is_empty() {
            // Later texts bring little that is new.
            cache.units.reserve(segments.len());
            cache.placed.reserve(segments.len());
        }
        let mut placed: Vec<Placed> = Vec::with_capacity(segments.len());
        let mut size = 0;
        for segment in segments {
            size += segment.text.len();
            let unit = cache.unit(rules, index, &segment);
            // Neighbours share their headings.
            let scope = match placed.last() {
                Some(last) if Arc::ptr_eq(&last.section, &segment.section) => last.scope,
                _ => cache.scope(rules, index, &segment.section),
            };
            placed.push(Placed { unit, section: segment.section, scope });
        }
        let in_order: Vec<u64> = placed.iter().map(|placed| placed.unit.key).collect();
        let mut keys = in_order.clone();
        keys.sort_unstable();
        let language = language.map(|n| rules.languages[n].code.clone()).unwrap_or_default();
        Document { placed, language, size, keys, in_order, postings: OnceLock::new() }
    }

    /// A run of its statements as a text of its own.
    pub(super) fn part(&self, places: std::ops::Range<usize>) -> Document {
        let placed = self.placed[places].to_vec();
        let in_order: Vec<u64> = placed.iter().map(|placed| placed.unit.key).collect();
        let mut keys = in_order.clone();
        keys.sort_unstable();
        let size = placed.iter().map(|placed| placed.unit.text.len()).sum();
        Document { placed, language: self.language.clone(), size, keys, in_order, postings: OnceLock::new() }
    }

    /// In which statements each telling word stands.
    pub(super) fn postings(&self) -> &Postings {
        self.postings.get_or_init(|| Postings::of(&self.placed))
    }

    pub(super) fn holds(&self, key: u64) -> bool {
        self.keys.binary_search(&key).is_ok()
    }
}

/// The language whose commonest words make up most of the text; `None` if too few are met.
fn language_of(rules: &Rules, segments: &[Segment]) -> Option<usize> {
    let mut counts = vec![0usize; rules.languages.len()];
    let mut total = 0usize;
    // A sample through the text is enough, and cheap.
    let step = (segments.len() / 120).max(1);
    for segment in segments.iter().step_by(step) {
        token::words(&segment.text, |hash| {
            total += 1;
            if let Some(languages) = rules.common.get(&hash) {
                languages.iter().for_each(|language| counts[*language] += 1);
            }
        });
    }
    let (best, count) = counts.iter().enumerate().max_by_key(|(n, count)| (**count, usize::MAX - n))?;
    (count * 7 >= total && total > 0).then_some(best)
}

fn section_scope(language: &Language, section: &[Arc<str>]) -> u8 {
    let mut bits = 0;
    for heading in section {
        let tokens = Tokens::of(heading);
        for hit in find(language, &tokens) {
            if hit.cue.slot == Slot::Grammar {
                bits |= match hit.cue.id {
                    id if id == Grammar::Region as u8 => scope::REGION,
                    id if id == Grammar::Minor as u8 => scope::MINOR,
                    id if id == Grammar::Business as u8 => scope::BUSINESS,
                    _ => 0,
                };
            }
        }
    }
    bits
}

/// The cues in a text, in order; within one list the longest of those that overlap.
pub(super) fn find(language: &Language, tokens: &Tokens) -> Vec<Hit> {
    let mut hits = language.words.find(tokens);
    hits.sort_unstable_by_key(|hit| (hit.from, u16::MAX - hit.to, hit.cue));
    hits.dedup();
    // Drop what lies within a longer hit of the same list, and grammar within a "not only".
    let not_negation = Grammar::NotNegation as u8;
    let mut kept = 0;
    // How far those kept reach: most hits stand apart.
    let mut reach = 0;
    for at in 0..hits.len() {
        let hit = hits[at];
        let covered = || {
            hits[..kept].iter().rev().take(12).any(|other| {
                other.cue.slot == hit.cue.slot
                    && other.from <= hit.from
                    && other.to >= hit.to
                    && (other.to - other.from) > (hit.to - hit.from)
                    && (other.cue.id == hit.cue.id
                        || hit.cue.slot != Slot::Grammar
                        || (other.cue.id == not_negation
                            && (hit.cue.id == Grammar::Negation as u8 || hit.cue.id == Grammar::Only as u8)))
            })
        };
        if reach < hit.to || !covered() {
            reach = reach.max(hit.to);
            hits[kept] = hit;
            kept += 1;
        }
    }
    hits.truncate(kept);
    hits
}

/// The language of everything that tables, trees and networks were learned from.
pub(super) const LEARNED: &str = "en";

/// The lead-in's last words are enough to know its stance.
const LEAD_WORDS: usize = 40;

fn read_unit(rules: &Rules, index: usize, segment: &Segment) -> Unit {
    let language = &rules.languages[index];
    let own = Tokens::of(&segment.text);
    let (tokens, lead_words) = match &segment.lead_in {
        None => (own, 0),
        Some(lead) => {
            let mut tokens = Tokens::of(lead);
            let skip = tokens.words.len().saturating_sub(LEAD_WORDS);
            if skip > 0 {
                let cut = tokens.words[skip].start as usize - 1;
                tokens.form.drain(..cut);
                tokens.words.drain(..skip);
                for word in &mut tokens.words {
                    word.start -= cut as u32;
                }
            }
            let offset = tokens.form.len() as u32 - 1;
            let lead_words = tokens.words.len();
            tokens.form.pop();
            tokens.form.push_str(&own.form);
            tokens
                .words
                .extend(own.words.iter().map(|word| token::Token { start: word.start + offset, ..*word }));
            if lead_words < tokens.words.len() {
                tokens.words[lead_words].after_break = true;
            }
            (tokens, lead_words)
        }
    };
    let hits = find(language, &tokens);
    let mut masks = [0; SLOTS];
    let mut own_masks = [0; SLOTS];
    for hit in &hits {
        masks[hit.cue.slot as usize] |= 1 << hit.cue.id;
        if hit.from as usize >= lead_words {
            own_masks[hit.cue.slot as usize] |= 1 << hit.cue.id;
        }
    }
    let mut bag: Vec<u32> = tokens.words[lead_words..]
        .iter()
        .filter(|word| !language.common.contains(&word.hash))
        .map(|word| word.stem)
        .collect();
    bag.sort_unstable();
    bag.dedup();
    let mut print = [0u64; 4];
    for word in &bag {
        let bit = word.wrapping_mul(0x9e37_79b1) >> 24;
        print[(bit >> 6) as usize] |= 1 << (bit & 63);
    }
    let print_ones = print.iter().map(|word| word.count_ones()).sum();
    let (quantities, quantities_at) = number::quantities(language, &tokens, lead_words);
    let frames = clause::frames(&tokens, lead_words, &hits, &masks, language.capital_nouns);
    let denials = denial::denials(&tokens, lead_words, &hits, &masks, &bag);
    let promise = clause::promises(rules, segment.role, &tokens, &frames, &masks, &quantities);
    let stance = masks[Slot::Grammar as usize]
        & !own_masks[Slot::Grammar as usize]
        & (Grammar::Negation.bit() | Grammar::Only.bit() | Grammar::NoLonger.bit());
    let own_form = &tokens.form[tokens.words.get(lead_words).map_or(0, |word| word.start as usize)..];
    let key = fold64(own_form.as_bytes()) ^ stance.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    Unit {
        text: segment.text.clone(),
        lead_in: segment.lead_in.clone(),
        role: segment.role,
        key,
        tokens,
        lead_words,
        hits,
        masks,
        own_masks,
        bag,
        print,
        print_ones,
        frames,
        denials,
        quantities,
        quantities_at,
        is_learned: language.code == LEARNED,
        promise,
        gist: OnceLock::new(),
    }
}

/// A hash of eight bytes a step: every statement of every text passes through it. The same in every run.
fn fold64(bytes: &[u8]) -> u64 {
    let step = |hash: u64, word: u64| {
        let product = u128::from(hash ^ word) * 0x9e37_79b9_7f4a_7c15_u128;
        (product as u64) ^ ((product >> 64) as u64)
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let hash = words.iter().fold(0xcbf2_9ce4_8422_2325, |hash, word| step(hash, u64::from_le_bytes(*word)));
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    step(step(hash, u64::from_le_bytes(last)), bytes.len() as u64)
}
