//! Texts at little cost: the lines of a policy are kept once, and a version is the sequence of its lines.
//!
//! - [`Interner`]: a policy's distinct lines, numbered in order of first sight
//! - [`Texts`]: a policy's distinct texts as sequences of lines; any text comes back byte for byte
//! - [`chunk`]: how lines and sequences lie on disk, in compressed chunks that are only appended to
//!   (the last one is rewritten while it is small)
//! - [`table`]: the SQLite tables that hold the chunks, and reading one text without the others
//!
//! The format is described in docs/history.md.

pub mod chunk;
pub mod imported;
mod interner;
pub mod table;

pub use chunk::DamagedChunk;
pub use imported::{Imported, ImportedPolicy, Recorded};
pub use interner::Interner;

use policy::id::Digest;
use std::collections::HashMap;

/// One distinct text of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TextFacts {
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
}

/// The distinct texts of one policy, in memory.
#[derive(Debug, Default)]
pub struct Texts {
    lines: Interner,
    sequences: Vec<Vec<u32>>,
    facts: Vec<TextFacts>,
    by_digest: HashMap<Digest, u32>,
}

impl Texts {
    /// Puts a text in and gives its number; a text that is there already keeps its number.
    pub fn push(&mut self, text: &[u8]) -> u32 {
        let digest = Digest::of(text);
        if let Some(number) = self.by_digest.get(&digest) {
            return *number;
        }
        let number = self.facts.len() as u32;
        let sequence = self.lines.sequence(text, self.sequences.last().map_or(&[], Vec::as_slice));
        self.sequences.push(sequence);
        self.facts.push(TextFacts { digest, bytes: text.len() as u64 });
        self.by_digest.insert(digest, number);
        number
    }

    /// How many distinct texts there are.
    pub fn len(&self) -> usize {
        self.facts.len()
    }

    pub fn is_empty(&self) -> bool {
        self.facts.is_empty()
    }

    /// Digest and size of a text.
    pub fn facts(&self, number: u32) -> TextFacts {
        self.facts[number as usize]
    }

    /// The distinct lines.
    pub fn lines(&self) -> &Interner {
        &self.lines
    }

    /// A text as the numbers of its lines.
    pub fn sequence(&self, number: u32) -> &[u32] {
        &self.sequences[number as usize]
    }

    /// A text's bytes, exactly as they were put in.
    pub fn bytes(&self, number: u32) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.facts[number as usize].bytes as usize);
        self.lines.write(self.sequence(number), &mut bytes);
        bytes
    }

    /// A text for reading: what is not UTF-8 shows as U+FFFD.
    pub fn text(&self, number: u32) -> String {
        match String::from_utf8(self.bytes(number)) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_comes_back_byte_for_byte() {
        let cases: [&[u8]; 8] = [
            b"",
            b"\n",
            b"one line",
            b"one line\n",
            b"a\n\nb\n\nc\n",
            b"a\r\nb\xff\xfe\0c\n",
            b"\n\n\n",
            b"a\n\nb\n\nd\n",
        ];
        let mut texts = Texts::default();
        let numbers: Vec<u32> = cases.iter().map(|case| texts.push(case)).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4, 5, 6, 7]);
        for (case, number) in cases.iter().zip(numbers) {
            assert_eq!(texts.bytes(number), *case);
            assert_eq!(texts.push(case), number, "a text seen again keeps its number");
        }
        assert!(texts.lines().len() < 12, "lines are kept once");
    }
}
