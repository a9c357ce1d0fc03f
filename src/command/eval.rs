//! `walkback eval`: judges labelled changes, prints how well, and fits the weights.

mod corpus;
mod edits;
mod git;
mod lessons;

use crate::cli::{Exit, Global};
use anyhow::{Context as _, bail};
use policy::promise::Rules;
use policy::promise::brief::lesson::learn;
use policy::promise::gist::Gists;
use policy::promise::score::{Answer, score};
use policy::promise::stake::Marked;
use policy::promise::train::{
    Example, Settings, Source, Trained, answers, train, trained_rules, unseen_answers,
};
use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
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
    /// Changes of which readers graded some findings, to learn from how grave findings are.
    #[arg(long, value_name = "FILE")]
    grades: Vec<PathBuf>,
    /// Changes of which readers read some candidates by themselves and said how likely each is a finding: with --fit,
    /// to measure how well the judge tells them apart; with --fit-gists and --write-statements, to learn from.
    #[arg(long, value_name = "FILE")]
    chances: Vec<PathBuf>,
    /// Single statements that readers marked with what is at stake in them: one JSON object a text, with its blob
    /// id and for each statement its digest and two numbers. To learn what words are worth.
    #[arg(long, value_name = "FILE")]
    statements: Vec<PathBuf>,
    /// Edits made up to learn from, one a line as in data/promises/edits.txt.
    #[arg(long, value_name = "FILE")]
    edits: Vec<PathBuf>,
    /// Short pages with a revision each, written to learn from, as --pairs.
    #[arg(long, value_name = "FILE")]
    pages: Vec<PathBuf>,
    /// Sentences written to learn from, one a line: what it claims of encryption, a tab, the sentence.
    #[arg(long, value_name = "FILE")]
    sentences: Vec<PathBuf>,
    /// Learn from --pages and --sentences how short pages are judged, judge with it, and write wording.tsv and
    /// brief.toml into this folder.
    #[arg(long, value_name = "DIR", requires_all = ["pages", "sentences"], conflicts_with = "fit")]
    fit_pages: Option<PathBuf>,
    /// Labelled pairs, one JSON object a line, with the texts `before` and `after` in it.
    #[arg(long, value_name = "FILE")]
    pairs: Vec<PathBuf>,
    /// Where to write what the judge says: one JSON object a label.
    #[arg(long, value_name = "FILE")]
    predictions: Option<PathBuf>,
    /// Fit the weights to the labels, print how they do on services they have not seen and on those they have,
    /// and write them here (data/promises/weights.toml); stakes.tsv, learned from --statements, beside it.
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
    /// Write --labels here with marks for the sentences that their readers quoted, so that they can be published without
    /// the texts.
    #[arg(long, value_name = "FILE", conflicts_with = "fit")]
    write_marks: Option<PathBuf>,
    /// Write every statement of --history into this folder, with what readers told of it, and their words: what
    /// data/teacher/guess.py reads. Holds the texts of others: not for publication.
    #[arg(long, value_name = "DIR", conflicts_with = "fit")]
    write_statements: Option<PathBuf>,
    /// What data/teacher/guess.py wrote of those statements.
    #[arg(long, value_name = "FILE")]
    guesses: Option<PathBuf>,
    /// The words that it wrote.
    #[arg(long, value_name = "FILE")]
    words: Option<PathBuf>,
    /// Fit networks that read statements in the order of their words to --guesses and to what readers told, and write them
    /// into this folder: gists.tsv of all services, and one of each half of them.
    #[arg(long, value_name = "DIR", requires_all = ["guesses", "words"], conflicts_with = "fit")]
    fit_gists: Option<PathBuf>,
    /// Read statements with the networks that --fit-gists wrote here: with --fit and --unseen each service with that of
    /// the half to which it does not belong.
    #[arg(long, value_name = "DIR")]
    gists: Option<PathBuf>,
    /// Thresholds of reversal, expansion and strengthening, instead of those that serve the labels best.
    #[arg(long, value_name = "R,E,S", value_delimiter = ',')]
    thresholds: Vec<f32>,
    /// Judge everything so many times and print the speed.
    #[arg(long, value_name = "TIMES")]
    repeat: Option<usize>,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    if args.labels.is_empty() && args.pairs.is_empty() {
        bail!("nothing to judge: name a file with --labels or --pairs");
    }
    let mut rules = Rules::builtin();
    if let Some(folder) = &args.fit_pages {
        rules = learn_pages(&rules, &args, folder, global)?;
    }
    let mut halves = None;
    if let Some(folder) = &args.gists {
        let (of_halves, all) = corpus::read(folder)?;
        halves = Some(of_halves);
        rules = rules.with_gists(all);
    }
    let (rules, halves) = (rules, halves.as_ref());
    if let Some(path) = &args.write_marks {
        return write_marks(&rules, &args, path, global);
    }
    let mut examples = Vec::new();
    for file in &args.labels {
        examples.extend(lessons::changes(&rules, file, &args.history, Source::Label)?);
    }
    for file in &args.lessons {
        examples.extend(lessons::changes(&rules, file, &args.history, Source::Reading)?);
    }
    for file in &args.pairs {
        examples.extend(lessons::pairs(&rules, file)?);
    }
    // Pages of several edits teach the judge of long texts only.
    for file in args.edits.iter().filter(|_| args.fit_pages.is_none()) {
        examples.extend(edits::on_long_pages(&rules, file)?);
    }
    for file in &args.grades {
        examples.extend(lessons::changes(&rules, file, &args.history, Source::Grades)?);
    }
    for file in &args.chances {
        examples.extend(lessons::changes(&rules, file, &args.history, Source::Chances)?);
    }
    let marked = lessons::statements(&rules, &args.statements, &args.history)?;
    if let Some(times) = args.repeat {
        measure(&rules, &examples, times);
    }
    if let Some(path) = &args.candidates {
        return write_candidates(&rules, &examples, path);
    }
    if args.write_statements.is_some() || args.fit_gists.is_some() {
        let mut statements = corpus::statements(&rules, &args.history)?;
        statements.tell(&rules, &examples, &marked, Settings::default());
        if let Some(path) = &args.write_statements {
            corpus::write(&statements, path)?;
        }
        if let (Some(folder), Some(guesses), Some(words)) = (&args.fit_gists, &args.guesses, &args.words) {
            let (guesses, words) = (corpus::guesses(guesses)?, corpus::words(words)?);
            corpus::fit(&statements, &guesses, &words, folder, &mut std::io::stdout().lock())?;
        }
        return Ok(Exit::Done);
    }
    let mut out = std::io::stdout().lock();
    let said = if let Some(path) = &args.fit {
        let trained = trained(&rules, halves, &examples, &marked, &args)?;
        writeln!(out, "# services not seen ({} folds, seed {})", Settings::default().folds, args.seed)?;
        print(&mut out, global, &examples, &unseen_answers(&rules, halves, &examples, &trained))?;
        for (file, [reversals, expansions]) in &trained.precision {
            writeln!(out, "average precision, {file}: reversals {reversals:.3}, expansions {expansions:.3}")?;
        }
        for (kind, mode, precision) in &trained.precision_alone {
            writeln!(out, "average precision, read alone: {kind} {} {precision:.3}", mode.key())?;
        }
        for (kind, graded) in ["reversals", "expansions"].iter().zip(trained.graded) {
            writeln!(
                out,
                "graded {kind} {}: correlation of guesses with grades {:.3}, severity right {:.3}",
                graded.findings, graded.correlation, graded.severity
            )?;
        }
        writeln!(out, "# services seen")?;
        let fitted = trained_rules(&rules, &trained.weights, trained.stakes.as_ref());
        let said = answers(&fitted, &examples);
        std::fs::write(path, weights_file(&trained, &examples, args.seed)?)
            .with_context(|| format!("cannot write weights to `{}`", path.display()))?;
        if let Some(stakes) = &trained.stakes {
            let path = path.with_file_name("stakes.tsv");
            std::fs::write(&path, stakes_file(stakes, &marked))
                .with_context(|| format!("cannot write stakes to `{}`", path.display()))?;
        }
        said
    } else if args.unseen {
        unseen_answers(&rules, halves, &examples, &trained(&rules, halves, &examples, &marked, &args)?)
    } else {
        answers(&rules, &examples)
    };
    print(&mut out, global, &examples, &said)?;
    if let Some(path) = &args.predictions {
        let mut lines = String::new();
        for example in examples.iter().filter(|example| example.source == Source::Label) {
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

fn write_marks(rules: &Rules, args: &Args, path: &Path, global: &Global) -> anyhow::Result<Exit> {
    let (mut text, mut lost) = (String::new(), 0);
    for file in &args.labels {
        let (lines, missed) = lessons::marked(rules, file, &args.history)?;
        text.push_str(&lines);
        lost += missed;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write marks to `{}`", path.display()))?;
    if lost > 0 && !global.quiet {
        eprintln!("{lost} quotes are in no statement of their text; they are left out");
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

/// Learns how short pages are judged, says how each set of them fares with what the others teach, and writes what all
/// of them teach into the folder.
fn learn_pages(rules: &Rules, args: &Args, folder: &Path, global: &Global) -> anyhow::Result<Rules> {
    let mut pages = Vec::new();
    for file in &args.pages {
        pages.extend(lessons::pages(rules, file)?);
    }
    let mut made_up = Vec::new();
    for file in &args.edits {
        made_up.extend(edits::on_short_pages(rules, file)?);
    }
    let mut sentences = Vec::new();
    for file in &args.sentences {
        sentences.extend(lessons::sentences(rules, file)?);
    }
    let mut texts = Vec::new();
    for (files, source) in [(&args.labels, Source::Label), (&args.lessons, Source::Reading)] {
        for file in files {
            texts.extend(lessons::changes(rules, file, &args.history, source)?);
        }
    }
    let real: Vec<&Example> = texts.iter().collect();
    let mut out = std::io::stdout().lock();
    let sets: BTreeSet<&str> = pages.iter().map(|(set, _)| set.as_str()).collect();
    if sets.len() > 1 {
        let mut said = BTreeMap::new();
        for held in &sets {
            let is_held = |(set, _): &&(String, Example)| set == held;
            let others: Vec<&Example> =
                pages.iter().filter(|page| !is_held(page)).map(|(_, page)| page).chain(&made_up).collect();
            let learned = learn(rules, &others, &sentences, &real).rules(rules);
            said.extend(answers(&learned, pages.iter().filter(is_held).map(|(_, page)| page)));
        }
        writeln!(out, "# sets not seen ({})", sets.len())?;
        print(&mut out, global, pages.iter().map(|(_, page)| page), &said)?;
        writeln!(out, "# learned from all sets")?;
    }
    let all: Vec<&Example> = pages.iter().map(|(_, page)| page).chain(&made_up).collect();
    let learned = learn(rules, &all, &sentences, &real);
    let data =
        format!("# Data: {} pages with a revision each, {} sentences.\n", pages.len(), sentences.len());
    let command = "# Command: walkback eval --fit-pages data/promises --pages … --sentences … --edits … --labels … --lessons … \
         --history …\n";
    let files = [
        (
            "wording.tsv",
            format!(
                "# What words of short pages tell: of an exchange of sentences (`-` taken, `+` put, `=` kept, `~` either), of\n\
                 # what a sentence claims of encryption, of its topic. Fitted, not written: docs/method.md tells how.\n\
                 {command}{data}{}",
                learned.table.write()
            ),
        ),
        (
            "brief.toml",
            format!(
                "# Trees that judge short pages. Fitted, not written: docs/method.md tells how.\n{command}{data}\n{}",
                toml::to_string(&learned.trees)?
            ),
        ),
    ];
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(learned.rules(rules))
}

fn trained(
    rules: &Rules,
    halves: Option<&[Arc<Gists>; 2]>,
    examples: &[Example],
    marked: &[Marked],
    args: &Args,
) -> anyhow::Result<Trained> {
    let thresholds = match args.thresholds[..] {
        [] => None,
        [r, e, s] => Some([r, e, s]),
        _ => bail!(
            "--thresholds takes three numbers, of reversal, expansion and strengthening: 0.26,0.28,0.18"
        ),
    };
    Ok(train(
        rules,
        halves,
        examples,
        marked,
        Settings { seed: args.seed, thresholds, ..Settings::default() },
    ))
}

/// The table of each file by itself.
fn print<'a>(
    out: &mut impl std::io::Write,
    global: &Global,
    examples: impl IntoIterator<Item = &'a Example>,
    said: &BTreeMap<String, Answer>,
) -> anyhow::Result<()> {
    let labels: Vec<&Example> =
        examples.into_iter().filter(|example| example.source == Source::Label).collect();
    let files: BTreeSet<&str> = labels.iter().map(|example| example.file.as_str()).collect();
    for file in files {
        let gold = labels
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

fn stakes_file(stakes: &policy::promise::stake::Stakes, marked: &[Marked]) -> String {
    let services: BTreeSet<&str> = marked.iter().map(|marked| marked.service.as_str()).collect();
    format!(
        "# What is at stake in a statement, by its words and pairs of words: how much it protects people, how much it\n\
         # lets the service do, each from 0 to 3. Fitted, not written: docs/method.md tells how.\n\
         # Command: that of weights.toml. Data: {} statements of {} services.\n{}",
        marked.len(),
        services.len(),
        stakes.write()
    )
}

fn weights_file(trained: &Trained, examples: &[Example], seed: u64) -> anyhow::Result<String> {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let taught = || examples.iter().filter(|example| example.source != Source::Chances);
    for example in taught() {
        *counts.entry(&example.file).or_default() += 1;
    }
    let data: Vec<String> = counts.iter().map(|(file, count)| format!("{file} ({count} changes)")).collect();
    let services: BTreeSet<&str> = taught().map(|example| example.service.as_str()).collect();
    Ok(format!(
        "# What each trait of a changed statement weighs, in log-odds. Fitted, not written: docs/method.md tells how.\n\
         # Command: walkback eval --fit data/promises/weights.toml --labels … --pairs … --lessons … --statements … --edits … --grades … --history … --thresholds …\n\
         # Data: {}; {} services. Seed of the folds: {seed}.\n\
         # `tight:`, `loose:` and `gone:` count in addition for a sentence edited, replaced, vanished.\n\n{}",
        data.join(", "),
        services.len(),
        toml::to_string(&trained.weights)?
    ))
}
