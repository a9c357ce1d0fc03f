//! Other people's WARC files as captures of class B: a third party's memento of a page that we track.
//!
//! Records are matched to policies by their URL. What a record lacks is not made up: no request is
//! stored, and each capture notes the file and the record it came from. A torn file gives what is whole.

use crate::body;
use crate::capture::head::Origin;
use crate::capture::records::payload_of;
use crate::capture::{Head, NewCapture, Response, Truncated};
use crate::catalog;
use crate::store::{Archive, ReadError, StoreError};
use crate::warc::{Kind, Located, Reader, Record, WarcError};
use chrono::{DateTime, SubsecRound as _, Utc};
use policy::capture::Outcome;
use policy::finding::EvidenceClass;
use policy::id::PolicyId;
use policy::wall;
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use url::Url;

/// Why a file was not imported, or not to its end.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error("cannot read `{path}`")]
    Read {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("cannot store what `{path}` holds")]
    Store {
        path: PathBuf,
        #[source]
        error: StoreError,
    },
    #[error("cannot look up what `{path}` refers to")]
    LookUp {
        path: PathBuf,
        #[source]
        error: ReadError,
    },
}

/// What came of a file.
#[derive(Debug, Default)]
pub struct Imported {
    /// Captures stored.
    pub stored: usize,
    /// Captures that an earlier import stored already.
    pub known: usize,
    /// Records of pages that no policy names.
    pub elsewhere: usize,
    /// Records of tracked pages that cannot be used, with their offset and the reason.
    pub unusable: Vec<(u64, String)>,
    /// Where reading ended before the end of the file, and why: put a whole copy in its place and import again.
    pub ended: Option<WarcError>,
}

/// Captures stored with one `fdatasync`.
const BATCH: usize = 64;
/// Bytes of bodies that wait at most, so that a file of large pages does not fill the memory.
const BATCH_BYTES: usize = 16 << 20;
/// No page of text is larger; a record above it is not a policy.
const MAX_BLOCK: u64 = 64 << 20;

/// Stores the responses and revisits of a WARC file, compressed or not, whose URL `policy_of` knows.
/// It answers with the policy and the declared URL. Importing a file twice stores nothing twice.
pub fn import_warc(
    archive: &Archive,
    path: &Path,
    policy_of: impl Fn(&str) -> Option<(PolicyId, String)>,
) -> Result<Imported, ImportError> {
    let read = |error| ImportError::Read { path: path.to_path_buf(), error };
    let file = File::open(path).map_err(read)?;
    let mut import = Import {
        archive,
        path,
        imported: Imported::default(),
        batch: Vec::new(),
        bytes: 0,
        originals: HashMap::new(),
    };
    for next in Reader::new(BufReader::with_capacity(1 << 16, file), MAX_BLOCK) {
        let located = match next {
            Ok(located) => located,
            Err(error) => {
                import.imported.ended = Some(error);
                break;
            }
        };
        if !matches!(located.record.kind, Kind::Response | Kind::Revisit) {
            continue;
        }
        import.note_original(&located);
        let Some((policy, source)) = located.record.target().and_then(&policy_of) else {
            import.imported.elsewhere += 1;
            continue;
        };
        import.one(located.offset, located.record, policy, source)?;
    }
    import.flush()?;
    Ok(import.imported)
}

struct Import<'a> {
    archive: &'a Archive,
    path: &'a Path,
    imported: Imported,
    batch: Vec<NewCapture>,
    bytes: usize,
    /// By `WARC-Payload-Digest`, the first response of this file that has that payload. Whether it became a
    /// capture, now, in an earlier import or not at all, does not matter to what refers to it.
    originals: HashMap<String, Original>,
}

/// Where a response lies in the file.
struct Original {
    offset: u64,
    length: u64,
    id: String,
}

