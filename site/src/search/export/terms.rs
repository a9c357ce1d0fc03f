//! Terms and their postings, walked from the index's segments into blocks; and the map from word
//! forms to terms that spares the browser a stemmer.

use super::block::varint;
use super::layout::{Layout, NONE};
use crate::search::index::Index;
use crate::search::words;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use tantivy::postings::{Postings as _, TermInfo};
use tantivy::schema::{Field, IndexRecordOption};
use tantivy::{DocSet as _, TERMINATED};

/// A longer list is cut into pieces of so many postings, each a block of its own: a list that grows
/// changes only its last piece, and a search may skip pieces.
const PIECE: usize = 4096;
/// A list shorter than this shares its block with others.
const OWN_BLOCK: usize = 2048;

/// Postings and positions in blocks. Block `i` of the one holds the same pieces as block `i` of the other.
#[derive(Default)]
pub struct Postings {
    /// The number of each block's first term.
    pub terms: Vec<u32>,
    /// The first record of the block's first list.
    pub records: Vec<u32>,
    pub postings: Vec<Vec<u8>>,
    pub positions: Vec<Vec<u8>>,
}

/// A piece of one term's list.
struct Piece {
    first: u32,
    postings: Vec<u8>,
    positions: Vec<u8>,
    count: u32,
}

/// Every term with a record, in order, and its postings.
pub struct Terms {
    pub postings: Postings,
    /// The number of each term; topics are terms too, `#data_sale`.
    numbers: BTreeMap<String, u32>,
}

impl Terms {
    pub fn read(index: &Index, layout: &Layout) -> tantivy::Result<Terms> {
        // `#` sorts before every letter and digit, and no form holds it.
        let topics = dictionary(index, index.fields.topic, "#")?;
        let texts = dictionary(index, index.fields.text, "")?;
        // A form, its field, and where its postings stand in each segment.
        type Term = (String, Field, Vec<(usize, TermInfo)>);
        let terms: Vec<Term> = topics
            .into_iter()
            .map(|(term, infos)| (term, index.fields.topic, infos))
            .chain(texts.into_iter().map(|(term, infos)| (term, index.fields.text, infos)))
            .collect();
        let mut read = Terms { postings: Postings::default(), numbers: BTreeMap::new() };
        let mut open = Open::default();
        // In batches, so that memory holds a part of the index and not all of it.
        for batch in terms.chunks(16 * 1024) {
            let pieces: Vec<Vec<Piece>> = batch
                .par_iter()
                .map(|(_, field, infos)| pieces(index, layout, *field, infos))
                .collect::<tantivy::Result<_>>()?;
            for ((term, ..), pieces) in batch.iter().zip(pieces) {
                if pieces.is_empty() {
                    continue;
                }
                let number = read.numbers.len() as u32;
                open.add(number, term, pieces, &mut read.postings);
                read.numbers.insert(term.clone(), number);
            }
        }
        open.close(&mut read.postings);
        Ok(read)
    }

    /// The map from forms to terms in blocks, with each block's first form.
    pub fn forms(&self, index: &Index) -> tantivy::Result<(Vec<String>, Vec<Vec<u8>>)> {
        let mut forms: BTreeSet<String> =
            self.numbers.keys().filter(|term| term.starts_with('#')).cloned().collect();
        for segment in index.reader.searcher().segment_readers() {
            let dictionary = segment.inverted_index(index.fields.forms)?;
            let mut stream = dictionary.terms().stream()?;
            while let Some((form, _)) = stream.next() {
                forms.insert(String::from_utf8_lossy(form).into_owned());
            }
        }
        let mut stemmer = words::stemmer();
        let mut known: Vec<(String, u32)> = forms
            .into_iter()
            .filter_map(|form| {
                let term =
                    if form.starts_with('#') { form.clone() } else { words::term(&mut stemmer, &form) };
                self.numbers.get(&term).map(|&number| (form, number))
            })
            .collect();
        // The order in which JavaScript compares.
        known.sort_by(|(a, _), (b, _)| a.encode_utf16().cmp(b.encode_utf16()));
        let mut first = Vec::new();
        let mut blocks = Vec::new();
        let mut block = FormBlock::default();
        for (form, number) in known {
            if block.is_full(&form) {
                blocks.push(block.take());
            }
            if block.entries.is_empty() {
                first.push(form.clone());
            }
            block.add(form, number);
        }
        if !block.entries.is_empty() {
            blocks.push(block.take());
        }
        Ok((first, blocks))
    }
}

/// A block of the map: `[shared, "rest", step, …]`, where `shared` counts UTF-16 units that the form
/// shares with the one before and `step` leads from the number before to this one.
#[derive(Default)]
struct FormBlock {
    entries: Vec<serde_json::Value>,
    bytes: usize,
    last: (String, i64),
}

impl FormBlock {
    fn is_full(&self, next: &str) -> bool {
        is_full(self.bytes, 11_000, 18_000, next)
    }

