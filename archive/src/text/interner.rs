//! The distinct lines of a policy.

use hashbrown::{DefaultHashBuilder, HashTable};
use std::hash::BuildHasher as _;

/// Lines kept once, numbered in order of first sight. A line never holds a line feed.
#[derive(Debug, Default)]
pub struct Interner {
    /// All lines, one behind the other.
    arena: Vec<u8>,
    /// Where each line ends in the arena.
    ends: Vec<usize>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Interner {
    /// How many distinct lines there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The line with this number.
    pub fn line(&self, number: u32) -> &[u8] {
        line(&self.arena, &self.ends, number)
    }

    /// The number of a line, new or known.
    pub fn intern(&mut self, bytes: &[u8]) -> u32 {
        let Self { arena, ends, table, hasher } = self;
        let hash = hasher.hash_one(bytes);
        if let Some(number) = table.find(hash, |number| line(arena, ends, *number) == bytes) {
            return *number;
        }
        let number = ends.len() as u32;
        arena.extend_from_slice(bytes);
        ends.push(arena.len());
        table.insert_unique(hash, number, |number| hasher.hash_one(line(arena, ends, *number)));
        number
    }

    /// Puts in the lines of a stored chunk, each ended by a line feed; `None` if they are not `count` new ones.
    pub(crate) fn extend(&mut self, raw: &[u8], count: u32) -> Option<()> {
        let before = self.len();
        let mut start = 0;
        for end in memchr::memchr_iter(b'\n', raw) {
            self.intern(&raw[start..end]);
            start = end + 1;
        }
        (start == raw.len() && self.len() - before == count as usize).then_some(())
    }

    /// A text as the numbers of its lines; `before` is a similar text's sequence.
    ///
    /// Most lines of a version follow each other as they did in the version before, so the line
    /// that followed last time is compared first: that costs neither a search for the line feed nor a hash.
    pub fn sequence(&mut self, text: &[u8], before: &[u32]) -> Vec<u32> {
        let mut sequence = Vec::with_capacity(before.len() + 16);
        let mut followed_by = vec![u32::MAX; self.len()];
        for pair in before.windows(2) {
            followed_by[pair[0] as usize] = pair[1];
        }
        let mut expected = before.first().copied().unwrap_or(u32::MAX);
        let mut at = 0;
        loop {
            if expected != u32::MAX {
                let line = self.line(expected);
                let end = at + line.len();
                if text.len() >= end && &text[at..end] == line && text.get(end).is_none_or(|b| *b == b'\n') {
                    sequence.push(expected);
                    if end == text.len() {
                        return sequence;
                    }
                    at = end + 1;
                    expected = followed_by[expected as usize];
                    continue;
                }
            }
            let end = memchr::memchr(b'\n', &text[at..]).map_or(text.len(), |offset| at + offset);
            let number = self.intern(&text[at..end]);
            sequence.push(number);
            if end == text.len() {
                return sequence;
            }
            at = end + 1;
            expected = followed_by.get(number as usize).copied().unwrap_or(u32::MAX);
        }
    }

    /// The lines of a sequence, joined by line feeds.
    pub fn write(&self, sequence: &[u32], out: &mut Vec<u8>) {
        for (place, number) in sequence.iter().enumerate() {
            if place > 0 {
                out.push(b'\n');
            }
            out.extend_from_slice(self.line(*number));
        }
    }
}

fn line<'a>(arena: &'a [u8], ends: &[usize], number: u32) -> &'a [u8] {
    let number = number as usize;
    let start = if number == 0 { 0 } else { ends[number - 1] };
    &arena[start..ends[number]]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guess_from_the_text_before_changes_nothing() {
        let texts = ["a\nb\na\nc", "a\nc\na\nb\n", "", "a", "a\n", "b\na\nc\nd", "ab\nb"];
        let (mut guessing, mut plain) = (Interner::default(), Interner::default());
        let mut before = Vec::new();
        for text in texts {
            let sequence = guessing.sequence(text.as_bytes(), &before);
            assert_eq!(sequence, plain.sequence(text.as_bytes(), &[]), "{text:?}");
            before = sequence;
        }
    }
}
