//! What changed word by word between two sentences.

use crate::shown::{LONGEST, clip};
use serde::Serialize;
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::ops::Range;

/// A run of words: kept, or found on this side only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Run {
    pub text: String,
    pub changed: bool,
}

/// The two sentences as runs: the words of `before` that went, the words of `after` that came.
/// Where one side is empty, or hardly a word is kept, there is nothing to compare and neither is marked.
pub fn runs(before: &str, after: &str) -> (Vec<Run>, Vec<Run>) {
    let (before, after) = (clip(before, LONGEST), clip(after, LONGEST));
    let whole = |text: &str| match text {
        "" => Vec::new(),
        text => vec![Run { text: text.to_owned(), changed: false }],
    };
    let (old, new) = (words(&before), words(&after));
    // Spaces are left out of the comparison: they are alike everywhere and would outweigh the words.
    let [then_words, now_words] =
        [&old, &new].map(|list| list.iter().map(|word| word.text).collect::<Vec<_>>());
    let steps = capture_diff_slices(Algorithm::Myers, &then_words, &now_words);
    let mut kept = (vec![false; old.len()], vec![false; new.len()]);
    for part in joined(&steps, &old, &new).iter().filter(|part| part.same) {
        kept.0[part.old.clone()].fill(true);
        kept.1[part.new.clone()].fill(true);
    }
    let same = old.iter().zip(&kept.0).filter(|(word, kept)| **kept && word.is_word()).count();
    if same * 4 < counted(&old).min(counted(&new)) || same == 0 {
        return (whole(&before), whole(&after));
    }
    (marked(&old, &kept.0), marked(&new, &kept.1))
}

/// A stretch of both sentences: the same words, or words that went and words that came.
struct Part {
    old: Range<usize>,
    new: Range<usize>,
    same: bool,
}

impl Part {
    /// How many words it holds, on the side that holds more.
    fn words(&self, old: &[Word<'_>], new: &[Word<'_>]) -> usize {
        counted(&old[self.old.clone()]).max(counted(&new[self.new.clone()]))
    }
}

fn counted(words: &[Word<'_>]) -> usize {
    words.iter().filter(|word| word.is_word()).count()
}

/// The steps as parts, same and changed in turn. A word or two that both sides happen to share amid
/// long changes say nothing: marked apart they would scatter the sentence, so they join the change.
fn joined(steps: &[DiffOp], old: &[Word<'_>], new: &[Word<'_>]) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    for step in steps {
        let (_, old_range, new_range) = step.as_tag_tuple();
        let same = matches!(step, DiffOp::Equal { .. });
        match parts.last_mut() {
            Some(last) if last.same == same => {
                last.old.end = old_range.end;
                last.new.end = new_range.end;
            }
            _ => parts.push(Part { old: old_range, new: new_range, same }),
        }
    }
    let mut at = 1;
    while at + 1 < parts.len() {
        let around = parts[at - 1].words(old, new).min(parts[at + 1].words(old, new));
        let lost = match parts[at].words(old, new) {
            0 => around >= 1,
            1 => around >= 3,
            2 => around >= 6,
            _ => false,
        };
        if parts[at].same && lost {
            let end = parts.remove(at + 1);
            parts.remove(at);
            parts[at - 1].old.end = end.old.end;
            parts[at - 1].new.end = end.new.end;
            // What stands before it may now be lost too.
            at = at.saturating_sub(2).max(1);
        } else {
            at += 1;
        }
    }
    parts
}

/// A word or a mark, and whether a space stands before it.
struct Word<'a> {
    text: &'a str,
    spaced: bool,
}

impl Word<'_> {
    fn is_word(&self) -> bool {
        self.text.starts_with(char::is_alphanumeric)
    }
}

/// Words with the apostrophes and hyphens inside them; each other mark by itself.
fn words(text: &str) -> Vec<Word<'_>> {
    let inside = |c: char| c.is_alphanumeric() || matches!(c, '\'' | '’' | '-' | '\u{300}'..='\u{36f}');
    let mut words = Vec::new();
    let mut rest = text;
    let mut spaced = false;
    while let Some(first) = rest.chars().next() {
        let length = match rest.find(|c| !inside(c)) {
            _ if first == ' ' => {
                spaced = true;
                rest = &rest[1..];
                continue;
            }
            Some(0) => first.len_utf8(),
            Some(end) => end,
            None => rest.len(),
        };
        words.push(Word { text: &rest[..length], spaced });
        spaced = false;
        rest = &rest[length..];
    }
    words
}

/// The words as runs; a space between a kept and a changed word belongs to the kept one.
fn marked(words: &[Word<'_>], kept: &[bool]) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    for (word, kept) in words.iter().zip(kept) {
        let changed = !kept;
        match runs.last_mut() {
            Some(last) if last.changed == changed => {
                if word.spaced {
                    last.text.push(' ');
                }
                last.text.push_str(word.text);
            }
            last => {
                let mut text = String::new();
                match last {
                    Some(last) if word.spaced && changed => last.text.push(' '),
                    Some(_) if word.spaced => text.push(' '),
                    _ => {}
                }
                text.push_str(word.text);
                runs.push(Run { text, changed });
            }
        }
    }
    runs
}

