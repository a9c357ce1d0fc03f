//! The data behind the pages as files for programs: JSON with published schemas, and CSV.

use crate::date::instant;
use crate::input::Context;
use crate::page::coverage;
use crate::page::line::headline;
use crate::place;
use crate::shown::{LONGEST, clip};
use crate::summary::Summary;
use policy::board::Board;
use policy::finding::Finding;
use serde_json::{Value, json};

/// A file of the API: its place and its bytes.
pub type File = (String, Vec<u8>);

fn whole(place: &str, value: &Value) -> File {
    (format!("api/v1/{place}"), serde_json::to_vec(value).expect("maps with text keys"))
}

/// One finding, as the API tells it.
pub fn finding(context: &Context<'_>, finding: &Finding) -> Value {
    let judgement = &finding.judgement;
    json!({
        "id": finding.id,
        "url": context.way.whole(&place::finding(&finding.id)),
        "headline": headline(finding),
        "kind": judgement.kind.key(),
        "topic": judgement.topic.key(),
        "severity": judgement.severity,
        "confidence": (f64::from(judgement.confidence) * 1000.0).round() / 1000.0,
        "status": finding.status.key(),
        "status_note": finding.status_note,
        "service": finding.policy.service,
        "policy": finding.policy.name,
        "promise": finding.promise,
        "before": judgement.before,
        "after": judgement.after,
        "lead_in_before": judgement.lead_in_before,
        "lead_in_after": judgement.lead_in_after,
        "nearest": judgement.nearest,
        "reason": judgement.reason,
        "rule": judgement.rule,
        "effective": judgement.effective,
        "silent": judgement.silent,
        "state_before": judgement.state_before,
        "state_after": judgement.state_after,
        "scope": judgement.scope,
        "last_seen_before": instant(finding.last_seen_before),
        "first_seen_after": instant(finding.first_seen_after),
        "retracted_at": finding.retracted_at.map(instant),
        "from_version": finding.from,
        "to_version": finding.to,
        "evidence_class": finding.class,
    })
}

pub fn findings(context: &Context<'_>, findings: &[&Finding]) -> Vec<File> {
    let list: Vec<Value> = findings.iter().map(|one| finding(context, one)).collect();
    let mut table = csv::Writer::from_writer(Vec::new());
    let columns = [
        "id",
        "kind",
        "topic",
        "severity",
        "confidence",
        "status",
        "service",
        "policy",
        "first_seen_after",
        "last_seen_before",
        "effective",
        "before",
        "after",
        "reason",
        "url",
        "retracted_at",
    ];
    table.write_record(columns).expect("writing to memory");
    for one in &list {
        table.write_record(columns.map(|column| cell(&one[column]))).expect("writing to memory");
    }
    vec![
        whole("findings.json", &json!({ "format": "walkback-findings-1", "findings": list })),
        ("api/v1/findings.csv".into(), table.into_inner().expect("writing to memory")),
    ]
}

/// A value as a cell. One that a spreadsheet would take for a formula is made text, and one longer
/// than its cells can be is cut: the JSON beside it holds the whole.
fn cell(value: &Value) -> String {
    let text = match value {
        Value::Null => String::new(),
        Value::String(text) if text.len() > LONGEST => clip(text, LONGEST),
        Value::String(text) => text.clone(),
        other => return other.to_string(),
    };
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text }
}

