//! `derived.sqlite`: everything that follows from captures, imported versions, declarations and rules.
//! It may be deleted; `walkback derive` makes it again, byte for byte in what it answers.
//!
//! - `file`: the tables, and a [`History`](policy::history::History) as it lies in them
//! - `run`: brings everything up to date, policy by policy
//! - `captured`: our own captures, extracted

mod captured;
pub(crate) mod file;
pub mod run;

pub use run::{Derivation, DeriveError, Progress, Report};

/// The file's name within the archive folder.
pub const FILE: &str = "derived.sqlite";
