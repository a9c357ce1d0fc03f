//! A change judged: a promise reversed, a practice widened, a protection gained.
//!
//! What the words mean is the codebook's, retold in docs/method.md.

use crate::id::{FindingId, PolicyId, PromiseId, StatementId, VersionId};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use std::fmt;

/// What a change did to a promise.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// An explicit protective promise is gone, negated, narrowed, made conditional or vaguer.
    Reversal,
    /// No promise was broken, but the service may do materially more than before.
    Expansion,
    /// A new or firmer promise, a narrower permission, a new control.
    Strengthening,
}

/// What a promise is about. One topic a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Topic {
    Encryption,
    ContentAccess,
    AiTraining,
    DataSale,
    Sharing,
    Advertising,
    Retention,
    Logging,
    LawEnforcement,
    Biometrics,
    Location,
    Children,
    UserControl,
    Security,
    SensitiveData,
}

impl Topic {
    pub const ALL: [Topic; 15] = [
        Topic::Encryption,
        Topic::ContentAccess,
        Topic::AiTraining,
        Topic::DataSale,
        Topic::Sharing,
        Topic::Advertising,
        Topic::Retention,
        Topic::Logging,
        Topic::LawEnforcement,
        Topic::Biometrics,
        Topic::Location,
        Topic::Children,
        Topic::UserControl,
        Topic::Security,
        Topic::SensitiveData,
    ];

    /// As written in files and JSON: `data_sale`.
    pub fn key(self) -> &'static str {
        match self {
            Topic::Encryption => "encryption",
            Topic::ContentAccess => "content_access",
            Topic::AiTraining => "ai_training",
            Topic::DataSale => "data_sale",
            Topic::Sharing => "sharing",
            Topic::Advertising => "advertising",
            Topic::Retention => "retention",
            Topic::Logging => "logging",
            Topic::LawEnforcement => "law_enforcement",
            Topic::Biometrics => "biometrics",
            Topic::Location => "location",
            Topic::Children => "children",
            Topic::UserControl => "user_control",
            Topic::Security => "security",
            Topic::SensitiveData => "sensitive_data",
        }
    }

    /// As people read it: `data sale`.
    pub fn label(self) -> &'static str {
        match self {
            Topic::ContentAccess => "access to content",
            Topic::AiTraining => "AI training",
            Topic::DataSale => "sale of data",
            Topic::LawEnforcement => "law enforcement",
            Topic::UserControl => "user control",
            Topic::SensitiveData => "sensitive data",
            other => other.key(),
        }
    }

    pub fn from_key(key: &str) -> Option<Topic> {
        Topic::ALL.into_iter().find(|topic| topic.key() == key)
    }
}

impl Kind {
    pub const ALL: [Kind; 3] = [Kind::Reversal, Kind::Expansion, Kind::Strengthening];

    pub fn key(self) -> &'static str {
        match self {
            Kind::Reversal => "reversal",
            Kind::Expansion => "expansion",
            Kind::Strengthening => "strengthening",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.key())
    }
}

/// How firmly a finding stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Seen once: the sentence may come back.
    Provisional,
    /// Seen again by later captures, or settled by later versions of an imported history.
    Confirmed,
    /// Later evidence undid it: the sentence came back at once, or the page had been cut. Kept, never deleted.
    Retracted,
}

impl Status {
    pub fn key(self) -> &'static str {
        match self {
            Status::Provisional => "provisional",
            Status::Confirmed => "confirmed",
            Status::Retracted => "retracted",
        }
    }
}

/// Where a version's text comes from. Only class A raises alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceClass {
    /// Our own capture: bytes, headers, WARC record.
    A,
    /// A third party's memento or raw snapshot.
    B,
    /// A third party's extracted text.
    C,
}

