//! Numbers with a kind: spans of time and ages.

use super::rules::Language;
use super::token::Tokens;
use std::ops::Range;

/// A number that limits something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Quantity {
    /// A span of time, in hours.
    Hours(u32),
    /// An age in years.
    Age(u32),
}

/// The quantities among the words from `first` on, each with the words it stands at.
pub(super) fn quantities(
    language: &Language,
    tokens: &Tokens,
    first: usize,
) -> (Vec<Quantity>, Vec<Range<usize>>) {
    let (mut found, mut places) = (Vec::new(), Vec::new());
    let value = |n: usize| -> Option<u32> {
        let text = tokens.word(n);
        if text.as_bytes()[0].is_ascii_digit() {
            text.parse().ok().filter(|value| *value <= 10_000)
        } else {
            language.numbers.get(&tokens.words[n].hash).copied()
        }
    };
    let mut n = first;
    while n < tokens.words.len() {
        if let Some(number) = value(n) {
            // "twelve (12) months", "30 calendar days"; in "29,213,601 | 1 day" the numbers are apart.
            let is_other = |m: usize| tokens.words[m].after_break && value(m).is_some_and(|v| v != number);
            let unit = (n + 1..(n + 5).min(tokens.words.len()))
                .take_while(|m| !is_other(*m))
                .take_while(|m| *m <= n + 2 || value(*m - 2).is_some() || value(*m).is_some())
                .find_map(|m| language.units.get(&tokens.words[m].hash).map(|hours| (m, *hours)));
            if let Some((at, hours)) = unit {
                let next = tokens.words.get(at + 1).map(|_| tokens.word(at + 1));
                if hours == 24 * 365 && matches!(next, Some("of" | "old" | "and")) {
                    found.push(Quantity::Age(number));
                    places.push(n..at + 1);
                } else if !is_past(tokens, n, next) {
                    found.push(Quantity::Hours(number.saturating_mul(hours)));
                    places.push(n..at + 1);
                }
                n = at;
            } else if number < 30
                && ((n > 0 && matches!(tokens.word(n - 1), "under" | "age" | "over" | "aged" | "than"))
                    || (n > 1 && tokens.word(n - 1) == "of" && tokens.word(n - 2) == "age"))
            {
                found.push(Quantity::Age(number));
                places.push(n..n + 1);
            }
        }
        n += 1;
    }
    (found, places)
}

/// "2 days ago", "vor 2 Tagen", "il y a 2 jours": when something was, not how long it may be.
fn is_past(tokens: &Tokens, number: usize, after: Option<&str>) -> bool {
    let before = |back: usize| number.checked_sub(back).map(|n| tokens.word(n));
    after == Some("ago") || before(1) == Some("vor") || (before(1) == Some("a") && before(2) == Some("y"))
}
