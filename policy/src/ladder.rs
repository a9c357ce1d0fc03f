//! What a policy promised on each topic, step by step over time.
//!
//! Input: a history, whose statements carry what they say ([`Said`]) and when they stood. Output: ladders, one a
//! topic, for encryption one a scope. Each step names the statement that proves it: the one that stands, or where
//! nothing stands any more the one that was lost.
//!
//! Encryption has the states of the board. Of the other topics a text says too many things for one state each; what
//! can honestly be read off the statements that bind is whether the firmest of them that stands is plain or
//! hangs on a condition, or whether none stands. What the service may do beside that is the findings' matter.

use crate::event::State;
use crate::finding::Topic;
use crate::history::{History, Statement};
use crate::id::{StatementId, VersionId};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Where a topic stands. Within a topic, higher is better for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum Step {
    /// Encryption: as on the board.
    State(State),
    /// Promised, but under a condition, to some, or generally.
    Conditional,
    /// Promised plainly.
    Promised,
    /// No statement says so any more.
    Unsaid,
}

impl Step {
    /// As people read it.
    pub fn label(self) -> String {
        match self {
            Step::State(state) => state.label(),
            Step::Conditional => "promised with conditions".into(),
            Step::Promised => "promised".into(),
            Step::Unsaid => "no longer said".into(),
        }
    }

    fn rank(self) -> u8 {
        match self {
            Step::Unsaid | Step::State(State::None | State::NotOffered | State::EndedOn(_)) => 0,
            Step::Conditional | Step::State(State::Announced) => 1,
            Step::Promised | Step::State(State::Limited) => 2,
            Step::State(State::OptIn) => 3,
            Step::State(State::Default) => 4,
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::State(state) => state.fmt(f),
            Step::Conditional => f.write_str("conditional"),
            Step::Promised => f.write_str("promised"),
            Step::Unsaid => f.write_str("unsaid"),
        }
    }
}

impl From<Step> for String {
    fn from(step: Step) -> Self {
        step.to_string()
    }
}

impl TryFrom<String> for Step {
    type Error = crate::event::StateError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Ok(match text.as_str() {
            "conditional" => Step::Conditional,
            "promised" => Step::Promised,
            "unsaid" => Step::Unsaid,
            state => Step::State(state.parse()?),
        })
    }
}

/// What a statement says of its topic.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Said {
    pub topic: Topic,
    /// For encryption: `chats`, `groups`, `calls`, `mail`, `files`, `backups`, `business`, `other`; empty for the
    /// service as a whole.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    pub step: Step,
}

/// One topic of a policy over time; for encryption one scope.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ladder {
    pub topic: Topic,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub scope: String,
    /// In order of time; no two neighbours are alike.
    pub rungs: Vec<Rung>,
}

/// A step that a topic took, and its proof.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rung {
    /// When the step was first seen.
    pub at: DateTime<Utc>,
    pub step: Step,
    /// It stood when the record began: nobody knows since when.
    pub from_start: bool,
    /// The statement that says so; of a promise that is no longer made, the one that was lost.
    pub statement: StatementId,
    pub text: String,
    /// The version in which the statement was first seen; where it was lost, the first one without it.
    pub version: VersionId,
    /// When the statement was first seen.
    pub first_seen: DateTime<Utc>,
    /// The statement stands: it was not lost.
    pub stands: bool,
    /// Where a weaker statement still stands, the firmer one that was lost.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost: Option<StatementId>,
}

/// What is gone for no longer was never withdrawn: a page that flips.
const CAME_BACK: TimeDelta = TimeDelta::days(30);

/// Something said from one time to another.
struct Span<'a> {
    from: DateTime<Utc>,
    until: Option<DateTime<Utc>>,
    step: Step,
    statement: &'a Statement,
}

impl Span<'_> {
    fn holds(&self, at: DateTime<Utc>) -> bool {
        self.from <= at && self.until.is_none_or(|until| at < until)
    }
}

/// What was said of the service as a whole: from when, until when, which step, by which statement.
type Whole<'a> = (DateTime<Utc>, Option<DateTime<Utc>>, Step, &'a Statement);

