//! The native index: a tantivy index that is brought up to date policy by policy.
//!
//! A policy's records are deleted and added again when the policy changed; nothing else is touched.
//! `state.json` beside the index says which stamp of each policy is in it. The index is derived:
//! when its format or its state cannot be read, it is built from scratch.

use super::record::{self, Class, Group, Record, Source};
use super::words;
use policy::event::Event;
use policy::history::History;
use policy::id::{Digest, PolicyId};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::merge_policy::NoMergePolicy;
use tantivy::schema::{
    FAST, Field, IndexRecordOption, NumericOptions, STORED, STRING, Schema, TextFieldIndexing, TextOptions,
};
use tantivy::{IndexReader, IndexWriter, TantivyDocument, Term};

/// Raised whenever what the index holds changes: an index of another format is built again.
const FORMAT: u32 = 2;
const STATE: &str = "state.json";
/// Beyond this many segments the small ones are merged, so that queries stay fast.
const MOST_SEGMENTS: usize = 10;

#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("the search index `{path}` is not there: `walkback build` makes it")]
    Missing { path: PathBuf },
    #[error("cannot use the search index `{path}`: delete it, and `walkback build` makes it again")]
    Index {
        path: PathBuf,
        #[source]
        error: tantivy::TantivyError,
    },
    // Tantivy does not hand on what its threads met, and nearly always it is this.
    #[error(
        "cannot write the search index `{path}`: is the disk full? Make room and run the command again; nothing but this index is touched"
    )]
    Build {
        path: PathBuf,
        #[source]
        error: tantivy::TantivyError,
    },
    #[error("cannot write `{path}`")]
    Write {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("cannot read the search index `{path}`: delete it, and `walkback build` makes it again")]
    Read {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("cannot read the history of {policy}")]
    History {
        policy: PolicyId,
        #[source]
        error: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// The fields of a document, by name.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields {
    /// Terms of the record's texts, with positions.
    pub text: Field,
    /// Every form of the source's records: the vocabulary, on one document a source.
    pub forms: Field,
    pub source: Field,
    pub topic: Field,
    pub kind: Field,
    /// See [`Order`].
    pub order: Field,
    /// The record's place among its source's.
    pub ordinal: Field,
    /// First days of its spans, and the days after their last; equally many.
    pub from: Field,
    pub until: Field,
    pub record: Field,
}

/// A number by which answers sort: rank, then newest first; and what a filter asks most often.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Order(pub u64);

impl Order {
    const DAYS: u64 = 0xf_ffff;

    fn new(class: Class, day: u32, gone: bool) -> Self {
        let rank = u64::from(class.rank());
        let newest_first = Self::DAYS - u64::from(day).min(Self::DAYS);
        Order(rank << 24 << 8 | newest_first << 8 | (class as u64) << 1 | u64::from(gone))
    }

    /// The vocabulary document of a source: never an answer.
    const VOCABULARY: Order = Order(u64::MAX);

    /// Equal for records of one rank and day.
    pub fn place(self) -> u64 {
        self.0 >> 8
    }

    pub fn class(self) -> Option<Class> {
        Class::ALL.get((self.0 >> 1 & 0x7f) as usize).copied()
    }

    pub fn day(self) -> u32 {
        (Self::DAYS - (self.0 >> 8 & Self::DAYS)) as u32
    }

    pub fn gone(self) -> bool {
        self.0 & 1 == 1
    }
}

/// `until` of what still stands.
pub(crate) const STANDS: u64 = u32::MAX as u64;

