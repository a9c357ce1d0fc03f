//! Search over statements with their lifespans, findings and events.
//!
//! One tantivy index serves the command line and `walkback serve`; the static site carries an
//! export of it that a small script reads. The parts, in the way of the data:
//!
//! - [`record`]: what is searched
//! - [`words`]: what counts as a word
//! - [`index`]: the native index, brought up to date policy by policy
//! - [`query`]: what people type, parsed
//! - [`answer`]: what a query finds
//! - [`export`]: the index as small files for the browser

pub mod answer;
pub mod export;
pub mod index;
pub mod query;
pub mod record;
pub mod words;

pub use answer::{Answer, Hit};
pub use index::{Index, SearchError};
pub use query::Query;
