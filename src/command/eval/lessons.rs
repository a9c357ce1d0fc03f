//! What `walkback eval` learns from and is measured by: files of labels, readings, marked statements and edits,
//! with the texts that they name by blob id.

use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate, Utc};
use policy::finding::Kind;
use policy::promise::brief::lesson::Sentence;
use policy::promise::brief::wording::Claim;
use policy::promise::score::{Answer, Said};
use policy::promise::stake::{Marked, Stake};
use policy::promise::train::{Example, Source};
use policy::promise::{Document, Rules, reading};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

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

/// How many edits a made-up page holds.
const A_PAGE: usize = 5;

/// Edits in a file of our own: `KIND TOPIC SEVERITY | old sentence | new sentence`, a side empty where nothing
/// stands; `nothing` for an edit that means nothing; `page | sentence` for what stands around them, unchanged.
/// Each is also read backwards.
pub fn edits(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Example>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read edits `{}`", file.display()))?;
    let mut around: Vec<&str> = Vec::new();
    let mut lines: Vec<(&str, &str, &str)> = Vec::new();
    for (n, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        match parts[..] {
            _ if line.starts_with('#') => {}
            ["page", sentence] => around.push(sentence),
            [head, old, new] if !old.is_empty() || !new.is_empty() => lines.push((head, old, new)),
            _ => bail!(
                "{}:{}: not an edit; write `KIND TOPIC SEVERITY | old sentence | new sentence`",
                file.display(),
                n + 1
            ),
        }
    }
    // Edits of one page must not be neighbours in the file, which were written in one breath.
    let pages = lines.len().div_ceil(A_PAGE);
    let mut examples = Vec::new();
    for page in 0..pages {
        for is_backwards in [false, true] {
            let mut findings = Vec::new();
            let (mut old, mut new) = (vec!["# Privacy policy"], vec!["# Privacy policy"]);
            let mut plain = around.iter().cycle().skip(page * 7);
            for (head, before, after) in lines.iter().skip(page).step_by(pages) {
                let (before, after) = if is_backwards { (after, before) } else { (before, after) };
                let between: Vec<&str> = plain.by_ref().take(2.min(around.len())).copied().collect();
                old.extend(between.iter().chain([before]).filter(|sentence| !sentence.is_empty()));
                new.extend(between.iter().chain([after]).filter(|sentence| !sentence.is_empty()));
                let mut words = head.split(' ');
                let kind = match (words.next().unwrap_or_default(), is_backwards) {
                    ("nothing", _) => continue,
                    ("reversal", false) | ("strengthening", true) => Kind::Reversal,
                    ("expansion", false) => Kind::Expansion,
                    // What is allowed no longer is a protection, and one given up may be an expansion: not asked.
                    ("expansion" | "reversal", true) | ("strengthening", false) => Kind::Strengthening,
                    (kind, _) => bail!(
                        "{}: `{kind}` is no kind; use reversal, expansion, strengthening or nothing",
                        file.display()
                    ),
                };
                findings.push(Said {
                    kind,
                    topic: words.next().unwrap_or_default().to_owned(),
                    before: (*before).to_owned(),
                    after: (*after).to_owned(),
                    severity: words.next().and_then(|word| word.parse().ok()).unwrap_or(1),
                    sure: true,
                    state_before: None,
                    state_after: None,
                    also: Vec::new(),
                });
            }
            examples.push(Example {
                id: format!("{}-{page}{}", file.display(), if is_backwards { "-back" } else { "" }),
                service: String::new(),
                file: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
                before: Document::read(rules, &old.join("\n\n")),
                after: Document::read(rules, &new.join("\n\n")),
                answer: Answer { artefact: false, findings },
                at: DateTime::UNIX_EPOCH,
                source: Source::Written,
                shown: None,
            });
        }
    }
    Ok(examples)
}

