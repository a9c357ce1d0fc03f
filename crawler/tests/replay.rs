//! Recorded pages, served again as of an instant and crawled: out of our own WARC files, out of a
//! git history made here, and out of a real one where it lies at hand.

use archive::Archive;
use chrono::{DateTime, TimeDelta, Utc};
use crawler::address::Lookup;
use crawler::crawl::{Clock, crawl, seen};
use crawler::pace::Pace;
use crawler::plan::{Choice, plan};
use crawler::replay::recorded::Recorded;
use crawler::replay::server::{Script, Server};
use crawler::retry::Retry;
use crawler::settings::Settings;
use policy::declaration::Declarations;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Mutex, OnceLock};

fn settings() -> Settings {
    Settings {
        pace: Pace::NONE,
        retry: Retry::NEVER,
        lookup: Lookup::Table(Arc::default()),
        ..Settings::default()
    }
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// Crawls the record at each instant by these declarations, and says what came of it.
fn tour(
    archive: &Archive,
    recorded: Recorded,
    files: &[(String, String)],
    instants: &[DateTime<Utc>],
) -> Vec<String> {
    let now = Arc::new(Mutex::new(instants[0]));
    // The port is part of the declarations that the record rewrites, so the server comes first.
    let slot: Arc<OnceLock<Script>> = Arc::default();
    let script = Arc::clone(&slot);
    let server = Server::start(1, Arc::new(move |request| script.get().unwrap()(request))).unwrap();
    let port = server.address().port();
    let local: Vec<(String, String)> = files
        .iter()
        .filter_map(|(name, json)| Some((name.clone(), recorded.declaration(json, port)?)))
        .collect();
    let (declarations, errors) = Declarations::parse(local);
    assert!(errors.is_empty(), "{errors:?}");
    assert!(slot.set(recorded.script(Arc::clone(&now))).is_ok());
    let mut said = Vec::new();
    for &instant in instants {
        *now.lock().unwrap() = instant;
        let plan = plan(&declarations, &Choice::default(), &settings(), instant, |policy, source| {
            seen(archive, policy, source).unwrap()
        });
        said.push(crawl(archive, &plan, &settings(), Clock::Stopped(instant), |_| {}).unwrap().to_string());
    }
    said
}

fn git(dir: &Path, date: &str, arguments: &[&str]) {
    let status = Command::new("git")
        .arg("-C")
        .arg(dir)
        .args(["-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"])
        .args(arguments)
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(status.success(), "git {arguments:?}");
}

const DECLARATION: &str = r#"{"name": "Courier", "terms": {"Privacy Policy": {"fetch": "https://www.courier.example/privacy?v=1", "select": "main"}}}"#;

/// A snapshots repository with three pages on three days, and the days.
fn history(dir: &Path) -> Vec<DateTime<Utc>> {
    git(dir, "2026-01-01T00:00:00Z", &["init", "-q"]);
    let folder = dir.join("Courier");
    std::fs::create_dir(&folder).unwrap();
    let days = ["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-03-01T00:00:00Z"];
    for (number, day) in days.iter().enumerate() {
        let text = if number == 1 { "We may sell your data." } else { "We do not sell your data." };
        std::fs::write(folder.join("Privacy Policy.html"), format!("<main><p>{text}</p></main>")).unwrap();
        git(dir, day, &["add", "-A"]);
        let message = "Record\n\nX-source-document-location: https://www.courier.example/privacy?v=1";
        git(dir, day, &["commit", "-q", "-m", message]);
    }
    days.iter().map(|day| at(day)).collect()
}

#[test]
fn a_git_history_is_crawled_as_of_each_day_and_so_is_the_warc_that_came_of_it() {
    let repository = tempfile::tempdir().unwrap();
    let days = history(repository.path());
    let files = [("Courier.json".to_owned(), DECLARATION.to_owned())];
    let first = tempfile::tempdir().unwrap();
    let archive = Archive::open(first.path()).unwrap();
    let recorded = Recorded::git(&repository.path().display().to_string()).unwrap();
    assert_eq!(recorded.span(), (days[0], days[2]));
    let before = days[0] - TimeDelta::days(1);
    let instants = [before, days[0], days[0] + TimeDelta::days(5), days[1], days[2]];
    let said = tour(&archive, recorded, &files, &instants);
    assert_eq!(said, ["1 gone", "1 fetched", "1 unchanged", "1 fetched", "1 fetched"]);

    // Our own WARC, replayed, gives the same days again.
    let policy = archive.captured_policies().unwrap().remove(0);
    let source = archive.captures(&policy).unwrap()[0].source.clone();
    let files = [(
        "Courier.json".to_owned(),
        DECLARATION.replace("https://www.courier.example/privacy?v=1", &source),
    )];
    let second = tempfile::tempdir().unwrap();
    let copy = Archive::open(second.path()).unwrap();
    let said = tour(&copy, Recorded::warc(&segments(first.path())).unwrap(), &files, &instants[1..]);
    assert_eq!(said, ["1 fetched", "1 unchanged", "1 fetched", "1 fetched"]);
    let payloads = |archive: &Archive| {
        let policy = archive.captured_policies().unwrap().remove(0);
        let captures = archive.captures(&policy).unwrap();
        captures.into_iter().filter(|c| c.outcome.saw_document()).map(|c| c.digest).collect::<Vec<_>>()
    };
    assert_eq!(payloads(&copy), payloads(&archive));
}

/// The WARC files below a folder.
fn segments(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(segments(&path));
        } else if path.to_string_lossy().contains(".warc") {
            found.push(path);
        }
    }
    found.sort();
    found
}

#[test]
fn what_holds_no_pages_is_named() {
    let repository = tempfile::tempdir().unwrap();
    git(repository.path(), "2026-01-01T00:00:00Z", &["init", "-q"]);
    git(repository.path(), "2026-01-01T00:00:00Z", &["commit", "-q", "--allow-empty", "-m", "Start"]);
    assert!(Recorded::git(&repository.path().display().to_string()).is_err());
    assert!(Recorded::warc(&[PathBuf::from("/nowhere.warc.gz")]).is_err());
}

/// Real captures, of real services, through HTTP.
#[test]
fn a_real_history_is_crawled() {
    let shared = std::env::var_os("WALKBACK_SHARED").map(PathBuf::from);
    let shared = shared.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared"));
    let bundle = shared.join("history/demo-snapshots.bundle");
    if !bundle.exists() {
        println!("skipped: no {}", bundle.display());
        return;
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(shared.join("declarations/demo")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if name.ends_with(".json") && !name.ends_with(".history.json") {
            files.push((name, std::fs::read_to_string(&path).unwrap()));
        }
    }
    let recorded = Recorded::git(&bundle.display().to_string()).unwrap();
    let (_, last) = recorded.span();
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let said = tour(&archive, recorded, &files, &[last - TimeDelta::days(30), last]);
    println!("{said:?}");
    let policies = archive.captured_policies().unwrap();
    assert!(policies.len() >= 15, "{policies:?}");
    for policy in policies {
        for capture in archive.captures(&policy).unwrap() {
            // One of these pages sends its readers to a host that was not recorded.
            let sent_away = capture.source.contains("accessibility");
            assert!(capture.outcome.saw_document() || sent_away, "{policy}: {:?}", capture.outcome);
        }
    }
}
