//! What an attempt came to: an answer, or the lack of one, to the capture that is stored.

use crate::fetch::{Answer, Fault, peer_ip};
use crate::plan::{Due, Validators};
use archive::body;
use archive::capture::{Head, NewCapture, Redirect, Response};
use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::id::Digest;
use policy::wall;
use std::borrow::Cow;
use std::collections::BTreeMap;
use url::Url;

/// What one attempt brought.
#[derive(Debug)]
pub enum Got {
    Answer(Box<Answer>),
    Fault(Fault),
    /// robots.txt says no; nothing was asked.
    Refused(String),
}

/// One attempt to fetch a source document.
#[derive(Debug)]
pub struct Attempt {
    pub at: DateTime<Utc>,
    /// Where the last request went.
    pub url: Url,
    pub redirects: Vec<Redirect>,
    /// The conditions that the last request carried.
    pub asked: Option<Validators>,
    pub got: Got,
    /// An earlier copy of robots.txt was heeded: of when, and why.
    pub earlier_robots: Option<String>,
    /// Counts from 1 within a run.
    pub tried: u32,
}

/// The capture that records `attempt`.
pub fn capture(due: &Due, attempt: Attempt, decoded_limit: u64) -> NewCapture {
    let mut capture = NewCapture::new(due.policy.clone(), due.source.clone(), attempt.at, Outcome::Fetched);
    capture.url = attempt.url.to_string();
    capture.redirects = attempt.redirects;
    if attempt.tried > 1 {
        capture.notes.insert("try".to_owned(), attempt.tried.to_string());
    }
    if let Some(reason) = &due.robots_override {
        capture.notes.insert("robots".to_owned(), format!("not heeded: {reason}"));
    }
    if let Some(earlier) = attempt.earlier_robots {
        capture.notes.insert("robots".to_owned(), earlier);
    }
    match attempt.got {
        Got::Refused(why) => capture.outcome = Outcome::Refused(why),
        Got::Fault(fault) => capture.outcome = Outcome::Failed(fault.to_string()),
        Got::Answer(answer) => read_answer(&mut capture, due, *answer, decoded_limit),
    }
    capture
}

fn read_answer(capture: &mut NewCapture, due: &Due, answer: Answer, decoded_limit: u64) {
    capture.status = Some(answer.status);
    capture.remote_ip = peer_ip(&answer).map(|ip| ip.to_string());
    note_framing(&mut capture.notes, &answer);
    let decoded = decode(&answer, decoded_limit);
    capture.outcome = match &decoded {
        Ok(payload) => outcome(&due.url, &answer, payload),
        Err(error) if (200..300).contains(&answer.status) => Outcome::Failed(error.to_string()),
        Err(_) => outcome(&due.url, &answer, b""),
    };
    let digest = decoded.as_ref().ok().map(Digest::of);
    drop(decoded);
    let request = answer.request.iter().map(|(name, value)| (name.as_str(), value.as_bytes()));
    let target = &answer.url[url::Position::BeforePath..url::Position::AfterQuery];
    capture.request = Some(Head::request("GET", target, request));
    let fields = answer.headers.iter().map(|(name, value)| (name.as_str(), value.as_slice()));
    capture.response = Some(Response {
        head: Head::response(answer.status, answer.reason, fields),
        body: answer.body.into(),
        truncated: None,
        decoded: digest,
    });
}

fn decode(answer: &Answer, limit: u64) -> Result<Cow<'_, [u8]>, body::BodyError> {
    let encodings = answer
        .headers
        .iter()
        .filter(|(name, _)| name.eq_ignore_ascii_case("content-encoding"))
        .filter_map(|(_, value)| std::str::from_utf8(value).ok());
    body::decode(&answer.body, encodings, body::Limits { decoded: limit, ..body::Limits::default() })
}

/// Where a page sends its readers by its markup; only small pages do nothing else.
pub fn refresh(answer: &Answer) -> Option<String> {
    if answer.body.len() > 64 << 10
        || answer.header("content-type").is_some_and(|kind| !kind.contains("html"))
    {
        return None;
    }
    let payload = decode(answer, 1 << 20).ok()?;
    wall::refresh(&text(&payload, answer.header("content-type")))
}

