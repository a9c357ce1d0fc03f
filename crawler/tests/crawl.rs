//! The crawl against servers on loopback: what is asked, how often, and what is remembered.

use archive::Archive;
use chrono::{DateTime, TimeDelta, Utc};
use crawler::address::Lookup;
use crawler::crawl::{Clock, Summary, crawl, seen};
use crawler::pace::Pace;
use crawler::plan::{Choice, Plan, plan};
use crawler::replay::server::{Page, Request, Server};
use crawler::retry::Retry;
use crawler::settings::Settings;
use policy::declaration::Declarations;
use policy::id::PolicyId;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

const TEXT: &str = "<title>Privacy</title><main><p>We do not sell your data.</p></main>";

fn settings() -> Settings {
    Settings {
        contact: Some("https://example.org/bot".to_owned()),
        pace: Pace::NONE,
        retry: Retry {
            tries: 3,
            first_wait: Duration::from_millis(10),
            longest_wait: Duration::from_secs(5),
        },
        lookup: Lookup::Table(Arc::new(BTreeMap::new())),
        ..Settings::default()
    }
}

/// A server that notes what it was asked for, robots.txt aside.
struct Noted {
    server: Server,
    asked: Arc<Mutex<Vec<Request>>>,
}

impl Noted {
    fn start(answer: impl Fn(&Request) -> Page + Send + Sync + 'static) -> Self {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let note = Arc::clone(&asked);
        let script = move |request: &Request| {
            if request.target != "/robots.txt" {
                note.lock().unwrap().push(request.clone());
            }
            answer(request).into()
        };
        Self { server: Server::start(1, Arc::new(script)).unwrap(), asked }
    }

    fn declarations(&self, policies: &[(&str, &str)], more: &str) -> Declarations {
        let terms: Vec<String> = policies
            .iter()
            .map(|(name, path)| {
                format!(
                    r#""{name}": {{"fetch": "http://{}{path}", "select": "main"{more}}}"#,
                    self.server.address()
                )
            })
            .collect();
        declared(&format!(r#"{{"name": "Courier", "terms": {{{}}}}}"#, terms.join(",")))
    }

    fn asked(&self) -> Vec<Request> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

fn declared(json: &str) -> Declarations {
    let (declarations, errors) = Declarations::parse([("Courier.json".to_owned(), json.to_owned())]);
    assert!(errors.is_empty(), "{errors:?}");
    declarations
}

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn run(archive: &Archive, declarations: &Declarations, now: DateTime<Utc>, settings: &Settings) -> Summary {
    let plan = planned(archive, declarations, now, settings);
    crawl(archive, &plan, settings, Clock::set(now), |_| {}).unwrap()
}

fn planned(archive: &Archive, declarations: &Declarations, now: DateTime<Utc>, settings: &Settings) -> Plan {
    plan(declarations, &Choice::default(), settings, now, |policy, source| {
        seen(archive, policy, source).unwrap()
    })
}

fn archive() -> (tempfile::TempDir, Archive) {
    let dir = tempfile::tempdir().unwrap();
    let archive = Archive::open(dir.path()).unwrap();
    (dir, archive)
}

#[test]
fn a_page_is_asked_for_if_changed_and_once_a_week_whole() {
    // The ETag never changes, whatever the page says.
    let version = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&version);
    let site = Noted::start(move |request| match request.target.as_str() {
        "/robots.txt" => Page::new(404, "text/plain", ""),
        _ => Page::html(format!("{TEXT}<p>{}", shown.load(Ordering::SeqCst)))
            .with("ETag", "\"always\"")
            .unless_known(request),
    });
    let declarations = site.declarations(&[("Privacy Policy", "/privacy")], "");
    let (_dir, archive) = archive();
    let day = |n| at("2026-05-01T06:00:00Z") + TimeDelta::days(n);

    assert_eq!(run(&archive, &declarations, day(0), &settings()).to_string(), "1 fetched");
    assert_eq!(site.asked()[0].header("if-none-match"), None);

    version.store(1, Ordering::SeqCst);
    for n in 1..6 {
        assert_eq!(run(&archive, &declarations, day(n), &settings()).to_string(), "1 unchanged", "day {n}");
        assert_eq!(site.asked()[0].header("if-none-match"), Some("\"always\""));
    }
    assert_eq!(run(&archive, &declarations, day(7), &settings()).to_string(), "1 fetched");
    assert_eq!(site.asked()[0].header("if-none-match"), None);

    let policy = archive.captured_policies().unwrap().remove(0);
    let captures = archive.captures(&policy).unwrap();
    assert_eq!(captures.len(), 7);
    assert_ne!(captures[0].digest, captures[6].digest);
}

#[test]
fn a_304_for_another_etag_is_not_believed() {
    let site = Noted::start(|request| match request.header("if-none-match") {
        _ if request.target == "/robots.txt" => Page::new(404, "text/plain", ""),
        Some(_) => Page { status: 304, ..Page::html("").with("ETag", "\"2\"") },
        None => Page::html(TEXT).with("ETag", "\"1\""),
    });
    let declarations = site.declarations(&[("Privacy Policy", "/privacy")], "");
    let (_dir, archive) = archive();
    run(&archive, &declarations, at("2026-05-01T06:00:00Z"), &settings());
    site.asked();
    let summary = run(&archive, &declarations, at("2026-05-02T06:00:00Z"), &settings());
    assert_eq!(summary.to_string(), "1 unchanged");
    assert_eq!(summary.captures, 2, "the disbelieved answer is a capture too");
    let asked = site.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[1].header("if-none-match"), None);
}

#[test]
fn validators_are_sent_only_to_the_url_that_gave_them() {
    let moved = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&moved);
    let site = Noted::start(move |request| match request.target.as_str() {
        "/robots.txt" => Page::new(404, "text/plain", ""),
        "/privacy" if shown.load(Ordering::SeqCst) == 1 => {
            Page::new(301, "text/html", "").with("Location", "/new")
        }
        _ => Page::html(TEXT).with("Last-Modified", "Fri, 01 May 2026 00:00:00 GMT").unless_known(request),
    });
    let declarations = site.declarations(&[("Privacy Policy", "/privacy")], "");
    let (_dir, archive) = archive();
    run(&archive, &declarations, at("2026-05-01T06:00:00Z"), &settings());
    moved.store(1, Ordering::SeqCst);
    site.asked();
    run(&archive, &declarations, at("2026-05-02T06:00:00Z"), &settings());
    let asked = site.asked();
    assert!(asked[0].header("if-modified-since").is_some());
    assert_eq!(asked[1].target, "/new");
    assert_eq!(asked[1].header("if-modified-since"), None);
    let policy = archive.captured_policies().unwrap().remove(0);
    let last = archive.captures(&policy).unwrap().pop().unwrap();
    let redirects = archive.facts(&last).unwrap().redirects;
    assert_eq!(redirects.len(), 1);
    assert!(redirects[0].to.ends_with("/new") && last.url.ends_with("/new"));
}

