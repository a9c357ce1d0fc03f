//! The questions people come with, asked of the built site: each must be answered at most two clicks from
//! the search page or the home page.
//!
//! The events and declarations are those the project ships. The histories of two services that do not exist
//! are imported from a repository made on the spot, for the questions that only a history answers.

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
    // What changed for Messenger in December 2023?
    site.search_answers("messenger default encryption december 2023", &["6 December 2023", "by default"]);
    // Until when could platforms in the EU scan voluntarily under the temporary derogation?
    site.search_answers("EU temporary derogation voluntary scanning", &["3 April 2026"]);
    // Who has reversed a no-sale promise?
    site.search_answers(
        "kind:reversal topic:data_sale",
        &["Courier", "We never sell your personal data to anyone"],
    );
    // What does the law-enforcement guideline of a service say now, and before?
    site.search_answers(
        "police warrant letters service:Courier",
        &["We never hand over the content of your letters", "We may hand over the content of your letters"],
    );
    // What takes effect next month?
    site.home_leads_to("", &["Takes effect next"]);
    // Where do I subscribe to encryption changes of one service?
    site.home_leads_to("subscribe/", &["Instagram", "Encryption"]);
    for feed in ["feeds/service/instagram.atom", "feeds/topic/encryption.atom", "feeds/all.ics"] {
        assert!(site.links("subscribe/").contains(feed), "subscribe/ does not offer {feed}");
        assert!(site.public.join(feed).exists(), "{feed} was not built");
    }
}
