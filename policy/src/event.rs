//! Dated, sourced entries written by hand: `data/events/YYYY[-MM[-DD]]-slug.toml`, one file an event.
//!
//! Input: a file's name and text. Output: an [`Event`], or an error that names file, field and remedy.
//! What holds between fields and between files is [`lint`]'s. What the format means: docs/events.md.

mod date;
mod draft;
mod lint;
mod state;

pub use date::{DateError, EventDate, Precision};
pub use draft::Draft;
pub(crate) use lint::chains;
pub use lint::{Fault, lint};
pub use state::{Scope, State, StateError};

use crate::finding::{self, Topic};
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Something that happened, or was said, on a day, in a month or in a year, with its sources.
///
/// ```
/// let event = policy::event::Event::parse(
///     "2024-02-courier-groups.toml",
///     r#"
///     title = "Courier encrypts group chats by default"
///     date = "2024-02"
///     kind = "default"
///     services = ["Courier"]
///     topics = ["encryption"]
///     confidence = "high"
///     summary = "Groups started on or after the release are encrypted from end to end."
///     [[source]]
///     id = "blog"
///     publisher = "Courier"
///     title = "Groups are private now"
///     url = "https://courier.example/blog/groups"
///     [[effect]]
///     service = "Courier"
///     scope = "groups"
///     before = "none"
///     after = "default"
///     "#,
/// )
/// .unwrap();
/// assert_eq!(event.id, "2024-02-courier-groups");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Event {
    /// The file's name without `.toml`: permanent, it is part of links and feed entries.
    #[serde(skip_deserializing)]
    pub id: String,
    pub title: String,
    /// When it happened, as precisely as the sources tell.
    pub date: EventDate,
    /// The last day of something that lasted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<EventDate>,
    /// When what was announced or enacted begins to hold, where that is not `date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effective: Option<EventDate>,
    pub kind: Kind,
    /// What it did to a promise, where it did something: `reversal`, `expansion`, `strengthening`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<finding::Kind>,
    /// Who acted: companies, courts, legislators, organisations.
    #[serde(default)]
    pub actors: Vec<String>,
    /// The services it concerns, named as their declarations name them.
    #[serde(default)]
    pub services: Vec<String>,
    pub topics: Vec<Topic>,
    pub confidence: Confidence,
    /// A paraphrase in our own words, never a copied text.
    pub summary: String,
    /// Ids of events this one continues, answers or ends.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub related: Vec<String>,
    #[serde(rename = "source", default)]
    pub sources: Vec<Source>,
    #[serde(rename = "effect", default, skip_serializing_if = "Vec::is_empty")]
    pub effects: Vec<Effect>,
    #[serde(rename = "claim", default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
}

/// A publication that says so.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Source {
    /// Short name that claims refer to; unique within the event.
    pub id: String,
    pub publisher: String,
    pub title: String,
    /// Left out only where `note` says why there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<EventDate>,
    /// Written by the one who acted: the company, the court, the official journal.
    #[serde(default)]
    pub primary: bool,
    /// A stored copy of the page was read when the event was written and says so.
    #[serde(default)]
    pub verified: bool,
    /// The page itself was not read, but a stored public text was that cites this address for this.
    #[serde(default)]
    pub cited: bool,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What the event did to one cell of the encryption board.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    pub service: String,
    pub scope: Scope,
    /// The state until then; left out where no event tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<State>,
    pub after: State,
    /// From when, where that is neither the event's `effective` nor its `date`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<EventDate>,
    /// Where it holds, if not everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub area: Option<String>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub note: String,
}

/// What a source says about something that not all sources agree on, or that only it says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Claim {
    pub about: About,
    /// The claim, paraphrased.
    pub says: String,
    /// Ids of this event's sources.
    pub sources: Vec<String>,
    /// The date claimed, where the claim is about one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub date: Option<EventDate>,
    /// Whether the event's own fields follow this claim.
    pub followed: bool,
    /// Why we follow it, or don't.
    pub why: String,
}

/// Declares an enum whose variants are written as one snake_case word in files, JSON and pages.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $key:literal,)* }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $key)] $variant,)* }

        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)*];

            /// As written in files and JSON.
            pub fn key(self) -> &'static str {
                match self { $($name::$variant => $key,)* }
            }

            /// As people read it.
            pub fn label(self) -> String {
                self.key().replace('_', " ")
            }

            pub fn from_key(key: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|word| word.key() == key)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.key())
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What sort of thing happened.
    Kind {
        /// A company says what it will do.
        Announcement = "announcement",
        /// A protection or practice reaches people, in steps or at once.
        Rollout = "rollout",
        /// Tried with some people or in some countries.
        Test = "test",
        /// A protection becomes the default.
        Default = "default",
        /// A protection may be switched on.
        OptIn = "opt_in",
        /// A protection, feature or promise is taken back.
        Withdrawal = "withdrawal",
        /// A service ends.
        Shutdown = "shutdown",
        WhitePaper = "white_paper",
        /// A page that says how things stand: the proof of a state that no announcement made.
        Documentation = "documentation",
        /// Terms, a privacy policy or a practice changed.
        PolicyChange = "policy_change",
        Statement = "statement",
        /// A breach, leak, flaw, or misuse came out.
        Incident = "incident",
        Court = "court",
        Police = "police",
        /// An authority's order or notice, no fine.
        Order = "order",
        Fine = "fine",
        Settlement = "settlement",
        /// A law is passed or begins to apply.
        Law = "law",
        /// A law is proposed or debated.
        Proposal = "proposal",
        /// A law or permission runs out.
        Expiry = "expiry",
        Petition = "petition",
        OpenLetter = "open_letter",
    }
}