#[test]
fn a_request_says_who_asks_and_nothing_more() {
    let site = Noted::start(|_| Page::html(TEXT).with("Set-Cookie", "id=secret"));
    let declarations =
        site.declarations(&[("Privacy Policy", "/privacy"), ("Terms of Service", "/terms")], "");
    let (_dir, archive) = archive();
    run(&archive, &declarations, at("2026-05-01T06:00:00Z"), &settings());
    let asked = site.asked();
    assert_eq!(asked.len(), 2);
    for request in asked {
        let agent = request.header("user-agent").unwrap();
        assert!(agent.starts_with("Walkback/") && agent.ends_with("(+https://example.org/bot)"), "{agent}");
        for never in ["cookie", "referer", "authorization"] {
            assert_eq!(request.header(never), None);
        }
    }
}

#[test]
fn robots_is_obeyed_asked_for_once_and_overridden_only_by_a_declaration() {
    let robots = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&robots);
    let site = Noted::start(move |request| match request.target.as_str() {
        "/robots.txt" => {
            count.fetch_add(1, Ordering::SeqCst);
            Page::new(200, "text/plain", "User-agent: *\nDisallow: /")
        }
        _ => Page::html(TEXT),
    });
    let policies = [("Privacy Policy", "/privacy"), ("Terms of Service", "/terms")];
    let (_dir, archive) = archive();
    let now = at("2026-05-01T06:00:00Z");
    let summary = run(&archive, &site.declarations(&policies, ""), now, &settings());
    assert_eq!(summary.to_string(), "2 refused");
    assert_eq!((robots.load(Ordering::SeqCst), site.asked().len()), (1, 0));

    let more = r#", "robots": {"ignore": true, "reason": "the operator agreed in writing"}"#;
    let declarations = site.declarations(&policies, more);
    assert_eq!(run(&archive, &declarations, now + TimeDelta::days(1), &settings()).to_string(), "2 fetched");
    assert_eq!(robots.load(Ordering::SeqCst), 1, "not even asked for");
    let policy = archive.captured_policies().unwrap().remove(0);
    let last = archive.captures(&policy).unwrap().pop().unwrap();
    assert_eq!(archive.facts(&last).unwrap().notes["robots"], "not heeded: the operator agreed in writing");
}

