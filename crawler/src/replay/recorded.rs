//! Pages as somebody recorded them, shown as of an instant: out of an Open Terms Archive snapshots
//! repository, or out of WARC files.
//!
//! Each host of the record becomes one of this machine (`www.example.com` is
//! `www-example-com.localhost`), and [`Recorded::declaration`] rewrites declarations to match, so
//! that the crawler is taken through a history by the very code that crawls the web.

use super::server::{Page, Reply, Request, Script};
use crate::import::git::{Blob, GitError, Repository};
use crate::import::message;
use archive::body::{self, Limits};
use archive::capture::Head;
use archive::capture::head::Origin;
use archive::warc::{Kind, Reader, Record, WarcError, read_member, read_record};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use url::Url;

/// A page larger than this is not shown.
const LARGEST: u64 = 64 << 20;

/// A record that cannot be replayed.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    #[error("cannot replay a git history")]
    Git(#[from] GitError),
    #[error("cannot open `{path}`")]
    Open {
        path: PathBuf,
        #[source]
        error: io::Error,
    },
    #[error("cannot read `{path}` as a WARC file")]
    Warc {
        path: PathBuf,
        #[source]
        error: WarcError,
    },
    #[error("`{origin}` holds no page with its address: is it a repository of snapshots, or a WARC file?")]
    Nothing { origin: String },
}

/// By host as served and target; the newest last.
type Pages = BTreeMap<(String, String), Vec<(DateTime<Utc>, Place)>>;

/// Pages with their dates, and where their bytes lie.
pub struct Recorded {
    pages: Pages,
    store: Store,
}

enum Store {
    Git(Repository),
    Warc(Vec<PathBuf>),
}

#[derive(Debug, Clone)]
enum Place {
    Blob(String),
    Record { file: usize, offset: u64, length: u64 },
}

impl Recorded {
    /// A repository of snapshots: a git folder, a work tree, a bundle or a URL.
    pub fn git(origin: &str) -> Result<Self, ReplayError> {
        let repository = Repository::open(origin)?;
        let head = repository.head(None)?;
        let mut pages = Pages::new();
        repository.commits(&head, None, |commit| {
            let location = message::read(&commit.message).location;
            let at = DateTime::from_timestamp(commit.authored, 0);
            let key = location.and_then(|url| Url::parse(&url).ok()).and_then(|url| key(&url));
            if let (Some(key), Some(at)) = (key, at) {
                let blobs = commit.files.into_iter().filter_map(|file| file.blob);
                pages.entry(key).or_default().extend(blobs.map(|blob| (at, Place::Blob(blob))));
            }
        })?;
        Self::new(pages, Store::Git(repository), origin)
    }

    /// The responses of WARC files.
    pub fn warc(paths: &[PathBuf]) -> Result<Self, ReplayError> {
        let mut pages = Pages::new();
        let mut by_payload: BTreeMap<String, Place> = BTreeMap::new();
        for (file, path) in paths.iter().enumerate() {
            let open = File::open(path).map_err(|error| ReplayError::Open { path: path.clone(), error })?;
            for record in Reader::new(BufReader::new(open), LARGEST) {
                let found = record.map_err(|error| ReplayError::Warc { path: path.clone(), error })?;
                let record = &found.record;
                let url = record.target().and_then(|target| Url::parse(target).ok());
                let (Some(key), Some(at)) = (url.and_then(|url| key(&url)), record.date()) else { continue };
                let payload = record.field("WARC-Payload-Digest").unwrap_or("").to_owned();
                let place = match record.kind {
                    Kind::Response => {
                        let place = Place::Record { file, offset: found.offset, length: found.length };
                        by_payload.insert(payload, place.clone());
                        place
                    }
                    // The same bytes seen again.
                    Kind::Revisit => match by_payload.get(&payload) {
                        Some(place) => place.clone(),
                        None => continue,
                    },
                    _ => continue,
                };
                pages.entry(key).or_default().push((at, place));
            }
        }
        let names: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        Self::new(pages, Store::Warc(paths.to_vec()), &names.join(", "))
    }

    fn new(mut pages: Pages, store: Store, origin: &str) -> Result<Self, ReplayError> {
        if pages.is_empty() {
            return Err(ReplayError::Nothing { origin: origin.to_owned() });
        }
        // By date alone: of two in one second the later in the record is the later page.
        pages.values_mut().for_each(|shown| shown.sort_by_key(|(at, _)| *at));
        Ok(Self { pages, store })
    }

    /// When the first page and the last were recorded.
    pub fn span(&self) -> (DateTime<Utc>, DateTime<Utc>) {
        let all = || self.pages.values().flatten().map(|(at, _)| *at);
        (all().min().unwrap_or_default(), all().max().unwrap_or_default())
    }

