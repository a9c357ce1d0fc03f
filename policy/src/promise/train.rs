//! Learns the weights from labelled changes, and says honestly how well they hold elsewhere.

use super::document::Document;
use super::features::{self, Candidate, Pair};
use super::fit::{Row, fit};
use super::gate::gate;
use super::rules::Rules;
use super::score::{self, Answer, Said};
use super::weights::{Table, Threshold, Weights};
use crate::finding::Kind;
use crate::id::Digest;
use std::collections::{BTreeMap, HashMap};

/// One labelled change.
pub struct Example {
    pub id: String,
    /// Changes of one service are never on both sides of a fold.
    pub service: String,
    /// Which file of labels it comes from: thresholds are to serve each.
    pub file: String,
    pub before: Document,
    pub after: Document,
    pub answer: Answer,
    /// When the newer text was first seen.
    pub at: chrono::DateTime<chrono::Utc>,
}

/// How the weights are learned.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    pub folds: u64,
    /// Named in the folds' digest: another seed, other folds.
    pub seed: u64,
    pub penalty: f64,
    /// A trait seen less often is left out.
    pub least: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { folds: 10, seed: 1, penalty: 30.0, least: 12 }
    }
}

struct Sample {
    example: usize,
    /// 0: reversal, 1: expansion, 2: reversal of the texts exchanged.
    task: usize,
    row: Row,
}

/// The weights, and the weights of each fold's judge with the services it has not seen.
pub struct Trained {
    pub weights: Weights,
    /// By fold: weights learned without that fold.
    pub folds: Vec<Weights>,
    /// By example: its fold.
    pub fold_of: Vec<usize>,
}

/// The fold of a service: from a digest, so that adding labels moves no other service.
pub fn fold(service: &str, settings: Settings) -> usize {
    let digest = Digest::of(format!("{}:{service}", settings.seed));
    (u64::from_be_bytes(digest.0[..8].try_into().unwrap_or_default()) % settings.folds) as usize
}

/// Learns weights and thresholds.
pub fn train(rules: &Rules, examples: &[Example], settings: Settings) -> Trained {
    let mut names: Vec<String> = Vec::new();
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut samples: Vec<Sample> = Vec::new();
    for (n, example) in examples.iter().enumerate() {
        if gate(&example.before, &example.after).is_some() {
            continue;
        }
        let pair = Pair::new(rules, &example.before, &example.after);
        let back = Pair::new(rules, &example.after, &example.before);
        for (task, candidates) in
            [features::reversals(&pair), features::expansions(&pair), features::reversals(&back)]
                .into_iter()
                .enumerate()
        {
            for candidate in candidates {
                samples.push(sample(rules, example, n, task, &candidate, &mut names, &mut numbers));
            }
        }
    }
    let mut seen = vec![0usize; names.len()];
    for sample in &samples {
        sample.row.traits.iter().for_each(|(n, _)| seen[*n as usize] += 1);
    }
    for sample in &mut samples {
        sample.row.traits.retain(|(n, _)| seen[*n as usize] >= settings.least);
    }
    let fold_of: Vec<usize> = examples.iter().map(|example| fold(&example.service, settings)).collect();
    let fit_task = |task: usize, without: Option<usize>| {
        let rows: Vec<&Row> = samples
            .iter()
            .filter(|sample| sample.task == task && Some(fold_of[sample.example]) != without)
            .map(|sample| &sample.row)
            .collect();
        fit(&rows, names.len(), settings.penalty)
    };
    // Chances of every candidate, from a judge that has not seen its service.
    let mut chances = vec![0.0f64; samples.len()];
    let mut fold_models = Vec::new();
    for without in 0..settings.folds as usize {
        let models = [fit_task(0, Some(without)), fit_task(1, Some(without))];
        for (chance, sample) in chances.iter_mut().zip(&samples) {
            if fold_of[sample.example] == without {
                let (weights, bias) = &models[usize::from(sample.task == 1)];
                let odds: f64 = bias
                    + sample
                        .row
                        .traits
                        .iter()
                        .map(|(n, v)| weights[*n as usize] * f64::from(*v))
                        .sum::<f64>();
                *chance = 1.0 / (1.0 + (-odds).exp());
            }
        }
        fold_models.push(models);
    }
    let threshold = |task: usize, without: Option<usize>| {
        best_threshold(examples, &samples, &chances, task, &|n: usize| Some(fold_of[n]) != without)
    };
    let table = |(weights, bias): &(Vec<f64>, f64), threshold: f32| Table {
        threshold,
        bias: round(*bias),
        weights: names
            .iter()
            .zip(weights)
            .filter(|(_, w)| w.abs() >= 0.005)
            .map(|(name, w)| (name.clone(), round(*w)))
            .collect(),
    };
    let folds = fold_models
        .iter()
        .enumerate()
        .map(|(n, models)| Weights {
            reversal: table(&models[0], threshold(0, Some(n))),
            expansion: table(&models[1], threshold(1, Some(n))),
            strengthening: Threshold { threshold: threshold(2, Some(n)) },
        })
        .collect();
    let weights = Weights {
        reversal: table(&fit_task(0, None), threshold(0, None)),
        expansion: table(&fit_task(1, None), threshold(1, None)),
        strengthening: Threshold { threshold: threshold(2, None) },
    };
    Trained { weights, folds, fold_of }
}

