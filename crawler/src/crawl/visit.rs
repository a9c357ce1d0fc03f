//! One visit: a source document from its declared URL over all redirects to an answer, tried again
//! where the fault may pass.

use super::{Clock, Done};
use crate::address::{Own, admit};
use crate::fetch::{Answer, Client, Fault};
use crate::judge::{self, Attempt, Got};
use crate::plan::{Due, Validators};
use crate::retry::{is_transient, retry_after};
use crate::robots::{self, Copies, Rules};
use crate::settings::Settings;
use archive::body::ACCEPTED_ENCODINGS;
use archive::capture::Redirect;
use policy::capture::Outcome;
use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, ACCEPT_LANGUAGE, HeaderName, IF_MODIFIED_SINCE, IF_NONE_MATCH, USER_AGENT,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::Instant;
use url::Url;

/// This many hosts out of reach, and none reached, is a machine without a network.
const OFFLINE_AFTER: usize = 8;

pub(super) struct Visitor {
    client: Client,
    settings: Settings,
    clock: Clock,
    sites: Mutex<BTreeMap<String, Arc<tokio::sync::Mutex<Site>>>>,
    copies: Mutex<Copies>,
    /// Some host out there answered, if only to refuse.
    reached: AtomicBool,
    out_of_reach: AtomicUsize,
    hosts: usize,
}

/// What is known of a host in this run. Whoever holds it is the only one to talk to the host.
#[derive(Default)]
struct Site {
    ready: Option<Instant>,
    rules: Option<Rules>,
    /// It asked for more time than a run has.
    left_alone: Option<Duration>,
    /// It was out of reach: one try for each further page.
    down: bool,
}

impl Visitor {
    pub fn new(client: Client, settings: Settings, clock: Clock, hosts: usize, copies: Copies) -> Self {
        Self {
            client,
            settings,
            clock,
            sites: Mutex::default(),
            copies: Mutex::new(copies),
            reached: AtomicBool::new(false),
            out_of_reach: AtomicUsize::new(0),
            hosts,
        }
    }

