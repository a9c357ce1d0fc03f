//! The questions people come with, asked of the built site: each must be answered at most two clicks from
//! the search page or the home page.
//!
//! The events and declarations are those the project ships. The histories of two services that do not exist
//! are imported from a repository made on the spot, for the questions that only a history answers.

use chrono::NaiveDate;
use policy::board::board;
use policy::event::{Event, EventDate, Scope, State};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

struct Site {
    /// Holds data, repository and site until the test ends.
    _folder: tempfile::TempDir,
    data: PathBuf,
    public: PathBuf,
}

fn walkback(data: &Path, args: &[&str]) -> Output {
    let output = Command::new(env!("CARGO_BIN_EXE_walkback"))
        .arg("--data")
        .arg(data)
        .args(args)
        .output()
        .expect("walkback starts");
    assert!(
        output.status.success(),
        "walkback {args:?}: {}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

fn git(repository: &Path, args: &[&str], date: &str) {
    let status = Command::new("git")
        .arg("-C")
        .arg(repository)
        .args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "commit.gpgsign=false"])
        .args(args)
        .env("GIT_AUTHOR_DATE", date)
        .env("GIT_COMMITTER_DATE", date)
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .expect("git runs");
    assert!(status.success(), "git {args:?}");
}

/// A versions repository in which a no-sale promise and a promise about warrants are taken back.
fn histories(repository: &Path) {
    let filler: String = (0..30)
        .map(|n| {
            format!(
                "Section {n} of this document explains how parcels of size {n} travel between our depots.\n\n"
            )
        })
        .collect();
    let sale =
        ["We never sell your personal data to anyone.", "We may sell your personal data to our partners."];
    let warrant = [
        "We never hand over the content of your letters to the police without a warrant.",
        "We may hand over the content of your letters to the police when they ask for it.",
    ];
    std::fs::create_dir_all(repository.join("Courier")).unwrap();
    git(repository, &["init", "-q"], "2024-01-01T00:00:00Z");
    for (step, date) in ["2024-03-01T10:00:00Z", "2025-06-10T10:00:00Z"].into_iter().enumerate() {
        for (name, promise) in [("Privacy Policy", sale[step]), ("Law Enforcement Guidelines", warrant[step])]
        {
            let text = format!("# {name}\n\n{promise}\n\n{filler}");
            std::fs::write(repository.join(format!("Courier/{name}.md")), text).unwrap();
            git(repository, &["add", "-A"], date);
            let subject = ["First record of", "Record new changes of"][step];
            git(repository, &["commit", "-q", "-m", &format!("{subject} Courier {name}")], date);
        }
    }
}

fn site() -> Site {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("data");
    for part in ["declarations", "events", "promises"] {
        std::fs::create_dir_all(data.join(part)).unwrap();
        for entry in std::fs::read_dir(shipped.join(part)).unwrap() {
            let path = entry.unwrap().path();
            std::fs::copy(&path, data.join(part).join(path.file_name().unwrap())).unwrap();
        }
    }
    let repository = folder.path().join("versions");
    histories(&repository);
    walkback(&data, &["import", "ota-versions", repository.to_str().unwrap()]);
    walkback(&data, &["derive"]);
    let public = folder.path().join("public");
    walkback(&data, &["build", "--out", public.to_str().unwrap()]);
    Site { _folder: folder, data, public }
}

