//! The fitted numbers of the judge, as a table that people can read.

use super::boost::Tree;
use super::document::WordHasher;
use super::features::{Mode, OF_WORDS, Trait};
use super::rules::{RuleError, Rules};
use super::severity::Scales;
use super::token;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What each trait of a change weighs, by kind of finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    pub reversal: Table,
    pub expansion: Table,
    pub strengthening: Threshold,
    pub artefact: Shapes,
    pub severity: Scales,
}

/// What the shape of a change weighs for its being no doing of the publisher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Shapes {
    /// From this probability on the change is not judged.
    pub threshold: f32,
    pub bias: f32,
    pub weights: BTreeMap<String, f32>,
}

impl Default for Shapes {
    fn default() -> Self {
        Self { threshold: 1.1, bias: 0.0, weights: BTreeMap::new() }
    }
}

impl Shapes {
    /// The probability.
    pub fn chance(&self, traits: &[(&'static str, f32)]) -> f32 {
        let odds: f32 = self.bias
            + traits
                .iter()
                .map(|(name, value)| self.weights.get(*name).copied().unwrap_or(0.0) * value)
                .sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }
}

/// Two judges, each with log-odds of its own; a finding's are their mean. The first adds up `bias` and the
/// traits' weights times their values, the second `start` and the leaves of small trees.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// From this probability on it is a finding.
    pub threshold: f32,
    pub bias: f32,
    pub start: f32,
    /// One tree a line: written as docs/promises.md tells. Without trees the weights judge alone.
    pub trees: Vec<String>,
    /// By trait: for all candidates, `tight:`, `loose:` and `gone:` in addition for those.
    pub weights: BTreeMap<String, f32>,
}

/// A strengthening is a reversal read backwards, with a threshold of its own.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Threshold {
    pub threshold: f32,
}

impl Default for Table {
    fn default() -> Self {
        Self { threshold: 0.5, bias: 0.0, start: 0.0, trees: Vec::new(), weights: BTreeMap::new() }
    }
}

impl Default for Threshold {
    fn default() -> Self {
        Self { threshold: 0.5 }
    }
}

impl Weights {
    pub fn parse(file: &str, text: &str) -> Result<Weights, RuleError> {
        toml::from_str(text)
            .map_err(|error| RuleError::Syntax { file: file.to_owned(), error: Box::new(error) })
    }
}

/// A table made ready to be asked by trait.
#[derive(Debug, Clone, Default)]
pub(super) struct Ready {
    bias: f32,
    start: f32,
    pub threshold: f32,
    trees: Vec<Tree>,
    /// By tree: the most that it and those after it can give.
    rest: Vec<f32>,
    /// How many traits the trees ask for.
    asked: usize,
    /// By family, by number within it.
    families: HashMap<String, Vec<Entry>, WordHasher>,
    /// By place in [`OF_WORDS`] and word.
    words: HashMap<(u8, u32), Entry, WordHasher>,
    /// The words that have weight.
    pub names: HashMap<u32, String>,
}

/// A trait's weights, and its number in the trees: for all, tight, loose, gone.
#[derive(Debug, Clone, Copy)]
struct Entry {
    weights: [f32; 4],
    asked: [u16; 4],
}

const UNASKED: u16 = u16::MAX;

impl Default for Entry {
    fn default() -> Entry {
        Entry { weights: [0.0; 4], asked: [UNASKED; 4] }
    }
}

impl Ready {
    pub fn new(rules: &Rules, table: &Table) -> Ready {
        let mut ready =
            Ready { bias: table.bias, start: table.start, threshold: table.threshold, ..Ready::default() };
        for (name, weight) in &table.weights {
            if let Some((entry, mode)) = ready.entry_mut(rules, name) {
                entry.weights[mode] = *weight;
            }
        }
        let mut numbers: BTreeMap<String, u32> = BTreeMap::new();
        ready.trees = table
            .trees
            .iter()
            .filter_map(|line| {
                Tree::read(line, &mut |name| {
                    let next = numbers.len() as u32;
                    *numbers.entry(name.to_owned()).or_insert(next)
                })
            })
            .collect();
        ready.rest = ready.trees.iter().map(Tree::most).collect();
        for n in (0..ready.rest.len().saturating_sub(1)).rev() {
            ready.rest[n] += ready.rest[n + 1];
        }
        ready.asked = numbers.len();
        for (name, number) in numbers {
            if let Some((entry, mode)) = ready.entry_mut(rules, &name) {
                entry.asked[mode] = number as u16;
            }
        }
        ready
    }

