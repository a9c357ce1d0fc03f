//! Text to statements: sentences, list items, table cells and headings, each with its place.

use serde::{Deserialize, Serialize};

/// What a statement is in the document's build.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    Heading,
    Sentence,
    Item,
    Cell,
}
