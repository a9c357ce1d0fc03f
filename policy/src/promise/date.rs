//! Dates written in texts: when a change takes effect, when something ends.

use super::document::Document;
use super::rules::{Grammar, Language};
use super::token::Tokens;
use chrono::NaiveDate;

/// The dates among the words, in order: "8 May 2026", "the 8th of May, 2026", "May 8th, 2026", "2026-05-08",
/// "08.05.2026".
pub(super) fn dates(language: &Language, tokens: &Tokens) -> Vec<NaiveDate> {
    let mut found = Vec::new();
    // "The 8th of May", "May the 8th"
    let places: Vec<usize> =
        (0..tokens.words.len()).filter(|n| !matches!(tokens.word(*n), "of" | "the")).collect();
    let count = places.len();
    let number = |n: usize| -> Option<u32> {
        let text = tokens.word(places[n]);
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let tail = &text[digits..];
        (digits > 0 && matches!(tail, "" | "st" | "nd" | "rd" | "th" | "er"))
            .then(|| text[..digits].parse().ok())?
    };
    let month = |n: usize| language.months.get(&tokens.words[places[n]].hash).copied();
    let year = |n: usize| number(n).filter(|year| (1990..2100).contains(year));
    let mut n = 0;
    while n + 1 < count {
        let date = if let Some(m) = month(n) {
            // May 8, 2026; and May 2026, which is its first day.
            match (number(n + 1), (n + 2 < count).then(|| year(n + 2)).flatten()) {
                (Some(day), Some(y)) if day <= 31 => {
                    NaiveDate::from_ymd_opt(y as i32, m, day).map(|d| (d, 3))
                }
                (Some(y), _) if y >= 1990 => {
                    // "8 May 2026" was taken when its day was met.
                    NaiveDate::from_ymd_opt(y as i32, m, 1).map(|d| (d, 2))
                }
                _ => None,
            }
        } else if let (Some(a), true) = (number(n), n + 2 < count) {
            if let (Some(m), Some(y)) = (month(n + 1), year(n + 2)) {
                NaiveDate::from_ymd_opt(y as i32, m, a).map(|d| (d, 3))
            } else if let (Some(b), Some(c)) = (number(n + 1), number(n + 2)) {
                let (y, m, d) = if a >= 1990 {
                    (a, b, c)
                } else if c >= 1990 && (language.code == "en" && a <= 12) {
                    // American order, unless only the other can be.
                    (c, a, b)
                } else {
                    (c, b, a)
                };
                (1990..2100)
                    .contains(&y)
                    .then(|| NaiveDate::from_ymd_opt(y as i32, m, d))
                    .flatten()
                    .map(|d| (d, 3))
            } else {
                None
            }
        } else {
            None
        };
        match date {
            Some((date, words)) => {
                found.push(date);
                n += words;
            }
            None => n += 1,
        }
    }
    found
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