fn schema() -> (Schema, Fields) {
    let mut builder = Schema::builder();
    let text = TextFieldIndexing::default()
        .set_tokenizer("walkback")
        .set_index_option(IndexRecordOption::WithFreqsAndPositions)
        .set_fieldnorms(false);
    let numbers = || NumericOptions::default().set_fast();
    let fields = Fields {
        text: builder.add_text_field("text", TextOptions::default().set_indexing_options(text)),
        forms: builder.add_text_field("forms", STRING),
        source: builder.add_text_field("source", STRING | FAST),
        topic: builder.add_text_field("topic", STRING),
        kind: builder.add_text_field("kind", STRING),
        order: builder.add_u64_field("order", numbers()),
        ordinal: builder.add_u64_field("ordinal", numbers()),
        from: builder.add_u64_field("from", numbers()),
        until: builder.add_u64_field("until", numbers()),
        record: builder.add_bytes_field("record", STORED),
    };
    (builder.build(), fields)
}

/// What the index holds: each source's stamp.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct State {
    format: u32,
    policies: BTreeMap<String, String>,
    events: String,
}

/// What bringing the index up to date did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Updated {
    /// Policies read and indexed anew.
    pub policies: usize,
    /// Policies that left the archive.
    pub removed: usize,
    /// Records added.
    pub records: usize,
}

/// The index, opened.
pub struct Index {
    pub(crate) path: PathBuf,
    pub(crate) reader: IndexReader,
    pub(crate) fields: Fields,
    pub(crate) segments: Vec<Sources>,
}

/// What a source is called, in folded forms.
pub(crate) struct Names {
    pub services: Vec<Vec<String>>,
    pub policy: Vec<String>,
}

/// A segment's sources, by the number its documents carry.
pub(crate) struct Sources {
    pub sources: Arc<[Source]>,
    pub names: Vec<Names>,
}

impl Index {
    /// Opens an index that [`update`] wrote.
    pub fn open(path: &Path) -> Result<Index, SearchError> {
        if !path.join(STATE).exists() {
            return Err(SearchError::Missing { path: path.to_owned() });
        }
        let failed = |error| SearchError::Index { path: path.to_owned(), error };
        let index = tantivy::Index::open_in_dir(path).map_err(failed)?;
        let (_, fields) = schema();
        index.tokenizers().register("walkback", words::analyzer());
        let reader =
            index.reader_builder().reload_policy(tantivy::ReloadPolicy::Manual).try_into().map_err(failed)?;
        let mut opened = Index { path: path.to_owned(), reader, fields, segments: Vec::new() };
        opened.segments = opened.read_sources().map_err(failed)?;
        Ok(opened)
    }

    fn read_sources(&self) -> tantivy::Result<Vec<Sources>> {
        let searcher = self.reader.searcher();
        let mut segments = Vec::new();
        for segment in searcher.segment_readers() {
            let mut sources = Vec::new();
            if let Some(column) = segment.fast_fields().str("source")? {
                let mut key = String::new();
                for ord in 0..column.num_terms() as u64 {
                    key.clear();
                    column.ord_to_str(ord, &mut key)?;
                    sources.push(Source::from_key(&key));
                }
            }
            let names = sources
                .iter()
                .map(|source| {
                    let services = source.services.iter().map(|name| words::forms(name)).collect();
                    Names { services, policy: words::forms(&source.policy) }
                })
                .collect();
            segments.push(Sources { sources: sources.into(), names });
        }
        Ok(segments)
    }

    /// Records in the index, of all kinds.
    pub fn records(&self) -> u64 {
        let searcher = self.reader.searcher();
        let vocabulary =
            self.segments.iter().flat_map(|segment| segment.sources.iter()).collect::<BTreeSet<_>>().len()
                as u64;
        searcher.num_docs().saturating_sub(vocabulary)
    }

    /// Each policy's stamp, by its source's key: what [`update`] was told; and a digest of all that it was told.
    pub(crate) fn stamps(&self) -> Result<(BTreeMap<String, String>, Digest), SearchError> {
        let path = self.path.join(STATE);
        let bytes = std::fs::read(&path).map_err(|error| SearchError::Read { path: path.clone(), error })?;
        let state: State = serde_json::from_slice(&bytes)
            .map_err(|error| SearchError::Read { path, error: error.into() })?;
        Ok((state.policies, Digest::of(&bytes)))
    }