    /// The entry of a trait by its name in the table. A weight for a word list that is no more has nothing to
    /// weigh, and no entry.
    fn entry_mut(&mut self, rules: &Rules, name: &str) -> Option<(&mut Entry, usize)> {
        let (mode, rest) = match name.split_once(':') {
            Some(("tight", rest)) => (1, rest),
            Some(("loose", rest)) => (2, rest),
            Some(("gone", rest)) => (3, rest),
            _ => (0, name),
        };
        let (family, part) = rest.split_once('.').unwrap_or((rest, ""));
        if let Some(n) = OF_WORDS.iter().position(|of| *of == family) {
            let hash = token::hash(part);
            self.names.insert(hash, part.to_owned());
            return Some((self.words.entry((n as u8, hash)).or_default(), mode));
        }
        let id = if part.is_empty() { 0 } else { number(rules, family, part)? };
        let list = self.families.entry(family.to_owned()).or_default();
        if list.len() <= id {
            list.resize(id + 1, Entry::default());
        }
        Some((&mut list[id], mode))
    }

    fn entry(&self, (family, id): Trait) -> Option<&Entry> {
        match OF_WORDS.iter().position(|of| *of == family) {
            Some(n) => self.words.get(&(n as u8, id)),
            None => self.families.get(family).and_then(|list| list.get(id as usize)),
        }
    }

    /// The first judge's sum alone, without what counts for one mode only.
    pub fn sum(&self, traits: &[(Trait, f32)]) -> f32 {
        let parts = traits.iter().filter_map(|(t, value)| Some(self.entry(*t)?.weights[0] * value));
        self.bias + parts.sum::<f32>()
    }

    /// The probability.
    pub fn weigh(&self, mode: Mode, traits: &[(Trait, f32)]) -> f32 {
        self.weigh_above(mode, traits, 0.0).unwrap_or(0.0)
    }

    /// The probability, or `None` as soon as it cannot reach `least` any more.
    pub fn weigh_above(&self, mode: Mode, traits: &[(Trait, f32)], least: f32) -> Option<f32> {
        let mode = mode as usize + 1;
        let mut values = vec![0.0f32; self.asked];
        let mut odds = self.bias;
        for (t, value) in traits {
            let Some(entry) = self.entry(*t) else { continue };
            odds += (entry.weights[0] + entry.weights[mode]) * value;
            for asked in [entry.asked[0], entry.asked[mode]] {
                if asked != UNASKED {
                    values[usize::from(asked)] = *value;
                }
            }
        }
        if !self.trees.is_empty() {
            odds = (odds + self.ask(&values, 2.0 * logit(least) - odds)?) / 2.0;
        }
        let chance = 1.0 / (1.0 + (-odds).exp());
        (chance >= least).then_some(chance)
    }

    /// The trees' log-odds; `None` where they stay below `least` whatever the trees not yet asked say.
    fn ask(&self, values: &[f32], least: f32) -> Option<f32> {
        let mut odds = self.start;
        for (tree, rest) in self.trees.iter().zip(&self.rest) {
            // A hair of room, for sums of small numbers.
            if odds + rest + 0.001 < least {
                return None;
            }
            odds += tree.weigh(|n| values[n as usize]);
        }
        Some(odds)
    }

    /// What one trait gives to the probability's log-odds by its weight alone.
    pub fn part(&self, mode: Mode, t: Trait) -> f32 {
        let share = if self.trees.is_empty() { 1.0 } else { 0.5 };
        self.entry(t).map_or(0.0, |entry| (entry.weights[0] + entry.weights[mode as usize + 1]) * share)
    }
}

fn logit(chance: f32) -> f32 {
    (chance / (1.0 - chance)).ln()
}

fn number(rules: &Rules, family: &str, part: &str) -> Option<usize> {
    use super::clause::Promise;
    use super::difference::Weaker;
    use super::rules::{Encryption, Grammar};
    use crate::finding::Topic;
    let entry = |list: &[super::rules::Entry]| list.iter().position(|entry| entry.name == part);
    match family.rsplit('_').next().unwrap_or(family) {
        "grammar" => Grammar::ALL.iter().position(|cue| cue.key() == part),
        "verb" => entry(&rules.verbs),
        "data" => entry(&rules.data),
        "recipient" => entry(&rules.recipients),
        "purpose" => entry(&rules.purposes),
        "encryption" => Encryption::ALL.iter().position(|cue| cue.key() == part),
        "promise" => Promise::ALL.iter().position(|(_, key)| *key == part),
        "weaker" | "firmer" => Weaker::ALL.iter().position(|(_, key, _)| *key == part),
        "topic" => Topic::ALL.iter().position(|topic| topic.key() == part),
        _ => None,
    }
}
