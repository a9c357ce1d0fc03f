//! `walkback bench search`: the index, its export, and how fast and how small both are.

use crate::cli::{Exit, Global};
use anyhow::Context as _;
use archive::Archive;
use policy::history::History;
use policy::id::{Digest, PolicyId};
use site::search::{Index, Query, export, index};
use std::collections::BTreeMap;
use std::io::{BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

/// The queries measured; the browser's part measures the same.
const QUERIES: &str = include_str!("../../../bench/search/queries.txt");
const STYLE: &str = include_str!("../../../templates/static/css/walkback.css");
const SCRIPT: &str = include_str!("../../../templates/static/js/search.js");

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Take policies of the archive until they hold so many statements; all of them where none is given.
    #[arg(long, value_name = "N")]
    statements: Option<usize>,
    /// Where index, export and records are written.
    #[arg(long, value_name = "DIR", default_value = "target/bench-search")]
    work: PathBuf,
    /// Also measure the export in Chromium beside Pagefind: needs node, and `npm install` in bench/search.
    #[arg(long)]
    browser: bool,
}

pub fn run(args: Args, global: &Global) -> anyhow::Result<Exit> {
    let work = &args.work;
    let _ = std::fs::remove_dir_all(work);
    let site_folder = work.join("site");
    std::fs::create_dir_all(&site_folder).with_context(|| format!("cannot write to {}", work.display()))?;
    let archive = Archive::open_read_only(&global.data.join("archive"))?;
    let reader = archive.histories()?;
    let mut stamps: BTreeMap<PolicyId, String> = BTreeMap::new();
    let mut records = BufWriter::new(std::fs::File::create(work.join("records.jsonl"))?);
    let mut statements = 0;
    let mut some: Option<PolicyId> = None;
    for id in reader.policies()? {
        if args.statements.is_some_and(|enough| statements >= enough) {
            break;
        }
        let Some(history) = reader.history(&id)? else { continue };
        statements += history.statements.len();
        // What Pagefind is given: the same texts, one record each.
        let source = site::search::record::Source::of_policy(&id);
        for record in site::search::record::of_history(&history) {
            let url = format!("/{}{}", source.page(), record.url);
            let line =
                serde_json::json!({ "url": url, "text": record.parts.join(" "), "service": id.service });
            writeln!(records, "{line}")?;
        }
        if history.statements.len() > 50 {
            some.get_or_insert(id.clone());
        }
        stamps.insert(id, "first".into());
    }
    records.flush()?;

    let folder = work.join("index");
    let mut read = |id: &PolicyId| reader.history(id).map_err(Into::into);
    let begun = Instant::now();
    let updated = index::update(&folder, &stamps, &mut read, &[])?;
    let index_s = begun.elapsed().as_secs_f64();
    let opened = Index::open(&folder)?;
    let begun = Instant::now();
    let exported = export::write(&opened, &site_folder)?;
    let export_s = begun.elapsed().as_secs_f64();
    let native = native(&opened)?;

    // One policy gains a statement: what a new version costs.
    let mut again = serde_json::Value::Null;
    if let Some(id) = some {
        stamps.insert(id, "second".into());
        let mut read =
            |id: &PolicyId| reader.history(id).map(|found| found.map(one_more)).map_err(Into::into);
        let begun = Instant::now();
        index::update(&folder, &stamps, &mut read, &[])?;
        let update_s = begun.elapsed().as_secs_f64();
        let opened = Index::open(&folder)?;
        let begun = Instant::now();
        let exported = export::write(&opened, &site_folder)?;
        again = serde_json::json!({
            "index_s": update_s, "export_s": begun.elapsed().as_secs_f64(), "files_written": exported.written,
        });
    }
    pages(&site_folder)?;
    let browser = if args.browser { browser(work)? } else { serde_json::Value::Null };
    let report = serde_json::json!({
        "policies": stamps.len(),
        "records": updated.records,
        "index": { "seconds": index_s, "bytes": bytes(&folder) },
        "export": { "seconds": export_s, "files": exported.files, "bytes": exported.bytes },
        "after_one_new_version": again,
        "native_ms": native,
        "browser": browser,
    });
    println!("{}", if global.json { report.to_string() } else { format!("{report:#}") });
    Ok(Exit::Done)
}

