//! Brings everything derived up to date, policy by policy.

use super::captured::{self, Own};
use super::file::{self, Origin, Packed};
use crate::store::{Archive, ReadError};
use crate::text::imported::{Imported, OpenImportedError};
use crate::text::table::TextError;
use crate::text::{Recorded, Texts};
use chrono::{DateTime, Utc};
use policy::declaration::Declarations;
use policy::finding::EvidenceClass;
use policy::history::{self, Recording};
use policy::id::{Digest, PolicyId};
use policy::promise::Rules;
use rayon::prelude::*;
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::sync::{Mutex, PoisonError};

/// Changes whenever the same input would give another history, so that archives are derived anew.
const EDITION: u32 = 34;

/// What everything is derived with.
#[derive(Debug)]
pub struct Derivation<'a> {
    pub rules: &'a Rules,
    /// Digest of the rules' files: other rules, other findings.
    pub rules_digest: Digest,
    pub declarations: &'a Declarations,
    /// Also what is up to date.
    pub all: bool,
    /// How many policies are derived side by side; 0: one a processor.
    pub threads: usize,
}

/// How far a derivation has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    pub all: u64,
}

/// What a derivation did.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Report {
    /// Policies that have a history now.
    pub policies: u64,
    /// Of these, derived in this run.
    pub derived: u64,
    /// Of these, the ones in which nothing but the last sightings moved.
    pub seen_again: u64,
    /// Captured pages that were extracted in this run.
    pub extracted: u64,
    /// Versions of those derived in this run.
    pub versions: u64,
    /// Findings of those derived in this run.
    pub findings: u64,
    /// Policies that could not be derived, and why; their old history stays.
    pub failed: Vec<(PolicyId, String)>,
}

/// Why a derivation stopped.
#[derive(Debug, thiserror::Error)]
pub enum DeriveError {
    #[error(transparent)]
    Open(#[from] OpenImportedError),
    #[error(transparent)]
    Texts(#[from] TextError),
    #[error(transparent)]
    Captures(#[from] ReadError),
    #[error("cannot start threads")]
    Threads(#[from] rayon::ThreadPoolBuildError),
}

impl From<rusqlite::Error> for DeriveError {
    fn from(error: rusqlite::Error) -> Self {
        DeriveError::Texts(error.into())
    }
}

/// What one policy is derived from.
struct Task {
    policy: PolicyId,
    input: Digest,
    imported: Option<i64>,
    captured: bool,
    follows: Option<PolicyId>,
    /// What the stored history hangs on but for last sightings, where those change only times.
    shape: Option<Digest>,
}

/// Connections to `derived.sqlite` that nobody reads with just now: opening one for each policy was felt.
#[derive(Default)]
struct Idle(Mutex<Vec<Connection>>);

impl Idle {
    fn take(&self, dir: &Path) -> Result<Connection, OpenImportedError> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.map_or_else(|| file::open(dir), Ok)
    }

    fn put(&self, connection: Connection) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
    }
}

impl Archive {
    /// Brings everything derived up to date. A policy that fails keeps its old history, and the others go on.
    pub fn derive(
        &self,
        derivation: &Derivation<'_>,
        progress: &(dyn Fn(Progress) + Sync),
    ) -> Result<Report, DeriveError> {
        let mut connection = file::open(self.dir())?;
        let imported = Imported::open(self.dir())?;
        let tasks = self.tasks(&imported, derivation)?;
        let known: HashMap<PolicyId, (i64, Digest)> = file::inputs(&connection)?
            .into_iter()
            .map(|(policy, row, input)| (policy, (row, input)))
            .collect();
        let mut report = Report { policies: tasks.len() as u64, ..Report::default() };
        let wanted: BTreeSet<&PolicyId> = tasks.iter().map(|(task, _)| &task.policy).collect();
        for (policy, (row, _)) in &known {
            if !wanted.contains(policy) {
                file::forget(&connection, *row)?;
            }
        }
        let mut due: Vec<(Task, u64)> = tasks
            .into_iter()
            .filter(|(task, _)| {
                derivation.all || known.get(&task.policy).is_none_or(|(_, input)| *input != task.input)
            })
            .collect();
        if !derivation.all {
            let shapes = file::shapes(&connection)?;
            for (task, _) in &mut due {
                task.shape = known.get(&task.policy).and_then(|(row, _)| shapes.get(row).copied());
            }
        }
        // The longest first, so that no thread is left alone with one at the end.
        due.sort_by_key(|(task, size)| (std::cmp::Reverse(*size), task.policy.clone()));
        let collections: HashMap<i64, String> =
            imported.collections()?.into_iter().map(|collection| (collection.row, collection.name)).collect();
        drop(imported);

        let all = due.iter().map(|(_, size)| *size).sum();
        let done = AtomicU64::new(0);
        progress(Progress { done: 0, all });
        let pool = rayon::ThreadPoolBuilder::new().num_threads(derivation.threads).build()?;
        let mut failed = None;
        let idle = Idle::default();
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(4);
            let (done, due, collections, idle) = (&done, &due, &collections, &idle);
            scope.spawn(move || {
                pool.install(|| {
                    // One at a time from the front: a batch a thread would give one all the long ones.
                    due.par_iter().with_max_len(1).for_each_with(send, |send, (task, size)| {
                        let made = self.derive_one(task, derivation, collections, idle);
                        done.fetch_add(*size, Ordering::Relaxed);
                        // The receiver is gone only when writing failed: then the rest is of no use.
                        let _ = send.send((task.policy.clone(), made));
                    });
                });
            });
            let mut waiting = Vec::new();
            let mut write = |waiting: &mut Vec<Made>| -> Result<(), DeriveError> {
                let transaction = connection.transaction()?;
                for made in waiting.drain(..) {
                    if let Some(own) = &made.own {
                        captured::save(&transaction, &made.policy, own)?;
                    }
                    match &made.what {
                        What::Derived(packed) => file::save(&transaction, packed)?,
                        What::SeenAgain { input, seen } => {
                            file::save_seen(&transaction, &made.policy, *input, seen)?;
                        }
                    }
                }
                Ok(transaction.commit()?)
            };
            for (policy, made) in receive {
                match made {
                    Ok(made) => {
                        report.derived += 1;
                        report.seen_again += u64::from(matches!(made.what, What::SeenAgain { .. }));
                        report.extracted += made.own.as_ref().map_or(0, Own::extracted);
                        report.versions += made.versions;
                        report.findings += made.findings;
                        waiting.push(made);
                    }
                    Err(error) => report.failed.push((policy, chain(&error))),
                }
                if waiting.len() >= 16
                    && let Err(error) = write(&mut waiting)
                {
                    failed = Some(error);
                    break;
                }
                progress(Progress { done: done.load(Ordering::Relaxed), all });
            }
            if failed.is_none()
                && let Err(error) = write(&mut waiting)
            {
                failed = Some(error);
            }
        });
        report.failed.sort();
        failed.map_or(Ok(report), Err)
    }