    /// How many addresses were recorded.
    pub fn addresses(&self) -> usize {
        self.pages.len()
    }

    /// Rewrites the text of a declaration so that it is fetched from this replay at `port`.
    /// What was not recorded is left out; `None` where nothing is left.
    pub fn declaration(&self, json: &str, port: u16) -> Option<String> {
        let mut declaration: serde_json::Value = serde_json::from_str(json).ok()?;
        for list in ["terms", "documents"] {
            if let Some(terms) = declaration.get_mut(list).and_then(serde_json::Value::as_object_mut) {
                terms.retain(|_, policy| self.redirect(policy, port));
            }
        }
        let kept =
            |list| declaration.get(list).and_then(|terms| terms.as_object()).is_some_and(|t| !t.is_empty());
        (kept("terms") || kept("documents")).then(|| format!("{declaration:#}\n"))
    }

    /// Points every `fetch` below at the replay; false where one was not recorded.
    fn redirect(&self, value: &mut serde_json::Value, port: u16) -> bool {
        match value {
            serde_json::Value::Object(fields) => fields.iter_mut().all(|(name, value)| match value {
                serde_json::Value::String(url) if name == "fetch" => {
                    let found = Url::parse(url).ok().and_then(|url| key(&url));
                    match found.filter(|key| self.pages.contains_key(key)) {
                        Some((host, target)) => {
                            *url = format!("http://{host}.localhost:{port}{target}");
                            true
                        }
                        None => false,
                    }
                }
                value => self.redirect(value, port),
            }),
            serde_json::Value::Array(values) => values.iter_mut().all(|value| self.redirect(value, port)),
            _ => true,
        }
    }

    /// A script that shows what stood at the instant that `now` holds.
    pub fn script(self, now: Arc<Mutex<DateTime<Utc>>>) -> Script {
        Arc::new(move |request: &Request| -> Reply {
            let now = *now.lock().unwrap_or_else(PoisonError::into_inner);
            let host = request.host.split('.').next().unwrap_or("").to_owned();
            let shown = self.pages.get(&(host, request.target.clone()));
            let place = shown.and_then(|shown| {
                let until = shown.partition_point(|(at, _)| *at <= now);
                until.checked_sub(1).map(|last| &shown[last].1)
            });
            match place {
                None => Page::new(404, "text/plain", "not recorded by then").into(),
                Some(place) => match self.page(place) {
                    Some(page) => page.into(),
                    None => Page::new(500, "text/plain", "the record cannot be read").into(),
                },
            }
        })
    }

    fn page(&self, place: &Place) -> Option<Page> {
        match (place, &self.store) {
            (Place::Blob(id), Store::Git(repository)) => {
                let mut page = None;
                let ids = [id.clone()];
                let read = repository.blobs().read(&ids, LARGEST, |_, blob| {
                    if let Blob::Read(bytes) = blob {
                        page = Some(Page::html(bytes));
                    }
                });
                read.ok().and(page)
            }
            (Place::Record { file, offset, length }, Store::Warc(paths)) => {
                respond(&record(&paths[*file], *offset, *length)?)
            }
            _ => None,
        }
    }
}

fn record(path: &Path, offset: u64, length: u64) -> Option<Record> {
    let mut file = File::open(path).ok()?;
    file.seek(SeekFrom::Start(offset)).ok()?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).ok()?;
    if bytes.starts_with(&[0x1f, 0x8b]) {
        read_member(&bytes, LARGEST).ok()
    } else {
        read_record(&mut bytes.as_slice(), LARGEST).ok()?
    }
}

/// A recorded response as it is served again: with its own status and fields, but framed anew.
fn respond(record: &Record) -> Option<Page> {
    let (head, sent) = Head::split(&record.block, Origin::Wire).ok()?;
    let sent = if head.is_chunked() { body::dechunk(sent).ok()? } else { sent.into() };
    let encodings = head.values("content-encoding");
    let decoded = body::decode(&sent, encodings.iter().map(String::as_str), Limits::default()).ok()?;
    let framing = ["content-length", "content-encoding", "transfer-encoding", "connection", "keep-alive"];
    let mut fields = head.fields();
    fields.retain(|(name, _)| !framing.contains(&name.to_ascii_lowercase().as_str()));
    Some(Page { status: head.status()?, headers: fields, body: Arc::new(decoded.into_owned()) })
}

/// The host as served here, and the target.
fn key(url: &Url) -> Option<(String, String)> {
    let host = match (url.host_str()?.replace(['.', '[', ']', ':'], "-"), url.port()) {
        (host, Some(port)) => format!("{host}-{port}"),
        (host, None) => host,
    };
    Some((host, url[url::Position::BeforePath..url::Position::AfterQuery].to_owned()))
}
