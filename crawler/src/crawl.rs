//! The crawl itself: carries out a plan, many hosts at a time, one request at a time a host, and
//! stores what came of every attempt. A policy that fails stops nothing.
//!
//! Visits run on a runtime of their own and hand their captures to the calling thread, which alone
//! writes to the archive, as many at a time as wait.

mod visit;

use crate::fetch::{Client, ClientError};
use crate::plan::{Due, Plan, Seen, Validators};
use crate::robots::Copies;
use crate::settings::Settings;
use archive::capture::NewCapture;
use archive::{Archive, ReadError, StoreError};
use chrono::{DateTime, TimeDelta, Utc};
use policy::capture::{Capture, Outcome};
use policy::id::PolicyId;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, mpsc};
use visit::Visitor;

/// What time it is.
#[derive(Debug, Clone, Copy)]
pub enum Clock {
    System,
    /// A clock that was set: it showed `shows` when the machine's showed `when`, and has run since.
    Set {
        shows: DateTime<Utc>,
        when: DateTime<Utc>,
    },
    /// A clock that stands, so that the same crawl leaves the same archive.
    Stopped(DateTime<Utc>),
}

impl Clock {
    /// A clock that shows `shows` now.
    pub fn set(shows: DateTime<Utc>) -> Self {
        Clock::Set { shows, when: Utc::now() }
    }

    pub fn now(self) -> DateTime<Utc> {
        match self {
            Clock::System => Utc::now(),
            Clock::Stopped(shows) => shows,
            Clock::Set { shows, when } => shows + (Utc::now() - when).max(TimeDelta::zero()),
        }
    }
}

