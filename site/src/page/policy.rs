//! A policy: what was found in it, every version with its date and cause, any two compared.

use super::Fact;
use super::line::FindingLine;
use crate::date::{Day, instant, minute, span};
use crate::input::{Context, Watch};
use crate::place::{self, Channel};
use crate::render::Frame;
use crate::shown::{count, shown};
use crate::summary::{Summary, newest_first};
use policy::history::{Cause, Change, History, Reading, Version};
use policy::id::VersionId;
use serde::Serialize;
use std::collections::BTreeMap;

/// A policy's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub service: String,
    pub service_href: String,
    pub name: String,
    pub kind: String,
    /// The policy whose record this one goes on with.
    pub follows: Option<super::line::Link>,
    pub sources: Vec<String>,
    /// The facts in one sentence each.
    pub facts: Vec<Fact>,
    pub findings: Vec<FindingLine>,
    pub ladders: Vec<super::ladder::LadderView>,
    pub years: Vec<Year>,
    pub history: String,
    pub statements: String,
    pub first_day: String,
    pub last_day: String,
    pub comparable: bool,
}

/// The versions first seen in one year, newest first.
#[derive(Serialize)]
pub struct Year {
    pub year: String,
    pub rows: Vec<Row>,
}

/// A version of the publisher's, or a run of recordings that are none.
#[derive(Serialize)]
pub struct Row {
    pub version: Option<VersionRow>,
    pub folded: Option<Fold>,
}

/// Recordings between two versions that do not count as changes.
#[derive(Serialize)]
pub struct Fold {
    pub summary: String,
    pub versions: Vec<VersionRow>,
}

/// One recorded text.
#[derive(Serialize)]
pub struct VersionRow {
    pub id: String,
    pub day: Day,
    pub time: String,
    pub until: Option<Day>,
    pub stood: String,
    pub label: String,
    pub note: String,
    pub class: String,
    pub what: String,
    pub digest: String,
    pub origins: Vec<Origin>,
    pub compare: Option<String>,
    pub read: String,
    pub findings: Vec<Mark>,
}

/// Where a version's text comes from.
#[derive(Serialize)]
pub struct Origin {
    pub text: String,
    pub href: Option<String>,
}

/// A finding at its version.
#[derive(Serialize)]
pub struct Mark {
    pub href: String,
    pub kind: &'static str,
    pub headline: String,
}

pub fn view(context: &Context<'_>, history: &History, summary: &Summary, watch: &Watch) -> View {
    let id = &history.policy;
    let declared = context.input.policies.get(id);
    let service = shown(context.input.service_name(&id.service));
    let name = shown(&id.name);
    let place = place::policy(id);
    let mut findings: Vec<_> = history.findings.iter().collect();
    findings.sort_by(|a, b| newest_first(a, b));
    let mut frame = Frame::new(context, &place, "services", &format!("{name}, {service}"))
        .described(&format!(
            "Every recorded version of {service}’s “{name}”: {}, {}. Compare any two dates.",
            count(summary.versions, "version", "versions"),
            count(summary.findings.len(), "finding", "findings"),
        ))
        .script(context, "static/js/compare.js");
    frame.channel(Channel::Service(&id.service), &service);
    let day = |version: Option<&Version>| version.map(|v| v.at.date_naive().to_string()).unwrap_or_default();
    View {
        service,
        service_href: place::service(&id.service),
        name,
        kind: declared.map(|declared| shown(&declared.kind)).unwrap_or_default(),
        follows: history.follows.as_ref().map(|earlier| super::line::Link {
            name: format!(
                "{}, {}",
                shown(context.input.service_name(&earlier.service)),
                shown(&earlier.name)
            ),
            href: context.archived.contains(earlier).then(|| place::policy(earlier)),
        }),
        sources: declared.map(|d| d.sources.iter().map(|url| shown(url)).collect()).unwrap_or_default(),
        facts: facts(summary, watch),
        findings: findings.iter().map(|finding| FindingLine::of(context, finding)).collect(),
        ladders: super::ladder::views(history),
        years: years(history),
        history: place::history(id),
        statements: place::statements(id),
        first_day: day(history.versions.first()),
        last_day: day(history.versions.last()),
        comparable: history.versions.len() > 1,
        frame,
    }
}