/// The ladders of a policy, by topic and scope. Deterministic; nothing but the history counts.
pub fn ladders(history: &History) -> Vec<Ladder> {
    let mut spans: BTreeMap<(Topic, &str), Vec<Span<'_>>> = BTreeMap::new();
    for statement in history.statements.iter().filter(|statement| !statement.aside) {
        for said in &statement.says {
            let list = spans.entry((said.topic, &said.scope)).or_default();
            list.extend(stood(statement).into_iter().map(|(from, until)| Span {
                from,
                until,
                step: said.step,
                statement,
            }));
        }
    }
    let mut starts: Vec<(DateTime<Utc>, &VersionId)> =
        history.versions.iter().map(|version| (version.at, &version.id)).collect();
    starts.sort_by_key(|(at, _)| *at);
    let version = |at: DateTime<Utc>| {
        let place = starts.partition_point(|(start, _)| *start < at).min(starts.len().saturating_sub(1));
        starts.get(place).map(|(_, id)| (*id).clone())
    };
    let begin = history.versions.iter().find(|v| v.reading.is_document()).map(|version| version.at);
    // What is said of the service as a whole covers chats and calls that no sentence names, but no copy elsewhere.
    let whole: Vec<Whole<'_>> = spans
        .get(&(Topic::Encryption, ""))
        .map(|list| list.iter().map(|s| (s.from, s.until, s.step, s.statement)).collect())
        .unwrap_or_default();
    let mut ladders = Vec::new();
    for ((topic, scope), mut list) in spans {
        if topic == Topic::Encryption && matches!(scope, "chats" | "groups" | "calls" | "files" | "mail") {
            list.extend(
                whole
                    .iter()
                    .filter(|(.., step, _)| step.rank() > 0)
                    .map(|&(from, until, step, statement)| Span { from, until, step, statement }),
            );
        }
        let rungs = without_dips(rungs(&list, begin, &version));
        // What only the service as a whole proves is told there.
        let own = scope.is_empty()
            || rungs.iter().any(|rung| whole.iter().all(|(.., statement)| statement.id != rung.statement));
        if !rungs.is_empty() && own {
            ladders.push(Ladder { topic, scope: scope.to_owned(), rungs });
        }
    }
    ladders
}

/// Leaves out what was lost and came back at once: new sentences that took the old ones' place a little later.
fn without_dips(rungs: Vec<Rung>) -> Vec<Rung> {
    let mut kept: Vec<Rung> = Vec::new();
    for rung in rungs {
        if let [.., before, dip] = kept.as_slice()
            && dip.step.rank() < before.step.rank()
            && rung.at - dip.at <= CAME_BACK
            && rung.step.rank() >= before.step.rank()
        {
            let same = before.step == rung.step;
            kept.pop();
            if same {
                continue;
            }
        }
        kept.push(rung);
    }
    kept
}

/// When a statement stood, short absences left out.
fn stood(statement: &Statement) -> Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> {
    let mut spans: Vec<(DateTime<Utc>, Option<DateTime<Utc>>)> = Vec::new();
    for interval in &statement.lifespan {
        match spans.last_mut() {
            Some((_, until)) if until.is_some_and(|gone| interval.first_seen - gone <= CAME_BACK) => {
                *until = interval.gone_by;
            }
            _ => spans.push((interval.first_seen, interval.gone_by)),
        }
    }
    spans
}

fn rungs(
    list: &[Span<'_>],
    begin: Option<DateTime<Utc>>,
    version: &dyn Fn(DateTime<Utc>) -> Option<VersionId>,
) -> Vec<Rung> {
    let mut times: Vec<DateTime<Utc>> =
        list.iter().flat_map(|span| [Some(span.from), span.until]).flatten().collect();
    times.sort();
    times.dedup();
    let mut rungs: Vec<Rung> = Vec::new();
    let mut proof: Option<&Span<'_>> = None;
    for at in times {
        let standing = || list.iter().filter(|span| span.holds(at));
        let best = standing().max_by_key(|span| {
            // Of two that say the same the older proves it longer.
            (span.step.rank(), std::cmp::Reverse(span.from), std::cmp::Reverse(&span.statement.id))
        });
        // A notice of the end overrules what was promised before it.
        let notice = standing()
            .filter(|span| matches!(span.step, Step::State(State::EndedOn(_))))
            .filter(|notice| standing().all(|span| span.step.rank() == 0 || span.from <= notice.from))
            .max_by_key(|span| (span.from, &span.statement.id));
        let now = notice.or(best);
        let step = now.map_or(Step::Unsaid, |span| span.step);
        let told = rungs.last().map(|rung| rung.step);
        if told != Some(step)
            && (told.is_some() || now.is_some())
            // That it is said no more while the record says it ended is no step of its own.
            && !(step == Step::Unsaid && matches!(told, Some(Step::State(State::EndedOn(_) | State::None))))
        {
            let (span, stands) = match (now, proof) {
                (Some(now), _) => (now, true),
                (None, Some(lost)) => (lost, false),
                (None, None) => continue,
            };
            let seen_in = if stands { span.from } else { at };
            let Some(version) = version(seen_in) else { continue };
            rungs.push(Rung {
                at,
                step,
                from_start: stands && begin.is_some_and(|begin| at <= begin),
                statement: span.statement.id.clone(),
                text: span.statement.text.clone(),
                version,
                first_seen: span.from,
                stands,
                lost: proof
                    .filter(|lost| stands && lost.step.rank() > step.rank() && !lost.holds(at))
                    .map(|lost| lost.statement.id.clone()),
            });
        }
        proof = now.or(proof);
    }
    rungs
}

#[cfg(test)]
mod tests;