/// The same edits, each on a short page of its own.
pub fn edit_pages(rules: &Rules, file: &Path) -> anyhow::Result<Vec<Example>> {
    let text =
        std::fs::read_to_string(file).with_context(|| format!("cannot read edits `{}`", file.display()))?;
    let around: Vec<&str> =
        text.lines().filter_map(|line| line.strip_prefix("page |")).map(str::trim).collect();
    let mut pages = Vec::new();
    for (n, line) in text.lines().enumerate() {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [head, old, new] = parts[..] else { continue };
        let mut words = head.split(' ');
        let kind = match words.next().unwrap_or_default() {
            "reversal" => Some(Kind::Reversal),
            "expansion" => Some(Kind::Expansion),
            "strengthening" => Some(Kind::Strengthening),
            _ => None,
        };
        let mut plain = around.iter().cycle().skip(n * 7).copied();
        let (above, below) = (plain.by_ref().take(1 + n % 3), 1 + n / 3 % 4);
        let above: Vec<&str> = above.collect();
        let below: Vec<&str> = plain.take(below).collect();
        let page = |sentence: &str| {
            let all = ["# Privacy policy"].into_iter().chain(above.iter().copied()).chain([sentence]);
            let all: Vec<&str> =
                all.chain(below.iter().copied()).filter(|sentence| !sentence.is_empty()).collect();
            Document::read(rules, &all.join("\n\n"))
        };
        let finding = kind.map(|kind| Said {
            kind,
            topic: words.next().unwrap_or_default().to_owned(),
            before: old.to_owned(),
            after: new.to_owned(),
            severity: 1,
            sure: true,
            state_before: None,
            state_after: None,
            also: Vec::new(),
        });
        pages.push(Example {
            id: format!("edit-{n}"),
            service: String::new(),
            file: file.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default(),
            before: page(old),
            after: page(new),
            answer: Answer { artefact: false, findings: finding.into_iter().collect() },
            at: DateTime::UNIX_EPOCH,
            source: Source::Written,
            shown: None,
        });
    }
    Ok(pages)
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
    if let Some(id) = ids.iter().find(|id| !id.bytes().all(|b| b.is_ascii_hexdigit())) {
        bail!("`{id}` is no git blob id");
    }
    let mut found = BTreeMap::new();
    for repository in repositories {
        let missing: Vec<&str> = ids.iter().copied().filter(|id| !found.contains_key(*id)).collect();
        if missing.is_empty() {
            break;
        }
        let mut git = Command::new("git")
            .args(["-c", "core.hooksPath=/dev/null", "-c", "protocol.ext.allow=never"])
            .arg("-C")
            .arg(repository)
            .args(["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .context("cannot run git; install it")?;
        let mut input = git.stdin.take().context("git takes no input")?;
        let asked = missing.join("\n") + "\n";
        // Written aside: git answers while it is still being asked.
        let writer = std::thread::spawn(move || input.write_all(asked.as_bytes()));
        let mut output = BufReader::new(git.stdout.take().context("git gives no output")?);
        let mut head = String::new();
        while output.read_line(&mut head)? > 0 {
            let parts: Vec<&str> = head.split_whitespace().collect();
            if let [id, "blob", size] = parts[..] {
                let mut bytes = vec![0; size.parse::<usize>()? + 1];
                output.read_exact(&mut bytes)?;
                bytes.pop();
                found.insert(id.to_owned(), String::from_utf8_lossy(&bytes).into_owned());
            }
            head.clear();
        }
        writer.join().ok().context("git stopped reading")??;
        if !git.wait()?.success() {
            bail!("git cannot read `{}`; is it a repository?", repository.display());
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> tempfile::NamedTempFile {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text.as_bytes()).unwrap();
        file
    }

    #[test]
    fn an_edit_teaches_both_ways() {
        let text = "# a comment\n\
            page | Prices are shown before you order.\n\
            reversal data_sale 3 | We never sell your data. | We may sell your data.\n\
            nothing | Call us. | Ring us.\n";
        let examples = edits(&Rules::builtin(), file(text).path()).unwrap();
        assert_eq!(examples.len(), 2, "one page, there and back");
        let kinds = |n: usize| examples[n].answer.findings.iter().map(|f| f.kind).collect::<Vec<_>>();
        assert_eq!(kinds(0), [Kind::Reversal]);
        assert_eq!(kinds(1), [Kind::Strengthening]);
        assert_eq!(examples[0].answer.findings[0].before, "We never sell your data.");
        assert_eq!(examples[1].answer.findings[0].before, "We may sell your data.");
        assert!(examples.iter().all(|example| example.source == Source::Written));
    }

    #[test]
    fn what_is_no_edit_is_named_with_its_line() {
        let error = edits(&Rules::builtin(), file("\nreversal We sell.\n").path()).err().unwrap();
        assert!(error.to_string().contains(":2: not an edit"), "{error}");
        let error = edits(&Rules::builtin(), file("worse x 1 | We do. | We do not.\n").path()).err().unwrap();
        assert!(error.to_string().contains("`worse` is no kind"), "{error}");
    }
}
