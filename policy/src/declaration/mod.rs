//! What to watch: services, their policies, and the source documents these are read from.
//!
//! A declaration is one JSON file a service, a superset of the Open Terms Archive format; docs/declarations.md
//! describes it, docs/schemas/declaration.schema.json is for editors. Its parts here:
//!
//! - [`Declaration`], [`Policy`], [`SourceDocument`]: parsed, so that whoever holds one holds valid selectors
//! - [`Selection`], [`Selector`]: which part of a page is the document
//! - [`Declarations`]: a folder of them; a broken file never stops the others
//! - [`Fault`]: what is wrong with a file, field by field, and what to do
//! - [`Warning`]: what is well-formed but cannot be honoured, or wants a person's eye
//! - [`propose`]: a page nobody declared yet, to a proposal

mod error;
mod folder;
mod json;
mod kind;
mod model;
mod past;
mod propose;
mod selection;
mod source;
mod warning;

#[cfg(test)]
mod tests;

pub use error::{DeclarationError, Fault};
pub use folder::Declarations;
pub use kind::{PolicyKind, ServiceKind};
pub use model::{Declaration, FormerName, PastPolicy, Policy, RobotsOverride};
pub use propose::{Proposal, propose};
pub use selection::{Edge, Range, Selection, Selector};
pub use source::{Filter, SourceDocument};
pub use warning::{Severity, Warning};
