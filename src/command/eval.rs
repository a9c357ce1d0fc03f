//! `walkback eval`: judges labelled changes, prints how well, and fits the weights.

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use chrono::{DateTime, NaiveDate, Utc};
use policy::promise::score::{Answer, score};
use policy::promise::train::{Example, Settings, Trained, answers, train, unseen_answers};
use policy::promise::{Document, Rules};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

/// Judge labelled changes and print how well: precision and recall against careful readers.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Labelled changes, one JSON object a line; `old` and `new` are git blob ids. May be given more than once.
    #[arg(long, value_name = "FILE")]
    labels: Vec<PathBuf>,
    /// Git repositories (bare or not) in which those blobs lie.
    #[arg(long, value_name = "GITDIR", num_args = 1..)]
    history: Vec<PathBuf>,
    /// More labelled changes to learn from, as --labels: neither thresholds nor figures count them.
    #[arg(long, value_name = "FILE")]
    lessons: Vec<PathBuf>,
    /// Labelled pairs, one JSON object a line, with the texts `before` and `after` in it.
    #[arg(long, value_name = "FILE")]
    pairs: Vec<PathBuf>,
    /// Where to write what the judge says: one JSON object a label.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Fit the weights to the labels, print how they do on services they have not seen and on those they have,
    /// and write them here (data/promises/weights.toml).
    #[arg(long, value_name = "FILE")]
    fit: Option<PathBuf>,
    /// Judge services with weights that have not seen them, instead of with data/promises/weights.toml.
    #[arg(long, conflicts_with = "fit")]
    unseen: bool,
    /// Draws the folds of services.
    #[arg(long, default_value_t = Settings::default().seed)]
    seed: u64,
    /// Write every candidate of every change here with its chance and texts, one JSON object a change: what a
    /// reader is shown who labels more changes. Holds the texts of others: not for publication.
    #[arg(long, value_name = "FILE")]
    candidates: Option<PathBuf>,
    /// Thresholds of reversal, expansion and strengthening, instead of those that serve the labels best.
    #[arg(long, value_name = "R,E,S", value_delimiter = ',')]
    thresholds: Vec<f32>,
    /// Judge everything so many times and print the speed.
    #[arg(long, value_name = "TIMES")]
    repeat: Option<usize>,
}

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
    /// Marks of the statements that its reader was shown, where that was not all.
    shown: Option<BTreeSet<String>>,
    #[serde(flatten)]
    answer: Answer,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    if args.labels.is_empty() && args.pairs.is_empty() {
        bail!("nothing to judge: name a file with --labels or --pairs");
    }
    let rules = Rules::builtin();
    let mut examples = Vec::new();
    let files = args.labels.iter().map(|file| (file, false));
    for (file, is_lesson) in files.chain(args.lessons.iter().map(|file| (file, true))) {
        let labels = read_labels(file)?;
        let blobs = read_blobs(&args.history, &labels)?;
        for label in labels {
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
            examples.push(Example { is_lesson, ..example(&rules, file, label, &old, &new) });
        }
    }
    for file in &args.pairs {
        for mut label in read_labels(file)? {
            let (Some(old), Some(new)) = (label.before.take(), label.after.take()) else {
                bail!(
                    "{}: {} has no `before` or `after`; for blob ids use --labels",
                    file.display(),
                    label.id
                );
            };
            examples.push(example(&rules, file, label, &old, &new));
        }
    }
    if let Some(times) = args.repeat {
        measure(&rules, &examples, times);
    }
    if let Some(path) = &args.candidates {
        return write_candidates(&rules, &examples, path);
    }
    let mut out = std::io::stdout().lock();
    let said = if let Some(path) = &args.fit {
        let trained = trained(&rules, &examples, &args)?;
        writeln!(out, "# services not seen ({} folds, seed {})", Settings::default().folds, args.seed)?;
        print(&mut out, global, &examples, &unseen_answers(&rules, &examples, &trained))?;
        writeln!(out, "# services seen")?;
        let fitted = rules.clone().with_weights(trained.weights.clone());
        let said = answers(&fitted, &examples);
        std::fs::write(path, weights_file(&trained, &examples, args.seed)?)
            .with_context(|| format!("cannot write weights to `{}`", path.display()))?;
        said
    } else if args.unseen {
        unseen_answers(&rules, &examples, &trained(&rules, &examples, &args)?)
    } else {
        answers(&rules, &examples)
    };
    print(&mut out, global, &examples, &said)?;
    if let Some(path) = &args.predictions {
        let mut lines = String::new();
        for example in examples.iter().filter(|example| !example.is_lesson) {
            let mut line = serde_json::to_value(&said[&example.id])?;
            line["id"] = example.id.as_str().into();
            lines.push_str(&line.to_string());
            lines.push('\n');
        }
        std::fs::write(path, lines)
            .with_context(|| format!("cannot write predictions to `{}`", path.display()))?;
    }
    Ok(Exit::Done)
}