/// A page's words: without tags, in lower case, white space folded.
fn words(html: &str) -> String {
    let mut text = String::new();
    let mut inside = false;
    for c in html.chars() {
        match c {
            '<' => inside = true,
            '>' => {
                inside = false;
                text.push(' ');
            }
            c if !inside => text.extend(c.to_lowercase()),
            _ => {}
        }
    }
    let text = text.replace("&amp;", "&").replace("&#x27;", "'").replace("&quot;", "\"");
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Site {
    fn page(&self, url: &str) -> String {
        let url = url.split(['#', '?']).next().unwrap_or_default();
        let path =
            if url.is_empty() || url.ends_with('/') { format!("{url}index.html") } else { url.to_owned() };
        std::fs::read_to_string(self.public.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// The pages that links on a page lead to, one click away.
    fn links(&self, url: &str) -> BTreeSet<String> {
        let html = self.page(url);
        html.split("href=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .filter(|href| !href.contains(':') && !href.starts_with('#'))
            .map(|href| resolve(url, href))
            .collect()
    }

    /// Types the question, follows one of the first five hits, and reads.
    fn search_answers(&self, query: &str, expected: &[&str]) {
        let output = walkback(&self.data, &["search", query, "--limit", "5", "--json"]);
        let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let hits = answer["hits"].as_array().expect("hits");
        let urls: Vec<&str> = hits.iter().filter_map(|hit| hit["url"].as_str()).collect();
        let found = urls.iter().any(|url| {
            let text = words(&self.page(url));
            expected.iter().all(|word| text.contains(&word.to_lowercase()))
        });
        assert!(found, "`{query}`: none of {urls:?} says {expected:?}");
    }

    /// Follows a link from the home page and reads.
    fn home_leads_to(&self, url: &str, expected: &[&str]) {
        assert!(url.is_empty() || self.links("").contains(url), "home does not link to {url}");
        let text = words(&self.page(url));
        for word in expected {
            assert!(text.contains(&word.to_lowercase()), "{url} does not say `{word}`");
        }
    }
}

/// What stands between two marks, first found.
fn between<'a>(text: &'a str, from: &str, to: &str) -> Option<&'a str> {
    let rest = &text[text.find(from)? + from.len()..];
    Some(&rest[..rest.find(to)?])
}

/// The services that encrypt groups by default on that day, as a reader of the board's steps finds them: the
/// newest step that is certain by then counts.
fn groups_by_default(page: &str, day: NaiveDate) -> BTreeSet<String> {
    let mut told = BTreeSet::new();
    let mut by_default = BTreeSet::new();
    for row in page.split("<tr><td>").skip(1).filter(|row| row.contains("<td>groups</td>")) {
        let since: EventDate = between(row, "datetime=\"", "\"").expect("a date").parse().expect("a date");
        let service = between(row, "<bdi>", "</bdi>").expect("a service").to_owned();
        if since.last_day() <= day && told.insert(service.clone()) && row.contains("class=\"b-default\"") {
            by_default.insert(service);
        }
    }
    by_default
}

fn shipped_events() -> Vec<Event> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("data/events");
    let read = |path: PathBuf| {
        let text = std::fs::read_to_string(&path).unwrap();
        Event::parse(path.file_name().unwrap().to_str().unwrap(), &text).unwrap()
    };
    std::fs::read_dir(folder).unwrap().map(|entry| read(entry.unwrap().path())).collect()
}

fn resolve(from: &str, href: &str) -> String {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in href.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    parts.join("/").split(['#', '?']).next().unwrap_or_default().to_owned()
}

#[test]
fn the_site_answers_in_two_clicks() {
    let site = site();

    // When did Instagram's opt-in encryption end, and who says otherwise?
    site.search_answers(
        "when did instagram opt-in encryption end",
        &["8 May 2026", "early 2024", "We do not follow this"],
    );
    // What did Meta promise for Instagram in 2019, 2022, 2023?
    site.search_answers("meta instagram encryption year:2019", &["6 March 2019", "end-to-end"]);
    site.search_answers("meta instagram encryption year:2022", &["2022", "Instagram", "default"]);
    site.search_answers("instagram encryption year:2023", &["2023", "Instagram", "opt"]);
    // What reason was given?
    site.search_answers("instagram encryption reason", &["few"]);
    // Which services encrypt groups by default today? Which did in 2020?
    site.home_leads_to("", &["Groups", "By default", "Signal"]);
    site.home_leads_to("board/", &["2020", "groups", "By default"]);
    let events = shipped_events();
    for day in ["2020-01-01", "2026-06-01"] {
        let day: NaiveDate = day.parse().unwrap();
        let shown = groups_by_default(&site.page("board/"), day);
        let known = board(&events, day);
        let known: BTreeSet<String> =
            known.services_with(Scope::Groups, State::Default).into_iter().map(str::to_owned).collect();
        assert_eq!(shown, known, "groups encrypted by default on {day}");
        assert!(shown.contains("Signal") && !shown.contains("Telegram"), "{shown:?}");
    }
    // What changed for Messenger in December 2023?
    site.search_answers("messenger default encryption december 2023", &["6 December 2023", "by default"]);
    // Until when could platforms in the EU scan voluntarily under the temporary derogation?
    site.search_answers("EU temporary derogation voluntary scanning", &["3 April 2026"]);
    // And since?
    site.search_answers("voluntary scanning EU law until 2028", &["31 July 2026", "3 April 2028"]);
    // Who has reversed a no-sale promise?
    site.search_answers(
        "kind:reversal topic:data_sale",
        &["Courier", "We never sell your personal data to anyone"],
    );
    site.search_answers("firefox never sell promise", &["Firefox", "26 February 2025"]);
    // What does the law-enforcement guideline of a service say now, and before?
    site.search_answers(
        "police warrant letters service:Courier",
        &["We never hand over the content of your letters", "We may hand over the content of your letters"],
    );
    // What takes effect next month?
    site.home_leads_to("", &["Takes effect next"]);
    let home = site.page("");
    let upcoming = between(&home, "id=\"upcoming\"", "</section>").expect("a section");
    let event = between(upcoming, "href=\"events/", "\"").expect("something takes effect");
    assert!(
        upcoming.contains("<time datetime=\"") && words(&site.page(&format!("events/{event}"))).len() > 100
    );
    // Where do I subscribe to encryption changes of one service?
    site.home_leads_to("subscribe/", &["Instagram", "Encryption"]);
    for feed in ["feeds/service/instagram.atom", "feeds/topic/encryption.atom", "feeds/all.ics"] {
        assert!(site.links("subscribe/").contains(feed), "subscribe/ does not offer {feed}");
        assert!(site.public.join(feed).exists(), "{feed} was not built");
    }
}

#[test]
fn search_and_feeds_carry_events_beside_findings() {
    let site = site();
    let output = walkback(&site.data, &["search", "reversal topic:data_sale", "--limit", "20", "--json"]);
    let answer: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let urls: Vec<&str> =
        answer["hits"].as_array().unwrap().iter().filter_map(|hit| hit["url"].as_str()).collect();
    assert!(urls.iter().any(|url| url.starts_with("findings/")), "{urls:?}");
    assert!(urls.iter().any(|url| url.starts_with("events/")), "{urls:?}");

    for feed in ["all.atom", "all.json", "topic/data-sale.atom", "topic/data-sale.json"] {
        let text = std::fs::read_to_string(site.public.join("feeds").join(feed)).unwrap();
        assert!(text.contains("/findings/wb-"), "{feed} holds no finding");
        assert!(text.contains("/events/"), "{feed} holds no event");
    }
    // One service: its events are there although no page of it was ever captured.
    let instagram = std::fs::read_to_string(site.public.join("feeds/service/instagram.atom")).unwrap();
    assert!(instagram.contains("/events/2026-05-08-instagram-encryption-ends/"), "{instagram}");
    // What takes effect goes into the calendar on its day.
    let calendar = std::fs::read_to_string(site.public.join("feeds/all.ics")).unwrap();
    assert!(calendar.contains("DTSTART;VALUE=DATE:20261210"), "Australia's law is not in the calendar");
}

/// After an update that writes histories otherwise there are none: nobody is shown an empty archive as if
/// it were all there is, and the site is built from what the archive holds.
#[test]
fn lost_histories_are_named_and_made_again() {
    let site = site();
    let home = site.page("");
    let archive = site.data.join("archive");
    let lose = || {
        for file in ["derived.sqlite", "derived.sqlite-wal", "derived.sqlite-shm"] {
            let _ = std::fs::remove_file(archive.join(file));
        }
    };
    let told =
        "2 policies have no history yet, being new or from before an update: `walkback derive` makes it";
    lose();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let stats = text(&walkback(&site.data, &["stats"]).stdout);
    assert!(stats.contains(told), "{stats}");
    let json: serde_json::Value =
        serde_json::from_slice(&walkback(&site.data, &["--json", "stats"]).stdout).unwrap();
    assert_eq!(json["policies_without_history"], 2);
    let findings = text(&walkback(&site.data, &["-q", "findings"]).stderr);
    assert!(findings.contains(told), "{findings}");

    let public = site.public.with_file_name("again");
    walkback(&site.data, &["-q", "build", "--out", public.to_str().unwrap()]);
    assert_eq!(std::fs::read_to_string(public.join("index.html")).unwrap(), home);
    let stats = text(&walkback(&site.data, &["stats"]).stdout);
    assert!(!stats.contains("no history"), "{stats}");
}
