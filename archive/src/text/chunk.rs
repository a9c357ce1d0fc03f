//! Chunks of lines and of sequences, as they lie on disk.
//!
//! A chunk of lines is its lines joined by line feeds. A chunk of sequences is, for each text, how
//! many lines it has and then each line's number as the step from the one before, all as variable-length
//! integers: a text whose lines are new is a run of ones. Both are compressed with zstd.

use super::{TextFacts, Texts};
use std::cell::RefCell;
use zstd::bulk::Compressor;

/// Uncompressed size at which a chunk of lines is full: small enough to read one text quickly,
/// large enough for compression to find repetitions.
const LINES_FULL: usize = 256 * 1024;
const SEQUENCES_FULL: usize = 64 * 1024;
/// For texts that are kept for good: compressed once.
pub(crate) const FOR_GOOD: i32 = 9;
/// For texts that come back by extracting pages again, and are packed at each visit that finds something new.
pub(crate) const FOR_NOW: i32 = 3;

/// What a chunk holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Lines = 0,
    Sequences = 1,
}

/// A compressed chunk: `count` lines or sequences from number `first` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    pub kind: Kind,
    pub number: u32,
    pub first: u32,
    pub count: u32,
    pub data: Vec<u8>,
}

/// A chunk that does not hold what its row says.
#[derive(Debug, thiserror::Error)]
#[error(
    "chunk {number} of {what} is damaged: restore the archive from a copy, or delete its file and import again"
)]
pub struct DamagedChunk {
    /// `lines` or `sequences`.
    pub what: &'static str,
    pub number: u32,
}

/// What must be written so that the store holds all of a policy's texts.
#[derive(Debug, Default)]
pub struct Packed {
    /// New chunks, and the last old one of each kind where it was not full.
    pub chunks: Vec<Chunk>,
    /// Number and facts of the new texts.
    pub texts: Vec<(u32, TextFacts)>,
}

/// Where the last chunk of a kind begins, and how large it is: it is taken up again while small.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tail {
    pub number: u32,
    pub first: u32,
    pub count: u32,
}

/// Packs what `texts` holds beyond the first `stored_texts` texts and what the tails already cover.
pub fn pack(
    texts: &Texts,
    stored_texts: u32,
    lines: Option<Tail>,
    sequences: Option<Tail>,
    level: i32,
) -> Packed {
    let mut packed = Packed::default();
    if texts.len() as u32 == stored_texts {
        return packed;
    }
    let interner = texts.lines();
    let mut out = Chunks { level, out: &mut packed.chunks };
    out.pack(Kind::Lines, interner.len() as u32, lines, LINES_FULL, |number, out| {
        out.extend_from_slice(interner.line(number));
        out.push(b'\n');
    });
    out.pack(Kind::Sequences, texts.len() as u32, sequences, SEQUENCES_FULL, |number, out| {
        let sequence = texts.sequence(number);
        varint(sequence.len() as u64, out);
        let mut before = 0i64;
        for line in sequence {
            let step = i64::from(*line) - before;
            varint(((step << 1) ^ (step >> 63)) as u64, out);
            before = i64::from(*line);
        }
    });
    packed.texts = (stored_texts..texts.len() as u32).map(|number| (number, texts.facts(number))).collect();
    packed
}

/// Chunks on their way out.
struct Chunks<'a> {
    level: i32,
    out: &'a mut Vec<Chunk>,
}

impl Chunks<'_> {
    fn pack(
        &mut self,
        kind: Kind,
        len: u32,
        tail: Option<Tail>,
        full: usize,
        write: impl Fn(u32, &mut Vec<u8>),
    ) {
        let mut number = 0;
        let mut first = 0;
        if let Some(tail) = tail {
            let mut size = Vec::new();
            (tail.first..tail.first + tail.count).for_each(|item| write(item, &mut size));
            let open = size.len() < full;
            number = if open { tail.number } else { tail.number + 1 };
            first = if open { tail.first } else { tail.first + tail.count };
            if open && tail.first + tail.count == len {
                return;
            }
        }
        let mut raw = Vec::new();
        let mut item = first;
        while item < len {
            write(item, &mut raw);
            item += 1;
            if raw.len() >= full || item == len {
                let data = compress(&raw, self.level);
                self.out.push(Chunk { kind, number, first, count: item - first, data });
                raw.clear();
                number += 1;
                first = item;
            }
        }
    }
}

/// The uncompressed lines of a chunk, each ended by a line feed.
pub fn raw_lines(data: &[u8]) -> Option<Vec<u8>> {
    decompress(data)
}

/// The sequences of a chunk, in order.
pub fn sequences(data: &[u8], count: u32) -> Option<Vec<Vec<u32>>> {
    let raw = decompress(data)?;
    let mut raw = raw.as_slice();
    let mut sequences = Vec::with_capacity(count as usize);
    for _ in 0..count {
        sequences.push(sequence(&mut raw)?);
    }
    raw.is_empty().then_some(sequences)
}