    /// The last good answers for robots.txt, those of this run included.
    pub fn copies(&self) -> Copies {
        self.copies.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether the machine seems to have no network.
    pub fn is_offline(&self) -> bool {
        !self.reached.load(Ordering::Relaxed)
            && self.out_of_reach.load(Ordering::Relaxed) >= OFFLINE_AFTER.min(self.hosts)
    }

    /// Visits a source document and hands over a capture for each attempt; `false` where nobody
    /// takes captures any more.
    pub async fn visit(&self, due: &Due, done: &mpsc::Sender<Done>) -> bool {
        let retry = self.settings.retry;
        let mut validators = due.validators.clone();
        for tried in 1.. {
            let attempt = self.attempt(due, validators.as_ref(), tried).await;
            let here = is_here(&due.url);
            let out_of_reach = matches!(&attempt.got, Got::Fault(fault) if fault.is_offline_like());
            if !out_of_reach && !here && !matches!(attempt.got, Got::Fault(Fault::Address(_))) {
                self.reached.store(true, Ordering::Relaxed);
            }
            let asked = self.asked_wait(&attempt.got);
            let confused =
                matches!(attempt.got, Got::Fault(Fault::NotModifiedUnasked | Fault::NotModifiedOther));
            let fault_may_pass = match &attempt.got {
                Got::Fault(fault) => fault.is_transient() || (confused && validators.is_some()),
                Got::Answer(answer) => is_transient(answer.status),
                Got::Refused(_) => false,
            };
            // While nothing at all was reached, a second try only keeps us waiting.
            let hopeless = out_of_reach && !here && !self.reached.load(Ordering::Relaxed);
            let site = self.site(&attempt.url);
            let capture = judge::capture(due, attempt, self.settings.limits.decoded_bytes);
            // A guard that answers 503 is no passing fault.
            let fault_may_pass = fault_may_pass && matches!(capture.outcome, Outcome::Failed(_));
            let mut wait = None;
            {
                let mut site = site.lock().await;
                if fault_may_pass && !hopeless && !site.down {
                    wait = retry.wait(tried, asked, fastrand::f64());
                    site.left_alone = asked.filter(|asked| *asked > retry.longest_wait);
                }
                if wait.is_none() && out_of_reach && !std::mem::replace(&mut site.down, true) && !here {
                    self.out_of_reach.fetch_add(1, Ordering::Relaxed);
                }
            }
            if done.send(Done { capture, last: wait.is_none() }).await.is_err() {
                return false;
            }
            let Some(wait) = wait else { break };
            if confused {
                // The server's word on what it has not modified is worth nothing: ask for all of it.
                validators = None;
            } else {
                tokio::time::sleep(wait).await;
            }
        }
        true
    }

    /// One attempt: all hops of it.
    async fn attempt(&self, due: &Due, validators: Option<&Validators>, tried: u32) -> Attempt {
        let own = Own::of(&due.url);
        let mut attempt = Attempt {
            at: self.clock.now(),
            url: due.url.clone(),
            redirects: Vec::new(),
            asked: None,
            got: Got::Fault(Fault::Offline),
            earlier_robots: None,
            tried,
        };
        attempt.url.set_fragment(None);
        loop {
            let asked = validators.filter(|known| known.url == attempt.url.as_str());
            attempt.asked = asked.cloned();
            attempt.got = self.hop(due, &attempt.url, &own, asked, &mut attempt.earlier_robots).await;
            let Got::Answer(answer) = &attempt.got else { return attempt };
            attempt.at = answer.at;
            match self.next(answer, &attempt) {
                Ok(None) => return attempt,
                Ok(Some(to)) => {
                    let (from, status) = (attempt.url.to_string(), answer.status);
                    attempt.redirects.push(Redirect { from, status, to: to.to_string() });
                    attempt.url = to;
                }
                Err(fault) => {
                    attempt.got = Got::Fault(fault);
                    return attempt;
                }
            }
        }
    }

    /// Where an answer sends us, if anywhere.
    fn next(&self, answer: &Answer, attempt: &Attempt) -> Result<Option<Url>, Fault> {
        match answer.status {
            304 => {
                let asked = attempt.asked.as_ref().ok_or(Fault::NotModifiedUnasked)?;
                match (answer.header("etag"), &asked.etag) {
                    (Some(theirs), Some(ours)) if weak(theirs) != weak(ours) => Err(Fault::NotModifiedOther),
                    _ => Ok(None),
                }
            }
            301 | 302 | 303 | 307 | 308 => {
                let location = answer.header("location").ok_or(Fault::NoLocation(answer.status))?;
                self.follow(answer, attempt, location).map(Some)
            }
            200 => match judge::refresh(answer) {
                Some(location) => self.follow(answer, attempt, &location).map(Some),
                None => Ok(None),
            },
            _ => Ok(None),
        }
    }

    /// The next hop, if there may be one.
    fn follow(&self, answer: &Answer, attempt: &Attempt, location: &str) -> Result<Url, Fault> {
        let mut to = answer.url.join(location).map_err(|_| Fault::BadLocation)?;
        to.set_fragment(None);
        if to == answer.url || attempt.redirects.iter().any(|redirect| redirect.from == to.as_str()) {
            return Err(Fault::RedirectLoop);
        }
        if attempt.redirects.len() >= self.settings.limits.redirects {
            return Err(Fault::TooManyRedirects(self.settings.limits.redirects));
        }
        Ok(to)
    }

    /// One request, when the host is ready for it and its robots.txt allows it.
    async fn hop(
        &self,
        due: &Due,
        url: &Url,
        own: &Own,
        asked: Option<&Validators>,
        earlier_robots: &mut Option<String>,
    ) -> Got {
        // Before the host's turn is waited for: a forbidden host has none.
        if let Err(refusal) = admit(url, own) {
            return Got::Fault(refusal.into());
        }
        let site = self.site(url);
        let mut site = site.lock().await;
        if self.is_offline() {
            return Got::Fault(Fault::Offline);
        }
        if let Some(asked) = site.left_alone {
            return Got::Fault(Fault::LeftAlone(asked));
        }
        if due.robots_override.is_none() {
            match self.rules(&mut site, url, own).await {
                Ok(refusal) => {
                    if let Some(earlier) = site.rules.as_ref().and_then(Rules::earlier) {
                        *earlier_robots = Some(earlier.to_owned());
                    }
                    if let Some(refusal) = refusal {
                        return Got::Refused(refusal);
                    }
                }
                Err(fault) => return Got::Fault(fault),
            }
        }
        self.turn(&site).await;
        let answer = self.client.get(url, own, &self.headers(asked), self.clock.now()).await;
        self.rest(&mut site);
        match answer {
            Ok(answer) => Got::Answer(Box::new(answer)),
            Err(fault) => Got::Fault(fault),
        }
    }

    /// Why robots.txt of the host forbids `url`, if it does.
    async fn rules(&self, site: &mut Site, url: &Url, own: &Own) -> Result<Option<String>, Fault> {
        let now = self.clock.now();
        if let Some(rules) = site.rules.as_ref().filter(|rules| rules.is_fresh(now)) {
            return Ok(rules.refusal(url));
        }
        self.turn(site).await;
        let rules = robots::fetch(&self.client, url, own, &self.copies, now).await;
        self.rest(site);
        let rules = site.rules.insert(rules?);
        Ok(rules.refusal(url))
    }

    /// Waits until the host has had its rest.
    async fn turn(&self, site: &Site) {
        if let Some(ready) = site.ready {
            tokio::time::sleep_until(ready).await;
        }
    }

    fn rest(&self, site: &mut Site) {
        let crawl_delay = site.rules.as_ref().and_then(Rules::crawl_delay);
        let pause = self.settings.pace.pause(crawl_delay, fastrand::f64());
        site.ready = (!pause.is_zero()).then(|| Instant::now() + pause);
    }

    fn headers(&self, asked: Option<&Validators>) -> Vec<(HeaderName, String)> {
        let mut headers = vec![
            (USER_AGENT, self.client.user_agent.clone()),
            (
                ACCEPT,
                "text/html,application/xhtml+xml,application/pdf;q=0.9,text/plain;q=0.8,*/*;q=0.5".to_owned(),
            ),
            (ACCEPT_LANGUAGE, self.settings.languages.clone()),
            (ACCEPT_ENCODING, ACCEPTED_ENCODINGS.to_owned()),
        ];
        let etag = asked.and_then(|known| known.etag.clone());
        let last_modified = asked.and_then(|known| known.last_modified.clone());
        headers.extend(etag.map(|etag| (IF_NONE_MATCH, etag)));
        headers.extend(last_modified.map(|date| (IF_MODIFIED_SINCE, date)));
        headers
    }

    fn site(&self, url: &Url) -> Arc<tokio::sync::Mutex<Site>> {
        let mut sites = self.sites.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sites.entry(url.origin().ascii_serialization()).or_default())
    }

    /// How long the server asked us to wait.
    fn asked_wait(&self, got: &Got) -> Option<Duration> {
        match got {
            Got::Answer(answer) if matches!(answer.status, 429 | 503) => {
                retry_after(answer.header("retry-after")?, self.clock.now())
            }
            _ => None,
        }
    }
}

/// Whether a declaration names this machine or an address by number: to reach it says nothing about the network.
fn is_here(url: &Url) -> bool {
    match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost" || name.ends_with(".localhost"),
        _ => true,
    }
}

/// An ETag without its mark of weakness: for "has it changed" both kinds compare alike (RFC 9110, 13.1.2).
fn weak(etag: &str) -> &str {
    etag.trim().trim_start_matches("W/")
}
