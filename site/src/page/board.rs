//! The encryption board: which messenger encrypts what, since when, and how that went over time.

use super::line::{Link, approximate, service_link};
use crate::date::Day;
use crate::input::Context;
use crate::place;
use crate::render::Frame;
use crate::shown::{capitalised, shown};
use crate::summary::Summary;
use chrono::NaiveDate;
use policy::board::{Board, Cell, Row};
use policy::event::{Scope, State};
use policy::id::PolicyId;
use policy::ladder::Ladder;
use serde::Serialize;
use std::collections::BTreeMap;

/// The board's page.
#[derive(Serialize)]
pub struct View {
    pub frame: Frame,
    pub columns: Vec<&'static str>,
    pub rows: Vec<BoardRow>,
    pub legend: Vec<Legend>,
    pub lanes: Option<Lanes>,
    pub steps: Vec<Step>,
}

/// One service's line.
#[derive(Debug, Clone, Serialize)]
pub struct BoardRow {
    pub service: Link,
    pub cells: Vec<BoardCell>,
}

/// One cell: its state, since when, and the proof.
#[derive(Debug, Clone, Serialize)]
pub struct BoardCell {
    pub column: &'static str,
    /// `default`, `opt_in`, `limited`, `announced`, `none`, `not_offered`, `ended`, `unknown`.
    pub key: &'static str,
    pub label: String,
    pub since: Option<Day>,
    pub href: Option<String>,
    pub before: Option<String>,
    pub area: Option<String>,
    pub note: String,
    pub contested: bool,
}

/// A state and what it means.
#[derive(Serialize)]
pub struct Legend {
    pub key: &'static str,
    pub label: &'static str,
    pub means: &'static str,
}

/// The board over time: one lane a service and scope.
#[derive(Serialize)]
pub struct Lanes {
    pub left: i32,
    pub width: i32,
    pub height: i32,
    pub ticks: Vec<Tick>,
    pub lanes: Vec<Lane>,
}

/// A year's line.
#[derive(Debug, Clone, Serialize)]
pub struct Tick {
    pub x: i32,
    pub year: i32,
}

/// One service's chats, say.
#[derive(Serialize)]
pub struct Lane {
    pub y: i32,
    pub name: String,
    pub scope: &'static str,
    /// The first of its service's lanes carries the name.
    pub first: bool,
    pub spans: Vec<LaneSpan>,
    /// What the service's own text said meanwhile: an observation, not an event.
    pub observed: Vec<LaneSpan>,
}

/// A state as long as it held.
#[derive(Serialize)]
pub struct LaneSpan {
    pub x: i32,
    pub width: i32,
    pub key: &'static str,
    pub href: String,
    pub title: String,
}

/// One step in the table that says the same as the lanes.
#[derive(Serialize)]
pub struct Step {
    pub day: Day,
    pub service: Link,
    pub scope: &'static str,
    pub key: &'static str,
    pub label: String,
    pub href: String,
}

pub fn columns() -> Vec<&'static str> {
    Scope::BOARD.iter().map(|scope| scope.key()).collect()
}

/// A state's name in classes and data.
pub fn key(state: State, day: NaiveDate) -> &'static str {
    match state {
        State::Default => "default",
        State::OptIn => "opt_in",
        State::Limited => "limited",
        State::Announced => "announced",
        State::None => "none",
        State::NotOffered => "not_offered",
        State::EndedOn(end) if day < end => "ending",
        State::EndedOn(_) => "ended",
    }
}

/// A state as a cell says it.
pub fn label(state: State, day: NaiveDate) -> String {
    match state {
        State::EndedOn(end) if day < end => format!("Ends {}", Day::on(end).text),
        State::EndedOn(_) => "Ended".into(),
        State::None => "Not end-to-end".into(),
        other => capitalised(&other.label()),
    }
}

