//! Tells what the publisher changed from what merely differs.
//!
//! Of the versions that collections record most are no changes: a page served in two editions, a page cut
//! short, a bot wall, a date that ticks. Each version gets a [`Reading`](crate::history::Reading);
//! nothing is dropped. The parts:
//!
//! - [`sheet`]: the texts of a policy as numbered statements, each read once
//! - [`mask`]: a statement without the tokens that rotate (dates, counters, nonces)
//! - `surroundings`: menus and data around a document, by their build
//! - `rotation`: blocks that are new at each visit, by the whole history
//! - [`lanes`]: looks back and ahead along the whole history and reads each version
//! - [`Tally`]: how many versions read how

pub mod lanes;
pub mod mask;
mod rotation;
pub mod sheet;
mod surroundings;
mod tally;

pub use lanes::{Read, read};
pub use sheet::{Sheet, Sheets};
pub use tally::Tally;
