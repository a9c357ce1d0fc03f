//! The archive as files that people browse, search and subscribe to.
//!
//! - [`place`]: where everything lies

pub mod place;