    pub(crate) fn failed(&self, error: tantivy::TantivyError) -> SearchError {
        SearchError::Index { path: self.path.clone(), error }
    }
}

/// Reads one policy's history; `None` where nothing is derived of it yet.
pub type ReadHistory<'a> =
    dyn FnMut(&PolicyId) -> Result<Option<History>, Box<dyn std::error::Error + Send + Sync>> + 'a;

/// Brings the index in `path` up to date: `policies` names every policy with a stamp that changes
/// with its history, `history` reads one. Reads only what changed.
pub fn update(
    path: &Path,
    policies: &BTreeMap<PolicyId, String>,
    history: &mut ReadHistory<'_>,
    events: &[Event],
) -> Result<Updated, SearchError> {
    let (mut index, mut state) = open_or_create(path)?;
    let mut updated = Updated::default();
    let wanted = State {
        format: FORMAT,
        policies: policies.iter().map(|(id, stamp)| (Source::of_policy(id).key(), stamp.clone())).collect(),
        events: stamp(events),
    };
    if state == wanted {
        return Ok(updated);
    }
    let from_scratch = state.policies.is_empty();
    let failed = |error| SearchError::Build { path: path.to_owned(), error };
    // Everything is written by one thread: records of one policy stay together, in order.
    let budget = if from_scratch { 120_000_000 } else { 30_000_000 };
    let mut writer: IndexWriter = index.writer_with_num_threads(1, budget).map_err(failed)?;
    writer.set_merge_policy(Box::new(NoMergePolicy));
    let (_, fields) = schema();
    let by_key: BTreeMap<String, &PolicyId> =
        policies.keys().map(|id| (Source::of_policy(id).key(), id)).collect();

    for key in state.policies.keys().filter(|key| !wanted.policies.contains_key(*key)) {
        writer.delete_term(Term::from_field_text(fields.source, key));
        updated.removed += 1;
    }
    for (key, stamp) in &wanted.policies {
        if state.policies.get(key) == Some(stamp) {
            continue;
        }
        let id = by_key[key];
        let read = history(id).map_err(|error| SearchError::History { policy: id.clone(), error })?;
        if !from_scratch {
            writer.delete_term(Term::from_field_text(fields.source, key));
        }
        if let Some(read) = read {
            let records = record::of_history(&read);
            updated.records += records.len();
            add(&writer, fields, key, &records).map_err(failed)?;
        }
        updated.policies += 1;
    }
    if state.events != wanted.events {
        let mut by_source: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for (source, record) in events.iter().map(record::of_event) {
            by_source.entry(source.key()).or_default().push(record);
        }
        if !from_scratch {
            for class in [Class::Turn, Class::Event] {
                writer.delete_term(Term::from_field_text(fields.kind, class.key()));
            }
        }
        for (key, records) in by_source {
            updated.records += records.len();
            add(&writer, fields, &key, &record::in_order(records)).map_err(failed)?;
        }
    }
    // The state is set aside first and written last: a kill in between leads to a fresh build, not to
    // an index that lies about what it holds.
    remove_state(path)?;
    writer.commit().map_err(failed)?;
    merge(&mut writer, &mut index, from_scratch).map_err(failed)?;
    writer.wait_merging_threads().map_err(failed)?;
    state = wanted;
    write_state(path, &state)?;
    Ok(updated)
}

/// A new index is merged whole; later, small segments are merged when they have become many, and all
/// of them when a quarter of the documents are dead.
fn merge(writer: &mut IndexWriter, index: &mut tantivy::Index, whole: bool) -> tantivy::Result<()> {
    let mut metas = index.searchable_segment_metas()?;
    metas.sort_by_key(|meta| std::cmp::Reverse(meta.num_docs()));
    let (all, dead) = metas.iter().fold((0, 0), |(all, dead), meta| {
        (all + u64::from(meta.max_doc()), dead + u64::from(meta.num_deleted_docs()))
    });
    let ids: Vec<_> = if whole || dead * 4 > all {
        metas.iter().map(|meta| meta.id()).collect()
    } else if metas.len() > MOST_SEGMENTS {
        metas.iter().skip(1).map(|meta| meta.id()).collect()
    } else {
        return Ok(());
    };
    if ids.len() > 1 {
        writer.merge(&ids).wait()?;
        writer.garbage_collect_files().wait()?;
    }
    Ok(())
}

