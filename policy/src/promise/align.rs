//! Finds, for each statement that changed, what stands for it anywhere in the other text.

use super::document::{Document, Unit};

/// A statement of the other text that may say the same.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Link {
    /// Its place in the other text.
    pub to: usize,
    /// Shared weight over all weight: 1 for the same telling words.
    pub similarity: f32,
    /// Share of this statement's weight that stands in the other: 1 where the other says all of it.
    pub contained: f32,
    /// The other statement stands in one of the texts only.
    pub fresh: bool,
}

/// What changed between two texts, by place.
#[derive(Debug, Clone, Default)]
pub struct Changed {
    /// Statements of the old text that the new one does not hold word for word.
    pub gone: Vec<usize>,
    /// Statements of the new text that the old one did not hold.
    pub fresh: Vec<usize>,
}

/// Compares by statements' keys.
pub fn changed(before: &Document, after: &Document) -> Changed {
    // Where both begin and end alike, nothing differs: mostly all but a few statements.
    let (old, new) = (&before.in_order, &after.in_order);
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let tails = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = tails.take_while(|(a, b)| a == b).count();
    let only = |text: &Document, other: &Document| {
        let mut seen = std::collections::BTreeSet::new();
        let middle = head..text.in_order.len() - tail;
        text.in_order[middle.clone()]
            .iter()
            .zip(middle)
            .map(|(key, n)| (n, key))
            .filter(|(_, key)| !other.holds(**key) && seen.insert(**key))
            .map(|(n, _)| n)
            .collect()
    };
    Changed { gone: only(before, after), fresh: only(after, before) }
}

/// Weighs words by how rare they are in both texts.
#[derive(Debug, Clone, Copy)]
pub struct Weigher<'a> {
    pub before: &'a Document,
    pub after: &'a Document,
}

impl Weigher<'_> {
    pub fn weight(&self, word: u32) -> f32 {
        let total = (self.before.placed.len() + self.after.placed.len()) as f32 + 2.0;
        let count = |text: &Document| text.postings().places(word).len() as f32;
        (total / (count(self.before) + count(self.after) + 1.0)).ln().max(0.2)
    }
}

/// The statements of `text` most like `unit`, best first, at most `limit`.
pub fn links(
    unit: &Unit,
    text: &Document,
    weigher: Weigher<'_>,
    is_fresh: &[bool],
    limit: usize,
) -> Vec<Link> {
    if unit.bag.is_empty() {
        return Vec::new();
    }
    let weights: Vec<f32> = unit.bag.iter().map(|word| weigher.weight(*word)).collect();
    let total: f32 = weights.iter().sum();
    // Only statements that hold one of its words are looked at: from the words to where they stand.
    // Words come in order, so each sum adds up in the same order as a walk along both bags would.
    let mut shared = vec![(0.0f32, 0u32); text.placed.len()];
    let postings = text.postings();
    for (word, weight) in unit.bag.iter().zip(&weights) {
        for place in postings.places(*word) {
            let (sum, count) = &mut shared[*place as usize];
            *sum += weight;
            *count += 1;
        }
    }
    let mut links: Vec<Link> = Vec::new();
    for (to, (shared, count)) in shared.into_iter().enumerate() {
        if count == 0 {
            continue;
        }
        let other = &text.placed[to].unit;
        // Fingerprints that share little: one common word among many.
        let shared_bits: u32 = unit.print.iter().zip(&other.print).map(|(a, b)| (a & b).count_ones()).sum();
        if shared_bits * 5 < unit.print_ones.min(other.print_ones) {
            continue;
        }
        let rest = (other.bag.len() - count as usize) as f32;
        // Words that only the other has count with the mean weight: exact weights would change no order.
        let mean = total / unit.bag.len() as f32;
        let similarity = shared / (total + rest * mean);
        let contained = shared / total;
        if similarity > 0.12 || contained > 0.5 {
            links.push(Link { to, similarity, contained, fresh: is_fresh[to] });
        }
    }
    links.sort_by(|a, b| {
        (b.similarity + 0.3 * b.contained)
            .total_cmp(&(a.similarity + 0.3 * a.contained))
            .then(a.to.cmp(&b.to))
    });
    links.truncate(limit);
    links
}
