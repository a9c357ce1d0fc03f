//! Names that last: a policy's, a version's, a statement's, a finding's, and the digest of bytes.
//!
//! An id is computed from what it names, never from a counter, so that re-deriving an archive
//! gives the same links for ever.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::fmt;

/// One document a service publishes and we track, named as its declaration names it:
/// the service's id (its declaration's file name) and the policy's name within it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PolicyId {
    pub service: String,
    pub name: String,
}

impl PolicyId {
    pub fn new(service: impl Into<String>, name: impl Into<String>) -> Self {
        Self { service: service.into(), name: name.into() }
    }

    /// The policy's folder on the site, `instagram/privacy-policy`.
    pub fn slug(&self) -> String {
        format!("{}/{}", slug(&self.service), slug(&self.name))
    }
}

impl fmt::Display for PolicyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} / {}", self.service, self.name)
    }
}

/// SHA-256, written in lower-case hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Digest(pub [u8; 32]);

impl Digest {
    pub fn of(bytes: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Every statement has one: formatting byte by byte was felt.
    fn hex(&self) -> [u8; 64] {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut hex = [0; 64];
        for (pair, byte) in hex.chunks_exact_mut(2).zip(self.0) {
            pair[0] = DIGITS[usize::from(byte >> 4)];
            pair[1] = DIGITS[usize::from(byte & 15)];
        }
        hex
    }

    /// The first `len` characters of the hexadecimal form: a short name, not a proof.
    pub fn short(&self, len: usize) -> String {
        self.hex()[..len.min(64)].iter().map(|digit| char::from(*digit)).collect()
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(std::str::from_utf8(&self.hex()).map_err(|_| fmt::Error)?)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({self})")
    }
}

impl From<Digest> for String {
    fn from(digest: Digest) -> Self {
        digest.to_string()
    }
}

/// A text that is not a SHA-256 in hexadecimal.
#[derive(Debug, thiserror::Error)]
#[error("`{0}` is not a SHA-256: 64 hexadecimal digits are needed")]
pub struct NotADigest(String);

impl TryFrom<String> for Digest {
    type Error = NotADigest;

    fn try_from(hex: String) -> Result<Self, NotADigest> {
        let mut bytes = [0; 32];
        if hex.len() != 64 || !hex.is_ascii() {
            return Err(NotADigest(hex));
        }
        for (byte, pair) in bytes.iter_mut().zip(hex.as_bytes().chunks(2)) {
            let pair = std::str::from_utf8(pair).unwrap_or("");
            *byte = match u8::from_str_radix(pair, 16) {
                Ok(byte) => byte,
                Err(_) => return Err(NotADigest(hex)),
            };
        }
        Ok(Self(bytes))
    }
}

/// A version, named within its policy by the instant it was first recorded: `20260508T120000Z`.
/// Where two versions carry the same second, the later ones get `-2`, `-3`, … in order of the record.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VersionId(pub String);

impl VersionId {
    /// `ordinal` counts from 1 among the policy's versions of that very second.
    pub fn new(at: DateTime<Utc>, ordinal: usize) -> Self {
        let stamp = at.format("%Y%m%dT%H%M%SZ");
        Self(if ordinal > 1 { format!("{stamp}-{ordinal}") } else { stamp.to_string() })
    }
}

impl fmt::Display for VersionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A statement, named within its policy by the digest of its comparable words: 12 hexadecimal digits.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct StatementId(pub String);

impl fmt::Display for StatementId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A promise of one policy: the same promise reversed, restored and reversed again keeps this id, whatever words,
/// numbers or place it gets meanwhile. Named for its oldest wording.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PromiseId(pub String);

impl fmt::Display for PromiseId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A finding: `wb-` and 12 hexadecimal digits of the digest of policy, statement, kind and the version it appeared in.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct FindingId(pub String);

impl FindingId {
    /// `parts` are joined with a character that no part holds, so that no two lists make one id.
    pub fn of(parts: &[&str]) -> Self {
        Self(format!("wb-{}", Digest::of(parts.join("\u{1f}")).short(12)))
    }
}

impl fmt::Display for FindingId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A name as a folder: `[a-z0-9-]`, at most 80 bytes, never empty, never a device or dot name.
/// Letters outside ASCII lose their marks or, where nothing is left, become a digest.
///
/// ```
/// assert_eq!(policy::id::slug("Règles d’accès (EU)"), "regles-d-acces-eu");
/// assert_eq!(policy::id::slug("../../x"), "x");
/// ```
pub fn slug(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    for c in name.nfkd().flat_map(char::to_lowercase) {
        if c.is_ascii_alphanumeric() {
            slug.push(c);
        } else if !unicode_normalization::char::is_combining_mark(c) && !slug.ends_with('-') {
            slug.push('-');
        }
    }
    slug.truncate(80);
    let slug = slug.trim_matches('-');
    if slug.is_empty() { format!("x{}", Digest::of(name).short(8)) } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_survives_its_hexadecimal_form() {
        let digest = Digest::of("walkback");
        assert_eq!(Digest::try_from(digest.to_string()).unwrap(), digest);
        assert!(Digest::try_from("zz".repeat(32)).is_err());
        assert!(Digest::try_from("é".repeat(32)).is_err());
    }

    #[test]
    fn a_slug_is_safe_as_a_folder() {
        for name in ["../../etc", "CON", "微信", "", "a".repeat(300).as_str(), "\u{202e}x", "Who’s Who?"]
        {
            let slug = slug(name);
            assert!(!slug.is_empty() && slug.len() <= 80, "{slug}");
            assert!(
                slug.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-'),
                "{slug}"
            );
        }
        assert_ne!(slug("微信"), slug("支付宝"));
    }
}
