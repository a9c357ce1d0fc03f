//! Everything derived about one policy: its versions read, its statements with their lifespans,
//! its changes and findings. The one value that archive hands to index and site; made by [`derive()`].

mod derive;
mod lifespan;
mod lineage;

pub use derive::{Recording, Texts, derive, in_order};
pub use lifespan::seen_again;

use crate::finding::{EvidenceClass, Finding};
use crate::id::{Digest, PolicyId, StatementId, VersionId};
use crate::statement::Role;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Why a version was recorded, as far as whoever recorded it knew.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cause {
    /// The first text of this policy.
    First,
    /// The publisher's page gave another text.
    Change,
    /// The page read anew: with another declaration or another extractor. No change by the publisher, unless a collection
    /// read it so and sentences were reworded: see [`Reading::Real`].
    Reextraction,
    /// The file was removed from the collection.
    Removal,
}

/// How a version reads among its neighbours. Only `Real` versions are compared to find changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "reading")]
pub enum Reading {
    /// The publisher's text changed. A collection that reads its pages anew may have fetched them anew, too: where words
    /// were exchanged in several sentences, that was the publisher.
    Real,
    /// The same statements as the version before: typography, links, dates, counters, order.
    Cosmetic,
    /// A text the policy keeps flipping back to; `lane` counts this policy's editions from 0, the main one.
    Variant { lane: u32 },
    /// A block of the page is missing and comes back, or plainly was cut off.
    Truncated,
    /// A sub-page was appended or stopped being appended.
    Extended,
    /// Another language or another region's edition.
    OtherEdition,
    /// A bot wall, a login page, an error page: not the document at all.
    NotTheDocument,
    /// Read anew with another declaration or extractor.
    Reextracted,
    /// The collection removed the file.
    Removed,
}

/// One recorded text of a policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Version {
    pub id: VersionId,
    /// When this text was first seen.
    pub at: DateTime<Utc>,
    /// When it was last seen: the last capture that gave it, or `at` where nobody looked again.
    pub seen_until: DateTime<Utc>,
    pub cause: Cause,
    pub reading: Reading,
    /// One sentence for people: why this reading.
    pub note: String,
    pub class: EvidenceClass,
    /// Who recorded it: a collection's name, or empty for our own captures.
    pub recorder: String,
    /// SHA-256 of the text.
    pub digest: Digest,
    /// Bytes of the text.
    pub bytes: u64,
    /// What it was extracted from, for people to follow: links, commit ids, `warc:SEGMENT@OFFSET`.
    pub origins: Vec<String>,
    /// The statements in reading order, as indices into [`History::statements`].
    pub statements: Vec<u32>,
}

/// One sentence or list item of a policy, and when it stood.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Statement {
    pub id: StatementId,
    /// As people read it: without Markdown marks, white space folded.
    pub text: String,
    pub role: Role,
    /// The headings above it where it last stood, outermost first.
    pub section: Vec<String>,
    /// The lead-in it hangs under ("We do not:"), where it is a list item.
    pub lead_in: Option<String>,
    /// The intervals in which it stood, in order; flips to a variant do not interrupt it.
    pub lifespan: Vec<Interval>,
    /// Stands in the newest real version.
    pub current: bool,
    /// Never stood in the main text, only in variants, other editions or artefacts; or is no statement of the
    /// document though it stood there: a menu, data for scripts, a block that is new at each visit.
    pub aside: bool,
    /// The topic, where it binds the service.
    pub topic: Option<crate::finding::Topic>,
    /// What it says of its topic, and of encryption scope by scope: see [`crate::ladder`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub says: Vec<crate::ladder::Said>,
}

/// A span of time in which a statement was seen: from the first version that had it to the last sighting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    pub first_seen: DateTime<Utc>,
    pub last_seen: DateTime<Utc>,
    /// First sighting of a real version without it; `None` while it still stands.
    pub gone_by: Option<DateTime<Utc>>,
}

/// Two successive real versions and what differs, as indices into [`History`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    pub from: VersionId,
    pub to: VersionId,
    pub removed: Vec<u32>,
    pub added: Vec<u32>,
    /// Old and new index of statements that were reworded.
    pub reworded: Vec<(u32, u32)>,
    /// Statements that stand in both but elsewhere.
    pub moved: u32,
    /// Touches at least one promise.
    pub touches_promises: bool,
}

/// Everything derived about one policy.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct History {
    pub policy: PolicyId,
    /// The policy whose record this one goes on with: the service was renamed.
    pub follows: Option<PolicyId>,
    /// In order of time.
    pub versions: Vec<Version>,
    pub statements: Vec<Statement>,
    pub changes: Vec<Change>,
    pub findings: Vec<Finding>,
}

impl History {
    /// The newest version that is the publisher's text, if any.
    pub fn current(&self) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.reading.is_document())
    }

    /// The version that stood at `when`: the newest real one recorded by then.
    pub fn as_of(&self, when: DateTime<Utc>) -> Option<&Version> {
        self.versions.iter().rev().find(|version| version.at <= when && version.reading.is_document())
    }
}

impl Reading {
    /// The version shows the whole document in its main edition.
    pub fn is_document(self) -> bool {
        matches!(self, Reading::Real | Reading::Cosmetic | Reading::Reextracted)
    }
}
