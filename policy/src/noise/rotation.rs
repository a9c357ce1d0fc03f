//! Blocks of a page that change at each visit: readers' questions, news, offers.
//!
//! No publisher writes a passage anew eight times within a month; a page that shows what is new elsewhere
//! does. What comes there for the first time, and does not keep coming back as editions do, is no statement
//! of the document.

use super::lanes::Seen;
use super::sheet::Sheet;
use chrono::TimeDelta;
use std::collections::BTreeMap;

/// Within this time
const WITHIN: TimeDelta = TimeDelta::days(30);
/// so many versions bring something never seen before to one place.
const TIMES: usize = 8;
/// A statement that came more often than this is of an edition that takes turns.
const COMINGS: u8 = 3;
/// What stood longer than this is no news, and what still stands may yet stay.
const SHORT: TimeDelta = TimeDelta::days(60);

/// Marks the statements that rotate. `seen` is one recorder's, in order of time.
pub(super) fn mark(seen: &[Seen], sheets: &[Sheet], aside: &mut [bool]) {
    let texts: Vec<(&Seen, &Sheet)> =
        seen.iter().filter_map(|seen| Some((seen, &sheets[seen.sheet? as usize]))).collect();
    // Most pages are seen to differ less often than that.
    if !texts.windows(TIMES + 1).any(|run| run[TIMES].0.at - run[0].0.at <= WITHIN) {
        return;
    }
    // How often each statement came, and in how many texts it stands.
    let mut comings = vec![0u8; aside.len()];
    let mut first = vec![usize::MAX; aside.len()];
    let mut last = vec![0; aside.len()];
    let mut news: Vec<Vec<u32>> = Vec::with_capacity(texts.len());
    for (place, (_, sheet)) in texts.iter().enumerate() {
        let before: &[u32] = if place == 0 { &[] } else { &texts[place - 1].1.set };
        let mut new = Vec::new();
        if place == 0 || sheet.set != before {
            before.iter().for_each(|number| last[*number as usize] = place - 1);
            for number in sheet.set.iter().filter(|number| before.binary_search(number).is_err()) {
                let times = &mut comings[*number as usize];
                *times = times.saturating_add(1);
                if first[*number as usize] == usize::MAX {
                    first[*number as usize] = place;
                    new.push(*number);
                }
            }
        }
        news.push(new);
    }
    texts[texts.len() - 1].1.set.iter().for_each(|number| last[*number as usize] = texts.len() - 1);
    let rotates = |number: &u32| {
        let (first, last) = (first[*number as usize], last[*number as usize]);
        comings[*number as usize] <= COMINGS
            && first > 0
            && last + 1 < texts.len()
            && texts[last].0.at - texts[first].0.at <= SHORT
    };
    let mut start = 0;
    let mut done = 0;
    for end in 1..texts.len() {
        while texts[end].0.at - texts[start].0.at > WITHIN {
            start += 1;
        }
        // A window that ends here is looked at when the next version lies beyond it, or none follows.
        let is_last = texts.get(end + 1).is_none_or(|next| next.0.at - texts[start].0.at > WITHIN);
        if !is_last || end + 1 - start <= TIMES || end == done {
            continue;
        }
        done = end;
        let bring = (start + 1..=end).filter(|place| news[*place].iter().any(rotates)).count();
        if bring < TIMES {
            continue;
        }
        // What stands all the time holds the page together: between two of these is one place.
        let mut count: BTreeMap<u32, usize> = BTreeMap::new();
        for (_, sheet) in &texts[start..=end] {
            sheet.set.iter().for_each(|number| *count.entry(*number).or_default() += 1);
        }
        let stays = |number: u32| count.get(&number).is_some_and(|times| *times > end - start);
        // The versions that brought something to the place after each.
        let mut brought: BTreeMap<Option<u32>, Vec<usize>> = BTreeMap::new();
        let mut places: BTreeMap<Option<u32>, Vec<u32>> = BTreeMap::new();
        for (place, (_, sheet)) in texts.iter().enumerate().take(end + 1).skip(start) {
            let mut after = None;
            for number in &sheet.order {
                if stays(*number) {
                    after = Some(*number);
                } else if first[*number as usize] == place && place > start && rotates(number) {
                    let versions = brought.entry(after).or_default();
                    if versions.last() != Some(&place) {
                        versions.push(place);
                    }
                }
                if !stays(*number) && rotates(number) {
                    places.entry(after).or_default().push(*number);
                }
            }
        }
        for (place, _) in brought.iter().filter(|(_, versions)| versions.len() >= TIMES) {
            places[place].iter().for_each(|number| aside[*number as usize] = true);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::history::Cause;
    use crate::noise::Sheets;
    use chrono::DateTime;

    /// Reads one text every so many days; gives what rotates.
    fn rotating(texts: &[String], every: i64) -> Vec<String> {
        let mut sheets = Sheets::default();
        let read: Vec<Sheet> = texts.iter().map(|text| sheets.read(text)).collect();
        let seen: Vec<Seen> = (0..texts.len())
            .map(|n| Seen {
                at: DateTime::from_timestamp(n as i64 * every * 86_400, 0).unwrap(),
                cause: Cause::Change,
                sheet: Some(n as u32),
                is_ours: false,
            })
            .collect();
        let mut aside = vec![false; sheets.known().len()];
        mark(&seen, &read, &mut aside);
        aside
            .iter()
            .zip(sheets.known())
            .filter(|(aside, _)| **aside)
            .map(|(_, known)| known.text.to_string())
            .collect()
    }

    fn letter(n: usize) -> char {
        char::from(b'a' + n as u8)
    }

    fn news(n: usize) -> String {
        format!("We keep your data.\n\n* Story {}{}\n\nWe sell nothing.\n", letter(n), letter(n))
    }

    #[test]
    fn a_line_that_is_new_at_each_visit_rotates() {
        let found = rotating(&(0..12).map(news).collect::<Vec<_>>(), 1);
        assert_eq!(found.len(), 10, "the first may be old, the newest may yet stay: {found:?}");
        assert!(found.iter().all(|text| text.starts_with("Story")));
    }

    #[test]
    fn edits_months_apart_do_not_rotate() {
        assert_eq!(rotating(&(0..12).map(news).collect::<Vec<_>>(), 20), [""; 0]);
    }

    #[test]
    fn editions_that_take_turns_do_not_rotate() {
        assert_eq!(rotating(&(0..20).map(|n| news(n % 2)).collect::<Vec<_>>(), 1), [""; 0]);
    }

    #[test]
    fn what_was_edited_once_meanwhile_is_kept() {
        let texts: Vec<String> = (0..12)
            .map(|n| if n < 6 { news(n) } else { news(n).replace("We sell nothing", "We may sell it") })
            .collect();
        let found = rotating(&texts, 1);
        assert!(found.iter().all(|text| text.starts_with("Story")), "{found:?}");
    }
}
