//! The bundled demonstration: three services that do not exist, seen on nine days.
//!
//! The pages and what happens to them stand in `crawler/demo/`; here they become a script for the
//! replay server, and the declarations to crawl it by. A reconstruction, and labelled as one: the
//! texts are ours.

use crate::address::Lookup;
use crate::crawl::{Clock, CrawlError, Summary, crawl, seen};
use crate::pace::Pace;
use crate::plan::{Choice, plan};
use crate::replay::server::{Page, Reply, Request, Script, Server};
use crate::retry::Retry;
use crate::settings::Settings;
use archive::{Archive, ReadError};
use chrono::{DateTime, NaiveDate, Utc};
use policy::declaration::{DeclarationError, Declarations};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, PoisonError};

/// The files of `crawler/demo/`.
const FILES: [(&str, &str); 6] = [
    ("parley-encryption.html", include_str!("../demo/parley-encryption.html")),
    ("parley-privacy.html", include_str!("../demo/parley-privacy.html")),
    ("lanternpost-privacy.html", include_str!("../demo/lanternpost-privacy.html")),
    ("tally-privacy.html", include_str!("../demo/tally-privacy.html")),
    ("tally-privacy-eu.html", include_str!("../demo/tally-privacy-eu.html")),
    ("wall.html", include_str!("../demo/wall.html")),
];

