//! Learns the weights from labelled changes, and says honestly how well they hold elsewhere.

use super::boost::{self, Growth};
use super::document::{self, Document};
use super::features::{self, Candidate, Mode, Pair};
use super::fit::{Row, fit};
use super::gate::gate;
use super::gist::Gists;
use super::gist::lesson::half;
use super::rules::Rules;
use super::score::{self, Answer, Said};
use super::severity::{self, Graded, Scales};
use super::stake::{self, Marked, Stakes};
use super::weights::{Shapes, Table, Threshold, Weights};
use crate::finding::Kind;
use crate::id::Digest;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

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
    pub source: Source,
    /// The statements that its readers were shown, where they were not shown every candidate: of the others
    /// nothing is known.
    pub shown: Option<BTreeSet<String>>,
    pub grades: Grades,
    /// As grades, but how sure a reader of the statement alone was, from 0 to 1, that it is a finding.
    pub chances: Grades,
}

/// How grave readers found findings of one change: by kind and the mark of the statement that is judged (what stood; for
/// an expansion, what came) a grade from 0 to 3, see [`severity::Scale`].
pub type Grades = BTreeMap<Kind, BTreeMap<String, f32>>;

/// Where an example comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// A real change that careful readers labelled.
    Label,
    /// A real change that readers saw part of. Serves to learn from only: neither thresholds nor figures count it.
    Reading,
    /// A real change of which some findings were graded: teaches how grave findings are, and nothing else.
    Grades,
    /// A real change of which some candidates were read by themselves: measures, and teaches nothing.
    Chances,
    /// Sentences made up to teach what an edit of a few words does. Serves the weights only: the trees also
    /// learn from the shape of a whole change, which made-up pages have none of.
    Written,
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
    /// For reversal, expansion and strengthening, where they are not to be chosen here.
    pub thresholds: Option<[f32; 3]>,
    /// What a lesson counts beside a label: its readers saw less of the texts.
    pub lessons: f32,
    /// What a made-up edit counts.
    pub written: f32,
    pub growth: Growth,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            folds: 10,
            seed: 1,
            penalty: 30.0,
            least: 12,
            thresholds: None,
            lessons: 0.35,
            written: 0.4,
            growth: Growth::default(),
        }
    }
}

/// A trait that no real change has.
const WRITTEN: &str = "written";

struct Sample {
    example: usize,
    /// 0: reversal, 1: expansion, 2: reversal of the texts exchanged.
    task: usize,
    row: Row,
}

/// The weights, and the weights of each fold's judge with the services it has not seen.
pub struct Trained {
    pub weights: Weights,
    /// What is at stake in words; `None` where no marked statements were given to learn it from.
    pub stakes: Option<Stakes>,
    /// By fold: weights and stakes learned without that fold.
    pub folds: Vec<(Weights, Option<Stakes>)>,
    /// By example: its fold.
    pub fold_of: Vec<usize>,
    /// How well the chances of services not seen put first what is a finding, see [`score::average_precision`]: of reversals
    /// and of expansions, by file of labels and readings.
    pub precision: BTreeMap<String, [f64; 2]>,
    /// The same of candidates that were read by themselves, by kind and mode.
    pub precision_alone: Vec<(Kind, Mode, f64)>,
    /// Of reversals, of expansions: what readers' grades and guesses for services not seen have in common.
    pub graded: [Agreement; 2],
}

/// How far guesses of gravity follow the readers' grades.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Agreement {
    pub findings: usize,
    /// Pearson's correlation.
    pub correlation: f64,
    /// Of the findings that readers held to be real, the share given the severity that their grades round to.
    pub severity: f64,
}

/// The fold of a service: from a digest, so that adding labels moves no other service.
pub fn fold(service: &str, settings: Settings) -> usize {
    let digest = Digest::of(format!("{}:{service}", settings.seed));
    (u64::from_be_bytes(digest.0[..8].try_into().unwrap_or_default()) % settings.folds) as usize
}

