//! Captures to store, in our own words, and folders that go away.

#![allow(dead_code, reason = "each test file uses its own part")]

use archive::{Head, NewCapture, Response};
use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::id::PolicyId;
use std::path::Path;

/// A folder that goes away in the end.
pub struct Folder(tempfile::TempDir);

impl Folder {
    pub fn new(name: &str) -> Self {
        Self(tempfile::Builder::new().prefix(&format!("walkback-{name}-")).tempdir().unwrap())
    }
}

impl std::ops::Deref for Folder {
    type Target = Path;

    fn deref(&self) -> &Path {
        self.0.path()
    }
}

pub fn instant(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

pub fn privacy() -> PolicyId {
    PolicyId::new("Courier", "Privacy Policy")
}

pub const SOURCE: &str = "https://courier.example/privacy";

/// A page that came whole.
pub fn page(at: &str, body: &[u8], fields: &[(&str, &str)]) -> NewCapture {
    answer(at, 200, Outcome::Fetched, body, fields)
}

pub fn answer(at: &str, status: u16, outcome: Outcome, body: &[u8], fields: &[(&str, &str)]) -> NewCapture {
    let mut capture = NewCapture::new(privacy(), SOURCE, instant(at), outcome);
    capture.status = Some(status);
    capture.request = Some(Head::request("GET", "/privacy", [("host", &b"courier.example"[..])]));
    let fields = fields.iter().map(|(name, value)| (*name, value.as_bytes()));
    capture.response = Some(Response {
        head: Head::response(status, "OK", fields),
        body: body.to_vec(),
        truncated: None,
        decoded: None,
    });
    capture.remote_ip = Some("192.0.2.7".to_owned());
    capture
}

/// Nothing came.
pub fn failure(at: &str, why: &str) -> NewCapture {
    NewCapture::new(privacy(), SOURCE, instant(at), Outcome::Failed(why.to_owned()))
}