/// The demonstration could not be read: a fault of the program, which a test catches.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    #[error("cannot read the script of the demonstration")]
    Script(#[from] toml::de::Error),
    #[error("`{page}` on {on}: `{missing}` stands {count} times in the page, not once")]
    Text { page: String, on: NaiveDate, missing: String, count: usize },
    #[error("the demonstration has no file `{0}`")]
    File(String),
    #[error("cannot serve the demonstration on 127.0.0.1")]
    Serve(#[source] io::Error),
    #[error("the declarations of the demonstration cannot be used")]
    Declaration(#[from] DeclarationError),
    #[error("cannot crawl the demonstration")]
    Crawl(#[from] CrawlError),
    #[error("cannot read what was captured before")]
    Read(#[from] ReadError),
}

/// The port the pages are served on, where it is free: it stands in every address of the archive,
/// so the demonstration comes out alike each time.
const PORT: u16 = 8737;

/// What is shown, where and when.
#[derive(Debug, Clone)]
pub struct Demo {
    days: Vec<NaiveDate>,
    pages: Vec<Declared>,
    /// By host, path and day.
    shows: BTreeMap<(String, String, NaiveDate), Page>,
}

#[derive(Debug, Clone)]
struct Declared {
    service: String,
    policy: String,
    path: String,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    days: Vec<NaiveDate>,
    page: Vec<Shown>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Shown {
    service: String,
    policy: String,
    path: String,
    file: String,
    change: Vec<Change>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Change {
    on: NaiveDate,
    /// For whoever reads the script.
    #[serde(rename = "note")]
    _note: String,
    #[serde(default)]
    replace: Vec<(String, String)>,
    cut: Option<String>,
    file: Option<String>,
    status: Option<u16>,
    #[serde(default)]
    only: bool,
}

impl Demo {
    /// Reads the bundled script.
    pub fn bundled() -> Result<Self, DemoError> {
        Self::parse(include_str!("../demo/script.toml"))
    }

    fn parse(script: &str) -> Result<Self, DemoError> {
        let File { days, page } = toml::from_str(script)?;
        let mut demo = Self { days, pages: Vec::new(), shows: BTreeMap::new() };
        for shown in page {
            let host = host(&shown.service);
            let mut lasting = file(&shown.file)?.to_owned();
            for &day in &demo.days {
                let mut today = Page::html(lasting.clone());
                for change in shown.change.iter().filter(|change| change.on == day) {
                    let changed = changed(&lasting, &shown, change)?;
                    today = Page { status: change.status.unwrap_or(200), ..Page::html(changed.clone()) };
                    if !change.only {
                        lasting = changed;
                    }
                }
                demo.shows.insert((host.clone(), shown.path.clone(), day), today);
            }
            demo.pages.push(Declared { service: shown.service, policy: shown.policy, path: shown.path });
        }
        Ok(demo)
    }

    /// The days on which the pages are looked at, at noon.
    pub fn days(&self) -> Vec<DateTime<Utc>> {
        self.days.iter().map(|day| day.and_hms_opt(12, 0, 0).unwrap_or_default().and_utc()).collect()
    }

    /// The declarations, as files by name, for a server that listens on `port`.
    pub fn declarations(&self, port: u16) -> BTreeMap<String, String> {
        let mut services: BTreeMap<&str, serde_json::Map<String, serde_json::Value>> = BTreeMap::new();
        for page in &self.pages {
            let url = format!("http://{}.localhost:{port}{}", host(&page.service), page.path);
            let terms = serde_json::json!({ "fetch": url, "select": "main" });
            services.entry(&page.service).or_default().insert(page.policy.clone(), terms);
        }
        let files = services.into_iter().map(|(service, terms)| {
            let json = serde_json::json!({ "name": service, "terms": terms });
            (format!("{service}.json"), format!("{json:#}\n"))
        });
        files.collect()
    }

    /// Serves the pages on loopback and crawls them on each of the days into `archive`.
    /// Gives the declarations they were crawled by, as files by name.
    pub fn play(
        self,
        archive: &Archive,
        mut on: impl FnMut(DateTime<Utc>, &Summary),
    ) -> Result<BTreeMap<String, String>, DemoError> {
        let days = self.days();
        let noon = days.first().copied().unwrap_or_default();
        let today = Arc::new(Mutex::new(noon));
        let script = self.clone().script(Arc::clone(&today));
        let server = Server::start_at(&[PORT], Arc::clone(&script))
            .or_else(|_| Server::start(1, script))
            .map_err(DemoError::Serve)?;
        let files = self.declarations(server.address().port());
        let (declarations, errors) = Declarations::parse(files.clone());
        if let Some(error) = errors.into_iter().next() {
            return Err(error.into());
        }
        let settings = Settings {
            pace: Pace::NONE,
            retry: Retry::NEVER,
            lookup: Lookup::Table(Arc::default()),
            ..Settings::default()
        };
        for day in days {
            *today.lock().unwrap_or_else(PoisonError::into_inner) = day;
            let mut unread = None;
            let plan = plan(&declarations, &Choice::default(), &settings, day, |policy, source| {
                seen(archive, policy, source).unwrap_or_else(|error| {
                    unread.get_or_insert(error);
                    None
                })
            });
            if let Some(error) = unread {
                return Err(error.into());
            }
            on(day, &crawl(archive, &plan, &settings, Clock::Stopped(day), |_| {})?);
        }
        Ok(files)
    }

    /// A script that shows what stood on the day that `today` holds.
    pub fn script(self, today: Arc<Mutex<DateTime<Utc>>>) -> Script {
        Arc::new(move |request: &Request| -> Reply {
            let day = today.lock().unwrap_or_else(PoisonError::into_inner).date_naive();
            let host = request.host.split('.').next().unwrap_or("").to_owned();
            match self.shows.get(&(host, request.target.clone(), day)) {
                Some(page) => page.clone().into(),
                None => Page::new(404, "text/plain", "nothing here").into(),
            }
        })
    }
}

fn changed(lasting: &str, shown: &Shown, change: &Change) -> Result<String, DemoError> {
    let once = |text: &str, within: &str| match within.matches(text).count() {
        1 => Ok(()),
        count => {
            let page = format!("{} / {}", shown.service, shown.policy);
            Err(DemoError::Text { page, on: change.on, missing: text.to_owned(), count })
        }
    };
    let mut text = match &change.file {
        Some(name) => file(name)?.to_owned(),
        None => lasting.to_owned(),
    };
    for (old, new) in &change.replace {
        once(old, &text)?;
        text = text.replace(old, new);
    }
    if let Some(cut) = &change.cut {
        once(cut, &text)?;
        let end = text.find(cut).map_or(text.len(), |at| at + cut.len());
        text.truncate(end);
    }
    Ok(text)
}

fn file(name: &str) -> Result<&'static str, DemoError> {
    let found = FILES.iter().find(|(file, _)| *file == name);
    found.map(|(_, text)| *text).ok_or_else(|| DemoError::File(name.to_owned()))
}

fn host(service: &str) -> String {
    service.to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::declaration::Declarations;

    #[test]
    fn the_script_reads_and_its_declarations_parse() {
        let demo = Demo::bundled().unwrap();
        assert!(demo.days().len() >= 6);
        let (declarations, errors) = Declarations::parse(demo.declarations(4000));
        assert!(errors.is_empty(), "{errors:?}");
        assert_eq!(declarations.policies().count(), 4);
    }

    #[test]
    fn every_page_says_that_it_is_made_up() {
        for (name, text) in FILES.iter().filter(|(name, _)| *name != "wall.html") {
            assert!(text.contains("belongs to a demonstration of Walkback"), "{name}");
        }
    }

    #[test]
    fn it_is_crawled_with_a_wall_on_one_day() {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(dir.path()).unwrap();
        let mut said = Vec::new();
        let files = Demo::bundled()
            .unwrap()
            .play(&archive, |day, summary| said.push(format!("{}: {summary}", day.date_naive())))
            .unwrap();
        assert_eq!(files.len(), 3);
        assert_eq!(
            said,
            [
                "2023-12-07: 4 fetched",
                "2024-09-16: 1 fetched, 3 unchanged",
                "2025-06-02: 2 fetched, 2 unchanged",
                "2026-03-12: 2 fetched, 1 unchanged, 1 blocked",
                "2026-03-14: 2 fetched, 2 unchanged",
                "2026-03-17: 1 fetched, 3 unchanged",
                "2026-05-09: 1 fetched, 3 unchanged",
                "2026-05-12: 4 unchanged",
                "2026-05-16: 4 unchanged",
            ]
        );
    }

    #[test]
    fn a_change_lasts_unless_it_holds_for_a_day_only() {
        let demo = Demo::bundled().unwrap();
        let body = |host: &str, path: &str, day: &str| {
            let key = (host.to_owned(), path.to_owned(), day.parse().unwrap());
            String::from_utf8_lossy(&demo.shows[&key].body).into_owned()
        };
        assert!(body("parley", "/help/encryption", "2025-06-02").contains("off until you turn it on"));
        assert!(!body("parley", "/legal/privacy", "2026-03-12").contains("Contact"));
        assert!(body("parley", "/legal/privacy", "2026-05-09").contains("To contact us"));
    }
}
