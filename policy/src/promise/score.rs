//! The measure: predicted findings against those of careful readers, as `labels/score.py` counts.

use crate::finding::{Judgement, Kind};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A finding as labels and predictions write it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Said {
    pub kind: Kind,
    pub topic: String,
    #[serde(default)]
    pub before: String,
    #[serde(default)]
    pub after: String,
    #[serde(default)]
    pub severity: u8,
    #[serde(default = "yes")]
    pub sure: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub state_after: Option<String>,
    /// Further pairs of sentences, old and new, in which readers saw the same finding.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also: Vec<(String, String)>,
}

fn yes() -> bool {
    true
}

impl Said {
    /// The two sentences alone, to be compared with what readers said of them.
    pub(super) fn of(kind: Kind, before: String, after: String) -> Said {
        Said {
            kind,
            topic: String::new(),
            before,
            after,
            severity: 0,
            sure: true,
            state_before: None,
            state_after: None,
            also: Vec::new(),
        }
    }
}

impl From<&Judgement> for Said {
    fn from(judgement: &Judgement) -> Said {
        Said {
            kind: judgement.kind,
            topic: judgement.topic.key().to_owned(),
            before: judgement.before.clone(),
            after: judgement.after.clone(),
            severity: judgement.severity,
            sure: true,
            state_before: judgement.state_before.clone(),
            state_after: judgement.state_after.clone(),
            also: Vec::new(),
        }
    }
}

/// What readers found in one change, or the judge.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    #[serde(default)]
    pub artefact: bool,
    #[serde(default)]
    pub findings: Vec<Said>,
}

/// Precision and recall, as counts and shares.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Rate {
    pub precision: f64,
    pub recall: f64,
    pub f1: f64,
    pub predicted: usize,
    pub labelled: usize,
    /// Of the findings that match, the share whose topic is right; `None` at change level.
    pub topic_right: Option<f64>,
}

/// The table.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Score {
    pub changes: usize,
    pub change_reversal: Rate,
    pub change_weakening: Rate,
    pub finding_reversal: Rate,
    pub finding_weakening: Rate,
    pub finding_strengthening: Rate,
    pub quiet: Option<f64>,
    pub artefacts: Option<f64>,
    pub states_right: Option<f64>,
}

fn words(text: &str) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut word = String::new();
    for c in text.chars().flat_map(char::to_lowercase) {
        if c.is_alphanumeric() {
            word.push(c);
        } else if !word.is_empty() {
            words.insert(std::mem::take(&mut word));
        }
    }
    if !word.is_empty() {
        words.insert(word);
    }
    words
}

fn alike(a: &str, b: &str) -> bool {
    likeness(a, b) >= 0.5
}

/// Shared words over all words (Jaccard's index), 0 to 1.
pub(super) fn likeness(a: &str, b: &str) -> f64 {
    let (a, b) = (words(a), words(b));
    let both = a.intersection(&b).count();
    if both > 0 { both as f64 / (a.len() + b.len() - both) as f64 } else { 0.0 }
}

/// Half of the words of the old or of the new sentence are shared.
pub fn matches(predicted: &Said, label: &Said) -> bool {
    alike(&predicted.before, &label.before) || alike(&predicted.after, &label.after)
}

/// [`matches()`], also by the further sentences in which readers saw the same finding.
pub fn is_about(predicted: &Said, label: &Said) -> bool {
    matches(predicted, label)
        || label
            .also
            .iter()
            .any(|(before, after)| alike(&predicted.before, before) || alike(&predicted.after, after))
}

fn rate(hits: usize, predicted: usize, found: usize, labelled: usize, topics: Option<usize>) -> Rate {
    let share = |part: usize, all: usize| if all > 0 { part as f64 / all as f64 } else { 0.0 };
    let (p, r) = (share(hits, predicted), share(found, labelled));
    let f1 = if p + r > 0.0 { 2.0 * p * r / (p + r) } else { 0.0 };
    Rate {
        precision: p,
        recall: r,
        f1,
        predicted,
        labelled,
        topic_right: topics.map(|topics| share(topics, hits)),
    }
}

const WEAK: [Kind; 2] = [Kind::Reversal, Kind::Expansion];

