//! An Open Terms Archive snapshots repository: `SERVICE/POLICY.html` or `SERVICE/POLICY #DOCUMENT.html`, the page
//! as it was fetched, one file a commit. Each becomes a capture of class B: somebody else's memento.
//!
//! A snapshot keeps no HTTP head and no status. The record gets a rebuilt head that holds the kind of
//! the file and nothing else, the catalog gets no status, and a note says which commit it came from.

use super::git::{Blob, GitError, Repository};
use super::{PROGRESS_EVERY, Progress, matches, message};
use archive::{Archive, Head, NewCapture, ReadError, Response, StoreError};
use chrono::{DateTime, Utc};
use policy::capture::Outcome;
use policy::declaration::Declarations;
use policy::finding::EvidenceClass;
use policy::id::PolicyId;
use policy::wall;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;
use url::Url;

/// Largest page that is taken: a policy of 64 MB is none.
const LARGEST: u64 = 64 << 20;
/// Captures stored with one `fdatasync`.
const BATCH: usize = 64;
/// Bytes of pages that wait at most.
const BATCH_BYTES: usize = 16 << 20;

/// What to import.
#[derive(Debug, Clone, Copy)]
pub struct Options<'a> {
    /// Name patterns of services; empty: all.
    pub services: &'a [String],
    /// The branch; the current one where none is named.
    pub branch: Option<&'a str>,
    /// Says which page a snapshot is of where its commit does not.
    pub declarations: &'a Declarations,
}

/// What an import did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// The collection's name: the repository's.
    pub collection: String,
    /// Snapshots that the chosen services have.
    pub snapshots: u64,
    /// Captures that are new.
    pub stored: u64,
    /// Of these, pages that were a wall, a login or an error, so that no version comes of them.
    pub not_the_document: u64,
    /// Captures that an earlier import stored.
    pub known: u64,
    /// The policies of the chosen services.
    pub policies: BTreeSet<PolicyId>,
    /// Snapshots of a page that the declarations do not name for their day: stored, but not read by `derive`.
    pub of_other_pages: u64,
    /// What could not be read, each with its cause; the rest is here.
    pub problems: Vec<String>,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot look up what is stored already")]
    LookUp(#[from] ReadError),
    #[error(
        "`{0}` holds no snapshots: files named SERVICE/POLICY.html or .pdf are looked for on its branch; name another with --branch"
    )]
    NotOurLayout(String),
    #[error("no service of `{repository}` matches {patterns}: its services are {examples}")]
    NoService { repository: String, patterns: String, examples: String },
}

/// A snapshot that the commit list promises.
struct Listed {
    at: DateTime<Utc>,
    policy: PolicyId,
    page: Url,
    kind: &'static str,
    blob: String,
    commit: String,
    fetcher: Option<String>,
}

/// Stores what is new in a snapshots repository. Run again, it stores nothing twice; stopped, it goes on.
///
/// Of two snapshots of one page in one second the later commit is taken.
pub fn import(
    repository: &Repository,
    archive: &Archive,
    options: &Options<'_>,
    progress: &dyn Fn(Progress),
) -> Result<Report, ImportError> {
    let mut report = Report { collection: repository.name(), ..Report::default() };
    progress(Progress::Listing);
    let head = repository.head(options.branch)?;
    let listed = list(repository, &head, options, &mut report)?;
    let mut known = BTreeSet::new();
    for policy in &report.policies {
        let captures = archive.captures(policy)?.into_iter().filter(|c| c.class == EvidenceClass::B);
        known.extend(captures.map(|capture| (capture.policy, capture.source, capture.at)));
    }
    let all = listed.len();
    let new: Vec<Listed> = listed
        .into_iter()
        .filter(|one| !known.contains(&(one.policy.clone(), one.page.to_string(), one.at)))
        .collect();
    report.known = (all - new.len()) as u64;

    let mut blobs = repository.blobs();
    let mut told = Instant::now();
    for (turn, some) in new.chunks(BATCH).enumerate() {
        let ids: Vec<String> = some.iter().map(|one| one.blob.clone()).collect();
        let (mut waiting, mut bytes, mut failed) = (Vec::new(), 0, None);
        blobs.read(&ids, LARGEST, |place, blob| {
            let one = &some[place];
            match blob {
                Blob::Unreadable(why) => report.problems.push(format!(
                    "{} of {}: {why}; this snapshot is left out",
                    one.policy,
                    one.at.format("%F %T")
                )),
                Blob::Read(page) if failed.is_none() => {
                    bytes += page.len();
                    waiting.push(capture(one, page, &report.collection));
                    if bytes >= BATCH_BYTES {
                        bytes = 0;
                        failed = store(archive, std::mem::take(&mut waiting), &mut report).err();
                    }
                }
                Blob::Read(_) => {}
            }
        })?;
        match failed {
            Some(error) => return Err(error.into()),
            None => store(archive, waiting, &mut report)?,
        }
        if told.elapsed() >= PROGRESS_EVERY {
            told = Instant::now();
            progress(Progress::Reading { done: (turn * BATCH + some.len()) as u64, all: new.len() as u64 });
        }
    }
    Ok(report)
}

