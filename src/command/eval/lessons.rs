//! What `walkback eval` learns from and is measured by: files of labels, readings, marked statements and edits,
//! with the texts that they name by blob id.

use super::git;
use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate, Utc};
use policy::promise::brief::lesson::Sentence;
use policy::promise::brief::wording::Claim;
use policy::promise::score::{Answer, Said};
use policy::promise::stake::{Marked, Stake};
use policy::promise::train::{Example, Grades, Source};
use policy::promise::{Document, Rules, reading};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(Deserialize)]
struct Label {
    id: String,
    service: String,
    #[serde(default)]
    date: Option<NaiveDate>,
    old: Option<String>,
    new: Option<String>,
    before: Option<String>,
    after: Option<String>,
    /// Which of several sets of pages it belongs to, each written by itself.
    #[serde(default)]
    set: String,
    /// Marks of the statements that its reader was shown, where that was not all.
    shown: Option<BTreeSet<String>>,
    /// By kind, and within it by the statements' marks: how grave its readers found it, from 0 to 3.
    #[serde(default)]
    grades: Grades,
    /// As grades: how sure a reader of the statement alone was that it is a finding, from 0 to 1.
    #[serde(default)]
    chances: Grades,
    #[serde(flatten)]
    answer: Answer,
}

/// Changes of a file whose texts lie in git repositories.
pub fn changes(
    rules: &Rules,
    file: &Path,
    history: &[PathBuf],
    source: Source,
) -> anyhow::Result<Vec<Example>> {
    let labels = read_labels(file)?;
    let ids = labels.iter().flat_map(|label| [&label.old, &label.new]).flatten().map(String::as_str);
    let blobs = read_blobs(history, &ids.collect())?;
    labels
        .into_iter()
        .map(|label| {
            let text = |id: &Option<String>| -> anyhow::Result<&str> {
                let id = id.as_deref().with_context(|| {
                    format!(
                        "{}: {} has no `old` or `new`; for texts in the file use --pairs",
                        file.display(),
                        label.id
                    )
                })?;
                blobs.get(id).map(String::as_str).with_context(|| {
                    format!(
                        "{}: {}: blob {id} is in none of the repositories; name another with --history",
                        file.display(),
                        label.id
                    )
                })
            };
            let (old, new) = (text(&label.old)?.to_owned(), text(&label.new)?.to_owned());
            Ok(Example { source, ..example(rules, file, label, &old, &new) })
        })
        .collect()
}

/// The labels of a file with marks for the sentences that their readers quoted, one JSON object a line, so that they can be
/// published without the texts; and how many quotes no statement was found for. Findings of which nothing is left are left out.
pub fn marked(rules: &Rules, file: &Path, history: &[PathBuf]) -> anyhow::Result<(String, usize)> {
    let examples = changes(rules, file, history, Source::Label)?;
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read labels `{}`", file.display()))?;
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    let (mut out, mut lost) = (String::new(), 0);
    for (line, example) in lines.zip(&examples) {
        let mut label: serde_json::Value = serde_json::from_str(line)?;
        let mut findings = Vec::new();
        for said in &example.answer.findings {
            let mut mark = |quote: &str, document: &Document| {
                let mark = reading::mark_of_quote(quote, document).unwrap_or_default();
                lost += usize::from(!quote.is_empty() && mark.is_empty());
                mark
            };
            let (before, after) = (mark(&said.before, &example.before), mark(&said.after, &example.after));
            if !(before.is_empty() && after.is_empty()) {
                findings.push(Said { before, after, also: Vec::new(), ..said.clone() });
            }
        }
        label["findings"] = serde_json::to_value(findings)?;
        out.push_str(&label.to_string());
        out.push('\n');
    }
    Ok((out, lost))
}

