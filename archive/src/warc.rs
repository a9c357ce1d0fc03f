//! WARC 1.1 (ISO 28500:2017): records, and how they are written and read.
//!
//! A record is named fields in order, repeated ones kept, and a block of bytes. What the fields mean
//! to an archive of captures is decided in [`crate::capture`]; nothing here knows a policy.
//! The writer is ours because the `warc` crate loses short writes and repeated headers
//! (`docs/decisions`); its judges are `warcio`, `pywb` and `gzip -t` in `tests/conformance`.

mod read;
mod write;

pub use read::{Located, Reader, WarcError, WarcFault, read_all, read_member, read_record};
pub use write::{Member, record_id, warc_date};

use chrono::{DateTime, Utc};

/// What a record is. Other people's files may hold types we do not know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    Warcinfo,
    Request,
    Response,
    Revisit,
    Metadata,
    Resource,
    Other(String),
}

impl Kind {
    pub fn name(&self) -> &str {
        match self {
            Kind::Warcinfo => "warcinfo",
            Kind::Request => "request",
            Kind::Response => "response",
            Kind::Revisit => "revisit",
            Kind::Metadata => "metadata",
            Kind::Resource => "resource",
            Kind::Other(name) => name,
        }
    }

    fn named(name: &str) -> Self {
        match name {
            "warcinfo" => Kind::Warcinfo,
            "request" => Kind::Request,
            "response" => Kind::Response,
            "revisit" => Kind::Revisit,
            "metadata" => Kind::Metadata,
            "resource" => Kind::Resource,
            other => Kind::Other(other.to_owned()),
        }
    }
}

/// The profile of a `revisit` whose payload is byte for byte that of the record it refers to.
pub const IDENTICAL_PAYLOAD: &str = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest";

/// One WARC record. `WARC-Type` and `Content-Length` are not among the fields: they follow from the rest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    pub kind: Kind,
    /// In order, as spelt, repeated ones kept.
    pub fields: Vec<(String, String)>,
    pub block: Vec<u8>,
}

impl Record {
    /// A record with the fields that every record has: id and date.
    pub fn new(kind: Kind, id: &str, at: DateTime<Utc>, block: Vec<u8>) -> Self {
        let fields =
            vec![("WARC-Record-ID".to_owned(), id.to_owned()), ("WARC-Date".to_owned(), warc_date(at))];
        Self { kind, fields, block }
    }

    /// Adds a field. Control characters would end the field early: they become spaces.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        let value: String = value.trim().chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        self.fields.push((name.to_owned(), value));
        self
    }

    /// Adds a field where there is something to say.
    pub fn with_some(self, name: &str, value: Option<&str>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }

    /// The first field of that name, whatever its case.
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The record's id as spelt, with its angle brackets.
    pub fn id(&self) -> &str {
        self.field("WARC-Record-ID").unwrap_or("")
    }

    /// The target, without the angle brackets that WARC 1.0 allowed.
    pub fn target(&self) -> Option<&str> {
        self.field("WARC-Target-URI").map(|uri| uri.trim_start_matches('<').trim_end_matches('>'))
    }

    /// The date, where it is one. WARC 1.1 allows fewer digits (`2026-01`): those mean the start of the span.
    pub fn date(&self) -> Option<DateTime<Utc>> {
        let text = self.field("WARC-Date")?;
        if let Ok(date) = DateTime::parse_from_rfc3339(text) {
            return Some(date.to_utc());
        }
        let missing = ["-01-01T00:00:00Z", "-01T00:00:00Z", "T00:00:00Z", ":00Z"];
        let bare = text.trim_end_matches('Z');
        missing
            .iter()
            .find_map(|rest| DateTime::parse_from_rfc3339(&format!("{bare}{rest}")).ok())
            .map(|date| date.to_utc())
    }
}