    /// All policies that have something to derive, with what each is derived from and how much that is.
    fn tasks(
        &self,
        imported: &Imported,
        derivation: &Derivation<'_>,
    ) -> Result<Vec<(Task, u64)>, DeriveError> {
        let mut sources: BTreeMap<PolicyId, (Option<i64>, bool)> = BTreeMap::new();
        for (policy, row) in imported.policies()? {
            sources.entry(policy).or_default().0 = Some(row);
        }
        for policy in self.captured_policies()? {
            sources.entry(policy).or_default().1 = true;
        }
        let mut follows = imported.renames()?;
        let summaries = imported.summaries()?;
        let mut tasks = Vec::new();
        for (policy, (row, captured)) in sources {
            let summary = row.and_then(|row| summaries.get(&row).cloned()).unwrap_or_default();
            let follows = follows.remove(&policy);
            let mut parts = vec![EDITION.to_string(), derivation.rules_digest.to_string(), summary.key];
            parts.push(follows.as_ref().map(PolicyId::to_string).unwrap_or_default());
            let mut size = summary.versions;
            if captured {
                let (key, captures) = captured::key(self, &policy, derivation.declarations)?;
                parts.push(key);
                size += captures;
            }
            let input = Digest::of(parts.join("\u{1f}"));
            tasks.push((Task { policy, input, imported: row, captured, follows, shape: None }, size));
        }
        Ok(tasks)
    }

