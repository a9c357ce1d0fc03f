//! What a host allows us, by RFC 9309. Parsing is `robotxt`'s; here is what each way of answering
//! for `/robots.txt` means.

use crate::address::Own;
use crate::fetch::{Client, Fault};
use bytes::Bytes;
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, HeaderName, USER_AGENT};
use robotxt::{AccessResult, Robots};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use url::Url;

/// The name we look for in robots.txt.
pub const PRODUCT: &str = "walkback";

/// RFC 9309: at least five redirects are followed, at least 500 KiB read, no copy kept beyond a day.
const REDIRECTS: usize = 5;
const READ: usize = 512 << 10;
const KEEP: TimeDelta = TimeDelta::hours(24);
/// RFC 9309, 2.4: a copy may serve longer than a day while the file cannot be had. Over a weekend, no longer:
/// then the rule of 2.3.1.4 holds, and nothing is asked for.
const KEEP_UNREACHABLE: TimeDelta = TimeDelta::hours(72);

/// What robots.txt of one host says to us.
#[derive(Debug, Clone)]
pub struct Rules {
    robots: Robots,
    /// Where robots.txt itself could not be had: what came instead.
    unreachable: Option<u16>,
    fetched_at: DateTime<Utc>,
    /// These are the rules of an earlier answer: why, and of when.
    earlier: Option<String>,
}

/// The last good answer of each host for `/robots.txt`, by origin: kept from crawl to crawl.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies(BTreeMap<String, Copy>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Copy {
    at: DateTime<Utc>,
    status: u16,
    body: String,
}

impl Copies {
    /// Reads what [`Copies::to_json`] wrote; what cannot be read is forgotten.
    pub fn from_json(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Keeps an answer that says what the host's rules are. "Not now" (429, 5xx) says nothing.
    fn keep(&mut self, origin: String, status: u16, body: &[u8], at: DateTime<Utc>) {
        if status < 500 && status != 429 {
            // A site without rules sends its error page: nothing to keep of that.
            let body = if status < 300 { String::from_utf8_lossy(body).into_owned() } else { String::new() };
            self.0.insert(origin, Copy { at, status, body });
        }
    }

    /// The rules of the last good answer, if it is young enough; `why` no newer one is to be had.
    pub fn earlier(&self, url: &Url, why: &str, now: DateTime<Utc>) -> Option<Rules> {
        let copy = self.0.get(&url.origin().ascii_serialization())?;
        if !(TimeDelta::zero()..KEEP_UNREACHABLE).contains(&(now - copy.at)) {
            return None;
        }
        let day = copy.at.to_rfc3339_opts(chrono::SecondsFormat::Secs, true);
        let earlier = Some(format!("the copy of {day} was heeded: {why}"));
        Some(Rules { earlier, ..Rules::read(copy.status, copy.body.as_bytes(), now) })
    }
}

impl Rules {
    /// Reads an answer for `/robots.txt`.
    pub fn read(status: u16, body: &[u8], fetched_at: DateTime<Utc>) -> Self {
        // 429 is a 4xx, but "too many requests" is no leave to send more.
        let access = match status {
            200..=299 => AccessResult::Successful(body),
            300..=399 => AccessResult::TooManyRedirects,
            429 | 500.. => AccessResult::Unreachable,
            _ => AccessResult::Unavailable,
        };
        let unreachable = matches!(access, AccessResult::Unreachable).then_some(status);
        Self { robots: Robots::from_access(access, PRODUCT), unreachable, fetched_at, earlier: None }
    }

    /// Why `url` may not be fetched; `None`: it may.
    pub fn refusal(&self, url: &Url) -> Option<String> {
        if self.robots.is_url_allowed(url) {
            return None;
        }
        if let Some(status) = self.unreachable {
            return Some(format!("robots.txt answered {status}, which means no (RFC 9309)"));
        }
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let rule = self.robots.matching_rule(path).map_or("/", |rule| rule.pattern());
        Some(format!("robots.txt: `Disallow: {rule}` for `{}`", self.robots.user_agent()))
    }

    /// The status that stood in the way of the rules themselves.
    pub fn unreachable(&self) -> Option<u16> {
        self.unreachable
    }

    /// Where an earlier copy is heeded: of when, and why.
    pub fn earlier(&self) -> Option<&str> {
        self.earlier.as_deref()
    }

    /// The pause the host asks for.
    pub fn crawl_delay(&self) -> Option<Duration> {
        self.robots.crawl_delay()
    }

    /// Not older than a day. A clock that was set back makes them stale too.
    pub fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        (TimeDelta::zero()..KEEP).contains(&(now - self.fetched_at))
    }
}

/// Fetches `/robots.txt` of `url`'s host. A fault of the network is a fault, not a rule: whoever
/// asks must not fetch, but the publisher has refused nothing.
///
/// Where the host answers with an error of its own, or with nothing in time, the last good answer in `copies`
/// counts for a while; "too many requests" is a wish, and is heeded.
pub async fn fetch(
    client: &Client,
    url: &Url,
    own: &Own,
    copies: &Mutex<Copies>,
    now: DateTime<Utc>,
) -> Result<Rules, Fault> {
    let copies = || copies.lock().unwrap_or_else(PoisonError::into_inner);
    match ask(client, url, own, now).await {
        Ok((status, body)) => {
            copies().keep(url.origin().ascii_serialization(), status, &body, now);
            let rules = Rules::read(status, &body, now);
            let earlier = rules
                .unreachable()
                .filter(|status| *status >= 500)
                .and_then(|status| copies().earlier(url, &format!("robots.txt answered {status}"), now));
            Ok(earlier.unwrap_or(rules))
        }
        // A host out of reach has no page to give either.
        Err(fault) if fault.is_transient() && !fault.is_offline_like() => {
            copies().earlier(url, &format!("robots.txt: {fault}"), now).ok_or(fault)
        }
        Err(fault) => Err(fault),
    }
}

