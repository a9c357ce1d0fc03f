//! What the parser cannot see: references within an event, and what holds between events.

use super::{About, Effect, Event, EventDate, Scope, State};
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Something wrong with an event, where it is, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Fault {
    pub file: String,
    pub field: String,
    pub problem: String,
    pub remedy: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "event `{}`, {}: {}; {}", self.file, self.field, self.problem, self.remedy)
    }
}

/// The faults of one event while it is walked.
struct Faults<'a> {
    event: &'a Event,
    list: Vec<Fault>,
}

impl Faults<'_> {
    fn add(&mut self, field: impl Into<String>, problem: impl Into<String>, remedy: impl Into<String>) {
        self.list.push(Fault {
            file: format!("{}.toml", self.event.id),
            field: field.into(),
            problem: problem.into(),
            remedy: remedy.into(),
        });
    }
}

/// Every fault of these events, sorted by file.
pub fn lint(events: &[Event]) -> Vec<Fault> {
    let ids: BTreeSet<&str> = events.iter().map(|event| event.id.as_str()).collect();
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for event in events {
        let mut own = Faults { event, list: Vec::new() };
        if !seen.insert(event.id.as_str()) {
            own.add("id", "another event has the same id", "rename the newer file");
        }
        of_texts(&mut own);
        of_dates(&mut own);
        of_sources(&mut own);
        of_effects(&mut own);
        of_claims(&mut own);
        for id in event.related.iter().filter(|id| !ids.contains(id.as_str()) || **id == event.id) {
            own.add(
                "related",
                format!("there is no other event `{id}`"),
                "name a file in data/events without .toml",
            );
        }
        faults.append(&mut own.list);
    }
    of_chains(events, &mut faults);
    faults.sort();
    faults
}

fn of_texts(faults: &mut Faults<'_>) {
    let event = faults.event;
    for (field, text) in [("title", &event.title), ("summary", &event.summary)] {
        if text.trim().is_empty() {
            faults.add(field, "it is empty", "say in one line what happened, in your own words");
        }
    }
    if event.title.len() > 140 {
        faults.add("title", "it is longer than 140 bytes", "move the detail to `summary`");
    }
    if event.topics.is_empty() {
        faults.add("topics", "it is empty", "name at least one topic, for example `encryption`");
    }
    if event.actors.is_empty() && event.services.is_empty() {
        faults.add(
            "actors",
            "neither actors nor services are named",
            "say who acted, or which service it concerns",
        );
    }
    for (field, names) in [("actors", &event.actors), ("services", &event.services)] {
        let unique: BTreeSet<&String> = names.iter().collect();
        if unique.len() != names.len() {
            faults.add(field, "a name stands twice", "name each once");
        }
    }
}

fn of_dates(faults: &mut Faults<'_>) {
    let event = faults.event;
    if event.until.is_some_and(|until| until.last_day() < event.date.first_day()) {
        faults.add("until", "it lies before `date`", "swap them or correct one");
    }
}

fn of_sources(faults: &mut Faults<'_>) {
    let event = faults.event;
    if event.sources.is_empty() {
        faults.add("source", "there is none", "add a [[source]] with publisher, title and url");
    }
    let mut ids = BTreeSet::new();
    for source in &event.sources {
        let at = |field: &str| format!("source `{}`, {field}", source.id);
        if !ids.insert(&source.id) {
            faults.add(at("id"), "another source has the same id", "rename one");
        }
        for (field, text) in [("id", &source.id), ("publisher", &source.publisher), ("title", &source.title)]
        {
            if text.trim().is_empty() {
                faults.add(at(field), "it is empty", "fill it in as the publication has it");
            }
        }
        match &source.url {
            None if source.note.is_empty() => {
                faults.add(
                    at("url"),
                    "there is none",
                    "give the address, or say in `note` why there is none",
                );
            }
            Some(url) if !matches!(url::Url::parse(url), Ok(u) if matches!(u.scheme(), "https" | "http") && u.has_host()) =>
            {
                faults.add(at("url"), format!("`{url}` is no web address"), "write it in full, https://…");
            }
            _ => {}
        }
        if source.cited && (source.verified || source.url.is_none()) {
            faults.add(
                at("cited"),
                "it says that others cite an address which was read, or is not given",
                "leave `cited` out: it is for an address that was only seen in another text",
            );
        }
    }
}

