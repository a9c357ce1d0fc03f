//! Which number each record has in the export, and what follows from the numbers alone.

use crate::search::index::{Index, Order, STANDS};
use crate::search::record::{Class, Source};
use std::collections::BTreeMap;
use tantivy::DocId;

/// No record: deleted, or a source's vocabulary.
pub const NONE: u32 = u32::MAX;

/// The records by day, then source, then place in their source: a new version's records come last,
/// so that the numbers of all others stay.
pub struct Layout {
    /// By key; a source's number is its place.
    pub sources: Vec<(String, Source)>,
    /// Records that follow each other with one source, day and class.
    pub runs: Vec<Run>,
    /// A segment's documents to record numbers, or [`NONE`].
    pub numbers: Vec<Vec<u32>>,
    /// When each record stood, by number; an index into `lifespans`.
    pub lifespan_of: Vec<u32>,
    /// Distinct lifespans as lengths: days it stood, days it was away, days it stood, …; an odd
    /// count of lengths ends with its going, an even one (or none) says that it stands.
    pub lifespans: Vec<Vec<u32>>,
    /// Each source's records in its own order, as segment and document.
    pub places: Vec<Vec<(u32, DocId)>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run {
    pub source: u32,
    pub day: u32,
    pub class: Class,
    pub count: u32,
}

struct Row {
    day: u32,
    source: u32,
    ordinal: u32,
    class: Class,
    lifespan: u32,
    segment: u32,
    doc: DocId,
}

impl Layout {
    pub fn read(index: &Index) -> tantivy::Result<Layout> {
        let searcher = index.reader.searcher();
        let mut keys: BTreeMap<String, Source> = BTreeMap::new();
        for segment in &index.segments {
            keys.extend(segment.sources.iter().map(|source| (source.key(), source.clone())));
        }
        let number_of: BTreeMap<&str, u32> = keys.keys().map(String::as_str).zip(0..).collect();
        let mut lifespans: BTreeMap<Vec<u32>, u32> = BTreeMap::new();
        let mut rows: Vec<Row> = Vec::new();
        let mut numbers = Vec::new();
        for (s, segment) in searcher.segment_readers().iter().enumerate() {
            let fast = segment.fast_fields();
            let (order, ordinal) = (fast.u64("order")?, fast.u64("ordinal")?);
            let (from, until) = (fast.u64("from")?, fast.u64("until")?);
            let Some(source) = fast.str("source")? else { continue };
            let sources: Vec<u32> =
                index.segments[s].sources.iter().map(|source| number_of[source.key().as_str()]).collect();
            numbers.push(vec![NONE; segment.max_doc() as usize]);
            let mut spans: Vec<u32> = Vec::new();
            for doc in segment.doc_ids_alive() {
                let Some(class) = Order(order.values.get_val(doc)).class() else { continue };
                spans.clear();
                let mut day = None;
                let mut last = 0;
                for (from, until) in from.values_for_doc(doc).zip(until.values_for_doc(doc)) {
                    match day {
                        None => day = Some(from as u32),
                        Some(_) => spans.push((from as u32).saturating_sub(last)),
                    }
                    if until != STANDS {
                        spans.push((until as u32).saturating_sub(from as u32));
                        last = until as u32;
                    }
                }
                let next = lifespans.len() as u32;
                let lifespan = match lifespans.get(&spans) {
                    Some(&known) => known,
                    None => *lifespans.entry(spans.clone()).or_insert(next),
                };
                rows.push(Row {
                    day: day.unwrap_or(0),
                    source: sources[source.ords().values.get_val(doc) as usize],
                    ordinal: ordinal.values.get_val(doc) as u32,
                    class,
                    lifespan,
                    segment: s as u32,
                    doc,
                });
            }
        }
        rows.sort_unstable_by_key(|row| (row.day, row.source, row.ordinal));
        let mut runs: Vec<Run> = Vec::new();
        let mut places = vec![Vec::new(); keys.len()];
        for (number, row) in rows.iter().enumerate() {
            numbers[row.segment as usize][row.doc as usize] = number as u32;
            places[row.source as usize].push((row.segment, row.doc));
            match runs.last_mut() {
                Some(run) if (run.source, run.day, run.class) == (row.source, row.day, row.class) => {
                    run.count += 1;
                }
                _ => runs.push(Run { source: row.source, day: row.day, class: row.class, count: 1 }),
            }
        }
        let lifespan_of = rows.iter().map(|row| row.lifespan).collect();
        let mut table = vec![Vec::new(); lifespans.len()];
        for (spans, number) in lifespans {
            table[number as usize] = spans;
        }
        Ok(Layout {
            sources: keys.into_iter().collect(),
            runs,
            numbers,
            lifespan_of,
            lifespans: table,
            places,
        })
    }

    pub fn records(&self) -> usize {
        self.lifespan_of.len()
    }
}