/// A change judged, as the pure judge sees it: two texts in, this out. See [`crate::promise::judge`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judgement {
    pub kind: Kind,
    pub topic: Topic,
    /// The promise as it stood, one sentence exactly as in the old text; empty where nothing stood before.
    pub before: String,
    /// What stands now, one sentence exactly as in the new text; empty where the promise is simply gone.
    pub after: String,
    /// What either sentence hangs under, where it is an item of a list: "We do not:".
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_in_before: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lead_in_after: Option<String>,
    /// Where one side is empty: the sentences of that text that come nearest, best first, at most three.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub nearest: Vec<Nearest>,
    /// 1 real but minor, 2 a privacy journalist would report it, 3 front-page news for the people affected.
    pub severity: u8,
    /// 0 to 1: how sure the judge is.
    pub confidence: f32,
    /// The weight that orders findings: kind, severity, confidence and what is at stake together; higher first.
    pub weight: f32,
    /// The rule that decided, as named in data/promises.
    pub rule: String,
    /// One sentence for people.
    pub reason: String,
    /// Each step of the judgement, for `walkback explain`.
    pub steps: Vec<String>,
    /// When it takes effect, where the text says so.
    pub effective: Option<NaiveDate>,
    /// Reversed under an unchanged "last updated" date, or with no notice of change.
    pub silent: bool,
    /// For encryption: `default`, `opt_in`, `limited`, `announced`, `none`, `ended_on:DATE`.
    pub state_before: Option<String>,
    pub state_after: Option<String>,
    /// For encryption: chats, groups, calls, backups, files.
    pub scope: Vec<String>,
    /// What the promise is, stable across rewordings (topic and frame), for [`PromiseId`].
    pub promise_key: String,
}

/// A sentence that was looked at as what might say the same, and held to say less or something else.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nearest {
    /// Exactly as it stands there.
    pub text: String,
    pub lead_in: Option<String>,
    /// It stands in both texts.
    pub in_both: bool,
}

impl Nearest {
    /// Where it stands, in words: `of_later` where it is from the later text.
    pub fn standing(&self, of_later: bool) -> &'static str {
        match (of_later, self.in_both) {
            (true, true) => "stood there before, too",
            (true, false) => "new",
            (false, true) => "still stands",
            (false, false) => "gone since",
        }
    }
}

/// A judgement with its place in a policy's history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    pub id: FindingId,
    pub promise: PromiseId,
    pub policy: PolicyId,
    /// The version in which the promise last stood.
    pub from: VersionId,
    /// The version in which the change was first seen.
    pub to: VersionId,
    /// When `from` was last seen, and `to` first: the change happened between these instants.
    pub last_seen_before: DateTime<Utc>,
    pub first_seen_after: DateTime<Utc>,
    pub before_statement: Option<StatementId>,
    pub after_statement: Option<StatementId>,
    pub status: Status,
    /// Why the status is what it is, where that needs saying: when the sentence came back, say.
    pub status_note: String,
    /// When later evidence undid it, where that happened.
    #[serde(default)]
    pub retracted_at: Option<DateTime<Utc>>,
    pub class: EvidenceClass,
    #[serde(flatten)]
    pub judgement: Judgement,
}

/// The order in which findings are told where time does not order them: heaviest first. What a service took back
/// with one sentence on several pages, or twice, comes once before everything that repeats it; what was retracted
/// comes last.
pub fn heaviest_first(findings: &mut [Finding]) {
    findings
        .sort_by(|a, b| b.judgement.weight.total_cmp(&a.judgement.weight).then_with(|| a.id.0.cmp(&b.id.0)));
    let mut told = HashSet::new();
    let ranks: HashMap<FindingId, u8> = findings
        .iter()
        .map(|finding| {
            let judgement = &finding.judgement;
            let sentence = if judgement.before.is_empty() { &judgement.after } else { &judgement.before };
            let rank = match finding.status {
                Status::Retracted => 2,
                _ if told.insert((&finding.policy.service, judgement.kind, sentence)) => 0,
                _ => 1,
            };
            (finding.id.clone(), rank)
        })
        .collect();
    findings.sort_by_key(|finding| ranks[&finding.id]);
}