/// The status and the first bytes of what `/robots.txt` answers, redirects followed.
async fn ask(client: &Client, url: &Url, own: &Own, now: DateTime<Utc>) -> Result<(u16, Bytes), Fault> {
    let mut at = url.clone();
    at.set_path("/robots.txt");
    at.set_query(None);
    at.set_fragment(None);
    let headers: [(HeaderName, String); 2] =
        [(USER_AGENT, client.user_agent.clone()), (ACCEPT, "text/plain,*/*;q=0.5".to_owned())];
    for _ in 0..=REDIRECTS {
        let answer = client.get_start(&at, own, &headers, READ, now).await?;
        let next = (300..400).contains(&answer.status).then(|| answer.header("location")).flatten();
        match next.and_then(|next| at.join(next).ok()) {
            Some(next) => at = next,
            None => return Ok((answer.status, answer.body)),
        }
    }
    Ok((310, Bytes::new()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(status: u16, body: &str) -> Rules {
        Rules::read(status, body.as_bytes(), DateTime::UNIX_EPOCH)
    }

    fn check(status: u16, body: &str, path: &str, allowed: bool) {
        let url = Url::parse("https://example.com/").unwrap().join(path).unwrap();
        let refusal = rules(status, body).refusal(&url);
        assert_eq!(refusal.is_none(), allowed, "{status} {body:?} {path}: {refusal:?}");
    }

    #[test]
    fn rules_are_obeyed() {
        check(200, "User-agent: *\nDisallow: /private", "/privacy", true);
        check(200, "User-agent: *\nDisallow: /priv", "/privacy", false);
        check(200, "User-agent: *\nDisallow: /", "/privacy", false);
        check(200, "User-agent: *\nDisallow: /\nAllow: /legal/", "/legal/privacy", true);
        check(200, "User-agent: Walkback\nDisallow: /\n\nUser-agent: *\nAllow: /", "/privacy", false);
        check(200, "User-agent: walkback\nAllow: /\n\nUser-agent: *\nDisallow: /", "/privacy", true);
        check(200, "User-agent: *\nDisallow: /*?lang=", "/privacy?lang=en", false);
        check(200, "\u{feff}User-agent: *\nDisallow: /legal$", "/legal", false);
        check(200, "", "/privacy", true);
        check(200, "<!doctype html><title>Home</title>", "/privacy", true);
    }

    #[test]
    fn each_way_of_answering_has_its_meaning() {
        for (status, allowed) in [(301, true), (401, true), (403, true), (404, true), (410, true)] {
            check(status, "User-agent: *\nDisallow: /", "/privacy", allowed);
        }
        for status in [429, 500, 502, 503, 599] {
            check(status, "", "/privacy", false);
        }
    }

    #[test]
    fn a_refusal_says_which_rule() {
        let url = Url::parse("https://example.com/legal/privacy").unwrap();
        let refusal = rules(200, "User-agent: *\nDisallow: /legal").refusal(&url).unwrap();
        assert_eq!(refusal, "robots.txt: `Disallow: /legal` for `*`");
        assert_eq!(
            rules(503, "").refusal(&url).unwrap(),
            "robots.txt answered 503, which means no (RFC 9309)"
        );
    }

    #[test]
    fn rules_are_kept_for_a_day() {
        let rules = rules(200, "");
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        assert!(rules.is_fresh(at(0)) && rules.is_fresh(at(23)));
        assert!(!rules.is_fresh(at(24)) && !rules.is_fresh(at(-1)));
    }

    #[test]
    fn an_earlier_copy_counts_for_three_days() {
        let url = Url::parse("https://example.com/legal").unwrap();
        let at = |hours| DateTime::UNIX_EPOCH + TimeDelta::hours(hours);
        let mut copies = Copies::default();
        copies.keep("https://example.com".to_owned(), 200, b"User-agent: *\nDisallow: /legal", at(0));
        for busy in [429, 500, 503] {
            copies.keep("https://example.com".to_owned(), busy, b"", at(1));
        }
        let copies = Copies::from_json(&copies.to_json());
        let rules = copies.earlier(&url, "robots.txt answered 503", at(71)).unwrap();
        assert!(rules.refusal(&url).unwrap().contains("Disallow: /legal"));
        assert_eq!(rules.refusal(&url.join("/help").unwrap()), None);
        let said = "the copy of 1970-01-01T00:00:00Z was heeded: robots.txt answered 503";
        assert_eq!(rules.earlier(), Some(said));
        assert!(copies.earlier(&url, "", at(72)).is_none() && copies.earlier(&url, "", at(-1)).is_none());
        assert!(copies.earlier(&Url::parse("https://example.org/").unwrap(), "", at(1)).is_none());
        assert_eq!(Copies::from_json(b"{"), Copies::default());
    }

    #[test]
    fn a_long_file_is_read_for_its_first_half_megabyte() {
        let filler = "# nothing to see\n".repeat(40_000);
        check(200, &format!("User-agent: *\nDisallow: /privacy\n{filler}"), "/privacy", false);
        check(200, &format!("User-agent: *\n{filler}Disallow: /privacy\n"), "/privacy", true);
    }
}
