//! An Open Terms Archive versions repository: `SERVICE/POLICY.md`, one file a commit.

use super::git::{Blob, GitError, Repository};
use super::{PROGRESS_EVERY, Progress, Report, matches, message};
use archive::Archive;
use archive::text::imported::{Addition, OpenImportedError};
use archive::text::table::TextError;
use archive::text::{Imported, Recorded};
use chrono::DateTime;
use policy::history::Cause;
use policy::id::PolicyId;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::time::Instant;

/// Longest text that is taken: a policy of 64 MB is none.
const LARGEST: u64 = 64 << 20;
/// Additions written in one transaction: few enough to be kept in memory, many enough to save syncs.
const TRANSACTION: usize = 32;

/// What to import.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Name patterns of services; empty: all.
    pub services: Vec<String>,
    /// The branch; the current one where none is named.
    pub branch: Option<String>,
    /// The last commit to read, instead of the branch's.
    pub head: Option<String>,
    /// How many policies are read side by side; 0: one a processor.
    pub threads: usize,
}

/// Why an import stopped.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Open(#[from] OpenImportedError),
    #[error(transparent)]
    Texts(#[from] TextError),
    #[error(
        "`{0}` holds no versions: files named SERVICE/POLICY.md are looked for on its branch; name another with --branch"
    )]
    NotOurLayout(String),
    #[error("no service of `{repository}` matches {patterns}: its services are {examples}")]
    NoService { repository: String, patterns: String, examples: String },
}

/// A version that the commit list promises.
struct Listed {
    commit: String,
    at: i64,
    blob: Option<String>,
    cause: Cause,
    origins: Vec<String>,
    engine: String,
}