/// One sequence of a chunk, the `place`th.
pub fn one_sequence(data: &[u8], place: u32) -> Option<Vec<u32>> {
    let raw = decompress(data)?;
    let mut raw = raw.as_slice();
    for _ in 0..place {
        let len = read_varint(&mut raw)?;
        for _ in 0..len {
            read_varint(&mut raw)?;
        }
    }
    sequence(&mut raw)
}

fn sequence(raw: &mut &[u8]) -> Option<Vec<u32>> {
    let len = read_varint(raw)?;
    // A damaged length must not reserve the machine's memory: each line takes at least a byte.
    if len > raw.len() as u64 {
        return None;
    }
    let mut sequence = Vec::with_capacity(len as usize);
    let mut before = 0i64;
    for _ in 0..len {
        let step = read_varint(raw)?;
        before += (step >> 1) as i64 ^ -((step & 1) as i64);
        sequence.push(u32::try_from(before).ok()?);
    }
    Some(sequence)
}

/// `raw` as zstd. What zstd works with is kept from one time to the next: making it was felt.
pub(crate) fn compress(raw: &[u8], level: i32) -> Vec<u8> {
    thread_local! {
        static KEPT: RefCell<(Compressor<'static>, Vec<u8>)> =
            RefCell::new((Compressor::new(FOR_NOW).expect("zstd finds memory"), Vec::new()));
    }
    KEPT.with_borrow_mut(|(compressor, out)| {
        out.clear();
        out.reserve(zstd::zstd_safe::compress_bound(raw.len()));
        compressor
            .set_compression_level(level)
            .and_then(|()| compressor.compress_to_buffer(raw, out))
            .expect("zstd compresses any bytes");
        out.to_vec()
    })
}

fn decompress(data: &[u8]) -> Option<Vec<u8>> {
    zstd::stream::decode_all(data).ok()
}

pub(crate) fn varint(mut value: u64, out: &mut Vec<u8>) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

pub(crate) fn read_varint(raw: &mut &[u8]) -> Option<u64> {
    let mut value = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = raw.split_first()?;
        *raw = rest;
        value |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(data: &[u8], count: u32) -> Option<usize> {
        let raw = raw_lines(data)?;
        let mut lines = crate::text::Interner::default();
        lines.extend(&raw, count)?;
        Some(lines.len())
    }

    #[test]
    fn chunks_hold_what_went_in_and_the_last_one_is_taken_up_again() {
        let mut texts = Texts::default();
        for version in 0..40 {
            let text: String =
                (0..900).map(|line| format!("Line {line} of version {}.\n", version.min(line))).collect();
            texts.push(text.as_bytes());
        }
        let first = pack(&texts, 0, None, None, FOR_NOW);
        let of = |packed: &Packed, kind| {
            packed.chunks.iter().filter(|c| c.kind == kind).cloned().collect::<Vec<_>>()
        };
        let all_lines: usize = of(&first, Kind::Lines).iter().map(|c| lines(&c.data, c.count).unwrap()).sum();
        assert_eq!(all_lines, texts.lines().len());
        assert!(of(&first, Kind::Lines).len() > 1, "more than one chunk is tried");
        let last = of(&first, Kind::Sequences).pop().unwrap();
        assert_eq!(one_sequence(&last.data, last.count - 1).unwrap(), texts.sequence(39));
        assert_eq!(sequences(&last.data, last.count).unwrap().len(), last.count as usize);

        texts.push(b"One more.\n");
        let tail =
            |kind| of(&first, kind).last().map(|c| Tail { number: c.number, first: c.first, count: c.count });
        let more = pack(&texts, 40, tail(Kind::Lines), tail(Kind::Sequences), FOR_NOW);
        assert_eq!(more.texts.len(), 1);
        assert_eq!(of(&more, Kind::Lines).len(), 1);
        assert_eq!(of(&more, Kind::Lines)[0].number, of(&first, Kind::Lines).last().unwrap().number);
        assert!(pack(&texts, 41, tail(Kind::Lines), tail(Kind::Sequences), FOR_NOW).chunks.is_empty());
    }

    #[test]
    fn a_damaged_chunk_is_noticed() {
        let mut texts = Texts::default();
        texts.push(b"a\nb\n");
        let packed = pack(&texts, 0, None, None, FOR_GOOD);
        for chunk in &packed.chunks {
            let mut data = chunk.data.clone();
            data.truncate(data.len() - 2);
            assert!(lines(&data, chunk.count).is_none() && sequences(&data, chunk.count).is_none());
        }
        assert!(lines(&packed.chunks[0].data, 9).is_none());
    }
}
