//! Dates written in texts: when a change takes effect, when something ends.

use super::document::Document;
use super::rules::{Grammar, Language};
use super::token::Tokens;
use chrono::{Months, NaiveDate};

/// The dates among the words, in order: "8 May 2026", "the 8th of May, 2026", "the eighth of May 2026", "May 8th,
/// 2026", "2026-05-08", "08.05.2026"; "May 2026" is its first day, "the end of May 2026" its last, "the end of 2026"
/// the year's.
pub(super) fn dates(language: &Language, tokens: &Tokens) -> Vec<NaiveDate> {
    let parts = parts(language, tokens);
    let month = |n: usize| match parts.get(n) {
        Some(Part::Month(month)) => Some(*month),
        _ => None,
    };
    let number = |n: usize| match parts.get(n) {
        Some(Part::Number { value, .. }) => Some(*value),
        _ => None,
    };
    let dotted = |n: usize| matches!(parts.get(n), Some(Part::Number { after_break: true, .. }));
    let year = |n: usize| number(n).filter(|year| YEARS.contains(year));
    let day = |y: u32, m: u32, d: u32| NaiveDate::from_ymd_opt(y as i32, m, d);
    // "The last day of May": the closing word stands up to two words before.
    let closes = |n: usize| parts[n.saturating_sub(2)..n].contains(&Part::Closing);
    let last = |y: u32, m: u32| day(y, m, 1)?.checked_add_months(Months::new(1))?.pred_opt();
    let mut found = Vec::new();
    let mut n = 0;
    while n < parts.len() {
        let date = match (month(n), number(n)) {
            // May 8, 2026; and May 2026.
            (Some(m), _) => match (number(n + 1), year(n + 2)) {
                (Some(d), Some(y)) if d <= 31 => day(y, m, d).map(|date| (date, 3)),
                // "8 May 2026" was taken when its day was met.
                (Some(y), _) if YEARS.contains(&y) => {
                    let date = if closes(n) { last(y, m) } else { day(y, m, 1) };
                    date.map(|date| (date, 2))
                }
                _ => None,
            },
            (None, Some(a)) => match (month(n + 1), year(n + 2), number(n + 1), number(n + 2)) {
                (Some(m), Some(y), ..) => day(y, m, a).map(|date| (date, 3)),
                (_, _, Some(b), Some(c)) => {
                    let (y, m, d) = if a >= YEARS.start {
                        (a, b, c)
                    } else if language.code == "en" && a <= 12 && !(dotted(n + 1) && dotted(n + 2)) {
                        // American order, unless only the other can be; with dots it never is.
                        (c, a, b)
                    } else {
                        (c, b, a)
                    };
                    YEARS.contains(&y).then(|| day(y, m, d)).flatten().map(|date| (date, 3))
                }
                _ if YEARS.contains(&a) && n > 0 && parts[n - 1] == Part::Closing => {
                    day(a, 12, 31).map(|date| (date, 1))
                }
                _ => None,
            },
            _ => None,
        };
        match date {
            Some((date, parts)) => {
                found.push(date);
                n += parts;
            }
            None => n += 1,
        }
    }
    found
}

const YEARS: std::ops::Range<u32> = 1990..2100;

/// What a word is to a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Number {
        value: u32,
        /// A dot, or another sign that parts clauses, stands before it; not a slash, a hyphen or nothing.
        after_break: bool,
    },
    Month(u32),
    /// "end", "close", "last": of what follows its last day.
    Closing,
    Other,
}

/// The words without "of" and "the", as in "the 8th of May", "May the 8th".
fn parts(language: &Language, tokens: &Tokens) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::with_capacity(tokens.words.len());
    // "Thirty", of "thirty-first".
    let mut tens = 0;
    for (n, word) in tokens.words.iter().enumerate() {
        let text = tokens.word(n);
        if matches!(text, "of" | "the") {
            continue;
        }
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let number = |value: u32| Part::Number { value, after_break: word.after_break };
        let is_day = matches!(&text[digits..], "" | "st" | "nd" | "rd" | "th" | "er");
        let ordinal = language.ordinals.get(&word.hash).copied();
        let part = if digits > 0 {
            text[..digits].parse().ok().filter(|_| is_day).map_or(Part::Other, number)
        } else if let Some(month) = language.months.get(&word.hash) {
            Part::Month(*month)
        } else if let Some(ordinal) = ordinal {
            if tens > 0 && ordinal < 10 {
                parts.pop();
                number(tens + ordinal)
            } else {
                number(ordinal)
            }
        } else if language.closing.contains(&word.hash) {
            Part::Closing
        } else {
            Part::Other
        };
        parts.push(part);
        let number = language.numbers.get(&word.hash).copied().unwrap_or(0);
        tens = if matches!(number, 20 | 30) { number } else { 0 };
    }
    parts
}

/// The date a text gives itself: "Effective 8 May 2026", "Last updated: …", near its top or its end.
pub(super) fn stated(language: &Language, document: &Document) -> Option<NaiveDate> {
    let count = document.placed.len();
    let near = (0..count.min(15)).chain(count.saturating_sub(6).max(15.min(count))..count);
    for n in near {
        let unit = &document.placed[n].unit;
        if unit.has(Grammar::Effective) {
            let here = dates(language, &unit.tokens);
            let next = || {
                document.placed.get(n + 1).map(|next| dates(language, &next.unit.tokens)).unwrap_or_default()
            };
            if let Some(date) = here.first().copied().or_else(|| next().first().copied()) {
                return Some(date);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::promise::rules::Rules;

    #[test]
    fn dates_are_read_as_people_write_them() {
        let rules = Rules::builtin();
        for (text, read) in [
            ("It ends on 8 May 2026.", "2026-05-08"),
            ("It ends on the 8th of May, 2026.", "2026-05-08"),
            ("It ends on the eighth of May 2026.", "2026-05-08"),
            ("Until the thirty-first of January 2027 it stands.", "2027-01-31"),
            ("From the twenty first of March, 2027, it is off.", "2027-03-21"),
            ("As of May 8th, 2026, it is off.", "2026-05-08"),
            ("Ended 2026-05-08.", "2026-05-08"),
            ("Ended 08.05.2026 for good.", "2026-05-08"),
            ("Ended 05/08/2026 for good.", "2026-05-08"),
            ("Ended 13/08/2026 for good.", "2026-08-13"),
            ("It starts in May 2026.", "2026-05-01"),
            ("It goes at the end of February 2028.", "2028-02-29"),
            ("It goes on the last day of February 2027.", "2027-02-28"),
            ("It goes at the close of 2026.", "2026-12-31"),
            ("The end: 12 May 2026.", "2026-05-12"),
        ] {
            let found: Vec<String> =
                dates(rules.language("en"), &Tokens::of(text)).iter().map(NaiveDate::to_string).collect();
            assert_eq!(found, [read], "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_dates() {
        let rules = Rules::builtin();
        for text in [
            "You may try it a second time, and a third.",
            "In the end 40 people may join.",
            "At the end of the 30 days it is deleted.",
            "Copyright 2026 by us.",
            "Your last 12 months of May be shown.",
        ] {
            assert_eq!(dates(rules.language("en"), &Tokens::of(text)), [], "{text}");
        }
    }
}