pub fn events(context: &Context<'_>) -> Vec<File> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let columns = [
        "id",
        "date",
        "effective",
        "kind",
        "step",
        "title",
        "services",
        "topics",
        "confidence",
        "contested",
        "sources",
        "url",
    ];
    table.write_record(columns).expect("writing to memory");
    let mut list = Vec::new();
    for event in &context.input.events {
        let url = context.way.whole(&place::event(&event.id));
        let topics: Vec<&str> = event.topics.iter().map(|topic| topic.key()).collect();
        let sources: Vec<&str> = event.sources.iter().filter_map(|source| source.url.as_deref()).collect();
        table
            .write_record([
                event.id.as_str(),
                &event.date.to_string(),
                &event.effective.map(|date| date.to_string()).unwrap_or_default(),
                event.kind.key(),
                event.step.map_or("", |step| step.key()),
                &cell(&json!(event.title)),
                &event.services.join("; "),
                &topics.join("; "),
                event.confidence.key(),
                if event.is_contested() { "yes" } else { "no" },
                &sources.join(" "),
                &url,
            ])
            .expect("writing to memory");
        let mut value = serde_json::to_value(event).expect("maps with text keys");
        value["url"] = url.into();
        value["contested"] = event.is_contested().into();
        list.push(value);
    }
    vec![
        whole("events.json", &json!({ "format": "walkback-events-1", "events": list })),
        ("api/v1/events.csv".into(), table.into_inner().expect("writing to memory")),
    ]
}

pub fn board(board: &Board) -> Vec<File> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table
        .write_record(["service", "scope", "state", "since", "area", "contested", "event"])
        .expect("writing to memory");
    for row in &board.rows {
        for (scope, cell) in &row.cells {
            table
                .write_record([
                    row.service.as_str(),
                    scope.key(),
                    &cell.state.to_string(),
                    &cell.since.to_string(),
                    cell.area.as_deref().unwrap_or(""),
                    if cell.contested { "yes" } else { "no" },
                    &cell.event,
                ])
                .expect("writing to memory");
        }
    }
    let mut value = serde_json::to_value(board).expect("maps with text keys");
    value["format"] = "walkback-board-1".into();
    vec![
        whole("board.json", &value),
        ("api/v1/board.csv".into(), table.into_inner().expect("writing to memory")),
    ]
}

/// Every policy with its coverage.
pub fn policies(context: &Context<'_>, summaries: &[Summary], rows: &[coverage::Row]) -> Vec<File> {
    let mut table = csv::Writer::from_writer(Vec::new());
    let columns = [
        "service",
        "policy",
        "state",
        "versions",
        "changes",
        "findings",
        "first",
        "changed",
        "last_seen",
        "last_looked",
        "why",
    ];
    table.write_record(columns).expect("writing to memory");
    let by_place: std::collections::BTreeMap<String, &Summary> =
        summaries.iter().map(|summary| (place::policy(&summary.policy), summary)).collect();
    let mut list = Vec::new();
    for row in rows {
        let summary = row.href.as_ref().and_then(|href| by_place.get(href)).copied();
        let value = json!({
            "service": summary.map_or(row.service.as_str(), |s| &s.policy.service),
            "service_name": row.service,
            "policy": summary.map_or(row.policy.as_str(), |s| &s.policy.name),
            "url": row.href.as_ref().map(|href| context.way.whole(href)),
            "history": summary.map(|s| context.way.whole(&place::history(&s.policy))),
            "state": row.key,
            "why": row.why,
            "versions": summary.map_or(0, |s| s.versions),
            "changes": summary.map_or(0, |s| s.changes.saturating_sub(1)),
            "findings": summary.map_or(0, |s| s.findings.len()),
            "statements": summary.map_or(0, |s| s.statements),
            "first": summary.and_then(|s| s.first).map(instant),
            "changed": summary.and_then(|s| s.changed).map(instant),
            "last_seen": row.seen.as_ref().map(|day| &day.iso),
            "last_looked": row.looked.as_ref().map(|day| &day.iso),
        });
        table.write_record(columns.map(|column| cell(&value[column]))).expect("writing to memory");
        list.push(value);
    }
    vec![
        whole("policies.json", &json!({ "format": "walkback-policies-1", "policies": list })),
        ("api/v1/policies.csv".into(), table.into_inner().expect("writing to memory")),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        assert_eq!(cell(&json!("=HYPERLINK(1)")), "'=HYPERLINK(1)");
        assert_eq!(cell(&json!("plain")), "plain");
        assert_eq!(cell(&Value::Null), "");
    }
}
