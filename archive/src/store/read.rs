//! What the archive answers about captures.

use super::Archive;
use super::open::SEGMENTS;
use crate::body::{self, BodyError};
use crate::capture::head::Origin;
use crate::capture::records::payload_of;
use crate::capture::{Facts, Head, HeadError, LastSeen, Response};
use crate::catalog;
use crate::warc::{Record, WarcFault, read_member};
use chrono::{DateTime, Utc};
use policy::capture::{Capture, RecordPlace};
use policy::id::{Digest, PolicyId};
use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::PathBuf;

/// No block of ours is longer: the crawler's limit on a body is far below.
pub(crate) const MAX_BLOCK: u64 = 1 << 30;

/// Why something stored cannot be read back.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    #[error("the catalog cannot answer{}", crate::catalog::remedy(.0))]
    Catalog(#[from] rusqlite::Error),
    #[error("the capture of {policy} at {at} holds no body: {why}")]
    NoBody { policy: PolicyId, at: String, why: &'static str },
    #[error("the archive does not know a capture at `{segment}` byte {offset}")]
    Unknown { segment: String, offset: u64 },
    #[error("cannot read `{path}` at byte {offset}")]
    Io {
        path: PathBuf,
        offset: u64,
        #[source]
        error: io::Error,
    },
    #[error(
        "the bytes of `{segment}` at {offset} are not those that were stored: restore the file from a copy"
    )]
    Altered { segment: String, offset: u64 },
    #[error("the record in `{segment}` at byte {offset} cannot be read")]
    Record {
        segment: String,
        offset: u64,
        #[source]
        error: WarcFault,
    },
    #[error("the record in `{segment}` at byte {offset} is not what the catalog says")]
    Head {
        segment: String,
        offset: u64,
        #[source]
        error: HeadError,
    },
    #[error("the record in `{segment}` at byte {offset} does not hold a capture's facts")]
    Facts {
        segment: String,
        offset: u64,
        #[source]
        error: serde_json::Error,
    },
    #[error("the body of the capture cannot be decoded")]
    Body(#[from] BodyError),
}

/// A stored response, as people would have seen it.
#[derive(Debug, Clone)]
pub struct StoredResponse {
    /// The head that came with this capture: for a `revisit`, its own.
    pub head: Head,
    /// The body with transfer and content encodings removed.
    pub body: Vec<u8>,
}

impl StoredResponse {
    /// For [`policy::extract`]'s charset.
    pub fn content_type(&self) -> Option<String> {
        self.head.value("content-type")
    }
}

impl Archive {
    /// What is known from the last time we saw this source document: for conditional requests, and for "is it due".
    pub fn latest_for(&self, policy: &PolicyId, source: &str) -> Result<Option<LastSeen>, ReadError> {
        Ok(catalog::capture::last_seen(&self.connection(), policy, source)?)
    }

    /// When we last tried this source document, whatever came of it, and whether the document was seen.
    pub fn last_try(
        &self,
        policy: &PolicyId,
        source: &str,
    ) -> Result<Option<(DateTime<Utc>, bool)>, ReadError> {
        Ok(catalog::capture::last_try(&self.connection(), policy, source)?)
    }

    /// All captures of a policy, in order of time.
    pub fn captures(&self, policy: &PolicyId) -> Result<Vec<Capture>, ReadError> {
        Ok(catalog::capture::captures(&self.connection(), policy)?)
    }

    /// The policies that have captures, sorted.
    pub fn captured_policies(&self) -> Result<Vec<PolicyId>, ReadError> {
        Ok(catalog::capture::policies(&self.connection())?)
    }

    /// The decoded body of a capture, checked against its digests.
    pub fn payload(&self, capture: &Capture) -> Result<Vec<u8>, ReadError> {
        Ok(self.response(capture)?.body)
    }

    /// Head and body as they were sent: of this capture's own `response`, or of the one its `revisit` refers to.
    pub fn sent(&self, capture: &Capture) -> Result<Response, ReadError> {
        let place = self.body_place(capture)?;
        let record = self.record(&place)?;
        let (head, body) = split(&record, &place)?;
        Ok(Response { body: body.to_vec(), head, truncated: None, decoded: capture.digest })
    }