    fn derive_one(
        &self,
        task: &Task,
        derivation: &Derivation<'_>,
        collections: &HashMap<i64, String>,
        idle: &Idle,
    ) -> Result<Made, DeriveError> {
        let (mut recordings, texts) = match task.imported {
            None => (Vec::new(), Texts::default()),
            Some(row) => {
                let imported = Imported::open(self.dir())?;
                let recorded = imported.recorded(row)?;
                let texts = imported.texts(row)?;
                (recorded.iter().map(|version| recording(version, collections)).collect(), texts)
            }
        };
        let offset = texts.len() as u32;
        let imported_versions = recordings.len();
        // Which of two recorders leads hangs on how long each was seen: only our own captures have a shape.
        let with = format!("{EDITION} {} {:?}", derivation.rules_digest, task.follows);
        let mut shape = None;
        let own = match task.captured {
            false => None,
            true => {
                let connection = idle.take(self.dir())?;
                let own = captured::read(self, &connection, &task.policy, derivation.declarations, |own| {
                    shape = task.imported.is_none().then(|| own.shape(&with));
                    shape.is_some() && shape == task.shape
                })?;
                idle.put(connection);
                Some(own)
            }
        };
        if own.as_ref().is_some_and(|own| own.only_seen_again) {
            let recordings = own.as_ref().map(|own| own.recordings.as_slice()).unwrap_or_default();
            let order = history::in_order(recordings);
            let seen: Vec<_> = order.into_iter().map(|place| recordings[place].seen_until).collect();
            let versions = seen.len() as u64;
            let what = What::SeenAgain { input: task.input, seen };
            return Ok(Made { policy: task.policy.clone(), what, own, versions, findings: 0 });
        }
        if let Some(own) = &own {
            recordings.extend(own.recordings.iter().map(|recording| Recording {
                text: recording.text.map(|text| text + offset),
                ..recording.clone()
            }));
        }
        let none = Texts::default();
        let both = Both { imported: &texts, own: own.as_ref().map_or(&none, |own| &own.texts) };
        let order = history::in_order(&recordings);
        let origins = order
            .iter()
            .map(|place| {
                let text = recordings[*place].text;
                if *place < imported_versions {
                    Origin { imported: true, row: *place as u32, text }
                } else {
                    Origin { imported: false, row: 0, text: text.map(|text| text - offset) }
                }
            })
            .collect();
        let mut history = history::derive(&task.policy, recordings, &both, derivation.rules);
        history.follows = task.follows.clone();
        let (versions, findings) = (history.versions.len() as u64, history.findings.len() as u64);
        let mut packed = file::pack(history, origins, task.input);
        // How firmly a finding stands hangs on later sightings.
        packed.shape = shape.filter(|_| findings == 0);
        // Some policies wait to be written together; their texts need not.
        let own = own.map(Own::without_texts);
        Ok(Made { policy: task.policy.clone(), what: What::Derived(packed), own, versions, findings })
    }
}

/// A policy derived, ready to be written.
struct Made {
    policy: PolicyId,
    what: What,
    own: Option<Own>,
    versions: u64,
    findings: u64,
}

/// What is to be written of a policy.
enum What {
    Derived(Packed),
    /// Only the last sightings of its versions.
    SeenAgain {
        input: Digest,
        seen: Vec<DateTime<Utc>>,
    },
}

fn recording(version: &Recorded, collections: &HashMap<i64, String>) -> Recording {
    let mut origins = version.origins.clone();
    origins.insert(0, format!("commit {}", version.commit));
    Recording {
        at: version.at,
        seen_until: version.at,
        times_seen: 1,
        cause: version.cause,
        class: EvidenceClass::C,
        recorder: collections.get(&version.collection).cloned().unwrap_or_default(),
        text: version.text,
        origins,
    }
}

/// Imported texts first, then our own.
struct Both<'a> {
    imported: &'a Texts,
    own: &'a Texts,
}

impl history::Texts for Both<'_> {
    fn len(&self) -> usize {
        self.imported.len() + self.own.len()
    }

    fn text(&self, number: u32) -> String {
        let (texts, number) = self.place(number);
        texts.text(number)
    }

    fn facts(&self, number: u32) -> (Digest, u64) {
        let (texts, number) = self.place(number);
        let facts = texts.facts(number);
        (facts.digest, facts.bytes)
    }
}

impl Both<'_> {
    fn place(&self, number: u32) -> (&Texts, u32) {
        match number.checked_sub(self.imported.len() as u32) {
            None => (self.imported, number),
            Some(own) => (self.own, own),
        }
    }
}

fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text = format!("{text}: {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::history::{Cause, Reading};

    fn at(day: u32) -> DateTime<Utc> {
        DateTime::from_timestamp(1_600_000_000 + i64::from(day) * 86_400, 0).unwrap()
    }

    /// Puts versions into the archive: service, policy, day, text.
    fn import(archive: &Archive, versions: &[(&str, &str, u32, Option<&str>)]) {
        let mut imported = Imported::open(archive.dir()).unwrap();
        let collection = imported.collection("example", "nowhere").unwrap();
        for (service, name, day, text) in versions {
            let id = PolicyId::new(*service, *name);
            let mut policy = imported.load(&id).unwrap();
            let number = text.map(|text| policy.texts.push(text.as_bytes()));
            policy.recorded.push(Recorded {
                at: at(*day),
                collection,
                cause: match number {
                    None => Cause::Removal,
                    Some(_) if policy.recorded.is_empty() => Cause::First,
                    Some(_) => Cause::Change,
                },
                text: number,
                commit: format!("{day:040x}"),
                origins: vec![format!("snapshot-{day}")],
                engine: String::new(),
            });
            imported.add(&[policy.pack(id)]).unwrap();
        }
    }

    fn derive(archive: &Archive, all: bool, threads: usize) -> Report {
        let rules = Rules::builtin();
        let (declarations, _) = Declarations::parse([]);
        let derivation = Derivation {
            rules: &rules,
            rules_digest: Digest::of("test"),
            declarations: &declarations,
            all,
            threads,
        };
        archive.derive(&derivation, &|_| {}).unwrap()
    }

    const A: &str = "# Privacy\n\nWe never sell your personal data.\n\nWrite to us at any time.\n";
    const B: &str = "# Privacy\n\nWrite to us at any time.\n\nNothing else matters here.\n";

    fn small() -> (tempfile::TempDir, Archive) {
        let dir = tempfile::tempdir().unwrap();
        let archive = Archive::open(&dir.path().join("archive")).unwrap();
        import(
            &archive,
            &[
                ("Courier", "Privacy Policy", 0, Some(A)),
                ("Courier", "Privacy Policy", 100, Some(B)),
                ("Courier", "Privacy Policy", 101, Some(A)),
                ("Courier", "Privacy Policy", 200, Some(B)),
                ("Courier", "Privacy Policy", 300, None),
                ("Example Chat", "Privacy Policy", 250, Some(B)),
                ("Example Chat", "Terms", 1, Some(A)),
            ],
        );
        (dir, archive)
    }

    #[test]
    fn a_history_is_read_back_as_it_was_derived() {
        let (_dir, archive) = small();
        let report = derive(&archive, false, 2);
        assert_eq!((report.policies, report.derived, report.versions), (3, 3, 7), "{report:?}");
        let id = PolicyId::new("Courier", "Privacy Policy");
        let history = archive.history(&id).unwrap().unwrap();
        let readings: Vec<Reading> = history.versions.iter().map(|version| version.reading).collect();
        assert_eq!(
            readings,
            [
                Reading::Real,
                Reading::Variant { lane: 1 },
                Reading::Variant { lane: 0 },
                Reading::Real,
                Reading::Removed
            ]
        );
        assert_eq!(history.versions[0].digest, Digest::of(A));
        assert_eq!(history.versions[0].origins, [format!("commit {:040x}", 0), "snapshot-0".to_owned()]);
        assert_eq!(history.versions[3].bytes, B.len() as u64);
        assert_eq!(archive.text(&id, &history.versions[1].id).unwrap(), B);
        let stood = history.statements.iter().find(|s| s.text.contains("never sell")).unwrap();
        assert_eq!(stood.lifespan.len(), 1, "a flip does not interrupt it");
        assert_eq!((stood.lifespan[0].last_seen, stood.lifespan[0].gone_by), (at(101), Some(at(200))));
        assert!(!stood.current && stood.topic.is_some());

        let chat = archive.history(&PolicyId::new("Example Chat", "Privacy Policy")).unwrap().unwrap();
        assert_eq!(chat.follows, Some(id.clone()), "it goes on with the very same text");
        let histories = archive.histories().unwrap();
        assert_eq!(histories.as_of(&id, at(150)).unwrap().unwrap().1, A);
        assert_eq!(histories.as_of(&id, at(250)).unwrap().unwrap().1, B);
        assert!(histories.as_of(&id, at(0) - chrono::TimeDelta::days(1)).unwrap().is_none());
    }

    #[test]
    fn only_what_is_new_is_derived_and_all_of_it_comes_back_the_same() {
        let (_dir, archive) = small();
        derive(&archive, false, 1);
        assert_eq!(derive(&archive, false, 1).derived, 0);
        import(&archive, &[("Example Chat", "Terms", 9, Some(B))]);
        assert_eq!(derive(&archive, false, 1).derived, 1);
        let all = |archive: &Archive| -> Vec<String> {
            let policies = archive.policies().unwrap();
            policies
                .iter()
                .map(|policy| serde_json::to_string(&archive.history(policy).unwrap()).unwrap())
                .collect()
        };
        let before = all(&archive);
        for threads in [1, 4] {
            std::fs::remove_file(archive.dir().join(super::super::FILE)).unwrap();
            assert_eq!(derive(&archive, false, threads).derived, 3);
            assert_eq!(all(&archive), before, "{threads} threads");
        }
        assert_eq!(derive(&archive, true, 4).derived, 3);
        assert_eq!(all(&archive), before);
    }

    #[test]
    fn histories_of_an_older_format_are_missing_until_they_are_made_again() {
        let (_dir, archive) = small();
        let imported = archive.underived().unwrap();
        assert_eq!(imported.len(), 3, "{imported:?}");
        derive(&archive, false, 1);
        assert!(archive.underived().unwrap().is_empty());
        let file = Connection::open(archive.dir().join(super::super::FILE)).unwrap();
        file.pragma_update(None, "user_version", 2).unwrap();
        drop(file);
        assert_eq!(archive.underived().unwrap(), imported);
        assert!(archive.policies().unwrap().is_empty());
        assert_eq!(derive(&archive, false, 1).derived, 3);
        assert!(archive.underived().unwrap().is_empty());
    }
}
