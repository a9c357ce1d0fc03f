//! The fitted numbers of the judge, as a table that people can read.

use super::features::{Mode, Trait};
use super::rules::{Entry, RuleError, Rules};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What each trait of a change weighs, by kind of finding.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Weights {
    pub reversal: Table,
    pub expansion: Table,
    pub strengthening: Threshold,
}

/// Log-odds: a finding's is `bias` and the sum of its traits' weights times their values.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Table {
    /// From this probability on it is a finding.
    pub threshold: f32,
    pub bias: f32,
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
        Self { threshold: 0.5, bias: 0.0, weights: BTreeMap::new() }
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
    pub threshold: f32,
    /// By family, by number within it: for all, tight, loose, gone.
    families: HashMap<String, Vec<[f32; 4]>>,
}

impl Ready {
    pub fn new(rules: &Rules, table: &Table) -> Ready {
        let mut families: HashMap<String, Vec<[f32; 4]>> = HashMap::new();
        for (name, weight) in &table.weights {
            let (mode, rest) = match name.split_once(':') {
                Some(("tight", rest)) => (1, rest),
                Some(("loose", rest)) => (2, rest),
                Some(("gone", rest)) => (3, rest),
                _ => (0, name.as_str()),
            };
            let (family, id) = match rest.split_once('.') {
                None => (rest, Some(0)),
                Some((family, part)) => (family, number(rules, family, part)),
            };
            // A weight for a word list that is no more has nothing to weigh.
            let Some(id) = id else { continue };
            let list = families.entry(family.to_owned()).or_default();
            if list.len() <= id {
                list.resize(id + 1, [0.0; 4]);
            }
            list[id][mode] = *weight;
        }
        Ready { bias: table.bias, threshold: table.threshold, families }
    }

    /// The probability, and what each trait gave.
    pub fn weigh(&self, mode: Mode, traits: &[(Trait, f32)]) -> f32 {
        let odds: f32 = self.bias + traits.iter().map(|(t, value)| self.part(mode, *t) * value).sum::<f32>();
        1.0 / (1.0 + (-odds).exp())
    }

    pub fn part(&self, mode: Mode, (family, id): Trait) -> f32 {
        let Some(weights) = self.families.get(family).and_then(|list| list.get(id as usize)) else {
            return 0.0;
        };
        weights[0] + weights[mode as usize + 1]
    }
}

fn number(rules: &Rules, family: &str, part: &str) -> Option<usize> {
    use super::clause::Promise;
    use super::difference::Weaker;
    use super::rules::{Encryption, Grammar};
    use crate::finding::Topic;
    let entry = |list: &[Entry]| list.iter().position(|entry| entry.name == part);
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