/// Learns what is at stake in words from single statements, then weights and thresholds from changes. Each change
/// is read with stakes that have not seen its service, as the judge will read services nobody marked, and with a network
/// that has not: `gists` are those of one half of the services each.
pub fn train(
    rules: &Rules,
    gists: Option<&[Arc<Gists>; 2]>,
    examples: &[Example],
    marked: &[Marked],
    settings: Settings,
) -> Trained {
    let stakes_of = |without: Option<usize>| {
        let seen = marked.iter().filter(|m| Some(fold(&m.service, settings)) != without);
        (!marked.is_empty()).then(|| stake::fit(&seen.collect::<Vec<_>>()))
    };
    let fold_stakes: Vec<Option<Stakes>> =
        (0..settings.folds as usize).map(|fold| stakes_of(Some(fold))).collect();
    let with = |stakes: &Option<Stakes>| match stakes {
        Some(stakes) => rules.clone().with_stakes(stakes),
        None => rules.clone(),
    };
    // By fold and half: each change is read by a network that has not seen its half of the services.
    let of_halves = |rules: &Rules| [0, 1].map(|half| unseen_half(rules, gists, half));
    let fold_rules: Vec<[Rules; 2]> = fold_stakes.iter().map(|stakes| of_halves(&with(stakes))).collect();
    let fold_of: Vec<usize> = examples
        .iter()
        .map(|example| match example.source {
            // No service's: on the learning side of every fold.
            Source::Written => usize::MAX,
            Source::Label | Source::Reading | Source::Grades | Source::Chances => {
                fold(&example.service, settings)
            }
        })
        .collect();
    let mut names: Vec<String> = Vec::new();
    let mut numbers: HashMap<String, u32> = HashMap::new();
    let mut samples: Vec<Sample> = Vec::new();
    let words = document::words(examples.iter().flat_map(|example| [&example.before, &example.after]));
    // What the gate keeps out by rule is not learned from; what it keeps out by weights is what is learned.
    let bare = rules.clone().with_weights(Weights::default());
    let mut shapes: Vec<Shape> = Vec::new();
    for (n, example) in examples.iter().enumerate() {
        if matches!(example.source, Source::Grades | Source::Chances)
            || gate(&bare, &example.before, &example.after).is_some()
        {
            continue;
        }
        if matches!(example.source, Source::Label | Source::Reading) {
            shapes.extend(Shape::of(rules, example, n));
        }
        let rules = &fold_rules.get(fold_of[n]).unwrap_or(&fold_rules[0])[half(&example.service)];
        let pair = Pair::new(rules, &example.before, &example.after);
        let back = Pair::new(rules, &example.after, &example.before);
        for (task, candidates) in
            [features::reversals(&pair), features::expansions(&pair), features::reversals(&back)]
                .into_iter()
                .enumerate()
        {
            for candidate in candidates {
                let Some((is_finding, weight)) = reading(example, task, &candidate) else { continue };
                let mut traits = Vec::with_capacity(candidate.traits.len() * 2);
                let mut number = |name: String| {
                    *numbers.entry(name).or_insert_with_key(|name| {
                        names.push(name.clone());
                        names.len() as u32 - 1
                    })
                };
                for (t, value) in &candidate.traits {
                    let name = features::name(rules, &words, *t);
                    if !features::OF_WORDS.contains(&t.0) {
                        traits.push((number(format!("{}:{name}", candidate.mode.key())), *value));
                    }
                    traits.push((number(name), *value));
                }
                if example.source == Source::Written {
                    // Takes up that made-up edits are findings far oftener than real ones are.
                    traits.push((number(WRITTEN.to_owned()), 1.0));
                }
                let weight = match example.source {
                    Source::Reading => weight * settings.lessons,
                    Source::Written => weight * settings.written,
                    Source::Label | Source::Grades | Source::Chances => weight,
                };
                samples.push(Sample { example: n, task, row: Row { traits, is_finding, weight } });
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
    let fit_task = |task: usize, without: Option<usize>| {
        let seen: Vec<&Sample> = samples
            .iter()
            .filter(|sample| sample.task == task && Some(fold_of[sample.example]) != without)
            .collect();
        let rows: Vec<&Row> = seen.iter().map(|sample| &sample.row).collect();
        let (weights, bias) = fit(&rows, names.len(), settings.penalty);
        let is_real = |sample: &&&Sample| examples[sample.example].source != Source::Written;
        let rows: Vec<&Row> = seen.iter().filter(is_real).map(|sample| &sample.row).collect();
        let (trees, start) = boost::grow(&rows, names.len(), settings.growth);
        Model { weights, bias, trees, start }
    };
    // Chances of every candidate, from a judge that has not seen its service.
    let mut chances = vec![0.0f64; samples.len()];
    let fold_models: Vec<[Model; 2]> = (0..settings.folds as usize)
        .map(|without| [fit_task(0, Some(without)), fit_task(1, Some(without))])
        .collect();
    for (chance, sample) in chances.iter_mut().zip(&samples) {
        let Some(models) = fold_models.get(fold_of[sample.example]) else { continue };
        *chance = models[usize::from(sample.task == 1)].chance(&sample.row);
    }
    // By task and mode: chances of candidates that were read by themselves, and what their readers thought.
    let mut read: BTreeMap<(usize, Mode), Vec<(f64, bool)>> = BTreeMap::new();
    for (example, fold) in examples.iter().zip(&fold_of).filter(|(e, _)| e.source == Source::Chances) {
        for told in
            told_rows(&fold_rules[*fold][half(&example.service)], example, &example.chances, &words, &numbers)
        {
            let chance = fold_models[*fold][told.task].chance(&told.row);
            read.entry((told.task, told.mode)).or_default().push((chance, told.value >= LIKELY));
        }
    }
    let graded: Vec<(usize, usize, Graded)> = examples
        .iter()
        .zip(&fold_of)
        .filter(|(example, _)| example.source == Source::Grades)
        .flat_map(|(example, fold)| {
            let rows = told_rows(
                &fold_rules[*fold][half(&example.service)],
                example,
                &example.grades,
                &words,
                &numbers,
            );
            // Each is as likely a finding as a judge thinks that has not seen its service.
            let models = &fold_models[*fold];
            rows.into_iter().map(|told| {
                let chance = models[told.task].chance(&told.row) as f32;
                (*fold, told.task, Graded { traits: told.row.traits, chance, grade: told.value })
            })
        })
        .collect();
    let scale = |task: usize, without: Option<usize>| {
        let seen = graded.iter().filter(|(fold, of, _)| *of == task && Some(*fold) != without);
        severity::fit(&seen.map(|(_, _, graded)| graded).collect::<Vec<_>>(), &names)
    };
    let scales =
        |without: Option<usize>| Scales { reversal: scale(0, without), expansion: scale(1, without) };
    let shapes_of = |without: Option<usize>| fit_shapes(examples, &shapes, &fold_of, settings, without);
    // Three numbers, chosen once: drawn anew for each fold they would only follow chance.
    let [reversal, expansion, strengthening] =
        settings.thresholds.unwrap_or_else(|| best_thresholds(examples, &samples, &chances));
    let table = |model: &Model, threshold: f32| Table {
        threshold,
        bias: round(model.bias),
        start: round(model.start),
        trees: model.trees.iter().map(|tree| tree.write(&|n| names[n as usize].clone())).collect(),
        weights: names
            .iter()
            .zip(&model.weights)
            .filter(|(name, w)| w.abs() >= 0.005 && *name != WRITTEN)
            .map(|(name, w)| (name.clone(), round(*w)))
            .collect(),
    };
    let weights_of = |models: &[Model; 2], without: Option<usize>| Weights {
        reversal: table(&models[0], reversal),
        expansion: table(&models[1], expansion),
        strengthening: Threshold { threshold: strengthening },
        artefact: shapes_of(without),
        severity: scales(without),
    };
    let folds: Vec<(Weights, Option<Stakes>)> = fold_models
        .iter()
        .zip(fold_stakes)
        .enumerate()
        .map(|(n, (models, stakes))| (weights_of(models, Some(n)), stakes))
        .collect();
    let weights = weights_of(&[fit_task(0, None), fit_task(1, None)], None);
    let agreement = |task: usize| {
        let of_task = graded.iter().filter(|(_, of, _)| *of == task);
        let both: Vec<(f32, f32)> = of_task
            .map(|(fold, _, graded)| {
                let severity = &folds[*fold].0.severity;
                let scale = if task == 0 { &severity.reversal } else { &severity.expansion };
                (scale.guess(graded, &names), graded.grade)
            })
            .collect();
        Agreement::of(&both)
    };
    let files: BTreeSet<&str> = samples
        .iter()
        .map(|sample| &examples[sample.example])
        .filter(|example| matches!(example.source, Source::Label | Source::Reading))
        .map(|example| example.file.as_str())
        .collect();
    let precision = files.into_iter().map(|file| {
        let of = |task: usize| {
            let own = samples.iter().zip(&chances);
            own.filter(|(s, _)| s.task == task && examples[s.example].file == file)
                .map(|(s, chance)| (*chance, s.row.is_finding))
                .collect()
        };
        (file.to_owned(), [0, 1].map(|task| score::average_precision(of(task))))
    });
    let precision = precision.collect();
    let precision_alone = read
        .into_iter()
        .map(|((task, mode), said)| {
            ([Kind::Reversal, Kind::Expansion][task], mode, score::average_precision(said))
        })
        .collect();
    Trained {
        weights,
        stakes: stakes_of(None),
        precision,
        precision_alone,
        graded: [agreement(0), agreement(1)],
        folds,
        fold_of,
    }
}

/// A candidate of which readers told something.
struct Told {
    task: usize,
    mode: Mode,
    /// Its traits as they are numbered.
    row: Row,
    value: f32,
}

/// From this chance on what was read by itself counts as a finding.
pub(super) const LIKELY: f32 = 0.35;

/// The candidates of a change of which readers told something.
fn told_rows(
    rules: &Rules,
    example: &Example,
    of: &Grades,
    words: &HashMap<u32, String>,
    numbers: &HashMap<String, u32>,
) -> Vec<Told> {
    let pair = Pair::new(rules, &example.before, &example.after);
    let candidates = [features::reversals(&pair), features::expansions(&pair)];
    let mut rows = Vec::new();
    for (task, candidate) in
        candidates.iter().enumerate().flat_map(|(n, list)| list.iter().map(move |c| (n, c)))
    {
        let Some(value) = told(of, example, task, candidate) else { continue };
        let mut traits = Vec::with_capacity(candidate.traits.len() * 2);
        for (t, value) in &candidate.traits {
            let name = features::name(rules, words, *t);
            let of_mode = numbers.get(&format!("{}:{name}", candidate.mode.key()));
            traits.extend(of_mode.into_iter().chain(numbers.get(&name)).map(|n| (*n, *value)));
        }
        let row = Row { traits, is_finding: true, weight: 1.0 };
        rows.push(Told { task, mode: candidate.mode, row, value });
    }
    rows
}

/// What readers told of the candidate, where they were asked.
pub(super) fn told(of: &Grades, example: &Example, task: usize, candidate: &Candidate) -> Option<f32> {
    let (kind, document, place) = match task {
        0 => (Kind::Reversal, &example.before, candidate.before),
        1 => (Kind::Expansion, &example.after, candidate.after),
        _ => return None,
    };
    let text = &document.placed[place?].unit.text;
    of.get(&kind)?.get(&super::reading::mark(text)).copied()
}

impl Agreement {
    /// `both`: guesses and grades.
    fn of(both: &[(f32, f32)]) -> Agreement {
        let pairs: Vec<(f64, f64)> = both.iter().map(|b| (b.0.into(), b.1.into())).collect();
        let real: Vec<&(f32, f32)> = both.iter().filter(|b| b.1 >= 0.75).collect();
        let right = real.iter().filter(|b| severity::severity(b.0) == b.1.round().clamp(1.0, 3.0) as u8);
        Agreement {
            findings: both.len(),
            correlation: score::correlation(&pairs),
            severity: right.count() as f64 / real.len().max(1) as f64,
        }
    }
}

fn round(value: f64) -> f32 {
    ((value * 1000.0).round() / 1000.0) as f32
}

/// Both judges of one kind of finding.
struct Model {
    weights: Vec<f64>,
    bias: f64,
    trees: Vec<boost::Tree>,
    start: f64,
}

impl Model {
    fn chance(&self, row: &Row) -> f64 {
        let mut values = vec![0.0; self.weights.len()];
        let mut odds = self.bias;
        for (n, value) in &row.traits {
            odds += self.weights[*n as usize] * f64::from(*value);
            values[*n as usize] = *value;
        }
        if !self.trees.is_empty() {
            let leaves: f32 = self.trees.iter().map(|tree| tree.weigh(|n| values[n as usize])).sum();
            odds = (odds + self.start + f64::from(leaves)) / 2.0;
        }
        1.0 / (1.0 + (-odds).exp())
    }
}

/// Whether readers took the candidate for a finding, and how much that counts. `None`: they were not asked.
pub(super) fn reading(example: &Example, task: usize, candidate: &Candidate) -> Option<(bool, f32)> {
    let kind = [Kind::Reversal, Kind::Expansion, Kind::Strengthening][task];
    let (old, new) =
        if task == 2 { (&example.after, &example.before) } else { (&example.before, &example.after) };
    let text = |document: &Document, place: Option<usize>| {
        place.map(|n| document.placed[n].unit.text.to_string()).unwrap_or_default()
    };
    let (mut before, mut after) = (text(old, candidate.before), text(new, candidate.after));
    if let Some(shown) = &example.shown {
        let own = if task == 1 { &after } else { &before };
        // Strengthenings were not looked for where only the likeliest losses were shown.
        if task == 2 || !shown.contains(&super::reading::mark(own)) {
            return None;
        }
    }
    if task == 2 {
        std::mem::swap(&mut before, &mut after);
    }
    let said = Said::of(kind, before, after);
    let mut met = example.answer.findings.iter().filter(|f| f.kind == kind && score::is_about(&said, f));
    let Some(first) = met.next() else { return Some((false, 1.0)) };
    let weight = if first.sure || met.any(|f| f.sure) { 1.0 } else { 0.5 };
    Some((true, weight))
}

/// A change as the gate sees it.
struct Shape {
    example: usize,
    traits: super::shape::Traits,
    /// Readers took it for no doing of the publisher, and saw no finding beside.
    is_artefact: bool,
}

impl Shape {
    fn of(rules: &Rules, example: &Example, n: usize) -> Option<Shape> {
        let changed = super::changed(&example.before, &example.after);
        let touched = changed.gone.len() + changed.fresh.len();
        let is_artefact = example.answer.artefact && example.answer.findings.is_empty();
        (touched >= super::gate::SMALL).then(|| Shape {
            example: n,
            traits: super::shape::traits(rules, &example.before, &example.after, &changed),
            is_artefact,
        })
    }
}

/// Of the changes with a finding the gate may keep out so many.
const LOST: f64 = 0.01;

/// The gate's weights, without a fold; the threshold from what judges say of services that they have not seen.
fn fit_shapes(
    examples: &[Example],
    shapes: &[Shape],
    fold_of: &[usize],
    settings: Settings,
    without: Option<usize>,
) -> Shapes {
    let names: Vec<&'static str> =
        shapes.first().map(|shape| shape.traits.iter().map(|t| t.0).collect()).unwrap_or_default();
    let row = |shape: &Shape| Row {
        traits: shape.traits.iter().enumerate().map(|(n, t)| (n as u32, t.1)).collect(),
        is_finding: shape.is_artefact,
        weight: 1.0,
    };
    let fit_without = |without: &[Option<usize>]| {
        let rows: Vec<Row> =
            shapes.iter().filter(|s| !without.contains(&Some(fold_of[s.example]))).map(row).collect();
        let (weights, bias) = fit(&rows.iter().collect::<Vec<_>>(), names.len(), 1.0);
        let weights = names.iter().zip(&weights).map(|(name, w)| ((*name).to_owned(), round(*w))).collect();
        Shapes { threshold: 1.1, bias: round(bias), weights }
    };
    let mut real: Vec<f32> = Vec::new();
    for fold in (0..settings.folds as usize).filter(|fold| Some(*fold) != without) {
        let unseen = fit_without(&[without, Some(fold)]);
        let has_finding =
            |s: &&Shape| fold_of[s.example] == fold && !examples[s.example].answer.findings.is_empty();
        real.extend(shapes.iter().filter(has_finding).map(|shape| unseen.chance(&shape.traits)));
    }
    real.sort_by(f32::total_cmp);
    let at = (real.len() as f64 * (1.0 - LOST)) as usize;
    let threshold = real.get(at).copied().unwrap_or(1.1).max(0.5);
    Shapes { threshold: round(f64::from(threshold) + 0.005), ..fit_without(&[without]) }
}

/// Of the changes without a finding so many are to be left alone.
const QUIET: f64 = 0.925;

/// The thresholds that serve all files best: F1 over candidates, as long as quiet changes are left alone.
fn best_thresholds(examples: &[Example], samples: &[Sample], chances: &[f64]) -> [f32; 3] {
    #[derive(Default)]
    struct File {
        /// By kind.
        candidates: [Vec<(f64, bool)>; 3],
        /// By change without a finding: the highest chance among its candidates of each kind.
        quiet: BTreeMap<usize, [f64; 3]>,
    }
    let mut files: BTreeMap<&str, File> = BTreeMap::new();
    for (n, example) in examples.iter().enumerate() {
        if example.source == Source::Label && example.answer.findings.is_empty() {
            files.entry(&example.file).or_default().quiet.insert(n, [0.0; 3]);
        }
    }
    for (sample, chance) in samples.iter().zip(chances) {
        if examples[sample.example].source == Source::Label {
            let file = files.entry(&examples[sample.example].file).or_default();
            file.candidates[sample.task].push((*chance, sample.row.is_finding));
            if let Some(highest) = file.quiet.get_mut(&sample.example) {
                highest[sample.task] = highest[sample.task].max(*chance);
            }
        }
    }
    let f1 = |candidates: &[(f64, bool)], threshold: f64| {
        let said = candidates.iter().filter(|(chance, _)| *chance >= threshold).count() as f64;
        let good = candidates.iter().filter(|(chance, good)| *chance >= threshold && *good).count();
        let all = candidates.iter().filter(|(_, good)| *good).count() as f64;
        if good > 0 { 2.0 * good as f64 / (said + all) } else { 0.0 }
    };
    let steps: Vec<f64> = (4..40).map(|n| f64::from(n) * 0.02).collect();
    // Its neighbours count too: a lone peak is luck.
    let smooth = |value: &dyn Fn(f64) -> f64| -> Vec<f64> {
        steps
            .iter()
            .map(|threshold| (-3..=3).map(|n| value(threshold + f64::from(n) * 0.015)).sum::<f64>() / 7.0)
            .collect()
    };
    let value = |task: usize| {
        smooth(&|threshold| files.values().map(|file| f1(&file.candidates[task], threshold)).sum())
    };
    let values = [value(0), value(1), value(2)];
    let best =
        |values: &[f64]| (0..steps.len()).max_by(|a, b| values[*a].total_cmp(&values[*b])).unwrap_or(20);
    // An alarm without cause costs more trust than a missed small finding: reversals and expansions share
    // what noise is allowed.
    let mut chosen = (f64::MIN, 20, 20);
    for r in 0..steps.len() {
        for e in 0..steps.len() {
            let quiet = || files.values().flat_map(|file| file.quiet.values());
            let still = quiet().filter(|h| h[0] < steps[r] && h[1] < steps[e]).count();
            let noise = (QUIET - still as f64 / quiet().count().max(1) as f64).max(0.0);
            let worth = values[0][r] + values[1][e] - 12.0 * noise;
            if worth > chosen.0 {
                chosen = (worth, r, e);
            }
        }
    }
    [steps[chosen.1] as f32, steps[chosen.2] as f32, steps[best(&values[2])] as f32]
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
        artefact: gate(rules, &example.before, &example.after).is_some(),
        findings: findings.iter().map(Said::from).collect(),
    }
}

/// The rules with the network that was fitted to the other half of the services.
fn unseen_half(rules: &Rules, gists: Option<&[Arc<Gists>; 2]>, half: usize) -> Rules {
    match gists {
        Some(gists) => rules.clone().with_gists(gists[1 - half].clone()),
        None => rules.clone(),
    }
}

/// The rules with fitted numbers in place of their own.
pub fn trained_rules(rules: &Rules, weights: &Weights, stakes: Option<&Stakes>) -> Rules {
    let rules = rules.clone().with_weights(weights.clone());
    match stakes {
        Some(stakes) => rules.with_stakes(stakes),
        None => rules,
    }
}

/// What judges that have not seen an example's service say of it. `gists`: as for [`train`].
pub fn unseen_answers(
    rules: &Rules,
    gists: Option<&[Arc<Gists>; 2]>,
    examples: &[Example],
    trained: &Trained,
) -> BTreeMap<String, Answer> {
    let mut all = BTreeMap::new();
    for (fold, (weights, stakes)) in trained.folds.iter().enumerate() {
        let rules = trained_rules(rules, weights, stakes.as_ref());
        for side in [0, 1] {
            let unseen = examples.iter().zip(&trained.fold_of).filter(|(_, of)| **of == fold);
            let unseen = unseen.map(|(example, _)| example).filter(|e| half(&e.service) == side);
            all.extend(answers(&unseen_half(&rules, gists, side), unseen));
        }
    }
    all
}