/// A state within a sentence, its date written out.
pub fn told(state: State) -> String {
    match state.ends() {
        Some(end) => format!("ended on {}", Day::on(end).text),
        None => state.label(),
    }
}

impl BoardRow {
    pub fn of(context: &Context<'_>, row: &Row) -> Self {
        let cells = Scope::BOARD.iter().map(|scope| BoardCell::of(context, *scope, row.cells.get(scope)));
        Self { service: service_link(context, &row.service), cells: cells.collect() }
    }
}

impl BoardCell {
    fn of(context: &Context<'_>, scope: Scope, cell: Option<&Cell>) -> Self {
        let Some(cell) = cell else {
            return Self {
                column: scope.key(),
                key: "unknown",
                label: "Not known".into(),
                since: None,
                href: None,
                before: None,
                area: None,
                note: String::new(),
                contested: false,
            };
        };
        let since = match cell.state {
            State::EndedOn(end) => Day::on(end),
            _ => approximate(cell.since),
        };
        let (key, label) = match cell.state.ends() {
            None if taken_back(cell) => ("ended", "Ended".into()),
            _ => told_of(cell, context.as_of),
        };
        Self {
            column: scope.key(),
            key,
            label,
            since: Some(since),
            href: Some(place::event(&cell.event)),
            before: cell.before.filter(|before| taken_back(cell) && before.ends().is_none()).map(told),
            area: cell.area.as_deref().map(shown),
            note: shown(&cell.note),
            contested: cell.contested,
        }
    }
}

/// A cell's key and label on a day. Where a service closed that never encrypted this, nothing was taken back:
/// "ended" would claim an encryption that never was.
fn told_of(cell: &Cell, day: NaiveDate) -> (&'static str, String) {
    match cell.state {
        State::EndedOn(end) if day >= end && !taken_back(cell) => ("not_offered", "Service closed".into()),
        State::EndedOn(end) if !taken_back(cell) => {
            ("not_offered", format!("Service closes {}", Day::on(end).text))
        }
        state => (key(state, day), label(state, day)),
    }
}

/// What people could have and no longer can.
fn taken_back(cell: &Cell) -> bool {
    let could =
        |state: State| matches!(state, State::Default | State::OptIn | State::Limited | State::EndedOn(_));
    match cell.state {
        State::EndedOn(_) => cell.before.is_none_or(could),
        State::None | State::NotOffered => cell.before.is_some_and(could),
        _ => false,
    }
}

/// The services that took something back come first, the latest before the others.
pub fn rows(context: &Context<'_>, board: &Board) -> Vec<BoardRow> {
    let mut rows: Vec<&Row> = board.rows.iter().collect();
    let ended = |cell: &Cell| taken_back(cell).then(|| cell.state.ends().unwrap_or(cell.since.first_day()));
    rows.sort_by_cached_key(|row| {
        let latest = row.cells.values().filter_map(ended).max();
        (std::cmp::Reverse(latest), row.service.to_lowercase())
    });
    rows.into_iter().map(|row| BoardRow::of(context, row)).collect()
}

pub fn view(context: &Context<'_>, board: &Board, summaries: &[Summary]) -> View {
    let frame = Frame::new(context, "board/", "board", "The encryption board").described(
        "Which messenger encrypts chats, groups, calls and backups end to end, since when, and what was taken back.",
    )
    .script(context, "static/js/lanes.js");
    let (lanes, steps) = lanes(context, &observed(context, summaries));
    View { columns: columns(), rows: rows(context, board), legend: legend(), lanes, steps, frame }
}

fn legend() -> Vec<Legend> {
    [
        ("default", "By default", "for everyone, nothing to switch on"),
        ("opt_in", "Opt-in", "for whoever switches it on"),
        ("limited", "Limited", "a test, some people, some countries or kinds of chat"),
        ("announced", "Announced", "promised, not there"),
        ("ended", "Ended", "was there, was taken back"),
        ("none", "Not end-to-end", "a source says so"),
        ("unknown", "Not known", "no source yet"),
    ]
    .map(|(key, label, means)| Legend { key, label, means })
    .into()
}

