//! What the archive answers about histories.

use crate::derived::file::{self, Origin};
use crate::store::{Archive, ReadError};
use crate::text::imported::{Imported, OpenImportedError};
use crate::text::table::{self, TextError};
use chrono::{DateTime, Utc};
use policy::finding::Finding;
use policy::history::History;
use policy::id::{Digest, FindingId, PolicyId, VersionId};
use rusqlite::Connection;
use std::collections::BTreeSet;

/// Why the archive cannot answer about a history.
#[derive(Debug, thiserror::Error)]
pub enum HistoryError {
    #[error(transparent)]
    Open(#[from] OpenImportedError),
    #[error(transparent)]
    Texts(#[from] TextError),
    #[error(transparent)]
    Captures(#[from] ReadError),
    #[error("{policy} has no version {version}: `walkback show versions` lists them")]
    NoVersion { policy: PolicyId, version: VersionId },
}

/// A reader of histories: open files, for one thread.
///
/// [`Archive::history`] and its like open one for each call; whoever asks much keeps one.
#[derive(Debug)]
pub struct Histories {
    derived: Connection,
    imported: Imported,
}

impl Histories {
    /// The policies that have a history, sorted.
    pub fn policies(&self) -> Result<Vec<PolicyId>, HistoryError> {
        Ok(file::inputs(&self.derived)?.into_iter().map(|(policy, ..)| policy).collect())
    }

    /// The policies that have a history, sorted, each with a stamp that changes when its history does.
    pub fn stamps(&self) -> Result<Vec<(PolicyId, Digest)>, HistoryError> {
        let inputs = file::inputs(&self.derived)?;
        Ok(inputs.into_iter().map(|(policy, _, input)| (policy, input)).collect())
    }

    /// Everything derived about a policy; `None` where nothing is.
    pub fn history(&self, policy: &PolicyId) -> Result<Option<History>, HistoryError> {
        let Some(row) = self.imported.row(policy)? else {
            return Ok(file::history(&self.derived, policy, |_| (Digest::of(b""), 0, Vec::new()))?);
        };
        let recorded = self.imported.recorded(row)?;
        let facts = self.imported.text_facts(row)?;
        Ok(file::history(&self.derived, policy, |origin: Origin| {
            let (digest, bytes) = origin
                .text
                .and_then(|text| facts.get(text as usize))
                .map_or_else(|| (Digest::of(b""), 0), |facts| (facts.digest, facts.bytes));
            let origins = recorded.get(origin.row as usize).map(|version| {
                let mut origins = vec![format!("commit {}", version.commit)];
                origins.extend(version.origins.iter().cloned());
                origins
            });
            (digest, bytes, origins.unwrap_or_default())
        })?)
    }

    /// A version's text for reading: what is not UTF-8 shows as U+FFFD.
    pub fn text(&self, policy: &PolicyId, version: &VersionId) -> Result<String, HistoryError> {
        Ok(readable(self.bytes(policy, version)?))
    }

    /// A version's text, byte for byte; empty where the version is a removal.
    pub fn bytes(&self, policy: &PolicyId, version: &VersionId) -> Result<Vec<u8>, HistoryError> {
        let missing = || HistoryError::NoVersion { policy: policy.clone(), version: version.clone() };
        let (imported, text) = file::text_place(&self.derived, policy, version)?.ok_or_else(missing)?;
        match text {
            None => Ok(Vec::new()),
            Some(text) => self.read(policy, imported, text),
        }
    }

    /// The version that stood at `when`, and its text.
    pub fn as_of(
        &self,
        policy: &PolicyId,
        when: DateTime<Utc>,
    ) -> Result<Option<(VersionId, String)>, HistoryError> {
        match file::as_of(&self.derived, policy, when)? {
            None => Ok(None),
            Some((version, imported, text)) => {
                Ok(Some((version, readable(self.read(policy, imported, text)?))))
            }
        }
    }

    /// All findings, see [`policy::finding::heaviest_first`].
    pub fn findings(&self) -> Result<Vec<Finding>, HistoryError> {
        Ok(file::findings(&self.derived)?)
    }

    /// One finding.
    pub fn finding(&self, id: &FindingId) -> Result<Option<Finding>, HistoryError> {
        Ok(file::finding(&self.derived, &id.0)?)
    }

    fn read(&self, policy: &PolicyId, imported: bool, text: u32) -> Result<Vec<u8>, HistoryError> {
        if imported {
            let row = self.imported.row(policy)?.ok_or(TextError::NoText { policy: 0, number: text })?;
            return Ok(self.imported.text(row, text)?);
        }
        let row = table::policy_row(&self.derived, &policy.service, &policy.name)?;
        Ok(table::read_one(&self.derived, row, text)?)
    }
}

fn readable(bytes: Vec<u8>) -> String {
    String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

impl Archive {
    /// Opens what was derived, for many questions.
    pub fn histories(&self) -> Result<Histories, HistoryError> {
        Ok(Histories { derived: file::open(self.dir())?, imported: Imported::open(self.dir())? })
    }

    /// The policies that have a history, sorted.
    pub fn policies(&self) -> Result<Vec<PolicyId>, HistoryError> {
        self.histories()?.policies()
    }

    /// The policies that were captured or imported and have no history, sorted: nobody derived them yet, or an
    /// update of the program writes histories otherwise and those of before are gone. `walkback derive` makes
    /// them; until then whoever shows histories shows less than the archive holds.
    pub fn underived(&self) -> Result<Vec<PolicyId>, HistoryError> {
        let histories = self.histories()?;
        let mut policies: BTreeSet<PolicyId> = self.captured_policies()?.into_iter().collect();
        policies.extend(histories.imported.policies()?.into_iter().map(|(policy, _)| policy));
        for policy in histories.policies()? {
            policies.remove(&policy);
        }
        Ok(policies.into_iter().collect())
    }

    /// Everything derived about a policy; `None` where nothing is.
    pub fn history(&self, policy: &PolicyId) -> Result<Option<History>, HistoryError> {
        self.histories()?.history(policy)
    }

    /// A version's text for reading.
    pub fn text(&self, policy: &PolicyId, version: &VersionId) -> Result<String, HistoryError> {
        self.histories()?.text(policy, version)
    }

    /// All findings, see [`policy::finding::heaviest_first`].
    pub fn findings(&self) -> Result<Vec<Finding>, HistoryError> {
        self.histories()?.findings()
    }

    /// One finding.
    pub fn finding(&self, id: &FindingId) -> Result<Option<Finding>, HistoryError> {
        self.histories()?.finding(id)
    }
}
