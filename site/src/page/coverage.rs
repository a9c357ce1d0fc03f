//! Coverage: when each policy was last looked at, so that silence is never taken for "nothing changed".

use crate::date::Day;
use crate::input::{BuildInput, Context, Watch};
use crate::place;
use crate::render::Frame;
use crate::shown::{count, shown};
use crate::summary::Summary;
use policy::id::PolicyId;
use serde::Serialize;
use std::collections::BTreeMap;

/// The coverage page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub counts: Vec<Count>,
    pub rows: Vec<Row>,
}

/// How many policies are in a state.
#[derive(Serialize)]
pub struct Count {
    pub key: &'static str,
    pub label: &'static str,
    pub means: &'static str,
    pub number: usize,
}

/// One policy.
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    pub service: String,
    pub service_href: String,
    pub policy: String,
    pub href: Option<String>,
    pub key: &'static str,
    pub label: &'static str,
    pub looked: Option<Day>,
    pub seen: Option<Day>,
    pub why: String,
    pub versions: String,
}

/// The states, worst last, and what each means.
const STATES: [(&str, &str, &str); 6] = [
    ("watched", "Watched", "our last look saw the document"),
    ("imported", "From a collection", "versions recorded by others; we have not looked ourselves"),
    ("blocked", "Blocked", "a bot, consent or login wall stood before it, or the publisher refused us"),
    ("failing", "Failing", "no answer worth the name at our last look"),
    ("gone", "Gone", "the address no longer holds a document"),
    ("never", "Never captured", "declared, and never seen"),
];

pub fn view(context: &Context<'_>, summaries: &[Summary], watches: &BTreeMap<PolicyId, Watch>) -> View {
    let rows = rows(context.input, summaries, watches);
    let counts = STATES
        .iter()
        .map(|(key, label, means)| Count {
            key,
            label,
            means,
            number: rows.iter().filter(|row| row.key == *key).count(),
        })
        .filter(|count| count.number > 0)
        .collect();
    View {
        frame: Frame::new(context, "coverage/", "about", "Coverage").described(
            "When each policy was last looked at and last seen, and which are blocked, failing or never captured.",
        ),
        counts,
        rows,
    }
}

/// Every policy, declared or archived, in order of service and name.
pub fn rows(input: &BuildInput, summaries: &[Summary], watches: &BTreeMap<PolicyId, Watch>) -> Vec<Row> {
    let archived: BTreeMap<&PolicyId, &Summary> = summaries.iter().map(|s| (&s.policy, s)).collect();
    let mut all: Vec<&PolicyId> =
        input.policies.keys().chain(archived.keys().copied()).chain(watches.keys()).collect();
    all.sort_by_cached_key(|id| (shown(input.service_name(&id.service)).to_lowercase(), *id));
    all.dedup();
    let none = Watch::default();
    all.into_iter()
        .map(|id| {
            let summary = archived.get(id).copied();
            let watch = watches.get(id).unwrap_or(&none);
            let key = state(summary, watch);
            let label = STATES.iter().find(|state| state.0 == key).map_or("", |state| state.1);
            let looked = watch.sources.iter().map(|source| source.last_looked).max();
            let seen = watch.sources.iter().filter_map(|source| source.last_seen).max();
            let seen = seen.max(summary.and_then(|summary| summary.seen_until));
            let why = watch.sources.iter().find(|source| !saw(&source.outcome));
            Row {
                service: shown(input.service_name(&id.service)),
                service_href: place::service(&id.service),
                policy: shown(&id.name),
                href: summary.map(|_| place::policy(id)),
                key,
                label,
                looked: looked.map(Day::of),
                seen: seen.map(Day::of),
                why: why.map(|source| shown(&source.why)).unwrap_or_default(),
                versions: summary.map_or_else(String::new, |s| count(s.versions, "version", "versions")),
            }
        })
        .collect()
}

fn saw(outcome: &str) -> bool {
    matches!(outcome, "fetched" | "unchanged")
}

/// The worst of the sources' last outcomes decides: half a policy is not the policy.
fn state(summary: Option<&Summary>, watch: &Watch) -> &'static str {
    let any = |outcomes: &[&str]| watch.sources.iter().any(|s| outcomes.contains(&s.outcome.as_str()));
    match () {
        () if any(&["gone"]) => "gone",
        () if any(&["failed"]) => "failing",
        () if any(&["blocked", "refused"]) => "blocked",
        () if !watch.sources.is_empty() => "watched",
        () if summary.is_some() => "imported",
        () => "never",
    }
}