#[test]
fn when_robots_cannot_be_had_the_last_copy_counts_for_a_while() {
    let busy = Arc::new(AtomicUsize::new(0));
    let status = Arc::clone(&busy);
    let site = Noted::start(move |request| match (request.target.as_str(), status.load(Ordering::SeqCst)) {
        ("/robots.txt", 0) => Page::new(200, "text/plain", "User-agent: *\nDisallow: /terms"),
        ("/robots.txt", status) => Page::new(status as u16, "text/plain", "not now"),
        _ => Page::html(TEXT),
    });
    let declarations =
        site.declarations(&[("Privacy Policy", "/privacy"), ("Terms of Service", "/terms")], "");
    let (_dir, archive) = archive();
    let first = at("2026-05-01T06:00:00Z");
    let on_day = |day: i64, answer: usize| {
        busy.store(answer, Ordering::SeqCst);
        run(&archive, &declarations, first + TimeDelta::days(day), &settings()).to_string()
    };
    assert_eq!(on_day(0, 0), "1 fetched, 1 refused");
    assert_eq!(on_day(1, 503), "1 unchanged, 1 refused", "as the copy says");
    assert_eq!(on_day(2, 429), "2 refused", "a wish to be left alone is heeded");
    assert_eq!(on_day(4, 503), "2 refused", "the copy is too old");
    let policy = PolicyId::new("Courier", "Privacy Policy");
    let captures = archive.captures(&policy).unwrap();
    let note = &archive.facts(&captures[1]).unwrap().notes["robots"];
    assert_eq!(note, "the copy of 2026-05-01T06:00:00Z was heeded: robots.txt answered 503");
    assert_eq!(captures[3].outcome.why(), "robots.txt answered 503, which means no (RFC 9309)");
}

#[test]
fn a_host_gets_its_rest_between_requests() {
    let times = Arc::new(Mutex::new(Vec::new()));
    let note = Arc::clone(&times);
    let site = Noted::start(move |_| {
        note.lock().unwrap().push(Instant::now());
        Page::html(TEXT)
    });
    let policies = [("Privacy Policy", "/privacy"), ("Terms of Service", "/terms"), ("FAQ", "/faq")];
    let (_dir, archive) = archive();
    let gap = Duration::from_millis(60);
    let settings = Settings { pace: Pace { gap, longest_gap: gap }, ..settings() };
    run(&archive, &site.declarations(&policies, ""), at("2026-05-01T06:00:00Z"), &settings);
    let times = times.lock().unwrap();
    assert_eq!(times.len(), 4, "robots.txt and three pages");
    assert!(times.windows(2).all(|pair| pair[1] - pair[0] >= gap), "{times:?}");
}

#[test]
fn a_host_that_asks_for_an_hour_is_left_alone() {
    let site = Noted::start(|request| match request.target.as_str() {
        "/robots.txt" => Page::new(404, "text/plain", ""),
        _ => Page::new(429, "text/plain", "").with("Retry-After", "3600"),
    });
    let policies = [("Privacy Policy", "/privacy"), ("Terms of Service", "/terms"), ("FAQ", "/faq")];
    let (_dir, archive) = archive();
    let summary = run(&archive, &site.declarations(&policies, ""), at("2026-05-01T06:00:00Z"), &settings());
    assert_eq!(summary.to_string(), "3 failed");
    assert_eq!(site.asked().len(), 1);
}

#[test]
fn a_machine_without_a_network_says_so_at_once() {
    let terms: Vec<String> =
        (0..40).map(|n| format!(r#""Policy {n}": {{"fetch": "https://host-{n}.test/privacy"}}"#)).collect();
    let declarations = declared(&format!(r#"{{"name": "Courier", "terms": {{{}}}}}"#, terms.join(",")));
    let (_dir, archive) = archive();
    let started = Instant::now();
    let patient = Settings { retry: Retry::default(), ..settings() };
    let summary = run(&archive, &declarations, at("2026-05-01T06:00:00Z"), &patient);
    assert!(summary.offline);
    assert_eq!(summary.to_string(), "40 failed");
    assert_eq!(summary.captures, 40, "no second tries");
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
}

#[test]
fn one_host_that_is_gone_is_no_lost_network() {
    let site = Noted::start(|_| Page::html(TEXT));
    let declarations = declared(&format!(
        r#"{{"name": "Courier", "terms": {{"Privacy Policy": {{"fetch": "http://{}/privacy"}}}}}}"#,
        site.server.address()
    ));
    let (_dir, archive) = archive();
    let summary = run(&archive, &declarations, at("2026-05-01T06:00:00Z"), &settings());
    assert!(!summary.offline);
    assert_eq!(summary.to_string(), "1 fetched");
}