const LEFT: i32 = 150;
const YEAR: i32 = 58;
const LANE: i32 = 16;

/// The board on each day on which it changed, drawn as lanes, and as the steps between them.
fn lanes(context: &Context<'_>, observed: &Observations<'_>) -> (Option<Lanes>, Vec<Step>) {
    let events = &context.input.events;
    let mut held: BTreeMap<(String, Scope), Vec<(NaiveDate, Cell)>> = BTreeMap::new();
    for day in policy::board::days_of_change(events).into_iter().filter(|day| *day <= context.as_of) {
        for row in policy::board::board(events, day).rows {
            for (scope, cell) in row.cells {
                let lane = held.entry((row.service.clone(), scope)).or_default();
                if lane.last().is_none_or(|(_, last)| last.event != cell.event || last.state != cell.state) {
                    lane.push((day, cell));
                }
            }
        }
    }
    let mut steps: Vec<(NaiveDate, Step)> = Vec::new();
    for ((service, scope), cells) in &held {
        for (day, cell) in cells {
            steps.push((
                *day,
                Step {
                    day: approximate(cell.since),
                    service: service_link(context, service),
                    scope: scope.key(),
                    key: told_of(cell, *day).0,
                    label: told_of(cell, *day).1,
                    href: place::event(&cell.event),
                },
            ));
        }
    }
    steps.sort_by(|a, b| {
        b.0.cmp(&a.0).then_with(|| a.1.service.name.cmp(&b.1.service.name)).then(a.1.scope.cmp(b.1.scope))
    });
    let steps = steps.into_iter().map(|(_, step)| step).collect();
    // A service whose texts tell a state that no event tells has a lane too.
    for lane in observed.keys() {
        held.entry(lane.clone()).or_default();
    }
    let seen = observed.values().flat_map(|(_, ladder)| &ladder.rungs).map(|rung| rung.at.date_naive());
    let Some(first) = held.values().flatten().map(|(day, _)| *day).chain(seen).min() else {
        return (None, steps);
    };
    let (from, to) = (
        first.format("%Y").to_string().parse().unwrap_or(2000),
        context.as_of.format("%Y").to_string().parse().unwrap_or(2000) + 1,
    );
    let mut lanes = Vec::new();
    let mut y = 30;
    let mut service_before = "";
    for ((service, scope), cells) in &held {
        let first = service_before != service;
        if first {
            y += 10;
        }
        service_before = service;
        lanes.push(Lane {
            y,
            name: service_link(context, service).name,
            scope: scope.key(),
            first,
            spans: spans(context, cells, from, scope.key()),
            observed: observed
                .get(&(service.clone(), *scope))
                .map(|(policy, ladder)| observed_spans(context, policy, ladder, from, *scope))
                .unwrap_or_default(),
        });
        y += LANE;
    }
    let ticks = (from..=to).map(|year| Tick { x: LEFT + (year - from) * YEAR, year }).collect();
    (Some(Lanes { left: LEFT, width: LEFT + (to - from) * YEAR + 12, height: y + 12, ticks, lanes }), steps)
}

/// By service and scope: the ladder that a text of the service told, and whose it is.
type Observations<'a> = BTreeMap<(String, Scope), (&'a PolicyId, &'a Ladder)>;

