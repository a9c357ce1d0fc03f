//! Which statements bind the service, and what a change did to them.
//!
//! In order of a judgement:
//!
//! - [`rules`]: the vocabulary and weights under data/promises, checked and compiled
//! - [`token`], [`number`], [`clause`]: a statement's words, limits and frames (who does what to which data)
//! - [`document`]: a text read whole, with a memory for statements that stood before
//! - [`gate`]: may the two texts be compared at all?
//! - [`align`]: what stands for a statement in the other text
//! - [`judge`]: the findings, each with its steps

mod align;
mod clause;
pub mod document;
mod gate;
mod judge;
mod number;
pub mod rules;
#[cfg(test)]
mod tests;
mod token;
mod weights;

pub use align::{Changed, changed};
pub use clause::{Actor, Frame, Promise};
pub use document::{Cache, Document, Placed, Unit};
pub use gate::{Artefact, gate};
pub use judge::{judge, promise_topic, topic_of};
pub use number::Quantity;
pub use rules::{RuleError, Rules};
pub use weights::Weights;
