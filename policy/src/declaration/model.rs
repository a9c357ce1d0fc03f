//! A declaration, parsed: what is in it holds.

use super::{DeclarationError, PolicyKind, ServiceKind, SourceDocument, json, past};
use crate::id::PolicyId;
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

/// A service and the policies we track of it: one file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declaration {
    /// The service's id: its declaration's file name without `.json`.
    pub service: String,
    /// The service's name for people; often the same.
    pub name: String,
    /// Who runs it, "Meta".
    pub operator: Option<String>,
    pub kind: Option<ServiceKind>,
    /// Where the operator sits, "US" or "European Union".
    pub jurisdiction: Option<String>,
    /// Languages its policies are read in, `en`, `de-CH`.
    pub languages: Vec<String>,
    pub tags: Vec<String>,
    /// Other names people look for.
    pub aliases: Vec<String>,
    /// Names it had before, oldest first.
    pub formerly: Vec<FormerName>,
    /// Where the declaration was taken from.
    pub imported_from: Option<String>,
    /// The policies tracked now, by name.
    pub policies: Vec<Policy>,
    /// Policies that only the history file knows: no longer tracked, their old captures still readable.
    pub retired: Vec<Policy>,
}

/// A name the service had before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormerName {
    pub name: String,
    /// The day it was given up, if known.
    pub until: Option<NaiveDate>,
}

/// One document a service publishes, and where it is read from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    pub id: PolicyId,
    /// As declared, or as its name tells.
    pub kind: PolicyKind,
    pub language: Option<String>,
    /// The day a capture or a stored copy confirmed that URL and selectors give the document.
    pub verified: Option<NaiveDate>,
    /// What confirmed it, for whoever looks again.
    pub verified_by: Option<String>,
    /// The day another public text was seen to cite the address, where nothing better confirmed it.
    pub cited: Option<NaiveDate>,
    /// How often to look; `None`: as often as all others.
    pub every: Option<TimeDelta>,
    pub robots: Option<RobotsOverride>,
    /// One or more, in the order their texts are put together.
    pub documents: Vec<SourceDocument>,
    /// How it was read before, by the instant until which each reading held.
    pub past: Vec<PastPolicy>,
}

/// A declaration's reason to fetch although robots.txt asks not to. The site shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RobotsOverride {
    pub reason: String,
}

/// How a policy was read up to an instant, that instant included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PastPolicy {
    pub valid_until: DateTime<Utc>,
    pub documents: Vec<SourceDocument>,
}

impl Declaration {
    /// Parses one file, `Courier.json`. All faults are reported, not only the first.
    pub fn parse(file_name: &str, json: &str) -> Result<Self, DeclarationError> {
        json::declaration(file_name, json)
    }

    /// Adds what a history file, `Courier.history.json`, says of readings of earlier days.
    pub fn with_history(mut self, file_name: &str, json: &str) -> Result<Self, DeclarationError> {
        for (name, mut readings) in past::parse(file_name, json)? {
            readings.sort_by_key(|reading| reading.valid_until);
            if let Some(policy) = self.policies.iter_mut().find(|policy| policy.id.name == name) {
                policy.past = readings;
            } else if let Some(last) = readings.last() {
                let documents = last.documents.clone();
                self.retired.push(Policy {
                    kind: PolicyKind::of_name(&name),
                    id: PolicyId::new(&self.service, name),
                    language: None,
                    verified: None,
                    verified_by: None,
                    cited: None,
                    every: None,
                    robots: None,
                    documents,
                    past: readings,
                });
            }
        }
        Ok(self)
    }

    /// The policy of that name, tracked or retired.
    pub fn policy(&self, name: &str) -> Option<&Policy> {
        self.policies.iter().chain(&self.retired).find(|policy| policy.id.name == name)
    }

    /// The declaration of that day: each policy with the source documents that held at `at`.
    pub fn at(&self, at: DateTime<Utc>) -> Self {
        let of_then =
            |policy: &Policy| Policy { documents: policy.documents_at(at).to_vec(), ..policy.clone() };
        Self {
            policies: self.policies.iter().map(of_then).collect(),
            retired: self.retired.iter().map(of_then).collect(),
            ..self.clone()
        }
    }
}

impl Policy {
    /// The source documents that held at an instant: of the reading with the earliest `validUntil` not yet past,
    /// else today's.
    pub fn documents_at(&self, at: DateTime<Utc>) -> &[SourceDocument] {
        self.past
            .iter()
            .find(|reading| at <= reading.valid_until)
            .map_or(&self.documents, |reading| &reading.documents)
    }
}
