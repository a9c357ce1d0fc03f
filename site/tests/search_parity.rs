//! The browser's search over the export finds exactly what the native search finds.
//!
//! `search_queries.txt` is the published list of queries; `WALKBACK_INDEX=DIR` runs it over a real
//! index instead of invented policies.

mod common;

use serde_json::Value;
use site::search::{Index, Query, export};
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

const QUERIES: &str = include_str!("search_queries.txt");

/// What the browser's script answers, one value a query; `None` where there is no node to run it.
fn browser(site: &Path, queries: &str) -> Option<Vec<Value>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/search_parity.js");
    let folder = format!("{}/{}", site.display(), export::FOLDER);
    let mut node = match Command::new("node")
        .arg(script)
        .arg(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
    {
        Ok(node) => node,
        Err(error) => {
            println!("skipped: node cannot be run ({error})");
            return None;
        }
    };
    let mut stdin = node.stdin.take().unwrap();
    let typed = queries.to_owned();
    let writer = std::thread::spawn(move || stdin.write_all(typed.as_bytes()));
    let output = node.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).unwrap();
    Some(lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

fn check(index: &Index, queries: &str, site: &Path) {
    let typed: Vec<&str> = queries.lines().filter(|line| !line.is_empty()).collect();
    let Some(answers) = browser(site, queries) else { return };
    assert_eq!(answers.len(), typed.len());
    for (typed, theirs) in typed.into_iter().zip(answers) {
        let query = Query::parse(typed);
        assert_eq!(theirs["read"], query.to_string(), "how `{typed}` is read");
        let ours = index.search(&query, 1_000_000).unwrap();
        assert_eq!(theirs["problems"], ours.problems.len(), "`{typed}` {:?}", ours.problems);
        let totals = [ours.findings, ours.events, ours.statements];
        assert_eq!(theirs["totals"], serde_json::json!(totals), "totals of `{typed}`");
        assert_eq!(theirs["matched"], serde_json::json!(ours.matched), "`{typed}`");
        assert_eq!(theirs["short"], serde_json::json!(ours.one_word_short), "`{typed}`");
        let mut urls = Vec::new();
        let mut texts = Vec::new();
        let mut begin = 0;
        for total in totals {
            let group = &ours.hits[begin..begin + total as usize];
            urls.extend(group.iter().take(10).map(|hit| hit.url.clone()));
            texts.extend(group.iter().take(10).map(|hit| hit.text.clone()));
            begin += total as usize;
        }
        assert_eq!(theirs["urls"], serde_json::json!(urls), "the order of `{typed}`");
        assert_eq!(theirs["texts"], serde_json::json!(texts), "the texts of `{typed}`");
    }
}

#[test]
fn the_browser_finds_what_the_index_finds() {
    assert!(QUERIES.lines().filter(|line| !line.is_empty()).count() >= 200);
    let dir = tempfile::tempdir().unwrap();
    let (index, site) = (dir.path().join("index"), dir.path().join("site"));
    let (mut histories, events) = common::small();
    histories.extend(common::many(6_000));
    common::index(&index, &histories, &events);
    let index = Index::open(&index).unwrap();
    export::write(&index, &site).unwrap();
    check(&index, QUERIES, &site);
}

#[test]
fn the_browser_finds_the_same_in_an_index_that_grew() {
    let dir = tempfile::tempdir().unwrap();
    let (path, site) = (dir.path().join("index"), dir.path().join("site"));
    let mut histories = common::many(1_500);
    let (small, events) = common::small();
    common::index(&path, &histories, &[]);
    export::write(&Index::open(&path).unwrap(), &site).unwrap();
    // Several segments and deleted documents: as an archive that is watched for a while.
    histories.extend(small);
    common::index(&path, &histories, &events);
    histories[0].statements.truncate(20);
    histories.remove(1);
    common::index(&path, &histories, &events);
    let index = Index::open(&path).unwrap();
    export::write(&index, &site).unwrap();
    check(
        &index,
        "sell\n\"never sell\"\ngone:\ncourier\nencr*\nas-of:2015 data\nservice:courier\n隐私\n",
        &site,
    );
}

#[test]
fn the_same_records_give_the_same_files() {
    let dir = tempfile::tempdir().unwrap();
    let histories = common::many(1_500);
    let files = |name: &str, steps: &[usize]| {
        let (path, site) = (dir.path().join(name), dir.path().join(format!("{name}-site")));
        for &step in steps {
            common::index(&path, &histories[..step], &[]);
            export::write(&Index::open(&path).unwrap(), &site).unwrap();
        }
        let mut files: Vec<(String, Vec<u8>)> = std::fs::read_dir(site.join(export::FOLDER))
            .unwrap()
            .map(|entry| entry.unwrap())
            .map(|entry| (entry.file_name().into_string().unwrap(), std::fs::read(entry.path()).unwrap()))
            .collect();
        files.sort();
        files
    };
    let all = histories.len();
    assert!(files("at once", &[all]) == files("in steps", &[3, all - 1, all]));
}

#[test]
fn a_real_index_is_searched_alike() {
    let Ok(path) = std::env::var("WALKBACK_INDEX") else {
        println!("skipped: WALKBACK_INDEX names no index");
        return;
    };
    let dir = tempfile::tempdir().unwrap();
    let index = Index::open(Path::new(&path)).unwrap();
    println!("{:?}", export::write(&index, dir.path()).unwrap());
    check(&index, QUERIES, dir.path());
}
