//! Writes a small archive with one of everything into a new folder: the judges in `tests/conformance`
//! read it, and `archive/tests/format-1` was made by it.
//!
//!     cargo run -p archive --example sample -- FOLDER

use archive::{Archive, Head, NewCapture, Redirect, Response, Truncated};
use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::id::PolicyId;
use std::io::Write as _;
use std::path::PathBuf;

const PRIVACY: &str = "https://courier.example/privacy";
const FIRST: &str =
    "<!doctype html><title>Privacy</title><p>Messages are end-to-end encrypted by default. Caf\u{e9}.</p>";
const SECOND: &str = "<!doctype html><title>Privacy</title><p>You can choose to encrypt messages.</p>";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let dir = std::env::args_os().nth(1).map(PathBuf::from).ok_or("usage: sample FOLDER")?;
    let archive = Archive::open(&dir)?;
    let html: (&str, &str) = ("content-type", "text/html; charset=utf-8");
    let gzipped = gzip(SECOND)?;
    archive.store_many(vec![
        answer("2026-01-01T00:00:00Z", 200, Outcome::Fetched, FIRST.as_bytes(), &[html, ("etag", "\"a\"")]),
        answer(
            "2026-01-02T00:00:00.250Z",
            200,
            Outcome::Fetched,
            FIRST.as_bytes(),
            &[html, ("etag", "\"b\"")],
        ),
    ])?;
    let mut not_modified = answer("2026-01-03T00:00:00Z", 304, Outcome::Unchanged, b"", &[("etag", "\"b\"")]);
    not_modified.remote_ip = Some("2001:db8::7".to_owned());
    let mut encoded = answer(
        "2026-01-05T00:00:00Z",
        200,
        Outcome::Fetched,
        &gzipped,
        &[
            html,
            ("content-encoding", "gzip"),
            ("transfer-encoding", "chunked"),
            ("x-edge", "1"),
            ("X-Edge", "2"),
        ],
    );
    encoded.redirects = vec![Redirect {
        from: "http://courier.example/privacy".to_owned(),
        status: 301,
        to: PRIVACY.to_owned(),
    }];
    encoded.notes.insert("robots".to_owned(), "overridden by the declaration".to_owned());
    let mut cut = answer(
        "2026-01-06T00:00:00Z",
        200,
        Outcome::Failed("the body is longer than 40 bytes".to_owned()),
        &FIRST.as_bytes()[..40],
        &[html],
    );
    if let Some(response) = &mut cut.response {
        response.truncated = Some(Truncated::Length);
    }
    let mut elsewhere = answer("2026-01-08T00:00:00Z", 200, Outcome::Fetched, SECOND.as_bytes(), &[html]);
    elsewhere.policy = PolicyId::new("Courier", "Help: Encryption");
    elsewhere.source = "https://courier.example/help?id=1&lang=en".to_owned();
    elsewhere.url.clone_from(&elsewhere.source);
    for capture in [
        not_modified,
        NewCapture::new(
            policy(),
            PRIVACY,
            at("2026-01-04T00:00:00Z"),
            Outcome::Failed("the name does not resolve".to_owned()),
        ),
        encoded,
        cut,
        answer(
            "2026-01-07T00:00:00Z",
            403,
            Outcome::Blocked("asks whether we are a robot".to_owned()),
            b"<p>Are you human?</p>",
            &[html],
        ),
        elsewhere,
        answer(
            "2026-01-09T00:00:00Z",
            200,
            Outcome::Fetched,
            &gzipped,
            &[html, ("content-encoding", "gzip")],
        ),
        answer(
            "2026-01-10T00:00:00Z",
            404,
            Outcome::Gone("404".to_owned()),
            b"",
            &[html, ("content-length", "0")],
        ),
    ] {
        archive.store(capture)?;
    }
    Ok(())
}

fn policy() -> PolicyId {
    PolicyId::new("Courier", "Privacy Policy")
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).expect("an instant").to_utc()
}

fn answer(when: &str, status: u16, outcome: Outcome, body: &[u8], fields: &[(&str, &str)]) -> NewCapture {
    let mut capture = NewCapture::new(policy(), PRIVACY, at(when), outcome);
    let reason = match status {
        200 => "OK",
        304 => "Not Modified",
        403 => "Forbidden",
        _ => "Not Found",
    };
    capture.status = Some(status);
    let host = [("host", &b"courier.example"[..]), ("user-agent", b"walkback"), ("cookie", b"never kept")];
    capture.request = Some(Head::request("GET", "/privacy", host));
    let head = Head::response(status, reason, fields.iter().map(|(name, value)| (*name, value.as_bytes())));
    capture.response = Some(Response { head, body: body.to_vec(), truncated: None, decoded: None });
    capture.remote_ip = Some("192.0.2.7".to_owned());
    capture
}

fn gzip(text: &str) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(text.as_bytes())?;
    encoder.finish()
}
