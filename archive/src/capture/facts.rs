//! The facts of a capture, as its `metadata` record keeps them (docs/archive-format.md).

use super::Truncated;
use super::head::Origin;
use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::finding::EvidenceClass;
use policy::id::{Digest, PolicyId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The version of the format that this code writes.
pub const FORMAT: u32 = 1;

/// One hop on the way to the page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redirect {
    pub from: String,
    pub status: u16,
    pub to: String,
}

/// Everything the archive knows of one capture, its bytes aside.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facts {
    /// Format version.
    pub walkback: u32,
    pub service: String,
    pub policy: String,
    pub source: String,
    pub url: String,
    #[serde(with = "milliseconds")]
    pub at: DateTime<Utc>,
    pub class: EvidenceClass,
    /// The outcome's key; see [`Facts::outcome`].
    pub outcome: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// Of the decoded payload.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// Of the payload as in `WARC-Payload-Digest`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload: Option<Digest>,
    /// Id and kind of the `response` or `revisit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// Id of the `response` that holds the payload of this `revisit`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refers_to: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_modified: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub redirects: Vec<Redirect>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote_ip: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truncated: Option<Truncated>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<Origin>,
    /// The request head, where no `request` record stands beside.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub notes: BTreeMap<String, String>,
}

impl Facts {
    pub fn policy_id(&self) -> PolicyId {
        PolicyId::new(&*self.service, &*self.policy)
    }

    /// The outcome, where this version of the code knows its key.
    pub fn outcome(&self) -> Option<Outcome> {
        outcome(&self.outcome, &self.why)
    }

    /// The block of the `metadata` record.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("facts are plain values")
    }

    /// Reads the block of a `metadata` record.
    pub fn from_json(block: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(block)
    }
}

/// The outcome with that key.
pub(crate) fn outcome(key: &str, why: &str) -> Option<Outcome> {
    let why = why.to_owned();
    Some(match key {
        "fetched" => Outcome::Fetched,
        "unchanged" => Outcome::Unchanged,
        "gone" => Outcome::Gone(why),
        "refused" => Outcome::Refused(why),
        "blocked" => Outcome::Blocked(why),
        "failed" => Outcome::Failed(why),
        _ => return None,
    })
}

/// RFC 3339 in UTC, always with three digits after the second, so that equal facts are equal bytes.
mod milliseconds {
    use chrono::{DateTime, SecondsFormat, Utc};
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(at: &DateTime<Utc>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&at.to_rfc3339_opts(SecondsFormat::Millis, true))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<DateTime<Utc>, D::Error> {
        let text = String::deserialize(deserializer)?;
        let at = DateTime::parse_from_rfc3339(&text).map_err(serde::de::Error::custom)?;
        Ok(at.to_utc())
    }
}
