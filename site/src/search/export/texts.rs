//! The records' texts in small blocks, source by source.

use super::block::Folder;
use super::layout::Layout;
use crate::search::index::Index;
use crate::search::record::{Group, Record};
use policy::finding::Topic;
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use tantivy::schema::Value as _;
use tantivy::{DocId, TantivyDocument};

/// A block is closed once it holds so many bytes. Answers lie scattered, so blocks are small.
const ENOUGH: usize = 4_500;
/// Sources share a directory until it names so many blocks.
const DIRECTORY: usize = 384;

/// Where a source's texts lie: the place of each block's first record among the source's, and its name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceTexts {
    starts: Vec<u32>,
    names: Vec<String>,
}

/// What an earlier export wrote, by source: its stamp and where its texts lie.
pub type Known = BTreeMap<String, (String, SourceTexts)>;

/// Writes the texts of all sources, reading only those whose stamp changed.
pub fn write(
    index: &Index,
    layout: &Layout,
    stamps: &BTreeMap<String, String>,
    known: &Known,
    folder: &mut Folder,
) -> Result<Known, super::ExportError> {
    let mut texts = Known::new();
    let mut changed = Vec::new();
    for (number, (key, _)) in layout.sources.iter().enumerate() {
        match (known.get(key), stamps.get(key)) {
            (Some((was, kept)), Some(stamp)) if was == stamp && folder.keep(&kept.names) => {
                texts.insert(key.clone(), (stamp.clone(), kept.clone()));
            }
            _ => changed.push(number),
        }
    }
    for batch in changed.chunks(64) {
        let blocks: Vec<(Vec<u32>, Vec<Vec<u8>>)> = batch
            .par_iter()
            .map(|&source| blocks(index, &layout.places[source]))
            .collect::<tantivy::Result<_>>()
            .map_err(|error| index.failed(error))?;
        let all: Vec<Vec<u8>> = blocks.iter().flat_map(|(_, blocks)| blocks.iter().cloned()).collect();
        let mut names = folder.put(&all).map_err(|error| super::ExportError::Write { error })?.into_iter();
        for (&source, (starts, blocks)) in batch.iter().zip(blocks) {
            let key = &layout.sources[source].0;
            let names = names.by_ref().take(blocks.len()).collect();
            let stamp = stamps.get(key).cloned().unwrap_or_default();
            texts.insert(key.clone(), (stamp, SourceTexts { starts, names }));
        }
    }
    Ok(texts)
}

/// Directories: `[[starts], "names"]` for each source in turn; and each directory's first source.
pub fn directories(layout: &Layout, texts: &Known) -> (Vec<u32>, Vec<Vec<u8>>) {
    let (mut first, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Vec<Value> = Vec::new();
    let mut named = 0;
    for (number, (key, _)) in layout.sources.iter().enumerate() {
        let none = SourceTexts::default();
        let source = texts.get(key).map_or(&none, |(_, texts)| texts);
        if open.is_empty() {
            first.push(number as u32);
        }
        named += source.names.len();
        open.push(json!([super::steps(source.starts.iter().copied()), source.names.concat()]));
        if named >= DIRECTORY {
            blocks.push(serde_json::to_vec(&std::mem::take(&mut open)).unwrap_or_default());
            named = 0;
        }
    }
    if !open.is_empty() {
        blocks.push(serde_json::to_vec(&open).unwrap_or_default());
    }
    (first, blocks)
}

fn blocks(index: &Index, places: &[(u32, DocId)]) -> tantivy::Result<(Vec<u32>, Vec<Vec<u8>>)> {
    let searcher = index.reader.searcher();
    let (mut starts, mut blocks) = (Vec::new(), Vec::new());
    let mut open: Vec<u8> = Vec::new();
    for (place, &(segment, doc)) in places.iter().enumerate() {
        let document: TantivyDocument = searcher.doc(tantivy::DocAddress::new(segment, doc))?;
        let bytes = document.get_first(index.fields.record).and_then(|value| value.as_bytes());
        let record: Option<Record> = bytes.and_then(|bytes| serde_json::from_slice(bytes).ok());
        let row = record.as_ref().map_or(Value::Null, row);
        if open.is_empty() {
            starts.push(place as u32);
        }
        open.push(if open.is_empty() { b'[' } else { b',' });
        let _ = serde_json::to_writer(&mut open as &mut dyn io::Write, &row);
        if open.len() >= ENOUGH {
            open.push(b']');
            blocks.push(std::mem::take(&mut open));
        }
    }
    if !open.is_empty() {
        open.push(b']');
        blocks.push(open);
    }
    Ok((starts, blocks))
}

/// `[text or texts, address, topics, spans, title]`, what is empty at the end left out. A statement's
/// address is its id. Spans are given where they are not simply "since its day".
fn row(record: &Record) -> Value {
    let parts = match record.parts.as_slice() {
        [only] => json!(only),
        parts => json!(parts),
    };
    let url = match record.class.group() {
        Group::Statement => record.url.trim_start_matches("#s-"),
        _ => &record.url,
    };
    let topics: Vec<usize> =
        record.topics.iter().filter_map(|topic| Topic::ALL.iter().position(|known| known == topic)).collect();
    let plain = record.spans.len() == 1 && record.spans[0].until.is_none();
    // What still stands is not dated to its last sighting here: every look would rewrite its block.
    let spans: Vec<Vec<u32>> = match plain {
        true => Vec::new(),
        false => record
            .spans
            .iter()
            .map(|span| match span.until {
                Some(until) => vec![span.from, span.last_seen, until],
                None => vec![span.from],
            })
            .collect(),
    };
    let mut row = vec![parts, json!(url), json!(topics), json!(spans), json!(record.title)];
    while row.last().is_some_and(|value| match value {
        Value::Array(list) => list.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }) {
        row.pop();
    }
    Value::Array(row)
}
