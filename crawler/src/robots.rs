//! What a host allows us, by RFC 9309. Parsing is `robotxt`'s; here is what each way of answering
//! for `/robots.txt` means.

use crate::address::Own;
use crate::fetch::{Client, Fault};
use chrono::{DateTime, TimeDelta, Utc};
use reqwest::header::{ACCEPT, HeaderName, USER_AGENT};
use robotxt::{AccessResult, Robots};
use std::time::Duration;
use url::Url;

/// The name we look for in robots.txt.
pub const PRODUCT: &str = "walkback";

/// RFC 9309: at least five redirects are followed, at least 500 KiB read, no copy kept beyond a day.
const REDIRECTS: usize = 5;
const READ: usize = 512 << 10;
const KEEP: TimeDelta = TimeDelta::hours(24);

/// What robots.txt of one host says to us.
#[derive(Debug, Clone)]
pub struct Rules {
    robots: Robots,
    /// Where robots.txt itself could not be had: what came instead.
    unreachable: Option<u16>,
    fetched_at: DateTime<Utc>,
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
        Self { robots: Robots::from_access(access, PRODUCT), unreachable, fetched_at }
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
pub async fn fetch(client: &Client, url: &Url, own: &Own, now: DateTime<Utc>) -> Result<Rules, Fault> {
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
            None => return Ok(Rules::read(answer.status, &answer.body, now)),
        }
    }
    Ok(Rules::read(310, b"", now))
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
    fn a_long_file_is_read_for_its_first_half_megabyte() {
        let filler = "# nothing to see\n".repeat(40_000);
        check(200, &format!("User-agent: *\nDisallow: /privacy\n{filler}"), "/privacy", false);
        check(200, &format!("User-agent: *\n{filler}Disallow: /privacy\n"), "/privacy", true);
    }
}
