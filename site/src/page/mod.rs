//! One file a kind of page: its view, fields ready to print, and how it is drawn from the data.

pub mod about;
pub mod board;
pub mod coverage;
pub mod data;
pub mod event;
pub mod finding;
pub mod home;
pub mod ladder;
pub mod line;
pub mod policy;
pub mod service;
pub mod statements;
pub mod subscribe;
pub mod timeline;
pub mod topic;

use serde::Serialize;

/// A fact about what the page is about, with its name, as its head lists them.
#[derive(Serialize)]
pub struct Fact {
    pub name: &'static str,
    pub value: String,
    pub note: String,
}
