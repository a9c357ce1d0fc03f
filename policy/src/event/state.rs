//! How far something is encrypted from end to end: the ladder, and what it is about.

use super::words;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

words! {
    /// What is encrypted, or isn't.
    Scope {
        /// One-to-one messages.
        Chats = "chats",
        Groups = "groups",
        /// Voice and video calls.
        Calls = "calls",
        /// The copy of messages from which a new device restores them: a cloud backup or history kept on servers.
        Backups = "backups",
        /// Stored files and photos.
        Files = "files",
        Mail = "mail",
    }
}

impl Scope {
    /// The columns of the encryption board.
    pub const BOARD: [Scope; 4] = [Scope::Chats, Scope::Groups, Scope::Calls, Scope::Backups];
}

/// The ladder of end-to-end encryption, in the words that findings use too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub enum State {
    /// For everyone, with nothing to switch on.
    Default,
    /// For whoever switches it on.
    OptIn,
    /// A test, some people, some countries, some kinds of chat or account.
    Limited,
    /// Promised, not there.
    Announced,
    /// The service does not encrypt this end to end, and a source says so.
    None,
    /// The service has no such feature.
    NotOffered,
    /// Held or still holds, and ends on that day.
    EndedOn(NaiveDate),
}

/// A text that is no state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is not a state; use default, opt_in, limited, announced, none, not_offered or ended_on:YYYY-MM-DD"
)]
pub struct StateError(String);

impl State {
    /// Whether people can have it on that day.
    pub fn is_encrypted_on(self, day: NaiveDate) -> bool {
        match self {
            State::Default | State::OptIn | State::Limited => true,
            State::EndedOn(end) => day < end,
            State::Announced | State::None | State::NotOffered => false,
        }
    }

    /// The day it ends, where that is known.
    pub fn ends(self) -> Option<NaiveDate> {
        match self {
            State::EndedOn(day) => Some(day),
            _ => None,
        }
    }

    /// As people read it.
    pub fn label(self) -> String {
        match self {
            State::Default => "by default".into(),
            State::OptIn => "opt-in".into(),
            State::Limited => "limited".into(),
            State::Announced => "announced".into(),
            State::None => "not encrypted end to end".into(),
            State::NotOffered => "not offered".into(),
            State::EndedOn(day) => format!("ended on {day}"),
        }
    }
}

impl FromStr for State {
    type Err = StateError;

    fn from_str(text: &str) -> Result<Self, StateError> {
        Ok(match text {
            "default" => State::Default,
            "opt_in" => State::OptIn,
            "limited" => State::Limited,
            "announced" => State::Announced,
            "none" => State::None,
            "not_offered" => State::NotOffered,
            other => {
                let day = other.strip_prefix("ended_on:").and_then(|day| day.parse().ok());
                State::EndedOn(day.ok_or_else(|| StateError(text.to_owned()))?)
            }
        })
    }
}

impl TryFrom<String> for State {
    type Error = StateError;

    fn try_from(text: String) -> Result<Self, StateError> {
        text.parse()
    }
}

impl From<State> for String {
    fn from(state: State) -> Self {
        state.to_string()
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            State::Default => f.write_str("default"),
            State::OptIn => f.write_str("opt_in"),
            State::Limited => f.write_str("limited"),
            State::Announced => f.write_str("announced"),
            State::None => f.write_str("none"),
            State::NotOffered => f.write_str("not_offered"),
            State::EndedOn(day) => write!(f, "ended_on:{day}"),
        }
    }
}
