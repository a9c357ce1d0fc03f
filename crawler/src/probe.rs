//! Whether what is declared still answers: every source document visited once as a crawl would, nothing stored.
//!
//! A page that several policies read is asked for once.

use crate::crawl::{Clock, CrawlError, look};
use crate::plan::{Choice, Due, Plan, plan};
use crate::settings::Settings;
use archive::NewCapture;
use policy::capture::Outcome;
use policy::declaration::{Declarations, SourceDocument};
use policy::extract::{ExtractError, decode, extract};
use policy::id::PolicyId;
use std::collections::BTreeMap;
use url::Url;

/// What came of asking for one source document. The order is that of a report: what needs a hand first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    Gone,
    Failed,
    Blocked,
    Refused,
    /// A page came, but the declaration's reading of it gives no text.
    Unread,
    /// The document came from another address than the declared one.
    Redirected,
    Answers,
}

impl State {
    pub const ALL: &[State] = &[
        State::Gone,
        State::Failed,
        State::Blocked,
        State::Refused,
        State::Unread,
        State::Redirected,
        State::Answers,
    ];

    /// As written in reports and JSON.
    pub fn key(self) -> &'static str {
        match self {
            State::Gone => "gone",
            State::Failed => "failed",
            State::Blocked => "blocked",
            State::Refused => "refused",
            State::Unread => "unread",
            State::Redirected => "redirected",
            State::Answers => "answers",
        }
    }

    /// The document can be had.
    pub fn is_well(self) -> bool {
        matches!(self, State::Redirected | State::Answers)
    }
}

/// One source document of one policy, asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    pub state: State,
    pub policy: PolicyId,
    /// As declared.
    pub source: String,
    /// Where the last request went.
    pub url: String,
    pub status: Option<u16>,
    /// Why it does not answer; empty where it does.
    pub why: String,
}

/// What came of asking for everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probed {
    /// By state, then policy and address.
    pub probes: Vec<Probe>,
    /// Nothing answered at all, and no name could be looked up: the machine has no network.
    pub offline: bool,
}

/// Asks for every source document that `choice` takes in, and tells `on` about each page that came.
pub fn probe(
    declarations: &Declarations,
    choice: &Choice,
    settings: &Settings,
    clock: Clock,
    mut on: impl FnMut(&NewCapture),
) -> Result<Probed, CrawlError> {
    let all = plan(declarations, choice, settings, clock.now(), |_, _| None);
    // A policy that does not heed robots.txt must not ask on behalf of one that does.
    let mut askers: BTreeMap<(String, bool), Vec<Due>> = BTreeMap::new();
    for due in all.due {
        askers.entry((page(&due.url), due.robots_override.is_some())).or_default().push(due);
    }
    let once = Plan { due: askers.values().map(|askers| askers[0].clone()).collect(), resting: Vec::new() };
    let mut probes = Vec::new();
    let summary = look(&once, settings, clock, |capture| {
        let overridden = capture.notes.contains_key("robots");
        let declared = Url::parse(&capture.source).map(|url| page(&url)).unwrap_or_default();
        for due in askers.get(&(declared, overridden)).into_iter().flatten() {
            let document = document(declarations, due);
            probes.push(read(&capture, due, document, settings.limits.decoded_bytes));
        }
        on(&capture);
    })?;
    probes.sort_by(|a, b| (a.state, &a.policy, &a.source).cmp(&(b.state, &b.policy, &b.source)));
    Ok(Probed { probes, offline: summary.offline })
}

/// How many pages [`probe`] asks for.
pub fn pages(declarations: &Declarations, choice: &Choice, settings: &Settings, clock: Clock) -> usize {
    let all = plan(declarations, choice, settings, clock.now(), |_, _| None);
    let mut pages: Vec<_> =
        all.due.iter().map(|due| (page(&due.url), due.robots_override.is_some())).collect();
    pages.sort();
    pages.dedup();
    pages.len()
}

/// What is asked of a server for this address.
fn page(url: &Url) -> String {
    url[..url::Position::AfterQuery].to_owned()
}

fn document<'a>(declarations: &'a Declarations, due: &Due) -> Option<&'a SourceDocument> {
    let policy = declarations.policy(&due.policy)?;
    policy.documents.iter().find(|document| document.location == due.url)
}

fn read(capture: &NewCapture, due: &Due, document: Option<&SourceDocument>, limit: u64) -> Probe {
    let (state, why) = match &capture.outcome {
        Outcome::Fetched | Outcome::Unchanged => {
            match document.map(|document| text(capture, document, limit)) {
                Some(Err(why)) => (State::Unread, why),
                _ if page_of(&capture.url) != page(&due.url) => (State::Redirected, String::new()),
                _ => (State::Answers, String::new()),
            }
        }
        Outcome::Gone(why) => (State::Gone, why.clone()),
        Outcome::Refused(why) => (State::Refused, why.clone()),
        Outcome::Blocked(why) => (State::Blocked, why.clone()),
        Outcome::Failed(why) => (State::Failed, why.clone()),
    };
    Probe {
        state,
        policy: due.policy.clone(),
        source: due.source.clone(),
        url: capture.url.clone(),
        status: capture.status,
        why,
    }
}

fn page_of(url: &str) -> String {
    Url::parse(url).map_or_else(|_| url.to_owned(), |url| page(&url))
}

/// Reads the page as its declaration says; an error says why it gives no text.
fn text(capture: &NewCapture, document: &SourceDocument, limit: u64) -> Result<(), String> {
    let Some(response) = &capture.response else { return Ok(()) };
    let encodings = response.head.values("content-encoding");
    let limits = archive::body::Limits { decoded: limit, ..archive::body::Limits::default() };
    let payload = archive::body::decode(&response.body, encodings.iter().map(String::as_str), limits)
        .map_err(|error| error.to_string())?;
    let html = decode(&payload, response.head.value("content-type").as_deref());
    let url = Url::parse(&capture.url).unwrap_or_else(|_| document.location.clone());
    match extract(&html, &url, document) {
        // That a file is kept and not read is no fault of its address.
        Ok(_) | Err(ExtractError::NotExtracted { .. }) => Ok(()),
        Err(error) => Err(error.to_string()),
    }
}