/// One JSON object a change, in the order of the labels.
fn write_candidates(rules: &Rules, examples: &[Example], path: &Path) -> anyhow::Result<Exit> {
    let write = || -> anyhow::Result<()> {
        let mut out = std::io::BufWriter::new(std::fs::File::create(path)?);
        for example in examples {
            let sheet = policy::promise::reading::Sheet::new(rules, &example.before, &example.after);
            let mut line = serde_json::to_value(&sheet)?;
            line["id"] = example.id.as_str().into();
            serde_json::to_writer(&mut out, &line)?;
            out.write_all(b"\n")?;
        }
        Ok(out.flush()?)
    };
    write().with_context(|| format!("cannot write candidates to `{}`", path.display()))?;
    Ok(Exit::Done)
}

fn trained(rules: &Rules, examples: &[Example], args: &Args) -> anyhow::Result<Trained> {
    let thresholds = match args.thresholds[..] {
        [] => None,
        [r, e, s] => Some([r, e, s]),
        _ => bail!(
            "--thresholds takes three numbers, of reversal, expansion and strengthening: 0.26,0.28,0.18"
        ),
    };
    Ok(train(rules, examples, Settings { seed: args.seed, thresholds, ..Settings::default() }))
}

/// The table of each file by itself.
fn print(
    out: &mut impl std::io::Write,
    global: &Global,
    examples: &[Example],
    said: &BTreeMap<String, Answer>,
) -> anyhow::Result<()> {
    let files: BTreeSet<&str> =
        examples.iter().filter(|example| !example.is_lesson).map(|example| example.file.as_str()).collect();
    for file in files {
        let gold = examples
            .iter()
            .filter(|example| example.file == file)
            .map(|example| (example.id.clone(), example.answer.clone()))
            .collect();
        let table = score(&gold, said);
        if global.json {
            writeln!(out, "{}", serde_json::json!({ "file": file, "score": table }))?;
        } else {
            writeln!(out, "## {file}\n{table}")?;
        }
    }
    Ok(())
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
        is_lesson: false,
        shown: label.shown,
    }
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

/// The texts of all blobs that the labels name, from whichever repository has them.
fn read_blobs(repositories: &[PathBuf], labels: &[Label]) -> anyhow::Result<BTreeMap<String, String>> {
    let ids: BTreeSet<&str> =
        labels.iter().flat_map(|label| [&label.old, &label.new]).flatten().map(String::as_str).collect();
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

fn measure(rules: &Rules, examples: &[Example], times: usize) {
    let start = Instant::now();
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(2);
    std::thread::scope(|scope| {
        for part in 0..threads {
            scope.spawn(move || {
                for _ in 0..times {
                    for example in examples.iter().skip(part).step_by(threads) {
                        std::hint::black_box(policy::promise::judge(
                            rules,
                            &example.before,
                            &example.after,
                            example.at,
                        ));
                    }
                }
            });
        }
    });
    let count = (times * examples.len()) as f64;
    eprintln!("{:.0} changes judged a second on {threads} threads", count / start.elapsed().as_secs_f64());
}

fn weights_file(trained: &Trained, examples: &[Example], seed: u64) -> anyhow::Result<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for example in examples {
        *counts.entry(&example.file).or_default() += 1;
    }
    let data: Vec<String> = counts.iter().map(|(file, count)| format!("{file} ({count} changes)")).collect();
    let services: BTreeSet<&str> = examples.iter().map(|example| example.service.as_str()).collect();
    Ok(format!(
        "# What each trait of a changed statement weighs, in log-odds. Fitted, not written: docs/method.md tells how.\n\
         # Command: walkback eval --fit data/promises/weights.toml --labels … --pairs … --lessons … --history … --thresholds …\n\
         # Data: {}; {} services. Seed of the folds: {seed}.\n\
         # `tight:`, `loose:` and `gone:` count in addition for a sentence edited, replaced, vanished.\n\n{}",
        data.join(", "),
        services.len(),
        toml::to_string(&trained.weights)?
    ))
}