/// Reads what is new in a versions repository into the archive folder.
///
/// Each policy's new versions are written wholly or not at all; an import that was stopped goes on
/// where it was, and one that is run again reads only commits that are not here yet.
pub fn import(
    repository: &Repository,
    archive: &Archive,
    options: &Options,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Report, ImportError> {
    // The archive was opened to write, so that nobody else writes meanwhile.
    let archive: &Path = archive.dir();
    let mut store = Imported::open(archive)?;
    let mut report = Report { collection: repository.name(), ..Report::default() };
    let head = match &options.head {
        Some(head) => head.clone(),
        None => repository.head(options.branch.as_deref())?,
    };
    progress(Progress::Listing);
    let services = options.services.join("\n");
    // Where it was read from last matters only to people: a bundle's folder is as good as any.
    let collection = store.collection(&report.collection, repository.origin())?;
    let after = store.head(collection, &services)?.filter(|old| repository.contains(old, &head));
    let listed = list(repository, &head, after.as_deref(), options, &mut report)?;
    let ours = store.policies()?.into_iter().map(|(policy, _)| policy).collect::<HashSet<_>>();

    let all = listed.iter().map(|(_, versions)| versions.len() as u64).sum();
    let done = AtomicU64::new(0);
    let threads = match options.threads {
        0 => std::thread::available_parallelism().map_or(2, usize::from),
        threads => threads,
    };
    let turn = AtomicUsize::new(0);
    // The longest first, so that no thread is left alone with one at the end.
    let mut order: Vec<usize> = (0..listed.len()).collect();
    order.sort_by_key(|place| std::cmp::Reverse(listed[*place].1.len()));
    let mut failed = None;
    std::thread::scope(|scope| {
        let (send, receive) = mpsc::sync_channel(threads * 2);
        for _ in 0..threads {
            let (send, listed, order, turn, ours, done) =
                (send.clone(), &listed, &order, &turn, &ours, &done);
            scope.spawn(move || {
                let reader = Imported::open(archive);
                let mut blobs = repository.blobs();
                while let Some(place) = order.get(turn.fetch_add(1, Ordering::Relaxed)) {
                    let (policy, versions) = &listed[*place];
                    let read = match &reader {
                        Ok(reader) => read_policy(
                            reader,
                            &mut blobs,
                            collection,
                            policy,
                            versions,
                            ours.contains(policy),
                            done,
                        ),
                        Err(_) => Imported::open(archive).map_err(Into::into).map(|_| Read::default()),
                    };
                    if send.send(read).is_err() {
                        return;
                    }
                }
            });
        }
        drop(send);
        let mut told = Instant::now();
        let mut waiting: Vec<Addition> = Vec::new();
        for read in receive {
            match read {
                Err(error) => {
                    // What is read so far is whole policies: it is written, and the import ends.
                    failed = Some(error);
                    turn.store(usize::MAX / 2, Ordering::Relaxed);
                }
                Ok(read) => {
                    report.known += read.known;
                    report.problems.extend(read.problems);
                    if let Some(addition) = read.addition {
                        report.versions += addition.versions() as u64;
                        report.policies += 1;
                        waiting.push(addition);
                    }
                }
            }
            if waiting.len() >= TRANSACTION
                && let Err(error) = store.add(&std::mem::take(&mut waiting))
            {
                failed = Some(error.into());
                turn.store(usize::MAX / 2, Ordering::Relaxed);
            }
            if told.elapsed() >= PROGRESS_EVERY {
                told = Instant::now();
                progress(Progress::Reading { done: done.load(Ordering::Relaxed), all });
            }
        }
        if failed.is_none()
            && let Err(error) = store.add(&waiting)
        {
            failed = Some(error.into());
        }
    });
    if let Some(error) = failed {
        return Err(error);
    }
    progress(Progress::Reading { done: all, all });
    report.problems.sort();
    if report.problems.is_empty() {
        // With a problem left the commits are listed again next time, and what is missing is tried again.
        store.set_head(collection, &services, &head)?;
    }
    Ok(report)
}

/// The versions by policy that are on the branch and asked for.
fn list(
    repository: &Repository,
    head: &str,
    after: Option<&str>,
    options: &Options,
    report: &mut Report,
) -> Result<Vec<(PolicyId, Vec<Listed>)>, ImportError> {
    let mut by_policy: BTreeMap<PolicyId, Vec<Listed>> = BTreeMap::new();
    let mut left_out = BTreeMap::new();
    let mut seen_layout = false;
    repository.commits(head, after, |commit| {
        report.commits += 1;
        let message = message::read(&commit.message);
        for file in commit.files {
            let policy = match policy_of(&file.path) {
                Ok(Some(policy)) => policy,
                Ok(None) => continue,
                Err(name) => {
                    report
                        .problems
                        .push(format!("file name `{name}` is not UTF-8: rename it in the repository"));
                    continue;
                }
            };
            seen_layout = true;
            if !options.services.is_empty()
                && !options.services.iter().any(|pattern| matches(pattern, &policy.service))
            {
                *left_out.entry(policy.service).or_insert(0) += 1;
                continue;
            }
            let versions = by_policy.entry(policy).or_default();
            let cause = match (&file.blob, message.cause) {
                (None, _) => Cause::Removal,
                (Some(_), Some(cause)) => cause,
                (Some(_), None) if versions.is_empty() && after.is_none() => Cause::First,
                (Some(_), None) => Cause::Change,
            };
            versions.push(Listed {
                commit: message.recorded_in.clone().unwrap_or_else(|| commit.id.clone()),
                at: commit.authored,
                blob: file.blob,
                cause,
                origins: message.snapshots.clone(),
                engine: message.engine.clone(),
            });
        }
    })?;
    report.problems.dedup();
    if after.is_none() && !seen_layout {
        return Err(ImportError::NotOurLayout(repository.origin().to_owned()));
    }
    if after.is_none() && by_policy.is_empty() {
        let examples = left_out.keys().take(8).cloned().collect::<Vec<_>>().join(", ");
        return Err(ImportError::NoService {
            repository: repository.origin().to_owned(),
            patterns: options.services.join(", "),
            examples,
        });
    }
    Ok(by_policy.into_iter().collect())
}

/// `SERVICE/POLICY.md`; `None` for any other file, the shown name where it is not UTF-8.
fn policy_of(path: &[u8]) -> Result<Option<PolicyId>, String> {
    let Some(stem) = path.strip_suffix(b".md") else { return Ok(None) };
    if stem.iter().filter(|byte| **byte == b'/').count() != 1 || stem.starts_with(b".") {
        return Ok(None);
    }
    let stem = std::str::from_utf8(stem).map_err(|_| String::from_utf8_lossy(path).into_owned())?;
    let Some((service, name)) = stem.split_once('/') else { return Ok(None) };
    Ok((!service.is_empty() && !name.is_empty()).then(|| PolicyId::new(service, name)))
}

/// What came of reading one policy.
#[derive(Default)]
struct Read {
    addition: Option<Addition>,
    known: u64,
    problems: Vec<String>,
}

fn read_policy(
    store: &Imported,
    blobs: &mut super::git::Blobs<'_>,
    collection: i64,
    policy: &PolicyId,
    versions: &[Listed],
    is_ours: bool,
    done: &AtomicU64,
) -> Result<Read, ImportError> {
    let mut stored = if is_ours { store.load(policy)? } else { Default::default() };
    let known: HashSet<&str> = stored.recorded.iter().map(|version| version.commit.as_str()).collect();
    let new: Vec<&Listed> =
        versions.iter().filter(|version| !known.contains(version.commit.as_str())).collect();
    let mut read = Read { known: (versions.len() - new.len()) as u64, ..Read::default() };
    let known_by_id = read.known;
    done.fetch_add(known_by_id, Ordering::Relaxed);
    if new.is_empty() {
        return Ok(read);
    }
    drop(known);

    // Each blob is read once, in the order of first use: neighbours share their deltas.
    let mut numbers: HashMap<&str, Option<u32>> = HashMap::new();
    let mut ids: Vec<String> = Vec::new();
    for blob in new.iter().filter_map(|version| version.blob.as_deref()) {
        if numbers.insert(blob, None).is_none() {
            ids.push(blob.to_owned());
        }
    }
    let mut texts = std::mem::take(&mut stored.texts);
    let mut problems = Vec::new();
    let mut found: Vec<Option<u32>> = vec![None; ids.len()];
    blobs.read(&ids, LARGEST, |place, blob| {
        match blob {
            Blob::Read(bytes) => found[place] = Some(texts.push(&bytes)),
            Blob::Unreadable(why) => problems.push(format!("{policy}: {why}; its versions are left out")),
        }
        done.fetch_add(1, Ordering::Relaxed);
    })?;
    for (id, number) in ids.iter().zip(found) {
        numbers.insert(id, number);
    }
    // The same history under other commit ids: a repository that was rewritten.
    let same: HashSet<(i64, Option<u32>)> = stored
        .recorded
        .iter()
        .filter(|v| v.collection == collection)
        .map(|v| (v.at.timestamp(), v.text))
        .collect();
    let mut waiting = 0;
    for version in new {
        let text = match &version.blob {
            None => None,
            Some(blob) => match numbers.get(blob.as_str()) {
                Some(Some(number)) => Some(*number),
                _ => continue,
            },
        };
        if same.contains(&(version.at, text)) {
            read.known += 1;
            continue;
        }
        waiting += 1;
        stored.recorded.push(Recorded {
            at: DateTime::from_timestamp(version.at, 0).unwrap_or_default(),
            collection,
            cause: version.cause,
            text,
            commit: version.commit.clone(),
            origins: version.origins.clone(),
            engine: version.engine.clone(),
        });
    }
    // Texts were counted as they came; their repetitions and the removals follow at once.
    done.fetch_add((versions.len() - ids.len()) as u64 - known_by_id, Ordering::Relaxed);
    stored.texts = texts;
    read.problems = problems;
    if waiting > 0 {
        read.addition = Some(stored.pack(policy.clone()));
    }
    Ok(read)
}
