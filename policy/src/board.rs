//! The encryption board: which service encrypts what, since when, as the events say.
//!
//! Input: events and a day. Output: services × chats, groups, calls, backups, each cell with its
//! state, the date it has held since, and the event that proves it. No cell means that we don't know;
//! `none` means that a source says it is not encrypted from end to end.

use crate::event::{Event, EventDate, Scope, State};
use chrono::NaiveDate;
use serde::Serialize;
use std::collections::BTreeMap;

/// The board on one day.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Board {
    pub as_of: NaiveDate,
    /// By service name.
    pub rows: Vec<Row>,
}

/// One service's line.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Row {
    pub service: String,
    pub cells: BTreeMap<Scope, Cell>,
}

/// What one service does for one scope, and the proof.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Cell {
    pub state: State,
    /// As precise as the proving event.
    pub since: EventDate,
    /// Id of the event that proves it.
    pub event: String,
    /// The state it replaced, where known.
    pub before: Option<State>,
    /// Where it holds, if not everywhere.
    pub area: Option<String>,
    pub note: String,
    /// Some source tells another date, state, scope or area: the event's page says which.
    pub contested: bool,
    /// Whether people can have it on the board's day.
    pub encrypted: bool,
}

impl Board {
    pub fn cell(&self, service: &str, scope: Scope) -> Option<&Cell> {
        self.rows.iter().find(|row| row.service == service)?.cells.get(&scope)
    }

    /// The services in that state, by name.
    pub fn services_with(&self, scope: Scope, state: State) -> Vec<&str> {
        let held = |row: &&Row| row.cells.get(&scope).is_some_and(|cell| cell.state == state);
        self.rows.iter().filter(held).map(|row| row.service.as_str()).collect()
    }
}

/// What the events say about encryption on that day. An event known only by its month or year
/// counts from the end of it: from then on it is certain.
pub fn board(events: &[Event], as_of: NaiveDate) -> Board {
    let mut rows: BTreeMap<&str, BTreeMap<Scope, Cell>> = BTreeMap::new();
    for ((service, scope), chain) in crate::event::chains(events) {
        if !Scope::BOARD.contains(&scope) {
            continue;
        }
        let Some(link) = chain.iter().rev().find(|link| link.since.last_day() <= as_of) else { continue };
        let cell = Cell {
            state: link.effect.after,
            since: link.since,
            event: link.event.id.clone(),
            before: link.effect.before,
            area: link.effect.area.clone(),
            note: link.effect.note.clone(),
            contested: link.event.is_contested(),
            encrypted: link.effect.after.is_encrypted_on(as_of),
        };
        rows.entry(service).or_default().insert(scope, cell);
    }
    let rows = rows.into_iter().map(|(service, cells)| Row { service: service.to_owned(), cells }).collect();
    Board { as_of, rows }
}

/// The days on which the board changes, oldest first: what a slider over time steps through.
pub fn days_of_change(events: &[Event]) -> Vec<NaiveDate> {
    let chains = crate::event::chains(events);
    let on_board = chains.iter().filter(|((_, scope), _)| Scope::BOARD.contains(scope));
    let mut days: Vec<NaiveDate> =
        on_board.flat_map(|(_, chain)| chain.iter().map(|link| link.since.last_day())).collect();
    days.sort();
    days.dedup();
    days
}
