//! When a request is worth another try, and how long to wait first. Pure: chance and time are arguments.

use chrono::{DateTime, Utc};
use std::time::Duration;

/// How often, and how patiently, a request is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retry {
    /// Requests in all; 1 is no second try.
    pub tries: u32,
    /// Before the second try; each further wait is four times as long.
    pub first_wait: Duration,
    /// A server that asks for a longer wait than this is left alone for this run.
    pub longest_wait: Duration,
}

impl Default for Retry {
    fn default() -> Self {
        Self { tries: 3, first_wait: Duration::from_secs(2), longest_wait: Duration::from_secs(60) }
    }
}

impl Retry {
    /// No second try.
    pub const NEVER: Retry = Retry { tries: 1, first_wait: Duration::ZERO, longest_wait: Duration::ZERO };

    /// How long to wait before the next try, after `tried` requests brought something that may
    /// pass; `None`: give up. `asked` is the server's `Retry-After`, `random` lies in 0..1.
    pub fn wait(&self, tried: u32, asked: Option<Duration>, random: f64) -> Option<Duration> {
        if tried >= self.tries || asked.is_some_and(|asked| asked > self.longest_wait) {
            return None;
        }
        let backoff = self.first_wait.saturating_mul(4_u32.saturating_pow(tried.saturating_sub(1)));
        // Spread over half the wait, so that visitors turned away together do not come back together.
        let backoff = backoff.mul_f64(1.0 + random / 2.0).min(self.longest_wait);
        Some(backoff.max(asked.unwrap_or_default()))
    }
}

/// Statuses that speak of the moment, not of the page.
pub fn is_transient(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500 | 502 | 503 | 504 | 520..=524)
}

/// `Retry-After`: seconds, or a date. Rubbish is no wish at all.
///
/// ```
/// use crawler::retry::retry_after;
/// let now = "2026-05-08T12:00:00Z".parse().unwrap();
/// assert_eq!(retry_after("120", now).unwrap().as_secs(), 120);
/// assert_eq!(retry_after("Fri, 08 May 2026 12:01:00 GMT", now).unwrap().as_secs(), 60);
/// assert_eq!(retry_after("soon", now), None);
/// ```
pub fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        // More digits than a u64 holds is a wish for ever.
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let date = DateTime::<Utc>::from(httpdate::parse_http_date(value).ok()?);
    Some((date - now).to_std().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn s(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn waits_grow_and_end() {
        let retry = Retry::default();
        assert_eq!(retry.wait(1, None, 0.0), Some(s(2)));
        assert_eq!(retry.wait(1, None, 1.0), Some(s(3)));
        assert_eq!(retry.wait(2, None, 0.0), Some(s(8)));
        assert_eq!(retry.wait(3, None, 0.0), None);
        assert_eq!(Retry { tries: 99, ..retry }.wait(40, None, 0.9), Some(s(60)));
        assert_eq!(Retry::NEVER.wait(1, None, 0.0), None);
    }

    #[test]
    fn a_server_may_ask_for_time() {
        let retry = Retry::default();
        assert_eq!(retry.wait(1, Some(s(30)), 0.0), Some(s(30)));
        assert_eq!(retry.wait(1, Some(s(0)), 0.0), Some(s(2)));
        assert_eq!(
            retry.wait(1, Some(s(3_600)), 0.0),
            None,
            "asked for an hour: come back with the next run"
        );
    }

    #[test]
    fn wishes_are_read() {
        let now = "2026-05-08T12:00:00Z".parse().unwrap();
        for (value, expected) in [
            ("0", Some(s(0))),
            (" 7 ", Some(s(7))),
            ("99999999999999999999999", Some(s(u64::MAX))),
            ("Thu, 07 May 2026 12:00:00 GMT", Some(s(0))),
            ("", None),
            ("-5", None),
            ("1e3", None),
            ("tomorrow", None),
        ] {
            assert_eq!(retry_after(value, now), expected, "{value:?}");
        }
    }
}