fn round(value: f64) -> f32 {
    ((value * 1000.0).round() / 1000.0) as f32
}

fn sample(
    rules: &Rules,
    example: &Example,
    n: usize,
    task: usize,
    candidate: &Candidate,
    names: &mut Vec<String>,
    numbers: &mut HashMap<String, u32>,
) -> Sample {
    let kind = [Kind::Reversal, Kind::Expansion, Kind::Strengthening][task];
    let (old, new) =
        if task == 2 { (&example.after, &example.before) } else { (&example.before, &example.after) };
    let text = |document: &Document, place: Option<usize>| {
        place.map(|n| document.placed[n].unit.text.to_string()).unwrap_or_default()
    };
    let (mut before, mut after) = (text(old, candidate.before), text(new, candidate.after));
    if task == 2 {
        std::mem::swap(&mut before, &mut after);
    }
    let said = Said {
        kind,
        topic: String::new(),
        before,
        after,
        severity: 0,
        sure: true,
        state_before: None,
        state_after: None,
    };
    let met: Vec<_> =
        example.answer.findings.iter().filter(|f| f.kind == kind && score::matches(&said, f)).collect();
    let mut number = |name: String| {
        *numbers.entry(name).or_insert_with_key(|name| {
            names.push(name.clone());
            names.len() as u32 - 1
        })
    };
    let mut traits = Vec::with_capacity(candidate.traits.len() * 2);
    for (t, value) in &candidate.traits {
        let name = features::name(rules, *t);
        traits.push((number(format!("{}:{name}", candidate.mode.key())), *value));
        traits.push((number(name), *value));
    }
    let weight = if met.is_empty() || met.iter().any(|f| f.sure) { 1.0 } else { 0.5 };
    Sample { example: n, task, row: Row { traits, is_finding: !met.is_empty(), weight } }
}

/// The threshold that serves all files best: F1 over candidates, and the share of quiet changes left alone.
fn best_threshold(
    examples: &[Example],
    samples: &[Sample],
    chances: &[f64],
    task: usize,
    counts: &dyn Fn(usize) -> bool,
) -> f32 {
    #[derive(Default)]
    struct File {
        candidates: Vec<(f64, bool)>,
        /// By change without a finding: the highest chance among its candidates.
        quiet: BTreeMap<usize, f64>,
    }
    let mut files: BTreeMap<&str, File> = BTreeMap::new();
    for (n, example) in examples.iter().enumerate() {
        if counts(n) && example.answer.findings.is_empty() {
            files.entry(&example.file).or_default().quiet.insert(n, 0.0);
        }
    }
    for (sample, chance) in samples.iter().zip(chances) {
        if sample.task == task && counts(sample.example) {
            let file = files.entry(&examples[sample.example].file).or_default();
            file.candidates.push((*chance, sample.row.is_finding));
            if let Some(highest) = file.quiet.get_mut(&sample.example) {
                *highest = highest.max(*chance);
            }
        }
    }
    let value = |threshold: f64| {
        files
            .values()
            .map(|file| {
                let said = file.candidates.iter().filter(|(chance, _)| *chance >= threshold).count() as f64;
                let good =
                    file.candidates.iter().filter(|(chance, good)| *chance >= threshold && *good).count();
                let all = file.candidates.iter().filter(|(_, good)| *good).count() as f64;
                let f1 = if good > 0 { 2.0 * good as f64 / (said + all) } else { 0.0 };
                let still = file.quiet.values().filter(|highest| **highest < threshold).count() as f64;
                // An alarm without cause costs more trust than a missed small finding.
                1.5 * f1 + still / file.quiet.len().max(1) as f64
            })
            .sum::<f64>()
    };
    (4..40)
        .map(|n| n as f64 * 0.02)
        // Its neighbours count too: a lone peak is luck.
        .map(|threshold| (threshold, (-3..=3).map(|n| value(threshold + f64::from(n) * 0.015)).sum::<f64>()))
        .max_by(|a, b| a.1.total_cmp(&b.1))
        .map_or(0.5, |(threshold, _)| threshold as f32)
}

/// What the judge says of each example.
pub fn answers<'a>(
    rules: &Rules,
    examples: impl IntoIterator<Item = &'a Example>,
) -> BTreeMap<String, Answer> {
    examples.into_iter().map(|example| (example.id.clone(), answer(rules, example))).collect()
}

fn answer(rules: &Rules, example: &Example) -> Answer {
    // The instant only bounds effective dates, which no label holds.
    let at = example.at;
    let findings = super::judge(rules, &example.before, &example.after, at);
    Answer {
        artefact: gate(&example.before, &example.after).is_some(),
        findings: findings.iter().map(Said::from).collect(),
    }
}

/// What judges that have not seen an example's service say of it.
pub fn unseen_answers(rules: &Rules, examples: &[Example], trained: &Trained) -> BTreeMap<String, Answer> {
    let mut all = BTreeMap::new();
    for (fold, weights) in trained.folds.iter().enumerate() {
        let rules = rules.clone().with_weights(weights.clone());
        let unseen =
            examples.iter().zip(&trained.fold_of).filter(|(_, of)| **of == fold).map(|(example, _)| example);
        all.extend(answers(&rules, unseen));
    }
    all
}