fn store(archive: &Archive, captures: Vec<NewCapture>, report: &mut Report) -> Result<(), StoreError> {
    for capture in archive.store_many(captures)? {
        report.stored += 1;
        report.not_the_document += u64::from(!capture.outcome.saw_document());
    }
    Ok(())
}

/// The snapshots of the chosen services, by date.
fn list(
    repository: &Repository,
    head: &str,
    options: &Options<'_>,
    report: &mut Report,
) -> Result<Vec<Listed>, ImportError> {
    let mut listed: BTreeMap<(DateTime<Utc>, PolicyId, String), Listed> = BTreeMap::new();
    let mut left_out: BTreeSet<String> = BTreeSet::new();
    // One line a policy, not a snapshot: a collection may have thousands of each.
    let mut pageless: BTreeMap<(PolicyId, &'static str), u64> = BTreeMap::new();
    let mut problems = Vec::new();
    repository.commits(head, None, |commit| {
        let said = message::read(&commit.message);
        for file in commit.files {
            let Some(blob) = file.blob else { continue };
            let (policy, kind) = match snapshot_of(&file.path) {
                Ok(Some(found)) => found,
                Ok(None) => continue,
                Err(shown) => {
                    problems.push(format!("the name `{shown}` is not UTF-8; it is left out"));
                    continue;
                }
            };
            if !options.services.is_empty()
                && !options.services.iter().any(|pattern| matches(pattern, &policy.service))
            {
                left_out.insert(policy.service);
                continue;
            }
            let Some(at) = DateTime::from_timestamp(commit.authored, 0) else { continue };
            report.policies.insert(policy.clone());
            report.snapshots += 1;
            let declared = options.declarations.policy(&policy).map(|policy| policy.documents_at(at));
            let page = said.location.as_deref().and_then(|location| Url::parse(location).ok());
            let page = match (page, declared) {
                (Some(page), declared) => {
                    let is_declared = declared.is_some_and(|d| d.iter().any(|d| d.location == page));
                    report.of_other_pages += u64::from(declared.is_some() && !is_declared);
                    page
                }
                // Commits of before 2023 name no page; the declaration of the day does.
                (None, Some([only])) => only.location.clone(),
                (None, Some(_)) => {
                    *pageless.entry((policy, "several pages are declared for its day")).or_default() += 1;
                    continue;
                }
                (None, None) => {
                    *pageless.entry((policy, "the policy is not declared")).or_default() += 1;
                    continue;
                }
            };
            let key = (at, policy.clone(), page.to_string());
            let (commit, fetcher) = (commit.id.clone(), said.fetcher.clone());
            listed.insert(key, Listed { at, policy, page, kind, blob, commit, fetcher });
        }
    })?;
    report.problems.extend(problems);
    report.problems.extend(pageless.into_iter().map(|((policy, why), count)| {
        format!("{policy}: {count} snapshots are left out: their commits name no page, and {why}; name the folder of the collection's declarations with --declarations")
    }));
    if report.policies.is_empty() && left_out.is_empty() {
        return Err(ImportError::NotOurLayout(repository.origin().to_owned()));
    }
    if report.policies.is_empty() {
        return Err(ImportError::NoService {
            repository: repository.origin().to_owned(),
            patterns: options.services.join(", "),
            examples: left_out.into_iter().take(8).collect::<Vec<_>>().join(", "),
        });
    }
    Ok(listed.into_values().collect())
}

/// Policy and content type of `SERVICE/POLICY.html` and `SERVICE/POLICY #DOCUMENT.html`; `None` for any other file, the
/// shown name where it is not UTF-8.
fn snapshot_of(path: &[u8]) -> Result<Option<(PolicyId, &'static str)>, String> {
    let kinds: [(&[u8], &str); 3] = [
        // The engine decodes a page before it writes it, so the file is UTF-8 whatever the server sent.
        (b".html", "text/html; charset=utf-8"),
        (b".pdf", "application/pdf"),
        (b".txt", "text/plain; charset=utf-8"),
    ];
    let found = kinds.into_iter().find_map(|(end, kind)| Some((path.strip_suffix(end)?, kind)));
    let Some((stem, kind)) = found else { return Ok(None) };
    if stem.iter().filter(|byte| **byte == b'/').count() != 1 || stem.starts_with(b".") {
        return Ok(None);
    }
    let stem = std::str::from_utf8(stem).map_err(|_| String::from_utf8_lossy(path).into_owned())?;
    let Some((service, name)) = stem.split_once('/') else { return Ok(None) };
    let name = name.split_once(" #").map_or(name, |(name, _)| name);
    Ok((!service.is_empty() && !name.is_empty()).then(|| (PolicyId::new(service, name), kind)))
}

fn capture(one: &Listed, page: Vec<u8>, collection: &str) -> NewCapture {
    let outcome = outcome(one, &page);
    let mut capture = NewCapture::new(one.policy.clone(), one.page.as_str(), one.at, outcome);
    capture.class = EvidenceClass::B;
    capture.notes.insert("imported_from".to_owned(), format!("{collection} at commit {}", one.commit));
    capture.notes.insert("head".to_owned(), "none was recorded; status and type are ours".to_owned());
    if let Some(fetcher) = &one.fetcher {
        capture.notes.insert("fetcher".to_owned(), fetcher.clone());
    }
    capture.response = Some(Response {
        head: Head::response(200, "OK", [("content-type", one.kind.as_bytes())]),
        body: page,
        truncated: None,
        decoded: None,
    });
    capture
}

/// Only answers that said all was well are recorded; what stood in the page is ours to judge.
fn outcome(one: &Listed, page: &[u8]) -> Outcome {
    if page.iter().all(u8::is_ascii_whitespace) {
        return Outcome::Failed("empty body".to_owned());
    }
    let is_text = one.kind.starts_with("text/");
    let body = if is_text { policy::extract::decode(page, Some(one.kind)) } else { "".into() };
    let headers = [("content-type".to_owned(), one.kind.to_owned())];
    let answer =
        wall::Answer { declared: &one.page, url: &one.page, status: 200, headers: &headers, body: &body };
    wall::wall(&answer).map_or(Outcome::Fetched, wall::Wall::outcome)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_snapshot_is_known_by_its_path() {
        let name = |path: &str| {
            snapshot_of(path.as_bytes()).unwrap().map(|(policy, kind)| format!("{policy} {kind}"))
        };
        let policy = PolicyId::new("Courier", "Privacy Policy");
        let html = format!("{policy} text/html; charset=utf-8");
        assert_eq!(name("Courier/Privacy Policy.html"), Some(html.clone()));
        assert_eq!(name("Courier/Privacy Policy #cookies.html"), Some(html));
        assert_eq!(name("Courier/Privacy Policy.pdf"), Some(format!("{policy} application/pdf")));
        for other in ["README.md", ".github/a.html", "Courier/a/b.html", "a.html", "Courier/.html", "/x.html"]
        {
            assert_eq!(name(other), None, "{other}");
        }
        assert!(snapshot_of(b"Bad\xff/Terms.html").is_err());
    }
}
