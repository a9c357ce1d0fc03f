//! One attempt to fetch a source document at one instant, whatever came of it.

use crate::finding::EvidenceClass;
use crate::id::{Digest, PolicyId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What may befall a page. Data, not errors: each is recorded with its date.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "why")]
pub enum Outcome {
    /// A body came, and it differs from the last one.
    Fetched,
    /// The same bytes as before (a WARC `revisit`), or a 304 (an observation only).
    Unchanged,
    /// 404, 410, or a soft 404.
    Gone(String),
    /// robots.txt, 401, 403, 451: the publisher does not want to be read by us.
    Refused(String),
    /// A bot wall, a consent wall, a login page: bytes came, but not the document.
    Blocked(String),
    /// No answer worth the name: network, TLS, time, size, encoding.
    Failed(String),
}

impl Outcome {
    pub fn key(&self) -> &'static str {
        match self {
            Outcome::Fetched => "fetched",
            Outcome::Unchanged => "unchanged",
            Outcome::Gone(_) => "gone",
            Outcome::Refused(_) => "refused",
            Outcome::Blocked(_) => "blocked",
            Outcome::Failed(_) => "failed",
        }
    }

    pub fn why(&self) -> &str {
        match self {
            Outcome::Fetched | Outcome::Unchanged => "",
            Outcome::Gone(why) | Outcome::Refused(why) | Outcome::Blocked(why) | Outcome::Failed(why) => why,
        }
    }

    /// We saw the document, new or unchanged.
    pub fn saw_document(&self) -> bool {
        matches!(self, Outcome::Fetched | Outcome::Unchanged)
    }
}

/// A capture as the catalog keeps it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Capture {
    pub policy: PolicyId,
    /// Which of the policy's source documents: its declared URL.
    pub source: String,
    /// The URL that answered, after redirects.
    pub url: String,
    pub at: DateTime<Utc>,
    /// Our own capture (A) or a third party's memento (B).
    pub class: EvidenceClass,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// HTTP status, where one came.
    pub status: Option<u16>,
    /// SHA-256 of the payload with transfer and content encodings removed, where one was stored and can
    /// be decoded. `Unchanged` without a digest is a 304: it continues the last capture that saw the document.
    pub digest: Option<Digest>,
    /// Where its record lies: the `response` or `revisit`, or, where nothing came, the `metadata` with the facts.
    pub place: Option<RecordPlace>,
}

/// A WARC record's position: segment file, byte offset and length of its gzip member, SHA-256 of that member.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordPlace {
    pub segment: String,
    pub offset: u64,
    pub length: u64,
    pub member_sha256: Digest,
}