impl Import<'_> {
    fn note_original(&mut self, located: &Located) {
        let Located { offset, length, record, .. } = located;
        if let (Kind::Response, Some(digest)) = (&record.kind, record.field("WARC-Payload-Digest")) {
            let original = || Original { offset: *offset, length: *length, id: record.id().to_owned() };
            self.originals.entry(digest.to_owned()).or_insert_with(original);
        }
    }

    fn one(
        &mut self,
        offset: u64,
        record: Record,
        policy: PolicyId,
        source: String,
    ) -> Result<(), ImportError> {
        let usable = match usable(&record) {
            Ok(usable) => usable,
            Err(why) => {
                self.imported.unusable.push((offset, why.to_owned()));
                return Ok(());
            }
        };
        let at = usable.at.trunc_subsecs(3);
        let waits = self.batch.iter().any(|new| new.policy == policy && new.source == source && new.at == at);
        if waits || self.is_known(&policy, &source, at)? {
            self.imported.known += 1;
            return Ok(());
        }
        let response = match record.kind {
            Kind::Revisit if usable.status != 304 => match self.revisited(&record, usable.head)? {
                Some(response) => response,
                None => {
                    self.imported
                        .unusable
                        .push((offset, "the record it refers to is not in this file".to_owned()));
                    return Ok(());
                }
            },
            _ => Response {
                head: usable.head,
                body: usable.body,
                truncated: truncated(&record),
                decoded: None,
            },
        };
        let mut capture = NewCapture::new(policy, source, at, Outcome::Fetched);
        capture.outcome =
            outcome(&capture.source, &usable.url, usable.status, &response, self.archive.limits());
        capture.class = EvidenceClass::B;
        capture.url = usable.url.to_string();
        capture.status = Some(usable.status);
        capture.remote_ip = record.field("WARC-IP-Address").map(str::to_owned);
        let file = self.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        capture.notes.insert("imported_from".to_owned(), format!("{file} at byte {offset}"));
        capture.notes.insert("imported_record".to_owned(), record.id().to_owned());
        self.bytes += response.body.len();
        capture.response = Some(response);
        self.batch.push(capture);
        if self.batch.len() >= BATCH || self.bytes >= BATCH_BYTES {
            self.flush()?;
        }
        Ok(())
    }

    /// The body that a `revisit` refers to, under the head of the revisit where it has one.
    fn revisited(&self, record: &Record, head: Head) -> Result<Option<Response>, ImportError> {
        let found = record.field("WARC-Payload-Digest").and_then(|digest| self.originals.get(digest));
        let Some(original) = found else { return Ok(None) };
        let read = |error| ImportError::Read { path: self.path.to_path_buf(), error };
        let mut file = File::open(self.path).map_err(read)?;
        file.seek(SeekFrom::Start(original.offset)).map_err(read)?;
        let part = BufReader::new(file.take(original.length));
        // The member may hold other records, too.
        let mut records = Reader::new(part, MAX_BLOCK).filter_map(|located| Some(located.ok()?.record));
        let Some(usable) = records.find(|record| record.id() == original.id).and_then(|r| usable(&r).ok())
        else {
            return Ok(None);
        };
        // A body is read by the encodings of the head it came with.
        let same = |name: &str| head.values(name) == usable.head.values(name);
        let head = if same("content-encoding") && same("transfer-encoding") { head } else { usable.head };
        Ok(Some(Response { head, body: usable.body, truncated: truncated(record), decoded: None }))
    }

    fn is_known(&self, policy: &PolicyId, source: &str, at: DateTime<Utc>) -> Result<bool, ImportError> {
        let look_up = catalog::capture::LookUp { policy, source, class: EvidenceClass::B };
        let known = catalog::capture::exists(&self.archive.connection(), &look_up, at);
        known.map_err(|error| self.look_up(error.into()))
    }

    fn flush(&mut self) -> Result<(), ImportError> {
        let batch = std::mem::take(&mut self.batch);
        self.bytes = 0;
        let store = |error| ImportError::Store { path: self.path.to_path_buf(), error };
        let stored = self.archive.store_many(batch).map_err(store)?;
        self.imported.stored += stored.len();
        Ok(())
    }

    fn look_up(&self, error: ReadError) -> ImportError {
        ImportError::LookUp { path: self.path.to_path_buf(), error }
    }
}

/// What a record must say to become a capture.
struct Usable {
    url: Url,
    at: DateTime<Utc>,
    status: u16,
    head: Head,
    body: Vec<u8>,
}

fn usable(record: &Record) -> Result<Usable, &'static str> {
    let url = record.target().and_then(|url| Url::parse(url).ok()).ok_or("its target is not a URL")?;
    let at = record.date().ok_or("it has no date")?;
    if !record.field("Content-Type").is_some_and(|kind| kind.starts_with("application/http")) {
        return Err("it is not an HTTP message");
    }
    let (head, body) =
        Head::split(&record.block, Origin::Wire).map_err(|_| "its block does not start with an HTTP head")?;
    let status = head.status().ok_or("it has no HTTP status")?;
    if (300..400).contains(&status) && status != 304 {
        return Err("it is a redirect");
    }
    Ok(Usable { url, at, status, body: body.to_vec(), head })
}

fn truncated(record: &Record) -> Option<Truncated> {
    Some(match record.field("WARC-Truncated")? {
        "length" => Truncated::Length,
        "time" => Truncated::Time,
        "disconnect" => Truncated::Disconnect,
        _ => Truncated::Unspecified,
    })
}

/// What befell the page, as far as the record tells.
fn outcome(declared: &str, url: &Url, status: u16, response: &Response, limits: body::Limits) -> Outcome {
    if status == 304 {
        return Outcome::Unchanged;
    }
    if let Some(truncated) = response.truncated {
        return Outcome::Failed(format!("the record is not whole: {}", truncated.word()));
    }
    let encodings = response.head.values("content-encoding");
    let payload = payload_of(&response.head, &response.body).and_then(|sent| {
        body::decode(&sent, encodings.iter().map(String::as_str), limits).map(|body| body.into_owned())
    });
    let payload = match payload {
        Ok(payload) => payload,
        Err(error) => return Outcome::Failed(error.to_string()),
    };
    let declared = Url::parse(declared).unwrap_or_else(|_| url.clone());
    let headers = response.head.fields();
    let body = policy::extract::decode(&payload, response.head.value("content-type").as_deref());
    let answer = wall::Answer { declared: &declared, url, status, headers: &headers, body: &body };
    if let Some(wall) = wall::wall(&answer) {
        return wall.outcome();
    }
    match status {
        200 | 203 if payload.iter().all(u8::is_ascii_whitespace) => Outcome::Failed("empty body".to_owned()),
        200 | 203 => Outcome::Fetched,
        404 | 410 => Outcome::Gone(status.to_string()),
        401 | 402 | 403 | 407 | 451 => Outcome::Refused(status.to_string()),
        _ => Outcome::Failed(status.to_string()),
    }
}