words! {
    /// How sure we are of the event as told.
    Confidence {
        High = "high",
        Medium = "medium",
        Low = "low",
    }
}

words! {
    /// What a claim is about.
    About {
        Date = "date",
        State = "state",
        Scope = "scope",
        Area = "area",
        Reason = "reason",
        Motive = "motive",
        Consequence = "consequence",
        Responsibility = "responsibility",
        Law = "law",
        Figures = "figures",
        Background = "background",
    }
}

impl About {
    /// Whether only one answer can be right, so that of several claims exactly one is followed.
    pub fn has_one_answer(self) -> bool {
        self.touches_board() || self == About::Reason
    }

    /// Whether sources that differ on this leave a cell of the board in doubt.
    pub fn touches_board(self) -> bool {
        matches!(self, About::Date | About::State | About::Scope | About::Area)
    }
}

/// A text that is not an event.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum EventError {
    /// The TOML parser's own words name the line, the field and what was expected.
    #[error("event `{file}` cannot be read: {message}; the fields are listed in docs/events.md")]
    Syntax { file: String, message: String },
    #[error(
        "event `{file}` is misnamed: {problem}; name it YYYY[-MM[-DD]]-some-words.toml, in a-z, 0-9 and `-`"
    )]
    Name { file: String, problem: String },
}

impl Event {
    /// Reads one file. `file` is its name, with or without folders; the id is its stem.
    pub fn parse(file: &str, toml: &str) -> Result<Event, EventError> {
        let name = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let misnamed =
            |problem: &str| EventError::Name { file: file.to_owned(), problem: problem.to_owned() };
        let id = name.strip_suffix(".toml").ok_or_else(|| misnamed("it does not end in .toml"))?;
        if !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-') {
            return Err(misnamed("it holds other characters"));
        }
        let mut event: Event = toml::from_str(toml).map_err(|error| EventError::Syntax {
            file: file.to_owned(),
            message: error.to_string().trim_end().to_owned(),
        })?;
        let words = id.strip_prefix(&event.date.to_string()).and_then(|rest| rest.strip_prefix('-'));
        // `2024-02-10-x` for an event dated 2024-02 would claim a day that nobody can prove.
        let has_more_date = |words: &str| {
            let first = words.split('-').next().unwrap_or_default();
            first.len() == 2 && first.bytes().all(|b| b.is_ascii_digit())
        };
        if words.is_none_or(|words| words.is_empty() || has_more_date(words)) {
            return Err(misnamed(&format!(
                "it does not start with its date, `{}-`, and then words",
                event.date
            )));
        }
        event.id = id.to_owned();
        Ok(event)
    }

    /// From when what it tells holds: `effective`, else `date`.
    pub fn holds_from(&self) -> EventDate {
        self.effective.unwrap_or(self.date)
    }

    /// Where the sources disagree: the claims about one thing of which at least one is not followed,
    /// the followed ones first.
    pub fn disagreements(&self) -> Vec<(About, Vec<&Claim>)> {
        let mut groups = Vec::new();
        for &about in About::ALL {
            let mut claims: Vec<&Claim> = self.claims.iter().filter(|claim| claim.about == about).collect();
            claims.sort_by_key(|claim| !claim.followed);
            if claims.len() > 1 && claims.iter().any(|claim| !claim.followed) {
                groups.push((about, claims));
            }
        }
        groups
    }

    /// Whether a source of this event tells a date, state, scope or area that we do not follow.
    pub fn is_contested(&self) -> bool {
        self.claims.iter().any(|claim| !claim.followed && claim.about.touches_board())
    }

    pub fn source(&self, id: &str) -> Option<&Source> {
        self.sources.iter().find(|source| source.id == id)
    }

    pub fn concerns(&self, service: &str) -> bool {
        self.services.iter().any(|name| name == service)
    }
}

/// Oldest first; within a day by id. The order of every list of events.
pub fn sort(events: &mut [Event]) {
    events.sort_by(|a, b| (a.date, &a.id).cmp(&(b.date, &b.id)));
}

/// The events that begin to hold, or whose states end, from `first` to `last`, soonest first:
/// each with the day.
pub fn taking_effect(events: &[Event], first: NaiveDate, last: NaiveDate) -> Vec<(NaiveDate, &Event)> {
    let mut due = Vec::new();
    for event in events {
        let ends = event.effects.iter().filter_map(|effect| effect.after.ends());
        let days = [event.effective.map(|date| date.first_day())].into_iter().flatten().chain(ends);
        due.extend(days.filter(|day| (first..=last).contains(day)).map(|day| (day, event)));
    }
    due.sort_by(|a, b| (a.0, &a.1.id).cmp(&(b.0, &b.1.id)));
    due.dedup_by(|a, b| a.0 == b.0 && a.1.id == b.1.id);
    due
}

#[cfg(test)]
mod tests;