/// The runs in at most about `most` characters: where they are longer, what changed first is shown with
/// the words around it, and not a beginning in which both sides are alike.
pub fn excerpt(runs: Vec<Run>, most: usize) -> Vec<Run> {
    let length = |text: &str| text.chars().count();
    if runs.iter().map(|run| length(&run.text)).sum::<usize>() <= most {
        return runs;
    }
    let before: usize = runs.iter().take_while(|run| !run.changed).map(|run| length(&run.text)).sum();
    // A change near the beginning needs nothing left out before it; one that never comes neither.
    let lead = most / 4;
    let skip = if before <= most / 2 || !runs.iter().any(|run| run.changed) { 0 } else { before - lead };
    let mut out: Vec<Run> = Vec::new();
    let (mut at, mut room) = (0, most);
    for Run { text, changed } in runs {
        let start = at;
        at += length(&text);
        if at <= skip {
            continue;
        }
        let mut text: String = text.chars().skip(skip.saturating_sub(start)).collect();
        if start < skip {
            // Not in the middle of a word.
            text = format!("… {}", text.split_once(' ').map_or("", |(_, rest)| rest));
        }
        if length(&text) > room {
            // Cutting cleans, and would take away the space that parts it from the run before.
            let space = if text.starts_with(' ') { " " } else { "" };
            text = format!("{space}{}", clip(&text, room.max(1)));
            out.push(Run { text, changed });
            break;
        }
        room -= length(&text);
        out.push(Run { text, changed });
        if room == 0 {
            break;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_long_sentence_what_changed_is_shown() {
        let alike = "We use what you give us to run the service and to make it better. ".repeat(12);
        let (then, now) =
            runs(&format!("{alike}We never train models."), &format!("{alike}We may train models."));
        let (then, now) = (excerpt(then, 200), excerpt(now, 200));
        assert!(shown(&then).starts_with("… "), "{}", shown(&then));
        assert!(shown(&then).contains("[never]") && shown(&now).contains("[may]"), "{}", shown(&now));
        assert!(shown(&then).chars().count() < 220);
        // What changes at once is shown from its beginning, cut at the end.
        let (then, _) = runs(&format!("Never. {alike}"), &format!("Always. {alike}"));
        let then = excerpt(then, 200);
        assert!(shown(&then).starts_with("[Never]") && shown(&then).ends_with('…'), "{}", shown(&then));
        assert!(excerpt(runs("Short.", "").0, 200) == runs("Short.", "").0);
    }

    fn shown(runs: &[Run]) -> String {
        runs.iter().map(|r| if r.changed { format!("[{}]", r.text) } else { r.text.clone() }).collect()
    }

    #[test]
    fn the_words_that_went_and_came_are_marked() {
        let (then, now) = runs("We never sell your data.", "We may sell your data.");
        assert_eq!(shown(&then), "We [never] sell your data.");
        assert_eq!(shown(&now), "We [may] sell your data.");
    }

    #[test]
    fn neighbouring_words_make_one_mark() {
        let (then, now) = runs("We do not read your messages.", "We may sometimes read your messages.");
        assert_eq!(shown(&then), "We [do not] read your messages.");
        assert_eq!(shown(&now), "We [may sometimes] read your messages.");
    }

    #[test]
    fn spaces_do_not_outweigh_words() {
        let (then, now) = runs(
            "Chats are end-to-end encrypted if you switch it on.",
            "From 8 May 2026 chats are no longer end-to-end encrypted.",
        );
        assert_eq!(shown(&then), "[Chats] are end-to-end encrypted [if you switch it on].");
        assert_eq!(shown(&now), "[From 8 May 2026 chats] are [no longer] end-to-end encrypted.");
    }

    #[test]
    fn words_that_happen_to_be_shared_join_the_change_around_them() {
        let (then, now) = runs(
            "We delete the photographs that you sent us after thirty days at most.",
            "We keep every single picture that people ever uploaded after thirty days at most.",
        );
        assert_eq!(shown(&then), "We [delete the photographs that you sent us] after thirty days at most.");
        assert_eq!(
            shown(&now),
            "We [keep every single picture that people ever uploaded] after thirty days at most."
        );
    }

    #[test]
    fn sentences_with_nothing_in_common_are_not_marked() {
        let (then, now) = runs("Chats are encrypted.", "Contact us in writing about fees, please.");
        assert!(then.iter().chain(&now).all(|run| !run.changed));
        let (then, now) = runs("Gone.", "");
        assert_eq!((shown(&then).as_str(), shown(&now).as_str()), ("Gone.", ""));
    }
}
