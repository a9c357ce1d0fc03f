//! Pages as they were, or as they might be, served on loopback: for tests, for the demo, and to
//! take the crawler through a history recorded elsewhere.
//!
//! - [`server`]: says what a script tells it to, well-formed or not
//! - [`fault`]: the faults a server may have, each with what comes of it
//! - [`made`]: pages made up for measuring
//! - [`recorded`]: pages out of a git history or a WARC, as of an instant

pub mod fault;
pub mod made;
pub mod recorded;
pub mod server;