/// A message framed in two ways at once is taken by its chunks, as RFC 9112 says, and marked:
/// it is how one message is smuggled inside another.
fn note_framing(notes: &mut BTreeMap<String, String>, answer: &Answer) {
    if answer.header("content-length").is_some() && answer.header("transfer-encoding").is_some() {
        notes.insert("framing".to_owned(), "both Content-Length and Transfer-Encoding".to_owned());
    }
    if answer.version == "HTTP/1.0" {
        notes.insert("protocol".to_owned(), "HTTP/1.0".to_owned());
    }
}

/// What an answer that came whole is called. `payload` is the body with its encodings removed.
fn outcome(declared: &Url, answer: &Answer, payload: &[u8]) -> Outcome {
    let status = answer.status;
    if status == 304 {
        return Outcome::Unchanged;
    }
    let content_type = answer.header("content-type").unwrap_or("").to_ascii_lowercase();
    let kind = Kind::of(&content_type, payload);
    let headers: Vec<(String, String)> = answer
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), String::from_utf8_lossy(value).into_owned()))
        .collect();
    let text = match kind {
        Kind::Text => text(payload, answer.header("content-type")),
        _ => Cow::Borrowed(""),
    };
    let found =
        wall::wall(&wall::Answer { declared, url: &answer.url, status, headers: &headers, body: &text });
    if let Some(wall) = found {
        return wall.outcome();
    }
    match status {
        200 | 203 => match kind {
            _ if payload.iter().all(u8::is_ascii_whitespace) => Outcome::Failed("empty body".to_owned()),
            Kind::Text | Kind::Pdf => Outcome::Fetched,
            Kind::Other => Outcome::Failed(format!("not a document: {}", named(&content_type))),
        },
        206 => Outcome::Failed("206: a part of the document, which we did not ask for".to_owned()),
        404 | 410 => Outcome::Gone(status.to_string()),
        401 | 402 | 403 | 407 | 451 => Outcome::Refused(status.to_string()),
        429 => Outcome::Failed("429: too many requests".to_owned()),
        _ => Outcome::Failed(status.to_string()),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Pdf,
    Other,
}

impl Kind {
    fn of(content_type: &str, payload: &[u8]) -> Self {
        let essence = content_type.split(';').next().unwrap_or("").trim();
        let start = &payload[..payload.len().min(1024)];
        if start.starts_with(b"%PDF-") {
            return Kind::Pdf;
        }
        let wide = start.starts_with(&[0xff, 0xfe]) || start.starts_with(&[0xfe, 0xff]);
        // A NUL stands in no text but those in UTF-16.
        if start.contains(&0) && !wide && !essence_is_wide(content_type) {
            return Kind::Other;
        }
        match essence {
            "" | "application/xhtml+xml" | "application/xml" | "text/xml" => Kind::Text,
            "text/css" | "text/javascript" | "text/csv" | "text/calendar" => Kind::Other,
            _ if essence.starts_with("text/") => Kind::Text,
            _ => Kind::Other,
        }
    }
}

fn essence_is_wide(content_type: &str) -> bool {
    content_type.contains("utf-16")
}

fn named(content_type: &str) -> String {
    let essence = content_type.split(';').next().unwrap_or("").trim();
    match essence {
        "" => "bytes that are no text".to_owned(),
        essence if essence.starts_with("text/html") => "text/html with bytes that are no text".to_owned(),
        essence => essence.chars().filter(|c| !c.is_control()).take(60).collect(),
    }
}

/// The payload as text. Nearly every page is UTF-8, whatever it says, and then nothing is copied.
fn text<'a>(payload: &'a [u8], content_type: Option<&str>) -> Cow<'a, str> {
    match std::str::from_utf8(payload) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => policy::extract::decode(payload, content_type),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_by_type_and_first_bytes() {
        for (content_type, payload, expected) in [
            ("text/html; charset=utf-8", &b"<p>"[..], Kind::Text),
            ("text/plain", b"# Terms", Kind::Text),
            ("", b"<p>no type", Kind::Text),
            ("", b"\x89PNG\r\n\x1a\n\0\0", Kind::Other),
            ("text/html", b"<p>\0", Kind::Other),
            ("text/html", b"\xff\xfe<\0p\0>\0", Kind::Text),
            ("application/pdf", b"%PDF-1.7", Kind::Pdf),
            ("application/octet-stream", b"%PDF-1.4", Kind::Pdf),
            ("application/octet-stream", b"\x01\x02", Kind::Other),
            ("application/json", b"{}", Kind::Other),
            ("image/svg+xml", b"<svg>", Kind::Other),
        ] {
            assert_eq!(Kind::of(content_type, payload), expected, "{content_type} {payload:?}");
        }
    }
}
