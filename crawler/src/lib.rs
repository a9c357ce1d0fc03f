//! The only crate that uses the network.
//!
//! The parts, in the way of a request:
//!
//! - [`settings`]: who we are, how fast, within which limits
//! - [`plan`]: what is due
//! - [`crawl`]: carries out a plan and stores what came of it
//! - [`robots`], [`pace`], [`retry`]: what a host allows, how often, and when to try again
//! - [`address`]: which addresses may be contacted at all
//! - [`fetch`]: one request, one answer
//! - [`judge`]: what an attempt came to
//! - [`probe`]: whether what is declared still answers, nothing stored
//! - [`import`]: history that others recorded
//! - [`replay`]: pages served on loopback, well or badly
//! - [`demo`]: the bundled demonstration

pub mod address;
pub mod crawl;
pub mod demo;
pub mod fetch;
pub mod import;
pub mod judge;
pub mod pace;
pub mod plan;
pub mod probe;
pub mod replay;
pub mod retry;
pub mod robots;
pub mod settings;
