//! The archive as files that people browse, search and subscribe to.
//!
//! - [`place`]: where everything lies
//! - [`search`]: the index, its query language, and its export for the browser

pub mod place;
pub mod search;