/// Pairs of a file that holds their texts.
pub fn pairs(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Example>> {
    Ok(pages(rules, file)?.into_iter().map(|(_, example)| example).collect())
}

/// The same, each with the set that it belongs to.
pub fn pages(rules: &Rules, file: &Path) -> anyhow::Result<Vec<(String, Example)>> {
    read_labels(file)?
        .into_iter()
        .map(|mut label| {
            let (Some(old), Some(new)) = (label.before.take(), label.after.take()) else {
                bail!(
                    "{}: {} has no `before` or `after`; for blob ids use --labels",
                    file.display(),
                    label.id
                );
            };
            Ok((std::mem::take(&mut label.set), example(rules, file, label, &old, &new)))
        })
        .collect()
}

fn example(rules: &Rules, file: &Path, label: Label, old: &str, new: &str) -> Example {
    let day = label.date.unwrap_or_default();
    let (before, after) = (Document::read(rules, old), Document::read(rules, new));
    let mut answer = label.answer;
    for finding in &mut answer.findings {
        let pairs = finding.also.iter_mut().map(|(old, new)| (old, new));
        for (old, new) in std::iter::once((&mut finding.before, &mut finding.after)).chain(pairs) {
            unmark(old, &before);
            unmark(new, &after);
        }
    }
    let at: DateTime<Utc> = day.and_hms_opt(0, 0, 0).unwrap_or_default().and_utc();
    Example {
        id: label.id,
        service: label.service,
        file: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
        before,
        after,
        answer,
        at,
        source: Source::Label,
        shown: label.shown,
        grades: label.grades,
        chances: label.chances,
    }
}

/// Sentences of a file of our own: a claim, a tab, the sentence; more columns between them are not read.
pub fn sentences(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Sentence>> {
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read sentences `{}`", file.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let sentence = line.split_once('\t').and_then(|(claim, rest)| {
                let text = rest.rsplit('\t').next()?;
                Sentence::new(rules, Claim::parse(claim)?, text)
            });
            sentence.with_context(|| {
                format!("{}:{}: not a sentence; write a claim, a tab and the sentence", file.display(), n + 1)
            })
        })
        .collect()
}

/// A text with the statements that readers marked in it.
#[derive(Deserialize)]
struct MarkedText {
    service: String,
    blob: String,
    /// By how much they protect and how much they permit, "2 0": the statements' digests, with spaces between them.
    marks: BTreeMap<String, String>,
}

impl MarkedText {
    /// Each statement's mark, see [`reading::mark`], with its stake, by mark.
    fn stakes(&self) -> anyhow::Result<BTreeMap<String, Stake>> {
        let mut stakes = BTreeMap::new();
        for (both, digests) in &self.marks {
            let number = |part: &str| part.parse::<f32>().ok();
            let (protects, permits) = both
                .split_once(' ')
                .and_then(|(protects, permits)| Some((number(protects)?, number(permits)?)))
                .with_context(|| format!("blob {}: `{both}` is no two numbers; write `2 0`", self.blob))?;
            let stake = Stake { protects, permits };
            stakes.extend(digests.split(' ').map(|digest| (format!("#{digest}"), stake)));
        }
        Ok(stakes)
    }
}

/// Statements that readers marked, with the words of the texts they stand in.
pub fn statements(rules: &Rules, files: &[PathBuf], history: &[PathBuf]) -> anyhow::Result<Vec<Marked>> {
    let mut marked = Vec::new();
    for file in files {
        let text = std::fs::read_to_string(file)
            .with_context(|| format!("cannot read statements `{}`", file.display()))?;
        let texts: Vec<MarkedText> = text
            .lines()
            .enumerate()
            .map(|(n, line)| {
                serde_json::from_str(line)
                    .with_context(|| format!("{}:{}: no text with statements", file.display(), n + 1))
            })
            .collect::<anyhow::Result<_>>()?;
        let blobs = read_blobs(history, &texts.iter().map(|text| text.blob.as_str()).collect())?;
        for text in texts {
            let content = blobs.get(&text.blob).with_context(|| {
                format!(
                    "{}: blob {} is in none of the repositories; name another with --history",
                    file.display(),
                    text.blob
                )
            })?;
            let document = Document::read(rules, content);
            let units: BTreeMap<String, _> = document
                .placed
                .iter()
                .map(|placed| (reading::mark(&placed.unit.text), &placed.unit))
                .collect();
            let stakes = text.stakes().with_context(|| file.display().to_string())?;
            for (mark, stake) in stakes {
                // A statement that is cut otherwise since it was read is left out.
                if let Some(unit) = units.get(&mark) {
                    marked.push(Marked::new(text.service.clone(), unit, stake));
                }
            }
        }
    }
    Ok(marked)
}

/// Published labels name statements by marks, not by texts.
fn unmark(text: &mut String, document: &Document) {
    if text.starts_with('#')
        && let Some(found) = policy::promise::reading::unmark(text, document)
    {
        *text = found.to_owned();
    }
}

fn read_labels(file: &Path) -> anyhow::Result<Vec<Label>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read labels `{}`", file.display()))?;
    text.lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty())
        .map(|(n, line)| {
            serde_json::from_str(line).with_context(|| format!("{}:{}: not a label", file.display(), n + 1))
        })
        .collect()
}

/// The texts of all those blobs, from whichever repository has them.
fn read_blobs(repositories: &[PathBuf], ids: &BTreeSet<&str>) -> anyhow::Result<BTreeMap<String, String>> {
    let mut found = BTreeMap::new();
    for repository in repositories {
        let missing: Vec<&str> = ids.iter().copied().filter(|id| !found.contains_key(*id)).collect();
        if missing.is_empty() {
            break;
        }
        git::each_blob(repository, &missing, |id, text| {
            found.insert(id.to_owned(), text);
        })?;
    }
    Ok(found)
}