/// Percentiles of the queries' times, each asked often; and of each query's fastest time, on which other programs
/// weigh less.
pub(super) fn native(index: &Index) -> anyhow::Result<serde_json::Value> {
    let mut times = Vec::new();
    let mut slowest = (0.0, "");
    let mut fastest: BTreeMap<&str, f64> = BTreeMap::new();
    for round in 0..12 {
        for typed in QUERIES.lines().filter(|line| !line.is_empty()) {
            let begun = Instant::now();
            index.search(&Query::parse(typed), 20)?;
            let time = begun.elapsed().as_secs_f64() * 1000.0;
            // The first rounds fill the caches.
            if round > 1 {
                times.push(time);
                fastest.entry(typed).and_modify(|best| *best = best.min(time)).or_insert(time);
                if time > slowest.0 {
                    slowest = (time, typed);
                }
            }
        }
    }
    let at = |times: &[f64], share: f64| times[((times.len() - 1) as f64 * share) as usize];
    times.sort_by(f64::total_cmp);
    let mut fastest: Vec<f64> = fastest.into_values().collect();
    fastest.sort_by(f64::total_cmp);
    Ok(serde_json::json!({
        "queries": times.len(), "p50": at(&times, 0.5), "p90": at(&times, 0.9), "p99": at(&times, 0.99),
        "worst": slowest.0, "worst_query": slowest.1,
        "fastest": { "p50": at(&fastest, 0.5), "p90": at(&fastest, 0.9), "worst": at(&fastest, 1.0) },
    }))
}

fn one_more(mut history: History) -> History {
    if let Some(mut last) = history.statements.last().cloned() {
        last.text = "A sentence that was not there before now stands here.".into();
        last.id = policy::id::StatementId(Digest::of(&last.text).short(12));
        let now = history.statements.iter().flat_map(|s| &s.lifespan).map(|span| span.last_seen).max();
        for span in &mut last.lifespan {
            span.first_seen = now.unwrap_or(span.first_seen);
        }
        last.lifespan.truncate(1);
        history.statements.push(last);
    }
    history
}

/// Two pages that ask: ours as on the site, and one that asks Pagefind as its own page would.
fn pages(site: &Path) -> anyhow::Result<()> {
    let write = |name: &str, text: &str| {
        let path = site.join(name);
        std::fs::create_dir_all(path.parent().unwrap_or(site))?;
        std::fs::write(path, text)
    };
    write("static/search.js", SCRIPT)?;
    write("static/walkback.css", STYLE)?;
    write(
        "search/index.html",
        "<!doctype html><html lang=en><title>Search</title><link rel=icon href=data:,>\
         <link rel=stylesheet href=../static/walkback.css>\
         <main><form><input name=q></form><p id=said role=status></p><div id=results data-root='../'></div></main>\
         <script src=../static/search.js defer></script></html>",
    )?;
    write(
        "pagefind.html",
        "<!doctype html><html lang=en><title>Search</title><link rel=icon href=data:,><script type=module>\
         const pagefind = await import('./pagefind/pagefind.js'); await pagefind.init();\
         globalThis.ask = async (typed) => { const found = await pagefind.search(typed);\
         await Promise.all(found.results.slice(0, 10).map((result) => result.data()));\
         globalThis.answer = found.results.length; }; globalThis.ready = true;</script></html>",
    )?;
    Ok(())
}

fn browser(work: &Path) -> anyhow::Result<serde_json::Value> {
    let output = Command::new("node")
        .arg("bench/search/run.mjs")
        .arg(work)
        .stderr(std::process::Stdio::inherit())
        .output()
        .context("node cannot be run: install it, and run `npm install` in bench/search")?;
    anyhow::ensure!(
        output.status.success(),
        "bench/search/run.mjs failed: run this in the source folder after `npm install` in bench/search"
    );
    let last = output.stdout.split(|b| *b == b'\n').rfind(|line| line.starts_with(b"{"));
    serde_json::from_slice(last.unwrap_or_default()).context("bench/search/run.mjs printed no figures")
}

fn bytes(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|entry| entry.metadata().ok()).map(|found| found.len()).sum()
}