fn add(writer: &IndexWriter, fields: Fields, key: &str, records: &[Record]) -> tantivy::Result<()> {
    let mut forms = BTreeSet::new();
    for (ordinal, record) in records.iter().enumerate() {
        let mut document = TantivyDocument::default();
        document.add_text(fields.source, key);
        document.add_u64(fields.order, Order::new(record.class, record.day(), record.is_gone()).0);
        document.add_u64(fields.ordinal, ordinal as u64);
        document.add_text(fields.kind, record.class.key());
        for span in &record.spans {
            document.add_u64(fields.from, u64::from(span.from));
            document.add_u64(fields.until, span.until.map_or(STANDS, u64::from));
        }
        for topic in &record.topics {
            document.add_text(fields.topic, topic.key());
        }
        let texts = [&record.title].into_iter().chain(&record.parts).chain([&record.keywords]);
        for text in texts.filter(|text| !text.is_empty()) {
            document.add_text(fields.text, text);
            words::each_form(text, &mut |form, _| {
                if !forms.contains(form) {
                    forms.insert(form.to_owned());
                }
            });
        }
        document.add_bytes(fields.record, &serde_json::to_vec(record).unwrap_or_default());
        writer.add_document(document)?;
    }
    let mut vocabulary = TantivyDocument::default();
    vocabulary.add_text(fields.source, key);
    vocabulary.add_u64(fields.order, Order::VOCABULARY.0);
    vocabulary.add_u64(fields.ordinal, records.len() as u64);
    // So that the vocabulary of events goes when they do.
    if let Some(record) = records.iter().find(|record| record.class.group() == Group::Event) {
        vocabulary.add_text(fields.kind, record.class.key());
    }
    for form in forms {
        vocabulary.add_text(fields.forms, form);
    }
    writer.add_document(vocabulary)?;
    Ok(())
}

fn open_or_create(path: &Path) -> Result<(tantivy::Index, State), SearchError> {
    let known = std::fs::read(path.join(STATE))
        .ok()
        .and_then(|bytes| serde_json::from_slice::<State>(&bytes).ok())
        .filter(|state| state.format == FORMAT);
    if let Some(state) = known
        && let Ok(index) = tantivy::Index::open_in_dir(path)
    {
        index.tokenizers().register("walkback", words::analyzer());
        return Ok((index, state));
    }
    let written = |error| SearchError::Write { path: path.to_owned(), error };
    match std::fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(written(error)),
        _ => std::fs::create_dir_all(path).map_err(written)?,
    }
    let index = tantivy::Index::create_in_dir(path, schema().0)
        .map_err(|error| SearchError::Build { path: path.to_owned(), error })?;
    index.tokenizers().register("walkback", words::analyzer());
    Ok((index, State::default()))
}

fn remove_state(path: &Path) -> Result<(), SearchError> {
    let path = path.join(STATE);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(SearchError::Write { path, error }),
        _ => Ok(()),
    }
}

fn write_state(path: &Path, state: &State) -> Result<(), SearchError> {
    let path = path.join(STATE);
    let bytes = serde_json::to_vec(state).unwrap_or_default();
    std::fs::write(&path, bytes).map_err(|error| SearchError::Write { path, error })
}

fn stamp(events: &[Event]) -> String {
    let records: Vec<_> = events.iter().map(record::of_event).collect();
    Digest::of(serde_json::to_vec(&records).unwrap_or_default()).short(16)
}