fn facts(summary: &Summary, watch: &Watch) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut fact = |name, value: String, note: String| facts.push(Fact { name, value, note });
    if let (Some(first), Some(seen)) = (summary.first, summary.seen_until) {
        fact("On record since", Day::of(first).text, format!("{} of history", span(first, seen)));
    }
    if let Some(changed) = summary.changed {
        fact(
            "Last changed",
            Day::of(changed).text,
            count(summary.changes.saturating_sub(1), "change", "changes"),
        );
    }
    if let Some(seen) = summary.seen_until {
        fact("Seen unchanged until", Day::of(seen).text, String::new());
    }
    if let Some(last) = watch.sources.iter().map(|source| source.last_looked).max() {
        let failing = watch.sources.iter().find(|s| !matches!(s.outcome.as_str(), "fetched" | "unchanged"));
        let note = failing.map(|s| format!("{}: {}", s.outcome, s.why)).unwrap_or_default();
        fact("Last looked at", Day::of(last).text, shown(&note));
    }
    fact(
        "Sentences",
        format!("{} standing", crate::shown::thousands(summary.standing)),
        format!("{} ever recorded", crate::shown::thousands(summary.statements)),
    );
    facts
}

fn years(history: &History) -> Vec<Year> {
    let changes: BTreeMap<&VersionId, &Change> =
        history.changes.iter().map(|change| (&change.to, change)).collect();
    let mut marks: BTreeMap<&VersionId, Vec<Mark>> = BTreeMap::new();
    for finding in &history.findings {
        marks.entry(&finding.to).or_default().push(Mark {
            href: place::finding(&finding.id),
            kind: finding.judgement.kind.key(),
            headline: super::line::headline(finding),
        });
    }
    let mut years: Vec<Year> = Vec::new();
    let mut previous: Option<&Version> = None;
    for version in &history.versions {
        let year = version.at.format("%Y").to_string();
        if years.last().is_none_or(|last| last.year != year) {
            years.push(Year { year, rows: Vec::new() });
        }
        let rows = &mut years.last_mut().expect("just pushed").rows;
        let change = changes.get(&version.id).copied();
        let row =
            version_row(history, version, previous, change, marks.remove(&version.id).unwrap_or_default());
        if version.reading == Reading::Real || !row.findings.is_empty() {
            rows.push(Row { version: Some(row), folded: None });
        } else {
            match rows.last_mut() {
                Some(Row { folded: Some(fold), .. }) => fold.versions.push(row),
                _ => rows.push(Row {
                    version: None,
                    folded: Some(Fold { summary: String::new(), versions: vec![row] }),
                }),
            }
        }
        if version.reading.is_document() {
            previous = Some(version);
        }
    }
    for year in &mut years {
        year.rows.reverse();
        for fold in year.rows.iter_mut().filter_map(|row| row.folded.as_mut()) {
            fold.versions.reverse();
            fold.summary = fold_summary(&fold.versions);
        }
    }
    years.reverse();
    years
}

/// `12 recordings without a change: other edition (8), typography (4)`
fn fold_summary(rows: &[VersionRow]) -> String {
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for row in rows {
        *kinds.entry(row.label.as_str()).or_default() += 1;
    }
    let kinds: Vec<String> = kinds.iter().map(|(kind, n)| format!("{} ({n})", kind.to_lowercase())).collect();
    format!("{} that changed nothing: {}", count(rows.len(), "recording", "recordings"), kinds.join(", "))
}

fn version_row(
    history: &History,
    version: &Version,
    previous: Option<&Version>,
    change: Option<&Change>,
    findings: Vec<Mark>,
) -> VersionRow {
    let what = change.map_or_else(String::new, |change| {
        let parts = [
            (change.added.len(), "added"),
            (change.removed.len(), "removed"),
            (change.reworded.len(), "reworded"),
            (change.moved as usize, "moved"),
        ];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, what)| format!("{} {what}", crate::shown::thousands(*n)))
            .collect();
        parts.join(", ")
    });
    VersionRow {
        id: version.id.to_string(),
        day: Day::of(version.at),
        time: minute(version.at),
        until: (version.seen_until > version.at).then(|| Day::of(version.seen_until)),
        stood: span(version.at, version.seen_until),
        label: if version.cause == Cause::First { "First recorded".into() } else { reading(version.reading) },
        // Of a change the counts say more than the note does.
        note: if version.reading == Reading::Real { String::new() } else { shown(&version.note) },
        class: format!("{:?}", version.class),
        what,
        digest: version.digest.to_string(),
        origins: version.origins.iter().map(|origin| Origin::of(origin)).collect(),
        compare: previous.map(|previous| place::compare(&history.policy, &previous.id, &version.id)),
        read: place::compare(&history.policy, &version.id, &version.id),
        findings,
    }
}