/// Of several texts of one service the one that tells most steps; what is said of the service as a whole is drawn
/// as its chats, where no sentence names them.
fn observed<'a>(context: &Context<'_>, summaries: &'a [Summary]) -> Observations<'a> {
    let mut found: Observations<'a> = BTreeMap::new();
    for named in [true, false] {
        let mut pass: Observations<'a> = BTreeMap::new();
        for summary in summaries {
            for ladder in summary.encryption.iter().filter(|ladder| ladder.scope.is_empty() != named) {
                let scope = if named { Scope::from_key(&ladder.scope) } else { Some(Scope::Chats) };
                let Some(scope) = scope.filter(|scope| Scope::BOARD.contains(scope)) else { continue };
                let lane = (context.input.service_name(&summary.policy.service).to_owned(), scope);
                let best = pass.entry(lane).or_insert((&summary.policy, ladder));
                if ladder.rungs.len() > best.1.rungs.len() {
                    *best = (&summary.policy, ladder);
                }
            }
        }
        for (lane, ladder) in pass {
            found.entry(lane).or_insert(ladder);
        }
    }
    found
}

fn observed_spans(
    context: &Context<'_>,
    policy: &PolicyId,
    ladder: &Ladder,
    from: i32,
    scope: Scope,
) -> Vec<LaneSpan> {
    ladder
        .rungs
        .iter()
        .enumerate()
        .filter_map(|(i, rung)| {
            let policy::ladder::Step::State(state) = rung.step else { return None };
            let day = rung.at.date_naive();
            let next = ladder.rungs.get(i + 1).map_or(context.as_of, |next| next.at.date_naive());
            let (x, end) = (x_of(day, from), x_of(next, from));
            Some(LaneSpan {
                x,
                width: (end - x).max(3),
                key: key(state, next),
                href: place::statement(policy, &rung.statement),
                title: format!(
                    "{}: its text says {}, first seen {}",
                    scope.key(),
                    label(state, next).to_lowercase(),
                    Day::on(day).text
                ),
            })
        })
        .collect()
}

fn spans(context: &Context<'_>, cells: &[(NaiveDate, Cell)], from: i32, scope: &str) -> Vec<LaneSpan> {
    let mut spans = Vec::new();
    for (i, (day, cell)) in cells.iter().enumerate() {
        let next = cells.get(i + 1).map_or(context.as_of, |(next, _)| *next);
        let mut span = |from_day: NaiveDate, to_day: NaiveDate, key: &'static str, label: String| {
            let (x, end) = (x_of(from_day, from), x_of(to_day, from));
            spans.push(LaneSpan {
                x,
                width: (end - x).max(3),
                key,
                href: place::event(&cell.event),
                title: format!("{scope}: {label}, from {}", Day::on(from_day).text),
            });
        };
        match cell.state {
            // One event, two states: still there until the day it ends, gone after.
            State::EndedOn(end) if *day < end && end < next && taken_back(cell) => {
                span(*day, end, "ending", label(cell.state, *day));
                span(end, next, "ended", label(cell.state, end));
            }
            _ => {
                let (key, label) = told_of(cell, next);
                span(*day, next, key, label);
            }
        }
    }
    spans
}

/// Where a day stands on an axis of whole years.
pub fn x_of(day: NaiveDate, from: i32) -> i32 {
    let days = (day - NaiveDate::from_ymd_opt(from, 1, 1).unwrap_or(day)).num_days();
    LEFT + i32::try_from(days * i64::from(YEAR) * 4 / 1461).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use policy::event::EventDate;

    fn cell(before: State) -> Cell {
        Cell {
            state: State::EndedOn(NaiveDate::from_ymd_opt(2025, 5, 5).unwrap()),
            since: "2025-02-28".parse::<EventDate>().unwrap(),
            event: "2025-02-28-courier-closes".into(),
            before: Some(before),
            area: None,
            note: String::new(),
            contested: false,
            encrypted: false,
        }
    }

    #[test]
    fn a_closed_service_that_never_encrypted_took_nothing_back() {
        let day = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
        assert_eq!(told_of(&cell(State::None), day), ("not_offered", "Service closed".into()));
        assert!(!taken_back(&cell(State::None)));
        assert_eq!(told_of(&cell(State::OptIn), day), ("ended", "Ended".into()));
        assert!(taken_back(&cell(State::OptIn)));
    }
}
