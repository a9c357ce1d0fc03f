//! Pure thought: what platforms declare, say, change and take back.
//!
//! No files, no network, no clock, no async: values in, new values out, time is an argument.
//! The parts, in the way of the data:
//!
//! - [`id`]: names that last, and the digest that names bytes
//! - [`declaration`]: what to watch
//! - [`capture`]: one attempt to fetch a source document, and what came of it
//! - [`wall`]: what a server sends in the place of the document
//! - [`extract`]: bytes of a page to text
//! - [`statement`]: text to sentences and items, each with its place
//! - [`change`]: what differs between two versions
//! - [`noise`]: which versions are the publisher's text at all
//! - [`promise`]: which statements bind the service, and how far
//! - [`finding`]: a change judged
//! - [`history`]: everything derived about one policy
//! - [`event`]: dated, sourced facts written by hand
//! - [`board`]: the encryption board that follows from the events

pub mod board;
pub mod capture;
pub mod change;
pub mod declaration;
pub mod event;
pub mod extract;
pub mod finding;
pub mod fuzz;
pub mod history;
pub mod id;
pub mod ladder;
pub mod noise;
pub mod promise;
pub mod statement;
pub mod wall;
