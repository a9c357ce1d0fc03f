//! What the last build knew, so that the next one draws only what changed.
//!
//! Kept in the site's folder as `.walkback.json`. It is derived: delete it, and everything is drawn
//! anew and compared with the files that are there.

use crate::files::SOURCE;
use crate::summary::Summary;
use policy::id::Digest;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The manifest's file name.
pub const NAME: &str = ".walkback.json";

/// What was built, from what.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Manifest {
    /// The templates and code that drew it.
    pub source: String,
    /// By the policy's place.
    pub policies: BTreeMap<String, Built>,
    /// Share cards by their place: a digest of what each was painted from.
    #[serde(default)]
    pub cards: BTreeMap<String, Digest>,
    /// The pages about all policies.
    #[serde(default)]
    pub whole: Whole,
    pub files: BTreeSet<String>,
}

/// One policy's pages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Built {
    /// Digest of everything its pages were drawn from.
    pub from: Digest,
    pub summary: Summary,
    pub files: BTreeSet<String>,
}

/// The pages about all policies, feeds and data.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Whole {
    /// Digest of everything they were drawn from; none before they were drawn.
    pub from: Option<Digest>,
    pub files: BTreeSet<String>,
}

impl Manifest {
    /// The last build's, where it was made by this very program; otherwise its files, and its cards:
    /// what those were painted from they say themselves.
    pub fn read(out: &Path) -> Self {
        let read = std::fs::read(out.join(NAME)).ok();
        match read.and_then(|bytes| serde_json::from_slice::<Self>(&bytes).ok()) {
            Some(manifest) if manifest.source == SOURCE => manifest,
            Some(Self { cards, files, .. }) => Self { cards, files, ..Self::default() },
            None => Self::default(),
        }
    }
}
