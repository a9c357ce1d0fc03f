//! The index as small files for the browser: see docs/search-format.md.
//!
//! - `layout`: the number of each record, and what follows from the numbers
//! - `terms`: postings, positions and the map from word forms to terms
//! - `texts`: what is shown of a record
//! - `block`: files named by their content

mod block;
mod layout;
mod terms;
mod texts;

use super::index::{Index, SearchError};
use block::Folder;
use layout::Layout;
use policy::finding::Topic;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use terms::Terms;

/// The folder of the export, from the site's root.
pub const FOLDER: &str = "search-index/";
/// Raised with every change that an older `search.js` could not read.
const FORMAT: u32 = 3;
/// Records whose lifespans share a block.
const LIFESPANS: usize = 8_192;
/// Beside the native index: what the last export was made from, and what it consists of.
const KNOWN: &str = "export.json";

#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    #[error(transparent)]
    Search(#[from] SearchError),
    #[error("cannot write the search files")]
    Write {
        #[source]
        error: io::Error,
    },
}

/// What an export consists of.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exported {
    pub records: usize,
    pub files: usize,
    pub bytes: u64,
    /// Files that were not there before.
    pub written: usize,
}

/// What the last export was.
#[derive(Default, Serialize, Deserialize)]
struct Last {
    /// Digest of what the index was told, and the code that wrote the export.
    from: String,
    meta: String,
    exported: Exported,
    blocks: Vec<String>,
    /// Where each source's texts lie.
    texts: texts::Known,
}

/// Writes the export of `index` to the site in `out`. The same index gives the same bytes.
pub fn write(index: &Index, out: &Path) -> Result<Exported, ExportError> {
    let written = |error| ExportError::Write { error };
    let failed = |error| ExportError::Search(index.failed(error));
    let path = out.join(FOLDER);
    let mut folder = Folder::open(&path).map_err(written)?;
    let (stamps, told) = index.stamps()?;
    let from = format!("{told} {}", crate::files::SOURCE);
    let meta_at = path.join("meta.json");
    let known_at = index.path.join(KNOWN);
    let last = std::fs::read(&known_at).ok().and_then(|bytes| serde_json::from_slice::<Last>(&bytes).ok());
    let last = last.unwrap_or_default();
    // The same index in the same folder: there is nothing to walk.
    if last.from == from
        && std::fs::read(&meta_at).is_ok_and(|there| there == last.meta.as_bytes())
        && folder.keep(&last.blocks)
    {
        folder.finish().map_err(written)?;
        return Ok(Exported { written: 0, ..last.exported });
    }
    let layout = Layout::read(index).map_err(failed)?;

    let terms = Terms::read(index, &layout).map_err(failed)?;
    let (first_forms, forms) = terms.forms(index).map_err(failed)?;
    let forms = folder.put(&forms).map_err(written)?;
    let postings = folder.put(&terms.postings.postings).map_err(written)?;
    let positions = folder.put(&terms.postings.positions).map_err(written)?;
    // Only phrases need positions: their names are as long as those of the postings, and mean nothing to gzip.
    let positions = serde_json::to_vec(&positions.concat()).unwrap_or_default();
    let positions = folder.put(&[positions]).map_err(written)?;
    let lifespans = folder.put(&lifespans(&layout)).map_err(written)?;

    let texts = texts::write(index, &layout, &stamps, &last.texts, &mut folder)?;
    let (first_sources, directories) = texts::directories(&layout, &texts);
    let directories = folder.put(&directories).map_err(written)?;

    let root = json!({
        "records": layout.records(),
        "topics": Topic::ALL.map(|topic| [topic.key(), topic.label()]),
        "sources": layout.sources.iter().map(|(_, source)| {
            json!([source.services, source.policy, source.page()])
        }).collect::<Vec<Value>>(),
        "runs": {
            "source": layout.runs.iter().map(|run| run.source).collect::<Vec<_>>(),
            "day": steps(layout.runs.iter().map(|run| run.day)),
            "class": layout.runs.iter().map(|run| run.class as u8).collect::<Vec<_>>(),
            "count": layout.runs.iter().map(|run| run.count).collect::<Vec<_>>(),
        },
        "forms": { "first": first_forms, "names": forms.concat() },
        "postings": {
            "term": steps(terms.postings.terms.iter().copied()),
            "record": terms.postings.records,
            "names": postings.concat(),
            "positions": positions[0],
        },
        "lifespans": { "records": LIFESPANS, "names": lifespans.concat() },
        "texts": { "first": first_sources, "names": directories.concat() },
    });
    let root = folder.put(&[serde_json::to_vec(&root).unwrap_or_default()]).map_err(written)?;
    let count = folder.written;
    let meta = json!({ "format": FORMAT, "root": root[0] }).to_string();
    // The one file whose content changes under its name: written once all it leads to is there.
    if std::fs::read(&meta_at).ok().as_deref() != Some(meta.as_bytes()) {
        block::write(&meta_at, meta.as_bytes()).map_err(written)?;
    }
    let blocks = folder.kept();
    let (files, bytes) = folder.finish().map_err(written)?;
    let exported = Exported {
        records: layout.records(),
        files: files + 1,
        bytes: bytes + meta.len() as u64,
        written: count,
    };
    let last = Last { from, meta, exported, blocks, texts };
    block::write(&known_at, &serde_json::to_vec(&last).unwrap_or_default()).map_err(written)?;
    Ok(exported)
}

/// Differences from one number to the next: they compress better.
fn steps(numbers: impl Iterator<Item = u32>) -> Vec<i64> {
    let mut last = 0;
    numbers
        .map(|number| {
            let step = i64::from(number) - last;
            last = i64::from(number);
            step
        })
        .collect()
}

/// Blocks of lifespans: `[[distinct lifespans], [number, count, …]]` for so many records each.
fn lifespans(layout: &Layout) -> Vec<Vec<u8>> {
    let block = |records: &[u32]| {
        let mut table: Vec<&Vec<u32>> = Vec::new();
        let mut local: BTreeMap<u32, usize> = BTreeMap::new();
        let mut counts: Vec<usize> = Vec::new();
        for &lifespan in records {
            let number = *local.entry(lifespan).or_insert_with(|| {
                table.push(&layout.lifespans[lifespan as usize]);
                table.len() - 1
            });
            match counts.len() {
                len if len > 0 && counts[len - 2] == number => counts[len - 1] += 1,
                _ => counts.extend([number, 1]),
            }
        }
        serde_json::to_vec(&(table, counts)).unwrap_or_default()
    };
    layout.lifespan_of.chunks(LIFESPANS).map(block).collect()
}
