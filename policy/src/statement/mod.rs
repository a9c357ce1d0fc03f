//! Text to statements: sentences, list items, table cells and headings, each with its place.
//!
//! The stages, each usable by itself so that a reader of many versions can remember what it has seen:
//!
//! - [`blocks`]: lines of Markdown to headings, paragraphs, items and rows, without copying
//! - [`Block::sentences`]: one block to plain sentences; depends on nothing but the block
//! - [`Outline`]: gives each sentence its headings and the lead-in it hangs under
//! - [`segment`]: all three in one
//! - [`comparable`]: the form in which two statements that say the same are the same

mod block;
mod compare;
mod inline;
mod outline;
mod sentence;

pub(crate) use block::BORDER;
pub use block::{Block, BlockKind, blocks};
pub(crate) use compare::{FIRST, comparable_words, normalised, step, word_hash};
pub use compare::{comparable, statement_id};
pub use inline::plain;
pub use outline::Outline;
pub use sentence::split as sentences;

use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What a statement is in the document's build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Heading,
    Sentence,
    Item,
    Cell,
}

/// One sentence, item, cell or heading of a text, with its place. Cheap to clone.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Segment {
    /// As people read it: without Markdown marks, white space folded.
    pub text: Arc<str>,
    pub role: Role,
    /// The headings above it, outermost first; a heading's own text is not among them.
    pub section: Arc<[Arc<str>]>,
    /// The sentence it hangs under ("We do not:"), where it is a list item or a row.
    pub lead_in: Option<Arc<str>>,
}

/// The statements of a Markdown text in reading order.
///
/// ```
/// let segments = policy::statement::segment("# Selling\n\nWe do not:\n\n* sell your data. Ever.\n");
/// assert_eq!(segments.iter().map(|s| &*s.text).collect::<Vec<_>>(), ["Selling", "We do not:", "sell your data.", "Ever."]);
/// assert_eq!(segments[2].lead_in.as_deref(), Some("We do not:"));
/// assert_eq!(&*segments[2].section[0], "Selling");
/// ```
pub fn segment(markdown: &str) -> Vec<Segment> {
    let mut outline = Outline::default();
    let mut segments = Vec::new();
    for block in blocks(markdown) {
        let sentences = block.sentences();
        outline.place(block.kind, &sentences, |segment| segments.push(segment));
    }
    segments
}

#[cfg(test)]
mod tests;
