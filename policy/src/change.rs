//! What differs between two versions, and whether the publisher made the difference.

use crate::noise::sheet::{Known, Sheet};

/// What differs between two sheets, as statement numbers in reading order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Difference {
    pub removed: Vec<u32>,
    pub added: Vec<u32>,
    /// Old and new number of statements that share most of their words.
    pub reworded: Vec<(u32, u32)>,
    /// Statements that stand in both but elsewhere among the others.
    pub moved: u32,
}

/// Pairs with fewer words in common are another statement.
const REWORDED: f32 = 0.5;
/// Beyond so many pairs a text was rewritten, and pairing statements would only mislead.
const MOST_PAIRS: usize = 400_000;

/// Compares two sheets.
pub fn difference(before: &Sheet, after: &Sheet, known: &[Known]) -> Difference {
    let mut removed = only(before, after);
    let mut added = only(after, before);
    let mut reworded = Vec::new();
    if removed.len() * added.len() <= MOST_PAIRS {
        let mut pairs = Vec::new();
        for (n, old) in removed.iter().enumerate() {
            for (m, new) in added.iter().enumerate() {
                let (old, new) = (&known[*old as usize], &known[*new as usize]);
                if !may_be_alike(old, new) {
                    continue;
                }
                let alike = alike(&old.words, &new.words);
                if alike >= REWORDED {
                    pairs.push((alike, n, m));
                }
            }
        }
        // The likest first; among equals in reading order.
        pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then((a.1, a.2).cmp(&(b.1, b.2))));
        let (mut old_taken, mut new_taken) = (vec![false; removed.len()], vec![false; added.len()]);
        for (_, n, m) in pairs {
            if !old_taken[n] && !new_taken[m] {
                old_taken[n] = true;
                new_taken[m] = true;
                reworded.push((removed[n], added[m]));
            }
        }
        retain_free(&mut removed, &old_taken);
        retain_free(&mut added, &new_taken);
        reworded.sort_unstable_by_key(|(_, new)| after.order.iter().position(|number| number == new));
    }
    Difference { removed, added, reworded, moved: moved(before, after) }
}

/// Whether [`alike`] could reach [`REWORDED`]: a bit of one fingerprint that the other lacks is a word, at
/// least, that the other lacks.
fn may_be_alike(a: &Known, b: &Known) -> bool {
    let alone = |a: &Known, b: &Known| (a.print & !b.print).count_ones() as usize;
    let shared = a.words.len().saturating_sub(alone(a, b)).min(b.words.len().saturating_sub(alone(b, a)));
    // Half of all words of both are shared: a third of their sum.
    shared * 3 >= a.words.len() + b.words.len()
}

/// Share of words that two statements have in common.
pub fn alike(a: &[u32], b: &[u32]) -> f32 {
    let (short, long) = if a.len() < b.len() { (a, b) } else { (b, a) };
    // Even if all words of the shorter one were shared, it would not do.
    if (short.len() as f32) < REWORDED * long.len() as f32 {
        return 0.0;
    }
    let (mut i, mut j, mut shared) = (0, 0, 0);
    while i < a.len() && j < b.len() {
        match a[i].cmp(&b[j]) {
            std::cmp::Ordering::Less => i += 1,
            std::cmp::Ordering::Greater => j += 1,
            std::cmp::Ordering::Equal => {
                shared += 1;
                i += 1;
                j += 1;
            }
        }
    }
    shared as f32 / (a.len() + b.len() - shared).max(1) as f32
}

fn retain_free(numbers: &mut Vec<u32>, taken: &[bool]) {
    let mut taken = taken.iter();
    numbers.retain(|_| !taken.next().is_some_and(|taken| *taken));
}

/// Each statement of `sheet` that `other` lacks, once, in reading order.
fn only(sheet: &Sheet, other: &Sheet) -> Vec<u32> {
    let mut seen = std::collections::HashSet::new();
    let lacks = |number: &u32| other.set.binary_search(number).is_err();
    let is_own = |number: &u32| !sheet.sets_aside(*number);
    sheet.order.iter().copied().filter(|n| lacks(n) && is_own(n) && seen.insert(*n)).collect()
}

/// Statements of both whose order differs: all but a longest run that keeps its order.
fn moved(before: &Sheet, after: &Sheet) -> u32 {
    // By number of statement: where it first stands in `before`, until it was met in `after`.
    let most = before.order.iter().max().map_or(0, |most| *most as usize + 1);
    let mut place = vec![None; most];
    for (n, number) in before.order.iter().enumerate() {
        place[*number as usize].get_or_insert(n);
    }
    let own = after.order.iter().filter(|number| !after.sets_aside(**number));
    let places = own.filter_map(|number| place.get_mut(*number as usize)?.take());
    // Patience sorting: the length of the longest ascending run.
    let (mut tops, mut common): (Vec<usize>, u32) = (Vec::new(), 0);
    for place in places {
        common += 1;
        let pile = tops.partition_point(|top| *top < place);
        if pile == tops.len() {
            tops.push(place);
        } else {
            tops[pile] = place;
        }
    }
    common - tops.len() as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::noise::Sheets;

    fn check(before: &str, after: &str, expected: &str) {
        let mut sheets = Sheets::default();
        let (before, after) = (sheets.read(before), sheets.read(after));
        let difference = difference(&before, &after, sheets.known());
        let text = |number: &u32| sheets.known()[*number as usize].text.to_string();
        let mut lines: Vec<String> = difference.removed.iter().map(|n| format!("- {}", text(n))).collect();
        lines.extend(difference.added.iter().map(|n| format!("+ {}", text(n))));
        lines.extend(difference.reworded.iter().map(|(a, b)| format!("{} -> {}", text(a), text(b))));
        lines.push(format!("moved {}", difference.moved));
        assert_eq!(lines.join("\n"), expected);
    }

    #[test]
    fn nothing_differs() {
        check("One.\n\nTwo.\n", "* One\n* Two!\n", "moved 0");
    }

    #[test]
    fn removed_added_and_reworded() {
        check(
            "We never sell your personal data.\n\nGoodbye all.\n",
            "We may sell your personal data.\n\nSomething new stands here.\n",
            "- Goodbye all.\n+ Something new stands here.\nWe never sell your personal data. -> We may sell your personal data.\nmoved 0",
        );
    }

    #[test]
    fn moved_is_neither_removed_nor_added() {
        check("One.\n\nTwo.\n\nThree.\n\nFour.\n", "Four.\n\nOne.\n\nTwo.\n\nThree.\n", "moved 1");
    }
}
