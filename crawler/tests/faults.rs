//! Every fault of the table, played on loopback and crawled: what is stored, and what it is called.
//! docs/faults.md is that table; `WALKBACK_BLESS=1 cargo test -p crawler --test faults` writes it anew.

use archive::Archive;
use crawler::address::Lookup;
use crawler::crawl::{Clock, crawl};
use crawler::pace::Pace;
use crawler::plan::{Due, Plan};
use crawler::replay::fault::{FAULTS, Fault, limits};
use crawler::replay::server::{Page, Reply, Request, Server};
use crawler::retry::Retry;
use crawler::settings::Settings;
use policy::capture::Capture;
use policy::id::PolicyId;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

fn settings() -> Settings {
    let table = [
        ("rebind.test", vec!["10.0.0.8".parse().unwrap()]),
        ("mixed.test", vec!["93.184.216.34".parse().unwrap(), "192.168.0.1".parse().unwrap()]),
    ];
    let table = table.into_iter().map(|(name, found)| (name.to_owned(), found)).collect();
    Settings {
        limits: limits(),
        pace: Pace::NONE,
        retry: Retry {
            tries: 2,
            first_wait: Duration::from_millis(50),
            longest_wait: Duration::from_secs(5),
        },
        hosts_at_once: FAULTS.len(),
        lookup: Lookup::Table(Arc::new(table)),
        ..Settings::default()
    }
}

/// Answers each host with the fault of that name, counting its turns.
fn play(turns: &Mutex<BTreeMap<String, u32>>, request: &Request) -> Reply {
    let name = request.host.split('.').next().unwrap_or("");
    let Some(fault) = FAULTS.iter().find(|fault| fault.name == name) else {
        return Page::new(404, "text/plain", "no such fault").into();
    };
    let mut turns = turns.lock().unwrap();
    let turn = turns.entry(name.to_owned()).or_default();
    let reply = fault.reply(request, *turn);
    if request.target != "/robots.txt" {
        *turn += 1;
    }
    reply
}

fn due(fault: &Fault, port: u16) -> Due {
    let url = fault.url(port);
    Due {
        policy: PolicyId::new("Faults", fault.name),
        source: url.clone(),
        url: url.parse().unwrap(),
        robots_override: None,
        validators: None,
    }
}

fn said(capture: &Capture) -> String {
    match capture.outcome.why() {
        "" => capture.outcome.key().to_owned(),
        why => format!("{}: {why}", capture.outcome.key()),
    }
}

#[test]
fn every_fault_is_named_and_stops_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    let turns = Arc::new(Mutex::new(BTreeMap::new()));
    let server = Server::start(1, Arc::new(move |request| play(&turns, request))).unwrap();
    let port = server.address().port();
    let plan = Plan { due: FAULTS.iter().map(|fault| due(fault, port)).collect(), resting: Vec::new() };

    let started = Instant::now();
    let mut last: BTreeMap<String, Capture> = BTreeMap::new();
    let clock = Clock::set("2026-05-08T12:00:00Z".parse().unwrap());
    let summary = crawl(&archive, &plan, &settings(), clock, |progress| {
        if progress.last {
            last.insert(progress.capture.policy.name.clone(), progress.capture.clone());
        }
    })
    .unwrap();
    let took = started.elapsed();

    let mut wrong = Vec::new();
    for fault in FAULTS {
        let capture = &last[fault.name];
        if said(capture) != fault.outcome {
            wrong.push(format!("{}: expected `{}`, got `{}`", fault.name, fault.outcome, said(capture)));
        }
        let stored = archive.facts(capture).unwrap().record.is_some();
        if stored != fault.stored {
            wrong.push(format!("{}: record kept: {stored}", fault.name));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), FAULTS.len(), wrong.join("\n"));
    assert_eq!(summary.outcomes.values().sum::<usize>(), FAULTS.len());
    assert!(!summary.offline);
    // Slow enough for a busy machine; without limits the table would take for ever.
    assert!(took < Duration::from_secs(60), "took {took:?}");
}

#[test]
fn the_page_on_faults_is_the_table() {
    let mut rows =
        String::from("| case | the server … | record kept | capture is called |\n|---|---|---|---|\n");
    for fault in FAULTS {
        let kept = if fault.stored { "yes" } else { "no" };
        rows.push_str(&format!(
            "| `{}` | {} | {kept} | `{}` |\n",
            fault.name,
            fault.does,
            fault.outcome.replace('`', "'")
        ));
    }
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/faults.md");
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    let (before, rest) = page.split_once("<!-- table -->\n").expect("docs/faults.md has its marks");
    let (table, after) = rest.split_once("<!-- end of table -->").expect("docs/faults.md has its marks");
    if std::env::var_os("WALKBACK_BLESS").is_some() {
        let page = format!("{before}<!-- table -->\n{rows}<!-- end of table -->{after}");
        std::fs::write(&path, page).unwrap();
        return;
    }
    assert_eq!(table, rows, "docs/faults.md is not the table: run with WALKBACK_BLESS=1");
}

#[test]
fn names_are_hosts() {
    let mut names: Vec<&str> = FAULTS.iter().map(|fault| fault.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), FAULTS.len());
    assert!(
        names
            .iter()
            .all(|name| name.len() < 64 && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-'))
    );
}
