//! A record as one gzip member, whole in memory, so that writing it is one write.

use super::Record;
use chrono::{DateTime, SecondsFormat, Utc};
use flate2::{Compression, GzBuilder};
use policy::id::Digest;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::io::Write as _;

/// A gzip member that holds one record, and its name: the digest of its bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    pub bytes: Vec<u8>,
    pub sha256: Digest,
}

impl Record {
    /// The record in its uncompressed form.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.head();
        bytes.extend_from_slice(&self.block);
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes
    }

    /// The record as one gzip member. `level` is deflate's, 0 to 9.
    pub fn to_member(&self, level: u32) -> Member {
        let sink = Vec::with_capacity(512 + self.block.len() / 3);
        let mut gzip = GzBuilder::new().write(sink, Compression::new(level.min(9)));
        let bytes = gzip
            .write_all(&self.head())
            .and_then(|()| gzip.write_all(&self.block))
            .and_then(|()| gzip.write_all(b"\r\n\r\n"))
            .and_then(|()| gzip.finish())
            .expect("writing to memory cannot fail");
        Member { sha256: Digest::of(&bytes), bytes }
    }

    fn head(&self) -> Vec<u8> {
        let mut head = format!("WARC/1.1\r\nWARC-Type: {}\r\n", self.kind.name());
        for (name, value) in &self.fields {
            head.push_str(name);
            head.push_str(": ");
            head.push_str(value);
            head.push_str("\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", self.block.len()));
        head.into_bytes()
    }
}

/// An instant as `WARC-Date` writes it: milliseconds only where there are some, since every reader takes
/// whole seconds and some stumble over fractions.
pub fn warc_date(at: DateTime<Utc>) -> String {
    let whole = at.timestamp_subsec_millis() == 0;
    at.to_rfc3339_opts(if whole { SecondsFormat::Secs } else { SecondsFormat::Millis }, true)
}

/// A new `WARC-Record-ID`, `<urn:uuid:…>`: a random (version 4) UUID.
pub fn record_id() -> String {
    // Each RandomState has a key from the operating system's randomness: enough for names that must not
    // collide, and nothing here is a secret.
    let half = || RandomState::new().build_hasher().finish();
    let bits = (u128::from(half()) << 64) | u128::from(half());
    let bits = bits & !(0xf000 << 64) & !(0b11 << 62) | (0x4000 << 64) | (0b10 << 62);
    let hex = format!("{bits:032x}");
    let (a, b, c, d, e) = (&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
    format!("<urn:uuid:{a}-{b}-{c}-{d}-{e}>")
}
