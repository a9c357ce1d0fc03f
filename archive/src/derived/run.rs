//! Brings everything derived up to date, policy by policy.

use super::captured::{self, Own};
use super::file::{self, Origin, Packed};
use crate::store::{Archive, ReadError};
use crate::text::imported::{Imported, OpenImportedError};
use crate::text::table::TextError;
use crate::text::{Recorded, Texts};
use policy::declaration::Declarations;
use policy::finding::EvidenceClass;
use policy::history::{self, Recording};
use policy::id::{Digest, PolicyId};
use policy::promise::Rules;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;

/// Changes whenever the same input would give another history, so that archives are derived anew.
const EDITION: u32 = 1;

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
        let known: HashMap<PolicyId, (i64, Digest)> =
            file::inputs(&connection)?.into_iter().map(|(policy, row, input)| (policy, (row, input))).collect();
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
        std::thread::scope(|scope| {
            let (send, receive) = mpsc::sync_channel(4);
            let (done, due, collections) = (&done, &due, &collections);
            scope.spawn(move || {
                pool.install(|| {
                    // One at a time from the front: a batch a thread would give one all the long ones.
                    due.par_iter().with_max_len(1).for_each_with(send, |send, (task, size)| {
                        let made = self.derive_one(task, derivation, collections);
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
                        captured::save(&transaction, &made.packed.policy, own)?;
                    }
                    file::save(&transaction, &made.packed)?;
                }
                Ok(transaction.commit()?)
            };
            for (policy, made) in receive {
                match made {
                    Ok(made) => {
                        report.derived += 1;
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
    fn tasks(&self, imported: &Imported, derivation: &Derivation<'_>) -> Result<Vec<(Task, u64)>, DeriveError> {
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
            tasks.push((Task { policy, input, imported: row, captured, follows }, size));
        }
        Ok(tasks)
    }

    fn derive_one(
        &self,
        task: &Task,
        derivation: &Derivation<'_>,
        collections: &HashMap<i64, String>,
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
        let own = match task.captured {
            false => None,
            true => Some(captured::read(self, &task.policy, derivation.declarations)?),
        };
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
        Ok(Made { packed: file::pack(history, origins, task.input), own, versions, findings })
    }
}

/// A policy derived, ready to be written.
struct Made {
    packed: Packed,
    own: Option<Own>,
    versions: u64,
    findings: u64,
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
