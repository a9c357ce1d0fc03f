//! A date as precise as the sources: a day, a month, or a year.

use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// `2026`, `2026-05` or `2026-05-08`. Ordered by first day, the vaguer first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct EventDate {
    year: i32,
    month: Option<u32>,
    day: Option<u32>,
}

/// How much of a date is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Precision {
    Year,
    Month,
    Day,
}

/// A text that is no date.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a date; write \"YYYY\", \"YYYY-MM\" or \"YYYY-MM-DD\"")]
pub struct DateError(String);

impl EventDate {
    pub fn precision(self) -> Precision {
        match (self.month, self.day) {
            (None, _) => Precision::Year,
            (_, None) => Precision::Month,
            _ => Precision::Day,
        }
    }

    /// The earliest day it may mean.
    pub fn first_day(self) -> NaiveDate {
        NaiveDate::from_ymd_opt(self.year, self.month.unwrap_or(1), self.day.unwrap_or(1))
            .expect("checked when parsed")
    }

    /// The latest day it may mean: from then on it is certain to have happened.
    pub fn last_day(self) -> NaiveDate {
        let first = self.first_day();
        let next = match self.precision() {
            Precision::Day => return first,
            Precision::Month if first.month() == 12 => NaiveDate::from_ymd_opt(self.year + 1, 1, 1),
            Precision::Month => NaiveDate::from_ymd_opt(self.year, first.month() + 1, 1),
            Precision::Year => NaiveDate::from_ymd_opt(self.year + 1, 1, 1),
        };
        next.and_then(|next| next.pred_opt()).expect("years are four digits")
    }

    pub fn year(self) -> i32 {
        self.year
    }
}

impl From<NaiveDate> for EventDate {
    fn from(day: NaiveDate) -> Self {
        Self { year: day.year(), month: Some(day.month()), day: Some(day.day()) }
    }
}

impl FromStr for EventDate {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let wrong = || DateError(text.to_owned());
        let mut parts = text.split('-');
        let mut number = |width: usize| match parts.next() {
            None => Ok(None),
            Some(part) if part.len() == width && part.bytes().all(|b| b.is_ascii_digit()) => {
                part.parse::<u32>().map(Some).map_err(|_| wrong())
            }
            Some(_) => Err(wrong()),
        };
        let year = number(4)?.ok_or_else(wrong)? as i32;
        let (month, day) = (number(2)?, number(2)?);
        if parts.next().is_some() || year == 0 {
            return Err(wrong());
        }
        NaiveDate::from_ymd_opt(year, month.unwrap_or(1), day.unwrap_or(1)).ok_or_else(wrong)?;
        Ok(Self { year, month, day })
    }
}

impl TryFrom<String> for EventDate {
    type Error = DateError;

    fn try_from(text: String) -> Result<Self, DateError> {
        text.parse()
    }
}

impl From<EventDate> for String {
    fn from(date: EventDate) -> Self {
        date.to_string()
    }
}

impl fmt::Display for EventDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        self.month.map_or(Ok(()), |month| write!(f, "-{month:02}"))?;
        self.day.map_or(Ok(()), |day| write!(f, "-{day:02}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_is_as_precise_as_written() {
        for (text, precision, first, last) in [
            ("2026", Precision::Year, "2026-01-01", "2026-12-31"),
            ("2026-02", Precision::Month, "2026-02-01", "2026-02-28"),
            ("2023-12", Precision::Month, "2023-12-01", "2023-12-31"),
            ("2026-05-08", Precision::Day, "2026-05-08", "2026-05-08"),
        ] {
            let date: EventDate = text.parse().unwrap();
            assert_eq!(date.to_string(), text);
            assert_eq!(date.precision(), precision);
            assert_eq!(date.first_day().to_string(), first);
            assert_eq!(date.last_day().to_string(), last);
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in
            ["", "26", "2026-13", "2026-02-30", "2026-5-8", "2026-05-08-1", "May 2026", "0000", "+202"]
        {
            assert!(text.parse::<EventDate>().is_err(), "{text}");
        }
    }

    #[test]
    fn vaguer_dates_sort_before_the_days_within_them() {
        let mut dates: Vec<EventDate> =
            ["2021-02", "2021-01-05", "2021", "2020-12-31"].iter().map(|d| d.parse().unwrap()).collect();
        dates.sort();
        let texts: Vec<String> = dates.iter().map(EventDate::to_string).collect();
        assert_eq!(texts, ["2020-12-31", "2021", "2021-01-05", "2021-02"]);
    }
}
