//! What the pages about many policies need to know of each: small enough to keep for all of them,
//! so that after one new version the other histories are not even read.

use chrono::{DateTime, Utc};
use policy::finding::{EvidenceClass, Finding, Topic};
use policy::history::{History, Reading};
use policy::id::{PolicyId, VersionId};
use policy::ladder::Ladder;
use serde::{Deserialize, Serialize};

/// One policy in short.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    pub policy: PolicyId,
    /// Every recorded text.
    pub versions: usize,
    /// Those in which the publisher's text changed, the first included.
    pub changes: usize,
    /// Recorded texts that are flips, cuts and re-readings.
    pub folded: usize,
    pub statements: usize,
    pub standing: usize,
    /// Sentences that bind the service and stand today.
    pub promises: usize,
    pub first: Option<DateTime<Utc>>,
    pub newest: Option<VersionId>,
    pub changed: Option<DateTime<Utc>>,
    /// When the newest text was last seen.
    pub seen_until: Option<DateTime<Utc>>,
    pub class: Option<EvidenceClass>,
    pub findings: Vec<Finding>,
    /// What the text said of end-to-end encryption over time, scope by scope.
    pub encryption: Vec<Ladder>,
}

impl Summary {
    pub fn of(history: &History) -> Self {
        let current = history.current();
        let real = |reading: Reading| reading == Reading::Real;
        let changes = history.versions.iter().filter(|version| real(version.reading)).count();
        let mut findings = history.findings.clone();
        // Steps of the judgement are for `walkback explain`; they would double what is kept here.
        findings.iter_mut().for_each(|finding| finding.judgement.steps.clear());
        Self {
            policy: history.policy.clone(),
            versions: history.versions.len(),
            changes,
            folded: history.versions.len() - changes,
            statements: history.statements.len(),
            standing: history.statements.iter().filter(|statement| statement.current).count(),
            promises: history.statements.iter().filter(|s| s.current && s.topic.is_some()).count(),
            first: history.versions.first().map(|version| version.at),
            newest: current.map(|version| version.id.clone()),
            changed: history.versions.iter().rev().find(|v| real(v.reading)).map(|version| version.at),
            seen_until: history.versions.iter().map(|version| version.seen_until).max(),
            class: current.map(|version| version.class),
            findings,
            encryption: policy::ladder::ladders(history)
                .into_iter()
                .filter(|ladder| ladder.topic == Topic::Encryption)
                .collect(),
        }
    }
}

/// The order in which findings are listed: newest first, the heavier first within an instant.
pub fn newest_first(a: &Finding, b: &Finding) -> std::cmp::Ordering {
    b.first_seen_after
        .cmp(&a.first_seen_after)
        .then(b.judgement.weight.total_cmp(&a.judgement.weight))
        .then_with(|| a.id.cmp(&b.id))
}