    fn add(&mut self, form: String, number: u32) {
        let shared = self.last.0.chars().zip(form.chars()).take_while(|(a, b)| a == b);
        let (bytes, units) =
            shared.fold((0, 0), |(bytes, units), (c, _)| (bytes + c.len_utf8(), units + c.len_utf16()));
        let number = i64::from(number);
        self.bytes += form.len() - bytes + 8;
        self.entries.extend([units.into(), form[bytes..].into(), (number - self.last.1).into()]);
        self.last = (form, number);
    }

    fn take(&mut self) -> Vec<u8> {
        let block = std::mem::take(self);
        serde_json::to_vec(&block.entries).unwrap_or_default()
    }
}

/// Blocks end at names that say so themselves, once they are big enough: where one block grows, the
/// blocks after it still begin where they began.
fn is_full(bytes: usize, enough: usize, most: usize, next: &str) -> bool {
    let dice = next.bytes().fold(0x811c_9dc5_u32, |hash, b| (hash ^ u32::from(b)).wrapping_mul(0x0100_0193));
    bytes >= most || (bytes >= enough && (dice >> 7).is_multiple_of(8))
}

/// The terms of a field in all segments, in order.
fn dictionary(
    index: &Index,
    field: Field,
    mark: &str,
) -> tantivy::Result<BTreeMap<String, Vec<(usize, TermInfo)>>> {
    let mut terms: BTreeMap<String, Vec<(usize, TermInfo)>> = BTreeMap::new();
    for (s, segment) in index.reader.searcher().segment_readers().iter().enumerate() {
        let inverted = segment.inverted_index(field)?;
        let mut stream = inverted.terms().stream()?;
        while let Some((term, info)) = stream.next() {
            let term = format!("{mark}{}", String::from_utf8_lossy(term));
            terms.entry(term).or_default().push((s, info.clone()));
        }
    }
    Ok(terms)
}

/// A term's records and positions, in the export's numbers, cut into pieces.
fn pieces(
    index: &Index,
    layout: &Layout,
    field: Field,
    infos: &[(usize, TermInfo)],
) -> tantivy::Result<Vec<Piece>> {
    let searcher = index.reader.searcher();
    let option = if field == index.fields.text {
        IndexRecordOption::WithFreqsAndPositions
    } else {
        IndexRecordOption::Basic
    };
    let mut list: Vec<(u32, u32, u32)> = Vec::new();
    let mut positions: Vec<u32> = Vec::new();
    for (s, info) in infos {
        let inverted = searcher.segment_reader(*s as u32).inverted_index(field)?;
        let mut postings = inverted.read_postings_from_terminfo(info, option)?;
        while postings.doc() != TERMINATED {
            let number = layout.numbers[*s][postings.doc() as usize];
            if number != NONE {
                let start = positions.len() as u32;
                if option.has_positions() {
                    postings.append_positions_with_offset(0, &mut positions);
                }
                list.push((number, start, positions.len() as u32));
            }
            postings.advance();
        }
    }
    list.sort_unstable();
    let cut = if list.len() > OWN_BLOCK { PIECE } else { OWN_BLOCK };
    let pieces = list.chunks(cut).map(|chunk| {
        let mut piece = Piece {
            first: chunk[0].0,
            postings: Vec::with_capacity(chunk.len() + 8),
            positions: Vec::with_capacity(chunk.len() * 2),
            count: chunk.len() as u32,
        };
        let mut last = 0;
        for &(number, start, end) in chunk {
            varint(&mut piece.postings, number - last);
            last = number;
            let here = &positions[start as usize..end as usize];
            let mut before = 0;
            for (i, &position) in here.iter().enumerate() {
                let more = u32::from(i + 1 < here.len());
                varint(&mut piece.positions, (position - before) << 1 | more);
                before = position;
            }
        }
        piece
    });
    Ok(pieces.collect())
}

/// The block being filled.
#[derive(Default)]
struct Open {
    postings: Vec<u8>,
    positions: Vec<u8>,
    term: u32,
    record: u32,
}

impl Open {
    fn add(&mut self, number: u32, term: &str, pieces: Vec<Piece>, into: &mut Postings) {
        let long = pieces[0].count as usize > OWN_BLOCK;
        if long || is_full(self.postings.len(), 4_000, 9_000, term) {
            self.close(into);
        }
        for piece in pieces {
            if self.postings.is_empty() {
                (self.term, self.record) = (number, piece.first);
            }
            for (out, part) in
                [(&mut self.postings, &piece.postings), (&mut self.positions, &piece.positions)]
            {
                varint(out, piece.count);
                varint(out, part.len() as u32);
                out.extend_from_slice(part);
            }
            if long {
                self.close(into);
            }
        }
    }

    fn close(&mut self, into: &mut Postings) {
        if !self.postings.is_empty() {
            into.terms.push(self.term);
            into.records.push(self.record);
            into.postings.push(std::mem::take(&mut self.postings));
            into.positions.push(std::mem::take(&mut self.positions));
        }
    }
}