impl Origin {
    /// Only web addresses become links: an origin is text from outside.
    pub fn of(origin: &str) -> Self {
        let text = shown(origin);
        let web = text.starts_with("https://") || text.starts_with("http://");
        Self { href: web.then(|| text.clone()), text }
    }
}

/// A reading as people read it.
fn reading(reading: Reading) -> String {
    match reading {
        Reading::Real => "Changed".into(),
        Reading::Cosmetic => "Typography or order only".into(),
        Reading::Variant { lane } => format!("Other edition {}", lane + 1),
        Reading::Truncated => "Page cut short".into(),
        Reading::Extended => "Page with another appended".into(),
        Reading::OtherEdition => "Another language or region".into(),
        Reading::NotTheDocument => "Not the document".into(),
        Reading::Reextracted => "Read anew".into(),
        Reading::Removed => "Removed from the collection".into(),
    }
}

/// The compact history a browser compares from. Its fields are described in docs/data.md.
pub fn history_file(history: &History) -> Vec<u8> {
    let mut sections: Vec<&[String]> = Vec::new();
    let mut leads: Vec<&str> = Vec::new();
    let mut section_of: BTreeMap<&[String], usize> = BTreeMap::new();
    let mut lead_of: BTreeMap<&str, usize> = BTreeMap::new();
    let statements: Vec<serde_json::Value> = history
        .statements
        .iter()
        .map(|statement| {
            let section = *section_of.entry(&statement.section).or_insert_with(|| {
                sections.push(&statement.section);
                sections.len() - 1
            });
            // Lead-ins are counted from 1: 0 is none.
            let lead = statement.lead_in.as_deref().map_or(0, |lead| {
                *lead_of.entry(lead).or_insert_with(|| {
                    leads.push(lead);
                    leads.len()
                })
            });
            let role = serde_json::to_value(statement.role).expect("a word");
            let role = role.as_str().and_then(|role| role.chars().next()).unwrap_or('s').to_string();
            serde_json::json!([statement.id, statement.text, role, section, lead])
        })
        .collect();
    let versions: Vec<serde_json::Value> = history
        .versions
        .iter()
        .map(|version| {
            let document = u8::from(version.reading.is_document());
            serde_json::json!([
                version.id,
                instant(version.seen_until),
                document,
                reading(version.reading),
                ranges(&version.statements)
            ])
        })
        .collect();
    let file = serde_json::json!({
        "format": "walkback-history-1",
        "service": history.policy.service,
        "policy": history.policy.name,
        "sections": sections,
        "lead_ins": leads,
        "statements": statements,
        "versions": versions,
    });
    serde_json::to_vec(&file).expect("maps with text keys")
}

/// A sequence of numbers as start and length of its runs: most versions repeat long runs of the last.
fn ranges(sequence: &[u32]) -> Vec<u32> {
    let mut ranges: Vec<u32> = Vec::new();
    for &number in sequence {
        match ranges.as_mut_slice() {
            [.., start, length] if *start + *length == number => *length += 1,
            _ => ranges.extend([number, 1]),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_statements_are_kept_as_ranges() {
        assert_eq!(ranges(&[0, 1, 2, 7, 8, 3]), [0, 3, 7, 2, 3, 1]);
        assert_eq!(ranges(&[]), [0_u32; 0]);
    }

    #[test]
    fn an_origin_becomes_a_link_only_if_it_is_an_address() {
        assert!(Origin::of("https://web.archive.example/x").href.is_some());
        assert!(Origin::of("javascript:alert(1)").href.is_none());
        assert!(Origin::of("warc:0001@52").href.is_none());
    }
}