/// Scores predictions; a label without one counts as predicted empty.
pub fn score(gold: &BTreeMap<String, Answer>, predicted: &BTreeMap<String, Answer>) -> Score {
    let none = Answer::default();
    let said = |id: &str| predicted.get(id).unwrap_or(&none);
    let change = |kinds: &[Kind]| {
        let (mut tp, mut fp, mut miss) = (0, 0, 0);
        for (id, answer) in gold {
            let labels: Vec<_> = answer.findings.iter().filter(|f| kinds.contains(&f.kind)).collect();
            if !labels.is_empty() && !labels.iter().any(|f| f.sure) {
                continue;
            }
            match (!labels.is_empty(), said(id).findings.iter().any(|f| kinds.contains(&f.kind))) {
                (true, true) => tp += 1,
                (true, false) => miss += 1,
                (false, true) => fp += 1,
                (false, false) => {}
            }
        }
        rate(tp, tp + fp, tp, tp + miss, None)
    };
    let finding = |kinds: &[Kind]| {
        let (mut good, mut all, mut hit, mut sure, mut topics) = (0, 0, 0, 0, 0);
        for (id, answer) in gold {
            let labels: Vec<_> = answer.findings.iter().filter(|f| kinds.contains(&f.kind)).collect();
            let found: Vec<_> = said(id).findings.iter().filter(|f| kinds.contains(&f.kind)).collect();
            for p in &found {
                let met: Vec<_> = labels.iter().filter(|label| matches(p, label)).collect();
                all += 1;
                good += usize::from(!met.is_empty());
                topics += usize::from(met.iter().any(|label| label.topic == p.topic));
            }
            for label in labels.iter().filter(|label| label.sure) {
                sure += 1;
                hit += usize::from(found.iter().any(|p| matches(p, label)));
            }
        }
        rate(good, all, hit, sure, Some(topics))
    };
    let says = |id: &str, kinds: &[Kind]| said(id).findings.iter().any(|f| kinds.contains(&f.kind));
    let share = |part: usize, all: usize| (all > 0).then(|| part as f64 / all as f64);
    let quiet: Vec<_> = gold.iter().filter(|(_, answer)| answer.findings.is_empty()).collect();
    let artefacts: Vec<_> = gold
        .iter()
        .filter(|(_, a)| a.artefact && !a.findings.iter().any(|f| f.kind == Kind::Reversal))
        .collect();
    let (mut states, mut right) = (0, 0);
    for (id, answer) in gold {
        for label in answer.findings.iter().filter(|f| f.state_after.is_some()) {
            for p in said(id).findings.iter().filter(|p| p.kind == label.kind && matches(p, label)) {
                states += 1;
                right +=
                    usize::from(p.state_before == label.state_before && p.state_after == label.state_after);
            }
        }
    }
    Score {
        changes: gold.len(),
        change_reversal: change(&[Kind::Reversal]),
        change_weakening: change(&WEAK),
        finding_reversal: finding(&[Kind::Reversal]),
        finding_weakening: finding(&WEAK),
        finding_strengthening: finding(&[Kind::Strengthening]),
        quiet: share(quiet.iter().filter(|(id, _)| !says(id, &WEAK)).count(), quiet.len()),
        artefacts: share(
            artefacts.iter().filter(|(id, _)| !says(id, &[Kind::Reversal])).count(),
            artefacts.len(),
        ),
        states_right: share(right, states),
    }
}

impl std::fmt::Display for Score {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        writeln!(f, "{:24} {}", "changes", self.changes)?;
        for (name, rate) in [
            ("change.reversal", self.change_reversal),
            ("change.weakening", self.change_weakening),
            ("finding.reversal", self.finding_reversal),
            ("finding.weakening", self.finding_weakening),
            ("finding.strengthening", self.finding_strengthening),
        ] {
            write!(
                f,
                "{name:24} precision {:.3}  recall {:.3}  f1 {:.3}  predicted {}  labelled {}",
                rate.precision, rate.recall, rate.f1, rate.predicted, rate.labelled
            )?;
            match rate.topic_right {
                Some(right) => writeln!(f, "  topic_right {right:.3}")?,
                None => writeln!(f)?,
            }
        }
        for (name, share) in
            [("quiet", self.quiet), ("artefacts", self.artefacts), ("states_right", self.states_right)]
        {
            if let Some(share) = share {
                writeln!(f, "{name:24} {share:.3}")?;
            }
        }
        Ok(())
    }
}

/// Pearson's correlation, -1 to 1; 0 where one side is all the same.
pub fn correlation(both: &[(f64, f64)]) -> f64 {
    let count = both.len().max(1) as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| both.iter().map(of).sum::<f64>() / count;
    let (x, y) = (mean(&|b| b.0), mean(&|b| b.1));
    let together = mean(&|b| (b.0 - x) * (b.1 - y));
    let apart = mean(&|b| (b.0 - x).powi(2)).sqrt() * mean(&|b| (b.1 - y).powi(2)).sqrt();
    together / apart.max(1e-9)
}

/// How well chances put the true ones first, 0 to 1: the precision at each true one, likeliest first, their mean. A tie
/// counts for the false ones.
pub fn average_precision(mut said: Vec<(f64, bool)>) -> f64 {
    said.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let (mut good, mut sum) = (0usize, 0.0);
    for (n, _) in said.iter().enumerate().filter(|(_, (_, is_true))| *is_true) {
        good += 1;
        sum += good as f64 / (n + 1) as f64;
    }
    sum / good.max(1) as f64
}
