//! How long to leave a host alone between two requests. Pure: chance is an argument.

use std::time::Duration;

/// The pace kept with each host. One request at a time goes to a host, whatever the pace.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// Between the end of one request and the start of the next.
    pub gap: Duration,
    /// A `Crawl-delay` is kept up to this; a longer one would keep us from looking once a day.
    pub longest_gap: Duration,
}

impl Default for Pace {
    fn default() -> Self {
        Self { gap: Duration::from_secs(2), longest_gap: Duration::from_secs(60) }
    }
}

impl Pace {
    /// No pause at all: for loopback.
    pub const NONE: Pace = Pace { gap: Duration::ZERO, longest_gap: Duration::ZERO };

    /// The pause after a request; `random` lies in 0..1 and adds up to half of it.
    /// Never shorter than what the host's robots.txt asks for, within bounds.
    pub fn pause(&self, crawl_delay: Option<Duration>, random: f64) -> Duration {
        let gap = self.gap.max(crawl_delay.unwrap_or_default().min(self.longest_gap));
        gap.mul_f64(1.0 + random / 2.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_never_shorter_than_asked() {
        let s = Duration::from_secs;
        let pace = Pace::default();
        assert_eq!(pace.pause(None, 0.0), s(2));
        assert_eq!(pace.pause(None, 1.0), s(3));
        assert_eq!(pace.pause(Some(s(1)), 0.0), s(2));
        assert_eq!(pace.pause(Some(s(10)), 0.0), s(10));
        assert_eq!(pace.pause(Some(s(86_400)), 0.0), s(60));
        assert_eq!(Pace::NONE.pause(Some(s(10)), 0.9), s(0));
    }
}
