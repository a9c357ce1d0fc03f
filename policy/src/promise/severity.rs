//! How grave a finding is, as a reader would grade it who sees the two sentences: learned from graded findings.

use super::clause::Actor;
use super::document::Unit;
use super::features::{OF_WORDS, Trait};
use super::rules::Rules;
use super::stake::ridge;
use super::weights::{self, Table};
use crate::finding::Topic;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, HashMap};

/// What each trait of a finding adds to its gravity. Gravity is on the readers' scale: 0 nothing was lost, 1 real but
/// minor, 2 a privacy journalist would report it, 3 front-page news for the people affected; a guess may lie between.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scale {
    pub bias: f32,
    /// For one more of the log-odds that it is a finding at all.
    pub odds: f32,
    pub weights: BTreeMap<String, f32>,
}

impl Scale {
    /// The gravity by the traits' names.
    pub(super) fn guess(&self, graded: &Graded, names: &[String]) -> f32 {
        let weight = |n: u32| self.weights.get(&names[n as usize]).copied().unwrap_or_default();
        let sum: f32 = graded.traits.iter().map(|(n, value)| weight(*n) * value).sum();
        (self.bias + sum + self.odds * odds(graded.chance)).clamp(0.0, 3.0)
    }
}

/// Of reversals (and strengthenings, which are reversals read backwards), and of expansions.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Scales {
    pub reversal: Scale,
    pub expansion: Scale,
}

/// From this gravity on a finding has severity 2, and 3: so that among the findings of both public collections there are
/// as many of each as their readers had. Guesses lie closer together than grades.
const STEPS: [f32; 2] = [1.1, 1.6];

/// 1 to 3, as the codebook has it.
pub(super) fn severity(gravity: f32) -> u8 {
    1 + STEPS.iter().map(|step| u8::from(gravity >= *step)).sum::<u8>()
}

/// The least gravity of a loss of encryption, or of a denial that anybody else reads what people write to each other: too
/// few of them were graded to learn from, and the codebook calls encryption given up front-page news.
const PRIVATE: f32 = 1.5;

/// The least gravity of a reversal on this topic; `unit` is the promise.
pub(super) fn least(rules: &Rules, topic: Topic, unit: Option<&Unit>) -> f32 {
    let is_private = topic == Topic::Encryption || unit.is_some_and(|unit| denies_reading(rules, unit));
    if is_private { PRIVATE } else { 0.0 }
}

/// "We cannot read your messages."
pub(super) fn denies_reading(rules: &Rules, unit: &Unit) -> bool {
    let content = rules.data.iter().position(|data| data.name == "content").map_or(0, |n| 1u64 << n);
    unit.frames.iter().any(|frame| {
        let reads = rules.verbs[frame.verb as usize].name == "read" && frame.data & content != 0;
        reads && frame.negated && !frame.conditional && !frame.excepted && frame.actor != Actor::User
    })
}

/// A scale made ready to be asked.
#[derive(Debug, Clone, Default)]
pub(super) struct Ready {
    odds: f32,
    table: weights::Ready,
}

impl Ready {
    pub fn new(rules: &Rules, scale: &Scale) -> Ready {
        let table = Table { bias: scale.bias, weights: scale.weights.clone(), ..Table::default() };
        Ready { odds: scale.odds, table: weights::Ready::new(rules, &table) }
    }

    /// The gravity of a finding with these traits that is so likely one: 0 to 3.
    pub fn gravity(&self, traits: &[(Trait, f32)], chance: f32) -> f32 {
        (self.table.sum(traits) + self.odds * odds(chance)).clamp(0.0, 3.0)
    }

    /// What a trait of value 1 adds.
    pub fn part(&self, t: Trait) -> f32 {
        self.table.sum(&[(t, 1.0)]) - self.table.sum(&[])
    }
}

/// Log-odds, within what a careful judge can know.
fn odds(chance: f32) -> f32 {
    let chance = chance.clamp(0.01, 0.99);
    (chance / (1.0 - chance)).ln()
}

/// A finding that readers graded.
pub(super) struct Graded {
    /// Numbers of its traits, and their values.
    pub traits: Vec<(u32, f32)>,
    /// How likely a judge thinks it that has not seen its service.
    pub chance: f32,
    /// The readers' mean, 0 to 3.
    pub grade: f32,
}

