//! A capture on its way into the archive, and the records it becomes.
//!
//! [`NewCapture`] is what a crawler or an import hands over; [`head`] the head of an HTTP message as a
//! record keeps it; [`facts`] the JSON that closes each capture in its segment, from which the catalog
//! can be rebuilt; `records` puts them together.

pub mod facts;
pub mod head;
pub(crate) mod records;

pub use facts::{Facts, Redirect};
pub use head::{Head, HeadError};

use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::finding::EvidenceClass;
use policy::id::{Digest, PolicyId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// One attempt to fetch a source document, to be stored.
#[derive(Debug, Clone)]
pub struct NewCapture {
    pub policy: PolicyId,
    /// The declared URL.
    pub source: String,
    /// The URL that answered, after redirects; the declared one where none did.
    pub url: String,
    pub at: DateTime<Utc>,
    pub class: EvidenceClass,
    /// What befell the page. `Fetched` is stored as `Unchanged` where the archive finds the same digest
    /// in the last capture that saw the document.
    pub outcome: Outcome,
    /// HTTP status, where one came.
    pub status: Option<u16>,
    /// The head of the last request, as sent.
    pub request: Option<Head>,
    /// What came back. A 304 has a head too: give it, its body is not stored.
    pub response: Option<Response>,
    pub remote_ip: Option<String>,
    pub redirects: Vec<Redirect>,
    /// Other facts by name. Never a cookie or a secret.
    pub notes: BTreeMap<String, String>,
}

impl NewCapture {
    /// A capture of class A that brought nothing yet.
    pub fn new(policy: PolicyId, source: impl Into<String>, at: DateTime<Utc>, outcome: Outcome) -> Self {
        let source = source.into();
        Self {
            policy,
            url: source.clone(),
            source,
            at,
            class: EvidenceClass::A,
            outcome,
            status: None,
            request: None,
            response: None,
            remote_ip: None,
            redirects: Vec::new(),
            notes: BTreeMap::new(),
        }
    }
}

/// An HTTP response as it goes into a record.
#[derive(Debug, Clone)]
pub struct Response {
    pub head: Head,
    /// The body with its content encoding. With [`head::Origin::Rebuilt`] the transfer encoding is
    /// already removed; with [`head::Origin::Wire`] it is as the head says.
    pub body: Vec<u8>,
    /// Why the body ends early, if it does.
    pub truncated: Option<Truncated>,
    /// Digest of the decoded payload, where the caller decoded it already with [`crate::body::decode`];
    /// saves doing it twice. `walkback check` computes it again.
    pub decoded: Option<Digest>,
}

/// Why a body is not whole: the words of `WARC-Truncated`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Truncated {
    /// It was longer than we read.
    Length,
    /// It took longer than we wait.
    Time,
    /// The server cut the connection.
    Disconnect,
    /// Another reason, as an imported record says.
    Unspecified,
}

impl Truncated {
    /// The word for `WARC-Truncated`.
    pub fn word(self) -> &'static str {
        match self {
            Truncated::Length => "length",
            Truncated::Time => "time",
            Truncated::Disconnect => "disconnect",
            Truncated::Unspecified => "unspecified",
        }
    }
}

/// What the archive knows of a source document from the last time it was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastSeen {
    /// The URL that gave the bytes and the two below: ask no other with them.
    pub url: String,
    /// For `If-None-Match`.
    pub etag: Option<String>,
    /// For `If-Modified-Since`.
    pub last_modified: Option<String>,
    /// Digest of its decoded payload, where one was stored and could be decoded.
    pub digest: Option<Digest>,
    /// When it was last seen, a 304 included.
    pub at: DateTime<Utc>,
    /// When its bytes last came.
    pub full_fetch_at: DateTime<Utc>,
}