/// A crawl that could not go on: what happens to pages is no reason, see [`Outcome`].
#[derive(Debug, thiserror::Error)]
pub enum CrawlError {
    #[error(transparent)]
    Client(#[from] ClientError),
    #[error("cannot start the threads of the crawl")]
    Threads(#[source] io::Error),
    #[error("cannot store captures; what was stored before stays stored")]
    Store(#[from] StoreError),
}

/// What earlier captures know of a source document, for [`crate::plan::plan`].
pub fn seen(archive: &Archive, policy: &PolicyId, source: &str) -> Result<Option<Seen>, ReadError> {
    let Some((tried, saw_document)) = archive.last_try(policy, source)? else { return Ok(None) };
    let last = archive.latest_for(policy, source)?;
    Ok(Some(Seen {
        tried,
        saw_document,
        full_fetch: last.as_ref().map(|last| last.full_fetch_at),
        validators: last.map(|last| Validators {
            url: last.url,
            etag: last.etag,
            last_modified: last.last_modified,
        }),
    }))
}

/// What a crawl came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Summary {
    /// How many source documents ended with which outcome, by its key.
    pub outcomes: BTreeMap<&'static str, usize>,
    /// Captures stored: attempts, so tries that failed and were repeated count too.
    pub captures: usize,
    /// Nothing answered at all, and no name could be looked up: the machine has no network.
    pub offline: bool,
}

impl Summary {
    pub fn count(&self, key: &str) -> usize {
        self.outcomes.get(key).copied().unwrap_or(0)
    }

    /// Every source document was seen.
    pub fn all_seen(&self) -> bool {
        self.outcomes.keys().all(|key| matches!(*key, "fetched" | "unchanged"))
    }
}

/// One attempt, stored.
#[derive(Debug)]
pub struct Progress<'a> {
    pub capture: &'a Capture,
    /// No further try follows in this run.
    pub last: bool,
}

/// A capture on its way to the calling thread.
struct Done {
    capture: NewCapture,
    last: bool,
}

/// Under this name a crawl leaves the next one its copies of robots.txt.
const COPIES: &str = "robots.json";

/// As many captures as are stored in one go, and their bytes.
const BATCH: usize = 64;
const BATCH_BYTES: usize = 4 << 20;

/// Carries out `plan` and tells `on` about each capture stored.
pub fn crawl(
    archive: &Archive,
    plan: &Plan,
    settings: &Settings,
    clock: Clock,
    mut on: impl FnMut(Progress),
) -> Result<Summary, CrawlError> {
    let mut summary = Summary::default();
    if plan.due.is_empty() {
        return Ok(summary);
    }
    let known = archive.recall(COPIES);
    let copies = known.as_deref().map(Copies::from_json).unwrap_or_default();
    let Visits { runtime, visitor, mut done } = Visits::start(plan, settings, clock, copies)?;

    let mut stored = Ok(());
    while let Some(first) = done.blocking_recv() {
        let mut bytes = size(&first);
        let mut batch = vec![first];
        while batch.len() < BATCH
            && bytes < BATCH_BYTES
            && let Ok(next) = done.try_recv()
        {
            bytes += size(&next);
            batch.push(next);
        }
        let lasts: Vec<bool> = batch.iter().map(|done| done.last).collect();
        let captures = match archive.store_many(batch.into_iter().map(|done| done.capture).collect()) {
            Ok(captures) => captures,
            Err(error) => {
                stored = Err(CrawlError::Store(error));
                break;
            }
        };
        summary.captures += captures.len();
        for (capture, last) in captures.iter().zip(lasts) {
            if last {
                *summary.outcomes.entry(capture.outcome.key()).or_default() += 1;
            }
            on(Progress { capture, last });
        }
    }
    // A name that is still being looked up must not hold us back.
    runtime.shutdown_background();
    stored?;
    let copies = visitor.copies().to_json();
    if known.is_none_or(|known| known != copies)
        && let Err(error) = archive.remember(COPIES, &copies)
    {
        tracing::warn!("cannot keep the copies of robots.txt for the next crawl: {error}");
    }
    summary.offline = visitor.is_offline();
    Ok(summary)
}

/// Visits all that `plan` names just as [`crawl`] does, and stores nothing: `on` gets each source
/// document's last attempt.
pub fn look(
    plan: &Plan,
    settings: &Settings,
    clock: Clock,
    mut on: impl FnMut(NewCapture),
) -> Result<Summary, CrawlError> {
    let mut summary = Summary::default();
    if plan.due.is_empty() {
        return Ok(summary);
    }
    let Visits { runtime, visitor, mut done } = Visits::start(plan, settings, clock, Copies::default())?;
    while let Some(Done { capture, last }) = done.blocking_recv() {
        if last {
            *summary.outcomes.entry(capture.outcome.key()).or_default() += 1;
            on(capture);
        }
    }
    runtime.shutdown_background();
    summary.offline = visitor.is_offline();
    Ok(summary)
}

/// Visits under way, on a runtime of their own.
struct Visits {
    runtime: Runtime,
    visitor: Arc<Visitor>,
    done: mpsc::Receiver<Done>,
}

impl Visits {
    fn start(plan: &Plan, settings: &Settings, clock: Clock, copies: Copies) -> Result<Self, CrawlError> {
        let client = Client::new(settings)?;
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(std::thread::available_parallelism().map_or(2, |cores| cores.get().min(4)))
            .thread_name("crawl")
            .enable_all()
            .build()
            .map_err(CrawlError::Threads)?;
        let (sender, done) = mpsc::channel(8);
        let hosts = by_host(&plan.due);
        let visitor = Arc::new(Visitor::new(client, settings.clone(), clock, hosts.len(), copies));
        runtime.spawn(visit_all(Arc::clone(&visitor), hosts, settings.hosts_at_once, sender));
        Ok(Self { runtime, visitor, done })
    }
}

fn size(done: &Done) -> usize {
    done.capture.response.as_ref().map_or(0, |response| response.body.len())
}

/// The work by host, the longest queue first: it decides when all is done.
fn by_host(due: &[Due]) -> Vec<Vec<Due>> {
    let mut hosts: BTreeMap<String, Vec<Due>> = BTreeMap::new();
    for due in due {
        hosts.entry(due.url.origin().ascii_serialization()).or_default().push(due.clone());
    }
    let mut hosts: Vec<Vec<Due>> = hosts.into_values().collect();
    hosts.sort_by_key(|due| std::cmp::Reverse(due.len()));
    hosts
}

async fn visit_all(visitor: Arc<Visitor>, hosts: Vec<Vec<Due>>, at_once: usize, done: mpsc::Sender<Done>) {
    let places = Arc::new(Semaphore::new(at_once.max(1)));
    for queue in hosts {
        // Closed only when the runtime ends.
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let (visitor, done) = (Arc::clone(&visitor), done.clone());
        tokio::spawn(async move {
            for due in queue {
                if !visitor.visit(&due, &done).await {
                    break;
                }
            }
            drop(place);
        });
    }
}

/// One line for people: `3 fetched, 40 unchanged, 1 gone`.
impl std::fmt::Display for Summary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let order =
            [Outcome::Fetched.key(), Outcome::Unchanged.key(), "gone", "refused", "blocked", "failed"];
        let parts: Vec<String> = order
            .iter()
            .filter(|key| self.count(key) > 0)
            .map(|key| format!("{} {key}", self.count(key)))
            .collect();
        if parts.is_empty() { f.write_str("nothing was due") } else { f.write_str(&parts.join(", ")) }
    }
}