/// A trait met in fewer graded findings is left out.
const LEAST: usize = 10;
/// How small the weights are held (L2).
const PENALTY: f64 = 60.0;

/// Ridge regression over the traits of all modes, without words: what is grave is learned from far fewer findings than
/// what is a finding. `names` are the traits' by number.
pub(super) fn fit(graded: &[&Graded], names: &[String]) -> Scale {
    let mut seen: BTreeMap<u32, usize> = BTreeMap::new();
    for (n, _) in graded.iter().flat_map(|graded| &graded.traits) {
        *seen.entry(*n).or_default() += 1;
    }
    let is_told = |n: u32| {
        let name = names[n as usize].as_str();
        let family = name.split('.').next().unwrap_or_default();
        !name.contains(':') && !OF_WORDS.contains(&family)
    };
    let told: Vec<u32> =
        seen.iter().filter(|(n, count)| **count >= LEAST && is_told(**n)).map(|(n, _)| *n).collect();
    let columns: HashMap<u32, u32> = told.iter().zip(0u32..).map(|(n, column)| (*n, column)).collect();
    let rows: Vec<Vec<(u32, f64)>> = graded
        .iter()
        .map(|graded| {
            let traits = graded.traits.iter().filter_map(|(n, v)| Some((*columns.get(n)?, f64::from(*v))));
            traits.chain([(told.len() as u32, f64::from(odds(graded.chance)))]).collect()
        })
        .collect();
    let grades: Vec<f64> = graded.iter().map(|graded| f64::from(graded.grade)).collect();
    let (solved, bias) = ridge(&rows, &grades, told.len() + 1, PENALTY);
    let round = |value: f64| ((value * 1000.0).round() / 1000.0) as f32;
    Scale {
        bias: round(bias),
        odds: round(solved[told.len()]),
        weights: told
            .iter()
            .zip(&solved)
            .map(|(n, weight)| (names[*n as usize].clone(), round(*weight)))
            .filter(|(_, weight)| weight.abs() >= 0.002)
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Four traits: grave ones, harmless ones, one for a mode and a word, which are not to be learned from.
    const NAMES: [&str; 4] = ["now_done", "short", "gone:now_done", "word.cookies"];

    fn graded(traits: &[u32], chance: f32, grade: f32) -> Graded {
        Graded { traits: traits.iter().map(|n| (*n, 1.0)).collect(), chance, grade }
    }

    fn fitted() -> Scale {
        let mut read = Vec::new();
        for _ in 0..100 {
            read.push(graded(&[0, 2, 3], 0.6, 2.5));
            read.push(graded(&[1], 0.6, 0.5));
            read.push(graded(&[0], 0.3, 2.0));
        }
        fit(&read.iter().collect::<Vec<_>>(), &NAMES.map(str::to_owned))
    }

    #[test]
    fn learns_what_is_grave_from_traits_of_all_modes() {
        let scale = fitted();
        assert_eq!(scale.weights.keys().collect::<Vec<_>>(), ["now_done", "short"]);
        let names = NAMES.map(str::to_owned);
        let guess = |traits: &[u32], chance| scale.guess(&graded(traits, chance, 0.0), &names);
        assert!(guess(&[0], 0.6) > guess(&[1], 0.6) + 1.0, "{scale:?}");
        assert!(guess(&[0], 0.6) > guess(&[0], 0.3), "{scale:?}");
    }

    #[test]
    fn the_table_and_the_judge_guess_alike() {
        let scale = fitted();
        let ready = Ready::new(&Rules::builtin(), &scale);
        let names = NAMES.map(str::to_owned);
        for (trait_, n) in [("now_done", 0), ("short", 1)] {
            let judged = ready.gravity(&[((trait_, 0), 1.0)], 0.4);
            assert!((judged - scale.guess(&graded(&[n], 0.4, 0.0), &names)).abs() < 1e-4);
        }
    }

    #[test]
    fn gravity_stays_on_the_scale_and_has_three_severities() {
        let scale = Scale { bias: 2.9, odds: 1.0, ..Scale::default() };
        let ready = Ready::new(&Rules::builtin(), &scale);
        assert_eq!(ready.gravity(&[], 1.0), 3.0);
        assert_eq!(ready.gravity(&[], 0.0), 0.0);
        assert_eq!([0.0, 1.09, 1.1, 1.6, 3.0].map(severity), [1, 1, 2, 3, 3]);
    }
}
