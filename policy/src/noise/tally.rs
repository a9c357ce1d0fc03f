//! How much of a history is what the publisher did.

use crate::history::{History, Reading};
use serde::Serialize;
use std::collections::BTreeSet;
use std::ops::AddAssign;

/// Versions of one or more policies, counted by how they read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Tally {
    pub policies: u64,
    /// All versions on record.
    pub recorded: u64,
    /// Different texts among them.
    pub distinct: u64,
    /// Flips between editions, there and back.
    pub variants_folded: u64,
    /// Cut or extended pages, other languages and editions, walls.
    pub artefacts: u64,
    /// Typography, links, order, dates, counters.
    pub cosmetic: u64,
    /// Read anew by whoever recorded them.
    pub reextracted: u64,
    pub removed: u64,
    /// First texts.
    pub first: u64,
    /// The publisher changed statements.
    pub substantive: u64,
    /// Of these, changes that touch a promise.
    pub touching_promises: u64,
    pub findings: u64,
    pub statements: u64,
}

impl Tally {
    /// Counts one policy.
    pub fn of(history: &History) -> Self {
        let count = |wanted: &dyn Fn(Reading) -> bool| {
            history.versions.iter().filter(|version| wanted(version.reading)).count() as u64
        };
        let real = count(&|reading| reading == Reading::Real);
        let substantive = history.changes.len() as u64;
        Self {
            policies: 1,
            recorded: history.versions.len() as u64,
            distinct: history.versions.iter().map(|version| version.digest).collect::<BTreeSet<_>>().len()
                as u64,
            variants_folded: count(&|reading| matches!(reading, Reading::Variant { .. })),
            artefacts: count(&|reading| {
                use Reading::{Extended, NotTheDocument, OtherEdition, Truncated};
                matches!(reading, Truncated | Extended | OtherEdition | NotTheDocument)
            }),
            cosmetic: count(&|reading| reading == Reading::Cosmetic),
            reextracted: count(&|reading| reading == Reading::Reextracted),
            removed: count(&|reading| reading == Reading::Removed),
            first: real - substantive.min(real),
            substantive,
            touching_promises: history.changes.iter().filter(|change| change.touches_promises).count() as u64,
            findings: history.findings.len() as u64,
            statements: history.statements.len() as u64,
        }
    }
}

impl AddAssign for Tally {
    fn add_assign(&mut self, other: Self) {
        self.policies += other.policies;
        self.recorded += other.recorded;
        self.distinct += other.distinct;
        self.variants_folded += other.variants_folded;
        self.artefacts += other.artefacts;
        self.cosmetic += other.cosmetic;
        self.reextracted += other.reextracted;
        self.removed += other.removed;
        self.first += other.first;
        self.substantive += other.substantive;
        self.touching_promises += other.touching_promises;
        self.findings += other.findings;
        self.statements += other.statements;
    }
}