fn of_effects(faults: &mut Faults<'_>) {
    let event = faults.event;
    let mut cells = BTreeSet::new();
    for effect in &event.effects {
        let at = |field: &str| format!("effect on {} {}, {field}", effect.service, effect.scope);
        if !event.concerns(&effect.service) {
            faults.add(at("service"), "the event's `services` lack it", "add it there, spelled the same");
        }
        if !cells.insert((&effect.service, effect.scope)) {
            faults.add(at("scope"), "the event has another effect on it", "keep one, or split the event");
        }
        if effect.before == Some(effect.after) && effect.area.is_none() {
            faults.add(
                at("after"),
                "it equals `before`",
                "drop the effect, or say in `area` where something changed",
            );
        }
    }
}

fn of_claims(faults: &mut Faults<'_>) {
    let event = faults.event;
    for (number, claim) in event.claims.iter().enumerate() {
        let at = |field: &str| format!("claim {} about {}, {field}", number + 1, claim.about);
        if claim.says.trim().is_empty() {
            faults.add(at("says"), "it is empty", "paraphrase what the source says");
        }
        if claim.why.trim().is_empty() {
            faults.add(at("why"), "it is empty", "say why it is followed, or not");
        }
        if claim.sources.is_empty() {
            faults.add(at("sources"), "it is empty", "name the id of a [[source]] of this event");
        }
        for id in claim.sources.iter().filter(|id| event.source(id).is_none()) {
            faults.add(
                at("sources"),
                format!("there is no source `{id}`"),
                "name the id of a [[source]] of this event",
            );
        }
    }
    for &about in About::ALL.iter().filter(|about| about.has_one_answer()) {
        let claims = || event.claims.iter().filter(move |claim| claim.about == about);
        let followed = claims().filter(|claim| claim.followed).count();
        if claims().count() > 1 && followed != 1 {
            faults.add(
                format!("claims about {about}, followed"),
                format!("{followed} of {} are followed", claims().count()),
                "follow exactly one",
            );
        }
    }
}

/// Within one cell of the board, each effect must begin where the one before it ended.
fn of_chains(events: &[Event], faults: &mut Vec<Fault>) {
    for ((service, scope), chain) in chains(events) {
        let mut previous: Option<(State, &str)> = None;
        for Link { effect, event, .. } in chain {
            if let Some((state, proof)) = previous
                && effect.before != Some(state)
            {
                let told = effect.before.map_or("not told".to_owned(), |before| format!("`{before}`"));
                faults.push(Fault {
                    file: format!("{}.toml", event.id),
                    field: format!("effect on {service} {scope}, before"),
                    problem: format!("it is {told}, but `{proof}` left `{state}`"),
                    remedy: "correct the state or the date of one of them".into(),
                });
            }
            previous = Some((effect.after, &event.id));
        }
    }
}

/// One effect in its cell's history.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Link<'a> {
    pub since: EventDate,
    pub effect: &'a Effect,
    pub event: &'a Event,
}

/// Every cell's effects in order of the day from which they are certain to hold.
pub(crate) fn chains(events: &[Event]) -> BTreeMap<(&str, Scope), Vec<Link<'_>>> {
    let mut chains: BTreeMap<(&str, Scope), Vec<Link<'_>>> = BTreeMap::new();
    for event in events {
        for effect in &event.effects {
            let since = effect.from.unwrap_or(event.holds_from());
            chains.entry((effect.service.as_str(), effect.scope)).or_default().push(Link {
                since,
                effect,
                event,
            });
        }
    }
    for chain in chains.values_mut() {
        chain.sort_by(|a, b| {
            (a.since.last_day(), a.event.date, &a.event.id).cmp(&(
                b.since.last_day(),
                b.event.date,
                &b.event.id,
            ))
        });
    }
    chains
}
