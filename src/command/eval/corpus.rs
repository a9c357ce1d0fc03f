//! Every statement of the histories, for the network that reads them in the order of their words.

use super::git;
use anyhow::{Context as _, bail};
use policy::promise::gist::lesson::Statements;
use policy::promise::gist::net::{Fitting, WIDTH};
use policy::promise::gist::{self, Agreement, Gist, Gists};
use policy::promise::stake::Stake;
use policy::promise::{Document, Rules};
use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The statements of every version, of whatever repository.
pub fn statements(rules: &Rules, history: &[PathBuf]) -> anyhow::Result<Statements> {
    let mut all = Statements::default();
    for repository in history {
        let texts = git::texts(repository)?;
        let mut by_path: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for (id, path) in &texts {
            by_path.entry(path).or_default().push(id);
        }
        for (path, ids) in by_path {
            let service = path.split('/').next().unwrap_or_default();
            git::each_blob(repository, &ids, |_, text| all.add(service, &Document::read(rules, &text)))?;
        }
    }
    Ok(all)
}

/// What data/teacher/guess.py reads: `statements.jsonl`, one JSON object a statement, and `words.txt`, one a line.
pub fn write(statements: &Statements, folder: &Path) -> anyhow::Result<()> {
    let write = || -> anyhow::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut out = std::io::BufWriter::new(std::fs::File::create(folder.join("statements.jsonl"))?);
        for statement in statements.iter() {
            serde_json::to_writer(&mut out, statement)?;
            out.write_all(b"\n")?;
        }
        out.flush()?;
        let words: String = gist::vocabulary(statements).into_iter().map(|word| word + "\n").collect();
        Ok(std::fs::write(folder.join("words.txt"), words)?)
    };
    write().with_context(|| format!("cannot write statements to `{}`", folder.display()))
}

/// A file of words with the row that each begins with, as data/teacher/guess.py writes it.
pub fn words(path: &Path) -> anyhow::Result<BTreeMap<String, [f32; WIDTH]>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read words `{}`", path.display()))?;
    let row = |line: &str| {
        let (word, numbers) = line.split_once('\t')?;
        let numbers: Option<Vec<f32>> =
            numbers.split('\t').map(|part| Some(f32::from(part.parse::<i8>().ok()?) / 32.0)).collect();
        Some((word.to_owned(), numbers?.try_into().ok()?))
    };
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            row(line).with_context(|| {
                format!(
                    "{}:{}: no word; write it and {WIDTH} whole numbers from -127 to 127, with tabs between them",
                    path.display(),
                    n + 1
                )
            })
        })
        .collect()
}

/// A file of guesses by mark, as data/teacher/guess.py writes them.
pub fn guesses(path: &Path) -> anyhow::Result<BTreeMap<String, Gist>> {
    let text =
        std::fs::read_to_string(path).with_context(|| format!("cannot read guesses `{}`", path.display()))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.is_empty() && !line.starts_with('#'));
    lines
        .map(|(n, line)| {
            let parts: Vec<&str> = line.split('\t').collect();
            let numbers: Option<Vec<f32>> = parts[1..].iter().map(|part| part.parse().ok()).collect();
            let Some([protects, permits, lost, new]) = numbers.as_deref() else {
                bail!(
                    "{}:{}: no guess; write a digest and four whole numbers, with tabs between them",
                    path.display(),
                    n + 1
                );
            };
            let stake = Stake { protects: protects / 20.0, permits: permits / 20.0 };
            let gist = Gist { stake, lost: lost / 6.0 - 6.0, new: new / 6.0 - 6.0 };
            Ok((format!("#{}", parts[0]), gist))
        })
        .collect()
}

/// Tables of networks in a folder: of all services, and of one half each.
const ALL: &str = "gists.tsv";
const HALVES: [&str; 2] = ["gists-0.tsv", "gists-1.tsv"];

/// Fits networks to the statements of each half of the services and of all, says how well each tells the other half, and
/// writes them into the folder.
pub fn fit(
    statements: &Statements,
    guesses: &BTreeMap<String, Gist>,
    start: &BTreeMap<String, [f32; WIDTH]>,
    folder: &Path,
    out: &mut impl std::io::Write,
) -> anyhow::Result<()> {
    let words = &gist::vocabulary(statements);
    let tables = [(Some(0), HALVES[0]), (Some(1), HALVES[1]), (None, ALL)];
    let fitted = std::thread::scope(|scope| {
        let fit = |half| scope.spawn(move || gist::fit(words, start, statements, guesses, half, FITTING));
        let running = tables.map(|(half, _)| fit(half));
        running.map(|one| one.join().unwrap_or_else(|fault| std::panic::resume_unwind(fault)))
    });
    for ((half, name), gists) in tables.into_iter().zip(fitted) {
        if let Some(half) = half {
            let Agreement { marks, listed } = Agreement::of(&gists, statements, 1 - half);
            writeln!(
                out,
                "fitted to half {half}, of the other: correlation with marks {:.3} (protects), {:.3} (permits); average \
                 precision of what was listed {:.3} (lost), {:.3} (new)",
                marks[0], marks[1], listed[0], listed[1]
            )?;
        }
        let count = statements.iter().filter(|s| half.is_none_or(|half| s.half == half)).count();
        let text = format!(
            "# What a statement comes to, read in the order of its words: a small network. Fitted, not written:\n\
             # docs/method.md tells how. Command: walkback eval --fit-gists data/promises --guesses … --words …\n\
             # --labels … --lessons … --chances … --statements … --history …\n# Data: {count} statements.\n{}",
            gists.write()
        );
        let path = folder.join(name);
        std::fs::write(&path, text).with_context(|| format!("cannot write `{}`", path.display()))?;
    }
    Ok(())
}

const FITTING: Fitting = Fitting { rounds: 6, seed: 1 };

/// The networks of the halves, as [`fit`] wrote them, and that of all.
pub fn read(folder: &Path) -> anyhow::Result<([Arc<Gists>; 2], Arc<Gists>)> {
    let read = |name: &str| -> anyhow::Result<Arc<Gists>> {
        let path = folder.join(name);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`; write it with --fit-gists", path.display()))?;
        Ok(Arc::new(Gists::parse(&path.display().to_string(), &text)?))
    };
    Ok(([read(HALVES[0])?, read(HALVES[1])?], read(ALL)?))
}
