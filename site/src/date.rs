//! Dates as people read them, with the exact instant beside for machines.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// A date on a page: `8 May 2026`, and the instant for the `datetime` attribute.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Day {
    pub iso: String,
    pub text: String,
}

impl Day {
    /// The day of an instant, in UTC.
    pub fn of(at: DateTime<Utc>) -> Self {
        Self { iso: instant(at), text: written(at.date_naive()) }
    }

    /// A date without a time.
    pub fn on(date: NaiveDate) -> Self {
        Self { iso: date.to_string(), text: written(date) }
    }
}

/// `2026-05-08T12:00:00Z`
pub fn instant(at: DateTime<Utc>) -> String {
    at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// `8 May 2026, 12:00 UTC`
pub fn minute(at: DateTime<Utc>) -> String {
    format!("{}, {} UTC", written(at.date_naive()), at.format("%H:%M"))
}

/// `8 May 2026`
pub fn written(date: NaiveDate) -> String {
    date.format("%-d %B %Y").to_string()
}

/// How long between two instants, to the nearest sensible unit: `3 years`, `5 months`, `12 days`.
pub fn span(from: DateTime<Utc>, to: DateTime<Utc>) -> String {
    let days = (to - from).num_days().max(0);
    let (number, one, many) = match days {
        0..=60 => (days, "day", "days"),
        61..=729 => (days / 30, "month", "months"),
        _ => (days * 4 / 1461, "year", "years"),
    };
    crate::shown::count(usize::try_from(number).unwrap_or(0), one, many)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_written_out() {
        let at = "2026-05-08T09:07:03Z".parse().unwrap();
        assert_eq!(Day::of(at), Day { iso: "2026-05-08T09:07:03Z".into(), text: "8 May 2026".into() });
        assert_eq!(minute(at), "8 May 2026, 09:07 UTC");
        assert_eq!(span("2019-03-01T00:00:00Z".parse().unwrap(), at), "7 years");
        assert_eq!(span("2026-05-07T09:00:00Z".parse().unwrap(), at), "1 day");
    }
}