    /// Head and decoded body of a capture, checked against their digests.
    pub fn response(&self, capture: &Capture) -> Result<StoredResponse, ReadError> {
        let place = self.place(capture)?;
        let body_place = self.body_place(capture)?;
        let record = self.record(&body_place)?;
        let (original, sent) = split(&record, &body_place)?;
        let start = record.block.len() - sent.len();
        let encodings = original.values("content-encoding");
        let sent = payload_of(&original, sent)?;
        let decoded = match body::decode(&sent, encodings.iter().map(String::as_str), self.limits)? {
            // As it lies in the record.
            Cow::Borrowed(_) if matches!(sent, Cow::Borrowed(_)) => None,
            body => Some(body.into_owned()),
        };
        let body = decoded.unwrap_or_else(|| {
            // Moved to the front of its own memory: a page is large.
            let mut block = record.block;
            block.drain(..start);
            block
        });
        if capture.digest.is_some_and(|digest| digest != Digest::of(&body)) {
            return Err(ReadError::Altered { segment: body_place.segment, offset: body_place.offset });
        }
        let head = if &body_place == place { original } else { split(&self.record(place)?, place)?.0 };
        Ok(StoredResponse { head, body })
    }

    /// Everything recorded about a capture beside its bytes: redirects, notes, peer, request.
    pub fn facts(&self, capture: &Capture) -> Result<Facts, ReadError> {
        let place = self.place(capture)?;
        let facts_place = {
            let connection = self.connection();
            let id = catalog::capture::capture_at(&connection, &place.segment, place.offset)?
                .ok_or_else(|| unknown(place))?;
            catalog::capture::facts_place(&connection, id)?.ok_or_else(|| unknown(place))?
        };
        let record = self.record(&facts_place)?;
        Facts::from_json(&record.block).map_err(|error| ReadError::Facts {
            segment: facts_place.segment,
            offset: facts_place.offset,
            error,
        })
    }

    /// The record at a place, its bytes checked against the digest of the member.
    pub fn record(&self, place: &RecordPlace) -> Result<Record, ReadError> {
        let bytes = self.member_bytes(place)?;
        if Digest::of(&bytes) != place.member_sha256 {
            return Err(ReadError::Altered { segment: place.segment.clone(), offset: place.offset });
        }
        read_member(&bytes, MAX_BLOCK).map_err(|error| ReadError::Record {
            segment: place.segment.clone(),
            offset: place.offset,
            error,
        })
    }

    /// The gzip member at a place, as it lies there.
    pub(crate) fn member_bytes(&self, place: &RecordPlace) -> Result<Vec<u8>, ReadError> {
        let path = self.dir.join(SEGMENTS).join(&place.segment);
        let read = File::open(&path).and_then(|mut file| {
            file.seek(SeekFrom::Start(place.offset))?;
            // Not all of a large one at once: the length is only what the catalog says.
            let mut bytes = Vec::with_capacity(place.length.min(1 << 20) as usize);
            file.take(place.length).read_to_end(&mut bytes)?;
            Ok(bytes)
        });
        read.map_err(|error| ReadError::Io { path, offset: place.offset, error })
    }

    fn body_place(&self, capture: &Capture) -> Result<RecordPlace, ReadError> {
        let place = self.place(capture)?;
        let connection = self.connection();
        let id = catalog::capture::capture_at(&connection, &place.segment, place.offset)?
            .ok_or_else(|| unknown(place))?;
        catalog::capture::body_place(&connection, id)?.ok_or_else(|| self.no_body(capture))
    }

    fn place<'a>(&self, capture: &'a Capture) -> Result<&'a RecordPlace, ReadError> {
        capture.place.as_ref().ok_or_else(|| self.no_body(capture))
    }

    fn no_body(&self, capture: &Capture) -> ReadError {
        let why = match (&capture.outcome, capture.status) {
            (_, Some(304)) => "a 304 says only that nothing changed",
            (outcome, None) if !outcome.saw_document() => "no answer came",
            _ => "none was stored",
        };
        ReadError::NoBody { policy: capture.policy.clone(), at: capture.at.to_rfc3339(), why }
    }
}

fn unknown(place: &RecordPlace) -> ReadError {
    ReadError::Unknown { segment: place.segment.clone(), offset: place.offset }
}

/// Head and body of a record that holds an HTTP response.
pub(crate) fn split<'a>(record: &'a Record, place: &RecordPlace) -> Result<(Head, &'a [u8]), ReadError> {
    let rebuilt = record.field("Walkback-Head") == Some("rebuilt");
    let origin = if rebuilt { Origin::Rebuilt } else { Origin::Wire };
    Head::split(&record.block, origin).map_err(|error| ReadError::Head {
        segment: place.segment.clone(),
        offset: place.offset,
        error,
    })
}
